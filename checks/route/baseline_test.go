package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// baseline writes the baseline of a time: "k1 4837,131279 x40" and so on, the
// paths without the vantage point.
func (d *desk) baseline(offset string) (out []string) {
	d.t.Helper()
	base, _, _ := d.watch.Observe(began.Add(duration(d.t, offset)))
	for _, p := range base.Prefixes {
		byPath, order := map[string]int{}, []string{}
		for _, s := range p.Paths {
			text := s.Path[min(1, len(s.Path)):].String()
			if byPath[text] == 0 {
				order = append(order, text)
			}
			byPath[text] += len(s.Peers)
		}
		slices.SortStableFunc(order, func(a, b string) int { return byPath[b] - byPath[a] })
		var text strings.Builder
		text.WriteString(p.Prefix.String())
		for _, path := range order {
			text.WriteString(fmt.Sprintf(" [%s] x%d", path, byPath[path]))
		}
		out = append(out, text.String())
	}
	return out
}

func (d *desk) expectBaseline(offset string, want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.baseline(offset)); diff != "" {
		d.t.Errorf("baseline at %s (-want +got):\n%s", offset, diff)
	}
}

// beats keeps the feed alive, one sign an hour.
func beats(peers string, from, to int) string {
	var b strings.Builder
	for h := from; h <= to; h++ {
		fmt.Fprintf(&b, "%dh beat %s\n", h, peers)
	}
	return b.String()
}

const k1Path = "175.45.176.0/24 [4837 131279] x40"

func TestBaselineIsTheLongestStablePath(t *testing.T) {
	tests := []struct {
		name, script, at string
		want             []string
	}{
		{"a table at its beginning", "0s dump 1-40 k1", "0s", []string{k1Path}},
		{"an hour later", "0s dump 1-40 k1", "61m", []string{k1Path}},
		{
			"a loss in the first hour is remembered after it", "0s dump 1-40 k1\n20m withdraw 1-40 k1" + "\n" + beats("1-40", 1, 20), "20h",
			[]string{k1Path},
		},
		{
			"a path that stands longer takes over", "0s dump 1-40 k1\n20m announce 1-40 k1 via 20485\n", "81m",
			[]string{"175.45.176.0/24 [20485 131279] x40"},
		},
		{"but not before an hour", "0s dump 1-40 k1\n20m announce 1-40 k1 via 20485\n", "79m", []string{k1Path}},
		{
			"two paths in turn: the one with more time",
			"0s dump 1-40 k1\n" + beats("1-40", 1, 1) + "2h announce 1-40 k1 via 20485\n" + "4h30m announce 1-40 k1\n" + "5h45m announce 1-40 k1 via 20485\n", "5h50m",
			[]string{k1Path},
		},
		{
			"a day of another path", "0s dump 1-40 k1\n2h announce 1-40 k1 via 20485\n" + beats("1-40", 3, 27), "27h",
			[]string{"175.45.176.0/24 [20485 131279] x40"},
		},
		{"a leak of five minutes never enters", steady + "2h announce 1-40 k2 path 64500\n2h5m withdraw 1-40 k2\n" + beats("1-40", 3, 5), "5h", []string{
			k1Path, "175.45.177.0/24 [4837 131279] x40", "175.45.178.0/24 [4837 131279] x40", "175.45.179.0/24 [4837 131279] x40",
		}},
		{
			"a prefix leaked for five minutes never enters", "0s dump 1-40 k1\n2h announce 1-40 n1\n2h5m withdraw 1-40 n1\n" + beats("1-40", 3, 5), "2h4m",
			[]string{k1Path},
		},
		{"nor does one that was new an hour ago but for a minute", "0s dump 1-40 k1\n2h announce 1-40 n1\n", "2h59m", []string{k1Path}},
		{"then it does", "0s dump 1-40 k1\n2h announce 1-40 n1\n", "3h", []string{k1Path, "198.18.1.0/24 [4837 131279] x40"}},
		{
			"sessions up one after another at the beginning", "0s up 1-40\n10s resend 1-20 k1\n5m resend 21-40 k1\n6m eor 1-40", "7m",
			[]string{k1Path},
		},
		{"what is announced in the first hour is no table", "0s dump 1-40 k1\n10m announce 1-40 n1\n", "30m", []string{k1Path}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			watching(t).play(tt.script).expectBaseline(tt.at, tt.want...)
		})
	}
}

