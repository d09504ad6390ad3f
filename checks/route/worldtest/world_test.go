package worldtest

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// made makes a world of the real prefixes, and skips the test where there are none.
func made(t *testing.T, c Config) *World {
	t.Helper()
	w, err := Make(c)
	if errors.Is(err, ErrNoList) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The world has the shape that it is said to have.
func TestShape(t *testing.T) {
	w := made(t, Config{Prefixes: 20_000, Full: 200, Seed: 1})
	r := route.NewRIB(route.DefaultRules())
	routes := w.Load(r.Apply)
	if r.Size() != 20_000 || routes < 20_000*197 {
		t.Fatalf("%d prefixes and %d routes, want 20,000 and nearly 200 of each", r.Size(), routes)
	}
	var n, one [2]int
	vectors := [2]map[uint32]bool{{}, {}}
	x := r.Table()
	for p, row := range x.All() {
		f := 0
		if p.Addr().Is6() {
			f = 1
		}
		n[f]++
		ref := x.Ref(row)
		vectors[f][uint32(ref)] = true
		pairs := 0
		for range x.Distinct(ref) {
			pairs++
		}
		if pairs == 1 {
			one[f]++
		}
	}
	for f, want := range []struct{ one, distinct float64 }{{.61, .32}, {.44, .54}} {
		if got := float64(one[f]) / float64(n[f]); got < want.one-.06 || got > want.one+.06 {
			t.Errorf("family %d: %.2f of the prefixes have one pair of origin and upstream, want about %.2f", f, got, want.one)
		}
		if got := float64(len(vectors[f])) / float64(n[f]); got < want.distinct-.05 || got > want.distinct+.05 {
			t.Errorf("family %d: %.2f of the vectors are distinct, want about %.2f", f, got, want.distinct)
		}
	}
}

// The files of the world say what the world says.
func TestFiles(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	w := Of(prefixes, Config{Full: 70, Partial: 20, Seed: 2})
	var table, updates bytes.Buffer
	if err := w.WriteTable(&table, "rrc01"); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteUpdates(&updates, "rrc01", 500, 3); err != nil {
		t.Fatal(err)
	}
	want := 0
	for i := range prefixes {
		for peer, p := range w.Peers {
			if p.Collector == "rrc01" && w.Holds(i, peer) {
				want++
			}
		}
	}
	if got := elements(t, &table); got != want || want == 0 {
		t.Errorf("the table has %d routes, want %d", got, want)
	}
	want = 0
	n := 0
	for u := range w.Stream(3) {
		if n++; n > 500 {
			break
		}
		if u.Peer.Collector == "rrc01" {
			want += len(u.Announced) + len(u.Withdrawn)
		}
	}
	if got := elements(t, &updates); got != want || want == 0 {
		t.Errorf("the updates have %d routes, want %d", got, want)
	}
	frames, err := w.Frames(100, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) != 100 || !bytes.Contains(frames[0], []byte(`"type":"UPDATE"`)) || slices.ContainsFunc(frames, func(f []byte) bool { return !bytes.Contains(f, []byte(`"raw":"FFFF`)) }) {
		t.Errorf("the frames are not what RIS Live sends: %s", frames[0])
	}
}

func elements(t *testing.T, file *bytes.Buffer) (n int) {
	t.Helper()
	for e, err := range mrt.NewReader(file).Elements() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Prefix.IsValid() {
			n++
		}
	}
	return n
}
