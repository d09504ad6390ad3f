package topology

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// The size of things: uneven, some single-homed, all connected.
func TestMake(t *testing.T) {
	w := Make(1, Usual())
	single, largest, six := 0, 0, 0
	for a := range w.ASes {
		up, _ := w.neighbours(a, ofProvider)
		if w.ASes[a].Tier == Stub && len(up) == 1 {
			single++
		}
		if (len(up) == 0) != (w.ASes[a].Tier == TierOne) {
			t.Errorf("AS %d of tier %d has %d providers", a, w.ASes[a].Tier, len(up))
		}
		largest = max(largest, len(w.ASes[a].links))
	}
	for g := range w.Groups {
		if w.Groups[g].IPv6 {
			six++
			continue
		}
		for v := range w.Vantage {
			if w.Path(g, v) == nil {
				t.Errorf("vantage point %d has no route of group %d", v, g)
			}
		}
	}
	if len(w.ASes) != 300 || len(w.Vantage) != 40 {
		t.Errorf("got %d ASes and %d vantage points, want 300 and 40", len(w.ASes), len(w.Vantage))
	}
	if single < 60 || single > 120 || largest < 25 || six < 80 {
		t.Errorf("got %d single-homed stubs, a largest degree of %d, %d IPv6 groups", single, largest, six)
	}
	for g, paths := range Make(1, Usual()).paths {
		if diff := cmp.Diff(paths, w.paths[g]); diff != "" {
			t.Fatalf("the same seed gave another world: %s", diff)
		}
	}
}

// What the phases compute is what the decision process comes to when every AS chooses
// again and again among what its neighbours say, until nobody changes.
func TestStableAgainstNaive(t *testing.T) {
	size := Size{TierOne: 4, Transit: 8, Regional: 5, Stubs: 40, Vantage: 10, Collectors: 2, Regions: 2}
	for seed := range uint64(6) {
		w := Make(seed, size)
		rng := rand.New(rand.NewPCG(seed, 1))
		down := make([]bool, len(w.links))
		for l := range down {
			down[l] = rng.IntN(10) == 0
		}
		for g := range w.Groups {
			for _, d := range []damage{{}, {links: down}, {rivals: []int{rng.IntN(len(w.ASes))}}} {
				got, want := w.stable(&w.Groups[g], d), w.naive(&w.Groups[g], d)
				for a := range w.ASes {
					if diff := cmp.Diff(got.path(w, a), want[a]); diff != "" {
						t.Fatalf("seed %d, group %d, AS %d: %s", seed, g, a, diff)
					}
				}
			}
		}
	}
}

// heard is a route as an AS has it.
type heard struct {
	path []checks.ASN // from the AS itself
	rank kinship
}

func (w *World) naive(g *Group, d damage) [][]checks.ASN {
	has := make([]heard, len(w.ASes))
	own := append([]int{g.Origin}, d.rivals...)
	for _, a := range own {
		has[a] = heard{path: []checks.ASN{w.ASes[a].ASN}}
	}
	for changed := true; changed; {
		changed = false
		for a := range w.ASes {
			if slices.Contains(own, a) {
				continue
			}
			if best := w.choose(a, g, d, has, own); !slices.Equal(best.path, has[a].path) {
				has[a], changed = best, true
			}
		}
	}
	paths := make([][]checks.ASN, len(has))
	for a := range has {
		paths[a] = has[a].path
	}
	return paths
}

func (w *World) choose(a int, g *Group, d damage, has []heard, own []int) (best heard) {
	lowest := checks.ASN(0)
	for _, l := range w.ASes[a].links {
		n, kind := w.from(a, l)
		h := has[n]
		if h.path == nil || d.links != nil && d.links[l] || g.IPv6 && w.links[l].ipv4Only || slices.Contains(h.path, w.ASes[a].ASN) {
			continue
		}
		if kind != ofProvider && !slices.Contains(own, n) && h.rank != ofCustomer || n == g.Origin && g.only >= 0 && g.only != l {
			continue
		}
		path := []checks.ASN{w.ASes[a].ASN}
		if s := w.links[l].server; s != 0 {
			path = append(path, s)
		}
		path = append(path, h.path...)
		if n == g.Origin {
			for range g.prepend[l] {
				path = append(path, w.ASes[n].ASN)
			}
		}
		if best.path == nil || kind < best.rank || kind == best.rank && (len(path) < len(best.path) ||
			len(path) == len(best.path) && w.ASes[n].ASN < lowest) {
			best, lowest = heard{path, kind}, w.ASes[n].ASN
		}
	}
	return best
}