// flaps has all vantage points lose and find k1 again for a day, every 7 minutes.
func flaps(start time.Duration) string {
	var b strings.Builder
	for at := start; at < start+25*time.Hour; at += 7 * time.Minute {
		fmt.Fprintf(&b, "%s withdraw 1-40 k1\n%s announce 1-40 k1\n", at, at+3*time.Minute)
	}
	return b.String()
}

func TestDayOfFlapping(t *testing.T) {
	script := steady + flaps(2*time.Hour)
	t.Run("with the baseline held since it began", func(t *testing.T) {
		d := watching(t)
		for _, u := range d.updates(script) {
			if u.At.Equal(began.Add(2*time.Hour + 7*time.Minute)) {
				d.watch.Freeze(u.At)
			}
			d.apply(u)
		}
		d.expect(want{at: "27h10m", state: checks.Up, k1: "40/40"})
		if b, _, _ := d.watch.Observe(began.Add(27 * time.Hour)); !b.Frozen {
			t.Error("the baseline does not say that it is held")
		}
	})
	t.Run("with nobody holding it", func(t *testing.T) {
		// A path must have stood for an hour within the window. That of before
		// the flapping did until the day is over; then nothing is known of k1.
		d := watching(t)
		others := []string{"175.45.177.0/24 [4837 131279] x40", "175.45.178.0/24 [4837 131279] x40", "175.45.179.0/24 [4837 131279] x40"}
		for _, u := range d.updates(script) {
			if d.now.Before(began.Add(26*time.Hour)) && !u.At.Before(began.Add(26*time.Hour)) {
				d.expectBaseline("25h59m", slices.Insert(slices.Clone(others), 0, k1Path)...)
			}
			d.apply(u)
		}
		d.expectBaseline("26h59m", others...)
	})
	t.Run("it takes no more memory than a quiet day", func(t *testing.T) {
		d := watching(t).play(script)
		p := d.watch.prefixes[named(t, "k1")]
		for i := range p.holds.list {
			if n := len(p.holds.list[i].past); n > 2 {
				t.Fatalf("session %d remembers %d paths, want at most 2", i, n)
			}
		}
		if n := len(p.changes); n > 24*60+1 {
			t.Errorf("%d counts of changes, want one a minute of the window at most", n)
		}
	})
}

func TestFrozenBaseline(t *testing.T) {
	four := []string{k1Path, "175.45.177.0/24 [4837 131279] x40", "175.45.178.0/24 [4837 131279] x40", "175.45.179.0/24 [4837 131279] x40"}
	d := watching(t).play(steady + "2h withdraw 1-40 k1 k2 k3 k4\n" + beats("1-40", 3, 3))
	d.watch.Freeze(began.Add(2*time.Hour + 3*time.Minute))
	// Another network's routes stand for days in its place: they never enter.
	d.play("4h announce 1-40 k1 k2 k3 k4 path 64500\n" + beats("1-40", 5, 90))
	d.expectBaseline("90h", four...)
	d.expect(want{at: "90h", state: checks.Degraded, k1: "0/40", seen: none, of: 4})
	d.watch.Freeze(began.Add(90 * time.Hour)) // again: nothing changes
	d.expectBaseline("90h1m", four...)

	d.play("91h announce 1-40 k1 k2 k3 k4\n91h20m beat 1-40\n")
	d.watch.Thaw(began.Add(91*time.Hour + 20*time.Minute))
	// There is no other baseline yet: the held one serves on.
	d.expectBaseline("91h21m", four...)
	d.expect(want{at: "91h21m", state: checks.Up, k1: "40/40", of: 4})
	if b, _, _ := d.watch.Observe(began.Add(91*time.Hour + 22*time.Minute)); b.Frozen {
		t.Error("the baseline says that it is held after it was let go")
	}
	// And when it does not, what stood there for the last day counts for nothing.
	d.play("92h20m beat 1-40\n")
	d.expectBaseline("92h21m", four...)
	d.expect(want{at: "92h21m", state: checks.Up, k1: "40/40", of: 4})
	if b, _, _ := d.watch.Observe(began.Add(92*time.Hour + 22*time.Minute)); b.AsOf.Before(began.Add(92 * time.Hour)) {
		t.Errorf("the held baseline of %v still serves", b.AsOf)
	}
}

