package bmp

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	wire "isitdown/checks/internal/bmp"
)

// View says which of a router's tables counts. The zero value takes the best that
// the router reports, session by session.
type View int

// The views that can be asked for.
const (
	Best       View = iota
	PrePolicy       // Adj-RIB-In as the peers sent it
	PostPolicy      // Adj-RIB-In behind the router's import policy
	LocRIB          // what the router chose of all
)

// ParseView reads the name of a view: "best", which the empty string is too,
// "pre-policy", "post-policy" or "loc-rib".
func ParseView(name string) (View, error) {
	switch name {
	case "", "best":
		return Best, nil
	case "pre-policy":
		return PrePolicy, nil
	case "post-policy":
		return PostPolicy, nil
	case "loc-rib":
		return LocRIB, nil
	}
	return 0, fmt.Errorf("view %q is none: write best, pre-policy, post-policy or loc-rib", name)
}

// Router allows routers to connect.
type Router struct {
	// Name is the collector's name in answers. With a Prefix of several addresses
	// the address is added to it, because each is a collector of its own.
	Name string
	// Prefix holds the addresses that the router may come from.
	Prefix netip.Prefix
	View   View
	// Instance is the peer distinguisher of the routing instance whose sessions
	// count: zero for the global one, else the route distinguisher (RFC 4364
	// section 4.2) of the one that holds the Internet's table, see [ParseInstance].
	Instance uint64
}

// Options are what a station works with.
type Options struct {
	// Listener takes the routers' connections. Run closes it.
	Listener net.Listener
	Routers  []Router
	Log      *slog.Logger // discards where it is nil
	// MaxPeers bounds the sessions of one router, MaxRouters the connections at
	// once. Zero means 4096 and 256.
	MaxPeers, MaxRouters int
}

const (
	defaultMaxPeers   = 4096
	defaultMaxRouters = 256
)

// Times of the station.
const (
	// aliveEvery is how often a connection that is proven alive is reported so.
	aliveEvery = 15 * time.Second
	// TCP asks after keepAliveIdle of silence and gives up after keepAliveCount
	// questions: whoever is still connected was there keepAliveWindow ago.
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
	keepAliveWindow   = keepAliveIdle + keepAliveCount*keepAliveInterval
	// patience is how long the rest of a message may take, or the first message.
	patience = time.Minute
	// returnWait is how long after its router reconnected a session has to be
	// reported up again before it counts as ended.
	returnWait = 2 * time.Minute
	// maxSkew is how far a router's time stamp may lie before the arrival, and
	// maxAhead how far behind it, to be believed.
	maxSkew  = 10 * time.Second
	maxAhead = 2 * time.Second
	// A table is whole when its router says so and no more than one in calmShare of
	// its announcements came within calmTime.
	calmTime  = 30 * time.Second
	calmShare = 20
	// faultAfter is how long a session may be up before what it does not do is a fault.
	faultAfter = time.Minute
)

func (o *Options) check() error {
	if o.Listener == nil {
		return errors.New("no listener")
	}
	if len(o.Routers) == 0 {
		return errors.New("no router may connect: name at least one")
	}
	for i, r := range o.Routers {
		switch {
		case r.Name == "":
			return fmt.Errorf("router %d has no name", i+1)
		case !r.Prefix.IsValid():
			return fmt.Errorf("router %s: no address", r.Name)
		case r.View < Best || r.View > LocRIB:
			return fmt.Errorf("router %s: there is no view %d", r.Name, r.View)
		case slices.ContainsFunc(o.Routers[:i], func(q Router) bool { return q.Name == r.Name }):
			return fmt.Errorf("router %s: there are two of that name", r.Name)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxPeers == 0 {
		o.MaxPeers = defaultMaxPeers
	}
	if o.MaxRouters == 0 {
		o.MaxRouters = defaultMaxRouters
	}
	return nil
}

// allowed finds the narrowest entry that an address is in.
func (o *Options) allowed(a netip.Addr) (found Router, ok bool) {
	for _, r := range o.Routers {
		if r.Prefix.Contains(a) && (!ok || r.Prefix.Bits() > found.Prefix.Bits()) {
			found, ok = r, true
		}
	}
	return found, ok
}

// collector is the name of the router that comes from an address.
func (r *Router) collector(a netip.Addr) string {
	if r.Prefix.IsSingleIP() {
		return r.Name
	}
	return r.Name + " " + a.String()
}

// accepts reports whether routes of a view may ever count.
func (r *Router) accepts(v wire.View) bool {
	switch v {
	case wire.PrePolicy:
		return r.View == Best || r.View == PrePolicy
	case wire.PostPolicy:
		return r.View == Best || r.View == PostPolicy
	case wire.LocRIB:
		return r.View == Best || r.View == LocRIB
	}
	return false
}
