package world

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// fromAhead is an archive with some records whose times are wrong.
type fromAhead struct{ *shelf }

func (a fromAhead) PlayChanges(ctx context.Context, since map[string]time.Time, until time.Time, emit func(*route.Update) error, heard func(string, bool, int64, int64)) (map[string]time.Time, []checks.Gap, error) {
	known, gaps, err := a.shelf.PlayChanges(ctx, since, until, emit, heard)
	for n := range 3 {
		u := route.Update{Kind: route.Routes, At: until.AddDate(0, 11, 0), Peer: testPeer("rrc00", n), Withdrawn: []route.NLRI{{Prefix: testPrefixes()[0]}}}
		if err := emit(&u); err != nil {
			return nil, nil, err
		}
	}
	return known, gaps, err
}

// A time that is months ahead makes nothing else old, and is told.
func TestStartLeavesOutWhatIsOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zero := time.Now()
		a := &shelf{said: chatter(rand.New(rand.NewPCG(1, 1)), zero, zero.Add(2*time.Hour), "rrc00"), tables: map[string]time.Time{"rrc00": zero.Add(time.Hour)}}
		time.Sleep(2 * time.Hour)
		s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{Archive: fromAhead{a}, Collectors: []string{"rrc00"}, HoldDir: t.TempDir()})
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		gap := "updates of rrc00: 3 records left out, for the time in the file is ahead of this machine's clock"
		if p := s.Progress(); !slices.ContainsFunc(p.Gaps, func(g checks.Gap) bool { return g.Reason == gap }) {
			t.Errorf("got gaps %v, want that %s", p.Gaps, gap)
		}
		if newest := s.State().Stats().Newest; newest.After(time.Now()) {
			t.Errorf("the newest update is of %v, and it is %v", newest, time.Now())
		}
	})
}
