package ripestat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

const (
	// mostLastHops and mostCarriers are how many of the ASes next to the target's
	// origins, and of those that carried most, other networks are looked up behind.
	mostLastHops = 3
	mostCarriers = 3
	// weakCarrier is the AS hegemony below which nobody is a carrier to ask about.
	weakCarrier = 0.2
	// othersEach is how many other networks are looked up behind each.
	othersEach = 8
	// converging is how long a withdrawal takes on average to reach a vantage point
	// (docs/methods.md, section 2): what others hold sooner says nothing. settled is when
	// nearly all have arrived.
	converging = 2 * time.Minute
	settled    = 10 * time.Minute
	// requestsOfElsewhere is what is left for other questions of the day when others'
	// routes are no longer asked for.
	requestsOfElsewhere = 300
)

// elsewhere is one answer about others' routes in the making.
type elsewhere struct {
	*lookup
	in     *checks.Case
	before []checks.BaselinePrefix // what was lost
	first  time.Time               // the loss began
	by     time.Time               // half of the vantage points had lost all of that
	family [2]bool                 // of what was lost, IPv4 and IPv6
	peers  map[checks.ASN]bool     // vantage points that had it

	elements  map[checks.Element]bool
	upstreams []checks.ASN
	hops      int            // so many of upstreams stand next to the origins
	sample    [][]checks.ASN // other networks, an upstream each
	missing   []string
}

// Elsewhere looks up how the routes of some other networks fared at the same vantage
// points, for a case in which routes of the target are lost ([checks.Losses]): of up to
// eight behind each of the ASes next to its origins, and behind those that carried most
// of it, what the sessions held before the loss and what they hold now, or at in.Now where
// that is past. The networks are chosen the same way each time: the smallest that were
// seen widely, those registered in the target's country last, never the target's own.
//
// What is compared is a sample, of the routes of those networks that RIPEstat has: what it
// has of the hours before the answer comes from the looking glass, of one prefix a
// network, and what it does not know yet is told by Missing. The error says that nothing
// could be looked up, for the log; the gaps say so for a person.
func (c *Client) Elsewhere(ctx context.Context, in checks.Case) (checks.Elsewhere, []checks.Gap, error) {
	e := &elsewhere{lookup: c.lookup(in.Footprint), in: &in}
	if !e.question() {
		return checks.Elsewhere{Sample: true, Source: service, Missing: "when the routes were lost is not known, so that others' routes cannot be compared with those of before"}, nil, nil
	}
	got, err := e.answer(c.budgeted(ctx))
	got.Sample, got.Source = true, service
	if err != nil {
		const lost = "what the routes of other networks did is not known from there"
		e.gap(gapOf(err, lost))
		return checks.Elsewhere{Sample: true, Source: service, Missing: lost}, e.gaps, fmt.Errorf("looking up other networks' routes at RIPEstat, for %s: %w", in.Footprint.Target, err)
	}
	return got, e.gaps, nil
}

// question finds out what to ask; false where there is nothing to compare.
func (e *elsewhere) question() bool {
	var lost []netip.Prefix
	lost, e.first, e.by = checks.Losses(e.in.Observations)
	if e.first.IsZero() {
		return false
	}
	e.peers, e.elements = map[checks.ASN]bool{}, map[checks.Element]bool{}
	byHop := map[checks.ASN]int{}
	for _, b := range e.in.Baseline.Prefixes {
		if !slices.Contains(lost, b.Prefix) {
			continue
		}
		e.before = append(e.before, b)
		e.family[familyOf(b.Prefix)] = true
		for _, s := range b.Paths {
			way := s.Path.Way(e.in.Rules.RouteServers...)
			for _, p := range s.Peers {
				e.peers[p] = true
			}
			for element := range way.Elements() {
				e.elements[element] = true
			}
			if u := way.LastHop(); u != 0 {
				byHop[u] += len(s.Peers)
			}
		}
	}
	e.choose(byHop)
	return len(e.before) > 0
}

func familyOf(p netip.Prefix) int {
	if p.Addr().Is6() {
		return 1
	}
	return 0
}

// choose names the ASes behind which others are looked up: those next to the origins by
// the paths that they carried, then those that carried most by AS hegemony.
func (e *elsewhere) choose(byHop map[checks.ASN]int) {
	hops := slices.SortedFunc(maps.Keys(byHop), func(a, b checks.ASN) int {
		return cmp.Or(cmp.Compare(byHop[b], byHop[a]), cmp.Compare(a, b))
	})
	e.hops = min(len(hops), mostLastHops)
	e.upstreams = hops[:e.hops:e.hops]
	hegemony := checks.BaselineHegemony(e.before)
	maps.DeleteFunc(hegemony, func(a checks.ASN, h float64) bool {
		return h < weakCarrier || a.Private() || e.own(a) || slices.Contains(e.upstreams, a)
	})
	most := slices.SortedFunc(maps.Keys(hegemony), func(a, b checks.ASN) int {
		return cmp.Or(cmp.Compare(hegemony[b], hegemony[a]), cmp.Compare(a, b))
	})
	e.upstreams = append(e.upstreams, most[:min(len(most), mostCarriers)]...)
}

