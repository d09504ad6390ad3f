package bot

import (
	"cmp"
	"net/netip"
	"slices"
	"sync/atomic"

	"isitdown/checks"
)

// space is the prefixes and addresses among the targets that somebody subscribed to, for
// finding those that lie in one or over it. The zero value is empty.
//
// What lies in a prefix stands side by side in a list that is sorted by address and
// length; what lies over it is looked up, once for each length that there is.
type space struct {
	sorted  []*spot // a new one for every change: who has got hold of one may go on reading it
	over    map[netip.Prefix]*spot
	lengths [2][129]int // how many prefixes have it, by family
}

// spot is a target in space. Its list is empty when it is gone.
type spot struct {
	target checks.Target
	list   atomic.Pointer[[]Subscription]
}

func newSpot(t checks.Target, list []Subscription) *spot {
	p := &spot{target: t}
	p.list.Store(&list)
	return p
}

// family gives 0 for IPv4 and 1 for IPv6.
func family(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 0
	}
	return 1
}

// compareSpace orders prefixes and addresses by where they begin, the widest first; a
// prefix comes before the address that is the same.
func compareSpace(a, b checks.Target) int {
	p, q := a.Prefix(), b.Prefix()
	return cmp.Or(p.Addr().Compare(q.Addr()), cmp.Compare(p.Bits(), q.Bits()), cmp.Compare(a.Kind(), b.Kind()))
}

func (p *spot) compare(t checks.Target) int { return compareSpace(p.target, t) }

// update takes in the lists of targets, an empty one for a target that is gone. Those that
// are no space are left out.
func (s *space) update(lists map[checks.Target][]Subscription) {
	if s.over == nil {
		s.over = make(map[netip.Prefix]*spot)
	}
	var come []*spot
	var gone []int
	for t, list := range lists {
		if !t.Prefix().IsValid() {
			continue
		}
		at, had := slices.BinarySearchFunc(s.sorted, t, (*spot).compare)
		switch {
		case had:
			s.sorted[at].list.Store(&list)
			if len(list) == 0 {
				gone = append(gone, at)
				s.count(s.sorted[at], -1)
			}
		case len(list) > 0:
			come = append(come, newSpot(t, list))
			s.count(come[len(come)-1], 1)
		}
	}
	if len(come)+len(gone) > 0 {
		s.sorted = with(without(s.sorted, gone), come)
	}
}

// count notes a prefix that comes (1) or goes (-1): nothing lies in an address but itself.
func (s *space) count(p *spot, n int) {
	if p.target.Kind() != checks.KindPrefix {
		return
	}
	at := p.target.Prefix()
	if s.over[at] = p; n < 0 {
		delete(s.over, at)
	}
	s.lengths[family(at)][at.Bits()] += n
}

// without gives a list without those at some places.
func without(list []*spot, gone []int) []*spot {
	slices.Sort(gone)
	out := make([]*spot, 0, len(list))
	from := 0
	for _, at := range gone {
		out, from = append(out, list[from:at]...), at+1
	}
	return append(out, list[from:]...)
}

// with gives a sorted list with those that come.
func with(list, come []*spot) []*spot {
	slices.SortFunc(come, func(a, b *spot) int { return compareSpace(a.target, b.target) })
	out := make([]*spot, 0, len(list)+len(come))
	for _, p := range come {
		at, _ := slices.BinarySearchFunc(list, p.target, (*spot).compare)
		out = append(append(out, list[:at]...), p)
		list = list[at:]
	}
	return append(out, list...)
}

// wider adds what lies over p to a list, the widest first.
func (s *space) wider(to []*spot, p netip.Prefix) []*spot {
	for bits, n := range s.lengths[family(p)][:p.Bits()] {
		if n == 0 {
			continue
		}
		wide, err := p.Addr().Prefix(bits)
		if err != nil {
			continue // never: bits are fewer than the address has
		}
		if at := s.over[wide]; at != nil {
			to = append(to, at)
		}
	}
	return to
}

// inside gives the part of a sorted list that lies in p, p itself first.
func inside(sorted []*spot, p netip.Prefix) []*spot {
	from, _ := slices.BinarySearchFunc(sorted, p, func(at *spot, p netip.Prefix) int {
		q := at.target.Prefix()
		return cmp.Or(q.Addr().Compare(p.Addr()), cmp.Compare(q.Bits(), p.Bits()))
	})
	to := from
	for to < len(sorted) && p.Contains(sorted[to].target.Prefix().Addr()) {
		to++
	}
	return sorted[from:to]
}
