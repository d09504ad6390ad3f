package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
)

// besides are the routes of other networks: five behind AS4837, three behind AS3356.
func besides(gone time.Time) (list []standRoute) {
	for n := range 8 {
		path := []int{3356, 4837, 3001 + n}
		if n >= 5 {
			path = []int{3356, 5001 + n}
		}
		list = append(list, standRoute{prefix: fmt.Sprintf("23.0.%d.0/24", n), path: path, to: gone})
	}
	return list
}

// neighbours answers asn-neighbours from the routes of the moment.
func (s *ripeStand) neighbours(resource string, at time.Time) any {
	at = at.Truncate(8 * time.Hour)
	count := map[int]int{}
	for i := range s.routes {
		path := s.routes[i].path
		for j := range len(path) - 1 {
			if s.routes[i].there(at) && fmt.Sprintf("AS%d", path[j]) == resource {
				count[path[j+1]] += len(s.sessions)
			}
		}
	}
	list := []any{}
	for as, n := range count {
		list = append(list, map[string]any{"asn": as, "type": "right", "power": n, "v4_peers": n, "v6_peers": 0})
	}
	return map[string]any{"resource": resource, "query_starttime": stampOf(at), "query_endtime": stampOf(at), "neighbours": list}
}

// neighboursHistory answers asn-neighbours-history: all that carried a network's routes.
func (s *ripeStand) neighboursHistory(resource string, from, to time.Time) any {
	list := []any{}
	var seen []int
	for i := range s.routes {
		path := s.routes[i].path
		if n := len(path); fmt.Sprintf("AS%d", path[n-1]) == resource && !slices.Contains(seen, path[n-2]) {
			seen = append(seen, path[n-2])
			list = append(list, map[string]any{"neighbour": path[n-2], "timelines": []any{map[string]any{"starttime": stampOf(from), "endtime": stampOf(to)}}})
		}
	}
	return map[string]any{"resource": resource, "query_starttime": stampOf(from), "query_endtime": stampOf(to), "neighbours": list}
}

// What others' routes did is looked up when a target has gone: where the other customers of
// its upstream stay it is the last hop, where they went with it the upstream itself. Not
// one of the two is said before anything is known.
func TestLiveElsewhere(t *testing.T) {
	for _, tt := range []struct {
		name     string
		others   bool // went too
		want     checks.AttributionRule
		survival float64
	}{
		{"the others stay", false, checks.RuleLastHop, 1},
		{"the others went too", true, checks.RuleSeparator, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			showLive(t, func(t *testing.T, s *liveShow) {
				s.ripe.set(append(kpRoutes(time.Time{}), besides(time.Time{})...))
				s.pass(15 * time.Minute)
				s.is("in the beginning", checks.Up)
				var gone time.Time
				if tt.others {
					gone = time.Now()
				}
				others := besides(gone)
				copy(others[5:], besides(time.Time{})[5:]) // those behind AS3356 stay
				s.withdraw(true)
				s.ripe.set(append(kpRoutes(time.Now()), others...))
				s.pass(90 * time.Second)
				s.is("withdrawn", checks.Down)
				for _, a := range s.watch.Verdict().Disappeared {
					if a.Rule != checks.RuleUntold && a.Rule != checks.RuleNone {
						t.Errorf("before anything is known of others: %s, %+v", a.Rule, a.Set)
					}
				}
				s.pass(3 * time.Minute)
				s.expectRule(tt.want, tt.survival)
				if v := s.mustAnswer(t, kp, time.Time{}); len(v.Disappeared) != 1 || v.Disappeared[0].Rule != tt.want {
					t.Errorf("asked: %+v", v.Disappeared)
				}
				calls := s.ripe.calls["asn-neighbours"]
				s.pass(5 * time.Minute)
				if n := s.ripe.calls["asn-neighbours"]; n != calls {
					t.Errorf("others were asked about again: %d requests, then %d", calls, n)
				}
				s.back(time.Now())
				s.pass(20 * time.Minute)
				s.is("when it is back", checks.Up)
				if v := s.watch.Verdict(); len(v.Disappeared) > 0 {
					t.Errorf("when it is back: %+v", v.Disappeared)
				}
			})
		})
	}
}

// expectRule fails the test where the present verdict attributes something else.
func (s *liveShow) expectRule(want checks.AttributionRule, survival float64) {
	s.t.Helper()
	v := s.watch.Verdict()
	if len(v.Disappeared) != 1 || v.Disappeared[0].Rule != want {
		s.t.Fatalf("got %+v, want %s", v.Disappeared, want)
	}
	a := v.Disappeared[0]
	if a.Grade == checks.EvidenceStrong || !a.Sample || !a.SingleHomed {
		s.t.Errorf("grade %s, sample %t, single-homed %t", a.Grade, a.Sample, a.SingleHomed)
	}
	i := slices.IndexFunc(a.Scores, func(c checks.Score) bool { return c.Element == checks.Element{AS: 4837} })
	if i < 0 {
		s.t.Fatalf("AS4837 is not weighed: %+v", a.Scores)
	}
	p := a.Scores[i].Passage
	if got, known := p.Survival(); !known || got != survival {
		s.t.Errorf("AS4837: %+v", p)
	}
}
