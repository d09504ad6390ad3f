package ripestat

import (
	"context"
	"time"

	"isitdown/checks"
)

// mostPast is how many networks or prefixes the long history is asked about.
const mostPast = 2

// before says, of a target that nobody holds, nor has held within the window, when it was announced
// last: without that one who asks on the second day of an outage is told nothing of it.
// It changes no verdict, and is left out where it cannot be had.
func (l *lookup) before(ctx context.Context) {
	if len(l.seen(l.start, l.end, l.now)) > 0 || len(l.changes) > 0 {
		return
	}
	var resources []string
	for _, a := range l.f.Origins[:min(len(l.f.Origins), mostPast)] {
		resources = append(resources, a.String())
	}
	if len(resources) == 0 {
		for _, p := range l.f.Prefixes[:min(len(l.f.Prefixes), mostPast)] {
			resources = append(resources, p.String())
		}
	}
	begin := l.end.at
	if l.start != nil {
		begin = l.start.at
	}
	var last time.Time
	for _, resource := range resources {
		list, err := l.c.RoutingHistory(ctx, resource)
		if err != nil {
			l.c.o.Log.InfoContext(ctx, "when a target was announced last is not known", "target", l.f.Target.String(), "error", err)
			continue
		}
		last = laterOf(last, l.lastSeen(list, begin))
	}
	if !last.IsZero() {
		l.note("no route of %s is there at %s; by RIPEstat's history of table dumps it was announced last about %s: ask about that time for what happened then",
			l.name(), clock(l.end.at), last.UTC().Format("2 January 2006"))
	}
}

// lastSeen gives the end of the last time that any of the target was announced before
// what was looked at began; zero where there is none.
func (l *lookup) lastSeen(list []Announced, begin time.Time) (last time.Time) {
	for _, a := range list {
		if a.Prefix.Bits() < checks.MinCoverBits || !l.f.Watches(a.Prefix, []checks.ASN{a.Origin}) {
			continue
		}
		for _, s := range a.Spans {
			if s.From.Before(begin) {
				to := s.To
				if to.After(begin) {
					to = begin
				}
				last = laterOf(last, to)
			}
		}
	}
	return last
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
