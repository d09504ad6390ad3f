package ripestat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
	"isitdown/checks/route"
)

// lookup is one answer in the making.
type lookup struct {
	c        *Client
	f        checks.Footprint
	controls []control

	sessions map[source]session // at the start, then at the end
	start    *view              // nil where only the end is wanted
	end      *view
	changes  []change
	replayed bool // the changes are whole
	// What others announce inside the target's prefixes, and over them, was asked for.
	within, above bool
	now           *view // nil where the looking glass was not asked, or not with success

	skew sync.Once
	mu   sync.Mutex
	gaps []checks.Gap
}

func (c *Client) lookup(f checks.Footprint) *lookup {
	l := &lookup{c: c, f: f}
	l.controls = l.usable(c.o.controls)
	return l
}

// LastDump is the highest number of a table dump that [Client.History] delivers.
const LastDump = 3

// maxMoved is by how much the time of an answer may lie before the one that was
// asked about without being another time altogether.
const maxMoved = 3 * time.Hour

// History delivers what a watch of the target needs to judge it at a time, or now
// where at is zero, in the order of time: the whole of dump 1, which is what the
// sessions held a window before ([Options]); every change since; and where that
// does not lead to what they hold at the end, or where the end is later than the
// changes reach, holes (Lost with Refresh) with dumps 2 and 3 behind them.
//
// asOf is the time that all of it stands for, which may lie before at: a watch is
// to be asked about that time. Gaps say what is missing and why, for a person. The
// error says that nothing was delivered, and why, for the log; the gaps say so,
// too.
func (c *Client) History(ctx context.Context, f checks.Footprint, at time.Time, emit func(*route.Update)) (asOf time.Time, gaps []checks.Gap, err error) {
	ctx = c.budgeted(ctx)
	l := c.lookup(f)
	if err := l.gather(ctx, at); err != nil {
		l.gap(gapOf(err, fmt.Sprintf("what RIPE RIS sees of %s is not known from there", l.name())))
		return time.Time{}, l.gaps, fmt.Errorf("looking up %s at RIPEstat: %w", f.Target, err)
	}
	t := newTeller(l, emit)
	asOf = t.history()
	return asOf, l.gaps, nil
}

// State delivers what the sessions hold of the target now, as the dump of the
// given number: Size, Table and Refreshed, which heals a hole (Lost with Refresh)
// that began before asOf. Numbers up to LastDump belong to History. The rest is
// as for [Client.History].
func (c *Client) State(ctx context.Context, f checks.Footprint, emit func(*route.Update), dump int) (asOf time.Time, gaps []checks.Gap, err error) {
	ctx = c.budgeted(ctx)
	l := c.lookup(f)
	v, err := l.present(ctx)
	if err != nil {
		l.gap(gapOf(err, fmt.Sprintf("what RIPE RIS sees of %s is not known from there", l.name())))
		return time.Time{}, l.gaps, fmt.Errorf("looking up %s at RIPEstat: %w", f.Target, err)
	}
	t := newTeller(l, emit)
	t.dump(dump, v, func(s source) bool { return l.proven(v, s) })
	return v.at, l.gaps, nil
}

// present asks what is held now.
func (l *lookup) present(ctx context.Context) (*view, error) {
	to := time.Now()
	p, err := l.plan(ctx, to.Add(-l.c.o.Window), to)
	if err != nil {
		return nil, err
	}
	if l.end, err = l.state(ctx, p, time.Time{}); err != nil {
		return nil, err
	}
	if err := l.roster(ctx, l.end.at, l.end.at); err != nil {
		return nil, err
	}
	l.lookNow(ctx, p)
	l.before(ctx)
	if l.now != nil {
		return l.now, nil
	}
	l.noteUnknown(l.end)
	return l.end, nil
}

// gather asks everything that a history is made of. What it cannot do without is
// an error, the rest a gap.
func (l *lookup) gather(ctx context.Context, at time.Time) error {
	to := at
	if at.IsZero() {
		to = time.Now()
	}
	p, err := l.plan(ctx, to.Add(-l.c.o.Window), to)
	if err != nil {
		return err
	}
	if l.end, err = l.state(ctx, p, at); err != nil {
		return err
	}
	if err := l.settleEnd(at); err != nil {
		return err
	}
	if err := l.bothEnds(ctx, p, l.end.at.Add(-l.c.o.Window)); err != nil {
		return err
	}
	if at.IsZero() {
		l.lookNow(ctx, p)
	}
	l.covers(ctx, p)
	l.between(ctx, p)
	l.before(ctx)
	l.noteUnknown(l.start)
	return ctx.Err()
}

// settleEnd looks at the time of the last routes.
func (l *lookup) settleEnd(at time.Time) error {
	switch short := at.Sub(l.end.at); {
	case at.IsZero():
		return nil
	case short > maxMoved || short < -time.Minute:
		return moved("bgp-state", at, l.end.at)
	case short > time.Minute:
		l.note("RIPEstat's data end at %s, before the time in question; ask again later for the rest", clock(l.end.at))
	}
	return nil
}

