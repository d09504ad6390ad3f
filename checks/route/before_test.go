package route

import (
	"slices"
	"testing"

	"isitdown/checks"
)

// What most of a day was usual is not what was lost by who moved away from it some hours
// before. The paths that are tried in the last minutes do not count.
func TestPathBeforeALoss(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string // paths of Before
	}{
		{"no move", "3h beat 1-12\n5h withdraw 1-12 k1", nil},
		{
			"moved two hours before",
			"3h announce 1-12 k1 via 20485\n5h withdraw 1-12 k1",
			[]string{"1 20485 131279", "2 20485 131279"},
		},
		{
			"moved, and another path tried at the end",
			"3h announce 1-2 k1 via 20485\n5h announce 1-2 k1 via 1299 20485\n5h1m withdraw 1-12 k1",
			[]string{"1 20485 131279", "2 20485 131279"},
		},
		{"moved for too short a time", "4h40m announce 1-12 k1 via 20485\n5h withdraw 1-12 k1", nil},
		{"moved and back", "3h announce 1-12 k1 via 20485\n4h10m announce 1-12 k1 via 4837\n5h30m withdraw 1-12 k1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t)
			d.play("0s dump 1-12 k1 k2 via 4837\n" + tt.script + "\n5h40m beat 1-12")
			_, _, list := d.watch.Observe(d.now)
			o := list[0]
			if len(o.Missing) != 12 {
				t.Fatalf("%d miss %s", len(o.Missing), o.Prefix)
			}
			if (len(o.Before) > 0) != (len(tt.want) > 0) {
				t.Fatalf("before: %v", o.Before)
			}
			for i, want := range tt.want {
				if s := o.Before[i]; s.Path.String() != want || len(s.Peers) != 1 || s.Peers[0] != checks.ASN(i+1) {
					t.Errorf("before: %s at %v, want %s", s.Path, s.Peers, want)
				}
			}
		})
	}
}

// What is lost after a move is attributed to where the routes were then, and others'
// routes over there are looked at.
func TestAttributionAfterAMove(t *testing.T) {
	d := watching(t, wholePaths).play(steadyOthers +
		networksOf("3h", "1-20", "1299 20485", 41, 10) +
		"4h announce 1-20 k1 k2 k3 k4 via 1299 20485\n6h withdraw 1-20 k1 k2 k3 k4\n6h10m beat 1-20\n")
	base, vantage, list := d.watch.Observe(d.now)
	e := d.watch.Elsewhere(d.now)
	if got := survival(e, checks.Element{AS: 20485}); got != "10: 200/200" {
		t.Errorf("through AS20485 %s", got)
	}
	v := checks.Assess(checks.Case{
		Footprint: d.watch.Target(), Baseline: base, Vantage: vantage, Observations: list, Elsewhere: e, Now: d.now, Rules: d.rules,
	})
	want := []checks.Candidate{
		{Kind: checks.OriginWithdrew, Element: checks.Element{AS: home}},
		{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: 20485, To: home}},
	}
	if len(v.Disappeared) != 1 || v.Disappeared[0].Rule != checks.RuleLastHop || !slices.Equal(v.Disappeared[0].Set, want) {
		t.Errorf("%+v", v.Disappeared)
	}
}
