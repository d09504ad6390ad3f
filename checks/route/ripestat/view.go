package ripestat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/web"
)

// view is what the sessions hold at one time, as far as it was asked for.
type view struct {
	at     time.Time
	routes map[netip.Prefix]map[source]bgp.RawPath // of the target, and over it
	proof  map[source]uint                         // which control routes a session holds, one a bit
	holds  map[source]bool                         // a route of the target, or over it
	broken map[source]bool                         // something that it holds could not be read
}

func newView() *view {
	return &view{routes: map[netip.Prefix]map[source]bgp.RawPath{}, proof: map[source]uint{}, holds: map[source]bool{}, broken: map[source]bool{}}
}

// take adds the routes of an answer; those that were not asked for and do not
// belong to the target are passed over.
func (l *lookup) take(v *view, routes []wireRoute, asked func(netip.Prefix) bool) {
	for i := range routes {
		r := &routes[i]
		if n := l.control(r.prefix); n >= 0 {
			v.proof[r.from] |= 1 << n
			continue
		}
		if !asked(r.prefix) && !l.f.Watches(r.prefix, r.path.Path().Origins()) || r.prefix.Bits() < checks.MinCoverBits {
			continue
		}
		if r.broken {
			v.broken[r.from] = true
			continue
		}
		if v.routes[r.prefix] == nil {
			v.routes[r.prefix] = map[source]bgp.RawPath{}
		}
		v.routes[r.prefix][r.from] = r.path
		v.holds[r.from] = true
	}
}

// control gives the number of a control route, -1 where the prefix is none.
func (l *lookup) control(p netip.Prefix) int {
	for i, c := range l.controls {
		if c.Prefix == p {
			return i
		}
	}
	return -1
}

// proven reports whether the session is known to be up at the time of the view,
// so that what the view does not show it does not hold.
func (l *lookup) proven(v *view, s source) bool {
	if v.broken[s] {
		return false
	}
	return len(l.controls) == 0 || v.proof[s] != 0 || v.holds[s]
}

// state asks what the sessions hold at a time, of the latest where at is zero.
// https://stat.ripe.net/docs/02.data-api/bgp-state.html
func (l *lookup) state(ctx context.Context, p *plan, at time.Time) (*view, error) {
	first := []string{}
	if p.network != 0 {
		first = append(first, p.network.String())
	}
	for _, c := range l.controls {
		first = append(first, c.Prefix.String())
	}
	texts := chunks(first, p.sorted())
	v := newView()
	err := l.stateChunk(ctx, p, v, texts[0], at)
	if e, ok := errors.AsType[*web.Error](err); ok && e.Kind == web.TooLarge && p.network != 0 && len(p.likely) > 0 {
		l.note("RIPEstat was asked about the prefixes that %s was known to announce at the last table dump alone; any that it announced since are not in the answer", p.network)
		without := *p
		without.network = 0
		return l.state(ctx, &without, at)
	}
	if err != nil {
		return nil, err
	}
	parts, err := further(len(texts), func(i int) (*view, error) {
		part := newView()
		return part, l.stateChunk(ctx, p, part, texts[i], v.at)
	})
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if !part.at.Equal(v.at) {
			return nil, moved("bgp-state", v.at, part.at)
		}
		v.merge(part)
	}
	if len(l.controls) > 0 && len(v.proof) == 0 {
		return nil, l.noData(v.at)
	}
	return v, nil
}

// further asks at once for parts 1 to n-1, after the first has said of which time they are
// to be.
func further[P any](n int, ask func(i int) (P, error)) ([]P, error) {
	parts, errs := make([]P, n), make([]error, n)
	var wg sync.WaitGroup
	for i := 1; i < n; i++ {
		wg.Go(func() { parts[i], errs[i] = ask(i) })
	}
	wg.Wait()
	return parts[1:], errors.Join(errs...)
}

// noData is the error of an answer in which even what is always there is missing.
func (l *lookup) noData(at time.Time) error {
	return &Error{Call: "bgp-state", Kind: NoData, Detail: fmt.Sprintf(
		"RIPEstat has no routes of %s, not even %s, which is always there (in 2025 its index began with January 2024): for that time have the archives of the collectors read (isitdown check with --collector rrc00), or give table dumps and updates of that day (--routes)",
		clock(at), l.controls[0].Prefix)}
}

func (v *view) merge(o *view) {
	for p, holders := range o.routes {
		if v.routes[p] == nil {
			v.routes[p] = holders
			continue
		}
		maps.Copy(v.routes[p], holders)
	}
	for s, n := range o.proof {
		v.proof[s] |= n
	}
	maps.Copy(v.holds, o.holds)
	for s := range o.broken {
		v.broken[s] = true
	}
}

