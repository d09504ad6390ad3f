package main

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What the world knew is there when it begins again.
func TestGlobeAgain(t *testing.T) {
	showWorld(t, func(t *testing.T, s *worldShow) {
		s.pass(15 * time.Minute)
		gone := time.Now()
		s.says(true)
		s.pass(2 * time.Minute)
		s.globe.save(t.Context())
		s.again(t, gone)
	})
}

// again begins from the snapshot: it knows of the loss, and since when.
func (s *worldShow) again(t *testing.T, since time.Time) {
	t.Helper()
	g, err := s.app.newGlobe(s.lists(), s.file)
	if err != nil {
		t.Fatal(err)
	}
	if from := g.progress().Snapshot; since.After(from) || from.After(time.Now()) {
		t.Errorf("it begins from a snapshot of %v, want one of after %v", from, since)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { g.run(ctx) })
	synctest.Wait()
	w := g.world(time.Now())
	if len(w.Outages) == 0 || w.Outages[0].Target != kp || w.Outages[0].Onset.Half.Sub(since).Abs() > 2*time.Second {
		t.Errorf("from the snapshot: %+v, want North Korea down since %v", w, since)
	}
	stop()
	running.Wait()
}
