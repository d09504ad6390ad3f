package ripestat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
)

// oldList is how old a list of neighbours may be: it only says whom to look at.
const oldList = 4 * 24 * time.Hour

// others chooses the networks behind each upstream whose routes are looked up.
func (e *elsewhere) others(ctx context.Context) error {
	lists, errs := make([][]Neighbour, len(e.upstreams)), make([]error, len(e.upstreams))
	var wg sync.WaitGroup
	for i, u := range e.upstreams {
		wg.Go(func() {
			// The list of the last dump that there surely is, before the loss: of later ones
			// those would be missing that went.
			var asOf time.Time
			lists[i], asOf, errs[i] = e.c.neighbours(ctx, u, e.first.Truncate(dumpEvery), oldList)
			if errs[i] == nil && asOf.After(e.first) {
				errs[i] = moved("asn-neighbours", e.first, asOf)
			}
		})
	}
	wg.Wait()
	failed := 0
	e.sample = make([][]checks.ASN, len(e.upstreams))
	taken := map[checks.ASN]bool{}
	for i, u := range e.upstreams {
		if errs[i] != nil {
			failed++
			e.lack("who else is behind %s could not be looked up", u)
			continue
		}
		e.sample[i] = e.pick(lists[i], taken)
		if len(e.sample[i]) == 0 {
			e.lack("RIPEstat names no other network behind %s that could be compared", u)
		}
	}
	if failed > 0 && failed == len(e.upstreams) {
		return errors.Join(errs...)
	}
	return nil
}

// pick chooses from the neighbours of an upstream. Those that were seen by few are of no
// use where they also are behind others; the smallest are the likeliest to be reached
// through it alone, and take the least to look up.
func (e *elsewhere) pick(list []Neighbour, taken map[checks.ASN]bool) (picked []checks.ASN) {
	right := onlyRight(list)
	rank := func(n *Neighbour) int {
		switch wide := e.seenBy(n) >= max(1, len(e.peers)/4); {
		case !wide:
			return 2
		case e.f.Domestic(n.ASN):
			return 1
		}
		return 0
	}
	list = slices.DeleteFunc(slices.Clone(list), func(n Neighbour) bool {
		return !right[n.ASN] || taken[n.ASN] || n.ASN.Private() || e.own(n.ASN) || e.elements[checks.Element{AS: n.ASN}] || e.seenBy(&n) == 0
	})
	slices.SortFunc(list, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Power, b.Power), cmp.Compare(a.ASN, b.ASN))
	})
	for _, n := range list[:min(len(list), othersEach)] {
		taken[n.ASN] = true
		picked = append(picked, n.ASN)
	}
	return picked
}

// seenBy is how widely a neighbour was seen, in the address families of what was lost.
func (e *elsewhere) seenBy(n *Neighbour) (count int) {
	if e.family[0] {
		count += n.Peers4
	}
	if e.family[1] {
		count += n.Peers6
	}
	return count
}
