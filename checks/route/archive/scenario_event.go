package archive

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"isitdown/checks"
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

// flap reads NETWORK every DURATION down DURATION [over DURATION] until TIME and
// writes it out as withdrawals and announcements.
func (p *scenarioParser) flap(e event) error {
	if err := p.networkName(&e); err != nil {
		return err
	}
	if state := &p.state[e.network]; state.withdrawn {
		return fmt.Errorf("%s was withdrawn in line %d: announce it before it flaps", p.s.networks[e.network].name, state.line)
	}
	if err := p.expect("every"); err != nil {
		return err
	}
	every, err := p.span("every", time.Second, maxPeriod)
	if err != nil {
		return err
	}
	if err := p.expect("down"); err != nil {
		return err
	}
	down, err := p.span("down", time.Second, every)
	if err != nil {
		return err
	}
	e.over = min(down/3, maxFlapOver)
	if p.accept("over") {
		if e.over, err = p.span("over", 0, down); err != nil {
			return err
		}
	}
	until, err := p.until(&e)
	if err != nil {
		return err
	}
	jitter := every / jitterPart
	if least := e.over + 2*guard; down < least || every-jitter-down < least {
		return fmt.Errorf("down %v every %v is too quick for what takes %v at all vantage points: down at least %v, and every at least %v", down, every, e.over,
			least, (down+least)*jitterPart/(jitterPart-1)+time.Second)
	}
	return p.repeat(e, every, down, jitter, until)
}

func (p *scenarioParser) until(e *event) (time.Time, error) {
	if err := p.expect("until"); err != nil {
		return time.Time{}, err
	}
	w, err := p.next("a time")
	if err != nil {
		return time.Time{}, err
	}
	until, err := parseTime(w)
	switch {
	case err != nil:
		return until, err
	case !until.After(e.at):
		return until, errors.New("until is not after the beginning of the line: correct one of the times")
	case until.After(p.s.End):
		return until, errors.New("until is after the end of the scenario: correct one of the times")
	}
	return until, nil
}

// repeat adds the losses and returns of a flap, all back by the given time. The
// first loss is on time, the others up to jitter late.
func (p *scenarioParser) repeat(e event, every, down, jitter time.Duration, until time.Time) error {
	first, line := e.at, e.seed
	back := p.state[e.network].way
	for n := 0; ; n++ {
		e.at = first.Add(time.Duration(n) * every)
		if n > 0 {
			e.at = e.at.Add(time.Duration(mix(line, uint64(n)) % uint64(jitter)).Truncate(time.Microsecond))
		}
		e.kind, e.seed = eventWithdraw, mix(line, uint64(n), 1)
		up := e
		up.kind, up.at, up.way, up.seed = eventAnnounce, e.at.Add(down), back, mix(line, uint64(n), 2)
		if up.latest().Add(guard).After(until) {
			if n == 0 {
				return errors.New("until comes before the end of the first loss: correct one of the times")
			}
			return nil
		}
		if err := p.add(e); err != nil {
			return err
		}
		if err := p.add(up); err != nil {
			return err
		}
	}
}

// session reads down|up COLLECTOR AS.
func (p *scenarioParser) session(e event) error {
	what, err := p.next("down or up")
	if err != nil {
		return err
	}
	if what != "down" && what != "up" {
		return fmt.Errorf("a session goes down or up, not %s", quoteWord(what))
	}
	name, err := p.next("the name of a collector")
	if err != nil {
		return err
	}
	asn, err := p.as()
	if err != nil {
		return err
	}
	c, known := p.collectors[name]
	i, ok := p.bySession[sessionKey{c, asn}]
	if !known || !ok {
		return fmt.Errorf("%v has no session with a collector %s: name one of a collector line", asn, quoteWord(name))
	}
	return p.setSession(e, i, what == "up", asn)
}

func (p *scenarioParser) setSession(e event, i int, up bool, asn checks.ASN) error {
	state := &p.sessions[i]
	switch {
	case up == state.up && up:
		return fmt.Errorf("the session of %v is up already: take it down first", asn)
	case up == state.up:
		return fmt.Errorf("the session of %v went down in line %d already: bring it up first", asn, state.line)
	case !e.at.After(state.at):
		return fmt.Errorf("the session of %v changes twice at one time: put time between the events", asn)
	}
	*state = sessionState{up, e.at, p.line}
	e.kind, e.session = eventSessionDown, i
	cost := 1
	if up {
		e.kind, cost = eventSessionUp, p.tableSize()
	}
	p.s.events = append(p.s.events, e)
	return p.spend(cost)
}