func (l *lookup) stateChunk(ctx context.Context, p *plan, v *view, resources string, at time.Time) error {
	q := call{name: "bgp-state", query: url.Values{"resource": {resources}}, ttl: ttlOf(at), bytes: l.c.o.maxBody}
	if !at.IsZero() {
		q.query.Set("timestamp", stamp(at))
	}
	var routes []wireRoute
	data, reply, err := ask(ctx, l.c, q, func(d *stateData) (err error) {
		routes, err = d.routes()
		return err
	})
	if err != nil {
		return fmt.Errorf("asking for routes: %w", err)
	}
	l.skewed(reply)
	v.at = data.Timestamp.Time
	l.take(v, routes, func(q netip.Prefix) bool { return p.prefixes[q] })
	return nil
}

// skewed makes a gap of a clock that differs from ours, once.
func (l *lookup) skewed(r web.Reply) {
	if err := l.c.web.Skewed(r); err != nil {
		l.skew.Do(func() { l.gap(gapOf(err, "how old its data are is not certain")) })
	}
}

// updates asks for the changes of the given prefixes from one time to another, in
// order. https://stat.ripe.net/docs/02.data-api/bgp-updates.html
func (l *lookup) updates(ctx context.Context, prefixes []netip.Prefix, from, to time.Time) ([]change, error) {
	first := []string{}
	for _, c := range l.controls {
		first = append(first, c.Prefix.String())
	}
	texts := chunks(first, prefixes)
	lists, errs := make([][]change, len(texts)), make([]error, len(texts))
	var wg sync.WaitGroup
	for i, text := range texts {
		wg.Go(func() { lists[i], errs[i] = l.updatesOf(ctx, text, from, to, splits) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return inOrder(lists), nil
}

// splits is how often the time of a question for updates is cut in half because
// the answer is too large.
const splits = 3

func (l *lookup) updatesOf(ctx context.Context, resources string, from, to time.Time, splits int) ([]change, error) {
	q := call{name: "bgp-updates", ttl: ttlList, bytes: l.c.o.maxBody, query: url.Values{
		"resource": {resources}, "starttime": {stamp(from)}, "endtime": {stamp(to)},
	}}
	var list []change
	data, reply, err := ask(ctx, l.c, q, func(d *updatesData) (err error) {
		list, err = d.changes()
		return err
	})
	if e, ok := errors.AsType[*web.Error](err); ok && e.Kind == web.TooLarge && splits > 0 {
		middle := from.Add(to.Sub(from) / 2).Truncate(time.Second)
		early, err := l.updatesOf(ctx, resources, from, middle, splits-1)
		if err != nil {
			return nil, err
		}
		late, err := l.updatesOf(ctx, resources, middle.Add(time.Second), to, splits-1)
		return append(early, late...), err
	}
	if err != nil {
		return nil, fmt.Errorf("asking for updates: %w", err)
	}
	l.skewed(reply)
	const slack = time.Minute
	switch {
	case data.From.After(from.Add(slack)):
		return nil, moved(q.name, from, data.From.Time)
	case data.To.Before(to.Add(-slack)):
		return nil, moved(q.name, to, data.To.Time)
	}
	return list, nil
}

// glass asks who holds a prefix at present.
// https://stat.ripe.net/docs/02.data-api/looking-glass.html
func (l *lookup) glass(ctx context.Context, prefix netip.Prefix) (*view, error) {
	q := call{name: "looking-glass", query: url.Values{"resource": {prefix.String()}}, ttl: ttlNow}
	var routes []wireRoute
	data, reply, err := ask(ctx, l.c, q, func(d *glassData) (err error) {
		routes, err = d.routes()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking the looking glass for %s: %w", prefix, err)
	}
	v := newView()
	v.at = data.Latest.Time
	// A glass that stands still looks like the present and is not.
	if age := reply.At.Add(reply.Skew).Sub(v.at); age > maxGlassAge {
		return nil, &Error{Call: q.name, Kind: Moved, Detail: fmt.Sprintf("what it calls the latest is %s old", strings.TrimSuffix(age.Truncate(time.Minute).String(), "0s"))}
	}
	// Where it answers with a wider route, that is one that may stand in.
	l.take(v, routes, func(q netip.Prefix) bool { return q.Bits() <= prefix.Bits() && q.Contains(prefix.Addr()) })
	return v, nil
}

// maxGlassAge is how old the looking glass may be to pass for the present.
const maxGlassAge = 15 * time.Minute
