package reach

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks"
)

// kp is a country with its name servers, as its zone has them, and one of them abroad.
func kp() (Options, checks.Footprint) {
	addr := netip.MustParseAddr
	o := Options{
		Shield: NewShield(ShieldOptions{Own: func() []netip.Addr { return []netip.Addr{} }}),
		Delegation: func(_ context.Context, zone string) ([]NameServer, error) {
			if zone != "kp." {
				return nil, errors.New("no such zone")
			}
			return []NameServer{{"ns1.kptc.kp", []netip.Addr{addr("175.45.176.15")}}, {"ns2.kptc.kp", []netip.Addr{addr("175.45.176.16")}}, {"ns.example.org", []netip.Addr{addr("20.0.0.1")}}}, nil
		},
	}
	return o, checks.Footprint{Target: checks.Country("KP"), Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}}
}

func lines(list []choice) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s %s %s %d %s", c.role, c.probe.Method, c.probe.Addr, c.probe.Port, c.probe.Host)
		if c.asleep {
			b.WriteString(" (not asked)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestChooseOfACountry(t *testing.T) {
	o, f := kp()
	known := []key{
		{checks.MethodTCP, netip.MustParseAddr("175.45.177.1"), 443, "www.example.kp"},
		{checks.MethodICMP, netip.MustParseAddr("20.0.0.9"), 0, "20.0.0.9"}, // not in the space
	}
	o.Listed = func(checks.Target) []Listed {
		return []Listed{{Host: "175.45.178.1"}, {Host: "175.45.179.1", Method: checks.MethodTCP, Port: 8080}, {Host: "8.8.8.8"}, {Host: "127.0.0.1"}}
	}
	got, gaps := choose(t.Context(), &o, &f, known)
	const want = `operator's list icmp 175.45.178.1 0 175.45.178.1
operator's list tcp 175.45.179.1 8080 175.45.179.1
operator's list icmp 8.8.8.8 0 8.8.8.8 (not asked)
operator's list icmp 127.0.0.1 0 127.0.0.1 (not asked)
name server dns 175.45.176.15 53 ns1.kptc.kp
name server dns 175.45.176.16 53 ns2.kptc.kp
name server dns 20.0.0.1 53 ns.example.org (not asked)
answered before tcp 175.45.177.1 443 www.example.kp
`
	if lines(got) != want {
		t.Errorf("got:\n%swant:\n%s", lines(got), want)
	}
	if len(gaps) != 2 || !strings.Contains(gaps[0].Reason, "8.8.8.8 is on the list of hosts of KP and lies outside of it") {
		t.Errorf("gaps %v, want one for each host that lies outside", gaps)
	}
	for _, c := range got {
		if c.probe.Method == checks.MethodDNS && c.probe.Name != "kp." {
			t.Errorf("%s is asked for %q", c.probe.Host, c.probe.Name)
		}
	}
}

// Nothing is asked that nobody named: a country or network of which no host is known is
// not probed, and says what to do.
func TestNeverASweep(t *testing.T) {
	o, _ := kp()
	o.Delegation = nil
	for _, text := range []string{"KP", "AS131279", "175.45.176.0/22", "2001:db8::/32"} {
		f := footprint(t, text)
		f.Prefixes = []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}
		got, gaps := choose(t.Context(), &o, &f, nil)
		if len(got) != 0 || len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "not probed") {
			t.Errorf("%s: %v, gaps %v", text, got, gaps)
		}
	}
}

func TestChooseIsBounded(t *testing.T) {
	o, f := kp()
	f.Prefixes = []netip.Prefix{netip.MustParsePrefix("20.0.0.0/8")}
	var known []key
	for i := range 400 { // 20 hosts in each of 20 blocks
		known = append(known, key{checks.MethodICMP, netip.AddrFrom4([4]byte{20, 0, byte(i / 20), byte(i%20 + 1)}), 0, fmt.Sprint("h", i)})
	}
	o.Delegation = nil
	got, _ := choose(t.Context(), &o, &f, known)
	blocks := map[netip.Prefix]int{}
	for _, c := range got {
		blocks[blockOf(c.probe.Addr)]++
	}
	if len(got) != maxHosts || len(blocks) != 20 {
		t.Errorf("%d hosts in %d blocks, want %d in 20", len(got), len(blocks), maxHosts)
	}
	for b, n := range blocks {
		if n > perBlock {
			t.Errorf("%d hosts in %v", n, b)
		}
	}
}

func TestHomeOfANetwork(t *testing.T) {
	o, _ := kp()
	o.Delegation = nil
	o.Belongs = func(target checks.Target, a netip.Addr) bool {
		return target.ASN() == 131279 && netip.MustParsePrefix("175.45.176.0/24").Contains(a)
	}
	o.Listed = func(checks.Target) []Listed { return []Listed{{Host: "175.45.176.1"}, {Host: "175.45.177.1"}} }
	f := footprint(t, "AS131279")
	got, _ := choose(t.Context(), &o, &f, nil)
	if len(got) != 2 || !got[0].home || got[0].asleep || got[1].home || !got[1].asleep {
		t.Errorf("%+v: want the host in what it announces asked, and the other shown", got)
	}
	if zoneOf(checks.Country("GB")) != "uk." || zoneOf(checks.Country("KP")) != "kp." || zoneOf(f.Target) != "" {
		t.Error("a zone is wrong")
	}
}
