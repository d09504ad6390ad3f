package route

import (
	"testing"
	"time"

	"isitdown/checks"
)

func TestAddPath(t *testing.T) {
	tests := []struct {
		name, script string
		path         string // of AS1 now, "" for none
	}{
		{"the lowest identifier stands for all", steady + "2h announce 1 n1 via 10 id 2\n2h announce 1 n1 via 20 id 1\n", "1 20 131279"},
		{"whichever came first", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n", "1 20 131279"},
		{"withdrawing one of two keeps the route", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n2h1m withdraw 1 n1 id 1", "1 10 131279"},
		{"the other", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n2h1m withdraw 1 n1 id 2", "1 20 131279"},
		{"both", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n2h1m withdraw 1 n1 id 1\n2h1m withdraw 1 n1 id 2", ""},
		{"one twice", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n2h1m withdraw 1 n1 id 1\n2h1m withdraw 1 n1 id 1", "1 10 131279"},
		{"one anew", steady + "2h announce 1 n1 via 20 id 1\n2h1m announce 1 n1 via 10 id 1\n", "1 10 131279"},
		{"a session that ends takes all of them", steady + "2h announce 1 n1 via 20 id 1\n2h announce 1 n1 via 10 id 2\n2h1m down 1\n2h2m up 1\n2h3m announce 1 n1 via 30 id 2\n2h4m withdraw 1 n1 id 2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t).play(tt.script)
			got := ""
			if p := d.watch.prefixes[named(t, "n1")]; p != nil && len(p.holds.list) > 0 {
				got = d.watch.paths.paths[p.holds.look(0).path].String()
			}
			if got != tt.path {
				t.Errorf("AS1 has %q, want %q", got, tt.path)
			}
		})
	}
	t.Run("a dump with two", func(t *testing.T) {
		d := watching(t)
		dump := d.updates("0s dump 1-40 k1 via 20 id 1")
		for i, second := range d.updates("0s dump 1-40 k1 via 10 id 2") {
			dump[i].Entries = append(dump[i].Entries, second.Entries...)
			d.apply(dump[i])
		}
		d.play("119m beat 1-40\n2h withdraw 1-40 k1 id 2\n")
		d.expect(want{at: "2h1m", state: checks.Up, k1: "40/40", voting: 40})
		d.play("2h2m withdraw 1-40 k1 id 1\n")
		d.expect(want{at: "2h3m", state: checks.Down, k1: "0/40"})
		if n := len(d.rib.addPaths); n != 40*100 {
			t.Errorf("paths of %d prefixes are kept, want those of the filler, %d", n, 40*100)
		}
		d.play("2h4m down 1-40\n")
		if n := len(d.rib.addPaths); n != 0 {
			t.Errorf("paths of %d prefixes are kept after the sessions ended", n)
		}
	})
}

// A dump says of a session with additional paths only which routes it had, not
// under which identifiers. The withdrawal of one of them is no loss of all.
func TestAddPathAfterADumpWithoutIdentifiers(t *testing.T) {
	watching(t).play(steady + "2h withdraw 1-40 k1 id 7\n").
		expect(want{at: "2h5m", state: checks.Up, k1: "40/40", of: 4})
	watching(t).play(steady + "2h withdraw 1-40 k1 id 7\n3h withdraw 1-40 k1\n").
		expect(want{at: "3h5m", state: checks.Degraded, k1: "0/40", seen: 3, of: 4})
}

// Of very many paths only some are kept; that those are withdrawn is no loss.
func TestAddPathsAreBounded(t *testing.T) {
	d := watching(t).play(steady)
	send := func(id uint32, withdraw bool) {
		n := []NLRI{{Prefix: named(t, "n1"), PathID: id}}
		u := &Update{Kind: Routes, At: began.Add(2 * time.Hour), Peer: peers(t, "1")[0]}
		if u.Withdrawn = n; !withdraw {
			o := order{path: checks.MakePath(4837, home)}
			u.Withdrawn, u.Announced, u.Path = nil, n, o.raw(t, u.Peer)
		}
		d.apply(u)
	}
	for id := range uint32(maxAddPaths + 50) {
		send(id+1, false)
	}
	if n := len(d.rib.addPaths[addPathKey{0, named(t, "n1")}]); n != maxAddPaths {
		t.Errorf("%d paths are kept, want %d", n, maxAddPaths)
	}
	for id := range uint32(maxAddPaths) {
		send(id+1, true)
	}
	if d.rib.holds(0, named(t, "n1")) == 0 {
		t.Error("the route is gone, although 50 paths were never withdrawn")
	}
	d.play("2h1m down 1\n")
	if len(d.rib.crowded) != 0 {
		t.Error("the session ended, and is still taken to have more paths")
	}
}
