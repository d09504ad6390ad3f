package lab

import (
	"testing"
	"time"

	"isitdown/checks/netlab"
	"isitdown/checks/route"
)

// A session that is drained withdraws every route before it ends, by every feed, and has
// them all again.
func TestDrain(t *testing.T) {
	if testing.Short() {
		t.Skip("a scenario of the program's drains them in the short run")
	}
	t.Parallel()
	if !netlab.Alone(t) {
		return
	}
	i := Build(t)
	var feeds []*Feed
	for _, k := range Kinds() {
		if k.Missing() == "" {
			feeds = append(feeds, k.Attach(i))
		}
	}
	r := i.Record(feeds...)
	r.Do("drained", time.Hour, func() { i.Drain(feeds...)() }, r.Back)
	m := r.Recording().Moments[1]
	for _, f := range feeds {
		withdrawn, ended := m.order(f.Name)
		if all := 2 * len(i.Left.Routes()); withdrawn != all || ended != 2 {
			t.Errorf("%s: %d withdrawals before %d ends of sessions, want %d before 2", f.Name, withdrawn, ended, all)
		}
	}
}

// order counts the prefixes that were withdrawn before the first end of a session, and all
// ends.
func (m *Moment) order(feed string) (withdrawn, ended int) {
	for _, h := range m.Heard[feed] {
		if h.Update.Kind == route.PeerDown {
			ended++
		}
		if ended == 0 {
			withdrawn += len(h.Update.Withdrawn)
		}
	}
	return withdrawn, ended
}
