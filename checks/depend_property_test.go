package checks

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawnDependence draws a case: prefixes, some inside others, of up to three origins, each
// reached from twelve vantage points by short paths among few networks.
func drawnDependence(t *rapid.T) dependCase {
	c := dependCase{target: Country("XX"), min: 10, routes: map[string][]pathsOf{}}
	spaces := []string{"10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/24", "192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32", "2001:db8:1::/48"}
	for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(spaces), 1, len(spaces), rapid.ID[string]).Draw(t, "prefixes") {
		origin := ASN(rapid.IntRange(300, 302).Draw(t, "origin"))
		for left := 12; left > 0; {
			n := rapid.IntRange(1, left).Draw(t, "points")
			path := []ASN{}
			for _, a := range rapid.SliceOfNDistinct(rapid.IntRange(200, 204), 0, 3, rapid.ID[int]).Draw(t, "through") {
				path = append(path, ASN(a))
			}
			c.routes[p] = append(c.routes[p], pathsOf{n, append(path, origin)})
			left -= n
		}
	}
	return c
}

// goneWithout counts, the slow way, what has no path left but those through an element.
func goneWithout(c Case, ipv6 bool, e Element) (prefixes, addresses uint64) {
	var stay, gone []netip.Prefix
	for _, o := range c.Observations {
		if o.Prefix.Addr().Is6() != ipv6 {
			continue
		}
		around, of := 0, 0
		for _, s := range o.Paths {
			if !e.Adjacency() && s.Peers[0] == e.AS {
				continue
			}
			of++
			if !s.Path.Way().Passes(e) {
				around++
			}
		}
		if around*100 < 3*of {
			gone = append(gone, o.Prefix)
		} else {
			stay = append(stay, o.Prefix)
		}
	}
	for _, p := range gone {
		if !slices.ContainsFunc(stay, func(q netip.Prefix) bool { return q.Bits() < p.Bits() && q.Contains(p.Addr()) }) {
			prefixes++
		}
	}
	return prefixes, MeasureIPv4(append(slices.Clone(gone), stay...)).Addresses - MeasureIPv4(stay).Addresses
}

// What is listed is what the slow way finds, and nothing that takes more is left out.
func TestDependAgainstTheSlowWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnDependence(t).made()
		d := Depend(c)
		elements := map[Element]bool{{AS: 999}: true} // one on no path
		for _, o := range c.Observations {
			for _, s := range o.Paths {
				for e := range s.Path.Way().Elements() {
					elements[e] = true
				}
			}
		}
		for _, ipv6 := range []bool{false, true} {
			r := &d.IPv4
			if ipv6 {
				r = &d.IPv6
			}
			for _, list := range [][]Hinge{r.Networks, r.Links} {
				for _, h := range list {
					p, a := goneWithout(c, ipv6, h.Element)
					if h.Alone.Prefixes.Seen != p || !ipv6 && h.Alone.Addresses.Seen != a {
						t.Fatalf("%v: %d prefixes and %d addresses, want %d and %d", h.Element, h.Alone.Prefixes.Seen, h.Alone.Addresses.Seen, p, a)
					}
				}
			}
			for e := range elements {
				checkListed(t, c, r, ipv6, e)
			}
		}
	})
}

// checkListed fails where an element takes more than the last that is listed of its kind.
func checkListed(t *rapid.T, c Case, r *Reliance, ipv6 bool, e Element) {
	p, a := goneWithout(c, ipv6, e)
	list := r.Networks
	if e.Adjacency() {
		list = r.Links
	}
	if e.AS == 999 && p > 0 {
		t.Fatalf("a network on no path takes %d prefixes", p)
	}
	all := !e.Adjacency()
	for _, o := range c.Observations { // the one that originates all is the target itself
		all = all && (o.Prefix.Addr().Is6() != ipv6 || o.Paths[0].Path.Origin() == e.AS)
	}
	if all || slices.ContainsFunc(list, func(h Hinge) bool { return h.Element == e }) {
		return
	}
	takes, least := a, uint64(0)
	if ipv6 {
		takes = p
	}
	if len(list) == MaxHinges {
		least = list[MaxHinges-1].Alone.Addresses.Seen
		if ipv6 {
			least = list[MaxHinges-1].Alone.Prefixes.Seen
		}
	}
	if takes > least {
		t.Fatalf("%v takes %d and is not listed: the last that is takes %d", e, takes, least)
	}
}

// The order of what is observed changes nothing, and neither do more vantage points that
// come the same ways.
func TestDependOrderAndNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawnDependence(t)
		c := drawn.made()
		want := Depend(c)
		turned := c
		turned.Observations = slices.Clone(c.Observations)
		for i, o := range turned.Observations {
			o.Paths = slices.Clone(o.Paths)
			slices.Reverse(o.Paths)
			turned.Observations[i] = o
		}
		slices.Reverse(turned.Observations)
		if diff := cmp.Diff(want, Depend(turned), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b Target) bool { return a == b })); diff != "" {
			t.Fatalf("in another order (-want +got):\n%s", diff)
		}
		for p, list := range drawn.routes {
			twice := slices.Clone(list)
			for i := range twice {
				twice[i].n *= 2
			}
			drawn.routes[p] = twice
		}
		more := Depend(drawn.made())
		for i, r := range []*Reliance{&more.IPv4, &more.IPv6} {
			was := []*Reliance{&want.IPv4, &want.IPv6}[i]
			if diff := cmp.Diff(takenBy(was), takenBy(r)); diff != "" {
				t.Fatalf("with twice the vantage points (-want +got):\n%s", diff)
			}
		}
	})
}

// takenBy gives what is taken, without the numbers of vantage points.
func takenBy(r *Reliance) (out []Counts) {
	for _, h := range slices.Concat(r.Networks, r.Links) {
		out = append(out, h.Alone)
	}
	return out
}
