package route

import (
	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// WatchHeld begins to keep the history of a target as [RIB.Watch] does, with what the
// sessions hold now as its beginning: as if a table dump with that had come at the time
// of the newest update. It is for a table that was there before the target was asked
// about. Without [Rules].FullPaths only the ends of the paths before are known.
func (r *RIB) WatchHeld(target checks.Footprint) *Watch {
	w := r.Watch(target)
	for _, prefix := range r.concerning(&target) {
		ref := r.refOf(prefix)
		for _, i := range r.ranked {
			path, ok := r.pathAt(ref, i)
			if !ok {
				continue
			}
			raw, err := bgp.MakeRawPath(path)
			if err != nil {
				continue // cannot be: it came as one
			}
			s := &r.sessions[i]
			s.loading = true
			w.announced(prefix, i, raw, r.newest)
			s.loading = false
		}
	}
	return w
}
