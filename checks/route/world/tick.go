package world

import (
	"runtime"
	"time"

	"isitdown/checks"
)

// For how long work that waits may hold the state at a time, about: that of [State.Tick], of
// [State.ApplyAll], and what whoever asks for a verdict has counted before he gets one. One
// call of Tick takes tickOf at most, and so many rows are counted before one looks at the time.
const (
	sliceOf = 2 * time.Millisecond
	tickOf  = 20 * time.Millisecond
	batch   = 64
)

// Tick lets time pass: losses settle, what is usual is sampled, and counts that a session's
// coming or going made void are worked off, a bounded slice a call, and more of them where much
// waits. It is to be called some ten times a second, with the time at the sources.
func (s *State) Tick(now time.Time) {
	began := time.Now()
	more := s.tick(now)
	for more && time.Since(began) < tickOf {
		runtime.Gosched()
		more = s.work(now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Ticked, s.stats.Tick = now, time.Since(began)
}

// work counts rows that wait for a slice, and reports whether there are more.
func (s *State) work(now time.Time) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(now)
	s.catchUp(time.Now().Add(sliceOf))
	return s.behind() > 0
}

// catchUp counts rows that wait, until a time.
func (s *State) catchUp(until time.Time) {
	for len(s.queue) > 0 || s.revote > 1 {
		s.again(batch)
		if s.drain(batch); time.Now().After(until) {
			return
		}
	}
}

func (s *State) tick(now time.Time) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := time.Now().Add(sliceOf)
	if now.Unix() < s.clock-maxBack {
		s.turnBack(now)
	}
	s.advance(now)
	s.admit()
	s.persist()
	s.elect(now)
	s.catchUp(until)
	if now.Unix() != s.looked {
		s.looked = now.Unix()
		s.stand(now)
		s.recount = s.recount || s.emptied != 0 && s.clock-s.emptied >= int64(s.opts.Rules.BaselineWindow.Seconds())
	}
	s.sample(until)
	s.round(until)
	s.sweep(until)
	return s.behind() > 0
}

// maxBack is how far, in seconds, the time of a tick may lie before that of others: an archive
// may reach further than the stream that is worked off after it. Beyond that the clock was wrong.
const maxBack = 3600

// turnBack sets the clock of the state back: nothing has happened after now.
func (s *State) turnBack(now time.Time) {
	s.opts.Log.Warn("the clock was set back; the world goes by the new time", "by", time.Unix(s.clock, 0).Sub(now).Round(time.Second))
	at := now.Unix()
	earlier := func(times ...*int64) {
		for _, t := range times {
			*t = min(*t, at)
		}
	}
	for k := range s.apart.list {
		d := &s.apart.list[k]
		earlier(&d.sampled, &d.lacking, &d.first, &d.half, &d.ninety)
		d.changed = min(d.changed, uint32(at))
	}
	for _, x := range s.suspects {
		earlier(&x.since, &x.first, &x.half, &x.ninety)
	}
	for _, list := range [...][]group{s.countries.list, s.networks.list} {
		for n := range list {
			earlier(&list[n].bad, &list[n].back)
			list[n].doubts.stale()
		}
	}
	earlier(&s.clock, &s.emptied)
	s.elected, s.turned, s.recheck, s.stats.Ticked = time.Time{}, true, true, now
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
	b := s.benches(now)
	note := func(list []group, doubtful, bad map[uint32]bool) {
		for n := range bad {
			if list[n].doubts == nil {
				list[n].bad = 0
				delete(bad, n)
			}
		}
		for n := range doubtful {
			g := &list[n]
			e := checks.ExtentAll
			if t := s.judge(g, now, b); t != nil {
				e = g.totals(t, b, 1).Announced()
			}
			switch {
			case e != checks.ExtentNone && e != checks.ExtentPart:
				g.bad = 0
				delete(bad, n)
			case g.bad == 0:
				g.bad, bad[n] = s.clock, true
			}
		}
	}
	note(s.countries.list, s.countries.doubtful, s.badCountries)
	note(s.networks.list, s.networks.doubtful, s.badNetworks)
}
