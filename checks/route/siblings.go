package route

import (
	"slices"

	"isitdown/checks"
)

// siblings tells what became of the other networks behind each upstream.
func (c *comparison) siblings() (list []checks.Siblings) {
	for k := range c.waves {
		d := &c.waves[k]
		lost := c.watch.lostNetworks(d.wave, c.table, d.ok)
		for _, b := range d.behind {
			s := checks.Siblings{Upstream: b.upstream, Networks: len(b.networks), Usual: d.usual, History: d.history}
			for _, n := range b.networks {
				if d.settled && d.networks[n].lost || !d.settled && lost[n] {
					s.Lost++
				}
			}
			at := slices.IndexFunc(list, func(o checks.Siblings) bool { return o.Upstream == b.upstream })
			switch {
			case at < 0:
				list = append(list, s)
			case list[at].Networks < checks.MinSurvivors && s.Networks >= checks.MinSurvivors:
				list[at] = s
			}
		}
	}
	return list
}

// settle notes which networks were lost when the window of a loss was over: what is
// lost later has not gone with it.
func (w *Watch) settle(v *wave, until stamp) {
	r := w.rib
	v.settled = true
	voters := [2]electorate{r.electorate(0, false, until), r.electorate(1, false, until)}
	lost := w.lostNetworks(v, r.tableThen(max(until, r.journal.reach)), r.witnessing(voters, v.from, until))
	for n := range v.networks {
		v.networks[n].lost = lost[n]
	}
}

// lostNetworks tells of each network of a loss whether most of the vantage points that
// had any of its prefixes have none in a table. Those of which no session witnesses are
// left out.
func (w *Watch) lostNetworks(v *wave, table *tableAt, ok [2][]bool) []bool {
	r := w.rib
	vantage, vantages := r.numbered()
	var active [2]points
	for f := range active {
		active[f] = newPoints(vantages)
		for i := range ok[f] {
			if ok[f][i] {
				active[f].set(vantage[i])
			}
		}
	}
	lost := make([]bool, len(v.networks))
	had, held := newPoints(vantages), newPoints(vantages)
	for n := range v.networks {
		clear(had)
		clear(held)
		for _, p := range v.networks[n].prefixes {
			f := familyOf(p.prefix)
			had.both(p.had, active[f])
			for i, value := range table.values(p.prefix) {
				if value != 0 && ok[f][i] && r.tree.tail(value).origin == v.networks[n].origin {
					held.set(vantage[i])
				}
			}
		}
		all := had.count()
		lost[n] = all > 0 && (all-had.common(held))*2 > all
	}
	return lost
}
