package checks

import (
	"net/netip"
	"slices"
)

// hegemony arranges the views and computes every scope.
func (v *views) hegemony() map[ASN]HegemonyScope {
	v.arrange()
	portions := v.portions()
	scopes := make(map[ASN]HegemonyScope, len(v.origins)+1)
	if v.opts.Global {
		scopes[GlobalScope] = v.scope(portions)
	}
	portions = bucket(portions, len(v.origins), func(p *portion) int32 { return p.origin })
	for len(portions) > 0 {
		n := 1
		for n < len(portions) && portions[n].origin == portions[0].origin {
			n++
		}
		scopes[v.origins[portions[0].origin]] = v.scope(portions[:n])
		portions = portions[n:]
	}
	return scopes
}

// portions splits the weight of each view among its origins.
func (v *views) portions() []portion {
	weight := make([]float64, len(v.views))
	var open []int
	for from := 0; from < len(v.views); {
		to := from + 1
		for to < len(v.views) && v.views[to].session == v.views[from].session {
			to++
		}
		open = v.weigh(v.views[from:to], weight[from:to], open)
		from = to
	}
	portions := make([]portion, 0, len(v.views))
	for i, w := range v.views {
		// Wholly covered by its more-specifics: nothing goes this way.
		if weight[i] <= 0 {
			continue
		}
		if o := v.originOf[w.path]; o != several {
			portions = append(portions, portion{view: w, origin: o, weight: weight[i]})
			continue
		}
		set := v.paths[w.path].Origins()
		for _, a := range set {
			portions = append(portions, portion{view: w, origin: v.originNumber[a], weight: weight[i] / float64(len(set))})
		}
	}
	return portions
}

// tally adds up, for one scope, what each AS carries.
type tally struct {
	index map[ASN]int32
	asns  []ASN
	sum   []float64 // of the present session; 0 where it has not seen the AS
	seen  []int32   // ASes with a sum
	bc    []float64 // of the present peer AS, sessions added up
	in    []int     // its sessions that saw the AS
	met   []int32   // ASes with a bc
	all   [][]float64
}

// scope computes hegemony over portions, which are in order of session.
func (v *views) scope(portions []portion) HegemonyScope {
	t := tally{index: make(map[ASN]int32)}
	scope := HegemonyScope{Hegemony: make(map[ASN]float64), Space: v.space(portions)}
	for len(portions) > 0 {
		n := 1
		for n < len(portions) && portions[n].session == portions[0].session {
			n++
		}
		t.addSession(v, portions[:n])
		here := portions[0].session
		portions = portions[n:]
		if len(portions) > 0 && v.sessions[portions[0].session].peer == v.sessions[here].peer {
			continue
		}
		t.closePeer(v.size[here], v.opts.SeenOnly)
		scope.Viewpoints++
	}
	for i, a := range t.asns {
		if h := trimmedMean(t.all[i], v.peers); h > 0 {
			scope.Hegemony[a] = h
		}
	}
	return scope
}

// space adds up what the origin of portions announces, each address once. Prefixes
// are numbered in order of address, the covering one first.
func (v *views) space(portions []portion) float64 {
	if v.held == nil {
		v.held = make([]bool, len(v.prefixes))
	}
	var held []int32
	for i := range portions {
		if p := portions[i].prefix; !v.held[p] {
			v.held[p] = true
			held = append(held, p)
		}
	}
	slices.Sort(held)
	space, last := 0.0, netip.Prefix{}
	for _, i := range held {
		v.held[i] = false
		p := v.prefixes[i]
		switch {
		case v.opts.IPv6:
			space++
		case !last.IsValid() || !last.Contains(p.Addr()):
			space, last = space+addresses(p), p
		}
	}
	return space
}

// addSession adds the betweenness that one session sees.
func (t *tally) addSession(v *views, portions []portion) {
	total := 0.0
	for i := 0; i < len(portions); {
		// Most prefixes of an origin take the same path: add them up first.
		first, weight := portions[i], 0.0
		path := v.paths[first.path]
		for i < len(portions) && portions[i].origin == first.origin && (portions[i].path == first.path || path.Equal(v.paths[portions[i].path])) {
			weight += portions[i].weight
			i++
		}
		total += weight
		t.addPath(path, v.origins[first.origin], weight)
	}
	for _, a := range t.seen {
		if t.in[a] == 0 {
			t.met = append(t.met, a)
		}
		t.bc[a] += t.sum[a] / total
		t.in[a]++
		t.sum[a] = 0
	}
	t.seen = t.seen[:0]
}

// addPath gives weight to every AS on path, up to the first place that holds
// the origin.
func (t *tally) addPath(path Path, origin ASN, weight float64) {
	for i, hop := range path {
		if slices.Contains(hop, origin) {
			t.addAS(origin, weight)
			return
		}
		for j, a := range hop {
			if !path[:i].Holds(a) && !slices.Contains(hop[:j], a) {
				t.addAS(a, weight/float64(len(hop)))
			}
		}
	}
}

func (t *tally) addAS(a ASN, weight float64) {
	i, ok := t.index[a]
	if !ok {
		i = int32(len(t.asns))
		t.index[a] = i
		t.asns = append(t.asns, a)
		t.sum, t.bc, t.in, t.all = append(t.sum, 0), append(t.bc, 0), append(t.in, 0), append(t.all, nil)
	}
	if t.sum[i] == 0 {
		t.seen = append(t.seen, i)
	}
	t.sum[i] += weight
}

// closePeer averages what the sessions of one peer AS saw.
func (t *tally) closePeer(sessions int, seenOnly bool) {
	for _, a := range t.met {
		n := sessions
		if seenOnly {
			n = t.in[a]
		}
		t.all[a] = append(t.all[a], t.bc[a]/float64(n))
		t.bc[a], t.in[a] = 0, 0
	}
	t.met = t.met[:0]
}

// trimmedMean is the mean of n values, of which those not listed are 0, without
// the floor(n/10) highest and lowest. It sorts values.
func trimmedMean(values []float64, n int) float64 {
	cut := n / trimPart
	slices.Sort(values)
	low := max(0, cut-(n-len(values))) // of the listed ones, after the zeros
	high := len(values) - cut
	sum := 0.0
	for i := low; i < high; i++ {
		sum += values[i]
	}
	return sum / float64(n-2*cut)
}

// ranked sorts list in place, and says for each of its old places the new one.
func ranked[T any](list []T, compare func(a, b T) int) (sorted []T, rank []int32) {
	order := make([]int32, len(list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(list[a], list[b]) })
	sorted, rank = make([]T, len(list)), make([]int32, len(list))
	for i, from := range order {
		sorted[i], rank[from] = list[from], int32(i)
	}
	return sorted, rank
}

// bucket sorts list by a key below n, and keeps the order of equal keys.
func bucket[T any](list []T, n int, key func(*T) int32) []T {
	next := make([]int, n+1)
	for i := range list {
		next[key(&list[i])+1]++
	}
	for i := range n {
		next[i+1] += next[i]
	}
	out := make([]T, len(list))
	for i := range list {
		k := key(&list[i])
		out[next[k]] = list[i]
		next[k]++
	}
	return out
}
