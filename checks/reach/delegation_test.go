package reach

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

// delegationLab is a root that NSD serves, and a resolver that knows where it is, and of
// everything else what it is told: no answer about a name means SERVFAIL, as from a
// resolver that cannot reach the servers of a zone.
func delegationLab(t *testing.T, root string, known ...string) (*Dialers, *Resolver) {
	t.Helper()
	at := labtest.AddrPort(t)
	labtest.NSD(t, at, map[string]string{".": root}, nil)
	var records []dns.RR
	for _, line := range append(known, ". 60 NS a.root.example.", "a.root.example. 60 A "+at.Addr().String()) {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rr)
	}
	server := udpServer(t, changed(func(m *dns.Msg) {
		q := m.Question[0]
		m.RecursionAvailable, m.Rcode = true, dns.RcodeServerFailure
		for _, rr := range records {
			if !strings.EqualFold(rr.Header().Name, q.Name) {
				continue
			}
			m.Rcode = dns.RcodeSuccess
			if rr.Header().Rrtype == q.Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		if strings.HasPrefix(q.Name, "no-such.") {
			m.Rcode = dns.RcodeNameError
		}
	}))
	d := dialersFor(t)
	d.timeout = defaultTimeout
	d.question = at.Port()
	return d, NewResolver(ResolverOptions{Servers: []netip.AddrPort{server.addrPort()}})
}

const soaOfRoot = ". 60 SOA a.root.example. nobody.example. 1 60 60 60 60\n. 60 NS a.root.example.\n"

