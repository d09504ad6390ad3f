package reach

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

func TestHostName(t *testing.T) {
	label := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"example.org": "example.org", "EXAMPLE.org.": "example.org", "a_b.example.org": "a_b.example.org", "-x.example.org": "-x.example.org",
		"xn--bcher-kva.example": "xn--bcher-kva.example", label + ".org": label + ".org", "1.2.3.4.in-addr.arpa": "1.2.3.4.in-addr.arpa", "a.0xg": "a.0xg",
		"": "", ".": "", "localhost": "", "a..b": "", ".a.b": "", "a.b..": "", label + "a.org": "", strings.Repeat("a.", 127) + "org": "",
		"127.1": "", "0x7f.0.0.1": "", "example.123": "", "example.0x7f": "", "a.0x": "", "a b.org": "", "a\x00.org": "", "a\r\nb.org": "",
		"bücher.example": "", "\u212aernel.org": "", "a\u202e.org": "", "a%2eb.org": "", "a/b.org": "", "a:53.org": "", "[a].org": "", "a@b.org": "",
	} {
		got, why := hostName(in)
		if got != want || (why == "") != (want != "") {
			t.Errorf("%q: got %q, %q, want %q", in, got, why, want)
		}
	}
}

func TestReadConf(t *testing.T) {
	got := readConf(strings.NewReader("# by hand\nsearch corp.example.org\nnameserver 192.0.2.53\n; off\n;nameserver 6.6.6.6\nnameserver\tfe80::1%eth0  # here\n" +
		"nameserver bad\nnameserver\nnameserver ::ffff:192.0.2.54\noptions ndots:5\nnameserver 192.0.2.55\n"))
	want := []netip.AddrPort{
		netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[fe80::1%eth0]:53"), netip.MustParseAddrPort("192.0.2.54:53"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The file is read again when it is old; while it cannot be read, or names nobody, what
// it said last holds. Without anything that was ever said, the sentence says what to do.
func TestConfFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "resolv.conf")
	c := confFile{name: name}
	now := time.Now()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.list(now); got != nil {
		t.Errorf("without a file: got %v", got)
	}
	first, second := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:53")}
	write("nameserver 192.0.2.1")
	for i, step := range []struct {
		text  string
		after time.Duration
		want  []netip.AddrPort
	}{
		{"nameserver 192.0.2.1", time.Second, nil},
		{"nameserver 192.0.2.1", confAge, first},
		{"nameserver 192.0.2.2", time.Second, first},
		{"nameserver 192.0.2.2", confAge, second},
		{"", confAge, second},
	} {
		write(step.text)
		now = now.Add(step.after)
		if got := c.list(now); !slices.Equal(got, step.want) {
			t.Errorf("step %d: got %v, want %v", i, got, step.want)
		}
	}
	r := NewResolver(ResolverOptions{Conf: filepath.Join(t.TempDir(), "none")})
	e := fails(t, r, "example.org")
	if e.Kind != checks.Unmeasured || !strings.Contains(e.Error(), "no DNS server is known") || !strings.Contains(e.Error(), "probe.resolver") {
		t.Errorf("no file: got %v, %q", e.Kind, e)
	}
	if err := r.Works(t.Context()); err == nil {
		t.Error("a resolver without servers works")
	}
}

// What is kept is kept for 5 s to 60 s, and the cache does not grow without end.
func TestNameCache(t *testing.T) {
	var c nameCache
	now := time.Now()
	for ttl, want := range map[time.Duration]time.Duration{0: minKept, time.Second: minKept, 20 * time.Second: 20 * time.Second, forever: maxKept, time.Hour: maxKept} {
		c.keep("a.example", lookedUp{ttl: ttl}, now)
		if _, ok := c.find("a.example", now.Add(want-1)); !ok {
			t.Errorf("a TTL of %v: gone before %v", ttl, want)
		}
		if _, ok := c.find("a.example", now.Add(want)); ok {
			t.Errorf("a TTL of %v: there after %v", ttl, want)
		}
	}
	for i := range maxCached + 500 {
		c.keep(fmt.Sprintf("h%d.example", i), lookedUp{ttl: time.Hour}, now)
	}
	if _, ok := c.find(fmt.Sprintf("h%d.example", maxCached+499), now); !ok || len(c.names) != maxCached {
		t.Errorf("%d names are kept, the last one: %v; want %d", len(c.names), ok, maxCached)
	}
	c.keep("late.example", lookedUp{ttl: time.Hour}, now.Add(time.Hour))
	if len(c.names) != 1 {
		t.Errorf("%d names are kept though all but one are over", len(c.names))
	}
}

// Whatever a server sends, what is made of it is bounded, belongs to the question, and is
// fit to be shown.
func FuzzResolve(f *testing.F) {
	q := question("www.example.org", dns.TypeA)
	q.Id = 4711
	seed := func(m *dns.Msg) {
		m.SetReply(q)
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, list := range [][]string{
		{"www.example.org. 30 IN A 192.0.2.1"},
		{"www.example.org. 30 IN CNAME b.example.org.", "b.example.org. 0 IN A 192.0.2.1"},
		{"www.example.org. 30 IN CNAME www.example.org."},
		{`www.example.org. 1 IN CNAME a\032\000b.`, "www.example.org. 30 IN AAAA ::ffff:1.2.3.4"},
	} {
		m := new(dns.Msg)
		for _, text := range list {
			m.Answer = append(m.Answer, must(dns.NewRR(text)))
		}
		seed(m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := readAnswer(q, b)
		if !ok {
			return
		}
		got := follow(m, "www.example.org", dns.TypeA)
		if got.links > maxAliases+1 || got.ttl < 0 || len(got.addrs) > 0 && (got.ttl == forever || len(m.Answer) == 0) {
			t.Fatalf("got %+v", got)
		}
		for i, a := range got.addrs {
			if !a.Is4() || i > 0 && !got.addrs[i-1].Less(a) {
				t.Fatalf("addresses %v", got.addrs)
			}
		}
		v4 := found{addrs: got.addrs, end: got.end, rcode: m.Rcode, ttl: got.ttl}
		res, err := join("www.example.org", v4, found{end: got.end, rcode: m.Rcode, ttl: got.ttl}).resolution()
		if (err == nil) != (len(got.addrs) > 0) || len(res.Addrs) > MaxAddrs {
			t.Fatalf("got %+v, %v from %v", res, err, got.addrs)
		}
		if err != nil && checks.OneLine(err.Error(), 500) != err.Error() {
			t.Fatalf("%q is not fit to be shown", err)
		}
	})
}
