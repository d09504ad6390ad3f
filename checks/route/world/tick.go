package world

import (
	"time"

	"isitdown/checks"
)

// How long one call of [State.Tick] may hold the state, about, and how many rows are counted
// again before it looks at the time; whoever asks for a verdict has at most so many counted
// before he gets one.
const (
	sliceOf   = 2 * time.Millisecond
	batch     = 64
	maxBehind = 2048
)

// Tick lets time pass: losses settle, what is usual is sampled, and counts that a session's
// coming or going made void are worked off, a bounded slice a call. It is to be called some
// ten times a second, with the time at the sources.
func (s *State) Tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	until := began.Add(sliceOf)
	s.advance(now)
	s.admit()
	if s.turned || now.Sub(s.elected) >= time.Second {
		s.elect(now)
	}
	for (len(s.queue) > 0 || s.revote > 1) && time.Now().Before(until) {
		s.again(batch)
		s.drain(batch)
	}
	if now.Unix() != s.looked {
		s.looked = now.Unix()
		s.stand(now)
		s.recount = s.recount || s.emptied != 0 && s.clock-s.emptied >= int64(s.opts.Rules.BaselineWindow.Seconds())
	}
	s.sample(until)
	s.sweep(until)
	s.stats.Ticked, s.stats.Tick = now, time.Since(began)
}

// advance moves the clock of the state, in seconds, forward.
func (s *State) advance(now time.Time) { s.clock = max(s.clock, now.Unix()) }

// behind is what is still to be counted.
func (s *State) behind() int {
	n := len(s.queue) + len(s.arrivals)
	if s.revote > 1 {
		n += s.revote
	}
	return n
}

// stand notes which countries and watched networks are Down or Degraded, and since when: what
// is usual of them does not move then.
func (s *State) stand(now time.Time) {
	j := s.judge(now)
	b := s.benches(now)
	note := func(list []group, tallies map[uint32]*tally, bad map[uint32]bool) {
		for n := range bad {
			if tallies[n] == nil {
				s.better(&list[n])
				delete(bad, n)
			}
		}
		for n, t := range tallies {
			g := &list[n]
			switch e := g.totals(t, b, 1).Announced(); {
			case e != checks.ExtentNone && e != checks.ExtentPart:
				s.better(g)
				delete(bad, n)
			case g.bad == 0:
				g.bad, bad[n] = s.clock, true
				s.revision++
				g.revision = s.revision
			}
		}
	}
	note(s.countries.list, j.countries, s.badCountries)
	note(s.networks.list, j.networks, s.badNetworks)
}

func (s *State) better(g *group) {
	if g.bad != 0 {
		g.bad = 0
		s.revision++
		g.revision = s.revision
	}
}
