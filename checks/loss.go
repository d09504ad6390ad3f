package checks

import (
	"net/netip"
	"time"
)

// longLoss bounds how long before half of the vantage points had lost a prefix the first
// of them may have, to be part of the same loss.
const longLoss = 30 * time.Minute

// Losses gives the prefixes that half or more of the vantage points that were asked have
// lost, in the order of the observations; when the first of these losses began, the zero
// time where it is not known when; and by when half of the vantage points had each of them.
func Losses(list []Observation) (lost []netip.Prefix, first, by time.Time) {
	for i := range list {
		o := &list[i]
		if o.Asked == 0 || 2*(o.Asked-o.Seen) < o.Asked {
			continue
		}
		lost = append(lost, o.Prefix)
		if at := o.Lost.began(); !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
		if o.Lost.Half.After(by) {
			by = o.Lost.Half
		}
	}
	return lost, first, by
}

// began is when a crossing began, as far as that is known: one vantage point that lost a
// route hours before the others lost another one.
func (c Crossing) began() time.Time {
	half := c.Half
	if !c.HalfAfter.IsZero() {
		half = c.HalfAfter
	}
	switch {
	case half.IsZero():
		return c.First
	case c.First.IsZero() || c.First.After(half):
		return half
	case half.Sub(c.First) > longLoss:
		return half.Add(-longLoss)
	}
	return c.First
}
