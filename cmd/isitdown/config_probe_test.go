package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// prefixes and addresses compare as what they are.
var sameNet = cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}, netip.AddrPort{})

func TestProbeConfig(t *testing.T) {
	got, err := parseConfig([]byte(`
[[host]]
target = "KP"
host = "175.45.176.15"
method = "dns"
reason = "name server"
[[host]]
target = "AS64500"
host = "https://example.org/health"
[probe]
every = "5m"
timeout = "2s"
allow = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]
ports = [25]
resolver = ["192.0.2.53", "[2001:db8::53]:5353"]
asn = "AS64500"
continent = "EU"
[limits]
probes_per_minute = 60
`))
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Hosts = []hostConfig{
		{Target: "KP", Host: "175.45.176.15", Method: "dns", Reason: "name server"},
		{Target: "AS64500", Host: "https://example.org/health"},
	}
	want.Probe.Every, want.Probe.Timeout = duration{5 * time.Minute}, duration{2 * time.Second}
	want.Probe.Allow = []space{
		{netip.MustParsePrefix("10.0.0.0/8")}, {netip.MustParsePrefix("192.0.2.1/32")}, {netip.MustParsePrefix("2001:db8::/32")},
	}
	want.Probe.Ports = []int{25}
	want.Probe.Resolver = []nameServer{{netip.MustParseAddrPort("192.0.2.53:53")}, {netip.MustParseAddrPort("[2001:db8::53]:5353")}}
	want.Probe.ASN.ASN, want.Probe.Continent = 64500, "EU"
	want.Limits.ProbesPerMinute = 60
	if diff := cmp.Diff(want, got, sameZone, sameSecret, sameNet); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProbeConfigRefuses(t *testing.T) {
	host := func(lines string) string { return "[[host]]\n" + lines }
	controls := func(list ...string) string { return "[probe]\ncontrols = [\"" + strings.Join(list, `", "`) + "\"]" }
	six := []string{}
	for i := range 6 {
		six = append(six, fmt.Sprintf("192.0.2.%d AS%d", i, 64500+i/3)) // of two networks
	}
	tests := []struct{ name, text, say string }{
		{"too often", "[probe]\nevery = \"10s\"", "probe.every is 10s: write at least 1m0s"},
		{"no wait", "[probe]\ntimeout = \"0s\"", "probe.timeout is 0s: write more than 0"},
		{"too long a wait", "[probe]\ntimeout = \"1m\"", "probe.timeout is 1m0s: write a time from 100ms to 15s"},
		{"everything is one's own", "[probe]\nallow = [\"0.0.0.0/0\"]", "probe.allow: 0.0.0.0/0 is everything"},
		{"bits beyond", "[probe]\nallow = [\"10.0.0.1/8\"]", "did you mean 10.0.0.0/8?"},
		{"a name for a range", "[probe]\nallow = [\"localhost\"]", "neither an address nor a prefix"},
		{"no port", "[probe]\nports = [0]", "probe.ports: 0 is no port"},
		{"beyond all ports", "[probe]\nports = [65536]", "probe.ports: 65536 is no port"},
		{"a name for a resolver", "[probe]\nresolver = [\"dns.example.org\"]", "is not the address of a DNS server"},
		{"a control without a network", controls("192.0.2.1"), "names no network"},
		{"a control that is none", controls("one AS64500"), "is not a control target"},
		{"few controls", controls("192.0.2.1 AS64500", "192.0.2.2 AS64501"), "probe.controls lists 2 hosts in 2 networks: list at least 6 hosts in at least 3 networks"},
		{"few networks", controls(six...), "probe.controls lists 6 hosts in 2 networks"},
		{"a control twice", controls("192.0.2.1 AS64500", "192.0.2.1 AS64500"), "probe.controls lists 192.0.2.1 twice"},
		{"bare AS number", "[probe]\nasn = \"64500\"", "did you mean AS64500?"},
		{"no continent", "[probe]\ncontinent = \"Europe\"", "probe.continent is \"Europe\": write one of AF, AN, AS, EU, NA, OC, SA"},
		{"no question", "[limits]\nprobes_per_minute = 0", "limits.probes_per_minute is 0: write 1 or more"},
		{"a host for nothing", host("host = \"192.0.2.1\""), "host 192.0.2.1: target \"\" is none"},
		{"a host for a host", host("target = \"example.org\"\nhost = \"192.0.2.1\""), "hosts stand for a country, a network or a prefix"},
		{"nowhere", host("target = \"KP\""), "host 1: host is \"\": write an address, a name or a URL"},
		{"a country for a host", host("target = \"KP\"\nhost = \"KR\""), "host KR: host is \"KR\""},
		{"method", host("target = \"KP\"\nhost = \"192.0.2.1\"\nmethod = \"snmp\""), "host 192.0.2.1: method is \"snmp\": write one of icmp, tcp, tls, http, dns"},
		{"no port to connect to", host("target = \"KP\"\nhost = \"192.0.2.1\"\nmethod = \"tcp\""), "port is missing"},
		{"a port of ICMP", host("target = \"KP\"\nhost = \"192.0.2.1\"\nport = 80"), "it is for the methods tcp, tls, http and dns"},
		{"a port beyond", host("target = \"KP\"\nhost = \"192.0.2.1\"\nmethod = \"tcp\"\nport = 70000"), "port is 70000"},
		{"a port that nobody may ask", host("target = \"KP\"\nhost = \"192.0.2.1\"\nmethod = \"tcp\"\nport = 22"), "port 22 is not one that may be probed: list it in probe.ports too"},
		{"a URL with a method", host("target = \"KP\"\nhost = \"https://example.org\"\nmethod = \"tcp\"\nport = 1"), "a URL says itself how it is asked"},
		{"twice", host("target = \"KP\"\nhost = \"192.0.2.1\"\n") + host("target = \"KP\"\nhost = \"192.0.2.1\""), "it is listed twice for KP"},
		{"two lines", host("target = \"KP\"\nhost = \"192.0.2.1\"\nreason = \"a\\nb\""), "reason is longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Fatalf("got %v, want an error with %q", err, tt.say)
			}
		})
	}
}

// Offline nothing is probed, whatever the settings of probes say.
func TestProbes(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "[probe]\nenabled = false": false, "[sources]\noffline = true": false,
		"[sources]\nripestat = false\nris_live = \"off\"": true,
	} {
		c, err := parseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c.probes() != want {
			t.Errorf("%q: probes is %t, want %t", text, c.probes(), want)
		}
	}
}
