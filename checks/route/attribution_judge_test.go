package route

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"isitdown/checks"
	"isitdown/checks/internal/topology"
)

// results counts what became of the events of one kind at one share of stuck peers.
type results struct {
	events int // that were seen as a loss, if they are outages
	unseen int // outages of which half of the vantage points kept all, being stuck
	right  int // outages with the truth in every set that it needs
	strict int // those whose sets have the smallest adjacency next to the origin too
	told   int // outages with a set
	// The mean size of the sets of an outage, added up: of members that exclude each other,
	// and of all. Stuck routes are what any of the others may leave.
	size, whole float64
	grades      [4]int
	family      [2]struct{ sets, right int }
	// What must not be: a network next to the origin named where the origin or its links
	// are the truth; a withdrawal told of what is none; down where routes are; a strong grade.
	upstream, withdrawn, down, strong int
	missed                            []string
}

// sheet is the results of all kinds and shares.
type sheet struct {
	sync.Mutex
	rows map[row]*results
}

type row struct {
	stuck float64
	kind  topology.Kind
}

func (s *sheet) at(r row) *results {
	if s.rows == nil {
		s.rows = map[row]*results{}
	}
	if s.rows[r] == nil {
		s.rows[r] = &results{}
	}
	return s.rows[r]
}

// mostAttributions is how many of them a verdict has.
const mostAttributions = 5

// disconnects reports whether a kind of event is an outage.
func disconnects(k topology.Kind) bool { return k <= topology.Rejection }

// saysWithdrawn reports whether an attribution says that routes went away by themselves.
func saysWithdrawn(a *checks.Attribution) bool {
	return slices.ContainsFunc(a.Set, func(c checks.Candidate) bool {
		return c.Kind == checks.OriginWithdrew || c.Kind == checks.AdjacencyFailed || c.Kind == checks.NetworkFailed
	})
}

// judge compares a verdict with what happened.
func (s *sheet) judge(x *trial, h *happened) {
	e, v := h.event, &h.verdict
	s.Lock()
	defer s.Unlock()
	n := s.at(row{x.stuck, e.Kind})
	outage := disconnects(e.Kind)
	lost := x.world.Lost(e, h.stuck)
	switch {
	case outage && len(lost) == 0:
		n.unseen++
	default:
		n.events++
	}
	if v.State == checks.Down && !outage {
		n.down++
	}
	for i := range v.Disappeared {
		a := &v.Disappeared[i]
		n.grades[a.Grade]++
		if a.Grade == checks.EvidenceStrong {
			n.strong++
		}
		if !outage && saysWithdrawn(a) {
			n.withdrawn++
		}
		if (e.Kind == topology.LastLink || e.Kind == topology.Withdrawal) && a.Rule != checks.RuleUntold && blamesNetwork(a) {
			n.upstream++
		}
	}
	if outage && len(lost) > 0 {
		n.sizes(v)
		n.compare(x, h, lost)
	}
}

// sizes adds the size of the sets of an outage.
func (n *results) sizes(v *checks.Verdict) {
	sets, members, all := 0.0, 0.0, 0.0
	for _, a := range v.Disappeared {
		if len(a.Set) == 0 {
			continue
		}
		sets++
		all += float64(len(a.Set))
		for _, c := range a.Set {
			if c.Kind != checks.StuckRoutes {
				members++
			}
		}
	}
	if sets > 0 {
		n.told++
		n.size += members / sets
		n.whole += all / sets
	}
}

func blamesNetwork(a *checks.Attribution) bool {
	return slices.ContainsFunc(a.Set, func(c checks.Candidate) bool { return c.Kind == checks.NetworkFailed })
}

// leastCarried is the part of the lost routes that an adjacency next to the origin must
// have carried to be asked for; the rules leave smaller ones out. Those count as strict.
const leastCarried = 0.05

// compare counts whether each group that was lost has its truth in its set.
func (n *results) compare(x *trial, h *happened, lost []int) {
	right, strict := true, true
	for _, g := range lost {
		list := h.verdict.Disappeared
		i := slices.IndexFunc(list, func(a checks.Attribution) bool { return slices.Contains(a.Prefixes, x.world.Groups[g].Prefixes[0]) })
		if i < 0 && len(list) == mostAttributions {
			continue // it is counted in a reason: so many are not printed
		}
		family := &n.family[familyOf(x.world.Groups[g].Prefixes[0])]
		family.sets++
		if i < 0 {
			right = false
			n.missed = append(n.missed, miss(x, h, g, nil))
			continue
		}
		told := x.told(g, &list[i])
		strict = strict && holdsAll(list[i].Set, x.world.TruthOf(h.event, told, h.stuck, 0))
		if holdsAll(list[i].Set, x.world.TruthOf(h.event, told, h.stuck, leastCarried)) {
			family.right++
			continue
		}
		right = false
		n.missed = append(n.missed, miss(x, h, g, &list[i]))
	}
	if right {
		n.right++
	}
	if right && strict {
		n.strict++
	}
}

// told gives the groups of the origin of one that an attribution speaks of.
func (x *trial) told(group int, a *checks.Attribution) (list []int) {
	for _, g := range x.world.Of(x.world.Groups[group].Origin) {
		if slices.Contains(a.Prefixes, x.world.Groups[g].Prefixes[0]) {
			list = append(list, g)
		}
	}
	return list
}

func holdsAll(set, truth []checks.Candidate) bool {
	return !slices.ContainsFunc(truth, func(c checks.Candidate) bool { return !slices.Contains(set, c) })
}

// miss describes a set without the truth; nil for none at all.
func miss(x *trial, h *happened, group int, a *checks.Attribution) string {
	g := &x.world.Groups[group]
	text := fmt.Sprintf("seed %d, %g stuck, %s, %s of %s: truth %s; ", x.world.Seed, x.stuck, h.event.Kind, g.Prefixes[0],
		x.world.ASes[g.Origin].ASN, candidates(x.world.TruthOf(h.event, []int{group}, h.stuck, leastCarried)))
	if a == nil {
		return text + fmt.Sprintf("no attribution (state %s, %d others)", h.verdict.State, len(h.verdict.Disappeared))
	}
	text += fmt.Sprintf("rule %s, set %s, lost %d kept %d unchanged %d", a.Rule, candidates(a.Set), a.Lost, a.Kept, a.KeptUnchanged)
	for _, s := range a.Scores {
		text += fmt.Sprintf("\n    %s coverage %.3f score %.3f still %d of %d, %d origins", s.Element, s.Coverage, s.Score, s.Passage.Still, s.Passage.Before, s.Passage.Origins)
	}
	return text
}

func candidates(list []checks.Candidate) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.Kind.String() + " " + c.Element.String()
	}
	return "{" + strings.Join(words, ", ") + "}"
}
