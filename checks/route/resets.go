package route

import (
	"cmp"
	"slices"
	"time"

	"isitdown/checks"
)

// aroundLoss is how long before a loss began, and after it was complete, the reset of a
// session casts doubt on it. What ends later took no part in the loss, and one that comes
// back says again what it has.
const aroundLoss = 15 * time.Minute

// turns are the latest times at which a session went down or came up, the newest first.
type turns [8]stamp

func (t *turns) note(at stamp) {
	copy(t[1:], t[:])
	t[0] = at
}

// within reports whether one lies in a time. Where there were more since than are kept,
// it may be.
func (t *turns) within(p period) bool {
	if t[len(t)-1] > p.to {
		return true
	}
	return slices.ContainsFunc(t[:], func(at stamp) bool { return at != 0 && p.from <= at && at <= p.to })
}

// resets counts the vantage points that vote, or would if it were not for that, of which
// a session ended or came up around the loss of any prefix that at least half of the
// vantage points are without.
func (r *RIB) resets(voters [2]electorate, list []checks.Observation) int {
	around := lossPeriods(list)
	counted := map[checks.ASN]bool{}
	for i := range r.sessions {
		s := &r.sessions[i]
		if as := s.peer.AS; (voters[0].usuals[as] || voters[1].usuals[as]) && slices.ContainsFunc(around, s.turns.within) {
			counted[as] = true
		}
	}
	return len(counted)
}

// lossPeriods gives the times around the losses, those that overlap as one.
func lossPeriods(list []checks.Observation) (merged []period) {
	var all []period
	for i := range list {
		o := &list[i]
		if o.Asked == 0 || o.Seen*2 > o.Asked || o.Lost.First.IsZero() {
			continue
		}
		last := max(stampOf(o.Lost.First), stampOf(o.Lost.Half), stampOf(o.Lost.Ninety))
		all = append(all, period{stampOf(o.Lost.First).add(-aroundLoss), last.add(aroundLoss)})
	}
	slices.SortFunc(all, func(a, b period) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	for _, p := range all {
		if n := len(merged); n > 0 && p.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, p.to)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}
