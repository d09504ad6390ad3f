package route

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// looked is a target that is known from a lookup: forty full feeds, of which all hold
// the four networks, and two more that hold next to nothing.
const looked = `
	0s size 1-40 fill 900
	0s size 41,42 fill 3
	0s table 1-40 k1 k2 k3 k4
	0s refreshed 1
	119m alive 1-42
`

func TestLookup(t *testing.T) {
	tests := []struct {
		name, script string
		wants        []want
	}{
		{"the table test rests on what the source says", looked, []want{
			{at: "2h", state: checks.Up, k1: "40/40", voting: 40, seen: 4, of: 4},
		}},
		{"nobody holds what was never held", `
			0s size 1-40 fill 900
			0s refreshed 1
			119m alive 1-40
		`, []want{{at: "2h", state: checks.Unknown, voting: 40}}},
		{"a withdrawal after the lookup", looked + `
			2h withdraw 1-40 k1
			121m alive 1-40
		`, []want{{at: "122m", state: checks.Degraded, k1: "0/40", voting: 40, seen: 3, of: 4}}},
		{"a quiet feed that is alive is not stale", looked + `
			5h alive 1-42
		`, []want{{at: "5h1m", state: checks.Up, voting: 40}}},
		{"a quiet feed of which nobody hears is", looked, []want{{at: "5h1m", state: checks.Unknown, voting: 0}}},
		{"a hole is not healed by time", looked + `
			2h lost 1-42
			2h1m beat 1-40
			3h beat 1-40
		`, []want{{at: "2h1m", state: checks.Unknown}, {at: "3h", state: checks.Unknown}}},
		{"a hole at one collector leaves the others", looked + `
			2h lost 1
			2h1m alive 1-40
		`, []want{{at: "2h1m", state: checks.Up, voting: 26}}},
		{"a lookup heals it", looked + `
			2h lost 1-42
			3h size 1-40 fill 900
			3h table 1-40 k1 k2 k3 k4
			3h refreshed 1
		`, []want{{at: "3h1m", state: checks.Up, k1: "40/40", voting: 40}}},
		{"whoever the lookup does not know stays unknown", looked + `
			2h lost 1-42
			3h size 1-30 fill 900
			3h table 1-30 k1 k2 k3 k4
			3h refreshed 1
		`, []want{{at: "3h1m", state: checks.Up, k1: "30/30", voting: 30}}},
		{"a session that came up by itself needs no lookup", looked + `
			2h lost 1-42
			2h10m up 1-40
			2h10m announce 1-40 k1 k2 k3 k4
			2h25m alive 1-40
		`, []want{{at: "2h26m", state: checks.Up, voting: 40}}},
		{"a path that changed in the hole is no loss", looked + `
			2h lost 1-42
			3h size 1-40 fill 900
			3h table 1-40 k1 k2 k3 k4 via 3356 4837
			3h refreshed 1
		`, []want{{at: "3h1m", state: checks.Up, k1: "40/40", voting: 40}}},
		{"another dump does not heal what it does not name", looked + `
			2h lost 1-42
			3h refreshed 1
		`, []want{{at: "3h1m", state: checks.Unknown}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { watching(t).play(tt.script).expect(tt.wants...) })
	}
}

// What went in a hole went at some time in it.
func TestLostInHole(t *testing.T) {
	d := watching(t).play(looked + `
		2h lost 1-42
		3h size 1-40 fill 900
		3h table 1-4 k1 k2 k3 k4
		3h refreshed 1
		3h2m alive 1-42
	`)
	v := d.at("3h2m")
	if v.State != checks.Down {
		t.Fatalf("got %v, want down (reasons %q)", v.State, v.Reasons)
	}
	if got, want := clock(v.Onset.After)+" "+clock(v.Onset.By)+" "+clock(v.Onset.Half), "2h0m0s 3h0m0s "; got != want {
		t.Errorf("onset: got %s, want %s", got, want)
	}
	d.play(`
		4h lost 1-42
		5h size 1-40 fill 900
		5h table 1-40 k1 k2 k3 k4
		5h refreshed 1
		5h2m alive 1-42
	`)
	v = d.at("5h2m")
	if v.State != checks.Up {
		t.Fatalf("got %v, want up (reasons %q)", v.State, v.Reasons)
	}
	if got, want := clock(v.End.After)+" "+clock(v.End.By)+" "+clock(v.End.Half), "4h0m0s 5h0m0s "; got != want {
		t.Errorf("end: got %s, want %s", got, want)
	}
}

// What half of the vantage points were seen to lose has a time, whatever a hole hid of
// the others.
func TestLostBesideHole(t *testing.T) {
	d := watching(t).play(looked + `
		119m30s lost 1
		2h withdraw 2-3,5-6,8-9,11-12,14-15,17-18,20-21,23-24,26-27,29-30,32-33,35-36,38-39 k1 k2 k3 k4
		3h size 1-40 fill 900
		3h refreshed 1
		3h2m alive 1-42
	`)
	v := d.at("3h2m")
	if v.State != checks.Down || clock(v.Onset.Half) != "2h0m0s" {
		t.Errorf("got %v since %v, want down since 2h", v.State, v.Onset)
	}
}

// What a dump shows to be gone needs no time to settle: the session is up.
func TestLostInHoleAtOnce(t *testing.T) {
	d := watching(t).play(looked + `
		2h lost 1-42
		3h size 1-40 fill 900
		3h refreshed 1
	`)
	if v := d.at("3h"); v.State != checks.Down {
		t.Errorf("got %v, want down (reasons %q)", v.State, v.Reasons)
	}
}

// A second hole does not shorten the first.
func TestHoleAfterHole(t *testing.T) {
	d := watching(t).play(looked + `
		2h lost 1-42
		2h30m lost 1-42
		3h size 1-40 fill 900
		3h refreshed 1
		3h2m alive 1-42
	`)
	if v := d.at("3h2m"); v.State != checks.Down || clock(v.Onset.After) != "2h0m0s" {
		t.Errorf("got %v after %s, want down after 2h", v.State, clock(v.Onset.After))
	}
}

// What is extracted gives another table the same verdict.
func TestExtract(t *testing.T) {
	for name, script := range map[string]string{
		"all":     steady,
		"some":    steady + "119m withdraw 1-30 k1\n",
		"none":    "0s dump 1-40 n1 fill 300\n119m beat 1-40\n",
		"covered": "0s dump 1-40 k k1\n119m beat 1-40\n",
		"looked":  looked,
		"away":    steady + "119m down 1-20\n",
		"syncing": steady + "119m down 1-20\n119m up 1-20\n119m announce 1-20 k1 k2\n",
	} {
		t.Run(name, func(t *testing.T) {
			a, b := watching(t).play(script), watching(t)
			a.at("2h")
			f := country()
			a.rib.Extract(&f, 1, func(u *Update) { b.apply(u) })
			va, vb := a.at("2h"), b.at("2h")
			type fact struct {
				State  checks.State
				Voting int
				IPv4   checks.Counts
			}
			want := fact{va.State, va.Vantage.Voting, va.IPv4}
			if name == "some" || name == "away" { // what was lost before is not handed on
				want.State, want.IPv4 = vb.State, vb.IPv4
			}
			if diff := cmp.Diff(want, fact{vb.State, vb.Vantage.Voting, vb.IPv4}); diff != "" {
				t.Errorf("the verdict changed:\n%s", diff)
			}
			if name == "syncing" {
				b.apply(&Update{Kind: Alive, At: began.Add(130 * time.Minute), Peer: Peer{Collector: "c1"}})
				if v := b.at("130m"); v.Vantage.Voting <= va.Vantage.Voting {
					t.Errorf("what was syncing does not come to vote: %d vote", v.Vantage.Voting)
				}
			}
		})
	}
}

// A session that has said nothing since it sent its table, which had no end, is extracted as
// whole once it has had time for all of it.
func TestExtractOfTheQuiet(t *testing.T) {
	for after, want := range map[time.Duration]map[Kind]int{
		9 * time.Minute:  {Size: 12, PeerUp: 12, Routes: 48, Refreshed: 1},
		11 * time.Minute: {Size: 12, Table: 4, Refreshed: 1},
	} {
		d := watching(t).play("0s up 1-12\n1s announce 1-12 k1 k2 k3 k4\n")
		for _, c := range []string{"c1", "c2", "c3"} {
			d.rib.Apply(&Update{Kind: Alive, At: began.Add(after), Peer: Peer{Collector: c}})
		}
		got, f := map[Kind]int{}, country()
		d.rib.Extract(&f, 1, func(u *Update) { got[u.Kind]++ })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %v: extracted by kind (-want +got):\n%s", after, diff)
		}
	}
}

// Of a network, its own routes are extracted and what lies over and inside them.
func TestExtractNetwork(t *testing.T) {
	d := watching(t).play("0s dump 1-12 k1 20.0.0.0/16 fill 10\n1s announce 1-12 k path 4837\n")
	f := checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}}
	got := []string{}
	d.rib.Extract(&f, 1, func(u *Update) {
		if u.Kind == Table {
			got = append(got, u.Prefix.String())
		}
	})
	want := []string{"20.0.0.0/16", "20.0.0.0/24", "20.0.1.0/24", "20.0.2.0/24", "20.0.3.0/24", "20.0.4.0/24", "20.0.5.0/24", "20.0.6.0/24", "20.0.7.0/24", "20.0.8.0/24", "20.0.9.0/24", "175.45.176.0/22", "175.45.176.0/24"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("extracted (-want +got):\n%s", diff)
	}
}
