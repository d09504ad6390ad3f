package archive

import "math"

type messageKind uint8

const (
	sendNetwork messageKind = iota + 1
	sendLonger
	sendWithdrawal
	sendOther // a background network
	sendEndOfRIB
	sendDown
	sendUp
)

// message is one thing that a session sends or does.
type message struct {
	at      int64 // microseconds since 1970
	session int32
	kind    messageKind
	item    int32 // network or background network
	way     int32
}

// sessionPlan goes through the time of one session.
type sessionPlan struct {
	s     *Scenario
	i     int
	up    bool
	holds []int // way by network
	out   []message

	steps   []step
	changes []event // of the session
}

// messages gives what one session sends, in the order of time.
func (s *Scenario) messages(i int, steps []step) []message {
	p := sessionPlan{s: s, i: i, up: true, steps: steps}
	for _, n := range s.networks {
		p.holds = append(p.holds, n.way)
	}
	for _, e := range s.events {
		if (e.kind == eventSessionDown || e.kind == eventSessionUp) && e.session == i {
			p.changes = append(p.changes, e)
		}
	}
	// All repeat in turn, so that some session speaks every few seconds.
	repeat := s.Start.UnixMicro() + repeatEvery.Microseconds()*int64(i+1)/int64(len(s.sessions))
	for n := 0; ; n++ {
		next := min(repeat+int64(n)*repeatEvery.Microseconds(), s.End.UnixMicro())
		p.until(next)
		if next == s.End.UnixMicro() {
			return p.out
		}
		p.send(message{at: next, kind: sendOther, item: int32((i*7 + n) % len(s.others))})
	}
}

// until goes through what happens up to a time.
func (p *sessionPlan) until(at int64) {
	for {
		change, step := int64(math.MaxInt64), int64(math.MaxInt64)
		if len(p.changes) > 0 {
			change = p.changes[0].at.UnixMicro()
		}
		if len(p.steps) > 0 {
			step = p.steps[0].at
		}
		switch {
		case min(change, step) > at:
			return
		case change <= step:
			p.change(&p.changes[0])
			p.changes = p.changes[1:]
		default:
			p.step(p.steps[0])
			p.steps = p.steps[1:]
		}
	}
}

// send adds a message if the session is up. Messages of one session are at least
// a microsecond apart, so that their order is that of their times.
func (p *sessionPlan) send(m message) {
	if !p.up {
		return
	}
	m.session = int32(p.i)
	if n := len(p.out); n > 0 {
		m.at = max(m.at, p.out[n-1].at+1)
	}
	p.out = append(p.out, m)
}

func (p *sessionPlan) step(st step) {
	p.holds[st.network] = st.way
	m := message{at: st.at, kind: sendNetwork, item: int32(st.network), way: int32(st.way)}
	switch {
	case st.way == noWay:
		m.kind = sendWithdrawal
	case st.long:
		m.kind = sendLonger
	}
	p.send(m)
}

// change ends the session, or begins it again with the whole table.
func (p *sessionPlan) change(e *event) {
	at := e.at.UnixMicro()
	if e.kind == eventSessionDown {
		p.send(message{at: at, kind: sendDown})
		p.up = false
		return
	}
	p.up = true
	p.send(message{at: at, kind: sendUp})
	for n := range p.s.others {
		p.send(message{at: at, kind: sendOther, item: int32(n)})
	}
	for n, way := range p.holds {
		if way != noWay {
			p.send(message{at: at, kind: sendNetwork, item: int32(n), way: int32(way)})
		}
	}
	p.send(message{at: at, kind: sendEndOfRIB})
}
