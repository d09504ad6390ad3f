package checks

import (
	"net/netip"
	"strings"
	"testing"
)

func TestSpecialPurpose(t *testing.T) {
	for in, say := range map[string]string{
		"0.0.0.0":                        "this network",
		"0.255.255.255":                  "this network",
		"10.1.2.3":                       "private",
		"100.64.0.1":                     "NAT",
		"100.100.100.200":                "NAT", // a cloud's metadata
		"100.127.255.255":                "NAT",
		"127.0.0.1":                      "loopback",
		"127.255.255.254":                "loopback",
		"168.63.129.16":                  "a cloud keeps",
		"169.254.169.254":                "link-local", // of most clouds
		"172.16.0.1":                     "private",
		"172.31.255.255":                 "private",
		"192.0.0.192":                    "protocols",
		"192.0.2.1":                      "documentation",
		"192.88.99.1":                    "6to4 relays",
		"192.168.1.1":                    "private",
		"198.18.0.1":                     "benchmarks",
		"198.19.255.255":                 "benchmarks",
		"198.51.100.1":                   "documentation",
		"203.0.113.1":                    "documentation",
		"224.0.0.1":                      "multicast",
		"239.255.255.255":                "multicast",
		"240.0.0.1":                      "reserved",
		"255.255.255.255":                "reserved",
		"::":                             "nobody",
		"::1":                            "loopback",
		"::7f00:1":                       "no public", // IPv4-compatible
		"::ffff:127.0.0.1":               "loopback",  // IPv4-mapped
		"::ffff:0:7f00:1":                "no public", // SIIT
		"64:ff9b::7f00:1":                "translator",
		"64:ff9b::808:808":               "translator",
		"64:ff9b:1::a00:1":               "translator",
		"100::1":                         "no public", // discard
		"2001::1":                        "protocols", // Teredo
		"2001:db8::1":                    "documentation",
		"2001:1ff:ffff::":                "protocols",
		"2002:7f00:1::":                  "6to4",
		"2002:808:808::1":                "6to4",
		"3fff::1":                        "documentation",
		"3fff:fff:ffff::":                "documentation",
		"5f00::1":                        "no public", // segment routing
		"fc00::1":                        "private",
		"fd00:ec2::254":                  "private", // a cloud's metadata
		"fe80::1":                        "link-local",
		"fe80::1%eth0":                   "zone",
		"2a00:1450::1%eth0":              "zone",
		"fec0::1":                        "no public", // site-local
		"ff02::1":                        "multicast",
		"2a00:1450::5efe:127.0.0.1":      "127.0.0.1, a loopback", // ISATAP
		"2a00:1450::200:5efe:10.0.0.1":   "10.0.0.1, a private",
		"2a00:1450:1:1:0:5efe:a9fe:a9fe": "169.254.169.254, a link-local",
	} {
		what, special := SpecialPurpose(netip.MustParseAddr(in))
		if !special || !strings.Contains(what, say) {
			t.Errorf("%s: got %q, %v, want what has %q", in, what, special, say)
		}
	}
	for _, in := range []string{
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15",
		"169.253.255.255", "172.15.255.255", "172.32.0.0", "175.45.176.15", "191.255.255.255", "192.0.1.0", "192.167.255.255",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2003::1",
		"2606:4700:4700::1111", "2a00:1450::5efe:8.8.8.8", "3ffe::1", "3fff:1000::",
	} {
		if what, special := SpecialPurpose(netip.MustParseAddr(in)); special || what != "" {
			t.Errorf("%s: got %q, want an ordinary address", in, what)
		}
	}
	if what, special := SpecialPurpose(netip.Addr{}); !special || what == "" {
		t.Errorf("no address: got %q, %v, want a refusal", what, special)
	}
}

func TestEmbedded(t *testing.T) {
	for in, want := range map[string]string{
		"::7f00:1":                     "127.0.0.1",
		"::ffff:0:10.0.0.1":            "10.0.0.1",
		"64:ff9b::8.8.8.8":             "8.8.8.8",
		"2001:0:1:2:3:4:80ff:fffe":     "127.0.0.1",
		"2002:a00:1::5":                "10.0.0.1",
		"2a00:1450::5efe:192.168.0.1":  "192.168.0.1",
		"fe80::5efe:192.168.0.1%eth0":  "192.168.0.1",
		"2a00:1450::200:5efe:8.8.4.4":  "8.8.4.4",
		"8.8.8.8":                      "",
		"::ffff:8.8.8.8":               "",
		"::":                           "",
		"::1":                          "",
		"2606:4700::5efe:0":            "",
		"2a00:1450:0:1:100:5efe:a00:1": "",
	} {
		got, ok := Embedded(netip.MustParseAddr(in))
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s: got %v, %v, want %q", in, got, ok, want)
		}
	}
}

func TestLocalName(t *testing.T) {
	for name, want := range map[string]bool{
		"localhost": true, "LocalHost.": true, "a.localhost": true, "metadata.google.internal": true, "printer.local": true,
		"nas.home.arpa.": true, "home.arpa": true, "a.b.LAN": true, "x.onion": true, "intranet": true, "": true, "test": true,
		"example.org": false, "local.example.org": false, "notlocal.com": false, "mylan.net": false, "arpa.net": false, "a.home.arpa.net": false,
	} {
		if got := LocalName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
