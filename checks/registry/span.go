package registry

import (
	"cmp"
	"container/heap"
	"iter"
	"math/bits"
	"slices"
)

// number is what a resource is counted in: uint32 for IPv4 addresses and AS
// numbers, uint64 for IPv6, in /64 networks (the upper half of the address), the
// smallest that a registry gives out.
type number interface{ uint32 | uint64 }

// run is a range of resources, both ends included.
type run[T number] struct{ first, last T }

// span is a run and who holds it, according to one list.
type span[T number] struct {
	run[T]
	cc   code
	part uint8 // index of the list's part; a higher one is newer
}

// code is a two-letter code, upper case.
type code [2]byte

func (c code) String() string { return string(c[:]) }

// disjoint sorts spans and resolves overlaps: the newer list wins, and within a
// list the smaller span. It counts the spans that overlap another country's.
func disjoint[T number](spans []span[T]) (flat []span[T], conflicts int) {
	slices.SortStableFunc(spans, func(a, b span[T]) int { return cmp.Compare(a.first, b.first) })
	flat = make([]span[T], 0, len(spans))
	for len(spans) > 0 {
		// A cluster is as many spans as hang together by overlapping.
		n, last := 1, spans[0].last
		for n < len(spans) && spans[n].first <= last {
			last = max(last, spans[n].last)
			n++
		}
		if n == 1 {
			flat = append(flat, spans[0])
		} else {
			var c int
			flat, c = resolve(flat, spans[:n])
			conflicts += c
		}
		spans = spans[n:]
	}
	return flat, conflicts
}

// resolve appends the spans of one cluster, cut so that none overlaps another.
// It sweeps from left to right with the spans that hold the place on a heap.
func resolve[T number](flat []span[T], cluster []span[T]) ([]span[T], int) {
	var (
		open      claims[T]
		conflicts int
		start     = len(flat)
		pos       = cluster[0].first
	)
	for {
		for len(cluster) > 0 && cluster[0].first <= pos {
			if len(open) > 0 && open[0].cc != cluster[0].cc {
				conflicts++
			}
			heap.Push(&open, cluster[0])
			cluster = cluster[1:]
		}
		end := open[0].last
		if len(cluster) > 0 {
			end = min(end, cluster[0].first-1)
		}
		piece := open[0]
		piece.run = run[T]{pos, end}
		if k := len(flat) - 1; k >= start && flat[k].cc == piece.cc && flat[k].part == piece.part {
			flat[k].last = end
		} else {
			flat = append(flat, piece)
		}
		for len(open) > 0 && open[0].last <= end {
			heap.Pop(&open)
		}
		if len(open) == 0 && len(cluster) == 0 {
			return flat, conflicts
		}
		pos = end + 1
	}
}

// before orders the spans that claim the same place: the newer list first, then
// the smaller span; what is left only makes the order one.
func (s span[T]) before(o span[T]) int {
	return cmp.Or(
		cmp.Compare(o.part, s.part),
		cmp.Compare(s.last-s.first, o.last-o.first),
		cmp.Compare(s.first, o.first),
		cmp.Compare(s.cc.String(), o.cc.String()),
	)
}

// claims is a heap with the span on top whose word counts.
type claims[T number] []span[T]

func (c claims[T]) Len() int           { return len(c) }
func (c claims[T]) Less(i, j int) bool { return c[i].before(c[j]) < 0 }
func (c claims[T]) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *claims[T]) Push(x any)        { *c = append(*c, x.(span[T])) }
func (c *claims[T]) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// overlapping gives the spans of flat that share something with r.
func overlapping[T number](flat []span[T], r run[T]) []span[T] {
	i, _ := slices.BinarySearchFunc(flat, r.first, func(s span[T], at T) int { return cmp.Compare(s.last, at) })
	j := i
	for j < len(flat) && flat[j].first <= r.last {
		j++
	}
	return flat[i:j]
}

// merge sorts runs and joins those that overlap or touch.
func merge[T number](runs []run[T]) []run[T] {
	slices.SortFunc(runs, func(a, b run[T]) int { return cmp.Compare(a.first, b.first) })
	out := runs[:0]
	for _, r := range runs {
		if k := len(out) - 1; k >= 0 && (r.first <= out[k].last || r.first-out[k].last == 1) {
			out[k].last = max(out[k].last, r.last)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// subtract takes cut out of merged runs and reports whether anything went.
func subtract[T number](runs []run[T], cut run[T]) ([]run[T], bool) {
	var out []run[T]
	hit := false
	for _, r := range runs {
		if r.last < cut.first || r.first > cut.last {
			out = append(out, r)
			continue
		}
		hit = true
		if r.first < cut.first {
			out = append(out, run[T]{r.first, cut.first - 1})
		}
		if r.last > cut.last {
			out = append(out, run[T]{cut.last + 1, r.last})
		}
	}
	return out, hit
}

// blocks gives the fewest CIDR blocks that make up r, as start and prefix length
// in a space of width bits (32 or 64), ascending.
func blocks[T number](r run[T], width int) iter.Seq2[T, int] {
	return func(yield func(T, int) bool) {
		for first := uint64(r.first); ; {
			// A block is as large as the alignment of its start and the rest of the run allow.
			size := bits.TrailingZeros64(first)
			if left := uint64(r.last) - first; left != ^uint64(0) {
				size = min(size, bits.Len64(left+1)-1)
			}
			size = min(size, width)
			if !yield(T(first), width-size) || size == 64 {
				return
			}
			first += 1 << size
			if first == 0 || first > uint64(r.last) {
				return
			}
		}
	}
}
