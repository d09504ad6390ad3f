package reach

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"isitdown/checks"
)

// gateways gives the routers that the default routes of this host lead to, IPv4 first. It
// knows them on Linux alone, from /proc/net; elsewhere there are none.
func gateways() []netip.Addr {
	four, _ := os.ReadFile("/proc/net/route") // not there: not known
	six, _ := os.ReadFile("/proc/net/ipv6_route")
	return append(gateways4(string(four)), gateways6(string(six))...)
}

// gateways4 reads the default routes of /proc/net/route: interface, destination and
// gateway in hexadecimal with the bytes turned round, flags, ..., mask.
func gateways4(table string) []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(f[2])
		if err != nil || len(b) != 4 {
			continue
		}
		binary.NativeEndian.PutUint32(b, binary.BigEndian.Uint32(b))
		out = keep(out, netip.AddrFrom4([4]byte(b)))
	}
	return out
}

// gateways6 reads those of /proc/net/ipv6_route: destination, length, source, length,
// next hop, ..., interface. A next hop of link-local scope gets its interface as zone.
func gateways6(table string) []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || strings.Trim(f[0], "0") != "" || f[1] != "00" {
			continue
		}
		b, err := hex.DecodeString(f[4])
		if err != nil || len(b) != 16 {
			continue
		}
		a := netip.AddrFrom16([16]byte(b))
		if a.IsLinkLocalUnicast() {
			a = a.WithZone(f[9])
		}
		out = keep(out, a)
	}
	return out
}

// keep adds an address that says something, once; a host has few gateways.
func keep(list []netip.Addr, a netip.Addr) []netip.Addr {
	if a.IsUnspecified() || slices.Contains(list, a) || len(list) >= 8 {
		return list
	}
	return append(list, a)
}

// Gateway gives a func for [Options.Gateway]: it pings the routers that the default
// routes lead to: one answer is enough. ask makes the [Ask] for exactly these addresses,
// which a [Shield] of theirs lets through; nobody else uses it.
func Gateway(ask func(allow []netip.Prefix) Ask) func(ctx context.Context) checks.Outcome {
	return gatewayOf(gateways, ask)
}

func gatewayOf(find func() []netip.Addr, ask func(allow []netip.Prefix) Ask) func(ctx context.Context) checks.Outcome {
	return func(ctx context.Context) checks.Outcome {
		found := find()
		got := make([]checks.Outcome, len(found))
		var w sync.WaitGroup
		for i, g := range found {
			w.Go(func() {
				alone := []netip.Prefix{netip.PrefixFrom(g.WithZone(""), g.BitLen())}
				got[i] = ask(alone)(ctx, Probe{Host: g.String(), Addr: g, Method: checks.MethodICMP}).Outcome
			})
		}
		w.Wait()
		worst := checks.Unmeasured
		for _, o := range got {
			if o.There() {
				return o
			}
			if o.Missed() {
				worst = o
			}
		}
		return worst
	}
}