// own reports whether a network is the target, or originated what was lost.
func (e *elsewhere) own(a checks.ASN) bool {
	return slices.Contains(e.f.Origins, a) || e.f.Target.Kind() == checks.KindASN && e.f.Target.ASN() == a ||
		slices.ContainsFunc(e.before, func(b checks.BaselinePrefix) bool { return slices.Contains(b.Origins, a) })
}

// answer asks all of it and compares.
func (e *elsewhere) answer(ctx context.Context) (checks.Elsewhere, error) {
	if e.c.Requests() > e.c.o.daily-requestsOfElsewhere {
		return checks.Elsewhere{}, &Error{Kind: Daily}
	}
	if err := e.others(ctx); err != nil {
		return checks.Elsewhere{}, err
	}
	got := checks.Elsewhere{}
	if len(slices.Concat(e.sample...)) == 0 {
		e.lack("RIPEstat names no other networks behind %s before %s", names(e.upstreams), clock(e.first))
		got.Missing = e.said()
		return got, nil
	}
	then, err := e.then(ctx)
	if err != nil {
		return checks.Elsewhere{}, err
	}
	sessions, _, _, err := e.c.sessions(ctx, then.at)
	if err != nil {
		return checks.Elsewhere{}, err
	}
	now, soon, err := e.later(ctx, then)
	if err != nil {
		return checks.Elsewhere{}, err
	}
	if now != nil {
		c := e.comparison(sessions, then, now)
		got.From, got.To = then.at, now.at
		got.Passages = c.passages(e.elements)
		got.Siblings = c.siblings(e.upstreams, e.comparison(sessions, then, cmp.Or(soon, now)))
		e.lackWhen(&got, soon)
	}
	got.Missing = e.said()
	return got, nil
}

// lackWhen says where networks count as lost with the target of which it is not known
// when they were.
func (e *elsewhere) lackWhen(got *checks.Elsewhere, soon *tables) {
	lost := 0
	for _, s := range got.Siblings {
		lost = max(lost, s.Lost)
	}
	if lost > 0 && soon == nil && got.To.Sub(got.From) > 2*checks.SiblingWindow {
		e.lack("of the other networks that are gone it is known that they went between %s and %s, not when", clock(got.From), clock(got.To))
	}
}

// lack notes what is not known.
func (e *elsewhere) lack(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.missing = append(e.missing, fmt.Sprintf(format, args...))
}

// said is all that is not known, as one sentence.
func (e *elsewhere) said() (text string) {
	slices.Sort(e.missing)
	for _, m := range slices.Compact(e.missing) {
		if text != "" {
			text += "; "
		}
		text += m
	}
	return text
}

// names lists networks for a person.
func names(list []checks.ASN) (text string) {
	for i, a := range list {
		if i > 0 {
			text += ", "
		}
		text += a.String()
	}
	return text
}

// later asks what is held since: the newest that there is, or what was held at the time
// in question. soon is what was held when those had gone that went with the target, nil
// where that is not known. Both are nil where nothing is known yet, which is said.
func (e *elsewhere) later(ctx context.Context, then *tables) (now, soon *tables, err error) {
	ask, enough := time.Time{}, e.first.Add(settled) // the newest
	present := e.in.Now.IsZero() || time.Since(e.in.Now) < maxGlassAge
	if !present {
		ask, enough = e.in.Now, e.first.Add(converging)
	}
	now, err = e.tables(ctx, ask, enough)
	switch {
	case err != nil:
		return nil, nil, err
	case !now.at.Before(enough):
		e.lackTime(now)
		return now, e.soon(ctx, now), nil
	case !present:
		e.lack("RIPEstat's routes are those of %s, too soon after the loss of %s to tell what went with it", clock(now.at), clock(e.first))
		return nil, nil, nil
	}
	now, err = e.glance(ctx, then)
	if own, ok := errors.AsType[*Error](err); ok && own.Kind == Spent {
		e.lack("RIPEstat's routes end before the loss, and the requests of one answer do not reach for its looking glass")
		return nil, nil, nil
	}
	if err == nil && now.at.Before(e.first.Add(converging)) {
		e.lack("RIPEstat's looking glass is of %s, too soon after the loss of %s to tell what went with it", clock(now.at), clock(e.first))
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	e.lackTime(now)
	return now, nil, nil
}

// lackTime says where more may follow.
func (e *elsewhere) lackTime(now *tables) {
	if now.at.Before(e.by.Add(settled)) {
		e.lack("others' routes are those of %s, and the loss may be as late as %s: more may follow", clock(now.at), clock(e.by))
	}
}

// soon asks what was held when those had gone that went with the target; nil where that
// is not to be had, or no other than now.
func (e *elsewhere) soon(ctx context.Context, now *tables) *tables {
	at := e.first.Add(checks.SiblingWindow).Truncate(time.Second)
	if !at.Before(now.at) {
		return nil
	}
	soon, err := e.tables(ctx, at, at)
	if err != nil || !soon.at.Equal(at) {
		return nil
	}
	return soon
}
