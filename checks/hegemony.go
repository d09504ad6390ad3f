package checks

import (
	"cmp"
	"iter"
	"maps"
	"net/netip"
	"slices"
)

// AS hegemony says how much of the way to a network hangs on each AS on it:
// 1 where every path holds the AS, 0 where none does. The method is that of
// R. Fontugne, A. Shah, E. Aben, "The (thin) bridges of AS connectivity:
// measuring dependency using AS hegemony", PAM 2018. For an origin o, an AS t
// and a viewpoint j:
//
//	weight(p) = addresses of p outside the more-specifics that j has too (IPv4),
//	            1 for any IPv6 prefix
//	BC_j(t,o) = weight of the prefixes of o whose path at j holds t / weight of all of them
//	H(t,o)    = mean of BC_j over the viewpoints without the floor(n/10) highest
//	            and as many lowest values
//
// A path is cut where its origin first stands in it and each AS counts once.
// The members of an AS_SET share the weight evenly; a set at the end is as many
// origins. Default routes are left out.

// trimPart is the part of the viewpoints left out at each end: one in ten.
const trimPart = 10

// GlobalScope is the scope of all origins taken together.
const GlobalScope ASN = 0

// ViewRoute is a route as one session of one vantage point holds it.
type ViewRoute struct {
	Peer    ASN        // the AS of the vantage point
	Session netip.Addr // tells the sessions of one peer AS apart
	Prefix  netip.Prefix
	Path    Path // empty: Peer originates the route itself
}

// HegemonyOptions choose what [Hegemony] computes.
type HegemonyOptions struct {
	// IPv6 takes the IPv6 routes; otherwise the IPv4 routes are taken. The two
	// have no common weight and are never added up.
	IPv6 bool
	// Global adds [GlobalScope].
	Global bool
	// SeenOnly averages the sessions of one peer AS over those that saw the AS
	// in question, as the code of the Internet Health Report does. The default
	// is the paper's: a session that did not see it counts 0.
	SeenOnly bool
}

// HegemonyScope is how the paths to one origin hang on other ASes.
type HegemonyScope struct {
	// Hegemony is 0 to 1 for each AS on the paths, the origin itself included.
	// An AS that the trimmed mean leaves nothing of is absent.
	Hegemony map[ASN]float64
	// Viewpoints counts the peer ASes whose routes lead to the origin.
	Viewpoints int
	// Space is what the origin announces at any viewpoint, each address once;
	// prefixes for IPv6.
	Space float64
}

// Hegemony computes AS hegemony by origin, and how many viewpoints (peer ASes)
// there are. A viewpoint without a route to an origin counts 0 for it. Of
// several routes that a session has for one prefix the first is taken.
func Hegemony(routes iter.Seq[ViewRoute], o HegemonyOptions) (scopes map[ASN]HegemonyScope, viewpoints int) {
	v := newViews(o)
	for r := range routes {
		path := r.Path
		if len(path) == 0 {
			path = MakePath(r.Peer)
		}
		v.addPath(path)
		v.add(session{r.Peer, r.Session}, r.Prefix)
	}
	return v.hegemony(), v.peers
}

// CountryHegemony sums the scopes of a country's origins up: each weighs as
// much as the space that it announces. [GlobalScope] is left out.
func CountryHegemony(scopes map[ASN]HegemonyScope) map[ASN]float64 {
	sum, space := make(map[ASN]float64), 0.0
	for _, origin := range slices.Sorted(maps.Keys(scopes)) { // in order, so that rounding repeats
		if s := scopes[origin]; origin != GlobalScope {
			space += s.Space
			for a, h := range s.Hegemony {
				sum[a] += s.Space * h
			}
		}
	}
	for a := range sum {
		sum[a] /= space
	}
	return sum
}

// BaselineHegemony computes AS hegemony over everything in a baseline, origins
// weighed by the space they announce: of a country its country value, of one
// network that network's. The viewpoints are the peers that hold any of the
// prefixes. It rests on the IPv4 prefixes, and on the IPv6 ones only where
// there is no IPv4. Nil without paths.
func BaselineHegemony(prefixes []BaselinePrefix) map[ASN]float64 {
	v := newViews(HegemonyOptions{
		IPv6: !slices.ContainsFunc(prefixes, func(p BaselinePrefix) bool { return p.Prefix.Addr().Is4() && len(p.Paths) > 0 }),
	})
	paths, routes := 0, 0
	for _, p := range prefixes {
		paths += len(p.Paths)
		for i := range p.Paths {
			routes += len(p.Paths[i].Peers)
		}
	}
	v.paths, v.originOf, v.views = make([]Path, 0, paths), make([]int32, 0, paths), make([]view, 0, routes)
	for _, p := range prefixes {
		for _, seen := range p.Paths {
			if len(seen.Path) == 0 {
				for _, peer := range seen.Peers {
					v.addPath(MakePath(peer))
					v.add(session{peer: peer}, p.Prefix)
				}
				continue
			}
			v.addPath(seen.Path)
			for _, peer := range seen.Peers {
				v.add(session{peer: peer}, p.Prefix)
			}
		}
	}
	if len(v.views) == 0 {
		return nil
	}
	return CountryHegemony(v.hegemony())
}