// The loss that opens an incident is minutes old when the baseline is frozen; it
// must not be in it, whenever the baseline was last looked at.
func TestFreezeInTheMidstOfALoss(t *testing.T) {
	for _, looked := range []string{"119m", "2h10s", "2h3m"} {
		d := watching(t).play(steady)
		d.watch.Observe(began.Add(duration(t, looked)))
		d.play("2h withdraw 1-40 k1 k2 k3 k4")
		d.watch.Freeze(began.Add(2*time.Hour + 3*time.Minute))
		d.play(beats("1-40", 3, 60))
		d.expect(want{at: "60h", state: checks.Down, k1: "0/40", of: 4})
	}
}

// The baseline is that of one network only while its paths end in it.
func TestBaselineOfANetwork(t *testing.T) {
	d := watching(t)
	d.watch = d.rib.Watch(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
	d.play("0s dump 1-40 k1 30.0.0.0/24\n0s dump 1-40 n1 path 64500\n119m beat 1-40\n2h announce 1-40 k1 path 3356 64500\n" + beats("1-40", 3, 9))
	d.expectBaseline("9h", "30.0.0.0/24 [4837 131279] x40", k1Path)
	d.expect(want{at: "9h", state: checks.Degraded, of: 2, seen: 1})
}

func TestBaselineOfAnAddress(t *testing.T) {
	target, err := checks.ParseTarget("175.45.176.71")
	if err != nil {
		t.Fatal(err)
	}
	d := watching(t)
	d.watch = d.rib.Watch(checks.Footprint{Target: target})
	d.play("0s dump 1-40 k k1 k2 0.0.0.0/0\n119m beat 1-40\n")
	d.expectBaseline("2h", k1Path)
	d.play("2h withdraw 1-40 k1\n2h20m withdraw 1-40 k\n2h20m announce 1-40 0.0.0.0/0 via 1\n")
	d.expect(want{at: "2h20m", state: checks.Up}, want{at: "2h21m", state: checks.Down})
}

// What nobody has held for a day is forgotten, and so are the paths that a route
// passed through.
func TestWatchForgets(t *testing.T) {
	d := watching(t).play(steady + "2h announce 1-40 " + names("n", 1, 40) + "\n2h5m withdraw 1-40 " + names("n", 1, 40) + "\n")
	if n := len(d.watch.sorted); n != 44 {
		t.Fatalf("%d prefixes are watched, want 44", n)
	}
	hunt := &Update{Kind: Routes, Announced: []NLRI{{Prefix: named(t, "k1")}}, Peer: peers(t, "1")[0]}
	o := order{}
	for i := range 3 * fewPaths {
		hunt.At = began.Add(3*time.Hour + time.Duration(i)*time.Millisecond)
		o.path = checks.MakePath(checks.ASN(1000+i), home)
		hunt.Path = o.raw(t, hunt.Peer)
		d.apply(hunt)
	}
	d.play(beats("1-40", 4, 27))
	d.expectBaseline("27h",
		"175.45.176.0/24 [4837 131279] x39 [50151 131279] x1", "175.45.177.0/24 [4837 131279] x40", "175.45.178.0/24 [4837 131279] x40", "175.45.179.0/24 [4837 131279] x40")
	if n, m := len(d.watch.sorted), len(d.watch.prefixes); n != 4 || m != 4 {
		t.Errorf("%d and %d prefixes are watched after a day, want 4", n, m)
	}
	if n := len(d.watch.paths.paths); n > fewPaths {
		t.Errorf("%d paths are kept of %d, want at most %d", n, 3*fewPaths, fewPaths)
	}
	d.expect(want{at: "27h1m", state: checks.Up, k1: "40/40", of: 4})
}
