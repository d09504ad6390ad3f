package route

import (
	"cmp"
	"slices"

	"isitdown/checks"
)

// absence is when a vantage point had no route: from from until back, which is
// zero where it still has none. Where a hole in a feed hid the return it may have been
// as early as early.
type absence struct{ from, back, early stamp }

// crossings gives when the prefix was last lost and when it returned. While it is
// gone, or gone at a few only, the losses are those of the vantage points that
// are without it now; after its return those of the time in which it was gone.
func (v *view) crossings() (lost, back checks.Crossing) {
	if v.seen*2 >= v.asked {
		if from, until := lastGone(v.absences, v.asked); until != 0 {
			return v.spell(from, until)
		}
	}
	return crossing(v.lost, v.asked), checks.Crossing{}
}

// loss is when a vantage point lost something, and since when it may have, where a hole
// in its feed hid that; zero where none did.
type loss struct{ at, early stamp }

// least is the earliest that it may have been.
func (l loss) least() stamp { return earlier(l.at, l.early) }

// earlier gives the earlier of two times, of which zero is none.
func earlier(a, b stamp) stamp {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// spell dates the loss and the return of a prefix that was gone between two
// times: each from its first vantage point to nine in ten.
func (v *view) spell(from, until stamp) (lost, back checks.Crossing) {
	losses, returns := []loss{}, []stamp{}
	missing, early, hidden := 0, stamp(0), stamp(0) // after the return
	for _, a := range v.absences {
		if a.from > until || a.back != 0 && a.back < from {
			continue
		}
		losses = append(losses, loss{at: a.from})
		if a.back != 0 {
			returns, early = append(returns, a.back), earlier(early, a.early)
			if a.back == until && a.early != 0 {
				hidden = earlier(hidden, a.early)
			}
		} else {
			missing++
		}
	}
	slices.Sort(returns)
	back = checks.Crossing{First: earlier(returns[0], early).time(), Half: until.time(), HalfAfter: hidden.time()}
	// Nine in ten have it when at most one in ten of all is still to return.
	if k := len(returns) + missing - v.asked/10; k <= len(returns) {
		back.Ninety = max(until, returns[max(k, 1)-1]).time()
	}
	return crossing(losses, v.asked), back
}

// lastGone gives the last time span in which more than half of n vantage points
// were without the prefix; zero where there was none that has ended.
func lastGone(absences []absence, n int) (from, until stamp) {
	type step struct {
		at    stamp
		delta int
	}
	steps := make([]step, 0, 2*len(absences))
	for _, a := range absences {
		steps = append(steps, step{a.from, 1})
		if a.back != 0 {
			steps = append(steps, step{a.back, -1})
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.delta, b.delta)) })
	away, began := 0, stamp(0)
	for _, s := range steps {
		gone := away*2 > n
		away += s.delta
		switch {
		case !gone && away*2 > n:
			began = s.at
		case gone && away*2 <= n:
			from, until = began, s.at
		}
	}
	return from, until
}

// crossing gives when the first, half and nine tenths of n had the event.
func crossing(list []loss, n int) checks.Crossing {
	at, least := make([]stamp, 0, len(list)), make([]stamp, 0, len(list))
	hidden := map[stamp]bool{}
	for _, l := range list {
		at, least = append(at, l.at), append(least, l.least())
		hidden[l.at] = hidden[l.at] || l.early != 0
	}
	slices.Sort(at)
	slices.Sort(least)
	nth := func(of []stamp, k int) stamp {
		if k < 1 || k > len(of) {
			return 0
		}
		return of[k-1]
	}
	half := (n + 1) / 2
	c := checks.Crossing{First: nth(least, min(1, n)).time(), Half: nth(at, half).time(), Ninety: nth(at, (n*9+9)/10).time()}
	if hidden[nth(at, half)] {
		c.HalfAfter = nth(least, half).time()
	}
	return c
}