// No path leads up after it has led down, whatever is broken; with a leak one does.
func TestValleyFree(t *testing.T) {
	w := Make(3, Usual())
	for k := LastLink; k <= Leak; k++ {
		rng := rand.New(rand.NewPCG(3, uint64(k)))
		valleys := 0
		for range 5 {
			e, ok := w.Draw(k, rng)
			if !ok {
				t.Fatalf("no event of kind %q", k)
			}
			for _, c := range e.changes {
				if c.routes == nil {
					continue
				}
				for a := range w.ASes {
					valleys += w.valleys(t, c.routes, a)
				}
			}
		}
		if (valleys > 0) != (k == Leak) {
			t.Errorf("%s: got %d paths with a valley", k, valleys)
		}
	}
}

// valleys counts the places at which a way leads on from a provider or peer to another.
// Seen from the vantage point a way first goes up, to whom it came from, then down.
func (w *World) valleys(t *testing.T, r *routes, a int) (n int) {
	at, down := a, false
	seen := map[int]bool{a: true}
	r.passes(w, a, func(l, as int) {
		if seen[as] {
			t.Fatalf("the way of AS %d has a loop", a)
		}
		seen[as] = true
		_, kind := w.from(at, l)
		if down && kind != ofCustomer {
			n++
		}
		down, at = down || kind != ofProvider, as
	})
	return n
}

// After an event and its repair everybody holds what they held, but for those who are
// stuck, who never let go.
func TestPlay(t *testing.T) {
	w := Make(5, Usual())
	usual := map[holding][]checks.ASN{}
	for g := range w.Groups {
		for v := range w.Vantage {
			for _, p := range w.Groups[g].Prefixes {
				usual[holding{v, p}] = w.Path(g, v)
			}
		}
	}
	for k := LastLink; k <= Leak; k++ {
		rng := rand.New(rand.NewPCG(5, uint64(k)))
		for range 4 {
			e, ok := w.Draw(k, rng)
			if !ok {
				t.Fatalf("no event of kind %q", k)
			}
			p := w.Play(e, 0.1, rng)
			if len(p.Stuck) != 4 {
				t.Fatalf("%s: %d vantage points are stuck, want 4", k, len(p.Stuck))
			}
			held := replay(t, w, p.Break)
			w.compare(t, e, &p, held)
			maps.Copy(held, replay(t, w, p.Mend))
			for key, path := range held {
				if want := usual[key]; !slices.Equal(path, want) {
					t.Fatalf("%s: vantage point %d holds %v for %s afterwards, want %v", k, key.vantage, path, key.prefix, want)
				}
			}
		}
	}
}

type holding struct {
	vantage int
	prefix  netip.Prefix
}

// replay gives what the steps leave, of what they touch.
func replay(t *testing.T, w *World, steps []Step) map[holding][]checks.ASN {
	t.Helper()
	held, last := map[holding][]checks.ASN{}, -time.Hour
	for _, s := range steps {
		if s.At < last {
			t.Fatal("the steps are not in the order of time")
		}
		last = s.At
		for _, p := range s.Prefixes {
			held[holding{s.Vantage, p}] = s.Path
		}
		if s.Does == Ends {
			for g := range w.Groups {
				for _, p := range w.Groups[g].Prefixes {
					delete(held, holding{s.Vantage, p})
				}
			}
		}
	}
	return held
}

// compare checks what the vantage points with a session hold against the routes.
func (w *World) compare(t *testing.T, e *Event, p *Play, held map[holding][]checks.ASN) {
	t.Helper()
	for _, c := range e.changes {
		if c.routes == nil || e.Kind == Reset {
			continue
		}
		for v, at := range w.Vantage {
			if slices.Contains(e.ended, v) {
				continue
			}
			want := c.routes.path(w, at.AS)
			for _, prefix := range c.routes.group.Prefixes {
				got, touched := held[holding{v, prefix}]
				if !touched {
					got = c.before[v]
				}
				if slices.Contains(p.Stuck, v) {
					want = c.before[v]
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s: vantage point %d holds %v for %s, want %v", e.Kind, v, got, prefix, want)
				}
			}
		}
	}
}
