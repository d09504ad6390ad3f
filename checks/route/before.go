package route

import (
	"slices"
	"time"

	"isitdown/checks"
)

// shortlyBefore is how long before a loss a path may have ended and still be the one that
// was lost: in between other paths are tried.
const shortlyBefore = 5 * time.Minute

// noteBefore notes the path that a vantage point held until shortly before it lost the
// prefix, if that is not its usual one. The usual path is the one of most of a day: who
// moved to another some hours ago, because the first failed, has now lost that other.
func (v *view) noteBefore(as checks.ASN, sessions []int) {
	var last span
	for _, i := range sessions {
		if s := v.held.holds.look(i).lastStable(); s.to > last.to {
			last = s
		}
	}
	if last.path <= impliedPath || !v.accepts(last.path) || v.isUsual(as, last.path) {
		return
	}
	if v.moved == nil {
		v.moved = map[uint32][]checks.ASN{}
	}
	v.moved[last.path] = append(v.moved[last.path], as) // carriers come in their order
}

// lastStable gives the path that a session held for the stable time until shortly before
// it lost the prefix; the zero span for none.
func (h hold) lastStable() (last span) {
	if h.path != 0 || h.lostAt == 0 {
		return last
	}
	for _, s := range h.past {
		if s.to > last.to && h.lostAt.since(s.to) <= shortlyBefore {
			last = s
		}
	}
	return last
}

// heldAt gives the path that a session held at a time, as far as that is kept; 0 for none.
func (h hold) heldAt(at stamp) uint32 {
	if h.path != 0 && h.since <= at {
		return h.path
	}
	for _, s := range h.past {
		if s.from <= at && at <= s.to {
			return s.path
		}
	}
	return 0
}

// isUsual reports whether a path is that of a vantage point in the baseline.
func (v *view) isUsual(as checks.ASN, path uint32) bool {
	return slices.ContainsFunc(v.base.Paths, func(s checks.PathSeen) bool {
		_, here := slices.BinarySearch(s.Peers, as)
		return here && s.Path.Equal(v.watch.paths.paths[path])
	})
}
