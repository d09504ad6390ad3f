package bgp

import (
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// randomDraft makes a message that fits, from the given source of chance.
func randomDraft(r *rand.Rand) Draft {
	d := Draft{Origin: Origin(r.IntN(3)), NextHop: netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(256))})}
	for range r.IntN(6) {
		d.Withdraw = append(d.Withdraw, randomRoute(r))
	}
	for range r.IntN(6) {
		d.Announce = append(d.Announce, randomRoute(r))
	}
	for range r.IntN(12) {
		hop := checks.Hop{checks.ASN(r.Uint32N(300000) + 1)}
		for r.IntN(8) == 0 {
			hop = append(hop, checks.ASN(r.Uint32()|1))
		}
		d.Path = append(d.Path, hop)
	}
	if r.IntN(2) == 0 {
		n := r.Uint32()
		d.MED, d.LocalPref = &n, &n
	}
	for range r.IntN(5) {
		d.Communities = append(d.Communities, r.Uint32())
		d.LargeCommunities = append(d.LargeCommunities, LargeCommunity{r.Uint32(), r.Uint32(), r.Uint32()})
	}
	d.OTC = checks.ASN(r.IntN(2) * 3356)
	return d
}

// values gives the second of each pair; nil for none.
func values[T any](seq iter.Seq2[int, T]) (list []T) {
	for i, v := range seq {
		if i != len(list) {
			panic("values out of their order")
		}
		list = append(list, v)
	}
	return list
}

func randomRoute(r *rand.Rand) NLRI {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	addr := netip.AddrFrom16(b)
	if r.IntN(2) == 0 {
		addr = netip.AddrFrom4([4]byte(b[:4]))
	}
	p, err := addr.Prefix(r.IntN(addr.BitLen() + 1))
	if err != nil {
		panic(err) // the length is one of the address's
	}
	return NLRI{Prefix: p, PathID: r.Uint32()}
}

// TestRoundTrip reads back what was written, in every mode of a session.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var u Update
	var buf []byte
	for n := range 4000 {
		d := randomDraft(r)
		opt := Options{AS4: n%2 == 0, AddPath: n%4 < 2}
		if !opt.AddPath {
			for _, list := range [][]NLRI{d.Announce, d.Withdraw} {
				for i := range list {
					list[i].PathID = 0
				}
			}
		}
		var err error
		if buf, err = d.Append(buf[:0], opt); err != nil {
			t.Fatal(err)
		}
		if err := u.Decode(buf, opt); err != nil {
			t.Fatalf("message %d, %+v: %v\n%x", n, d, err, buf)
		}
		sameRoutes(t, u.Withdrawn, d.Withdraw)
		sameRoutes(t, u.Announced, d.Announce)
		if len(d.Announce) == 0 {
			continue
		}
		if got := u.Path.Path(); !got.Equal(d.Path) {
			t.Fatalf("message %d: path %v, want %v", n, got, d.Path)
		}
		got := Draft{
			Origin: u.Origin, Communities: values(u.Communities.All()), LargeCommunities: values(u.LargeCommunities.All()), OTC: u.OTC,
			Announce: d.Announce, Withdraw: d.Withdraw, Path: d.Path, NextHop: d.NextHop,
		}
		if u.Present.Has(AttrMED) {
			got.MED, got.LocalPref = &u.MED, &u.LocalPref
		}
		if diff := cmp.Diff(got, d, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
			cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatalf("message %d (-got +want):\n%s", n, diff)
		}
		for i, route := range u.Announced {
			want := d.NextHop
			if route.Prefix.Addr().Is6() {
				want = netip.AddrFrom16(d.NextHop.As16())
			}
			if got := u.NextHopOf(i); got != want {
				t.Fatalf("next hop of %v is %v, want %v", route.Prefix, got, want)
			}
		}
	}
}

// sameRoutes compares lists in which IPv4 has come to stand before IPv6.
func sameRoutes(t *testing.T, got, want []NLRI) {
	t.Helper()
	ipv4, ipv6 := split(want)
	if want := slices.Concat(ipv4, ipv6); !slices.Equal(got, want) {
		t.Fatalf("routes %v, want %v", got, want)
	}
}

func TestEndOfRIB(t *testing.T) {
	var u Update
	for _, f := range []Family{IPv4Unicast, IPv6Unicast, {25, 70}} {
		if err := u.Decode(AppendEndOfRIB(nil, f), Options{}); err != nil || !u.EndOfRIB || u.EndOfRIBFamily != f {
			t.Errorf("%v: got %v, %v, %v", f, err, u.EndOfRIB, u.EndOfRIBFamily)
		}
	}
	if n, kind, err := ParseHeader(AppendKeepalive(nil)); n != HeaderLen || kind != MessageKeepalive || err != nil {
		t.Errorf("KEEPALIVE: %d, %v, %v", n, kind, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	many := make([]NLRI, 2000)
	for i := range many {
		many[i] = NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)}
	}
	hop := netip.MustParseAddr("192.0.2.1")
	v6 := nlri("2001:db8::/32")
	for _, tt := range []struct {
		name string
		d    Draft
		want string
	}{
		{"too many announced", Draft{Announce: many, NextHop: hop}, "fewer prefixes"},
		{"too many withdrawn", Draft{Withdraw: many}, "fewer prefixes"},
		{"no next hop", Draft{Announce: v6}, "no next hop"},
		{"IPv6 next hop of an IPv4 route", Draft{Announce: many[:1], NextHop: netip.MustParseAddr("2001:db8::1")}, "is not IPv4"},
		{"hop without AS", Draft{Announce: v6, NextHop: hop, Path: checks.Path{{}}}, "a hop of 0 ASes"},
	} {
		b, err := tt.d.Append([]byte("before"), Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || string(b) != "before" {
			t.Errorf("%s: %q, error %v, want %q", tt.name, b, err, tt.want)
		}
	}
}

// TestNoAllocations decodes a message with everything in it, in the way that
// cannot use the bytes as they are.
func TestNoAllocations(t *testing.T) {
	var msgs [][]byte
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		d := randomDraft(r)
		msg, err := d.Append(nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		msgs = append(msgs, msg)
	}
	var u Update
	var sum checks.ASN
	var text []byte
	allocs := testing.AllocsPerRun(100, func() {
		for _, msg := range msgs {
			if err := u.Decode(msg, Options{}); err != nil {
				t.Fatal(err)
			}
			for h := range u.Path.Hops() {
				sum += h.ASN(h.Len() - 1)
			}
			text = u.Path.AppendText(text[:0])
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for %d messages, want none", allocs, len(msgs))
	}
}
