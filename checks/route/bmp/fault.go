package bmp

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// What real routers get wrong, and what becomes of it:
//
//   - FRR without "soft-reconfiguration inbound" reports every announcement as a
//     withdrawal before the policy (FRRouting/frr#10240, mended in July 2026 by
//     FRRouting/frr#22589). A session counts from its first announcement, so such a
//     one never does.
//   - FRR reports withdrawals from before a session came up after its Peer Up. The
//     same rule leaves them out.
//   - FRR puts the router's own AS in front of what its peers sent
//     (FRRouting/frr#21815). It is taken away again.
//   - FRR and GoBGP send no End-of-RIB for a session that comes up while they are
//     connected, GoBGP none for its Loc-RIB. Whom the updates go to waits for a while
//     instead.
//   - FRR and GoBGP send the End-of-RIB of a session that is still sending its table,
//     where BMP connects meanwhile. It is believed when the table stops growing.
//   - GoBGP reports a Loc-RIB without a Peer Up. Its first route stands for one.
//   - Time stamps are those of the table's making, of the router's boot, or zero.
//     Only those that lie just before the arrival are believed.
//   - The A flag says 4-byte AS numbers where there are 2, or the other way round.
//     What cannot be read one way is read the other way.
//   - GoBGP withdraws each prefix of a session before it reports the end. That is
//     left to the settle window of whom the updates go to.

// strip takes the router's own AS from the front of a path that an external peer
// sent; ok is false where it does not stand there.
func (c *connection) strip(p *peer, path bgp.RawPath) (stripped bgp.RawPath, ok bool) {
	// A segment: type, count, the ASes. A path that is only the router's own AS is
	// no fault of this kind.
	if p.localAS == 0 || p.localAS == p.id.AS || len(path) < 10 || path[0] != 2 || asAt(path, 2) != p.localAS {
		return path, false
	}
	second, count := asAt(path, 6), path[1]
	if count == 1 { // the next segment
		second = 0
	}
	if second != p.id.AS && c.router.prepends == 0 {
		return path, false // a peer may have sent it so
	}
	c.path = c.path[:0]
	if count > 1 {
		c.path = append(c.path, path[0], count-1)
	}
	c.path = append(c.path, path[6:]...)
	return c.path, true
}

func asAt(b []byte, i int) checks.ASN {
	return checks.ASN(b[i])<<24 | checks.ASN(b[i+1])<<16 | checks.ASN(b[i+2])<<8 | checks.ASN(b[i+3])
}

// fault says what is wrong with a session's reports, empty for nothing.
func (p *peer) fault(router string, now time.Time) string {
	if p.told || now.Sub(p.since) < faultAfter || !p.counts {
		return ""
	}
	for v := range p.views {
		if w := &p.views[v]; w.withdrawals > 0 && !w.announced {
			return fmt.Sprintf("router %s reports only withdrawals of %v, %d so far, and not one route: its session is left out. "+
				"FRR does so without \"soft-reconfiguration inbound\" for the neighbor", router, p.describe(), w.withdrawals)
		}
	}
	return ""
}

func (p *peer) describe() string {
	if p.key.loc {
		return "its Loc-RIB"
	}
	return fmt.Sprintf("its peer %v (%v)", p.id.Addr, p.id.AS)
}

// faults says what is wrong with a router's reports.
func (r *router) faults(now time.Time) (list []string) {
	for _, p := range r.sortedPeers() {
		if f := p.fault(r.name, now); f != "" {
			list = append(list, f)
		}
	}
	add := func(n uint64, format string, args ...any) {
		if n > 0 {
			list = append(list, fmt.Sprintf("router "+r.name+": "+format, args...))
		}
	}
	add(r.unreadable, "%d of its messages could not be read and were left out, so its tables may not be what it holds; the last: %s", r.unreadable, r.unread)
	add(r.strays, "%d of its messages were about sessions that it had not reported up, and were left out", r.strays)
	add(r.crowd, "%d of its reports were of sessions beyond the %d that are kept, and were left out", r.crowd, r.maxPeers)
	add(r.clock, "%d of its time stamps lie in the future or long ago: those of arrival are used; look at its clock", r.clock)
	add(r.otherCoding, "%d of its messages have AS numbers of another size than they say; they were read as they are", r.otherCoding)
	if r.replaced >= 3 {
		add(r.replaced, "it connected %d times before its connection had ended; do two routers come from %v?", r.replaced, r.addr)
	}
	if !r.told() && r.conn != nil && now.Sub(r.since) >= faultAfter {
		add(1, "%s", r.nothing())
	}
	return list
}

// nothing says why nothing that a connected router reports counts.
func (r *router) nothing() string {
	up, elsewhere := 0, map[string]bool{}
	for _, p := range r.sortedPeers() {
		switch {
		case p.counts:
			up++
		default:
			elsewhere[formatInstance(p.key.distinguisher)] = true
		}
	}
	if up > 0 {
		return fmt.Sprintf("of the sessions that it reports up (%d) no route counts; does it report Adj-RIB-In, pre-policy or post-policy?", up)
	}
	if len(elsewhere) > 0 {
		names := make([]string, 0, len(elsewhere))
		for name := range elsewhere {
			names = append(names, name)
		}
		return "all of its sessions are in instances that do not count: " + strings.Join(names[:min(len(names), 5)], ", ") + "; name the one that has the Internet's table (instance)"
	}
	return "it is connected and reports no session up"
}
