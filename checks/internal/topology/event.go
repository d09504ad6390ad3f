package topology

import (
	"math/rand/v2"
	"slices"

	"isitdown/checks"
)

// Kind is what an event is.
type Kind int

// The kinds of event.
const (
	LastLink     Kind = iota + 1 // every adjacency of the origins fails
	Withdrawal                   // the origins no longer announce
	NetworkFails                 // an AS next to the origins fails, with all its adjacencies
	LinkAbove                    // the one adjacency over the AS next to the origins fails
	NetworkAbove                 // the AS over the AS next to the origins fails
	Rejection                    // a part of all networks drops the routes: they are RPKI-invalid
	Failover                     // an AS next to origins fails that have another way: no outage
	Reset                        // sessions of vantage points end and come back: no outage
	Hijack                       // another AS announces the same prefixes
	SubHijack                    // another AS announces more-specific ones
	Leak                         // a stub passes what it has from one provider on to another
)

// String gives a few words for a table.
func (k Kind) String() string {
	return [...]string{
		"", "last link", "origin withdraws", "upstream fails", "link above it fails", "network above it fails",
		"rejected as RPKI-invalid", "upstream fails, another remains", "sessions reset", "hijack", "hijack of a part", "leak",
	}[k]
}

// Event is something that happens to some origins.
type Event struct {
	Kind    Kind
	Origins []int // of World.ASes, ascending: those that are looked at
	// Truth is what happened, as an attribution would have to say it: all of it, for those
	// origins that it names. Empty where nothing disappeared.
	Truth []checks.Candidate

	changes []change
	ended   []int // vantage points whose session ends
}

// change is what becomes of a group.
type change struct {
	number int // of World.Groups, -1 for one that is new
	before [][]checks.ASN
	routes *routes // after
}

// Draw makes up an event of a kind. It tries a number of networks, and gives false where
// none of them fits.
func (w *World) Draw(k Kind, rng *rand.Rand) (*Event, bool) {
	for range 300 {
		e := &Event{Kind: k}
		if w.draw(e, rng) && w.fits(e) {
			slices.Sort(e.Origins)
			return e, true
		}
	}
	return nil, false
}

func (w *World) draw(e *Event, rng *rand.Rand) bool {
	several := rng.IntN(4) == 0 // a quarter of the events are looked at for several origins
	switch e.Kind {
	case LastLink:
		return w.lastLink(e, w.some(rng, several))
	case Withdrawal:
		return w.withdrawal(e, w.some(rng, several))
	case NetworkFails, LinkAbove, NetworkAbove, Failover:
		return w.above(e, rng, several)
	case Rejection:
		return w.rejection(e, rng)
	case Reset:
		return w.reset(e, rng)
	case Hijack, SubHijack:
		return w.hijack(e, rng)
	case Leak:
		return w.leakage(e, rng)
	}
	return false
}

// fits reports whether the event is what its kind says: an outage at half of the vantage
// points that could see it or more, or none.
func (w *World) fits(e *Event) bool {
	lost, most := 0, 0.0
	for _, o := range e.Origins {
		for _, g := range w.Of(o) {
			share := w.LostShare(e, g, nil)
			most = max(most, share)
			if share >= 0.5 {
				lost++
			}
		}
	}
	switch e.Kind {
	case LastLink, Withdrawal, NetworkFails, LinkAbove, NetworkAbove, Rejection:
		return lost > 0
	case Failover:
		return most < 0.05
	}
	return true
}

// LostShare gives the part of the vantage points with a route of a group, and a session
// that stays up, that are without one once all has settled. Those that are stuck have
// what they had.
func (w *World) LostShare(e *Event, group int, stuck []int) float64 {
	lost, had := 0, 0
	for _, c := range e.changes {
		if c.number != group {
			continue
		}
		for v, at := range w.Vantage {
			if c.before[v] != nil && !slices.Contains(e.ended, v) {
				had++
				if (c.routes == nil || !c.routes.has(at.AS)) && !slices.Contains(stuck, v) {
					lost++
				}
			}
		}
	}
	return float64(lost) / float64(max(1, had))
}

// watched reports whether an AS gives its routes to a collector.
func (w *World) watched(a int) bool {
	return slices.ContainsFunc(w.Vantage, func(v Vantage) bool { return v.AS == a })
}

// some gives a stub that is no vantage point, or a few of one region.
func (w *World) some(rng *rand.Rand, several bool) (list []int) {
	region, n := -1, 1
	if several {
		region, n = rng.IntN(5), 2+rng.IntN(5)
	}
	for _, a := range rng.Perm(len(w.ASes)) {
		e := &w.ASes[a]
		if e.Tier == Stub && !w.watched(a) && (region < 0 || e.Region == region) && len(list) < n {
			list = append(list, a)
		}
	}
	return list
}

// lastLink cuts every adjacency of the origins. What nobody's path showed before is no
// part of the truth that an observer could find.
func (w *World) lastLink(e *Event, origins []int) bool {
	e.Origins = origins
	down := make([]bool, len(w.links))
	for _, o := range origins {
		for _, l := range w.ASes[o].links {
			down[l] = true
			if n, _ := w.from(o, l); w.crossed(o, l) {
				e.Truth = append(e.Truth, checks.Candidate{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: w.ASes[n].ASN, To: w.ASes[o].ASN}})
			}
		}
	}
	w.cut(e, down)
	return true
}

