package ripestat

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// mostLadders is for how many lost prefixes what lies over them is asked for.
const mostLadders = 16

// covers asks for routes that may stand in for what is gone at the end. Where the
// plan asked for them from the start there is nothing to do.
func (l *lookup) covers(ctx context.Context, p *plan) {
	gone := l.gone()
	if p.ladder || len(gone) == 0 {
		return
	}
	more := &plan{prefixes: map[netip.Prefix]bool{}}
	for _, g := range gone[:min(len(gone), mostLadders)] {
		for _, o := range over(g) {
			if !p.prefixes[o] {
				more.prefixes[o] = true
			}
		}
	}
	missing := "whether wider routes stand in for what is gone is not known"
	if len(gone) > mostLadders {
		l.note("of %d prefixes that are gone, wider routes that may stand in were looked up for %d with RIPEstat; for the rest give a table dump", len(gone), mostLadders)
	}
	if len(more.prefixes) == 0 {
		return
	}
	for _, v := range []*view{l.start, l.end} {
		found, err := l.state(ctx, more, v.at)
		if err == nil && !found.at.Equal(v.at) {
			err = moved("bgp-state", v.at, found.at)
		}
		if err != nil {
			l.failed(ctx, err, missing)
			return
		}
		v.merge(found)
	}
	l.coversNow(ctx, more)
}

// coversNow asks the looking glass for the wider routes that there were.
func (l *lookup) coversNow(ctx context.Context, more *plan) {
	if l.now == nil {
		return
	}
	wider := slices.DeleteFunc(l.seen(l.start, l.end), func(p netip.Prefix) bool { return !more.prefixes[p] })
	if len(wider) > 0 {
		v, err := l.glasses(ctx, wider)
		if err != nil {
			l.failed(ctx, err, fmt.Sprintf("whether wider routes stand in for what is gone is known as of %s only", clock(l.end.at)))
			return
		}
		l.now.merge(v)
	}
	l.note("a wider route that was first announced after %s, and stands in for what is gone, would not be seen", clock(l.end.at))
}

// gone gives the prefixes of the target that less than half of the sessions that
// had them at the start have at the end, in order.
func (l *lookup) gone() (list []netip.Prefix) {
	last := l.end
	if l.now != nil {
		last = l.now
	}
	for p, holders := range l.start.routes {
		kept := 0
		for s := range holders {
			if _, ok := last.routes[p][s]; ok {
				kept++
			}
		}
		if 2*kept < len(holders) {
			list = append(list, p)
		}
	}
	checks.SortPrefixes(list)
	return list
}

// noteUnknown tells of routes whose session is not known.
func (l *lookup) noteUnknown(v *view) {
	unknown, all := map[source]bool{}, map[source]bool{}
	for _, holders := range v.routes {
		for s := range holders {
			all[s] = true
			if _, ok := l.sessions[s]; !ok {
				unknown[s] = true
			}
		}
	}
	if len(unknown)*20 > len(all) {
		l.note("%d of %d sessions with routes of %s are not in RIPEstat's list of sessions and were left out", len(unknown), len(all), l.name())
	}
}
