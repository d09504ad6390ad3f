package topology

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Step is one message of a vantage point, or the beginning or end of its session.
type Step struct {
	At       time.Duration // since the event
	Vantage  int
	Does     Deed
	Prefixes []netip.Prefix // of one family; valid for as long as the world
	Path     []checks.ASN   // of an announcement, as it is written
}

// Deed is what a step does.
type Deed int

// The deeds.
const (
	Announces Deed = iota + 1
	Withdraws
	Ends   // the session
	Begins // the session; its table follows
)

// Play is an event as the collectors hear of it.
type Play struct {
	Break []Step // from a few minutes before it on, in the order of time
	Mend  []Step // what follows when all is repaired, counted from then on
	Stuck []int  // vantage points that keep what they held, ascending
}

// The times of a play. A withdrawal takes two minutes to reach everyone.
const (
	slowest   = 2 * time.Minute
	hunting   = 2 * time.Minute // for which other paths may be tried
	around    = 8 * time.Minute // within which unrelated networks go and come
	fleeting  = 20 * time.Second
	unrelated = 3 // networks that do so in each play
)

// Play makes the messages of an event. A part of the vantage points, out of 1, is stuck.
func (w *World) Play(e *Event, stuck float64, rng *rand.Rand) Play {
	p := play{World: w, e: e, rng: rng, ended: map[int]bool{}, stuck: map[int]bool{}, base: make([]time.Duration, len(w.Vantage))}
	for v := range p.base {
		p.base[v] = p.wait()
	}
	for _, v := range e.ended {
		p.ended[v] = true
	}
	p.stick(stuck)
	for _, c := range e.changes {
		for v := range w.Vantage {
			if !p.ended[v] && !p.stuck[v] {
				p.change(&c, v)
			}
		}
	}
	for _, v := range e.ended {
		p.session(v)
	}
	p.background()
	return p.done()
}

// play is a play in the making.
type play struct {
	*World
	e            *Event
	rng          *rand.Rand
	ended, stuck map[int]bool
	base         []time.Duration // how long news takes to reach a vantage point
	out          Play
}

// wait draws how long something takes: most of it is quick, nothing takes over two minutes.
func (p *play) wait() time.Duration {
	return min(slowest, time.Duration(p.rng.ExpFloat64()*float64(25*time.Second)))
}

func (p *play) upTo(d time.Duration) time.Duration { return time.Duration(p.rng.Int64N(int64(d))) }

// stick chooses who is stuck: clusters of vantage points that have the origin's routes
// over the same network, until there are enough of them.
func (p *play) stick(share float64) {
	n := int(share*float64(len(p.Vantage)) + 0.5)
	g := p.Of(p.e.Origins[0])[0]
	for len(p.stuck) < n {
		seed := p.paths[g][p.rng.IntN(len(p.Vantage))]
		if len(seed) == 0 {
			seed = []checks.ASN{0}
		}
		shared := seed[min(len(seed)-1, p.rng.IntN(3))]
		for _, v := range p.rng.Perm(len(p.Vantage)) {
			if len(p.stuck) < n && slices.Contains(p.paths[g][v], shared) {
				p.stuck[v] = true
			}
		}
	}
	for v := range p.stuck {
		p.out.Stuck = append(p.out.Stuck, v)
	}
	slices.Sort(p.out.Stuck)
}

// change tells what one vantage point hears of one group.
func (p *play) change(c *change, v int) {
	var after []checks.ASN
	var prefixes []netip.Prefix
	if c.routes != nil {
		after, prefixes = c.routes.path(p.World, p.Vantage[v].AS), c.routes.group.Prefixes
	} else {
		prefixes = p.Groups[c.number].Prefixes
	}
	before := c.before[v]
	if slices.Equal(before, after) {
		return
	}
	at := p.base[v] + p.upTo(5*time.Second)
	if c.number >= 0 {
		at += p.hunt(c.number, v, at, prefixes)
	}
	p.out.Break = append(p.out.Break, say(at, v, prefixes, after))
	p.out.Mend = append(p.out.Mend, say(p.upTo(time.Minute), v, prefixes, before))
}

// say is an announcement, or a withdrawal where there is no path.
func say(at time.Duration, v int, prefixes []netip.Prefix, path []checks.ASN) Step {
	if path == nil {
		return Step{At: at, Vantage: v, Does: Withdraws, Prefixes: prefixes}
	}
	return Step{At: at, Vantage: v, Does: Announces, Prefixes: prefixes, Path: path}
}

// hunt tries, in half of the cases, up to two other paths before the end: those that
// neighbours had, longer as a rule, and as dead. It gives the time that took.
func (p *play) hunt(group, v int, at time.Duration, prefixes []netip.Prefix) (took time.Duration) {
	a := p.Vantage[v].AS
	for range p.rng.IntN(4) - 1 {
		links := p.ASes[a].links
		l := links[p.rng.IntN(len(links))]
		n, kind := p.from(a, l)
		r := p.routes[group]
		if !r.has(n) || kind != ofProvider && r.rank[n] != ofCustomer || int32(l) == r.next[a] || p.links[l].ipv4Only && p.Groups[group].IPv6 {
			continue
		}
		path := r.path(p.World, n)
		if slices.Contains(path, p.ASes[a].ASN) {
			continue
		}
		path = append([]checks.ASN{p.ASes[a].ASN}, path...)
		p.out.Break = append(p.out.Break, say(at+took, v, prefixes, path))
		took += time.Second + p.upTo(hunting/2)
	}
	return took
}

// session ends the session of a vantage point, every second time after it has withdrawn
// all its routes, and brings it back later with its table.
func (p *play) session(v int) {
	at := p.upTo(time.Minute)
	if p.rng.IntN(2) == 0 {
		for g := range p.Groups {
			if p.paths[g][v] != nil {
				p.out.Break = append(p.out.Break, say(at+p.upTo(fleeting), v, p.Groups[g].Prefixes, nil))
			}
		}
		at += fleeting
	}
	p.out.Break = append(p.out.Break, Step{At: at, Vantage: v, Does: Ends})
	back := &p.out.Mend
	if p.e.Kind == Reset { // it comes back by itself, soon or late
		back, at = &p.out.Break, at+30*time.Second+p.upTo(20*time.Minute)
	} else {
		at = 0
	}
	*back = append(*back, Step{At: at, Vantage: v, Does: Begins})
	for g := range p.Groups {
		if p.paths[g][v] != nil {
			*back = append(*back, say(at+time.Second+p.upTo(3*time.Minute), v, p.Groups[g].Prefixes, p.paths[g][v]))
		}
	}
}

// background lets unrelated networks go and come back around the event.
func (p *play) background() {
	touched := map[int]bool{}
	for _, c := range p.e.changes {
		touched[c.number] = true
	}
	for range unrelated {
		g := p.rng.IntN(len(p.Groups))
		if touched[g] || slices.Contains(p.e.Origins, p.Groups[g].Origin) {
			continue
		}
		touched[g] = true
		from := p.upTo(2*around) - around
		length := time.Second + p.upTo(around)
		for v := range p.Vantage {
			if p.paths[g][v] == nil || p.ended[v] {
				continue
			}
			p.out.Break = append(p.out.Break,
				say(from+p.base[v], v, p.Groups[g].Prefixes, nil),
				say(from+p.base[v]+length, v, p.Groups[g].Prefixes, p.paths[g][v]))
		}
	}
}

func (p *play) done() Play {
	for _, list := range [][]Step{p.out.Break, p.out.Mend} {
		slices.SortStableFunc(list, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	}
	return p.out
}
