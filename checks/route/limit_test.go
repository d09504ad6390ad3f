package route

import (
	"net/netip"
	"testing"

	"isitdown/checks"
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
