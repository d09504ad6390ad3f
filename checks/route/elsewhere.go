package route

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

const (
	noFullPaths = "whole paths of other networks are not kept here, so what became of their routes is not known"
	movedOnly   = "the recording holds updates alone: of networks that did not move it shows nothing"
	notLooked   = "what other networks' routes were before the loss is not known: it was found too late"
)

// Elsewhere tells how other origins' routes fared, from shortly before the target's
// present loss until now. Where nothing is lost it is zero. It needs [Rules].FullPaths,
// and rests on the last call of [Watch.Observe].
//
// Of each element at most 200 origins are looked at, of each vantage point and origin one
// route, and of each upstream at most 500 networks, by 16 of their prefixes: those with
// the lowest hashes and addresses. The hashes depend on when the loss began, so that a
// sample is as good as by chance, in every run the same, and not known beforehand. A session counts only while it votes, and its table was whole before the loss.
func (w *Watch) Elsewhere(now time.Time) checks.Elsewhere {
	r := w.rib
	switch {
	case len(w.lostNow) == 0:
		return checks.Elsewhere{}
	case r.tree == nil:
		return checks.Elsewhere{Missing: noFullPaths}
	case r.Tableless():
		return checks.Elsewhere{Missing: movedOnly}
	}
	if w.due != nil {
		w.look(stampOf(now))
		w.tend(r.newest)
	}
	if len(w.waves) == 0 {
		return checks.Elsewhere{Missing: notLooked}
	}
	c := w.compare(stampOf(now))
	if len(c.waves) == 0 {
		return checks.Elsewhere{Missing: w.waves[len(w.waves)-1].missing}
	}
	return c.elsewhere()
}

// comparison compares the tables before the losses with the present one.
type comparison struct {
	watch *Watch
	table *tableAt
	at    stamp
	waves []compared // newest first

	way  checks.Way // scratch
	hops checks.Path
	asns []checks.ASN
}

// compared is one loss.
type compared struct {
	*wave
	ok   [2][]bool
	held []uint32 // present values, by witness; nil until they are asked for
}

func (w *Watch) compare(now stamp) *comparison {
	r := w.rib
	c := &comparison{watch: w, table: r.tableThen(r.newest), at: min(now, r.newest)}
	voters := [2]electorate{r.electorate(0, false, now), r.electorate(1, false, now)}
	for k := len(w.waves) - 1; k >= 0; k-- {
		v := w.waves[k]
		if v.missing != "" {
			continue
		}
		c.waves = append(c.waves, compared{wave: v, ok: r.witnessing(voters, v.from, r.newest)})
	}
	return c
}

// hold takes the present values, each prefix unpacked once in a row of witnesses of it.
func (c *comparison) hold(d *compared) {
	d.held = make([]uint32, len(d.routes))
	var prefix netip.Prefix
	var held []uint32
	for n, x := range d.routes {
		if x.prefix != prefix {
			prefix, held = x.prefix, c.table.values(x.prefix)
		}
		if x.session < len(held) {
			d.held[n] = held[x.session]
		}
	}
}

func (c *comparison) elsewhere() checks.Elsewhere {
	e := checks.Elsewhere{From: c.waves[0].from.time(), To: c.at.time()}
	for _, x := range c.watch.lostElements() {
		p, from := c.passage(x)
		e.Passages = append(e.Passages, p)
		if from.Before(e.From) {
			e.From = from
		}
	}
	e.Siblings = c.siblings()
	return e
}

// lostElements gives what the usual paths of the lost prefixes led through, and those that
// were lost where these are others, ascending.
func (w *Watch) lostElements() []checks.Element {
	lost := make(map[netip.Prefix]bool, len(w.lostNow))
	for _, p := range w.lostNow {
		lost[p] = true
	}
	found, seen := map[checks.Element]bool{}, map[*checks.Hop]bool{} // prefixes share their paths
	var way checks.Way
	add := func(path checks.Path) {
		if len(path) == 0 || seen[&path[0]] {
			return
		}
		seen[&path[0]] = true
		way = path.AppendWay(way, w.rib.rules.RouteServers)
		for e := range way.Elements() {
			found[e] = true
		}
	}
	for i := range w.kept.Prefixes {
		bp := &w.kept.Prefixes[i]
		if !lost[bp.Prefix] {
			continue
		}
		for _, p := range bp.Paths {
			add(p.Path)
		}
		if p := w.prefixes[bp.Prefix]; p != nil {
			for _, h := range p.holds.all() {
				add(w.paths.paths[h.lastStable().path])
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), compareElements)
}

// passage tells how the routes through an element fared since the newest loss before which
// there were enough of them, and from when that is.
func (c *comparison) passage(e checks.Element) (p checks.Passage, from time.Time) {
	for k := range c.waves {
		d := &c.waves[k]
		now := c.passageSince(d, e)
		if k == 0 || now.Origins >= checks.MinSurvivors {
			p, from = now, d.from.time()
		}
		if p.Origins >= checks.MinSurvivors {
			break
		}
	}
	return p, from
}

// passageSince counts pairs: the routes of one pair stand together.
func (c *comparison) passageSince(d *compared, e checks.Element) checks.Passage {
	p := checks.Passage{Element: e}
	r := c.watch.rib
	if d.held == nil {
		c.hold(d)
	}
	lastOrigin, lastAS, still := checks.ASN(0), checks.ASN(0), false
	for _, n := range d.passages[e] {
		x := &d.routes[n]
		if !d.ok[familyOf(x.prefix)][x.session] {
			continue
		}
		as := r.sessions[x.session].peer.AS
		if x.origin != lastOrigin {
			p.Origins++
		}
		if x.origin != lastOrigin || as != lastAS {
			p.Before++
			still = false
		}
		lastOrigin, lastAS = x.origin, as
		if !still && (d.held[n] == x.value || c.passes(d.held[n], x.origin, e)) {
			p.Still++
			still = true
		}
	}
	return p
}

// passes reports whether a value is a route of an origin that passes an element.
func (c *comparison) passes(value uint32, origin checks.ASN, e checks.Element) bool {
	r := c.watch.rib
	if value == 0 || r.tree.tail(value).origin != origin {
		return false
	}
	c.hops, c.asns = r.tree.appendPath(c.hops[:0], c.asns[:0], value)
	c.way = c.hops.AppendWay(c.way, r.rules.RouteServers)
	return c.way.Passes(e)
}
