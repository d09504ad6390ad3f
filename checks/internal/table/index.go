package table

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"

	"isitdown/checks"
)

// Index finds whom a route concerns: whoever asked for a prefix that it lies in or
// over. The zero value is ready. It is safe for several readers, or one writer.
type Index[T comparable] struct {
	table bart.Table[[]T]
}

// Add notes that a value is concerned by the routes inside and over a prefix.
func (x *Index[T]) Add(p netip.Prefix, v T) {
	x.table.Modify(p, func(list []T, _ bool) ([]T, bool) {
		if slices.Contains(list, v) {
			return list, false
		}
		return append(list, v), false
	})
}

// Remove takes back what Add noted.
func (x *Index[T]) Remove(p netip.Prefix, v T) {
	x.table.Modify(p, func(list []T, _ bool) ([]T, bool) {
		list = slices.DeleteFunc(list, func(o T) bool { return o == v })
		return list, len(list) == 0
	})
}

// Concerned calls found for everybody whom a route for p concerns, for some more than
// once. Routes shorter than [checks.MinCoverBits] concern nobody.
func (x *Index[T]) Concerned(p netip.Prefix, found func(T)) {
	if p.Bits() < checks.MinCoverBits || !x.table.OverlapsPrefix(p) {
		return
	}
	for _, list := range x.table.Supernets(p) {
		for _, v := range list {
			found(v)
		}
	}
	for q, list := range x.table.Subnets(p) {
		if q == p {
			continue // found above
		}
		for _, v := range list {
			found(v)
		}
	}
}
