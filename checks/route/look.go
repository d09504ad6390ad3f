package route

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"isitdown/checks"
)

// look takes the witnesses of the loss that is due.
func (w *Watch) look(now stamp) {
	v, r := w.due, w.rib
	w.due = nil
	if len(w.waves) == keepWaves {
		w.waves = slices.Delete(w.waves, 0, 1)
	}
	w.waves = append(w.waves, v)
	if r.Tableless() {
		v.missing = movedOnly
		return
	}
	voters := [2]electorate{r.electorate(0, false, now), r.electorate(1, false, now)}
	if v.from, v.missing = r.undisturbed(v.first, voters); v.missing != "" {
		return
	}
	v.usual, v.history = r.background.usual(v.from)
	r.newScan(w, v, voters).run(v)
	r.forgetWitnesses(v)
}

// forgetWitnesses drops the witnesses of the oldest losses where all have too many
// together: a large network takes thousands of targets with it.
func (r *RIB) forgetWitnesses(newest *wave) {
	most, kept := r.rules.MaxWitnesses, 0
	var old []*wave
	for _, w := range r.watches {
		for _, v := range w.waves {
			kept += len(v.routes)
			if v != newest && v.missing == "" {
				old = append(old, v)
			}
		}
	}
	if most == 0 || kept <= most {
		return
	}
	slices.SortStableFunc(old, func(a, b *wave) int { return cmp.Compare(a.at, b.at) })
	for _, v := range old {
		if kept <= most {
			return
		}
		kept -= len(v.routes)
		v.witnesses = witnesses{}
		v.missing = fmt.Sprintf("what other networks' routes were before the loss at %s UTC is no longer kept: too many other losses came after it",
			v.first.time().Format("15:04"))
	}
}

// undisturbed gives the time shortly before a loss whose table can be told, or why none can.
func (r *RIB) undisturbed(first stamp, voters [2]electorate) (from stamp, missing string) {
	if r.journal.reach >= first {
		return 0, fmt.Sprintf("what other networks' routes were before the loss at %s UTC is no longer known: changes are kept back to %s",
			first.time().Format("15:04"), r.journal.reach.time().Format("15:04:05"))
	}
	from = max(first.add(-beforeLoss), r.journal.reach)
	var whole []stamp
	for f := range voters {
		for _, list := range voters[f].sessions {
			for _, i := range list {
				whole = append(whole, r.sessions[i].wholeSince())
			}
		}
	}
	slices.Sort(whole)
	if n := len(whole); n > 0 && whole[(n-1)/2] > from { // it began when most tables had just come
		from = whole[(n-1)*3/4]
	}
	if len(whole) == 0 || from >= first {
		return 0, "the loss began before the tables of most vantage points were known, so what other networks' routes were is not"
	}
	return from, ""
}

// usualWays gives what the target's usual paths led through, and those that it had at from
// where these are others, each with the number of routes that did, who originates
// them and who stands next to these.
func (w *Watch) usualWays(at, from stamp) (elements map[checks.Element]int, own map[checks.ASN]bool, hops map[checks.ASN]int) {
	elements, own, hops = map[checks.Element]int{}, map[checks.ASN]bool{}, map[checks.ASN]int{}
	for _, a := range w.target.Origins {
		own[a] = true
	}
	for path, n := range w.usualPaths(at, from) {
		way := path.Way(w.rib.rules.RouteServers...)
		for e := range way.Elements() {
			elements[e] += n
		}
		own[way.Origin()] = true
		if u := way.LastHop(); u != 0 {
			hops[u] += n
		}
	}
	return elements, own, hops
}

// usualPaths gives the target's usual paths, and those of from, with the number of routes
// that take each. Where a baseline is held its paths are among them: a target that came
// and went for a day has no other usual ones.
func (w *Watch) usualPaths(at, from stamp) iter.Seq2[checks.Path, int] {
	return func(yield func(checks.Path, int) bool) {
		if w.frozen != 0 {
			for i := range w.kept.Prefixes {
				for _, s := range w.kept.Prefixes[i].Paths {
					if len(s.Path) > 0 && !yield(s.Path, len(s.Peers)) {
						return
					}
				}
			}
		}
		routes := map[uint32]int{}
		for _, p := range w.sorted {
			for _, h := range p.holds.all() {
				c, held := w.usualPath(h, at), h.heldAt(from)
				if c.path > impliedPath && w.frozen == 0 {
					routes[c.path]++
				}
				if held > impliedPath && held != c.path && w.origin(held) {
					routes[held]++
				}
			}
		}
		for id, n := range routes {
			if !yield(w.paths.paths[id], n) {
				return
			}
		}
	}
}

// mostOf gives the keys with the largest numbers, the largest first.
func mostOf[K comparable](of map[K]int, compare func(a, b K) int, most int) []K {
	list := slices.SortedFunc(maps.Keys(of), func(a, b K) int { return cmp.Or(cmp.Compare(of[b], of[a]), compare(a, b)) })
	return list[:min(most, len(list))]
}

func compareElements(a, b checks.Element) int {
	return cmp.Or(cmp.Compare(a.AS, b.AS), cmp.Compare(a.To, b.To))
}

// upstreamsOf gives the ASes behind which other networks are looked at: those next to the
// origins, and those that carried most.
func upstreamsOf(elements []checks.Element, own map[checks.ASN]bool, hops map[checks.ASN]int) []checks.ASN {
	const most = maxBehind - 3
	list := mostOf(hops, cmp.Compare, most)
	for _, e := range elements { // the most used first
		if len(list) == maxBehind {
			break
		}
		if !e.Adjacency() && !own[e.AS] && !slices.Contains(list, e.AS) {
			list = append(list, e.AS)
		}
	}
	return list
}
