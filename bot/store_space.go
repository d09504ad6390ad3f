package bot

import (
	"cmp"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// space is the prefixes and addresses among the targets that somebody subscribed to, for
// finding those that lie in one or over it. The zero value is empty.
//
// What lies in a prefix stands side by side in a list that is sorted by address and
// length; what lies over it is looked up, once for each length that there is.
type space struct {
	sorted  []checks.Target
	over    map[netip.Prefix]checks.Target // the prefixes alone: nothing lies in an address but itself
	lengths [2][129]int                    // how many prefixes have it, by family
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

// few is up to how many targets are put in and taken out one by one.
const few = 8

// add takes in targets that are not there yet. Those of other kinds are left out.
func (s *space) add(list []checks.Target) {
	if s.over == nil {
		s.over = make(map[netip.Prefix]checks.Target)
	}
	for _, t := range list {
		p := t.Prefix()
		if !p.IsValid() {
			continue
		}
		if t.Kind() == checks.KindPrefix {
			s.over[p] = t
			s.lengths[family(p)][p.Bits()]++
		}
		if len(list) > few {
			s.sorted = append(s.sorted, t)
			continue
		}
		at, _ := slices.BinarySearchFunc(s.sorted, t, compareSpace)
		s.sorted = slices.Insert(s.sorted, at, t)
	}
	if len(list) > few {
		slices.SortFunc(s.sorted, compareSpace)
	}
}

// remove takes out targets that are there.
func (s *space) remove(list []checks.Target) {
	gone := make(map[checks.Target]bool)
	for _, t := range list {
		p := t.Prefix()
		if !p.IsValid() {
			continue
		}
		gone[t] = true
		if t.Kind() == checks.KindPrefix {
			delete(s.over, p)
			s.lengths[family(p)][p.Bits()]--
		}
	}
	if len(gone) > few {
		s.sorted = slices.DeleteFunc(s.sorted, func(t checks.Target) bool { return gone[t] })
		return
	}
	for t := range gone {
		if at, ok := slices.BinarySearchFunc(s.sorted, t, compareSpace); ok {
			s.sorted = slices.Delete(s.sorted, at, at+1)
		}
	}
}

// overlapping gives f what lies over p, the widest first, then p itself and what lies in it.
func (s *space) overlapping(p netip.Prefix, f func(t checks.Target)) {
	for bits, n := range s.lengths[family(p)][:p.Bits()] {
		if n == 0 {
			continue
		}
		wide, err := p.Addr().Prefix(bits)
		if err != nil {
			continue // bits are fewer than the address has
		}
		if t, ok := s.over[wide]; ok {
			f(t)
		}
	}
	at, _ := slices.BinarySearchFunc(s.sorted, p, func(t checks.Target, p netip.Prefix) int {
		q := t.Prefix()
		return cmp.Or(q.Addr().Compare(p.Addr()), cmp.Compare(q.Bits(), p.Bits()))
	})
	for _, t := range s.sorted[at:] {
		if !p.Contains(t.Prefix().Addr()) {
			break
		}
		f(t)
	}
}
