package lab

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// Feed is one way in which the routes of the two vantage points, [Left] and [Right], come
// in: a collector of its own, with a session to each.
type Feed struct {
	// Name says what it is, as in "bgp" or "bmp-frr"; Collector is that of its updates.
	Name, Collector string
	// Reset ends the collector's sessions, as an operator would who clears them; they come
	// back by themselves. Restart ends what receives and starts it again. Each returns when
	// the feed has said so; that all is there again is waited for with [Recorder.Back].
	Reset, Restart func()

	// recorded is what the collector itself keeps, of a feed that does not say what was
	// missed in a hole: its archive. Nil of the others.
	recorded *Feed

	mu     sync.Mutex
	heard  []Heard
	taken  int
	kinds  map[route.Kind]int
	change time.Time                                   // when something last arrived besides signs of life
	routes map[route.Peer]map[netip.Prefix]bgp.RawPath // of the sessions that are up
}

// hear takes in an update; it is what receivers emit to.
func (f *Feed) hear(u *route.Update) {
	c := *u
	c.Announced, c.Withdrawn = slices.Clone(u.Announced), slices.Clone(u.Withdrawn)
	c.Path, c.Entries = slices.Clone(u.Path), slices.Clone(u.Entries)
	for i := range c.Entries {
		c.Entries[i].Path = slices.Clone(c.Entries[i].Path)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.heard = append(f.heard, Heard{c, now})
	if c.Kind != route.Alive {
		f.change = now
	}
	f.follow(&c)
}

// follow keeps the table that the updates make.
func (f *Feed) follow(u *route.Update) {
	if f.routes == nil {
		f.routes, f.kinds = map[route.Peer]map[netip.Prefix]bgp.RawPath{}, map[route.Kind]int{}
	}
	f.kinds[u.Kind]++
	switch u.Kind {
	case route.PeerUp:
		f.routes[u.Peer] = map[netip.Prefix]bgp.RawPath{}
	case route.PeerDown:
		delete(f.routes, u.Peer)
	case route.Lost:
		for p := range f.routes {
			if p.Collector == u.Peer.Collector {
				delete(f.routes, p)
			}
		}
	case route.Routes:
		if f.routes[u.Peer] == nil {
			f.routes[u.Peer] = map[netip.Prefix]bgp.RawPath{}
		}
		for _, n := range u.Withdrawn {
			delete(f.routes[u.Peer], n.Prefix)
		}
		for _, n := range u.Announced {
			f.routes[u.Peer][n.Prefix] = u.Path
		}
	}
}

// resume takes the table from what the collector has recorded: who follows such a feed
// reads that after a hole.
func (f *Feed) resume() {
	f.recorded.mu.Lock()
	routes := map[route.Peer]map[netip.Prefix]bgp.RawPath{}
	for p, table := range f.recorded.routes {
		routes[p] = maps.Clone(table)
	}
	f.recorded.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes = routes
}

// take gives what came since it was called last.
func (f *Feed) take() []Heard {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.heard[f.taken:])
	f.taken = len(f.heard)
	return list
}

// count is how many updates of a kind have come so far.
func (f *Feed) count(k route.Kind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kinds[k]
}

// Path is the AS path that a vantage point has for a prefix by this feed, as text, and
// whether it has one.
func (f *Feed) Path(at checks.ASN, prefix netip.Prefix) (path string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for peer, routes := range f.routes {
		if peer.AS == at {
			if path, ok := routes[prefix]; ok {
				return path.String(), true
			}
		}
	}
	return "", false
}

// Up counts the vantage points with a session.
func (f *Feed) Up() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	up := map[checks.ASN]bool{}
	for peer := range f.routes {
		up[peer.AS] = true
	}
	return len(up)
}

// changed is when something last came besides signs of life, since at the earliest.
func (f *Feed) changed(since time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.change.Before(since) {
		return since
	}
	return f.change
}

// differs tells how what the sessions that are up have told differs from what the routers
// have; empty for not at all.
func (f *Feed) differs(truth map[checks.ASN]Routes) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for peer, told := range f.routes {
		routes, want := Routes{}, Routes{}
		for p, path := range told {
			routes[p] = path.String()
		}
		for p, path := range truth[peer.AS] {
			want[p] = strings.TrimSpace(fmt.Sprintf("%d %s", uint32(peer.AS), path))
		}
		if diff := routes.diff(want); diff != "" {
			return fmt.Sprintf("by %s of %v %s", f.Name, peer.AS, diff)
		}
	}
	return ""
}

// Table is all that both vantage points have by this feed, a line for each prefix and
// session: tables that say the same are equal.
func (f *Feed) Table() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	for peer, routes := range f.routes {
		lines = append(lines, peer.AS.String()+" up")
		for prefix, path := range routes {
			lines = append(lines, fmt.Sprintf("%v %v %v", peer.AS, prefix, path))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// dump is the table as a collector writes it into its archive now and then: of each
// prefix a [route.Table] with the routes of the sessions that are up.
func (f *Feed) dump(at time.Time) []route.Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := map[netip.Prefix][]route.Entry{}
	for peer, routes := range f.routes {
		for prefix, path := range routes {
			entries[prefix] = append(entries[prefix], route.Entry{Peer: peer, Path: path})
		}
	}
	list := make([]route.Update, 0, len(entries)) // not nil: an empty table is one
	for _, prefix := range slices.SortedFunc(maps.Keys(entries), netip.Prefix.Compare) {
		e := entries[prefix]
		slices.SortFunc(e, func(a, b route.Entry) int { return cmp.Compare(a.Peer.AS, b.Peer.AS) })
		list = append(list, route.Update{Kind: route.Table, At: at, Peer: route.Peer{Collector: f.Collector}, Prefix: prefix, Entries: e, Dump: 1})
	}
	return list
}

// String tells a feed's table, and what it said last.
func (f *Feed) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "feed %s has:\n%s\nit said last:\n", f.Name, f.Table())
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.heard[max(0, len(f.heard)-lastSaid):] {
		fmt.Fprintf(&b, "%s %s\n", h.Arrived.Format("15:04:05.000"), h.line())
	}
	return b.String()
}

const lastSaid = 30
