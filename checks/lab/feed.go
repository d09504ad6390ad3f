package lab

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Feed is one way in which the routes of the two vantage points, [Left] and [Right], come
// in: a collector of its own, with a session to each.
type Feed struct {
	// Name says what it is, as in "bgp" or "bmp-frr"; Collector is that of its updates.
	Name, Collector string
	// Reset ends the collector's sessions, as an operator would who clears them; they come
	// back by themselves. Restart ends what receives and starts it again.
	Reset, Restart func()

	mu     sync.Mutex
	heard  []Heard
	taken  int
	routes map[route.Peer]map[netip.Prefix]string // of the sessions that are up
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
	f.heard = append(f.heard, Heard{c, time.Now()})
	f.follow(&c)
}

// follow keeps the table that the updates make.
func (f *Feed) follow(u *route.Update) {
	if f.routes == nil {
		f.routes = map[route.Peer]map[netip.Prefix]string{}
	}
	switch u.Kind {
	case route.PeerUp:
		f.routes[u.Peer] = map[netip.Prefix]string{}
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
			f.routes[u.Peer] = map[netip.Prefix]string{}
		}
		for _, n := range u.Withdrawn {
			delete(f.routes[u.Peer], n.Prefix)
		}
		for _, n := range u.Announced {
			f.routes[u.Peer][n.Prefix] = u.Path.String()
		}
	}
}

// take gives what came since it was called last.
func (f *Feed) take() []Heard {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.heard[f.taken:])
	f.taken = len(f.heard)
	return list
}

// Path is the AS path that a vantage point has for a prefix by this feed, as text, and
// whether it has one.
func (f *Feed) Path(at checks.ASN, prefix netip.Prefix) (path string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for peer, routes := range f.routes {
		if peer.AS == at {
			if path, ok = routes[prefix]; ok {
				return path, true
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