// crossed reports whether a vantage point's path to an origin crosses a link.
func (w *World) crossed(origin, l int) bool {
	return slices.ContainsFunc(w.Of(origin), func(g int) bool { return w.used[g][l] })
}

func (w *World) withdrawal(e *Event, origins []int) bool {
	e.Origins = origins
	for _, o := range origins {
		for _, g := range w.Of(o) {
			e.changes = append(e.changes, change{number: g, before: w.paths[g]})
		}
		e.Truth = append(e.Truth, checks.Candidate{Kind: checks.OriginWithdrew, Element: checks.Element{AS: w.ASes[o].ASN}})
	}
	return true
}

// above breaks something over an origin: the network next to it, or what is above that.
func (w *World) above(e *Event, rng *rand.Rand, several bool) bool {
	o := w.some(rng, false)[0]
	ups, _ := w.neighbours(o, ofProvider)
	if len(ups) == 0 || e.Kind == Failover && len(ups) < 2 {
		return false
	}
	u := ups[rng.IntN(len(ups))]
	e.Origins = []int{o}
	if several {
		e.Origins = w.beside(u, o, rng)
	}
	over, links := w.neighbours(u, ofProvider)
	if len(over) == 0 && e.Kind != NetworkFails && e.Kind != Failover {
		return false
	}
	down := make([]bool, len(w.links))
	switch e.Kind {
	case LinkAbove:
		i := rng.IntN(len(over))
		e.Truth = []checks.Candidate{{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: w.ASes[over[i]].ASN, To: w.ASes[u].ASN}}}
		down[links[i]] = true
		if !w.disconnected(o, down) {
			return false
		}
		w.cut(e, down)
		return true
	case NetworkAbove:
		u = over[rng.IntN(len(over))]
	}
	for _, l := range w.ASes[u].links {
		down[l] = true
	}
	if w.disconnected(o, down) == (e.Kind == Failover) {
		return false
	}
	if e.Kind != Failover {
		e.Truth = []checks.Candidate{{Kind: checks.NetworkFailed, Element: checks.Element{AS: w.ASes[u].ASN}}}
	}
	w.fail(e, u, down)
	return true
}

// disconnected tells, before all else is computed, whether half of the vantage points lose
// a group of an origin.
func (w *World) disconnected(o int, down []bool) bool {
	for _, g := range w.Of(o) {
		had, has := 0, 0
		r := w.stable(&w.Groups[g], damage{links: down})
		for v, at := range w.Vantage {
			if w.paths[g][v] != nil {
				had++
			}
			if r.has(at.AS) {
				has++
			}
		}
		if has*2 <= had {
			return true
		}
	}
	return false
}

// beside gives some of those customers of a network, the given one among them, that are
// stubs and no vantage points: part of them, so that others remain to compare with.
func (w *World) beside(u, o int, rng *rand.Rand) []int {
	list := []int{o}
	customers, _ := w.neighbours(u, ofCustomer)
	for _, c := range customers {
		if c != o && w.ASes[c].Tier == Stub && !w.watched(c) && len(list) < 6 && rng.IntN(3) == 0 {
			list = append(list, c)
		}
	}
	return list
}

// fail takes all adjacencies of an AS, and the session of the vantage point in it.
func (w *World) fail(e *Event, a int, down []bool) {
	w.cut(e, down)
	for v, at := range w.Vantage {
		if at.AS == a && !slices.Contains(e.ended, v) {
			e.ended = append(e.ended, v)
		}
	}
}

// cut computes the routes without some links. A vantage point that has hardly a route left
// cannot reach its collector either: its session ends.
func (w *World) cut(e *Event, down []bool) {
	lost := make([]int, len(w.Vantage))
	for g := range w.Groups {
		if !touches(w.used[g], down) {
			continue // losing a way that nobody has chosen changes nothing
		}
		r := w.stable(&w.Groups[g], damage{links: down})
		e.changes = append(e.changes, change{number: g, before: w.paths[g], routes: r})
		for v, at := range w.Vantage {
			if !r.has(at.AS) {
				lost[v]++
			}
		}
	}
	for v, n := range lost {
		if n*2 > len(w.Groups) {
			e.ended = append(e.ended, v)
		}
	}
}

func touches(used, down []bool) bool {
	for l, d := range down {
		if d && used[l] {
			return true
		}
	}
	return false
}

// rejection lets a part of all networks refuse the routes of one origin, large ones first.
func (w *World) rejection(e *Event, rng *rand.Rand) bool {
	o := w.some(rng, false)[0]
	e.Origins = []int{o}
	e.Truth = []checks.Candidate{{Kind: checks.Rejected}}
	large, small := 20+rng.IntN(80), rng.IntN(60)
	refuses := make([]bool, len(w.ASes))
	for a := range w.ASes {
		share := small
		if w.ASes[a].Tier <= Transit {
			share = large
		}
		refuses[a] = a != o && rng.IntN(100) < share
	}
	for _, g := range w.Of(o) {
		e.changes = append(e.changes, change{number: g, before: w.paths[g], routes: w.stable(&w.Groups[g], damage{refuses: refuses})})
	}
	return true
}

// reset ends the sessions of one to all but a few vantage points.
func (w *World) reset(e *Event, rng *rand.Rand) bool {
	e.Origins = w.some(rng, rng.IntN(4) == 0)
	n := 1 + rng.IntN(len(w.Vantage)*4/5)
	e.ended = rng.Perm(len(w.Vantage))[:n]
	slices.Sort(e.ended)
	return true
}
