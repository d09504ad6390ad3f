package errqueue

import (
	"net/netip"
	"testing"
)

func TestWords(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	tests := []struct {
		by        netip.Addr
		typ, code uint8
		kind      Kind
		words     string
	}{
		{v4, 3, 0, NetUnreachable, "network unreachable"},
		{v4, 3, 1, HostUnreachable, "host unreachable"},
		{v4, 3, 2, ProtocolUnreachable, "protocol unreachable"},
		{v4, 3, 3, PortUnreachable, "port unreachable"},
		{v4, 3, 4, Other, "packet too big"},
		{v4, 3, 5, Other, "source route failed"},
		{v4, 3, 6, NetUnreachable, "network unknown"},
		{v4, 3, 7, HostUnreachable, "host unknown"},
		{v4, 3, 9, Prohibited, "network administratively prohibited"},
		{v4, 3, 10, Prohibited, "host administratively prohibited"},
		{v4, 3, 13, Prohibited, "administratively prohibited"},
		{v4, 3, 15, Prohibited, "precedence cutoff in effect"},
		{v4, 3, 16, Other, "unreachable for a reason of number 16"},
		{v4, 11, 0, Expired, "out of hops"},
		{v4, 11, 1, Other, "its fragments came too late"},
		{v4, 12, 0, Other, "ICMP error of type 12, code 0"},
		{v4, 1, 4, Other, "ICMP error of type 1, code 4"}, // which of ICMPv6 is a closed port
		{v6, 1, 0, NetUnreachable, "network unreachable"},
		{v6, 1, 1, Prohibited, "administratively prohibited"},
		{v6, 1, 2, NetUnreachable, "beyond the scope of the source address"},
		{v6, 1, 3, HostUnreachable, "address unreachable"},
		{v6, 1, 4, PortUnreachable, "port unreachable"},
		{v6, 1, 5, Prohibited, "source address failed a policy"},
		{v6, 1, 6, Prohibited, "route rejected"},
		{v6, 1, 7, Other, "unreachable for a reason of number 7"},
		{v6, 3, 0, Expired, "out of hops"},
		{v6, 3, 3, Other, "its fragments came too late"}, // which of ICMP is a closed port
		{v6, 2, 0, Other, "ICMP error of type 2, code 0"},
	}
	for _, tt := range tests {
		m := means(tt.by.Is6(), tt.typ, tt.code)
		got := Report{Kind: m.kind, By: tt.by, Type: tt.typ, Code: tt.code}
		if m.kind != tt.kind || got.Words() != tt.words {
			t.Errorf("%v type %d code %d: got kind %d, %q, want %d, %q", tt.by, tt.typ, tt.code, m.kind, got.Words(), tt.kind, tt.words)
		}
	}
	for want, r := range map[string]Report{"no answer": {}, "answered": {Kind: Reply, By: v4}} {
		if got := r.Words(); got != want {
			t.Errorf("%+v: got %q, want %q", r, got, want)
		}
	}
}
