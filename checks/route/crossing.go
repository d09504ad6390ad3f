package route

import (
	"cmp"
	"slices"
	"time"

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
	lost = crossing(v.lost, v.asked)
	lost.First = earlier(stampOf(lost.First), v.early).time()
	return lost, checks.Crossing{}
}

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
	losses, returns := []stamp{}, []stamp{}
	missing, early := 0, stamp(0) // after the return
	for _, a := range v.absences {
		if a.from > until || a.back != 0 && a.back < from {
			continue
		}
		losses = append(losses, a.from)
		if a.back != 0 {
			returns, early = append(returns, a.back), earlier(early, a.early)
		} else {
			missing++
		}
	}
	slices.Sort(returns)
	back = checks.Crossing{First: earlier(returns[0], early).time(), Half: until.time()}
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
func crossing(at []stamp, n int) checks.Crossing {
	at = slices.Clone(at)
	slices.Sort(at)
	nth := func(k int) time.Time {
		if k < 1 || k > len(at) {
			return time.Time{}
		}
		return at[k-1].time()
	}
	return checks.Crossing{First: nth(min(1, n)), Half: nth((n + 1) / 2), Ninety: nth((n*9 + 9) / 10)}
}
