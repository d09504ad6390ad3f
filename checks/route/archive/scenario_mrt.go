package archive

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
)

// Stream is what one collector of a scenario recorded: plain MRT data (RFC 6396)
// that begins with the tables of its peers (TABLE_DUMP_V2) and goes on with their
// messages and changes of state (BGP4MP_ET) in the order of time.
type Stream struct {
	Collector string
	Data      []byte
}

// Streams gives the data of all collectors, in the order of the text.
func (s *Scenario) Streams() ([]Stream, error) {
	steps := s.steps()
	left := s.limits.bytes
	out := make([]Stream, len(s.collectors))
	for c, name := range s.collectors {
		var messages []message
		for i, v := range s.sessions {
			if v.collector == c {
				messages = append(messages, s.messages(i, steps[v.voter])...)
			}
		}
		slices.SortStableFunc(messages, func(a, b message) int { return cmp.Compare(a.at, b.at) })
		data := bounded{left: &left}
		if err := s.write(&data, c, messages); err != nil {
			return nil, fmt.Errorf("making the data of collector %s of scenario %s: %w", name, s.Name, err)
		}
		out[c] = Stream{name, data.bytes}
	}
	return out, nil
}

var errScenarioSize = errors.New("the scenario makes too much data: take fewer vantage points, background networks or repetitions")

// bounded collects what is written, as long as there is room.
type bounded struct {
	bytes []byte
	left  *int
}

func (b *bounded) Write(p []byte) (int, error) {
	if *b.left -= len(p); *b.left < 0 {
		return 0, errScenarioSize
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

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

// writer writes the data of one collector.
type streamWriter struct {
	s     *Scenario
	w     *mrt.Writer
	local mrt.Peer
	peers []mrt.Peer // by session
	buf   []byte
}

func (s *Scenario) write(to *bounded, collector int, messages []message) error {
	w := streamWriter{
		s: s, w: mrt.NewWriter(to),
		local: mrt.Peer{AS: collectorAS, Addr: collectorAddr(collector)},
		peers: make([]mrt.Peer, len(s.sessions)),
	}
	w.w.Microseconds = true
	for i, v := range s.sessions {
		w.peers[i] = mrt.Peer{AS: v.as, Addr: sessionAddr(i), ID: sessionAddr(i)}
	}
	if err := w.tables(collector); err != nil {
		return err
	}
	for i := range messages {
		if err := w.message(&messages[i]); err != nil {
			return err
		}
	}
	return nil
}

// tables writes what all sessions of a collector hold at the start.
func (w *streamWriter) tables(collector int) error {
	var sessions []int
	var peers []mrt.Peer
	for i, v := range w.s.sessions {
		if v.collector == collector {
			sessions = append(sessions, i)
			peers = append(peers, w.peers[i])
		}
	}
	if err := w.w.PeerIndexTable(w.s.Start, collectorAddr(collector), w.s.collectors[collector], peers); err != nil {
		return err
	}
	sequence := uint32(0)
	add := func(prefixes []netip.Prefix, path func(checks.ASN) []checks.ASN) error {
		entries := make([]mrt.RIBEntry, len(sessions))
		for n, i := range sessions {
			entries[n] = mrt.RIBEntry{Peer: n, OriginatedAt: w.s.Start.Add(-24 * time.Hour), Draft: w.draft(i, path(w.s.sessions[i].as))}
		}
		for _, prefix := range prefixes {
			if err := w.w.RIB(w.s.Start, sequence, prefix, false, entries); err != nil {
				return err
			}
			sequence++
		}
		return nil
	}
	for _, n := range w.s.networks {
		if err := add(n.prefixes, func(a checks.ASN) []checks.ASN { return w.s.path(a, w.s.ways[n.way]) }); err != nil {
			return err
		}
	}
	for _, o := range w.s.others {
		if err := add(o.prefixes, func(a checks.ASN) []checks.ASN { return w.s.path(a, o.way) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *streamWriter) draft(session int, path []checks.ASN) bgp.Draft {
	return bgp.Draft{Path: checks.MakePath(path...), NextHop: w.peers[session].Addr}
}

func (w *streamWriter) message(m *message) error {
	s, i := w.s, int(m.session)
	as := s.sessions[i].as
	switch m.kind {
	case sendDown:
		return w.w.StateChange(time.UnixMicro(m.at), w.peers[i], w.local, mrt.StateEstablished, mrt.StateIdle)
	case sendUp:
		return w.w.StateChange(time.UnixMicro(m.at), w.peers[i], w.local, mrt.StateOpenConfirm, mrt.StateEstablished)
	case sendEndOfRIB:
		return w.endOfRIB(m)
	case sendOther:
		o := &s.others[m.item]
		return w.routes(m, o.prefixes, s.path(as, o.way))
	case sendWithdrawal:
		return w.routes(m, s.networks[m.item].prefixes, nil)
	case sendLonger:
		return w.routes(m, s.networks[m.item].prefixes, s.longerPath(as, s.ways[m.way]))
	}
	return w.routes(m, s.networks[m.item].prefixes, s.path(as, s.ways[m.way]))
}

func (w *streamWriter) endOfRIB(m *message) error {
	err := w.raw(m, bgp.AppendEndOfRIB(w.buf[:0], bgp.IPv4Unicast))
	if err == nil && w.s.hasIPv6() {
		err = w.raw(m, bgp.AppendEndOfRIB(w.buf[:0], bgp.IPv6Unicast))
	}
	return err
}

// maxRoutes is how many prefixes go into one message; of the longest, 17 bytes
// each, they leave room for the attributes.
const maxRoutes = 150

// messages is how many messages it takes to announce or withdraw a network.
func (n *playedNetwork) messages() int {
	k := 0
	for range chunks(n.prefixes) {
		k++
	}
	return k
}

// chunks cuts a list, IPv4 before IPv6, into messages of one family each.
func chunks(prefixes []netip.Prefix) func(yield func([]netip.Prefix) bool) {
	ipv6 := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() })
	if ipv6 < 0 {
		ipv6 = len(prefixes)
	}
	return func(yield func([]netip.Prefix) bool) {
		for _, family := range [...][]netip.Prefix{prefixes[:ipv6], prefixes[ipv6:]} {
			for part := range slices.Chunk(family, maxRoutes) {
				if !yield(part) {
					return
				}
			}
		}
	}
}

// routes announces prefixes with a path, or withdraws them where it is nil.
func (w *streamWriter) routes(m *message, prefixes []netip.Prefix, path []checks.ASN) error {
	for part := range chunks(prefixes) {
		nlri := make([]bgp.NLRI, len(part))
		for i, p := range part {
			nlri[i].Prefix = p
		}
		var d bgp.Draft
		if path == nil {
			d.Withdraw = nlri
		} else {
			d = w.draft(int(m.session), path)
			d.Announce = nlri
		}
		b, err := d.Append(w.buf[:0], bgp.Options{AS4: true})
		if err != nil {
			return err
		}
		if err := w.raw(m, b); err != nil {
			return err
		}
	}
	return nil
}

func (w *streamWriter) raw(m *message, msg []byte) error {
	w.buf = msg
	return w.w.Message(time.UnixMicro(m.at), w.peers[m.session], w.local, msg)
}
