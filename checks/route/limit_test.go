package route

import (
	"net/netip"
	"testing"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// More sessions than a vector has codes for are left out, and that is counted.
func TestSessionsAreBounded(t *testing.T) {
	r := NewRIB(DefaultRules())
	addr := netip.MustParseAddr("10.0.0.0")
	for i := range maxSessions + 10 {
		addr = addr.Next()
		r.Apply(&Update{Kind: PeerUp, At: began, Peer: Peer{Addr: addr, AS: checks.ASN(1 + i)}})
	}
	if got := r.Sessions(); got != maxSessions {
		t.Errorf("%d sessions are kept, want %d", got, maxSessions)
	}
	if got := r.Refused(); got != 10 {
		t.Errorf("%d messages refused, want 10", got)
	}
	var last Peer
	for i := range r.sessions {
		last = r.sessions[i].peer
	}
	prefix := netip.MustParsePrefix("192.0.2.0/24")
	r.Apply(&Update{Kind: Routes, At: began, Peer: last, Announced: []NLRI{{Prefix: prefix}}})
	ref := r.refOf(prefix)
	if r.table.At(ref, maxSessions-1) == 0 || r.table.Count(ref) != 1 {
		t.Error("the last session's route is not in the table")
	}
}

// Prefixes beyond the most that are kept are left out, and that is counted; there is room
// again when others go.
func TestPrefixesAreBounded(t *testing.T) {
	rules := DefaultRules()
	rules.MaxPrefixes = 100
	r := NewRIB(rules)
	peer := Peer{Addr: netip.MustParseAddr("10.0.0.1"), AS: 1}
	prefix := func(i int) []NLRI {
		return []NLRI{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, 0, byte(i), 0}), 24), PathID: uint32(i % 2)}}
	}
	for i := range 110 {
		r.Apply(&Update{Kind: Routes, At: began, Peer: peer, Path: bgp.RawPath{}, Announced: prefix(i)})
	}
	r.Apply(&Update{Kind: Table, At: began, Dump: 1, Prefix: prefix(150)[0].Prefix, Entries: []Entry{{Peer: Peer{Addr: netip.MustParseAddr("10.0.0.2"), AS: 2}}}})
	if r.Size() != 100 || r.LeftOut() != 11 || len(r.addPaths) > 50 {
		t.Errorf("%d prefixes are kept, %d routes left out, %d of several paths, want 100, 11 and 50", r.Size(), r.LeftOut(), len(r.addPaths))
	}
	r.Apply(&Update{Kind: Routes, At: began, Peer: peer, Path: bgp.RawPath{}, Announced: prefix(0), Withdrawn: prefix(1)})
	r.Apply(&Update{Kind: Routes, At: began, Peer: peer, Path: bgp.RawPath{}, Announced: prefix(109)})
	if r.Size() != 100 || r.LeftOut() != 11 || !r.Knows(prefix(109)[0].Prefix) {
		t.Errorf("%d prefixes are kept, %d routes left out, after one made room", r.Size(), r.LeftOut())
	}
}
