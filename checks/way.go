package checks

import (
	"iter"
	"slices"
)

// Element is something on the way to a target whose loss would take routes with it: an
// AS, or the adjacency of two. It is comparable, and the zero value is none.
type Element struct {
	// AS is the AS, or that end of an adjacency that is nearer to the vantage points.
	AS ASN
	// To is the end of an adjacency that is nearer to the origin; zero for an AS.
	To ASN
}

// Adjacency reports whether the element joins two ASes.
func (e Element) Adjacency() bool { return e.To != 0 }

// String writes "AS4837", or "AS4837-AS131279" for an adjacency.
func (e Element) String() string {
	if e.Adjacency() {
		return e.AS.String() + "-" + e.To.String()
	}
	return e.AS.String()
}

// Way is a path made fit for asking who stands on it: from the vantage point to the
// origin, each AS once, without those that carry no traffic of their own. A zero stands
// where something is not readable: its neighbours are joined by no adjacency. See
// [Path.Way].
type Way []ASN

// Way gives the ASes that a path leads through.
//
//   - Prepends count once.
//   - Route servers of exchanges, the known ones and those given, are passed over and
//     their neighbours are adjacent: a route server hands routes on and carries nothing.
//   - An AS_SET, which has no order, and private and reserved numbers, which say nothing
//     about who they are, are passed over, and a zero stands in their place.
//   - Of an AS that stands on the path twice the loop is left out, with all that it
//     holds. Either the AS put the others there itself, so that they refuse the route
//     (poisoning), or somebody made the path up, or the AS has two parts that reach each
//     other through others; only who lies outside the loop passed the route on for
//     certain. For an origin that is the cut at its first occurrence that AS hegemony
//     makes too.
func (p Path) Way(servers ...ASN) Way {
	return p.AppendWay(make(Way, 0, len(p)), servers)
}

// AppendWay is [Path.Way] into w, which is emptied first: it allocates nothing where w
// has room.
func (p Path) AppendWay(w Way, servers []ASN) Way {
	w = w[:0]
	for _, h := range p {
		var a ASN
		if len(h) == 1 && !h[0].Private() {
			a = h[0]
		}
		switch {
		case a != 0 && (a.RouteServer() || slices.Contains(servers, a)):
			continue
		case len(w) > 0 && w[len(w)-1] == a:
			continue
		case a != 0:
			if i := slices.Index(w, a); i >= 0 {
				w = w[:i+1]
				continue
			}
		}
		w = append(w, a)
	}
	return w
}

// Elements gives each AS on the way and each adjacency of two, in their order.
func (w Way) Elements() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for i, a := range w {
			if a == 0 {
				continue
			}
			if i > 0 && w[i-1] != 0 && !yield(Element{AS: w[i-1], To: a}) {
				return
			}
			if !yield(Element{AS: a}) {
				return
			}
		}
	}
}

// Passes reports whether the way leads through an element.
func (w Way) Passes(e Element) bool {
	for got := range w.Elements() {
		if got == e {
			return true
		}
	}
	return false
}

// Origin gives the last AS of the way; zero where it is not known.
func (w Way) Origin() ASN {
	if len(w) == 0 {
		return 0
	}
	return w[len(w)-1]
}

// LastHop gives the AS next to the origin; zero where there is none, or it is not known.
func (w Way) LastHop() ASN {
	if len(w) < 2 {
		return 0
	}
	return w[len(w)-2]
}

// pathKey tells paths apart by where they lie: those that are the same slice have the
// same hops. A country has a hundred times more routes than paths, and its baseline
// shares them; others of the same hops are counted likewise, only slower.
type pathKey struct {
	first *Hop
	hops  int
}

func (p Path) key() pathKey {
	if len(p) == 0 {
		return pathKey{}
	}
	return pathKey{&p[0], len(p)}
}
