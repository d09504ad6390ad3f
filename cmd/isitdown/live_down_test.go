package main

import (
	"slices"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/checks"
)

// back announces all four routes of North Korea anew, everywhere.
func (s *liveShow) back(gone time.Time) {
	routes := append(kpRoutes(gone), kpRoutes(time.Time{})...)
	for i := range routes[4:] {
		routes[4+i].from = time.Now()
		for _, p := range s.ripe.sessions {
			s.ris.Deliver(p.message(&routes[4+i], false))
		}
	}
	s.ripe.set(routes)
}

// A program that is started in an outage does not take it for normal: within a day of the
// loss it says that it is down, later that nothing is known and when the routes were there
// last; never up. When they are back they are up as soon as they have been stable.
func TestLiveStartedInAnOutage(t *testing.T) {
	for _, tt := range []struct {
		since time.Duration
		want  checks.State
	}{
		{3 * time.Hour, checks.Down},
		{23 * time.Hour, checks.Down},
		{30 * time.Hour, checks.Unknown},
		{72 * time.Hour, checks.Unknown},
	} {
		t.Run(tt.since.String(), func(t *testing.T) {
			showLive(t, func(t *testing.T, s *liveShow) {
				gone := time.Now().Add(-tt.since)
				s.ripe.set(kpRoutes(gone))
				network, err := checks.ParseTarget("AS131279")
				if err != nil {
					t.Fatal(err)
				}
				f, err := s.follow(network)
				if err != nil {
					t.Fatal(err)
				}
				s.watch = &bot.Watch{Assess: f.Assess, Revision: f.Revision, Freeze: f.Freeze, Policy: s.app.config.policy(), Settle: s.app.config.Route.Settle.Duration}
				s.pass(20 * time.Minute)
				s.is("in it", tt.want)
				last := "announced last about " + gone.UTC().Format("2 January 2006")
				if v := s.mustAnswer(t, network, time.Time{}); v.State != tt.want || tt.want == checks.Unknown && !hasGap(v, last) {
					t.Errorf("asked: %s, reasons %q, gaps %q, want %q", v.State, v.Reasons, v.Gaps, last)
				}
				if slices.Contains(s.states, checks.Up) {
					t.Error("it was said to be up in the outage")
				}
				s.pass(6 * time.Hour)
				s.is("6 h later", tt.want)
				s.back(gone)
				s.pass(20 * time.Minute)
				s.pass(2 * time.Hour)
				s.is("back for 2 h", checks.Up)
				if opened := slices.ContainsFunc(s.told, func(c bot.Change) bool { return c.Verdict.State == checks.Down }); opened != (tt.want == checks.Down) {
					t.Errorf("told %d changes", len(s.told))
				}
			})
		})
	}
}
