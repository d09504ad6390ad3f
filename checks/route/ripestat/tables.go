package ripestat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// tables is what the sessions hold of other networks at one time.
type tables struct {
	at     time.Time
	routes map[source]map[netip.Prefix]checks.Way
	proof  map[source]bool // the session is up, or it would not hold what it does
	// asked are the prefixes that were asked for, nil for all of the networks.
	asked map[netip.Prefix]bool
}

func newTables() *tables {
	return &tables{routes: map[source]map[netip.Prefix]checks.Way{}, proof: map[source]bool{}}
}

// take adds the routes of an answer, in the address families of what was lost.
func (e *elsewhere) take(t *tables, routes []wireRoute) {
	for i := range routes {
		r := &routes[i]
		if e.control(r.prefix) >= 0 {
			t.proof[r.from] = true
			continue
		}
		if r.broken || !e.family[familyOf(r.prefix)] || r.prefix.Bits() < checks.MinCoverBits {
			continue
		}
		way := r.path.Path().Way(e.in.Rules.RouteServers...)
		if way.Origin() == 0 || e.own(way.Origin()) {
			continue
		}
		if t.routes[r.from] == nil {
			t.routes[r.from] = map[netip.Prefix]checks.Way{}
		}
		t.routes[r.from][r.prefix] = way
		t.proof[r.from] = true
	}
}

func (t *tables) merge(o *tables) {
	for s, held := range o.routes {
		if t.routes[s] == nil {
			t.routes[s] = held
			continue
		}
		maps.Copy(t.routes[s], held)
	}
	for s := range o.proof {
		t.proof[s] = true
	}
}

// then asks what was held before the loss. Where RIPEstat's routes end before that, it is
// what was held at their end.
func (e *elsewhere) then(ctx context.Context) (*tables, error) {
	ask := e.first.Add(-checks.SiblingWindow)
	t, err := e.tables(ctx, ask, time.Time{})
	switch {
	case err != nil:
		return nil, err
	case ask.Sub(t.at) > maxMoved || !t.at.Before(e.first):
		return nil, moved("bgp-state", ask, t.at)
	}
	return t, nil
}

// tables asks what the sessions hold of the chosen networks at a time, of the newest there
// is where that is zero: the networks behind one upstream with one request. Where the
// answer is of before enough, it is left at the first of them.
func (e *elsewhere) tables(ctx context.Context, at, enough time.Time) (*tables, error) {
	groups := slices.DeleteFunc(slices.Clone(e.sample), func(g []checks.ASN) bool { return len(g) == 0 })
	all, err := e.table(ctx, groups[0], at)
	if err != nil || all.at.Before(enough) {
		return all, err
	}
	parts, err := further(len(groups), func(i int) (*tables, error) { return e.table(ctx, groups[i], all.at) })
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if !part.at.Equal(all.at) {
			return nil, moved("bgp-state", all.at, part.at)
		}
		all.merge(part)
	}
	if len(e.controls) > 0 && len(all.proof) == 0 {
		return nil, e.noData(all.at)
	}
	return all, nil
}

// table asks about some networks. Where that is more than is taken in it asks about each
// half, and leaves one out that is too large by itself.
func (e *elsewhere) table(ctx context.Context, group []checks.ASN, at time.Time) (*tables, error) {
	var resources []string
	for _, a := range group {
		resources = append(resources, a.String())
	}
	for _, c := range e.controls {
		if e.family[familyOf(c.Prefix)] {
			resources = append(resources, c.Prefix.String())
		}
	}
	q := call{name: "bgp-state", query: url.Values{"resource": {strings.Join(resources, ",")}}, ttl: ttlOf(at), bytes: e.c.o.maxBody}
	if !at.IsZero() {
		q.query.Set("timestamp", stamp(at))
	}
	var routes []wireRoute
	data, reply, err := ask(ctx, e.c, q, func(d *stateData) (err error) {
		routes, err = d.routes()
		return err
	})
	if large, ok := errors.AsType[*web.Error](err); ok && large.Kind == web.TooLarge {
		return e.halves(ctx, group, at)
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the routes of other networks: %w", err)
	}
	e.skewed(reply)
	t := newTables()
	t.at = data.Timestamp.Time
	e.take(t, routes)
	return t, nil
}

// halves asks about each half of some networks.
func (e *elsewhere) halves(ctx context.Context, group []checks.ASN, at time.Time) (*tables, error) {
	if len(group) <= 1 {
		if len(group) == 1 {
			e.lack("%s has too many routes to be looked up, and was left out", group[0])
		}
		return e.table(ctx, nil, at)
	}
	half := len(group) / 2
	t, err := e.table(ctx, group[:half], at)
	if err != nil {
		return nil, err
	}
	rest, err := e.table(ctx, group[half:], t.at)
	if err != nil {
		return nil, err
	}
	if !rest.at.Equal(t.at) {
		return nil, moved("bgp-state", t.at, rest.at)
	}
	t.merge(rest)
	return t, nil
}
