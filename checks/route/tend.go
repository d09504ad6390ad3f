package route

import (
	"math"
	"time"

	"isitdown/checks"
)

const (
	// beforeLoss is how long before the first vantage point lost a route the table is
	// taken to be undisturbed: paths begin to be searched before the first withdrawal.
	beforeLoss = 5 * time.Minute
	// tripWindow is within what time half of the sessions lose a route where that is a
	// loss and no slow change.
	tripWindow = 15 * time.Minute
	// lookAfter is how long after a loss was noticed the table is looked at, and lookEvery
	// how often at most one is: all that are to be looked at are in the journal.
	lookAfter = 30 * time.Second
	lookEvery = 10 * time.Second
	// nextWave is how long after a loss another one is looked at anew; until then it is
	// part of the first.
	nextWave = 10 * time.Minute
	// keepWaves is how many of the losses of one target are kept, and keepBack for how long
	// after all of it is back.
	keepWaves = 4
	keepBack  = 15 * time.Minute
)

// never is later than any time.
const never = stamp(math.MaxInt64)

// wave is a burst of losses of a target, and what others' routes were before it.
type wave struct {
	at    stamp // when it was noticed
	first stamp // when the first vantage point lost a route
	from  stamp // whose table was looked at
	// missing says why nothing is known of the others: one sentence, "" where it is.
	missing string
	witnesses
	usual   float64 // of the background, before
	history time.Duration
	settled bool // the losses of networks are those of the window
}

// tend does what is due at a time: the table is looked at for losses, waves are settled and
// dropped, and the background moves on.
func (r *RIB) tend(at stamp) {
	r.rollBackground(at)
	if at < r.tendAt {
		return
	}
	next, looked := never, false
	for _, w := range r.watches {
		if !looked && w.due != nil && at >= w.due.at.add(lookAfter) {
			w.look(at)
			looked = true
		}
		next = min(next, w.tend(at))
	}
	if looked {
		next = max(next, at.add(lookEvery))
	}
	r.tendAt = next
}

// tend settles and drops waves, and gives when there is more to be done.
func (w *Watch) tend(at stamp) (next stamp) {
	next = never
	if w.due != nil {
		next = w.due.at.add(lookAfter)
	}
	if len(w.waves) > 0 && w.gone == 0 && len(w.lostNow) == 0 {
		if drop := w.quiet.add(keepBack); at >= drop {
			w.waves = nil
		} else {
			next = min(next, drop)
		}
	}
	for _, v := range w.waves {
		if v.settled || v.missing != "" {
			continue
		}
		if until := v.until(); at > until {
			w.settle(v, until)
		} else {
			next = min(next, until+1)
		}
	}
	return next
}

// until is when the losses of other networks no longer count as going with this one. The
// window begins where half of the vantage points had lost the target.
func (v *wave) until() stamp { return v.at.add(checks.SiblingWindow) }

// trip looks whether the loss of a route by one session makes the prefix lost: half of
// the sessions that had it lost it lately.
func (w *Watch) trip(p *watched, at stamp) {
	if w.rib.tree == nil || p.gone || p.have*2 > p.most {
		return
	}
	recent := at.add(-tripWindow)
	lost, first := 0, at
	for _, h := range p.holds.all() {
		if h.path == 0 && !h.cut && h.lostAt >= recent {
			lost++
			first = min(first, h.lostAt)
		}
	}
	if lost < p.have {
		p.most = p.have // it has become less in time, which is no loss
		return
	}
	p.gone = true
	w.gone++
	w.notice(first, at)
}

// regain takes in that one session more has a route for a prefix.
func (w *Watch) regain(p *watched, at stamp) {
	p.have++
	p.most = max(p.most, p.have)
	if p.gone && p.have*2 > p.most {
		p.gone = false
		if w.gone--; w.gone == 0 {
			w.quiet = at
			w.rib.tendAt = min(w.rib.tendAt, at.add(keepBack))
		}
	}
}

// notice has the table looked at for a loss, unless it belongs to one that was.
func (w *Watch) notice(first, at stamp) {
	if n := len(w.waves); w.due != nil || n > 0 && at < w.waves[n-1].at.add(nextWave) {
		return
	}
	w.due = &wave{at: at, first: first}
	w.rib.tendAt = min(w.rib.tendAt, at.add(lookAfter))
}