type session struct {
	peer ASN
	addr netip.Addr
}

// view is one route: small integers into the tables of views, because a
// country of some thousand prefixes has millions of them.
type view struct{ session, prefix, path int32 }

// portion is a view's weight for one of its origins.
type portion struct {
	view
	origin int32
	weight float64
}

// views are the routes of all sessions, in whatever order they came until
// arrange puts them in order.
type views struct {
	opts     HegemonyOptions
	paths    []Path
	views    []view
	sessions []session
	prefixes []netip.Prefix
	peers    int
	size     []int  // sessions of the peer AS that a session belongs to
	held     []bool // scratch of space, all false between calls

	origins      []ASN
	originNumber map[ASN]int32
	originOf     []int32 // of each path; several where it ends in a set

	sessionOf  map[session]int32
	prefixOf   map[netip.Prefix]int32
	lastPrefix netip.Prefix
	last       int32
}

func newViews(o HegemonyOptions) *views {
	return &views{
		opts:         o,
		originNumber: make(map[ASN]int32),
		sessionOf:    make(map[session]int32),
		prefixOf:     make(map[netip.Prefix]int32),
	}
}

// several stands in originOf for the members of a set.
const several = -1

// addPath notes a path, which is not empty, and numbers its origins.
func (v *views) addPath(path Path) {
	number := int32(several)
	for _, o := range path.Origins() {
		n, ok := v.originNumber[o]
		if !ok {
			n = int32(len(v.origins))
			v.originNumber[o] = n
			v.origins = append(v.origins, o)
		}
		if len(path.Origins()) == 1 {
			number = n
		}
	}
	v.paths, v.originOf = append(v.paths, path), append(v.originOf, number)
}

// add notes that a session holds prefix by the path added last.
func (v *views) add(s session, prefix netip.Prefix) {
	if prefix != v.lastPrefix || len(v.views) == 0 {
		if !prefix.IsValid() || prefix.Bits() == 0 || prefix.Addr().Is4() == v.opts.IPv6 {
			return
		}
		i, ok := v.prefixOf[prefix]
		if !ok {
			i = int32(len(v.prefixes))
			v.prefixes = append(v.prefixes, prefix)
			v.prefixOf[prefix] = i
		}
		v.lastPrefix, v.last = prefix, i
	}
	i, ok := v.sessionOf[s]
	if !ok {
		i = int32(len(v.sessions))
		v.sessions = append(v.sessions, s)
		v.sessionOf[s] = i
	}
	v.views = append(v.views, view{session: i, prefix: v.last, path: int32(len(v.paths) - 1)})
}

// arrange numbers sessions by peer AS and prefixes by address, and sorts the
// views by session, then prefix, a covering prefix before what it covers.
func (v *views) arrange() {
	var sessionRank, prefixRank []int32
	v.sessions, sessionRank = ranked(v.sessions, func(a, b session) int {
		return cmp.Or(cmp.Compare(a.peer, b.peer), a.addr.Compare(b.addr))
	})
	v.prefixes, prefixRank = ranked(v.prefixes, netip.Prefix.Compare)
	for i := range v.views {
		w := &v.views[i]
		w.session, w.prefix = sessionRank[w.session], prefixRank[w.prefix]
	}
	v.views = bucket(v.views, len(v.prefixes), func(w *view) int32 { return w.prefix })
	v.views = bucket(v.views, len(v.sessions), func(w *view) int32 { return w.session })

	v.size = make([]int, len(v.sessions))
	for i := 0; i < len(v.sessions); {
		j := i
		for j < len(v.sessions) && v.sessions[j].peer == v.sessions[i].peer {
			j++
		}
		for k := i; k < j; k++ {
			v.size[k] = j - i
		}
		v.peers++
		i = j
	}
}

// weigh gives each view of one session its weight. Views of a prefix already
// seen weigh nothing.
func (v *views) weigh(views []view, weight []float64, open []int) []int {
	open = open[:0] // indexes of the prefixes that cover the present one
	for i, w := range views {
		if i > 0 && w.prefix == views[i-1].prefix {
			weight[i] = 0
			continue
		}
		if v.opts.IPv6 {
			weight[i] = 1
			continue
		}
		p := v.prefixes[w.prefix]
		for len(open) > 0 && !v.prefixes[views[open[len(open)-1]].prefix].Contains(p.Addr()) {
			open = open[:len(open)-1]
		}
		weight[i] = addresses(p)
		if len(open) > 0 {
			weight[open[len(open)-1]] -= weight[i]
		}
		open = append(open, i)
	}
	return open
}

// addresses counts the addresses of an IPv4 prefix.
func addresses(p netip.Prefix) float64 { return float64(uint64(1) << (32 - p.Bits())) }
