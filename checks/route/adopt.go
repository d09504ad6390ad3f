package route

import (
	"errors"
	"slices"
)

// Adopt takes over a watch that another RIB has brought to where this one is: a
// target that is asked about late gets its history from the recording played once
// more, without the other watches of this RIB noticing. Both have been
// given the same updates (and, of updates alone, a survey each); the error says that
// they have not. The watch is then this RIB's alone.
func (r *RIB) Adopt(w *Watch) error {
	from := w.rib
	if from == r {
		return errors.New("adopting a watch: it is this table's already")
	}
	// What a session counts as may differ: one table has been asked since, and the other has not.
	same := from.newest == r.newest && slices.EqualFunc(from.sessions, r.sessions, func(a, b session) bool {
		return a.peer == b.peer && a.routes == b.routes
	})
	if !same {
		return errors.New("adopting a watch: the two tables were not given the same updates")
	}
	from.Forget(w)
	w.rib = r
	r.watches = append(r.watches, w)
	return nil
}

// Forget ends a watch: it sees no further update and must not be asked again. Of
// one that is not this RIB's nothing happens.
func (r *RIB) Forget(w *Watch) {
	r.watches = slices.DeleteFunc(r.watches, func(o *Watch) bool { return o == w })
}
