package bmp

import (
	"fmt"
	"net/netip"
	"time"

	"isitdown/checks"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// Status is how a station stands.
type Status struct {
	// Refused counts connections that nobody allowed, or beyond the most at once.
	Refused uint64
	// Routers are those that connected, and those that are expected from one
	// address whether they did or not; by name.
	Routers []RouterStatus
}

// RouterStatus is how one router stands.
type RouterStatus struct {
	Name string // the collector
	Addr netip.Addr
	// SysName and SysDescr are what it calls itself; cleaned, and not to be relied on.
	SysName, SysDescr string
	Connected         bool
	// Since is when it connected, or when its connection ended; zero where it never
	// was connected.
	Since  time.Time
	Ending string // why the last connection ended
	// LastMessage is when a message came last; zero for never.
	LastMessage time.Time
	// Messages counts all since the station began, Routes those of them that are
	// Route Monitoring.
	Messages, Routes uint64
	// Unreadable counts messages that were left out. OtherTables counts those of
	// tables that do not count. Stripped counts paths from which the router's own
	// AS was taken.
	Unreadable, OtherTables, Stripped uint64
	// Peers are the sessions that it reports up, by AS and address.
	Peers []PeerStatus
	// Faults say what is wrong with its reports, one sentence each.
	Faults []string
}

// PeerStatus is how one session of a router stands.
type PeerStatus struct {
	Peer  route.Peer
	Since time.Time // reported up
	// Counts is true where its routes are passed on: it is of the instance that
	// counts and has announced something. Table names the one that counts.
	Counts bool
	Table  string
	// Announced and Withdrawn count routes that were passed on since then.
	Announced, Withdrawn uint64
}

// Status tells how the station stands now.
func (s *Station) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	st := Status{Refused: s.refused}
	for _, r := range s.sorted() {
		st.Routers = append(st.Routers, r.status(now))
	}
	return st
}

func (r *router) status(now time.Time) RouterStatus {
	st := RouterStatus{
		Name: r.name, Addr: r.addr, SysName: r.sysName, SysDescr: r.sysDescr, Connected: r.conn != nil, Since: r.since, Ending: r.ending,
		LastMessage: r.heard, Routes: r.messages[wire.RouteMonitoring],
		Unreadable: r.unreadable, OtherTables: r.otherTables, Stripped: r.prepends, Faults: r.faults(now),
	}
	for _, n := range r.messages {
		st.Messages += n
	}
	for _, p := range r.sortedPeers() {
		ps := PeerStatus{Peer: p.id, Since: p.since, Counts: p.told, Announced: p.announced, Withdrawn: p.withdrawn}
		if p.told {
			ps.Table = p.view.String()
			if p.filtered {
				ps.Table = "part of the " + ps.Table
			}
		}
		st.Peers = append(st.Peers, ps)
	}
	return st
}

// Gaps says what could be known from the routers and is not, one sentence each.
func (st *Status) Gaps() (gaps []checks.Gap) {
	add := func(format string, args ...any) {
		gaps = append(gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf(format, args...)})
	}
	for i := range st.Routers {
		r := &st.Routers[i]
		switch {
		case r.Connected:
		case r.Since.IsZero():
			add("router %s has not connected yet, so what its peers hold is not known; point its BMP at this station", r.Name)
		default:
			add("router %s has not been connected since %s (%s), so what its peers hold is not known", r.Name, r.Since.UTC().Format("2006-01-02 15:04 UTC"), r.Ending)
		}
		for _, f := range r.Faults {
			add("%s", f)
		}
	}
	return gaps
}
