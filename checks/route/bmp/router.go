package bmp

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// router is one collector. It outlives its connections.
type router struct {
	allow    Router
	name     string
	addr     netip.Addr
	maxPeers int

	conn  *connection // nil where it is not connected
	since time.Time   // of the connection, or of its end; zero where there was none
	heard time.Time   // when the last message came

	sysName, sysDescr string // as it calls itself, cleaned
	ending            string // of the last connection

	peers map[peerKey]*peer
	// missing are sessions that counted when the last connection ended and that
	// were not reported up again yet.
	missing map[route.Peer]bool
	adjIn   bool // a table of a peer counts, so the Loc-RIB does not
	// known are all sessions that ever counted: whom the updates go to keeps each.
	known map[route.Peer]struct{}

	messages                                  [wire.RouteMirroring + 2]uint64 // by type, the last for others
	unreadable, strays, crowd, replaced       uint64
	clock, otherCoding, prepends, otherTables uint64
	unread                                    string // the last message that could not be read
}

func newRouter(allow Router, addr netip.Addr, maxPeers int) *router {
	return &router{
		allow: allow, name: allow.collector(addr), addr: addr, maxPeers: maxPeers,
		peers: map[peerKey]*peer{}, missing: map[route.Peer]bool{},
		known: map[route.Peer]struct{}{},
	}
}

// turnover is how many times the most sessions of a router may have counted in all: one
// that reports ever new ones would use up the room of all others.
const turnover = 4

// admits reports whether a session may count.
func (r *router) admits(id route.Peer) bool {
	_, known := r.known[id]
	if !known && len(r.known) >= turnover*r.maxPeers {
		return false
	}
	r.known[id] = struct{}{}
	return true
}

// connected begins a connection: all of the sessions will be reported again.
func (r *router) connected(c *connection, now time.Time) {
	r.conn, r.since, r.heard = c, now, now
	clear(r.peers)
	r.adjIn, r.ending = false, ""
}

// disconnected ends the connection and reports whether sessions counted.
func (r *router) disconnected(now time.Time) (told bool) {
	for _, p := range r.peers {
		if p.told {
			told = true
			r.missing[p.id] = true
		}
	}
	clear(r.peers)
	r.conn, r.since = nil, now
	return told
}

// told reports whether any session counts.
func (r *router) told() bool {
	for _, p := range r.peers {
		if p.told {
			return true
		}
	}
	return false
}

// takeMissing gives the sessions that are missing, in order, and forgets them.
func (r *router) takeMissing() []route.Peer {
	if len(r.missing) == 0 {
		return nil
	}
	list := slices.SortedFunc(maps.Keys(r.missing), comparePeers)
	clear(r.missing)
	return list
}

func comparePeers(a, b route.Peer) int {
	return cmp.Or(cmp.Compare(a.AS, b.AS), a.Addr.Compare(b.Addr))
}

func (r *router) sortedPeers() []*peer {
	return slices.SortedFunc(maps.Values(r.peers), func(a, b *peer) int {
		return cmp.Or(comparePeers(a.id, b.id), cmp.Compare(a.key.distinguisher, b.key.distinguisher))
	})
}

// initiate takes in what a router calls itself.
func (r *router) initiate(info []wire.TLV) {
	for _, t := range info {
		switch t.Type {
		case wire.InfoSysName:
			r.sysName = clean(t.Value)
		case wire.InfoSysDescr:
			r.sysDescr = clean(t.Value)
		}
	}
}

// The reasons of a Termination (RFC 7854 section 4.5), by number.
var terminations = [...]string{"administratively closed", "unspecified reason", "out of resources", "redundant connection", "permanently administratively closed"}

// terminated says why a router ended the connection.
func terminated(info []wire.TLV) string {
	reason, words := "", ""
	for _, t := range info {
		switch {
		case t.Type == wire.TerminationString && len(t.Value) > 0:
			words = fmt.Sprintf(", saying %q", clean(t.Value))
		case t.Type == wire.TerminationReason && len(t.Value) == 2 && t.Value[0] == 0 && int(t.Value[1]) < len(terminations):
			reason = ": " + terminations[t.Value[1]]
		}
	}
	return "it ended the session" + reason + words
}

// maxText is how much of a router's own words is kept, in characters.
const maxText = 120

func clean(b []byte) string { return checks.OneLine(string(b), maxText) }