func list(addrs ...string) (all []netip.Addr) {
	for _, a := range addrs {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

// The resolver is asked first, and the zone above where it does not know.
func TestDelegation(t *testing.T) {
	nothingLeft(t)
	d, r := delegationLab(t, soaOfRoot+`
dark. NS ns1.nic.dark.
dark. NS ns2.nic.dark.
dark. NS ns.abroad.example.
ns1.nic.dark. A 175.45.176.15
ns1.nic.dark. AAAA 2001:db8::15
ns2.nic.dark. A 175.45.176.16
half. NS ns1.half.
ns1.half. A 192.0.2.7
bare. NS ns.nowhere.example.
`,
		"lit. 60 NS NS1.Lit.", "lit. 60 NS ns2.lit.", `lit. 60 NS bad\032name.`, "ns1.lit. 60 A 192.0.2.1", "ns1.lit. 60 AAAA 2001:db8::1", "ns2.lit. 60 A 192.0.2.2",
		"half. 60 NS ns1.half.", "half. 60 NS ns2.half.", "ns2.half. 60 A 192.0.2.8",
		"plain. 60 A 192.0.2.9", "ns.abroad.example. 60 A 198.51.100.1")
	for _, tt := range []struct {
		zone string
		want []NameServer
	}{
		{"lit", []NameServer{{"ns1.lit", list("192.0.2.1", "2001:db8::1")}, {"ns2.lit", list("192.0.2.2")}}},
		{"LIT.", []NameServer{{"ns1.lit", list("192.0.2.1", "2001:db8::1")}, {"ns2.lit", list("192.0.2.2")}}},
		{"dark", []NameServer{{"ns.abroad.example", list("198.51.100.1")}, {"ns1.nic.dark", list("175.45.176.15", "2001:db8::15")}, {"ns2.nic.dark", list("175.45.176.16")}}},
		{"half", []NameServer{{"ns1.half", list("192.0.2.7")}, {"ns2.half", list("192.0.2.8")}}},
		{"bare", []NameServer{{"ns.nowhere.example", nil}}},
	} {
		got, err := d.Delegation(t.Context(), r, tt.zone)
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" || err != nil {
			t.Errorf("%s: %v, want and got differ:\n%s", tt.zone, err, diff)
		}
	}
	for zone, kind := range map[string]checks.Outcome{"no-such.": checks.Nonexistent, "plain": checks.Nonexistent, "unknown": checks.Unresolved} {
		got, err := d.Delegation(t.Context(), r, zone)
		e, ok := errors.AsType[*ResolveError](err)
		if !ok || e.Kind != kind || len(got) > 0 {
			t.Errorf("%s: got %v, %v; want an error that says %v", zone, got, err, kind)
		}
	}
	d.shield = NewShield(ShieldOptions{}) // loopback, where the root is, may not be asked
	if got, err := d.Delegation(t.Context(), r, "dark"); err == nil {
		t.Errorf("without the root: got %v", got)
	}
}

// A referral is read as far as the zone above may speak.
func TestReadReferral(t *testing.T) {
	m := new(dns.Msg)
	for _, line := range []string{"kp. 60 NS ns1.kptc.kp.", "kp. 60 NS ns.example.net.", "com. 60 NS a.gtld.example."} {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Ns = append(m.Ns, rr)
	}
	for _, line := range []string{"ns1.kptc.kp. 60 A 175.45.176.15", "ns1.kptc.kp. 60 A 175.45.176.15", "ns.example.net. 60 A 192.0.2.1", "a.gtld.example. 60 A 192.0.2.2", "www.example. 60 A 192.0.2.3"} {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Extra = append(m.Extra, rr)
	}
	same := cmp.Comparer(func(x, y netip.Addr) bool { return x == y })
	want := map[string][]netip.Addr{"ns1.kptc.kp": list("175.45.176.15"), "ns.example.net": list("192.0.2.1")}
	if diff := cmp.Diff(want, readReferral(m, "kp.", "."), same); diff != "" {
		t.Errorf("from the root, want and got differ:\n%s", diff)
	}
	want["ns.example.net"] = nil
	if diff := cmp.Diff(want, readReferral(m, "kp.", "kp."), same); diff != "" {
		t.Errorf("from a zone that has no word on example.net, want and got differ:\n%s", diff)
	}
}

// The real root zone and registry: both servers of North Korea lie inside its space, those of Tonga
// have names of their own and lie abroad.
func TestDelegationOfCountries(t *testing.T) {
	folder := os.Getenv("ISITDOWN_TESTDATA")
	if folder == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	nothingLeft(t)
	d, r := delegationLab(t, rootZone(t, filepath.Join(folder, "rootzone", "root.zone.20200913.gz")))
	registry := filepath.Join(folder, "registry", "delegated-apnic-20220517.txt.gz")
	for _, tt := range []struct {
		zone    string
		servers int
		home    []netip.Addr
	}{
		{"kp", 2, list("175.45.176.15", "175.45.176.16")},
		{"to", 7, nil},
	} {
		got, err := d.Delegation(t.Context(), r, tt.zone)
		if err != nil || len(got) != tt.servers {
			t.Fatalf("%s: got %v, %v; want %d servers", tt.zone, got, err, tt.servers)
		}
		f := checks.Footprint{Prefixes: spaceOf(t, registry, strings.ToUpper(tt.zone))}
		var home, abroad []netip.Addr
		for _, s := range got {
			in, out := s.Inside(&f)
			home, abroad = append(home, in...), append(abroad, out...)
		}
		if fmt.Sprint(home) != fmt.Sprint(tt.home) || tt.home == nil && len(abroad) < tt.servers {
			t.Errorf("%s: got %v inside its space and %v abroad, want %v inside", tt.zone, home, abroad, tt.home)
		}
	}
}

// spaceOf reads what a registry has given to a country, ascending.
func spaceOf(t *testing.T, name, country string) (space []netip.Prefix) {
	t.Helper()
	for line := range strings.Lines(unzip(t, name)) {
		fields := strings.Split(line, "|")
		if len(fields) < 7 || fields[1] != country || fields[2] == "asn" {
			continue
		}
		a, err := netip.ParseAddr(fields[3])
		n, err2 := strconv.ParseUint(fields[4], 10, 32)
		if err != nil || err2 != nil {
			t.Fatalf("%s: %s", name, line)
		}
		length := int(n) // of IPv6; of IPv4 it is how many addresses, here always a power of two
		if a.Is4() {
			length = 32 - bits.TrailingZeros64(n)
		}
		space = append(space, netip.PrefixFrom(a, length))
	}
	slices.SortFunc(space, checks.ComparePrefixes)
	if len(space) == 0 {
		t.Fatalf("%s has nothing of %s", name, country)
	}
	return space
}

// rootZone reads the delegations of a root zone, with addresses, without signatures.
func rootZone(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(soaOfRoot[:strings.Index(soaOfRoot, "\n")+1]) // the recording has none
	for line := range strings.Lines(unzip(t, name)) {
		fields := strings.Fields(line)
		if len(fields) >= 5 && (fields[3] == "NS" || fields[3] == "A" || fields[3] == "AAAA") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func unzip(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
