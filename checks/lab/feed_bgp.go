package lab

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route/session"
)

// The collectors by number, which have addresses of their own.
const (
	collectorBGP = iota + 1
	collectorRISLive
	collectorMRTBIRD
	collectorStream
	collectorMRTOpenBGPD
	collectorBMPGoBGP
	collectorBMPFRR
)

// BGP has our own end of BGP sessions call both vantage points. At the end of the test it
// asserts that they have heard nothing from it. Reset breaks the connections.
//
// As with every feed, its sessions may come up only after it returns: [Internet.Record]
// waits for them, of all feeds at once.
func (i *Internet) BGP() *Feed {
	i.t.Helper()
	f := &Feed{Name: "bgp", Collector: "bgp"}
	var lines lines
	left, right := i.CollectorAddr(collectorBGP)
	options := session.Options{
		Neighbors: []session.Neighbor{i.neighbor(f, Left, left), i.neighbor(f, Right, right)},
		Retry:     50 * time.Millisecond, RetryMax: 200 * time.Millisecond, DialTimeout: 2 * time.Second,
		Dial: lines.dial,
	}
	stop := func() {}
	start := func() {
		c, err := session.New(options)
		if err != nil {
			i.t.Fatal(err)
		}
		stop = background(func(ctx context.Context) { _ = c.Run(ctx, f.hear) }) // it returns nil
	}
	i.t.Cleanup(func() {
		i.silent(i.Left, left)
		i.silent(i.Right, right)
		stop()
	})
	f.Reset = func() { f.ends(i.t, lines.cut) }
	f.Restart = func() {
		f.ends(i.t, stop)
		start()
	}
	start()
	return f
}

// silent asserts that a router has heard of no route from a collector, whatever it would
// have made of one.
func (i *Internet) silent(r *Router, from netip.Addr) {
	i.t.Helper()
	if n, up := r.heard(from); up && n != 0 {
		i.t.Errorf("%v has heard %d times of routes from %v, which is never to tell any", r.AS, n, from)
	}
}

// heard is how often a router has heard of routes from a collector, before any policy of
// its own; up reports whether there is a session.
func (r *Router) heard(from netip.Addr) (n int, up bool) {
	r.i.t.Helper()
	if !r.Daemon.Running() {
		return 0, false
	}
	ours, told := false, 0
	for line := range strings.Lines(r.ask("show", "protocols", "all")) {
		words := strings.Fields(line)
		switch {
		case strings.Contains(line, "Neighbor address:"):
			ours = words[2] == from.String()
			up = up || ours
		case ours && len(words) > 2 && words[0] == "Import": // updates: and withdraws:, of both families
			k, err := strconv.Atoi(words[2])
			if err != nil {
				r.i.t.Fatalf("%v counts %q", r.AS, line)
			}
			n, told = n+k, told+1
		}
	}
	if up && told != 4 {
		return 0, false // it is only just coming up, or going down
	}
	return n, up
}

// holdTime is how long collectors wait for a vantage point that says nothing: the least
// there is (RFC 4271 section 4.2).
const holdTime = 3 * time.Second

func (i *Internet) neighbor(f *Feed, as checks.ASN, local netip.Addr) session.Neighbor {
	vantage := i.VantageAddr(as)
	return session.Neighbor{
		Name: f.Collector, Address: netip.PrefixFrom(vantage, vantage.BitLen()), Local: local,
		AS: as, LocalAS: Collectors, HoldTime: holdTime,
	}
}

// lines are the connections that are open.
type lines struct {
	mu   sync.Mutex
	list []net.Conn
}

func (l *lines) dial(ctx context.Context, n *session.Neighbor) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(n.Local, 0))}
	conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(n.Address.Addr(), n.Port).String())
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.list = append(l.list, conn)
	}
	return conn, err
}

// cut breaks all of them.
func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.list {
		conn.Close()
	}
	l.list = nil
}
