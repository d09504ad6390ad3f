package archive

import (
	"errors"
	"fmt"
	"time"

	"isitdown/checks"
)

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
