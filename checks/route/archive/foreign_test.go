package archive

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Recordings of events in which nobody took anything over: prefixes that fail over to
// covering routes of their own network through another upstream (2016), that flap (2022),
// and that go (2026).
func TestNoTakeoverInRealData(t *testing.T) {
	folder := os.Getenv("ISITDOWN_TESTDATA")
	if folder == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	if testing.Short() {
		t.Skip("plays three recordings twice")
	}
	tests := []struct {
		file    string
		network checks.ASN
	}{
		{"updates.20160811.1600.gz", 36867},
		{"rrc23.updates.20220421.0200.gz", 131279},
		{"updates.20260222.1530.bz2", 31148},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			rec := open(t, "recorded="+filepath.Join(folder, "mrt", tt.file))
			rules := route.DefaultRules()
			rules.FullPaths = true
			rib := route.NewRIB(rules)
			w := rib.Watch(checks.Footprint{Target: checks.Network(tt.network), Origins: []checks.ASN{tt.network}})
			survey := w.NewSurvey()
			var start, asked time.Time
			each(t, rec, func(u *route.Update) {
				if start.IsZero() || u.At.Before(start) {
					start = u.At
				}
				survey.Add(u)
			})
			survey.Imply(start)
			verdicts := 0
			look := func(now time.Time) {
				base, vantage, list := w.Observe(now)
				v := checks.Assess(checks.Case{
					Footprint: w.Target(), Baseline: base, Vantage: vantage, Observations: list, Now: now, Rules: checks.DefaultRules(),
				})
				verdicts += len(v.Prefixes)
				for _, f := range v.Foreign {
					if !f.Since.IsZero() {
						t.Errorf("%s: a foreign route that is new: %+v", now, f)
					}
				}
				for _, a := range v.Disappeared {
					if a.Rule == checks.RuleTakenOver {
						t.Errorf("%s: %v taken over by %+v", now, a.Prefixes, a.Foreign)
					}
				}
			}
			each(t, rec, func(u *route.Update) {
				if asked.IsZero() {
					asked = u.At
				}
				if u.At.Sub(asked) >= time.Minute {
					asked = u.At
					look(u.At)
				}
				rib.Apply(u)
			})
			look(rib.Newest())
			if verdicts == 0 {
				t.Error("nothing of the network was seen in the recording")
			}
		})
	}
}

func each(t *testing.T, rec *Recording, f func(*route.Update)) {
	t.Helper()
	err := rec.Play(t.Context(), time.Time{}, func(u *route.Update) error {
		f(u)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
