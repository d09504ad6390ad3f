package archive

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

type eventKind int

const (
	eventWithdraw eventKind = iota + 1
	eventAnnounce           // of a withdrawn network
	eventMove               // another way for an announced network
	eventSessionDown
	eventSessionUp
)

// event is one thing that happens, at the time at which half of the vantage
// points have seen it, or at which a session changes.
type event struct {
	kind    eventKind
	at      time.Time
	seed    uint64 // chooses who is early, late, or left out
	network int
	way     int // of announce and move
	over    time.Duration
	except  int // vantage points that do not follow
	session int
}

const (
	// repeatEvery is how often each vantage point repeats a route.
	repeatEvery = 5 * time.Minute
	// guard is kept free before the first and after the last vantage point of
	// an event, for the longer paths that some of them try in between.
	guard = 5 * time.Second

	defaultOver = time.Minute
	maxOver     = time.Hour
	// maxFlapOver bounds what a flap takes where it does not say.
	maxFlapOver = 30 * time.Second
	// jitterPart: a flap is late by less than this part of its period.
	jitterPart = 8
	maxPeriod  = 7 * 24 * time.Hour
)

// earliest and latest are when the first and the last vantage point follow, with
// three tenths of the time before the event's and seven after it.
func (e *event) earliest() time.Time { return e.at.Add(-e.over * 3 / 10) }
func (e *event) latest() time.Time   { return e.at.Add(e.over * 7 / 10) }

// networkState is a network after the events read so far.
type networkState struct {
	withdrawn bool
	way       int
	busy      time.Time // until then the last event goes on
	line      int       // of it
}

type sessionState struct {
	up   bool
	at   time.Time
	line int
}

// event reads TIME withdraw|announce|move|flap NETWORK ..., or TIME session ...
func (p *scenarioParser) event() error {
	if !p.declared {
		if err := p.declarations(); err != nil {
			return err
		}
	}
	w, err := p.next("a time")
	if err != nil {
		return err
	}
	at, err := parseTime(w)
	if err != nil {
		return err
	}
	switch {
	case !at.After(p.s.Start) || !at.Before(p.s.End):
		return fmt.Errorf("the event is not between the start, %s, and the end, %s: change one of the times", clock(p.s.Start), clock(p.s.End))
	case at.Before(p.last):
		return errors.New("the event is earlier than the one above it: put events in the order of their times")
	}
	p.last = at
	e := event{at: at, seed: uint64(p.line)}
	what, err := p.next("withdraw, announce, move, flap or session")
	if err != nil {
		return err
	}
	switch what {
	case "withdraw":
		e.kind = eventWithdraw
	case "announce":
		e.kind = eventAnnounce
	case "move":
		e.kind = eventMove
	case "flap":
		return p.flap(e)
	case "session":
		return p.session(e)
	default:
		return fmt.Errorf("%s is no event: use withdraw, announce, move, flap or session", quoteWord(what))
	}
	return p.change(e)
}

func clock(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }

// networkName reads which network the event is about.
func (p *scenarioParser) networkName(e *event) error {
	name, err := p.next("the name of a network")
	if err != nil {
		return err
	}
	var ok bool
	if e.network, ok = p.networks[name]; !ok {
		return fmt.Errorf("there is no network %s: declare it with a network line above the events, or correct the name", quoteWord(name))
	}
	return nil
}

// change reads the rest of a withdraw, announce or move line.
func (p *scenarioParser) change(e event) error {
	if err := p.networkName(&e); err != nil {
		return err
	}
	e.over = defaultOver
	n := &p.s.networks[e.network]
	state := &p.state[e.network]
	switch {
	case e.kind == eventAnnounce && !state.withdrawn:
		return fmt.Errorf("%s is announced already: to change how it is reached write move", n.name)
	case e.kind != eventAnnounce && state.withdrawn:
		return fmt.Errorf("%s was withdrawn in line %d already: announce it first", n.name, state.line)
	}
	e.way = n.way // an announcement without "via" is as the network line has it
	if e.kind == eventMove {
		e.way = state.way
	}
	if e.kind != eventWithdraw {
		if err := p.newWay(&e); err != nil {
			return err
		}
	}
	if e.kind == eventMove && e.way == state.way {
		return fmt.Errorf("%s moves to where it is: say via or origin, other than before", n.name)
	}
	if err := p.overAndExcept(&e); err != nil {
		return err
	}
	return p.add(e)
}

// newWay reads [via AS...] [origin AS].
func (p *scenarioParser) newWay(e *event) error {
	w := p.s.ways[e.way]
	via, err := p.via()
	if err != nil {
		return err
	}
	if via != nil {
		w.via = via
	}
	if p.accept("origin") {
		if w.origin, err = p.as(); err != nil {
			return err
		}
	}
	e.way = slices.IndexFunc(p.s.ways, func(x way) bool { return x.origin == w.origin && slices.Equal(x.via, w.via) })
	if e.way < 0 {
		e.way = len(p.s.ways)
		p.s.ways = append(p.s.ways, w)
	}
	return nil
}

// overAndExcept reads [over DURATION] [except N].
func (p *scenarioParser) overAndExcept(e *event) error {
	var err error
	if p.accept("over") {
		if e.over, err = p.span("over", 0, maxOver); err != nil {
			return err
		}
	}
	if !p.accept("except") {
		return nil
	}
	w, err := p.next("a number of vantage points")
	if err != nil {
		return err
	}
	n := len(p.s.voters)
	e.except, err = strconv.Atoi(w)
	if err != nil || e.except < 1 || e.except > n/2 {
		return fmt.Errorf("except %s is not possible: of %d vantage points 1 to %d may be left out, since the event has its time from the other half", quoteWord(w), n, n/2)
	}
	return nil
}

func (p *scenarioParser) span(what string, least, most time.Duration) (time.Duration, error) {
	w, err := p.next("a duration")
	if err != nil {
		return 0, err
	}
	d, err := parseSpan(w, least, most)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return d, nil
}

// add takes in a change of a network, if the one before it is over by then.
func (p *scenarioParser) add(e event) error {
	state := &p.state[e.network]
	from, to := e.earliest().Add(-guard), e.latest().Add(guard)
	name := p.s.networks[e.network].name
	switch {
	case from.Before(state.busy):
		return fmt.Errorf("the event of %s begins at %s, %v before that of line %d is over at all vantage points: put more time between them, or shorten over",
			name, clock(from), state.busy.Sub(from), state.line)
	case from.Before(p.s.Start) || to.After(p.s.End):
		return fmt.Errorf("the event of %s takes from %s to %s, which is not inside the scenario: shorten over, or move the start or the end", name, clock(from), clock(to))
	}
	if err := p.spend(2 * len(p.s.sessions) * p.s.networks[e.network].messages()); err != nil {
		return err
	}
	state.busy, state.line, state.withdrawn = to, p.line, e.kind == eventWithdraw
	if e.kind != eventWithdraw {
		state.way = e.way
	}
	p.s.events = append(p.s.events, e)
	return nil
}
