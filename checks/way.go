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
// origin, each AS once, without those that carry no traffic of their own. See
// [Path.Way].
type Way []ASN

// Way gives the ASes that a path leads through. Prepends count once; an AS_SET, which
// has no order, and private and reserved numbers are passed over, and so are two
// neighbours across them: they are joined by no adjacency (the Way has a zero between
// them).
func (p Path) Way() Way {
	w := make(Way, 0, len(p))
	for _, h := range p {
		var a ASN
		if len(h) == 1 && !h[0].Private() {
			a = h[0]
		}
		if n := len(w); n > 0 && w[n-1] == a {
			continue
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

// Repeats reports whether an AS stands on the way twice, with others between: a loop,
// or a path that somebody made up.
func (w Way) Repeats() bool {
	for i, a := range w {
		if a != 0 && slices.Contains(w[:i], a) {
			return true
		}
	}
	return false
}