// bothEnds asks what was held at the start, and who the sessions are.
func (l *lookup) bothEnds(ctx context.Context, p *plan, from time.Time) error {
	var wg sync.WaitGroup
	var startErr, rosterErr error
	wg.Go(func() {
		if l.start, startErr = l.state(ctx, p, from); startErr == nil && from.Sub(l.start.at).Abs() > time.Minute {
			startErr = moved("bgp-state", from, l.start.at)
		}
	})
	wg.Go(func() { rosterErr = l.roster(ctx, from, l.end.at) })
	wg.Wait()
	return errors.Join(startErr, rosterErr)
}

// roster asks for the sessions at two times. One of the two answers will do.
func (l *lookup) roster(ctx context.Context, from, to time.Time) error {
	l.sessions = map[source]session{}
	times := slices.Compact([]time.Time{from.Truncate(dumpEvery), to.Truncate(dumpEvery)})
	lists, errs := make([][]session, len(times)), make([]error, len(times))
	var wg sync.WaitGroup
	for i, at := range times {
		wg.Go(func() {
			var reply web.Reply
			if lists[i], _, reply, errs[i] = l.c.sessions(ctx, at); errs[i] == nil {
				l.skewed(reply)
			}
		})
	}
	wg.Wait()
	for _, list := range lists {
		for _, s := range list {
			l.sessions[source{s.Peer.Collector, s.Peer.Addr}] = s
		}
	}
	if len(l.sessions) == 0 {
		return errors.Join(errs...)
	}
	for _, err := range errs {
		if err != nil {
			l.failed(ctx, err, "some sessions of RIPE RIS are not told apart")
		}
	}
	return nil
}

// between asks for the changes of everything that was there at either end.
func (l *lookup) between(ctx context.Context, p *plan) {
	prefixes := l.candidates(p)
	if len(prefixes) == 0 {
		l.replayed = true
		return
	}
	list, err := l.updates(ctx, prefixes, l.start.at, l.end.at)
	if err != nil {
		l.failed(ctx, err, fmt.Sprintf("when anything changed between %s and %s is not known", clock(l.start.at), clock(l.end.at)))
		return
	}
	l.changes, l.replayed = list, true
}

// candidates gives the prefixes that were there at any time that was looked at, or
// that probably are, in order.
func (l *lookup) candidates(p *plan) []netip.Prefix {
	list := slices.AppendSeq(l.seen(l.start, l.end, l.now), maps.Keys(p.likely))
	checks.SortPrefixes(list)
	return slices.Compact(list)
}

// seen gives the prefixes that any of the views has routes for, in order.
func (l *lookup) seen(views ...*view) (list []netip.Prefix) {
	for _, v := range views {
		if v == nil {
			continue
		}
		for p := range v.routes {
			list = append(list, p)
		}
	}
	checks.SortPrefixes(list)
	return slices.Compact(list)
}

// lookNow asks the looking glass for every prefix that was there lately.
func (l *lookup) lookNow(ctx context.Context, p *plan) {
	prefixes := l.candidates(p)
	late := fmt.Sprintf("what changed after %s is not in the answer", clock(l.end.at))
	switch {
	case len(prefixes) == 0:
		l.note("RIPEstat's routes end at %s: nothing of %s was announced then, and %s", clock(l.end.at), l.name(), late)
		return
	case len(prefixes) > l.c.o.glass:
		l.note("RIPEstat's routes end at %s, and its looking glass is asked about %d prefixes at most, %s has %d: %s; a stream or a table dump would show it", clock(l.end.at), l.c.o.glass, l.name(), len(prefixes), late)
		return
	}
	for _, c := range l.controls[:min(len(l.controls), 1)] {
		prefixes = append(prefixes, c.Prefix)
	}
	if i := slices.IndexFunc(l.controls, func(c control) bool { return c.Prefix.Addr().Is6() }); i > 0 {
		prefixes = append(prefixes, l.controls[i].Prefix)
	}
	v, err := l.glasses(ctx, prefixes)
	if err == nil && v.at.Before(l.end.at) {
		err = moved("looking-glass", l.end.at, v.at)
	}
	if err == nil && len(l.controls) > 0 && len(v.proof) == 0 {
		err = &Error{Call: "looking-glass", Kind: NoData, Detail: "RIPEstat's looking glass is empty, even of what is always there"}
	}
	if err != nil {
		l.failed(ctx, err, late)
		return
	}
	l.now = v
}

// glasses asks the looking glass for several prefixes. The answer is as old as the
// oldest of them.
func (l *lookup) glasses(ctx context.Context, prefixes []netip.Prefix) (*view, error) {
	if have := left(ctx); len(prefixes) > have {
		return nil, &Error{Call: "looking-glass", Kind: Spent}
	}
	views, errs := make([]*view, len(prefixes)), make([]error, len(prefixes))
	var wg sync.WaitGroup
	for i, p := range prefixes {
		wg.Go(func() { views[i], errs[i] = l.glass(ctx, p) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all := newView()
	for _, v := range views {
		if all.at.IsZero() || v.at.Before(all.at) {
			all.at = v.at
		}
		all.merge(v)
	}
	return all, nil
}
