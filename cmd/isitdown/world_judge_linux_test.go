package main

import (
	"net/netip"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route/world"
)

// judge asks the state for the verdicts of prefixes that are being lost until they say so.
type judge struct {
	state *world.State
	done  chan struct{}
	ended sync.WaitGroup

	mu      sync.Mutex
	waiting map[netip.Prefix]time.Time // since when
	taken   []time.Duration
}

func newJudge(state *world.State) *judge {
	j := &judge{state: state, done: make(chan struct{}), waiting: map[netip.Prefix]time.Time{}}
	j.ended.Go(func() {
		every := time.NewTicker(time.Millisecond)
		defer every.Stop()
		for {
			select {
			case now := <-every.C:
				j.look(now)
			case <-j.done:
				return
			}
		}
	})
	return j
}

// lost has a prefix looked at that was lost at a moment.
func (j *judge) lost(p netip.Prefix, at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiting[p] = at
}

func (j *judge) look(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for p, at := range j.waiting {
		t, err := checks.ParseTarget(p.String())
		if err != nil {
			panic(err) // a prefix
		}
		if v, ok := j.state.Verdict(t, now); ok && v.State == checks.Down {
			j.taken = append(j.taken, time.Since(at))
			delete(j.waiting, p)
		}
	}
}

// took gives the times since it was asked last, once all have their verdict or patience is
// over.
func (j *judge) took(patience time.Duration) []time.Duration {
	for end := time.Now().Add(patience); time.Now().Before(end) && j.left() > 0; {
		time.Sleep(10 * time.Millisecond)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.taken
	j.taken = nil
	return list
}

// left counts the losses without a verdict.
func (j *judge) left() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.waiting)
}

// stop ends it and says how many losses were never told.
func (j *judge) stop() int {
	close(j.done)
	j.ended.Wait()
	return len(j.waiting)
}
