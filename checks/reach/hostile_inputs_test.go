package reach

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"isitdown/checks"
)

// hostile is something that a person may type to make the bot talk to itself, to its
// neighbours, or to nobody knows what.
type hostile struct {
	in  string // PORT stands for a port that may be probed, and that the canary listens on
	say string // part of the sentence
}

// inputs are to be refused, each with a sentence; none may reach the canary.
func inputs() []hostile {
	long := strings.Repeat("a", 300)
	return []hostile{
		// 127.0.0.1, as inet_aton, browsers and shells read it
		{"127.0.0.1", "loopback"},
		{"127.0.0.1\n", "loopback"},
		{"127.0.0.1/32", "each address in it is a loopback"},
		{"127.0.0.0/8", "each address in it is a loopback"},
		{"127.0.0.1:PORT", "leave out the port"},
		{"2130706433", "bare number"},
		{"0x7f000001", "nothing that can be looked up"},
		{"127.1", "four numbers"},
		{"0177.0.0.1", "four numbers"},
		{"0x7f.0.0.1", "does not end in a number"},
		{"127.0.0.0x1", "does not end in a number"},
		{"http://127.0.0.1:PORT/", "loopback"},
		{"http://127.0.0.1.:PORT/", "not an address"},
		{"http://127.127.127.127:PORT/", "loopback"},
		{"http://127.1:PORT/", "not an address"},
		{"http://127.0.1:PORT/", "not an address"},
		{"http://2130706433:PORT/", "not an address"},
		{"http://0x7f000001:PORT/", "nothing that can be looked up"},
		{"http://0x7f.0x0.0x0.0x1:PORT/", "does not end in a number"},
		{"http://0177.0.0.1:PORT/", "not an address"},
		{"http://017700000001:PORT/", "not an address"},
		{"http://127.000.000.001:PORT/", "not an address"},
		{"http://0:PORT/", "not an address"},
		{"http://0.0.0.0:PORT/", "this network"},
		{"http://127.0.0.1%00.good.example.com:PORT/", "not a URL"},
		{"http://%31%32%37.0.0.1:PORT/", "not a URL"},
		{"http://127%2e0%2e0%2e1:PORT/", "not a URL"},
		{"http://１２７.０.０.１:PORT/", "letters beyond ASCII"},
		{"http://127。0。0。1:PORT/", "nothing that can be looked up"},
		{"http://①②⑦.⓪.⓪.①:PORT/", "letters beyond ASCII"},
		{"١٢٧.0.0.1", "letters beyond ASCII"},

		// the same inside IPv6
		{"::1", "loopback"},
		{"[::1]:PORT", "not an address"},
		{"::ffff:127.0.0.1", "loopback"},
		{"::ffff:7f00:1", "loopback"},
		{"::127.0.0.1", "127.0.0.1"},
		{"::ffff:0:127.0.0.1", "127.0.0.1"},
		{"64:ff9b::7f00:1", "127.0.0.1"},
		{"64:ff9b:1::7f00:1", "translator"},
		{"2002:7f00:1::", "127.0.0.1"},
		{"2001:0:0:0:0:0:80ff:fffe", "127.0.0.1"},
		{"2a00:1450::5efe:7f00:1", "127.0.0.1"},
		{"http://[::1]:PORT/", "loopback"},
		{"http://[0:0:0:0:0:0:0:1]:PORT/", "loopback"},
		{"http://[0000:0000::0001]:PORT/", "loopback"},
		{"http://[::ffff:127.0.0.1]:PORT/", "loopback"},
		{"http://[::FFFF:7F00:1]:PORT/", "loopback"},
		{"http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/", "loopback"},
		{"http://[::]:PORT/", "nobody"},
		{"http://[127.0.0.1]:PORT/", "not a URL"},
		{"http://::1:PORT/", "not a URL"},
		{"::1%lo", "zone"},
		{"fe80::1%lo", "zone"},
		{"http://[::1%25lo]:PORT/", "zone"},
		{"http://[::1%lo]:PORT/", "not a URL"},

		// places that are not public
		{"http://169.254.169.254/latest/meta-data/", "link-local"},
		{"http://[fd00:ec2::254]/latest/meta-data/", "private"},
		{"http://100.100.100.200/latest/meta-data/", "NAT"},
		{"http://168.63.129.16/", "a cloud keeps"},
		{"http://192.0.0.192/opc/v1/", "protocols"},
		{"10.0.0.1", "private"},
		{"172.16.0.1", "private"},
		{"192.168.1.1", "private"},
		{"224.0.0.1", "multicast"},
		{"255.255.255.255", "reserved"},
		{"192.0.2.1", "documentation"},
		{"fd00::1", "private"},
		{"ff02::1", "multicast"},
		{"fec0::1", "no public"},

		// names of such places
		{"localhost", "nothing that can be looked up"},
		{"localhost.", "nothing that can be looked up"},
		{"http://localhost:PORT/", "nothing that can be looked up"},
		{"http://LOCALHOST.:PORT/", "nothing that can be looked up"},
		{"localhost.localdomain", "not one of the public DNS"},
		{"evil.localhost", "not one of the public DNS"},
		{"http://metadata.google.internal/computeMetadata/v1/", "not one of the public DNS"},
		{"http://METADATA.google.internal.:PORT/", "not one of the public DNS"},
		{"http://instance-data/latest/", "nothing that can be looked up"},
		{"printer.local", "not one of the public DNS"},
		{"http://router.home.arpa:PORT/", "not one of the public DNS"},

		// whose name is it?
		{"http://good.example.com@127.0.0.1:PORT/", "before @"},
		{"http://good.example.com:80@127.0.0.1:PORT/", "before @"},
		{"https://user:hunter2@127.0.0.1:PORT/", "before @"},
		{"http://@127.0.0.1:PORT/", "before @"},
		{"http://127.0.0.1:PORT#@good.example.com/", "loopback"},
		{"http://127.0.0.1:PORT?@good.example.com/", "loopback"},
		{`http://127.0.0.1:PORT\@good.example.com/`, "backslash"},
		{`http:\\127.0.0.1:PORT\`, "not an address"},
		{"http://good.example.com%40127.0.0.1:PORT/", "not a URL"},
		{"http://127.0.0.1:PORT:80/", "not a URL"},
		{"http:127.0.0.1:PORT", "not an address"},
		{"http:///127.0.0.1:PORT", "no host"},
		{"//127.0.0.1:PORT", "not a prefix"},

		// ports and schemes
		{"http://good.example.com:22/", "port 22 is not probed"},
		{"http://good.example.com:25/", "port 25 is not probed"},
		{"http://good.example.com:53/", "port 53 is not probed"},
		{"http://good.example.com:6379/", "port 6379 is not probed"},
		{"http://good.example.com:0/", "port \"0\""},
		{"http://good.example.com:65536/", "port \"65536\""},
		{"http://good.example.com:4294967376/", "port"}, // 2^32 + 80
		{"http://good.example.com:-80/", "not a URL"},
		{"http://good.example.com:+80/", "not a URL"},
		{"http://good.example.com:0x50/", "not a URL"},
		{"http://127.0.0.1:080/", "loopback"},
		{"good.example.com:22", "did you mean"},
		{"file:///etc/passwd", "only http and https"},
		{"file://127.0.0.1/etc/passwd", "only http and https"},
		{"gopher://127.0.0.1:PORT/_GET", "only http and https"},
		{"ftp://127.0.0.1:PORT/", "only http and https"},
		{"dict://127.0.0.1:PORT/", "only http and https"},
		{"unix:///run/docker.sock", "only http and https"},
		{"jar:http://127.0.0.1:PORT!/", "not a web address"},
		{"view-source:http://127.0.0.1:PORT/", "not a web address"},
		{"javascript://127.0.0.1:PORT/%0aalert(1)", "only http and https"},

		// what is hidden in it
		{"127.0.0.1\x00.good.example.com", "control characters"},
		{"http://good.example.com/\r\nHost: 127.0.0.1", "control characters"},
		{"http://good.example.com\r\n@127.0.0.1:PORT/", "control characters"},
		{"ht\ttp://127.0.0.1:PORT/", "control characters"},
		{"http://127.0.0.1:PORT/\x1b[2J", "control characters"},
		{"http://\u202e1.0.0.721:PORT/", "letters beyond ASCII"},
		{"127.0.0.1\u200b", "letters beyond ASCII"},
		{"loc\u00adalhost.example.com", "letters beyond ASCII"},
		{"\ufeff127.0.0.1", "letters beyond ASCII"},
		{"http://l\u043ecalhost.com:PORT/", "letters beyond ASCII"},
		{"\u212aanary.example.com", "letters beyond ASCII"},
		{"http://good.example.com:PORT/\xff\xfe", "control characters"},
		{"xn--lcalhost-66g.com", "does not exist"},
		{long + ".example.com", "longer than the 253"},
		{long[:64] + ".example.com", "more than 63 characters"},
		{strings.Repeat("a.", 126) + "example.com", "longer than the 253"},
		{"http://good.example.com/" + strings.Repeat(long, 20), "longer than 2048"},

		// names that lead inwards
		{"v4.evil.example.com", "127.0.0.1 is not probed"},
		{"http://v4.evil.example.com:PORT/", "127.0.0.1 is not probed"},
		{"v6.evil.example.com", "::1 is not probed"},
		{"mapped.evil.example.com", "127.0.0.1 is not probed"},
		{"nat64.evil.example.com", "64:ff9b::7f00:1 is not probed"},
		{"sixtofour.evil.example.com", "2002:7f00:1:: is not probed"},
		{"isatap.evil.example.com", "it leads to 127.0.0.1"},
		{"chain.evil.example.com", "127.0.0.1 is not probed"},
		{"https://chain.evil.example.com:PORT/", "127.0.0.1 is not probed"},
		{"internal.evil.example.com", "not one of the public DNS"},
		{"meta.evil.example.com", "169.254.169.254 is not probed"},
		{"private.evil.example.com", "10.0.0.1 is not probed"},
		{"zero.evil.example.com", "0.0.0.0 is not probed"},
		{"all.evil.example.com", "is not probed"},
		{"endless.evil.example.com", "alias of an alias"},
		{"nothing.evil.example.com", "the name has none"},
	}
}

// evil are the names of whoever wants to lead the bot inwards.
func evil() records {
	return records{
		"v4.evil.example.com":        {"A 127.0.0.1"},
		"v6.evil.example.com":        {"AAAA ::1"},
		"mapped.evil.example.com":    {"AAAA ::ffff:127.0.0.1"},
		"nat64.evil.example.com":     {"AAAA 64:ff9b::7f00:1"},
		"sixtofour.evil.example.com": {"AAAA 2002:7f00:1::"},
		"isatap.evil.example.com":    {"AAAA 2a00:1450::5efe:7f00:1"},
		"chain.evil.example.com":     {"CNAME a.evil.example.com."},
		"a.evil.example.com":         {"CNAME b.evil.example.com."},
		"b.evil.example.com":         {"CNAME v4.evil.example.com."},
		"internal.evil.example.com":  {"CNAME metadata.google.internal."},
		"metadata.google.internal":   {"A 169.254.169.254"},
		"localhost.localdomain":      {"A 127.0.0.1", "AAAA ::1"},
		"evil.localhost":             {"A 127.0.0.1", "AAAA ::1"},
		"printer.local":              {"A 127.0.0.1"},
		"router.home.arpa":           {"A 127.0.0.1"},
		"meta.evil.example.com":      {"A 169.254.169.254"},
		"private.evil.example.com":   {"A 10.0.0.1"},
		"zero.evil.example.com":      {"A 0.0.0.0"},
		"all.evil.example.com":       {"A 255.255.255.255", "A 224.0.0.1", "A 127.0.0.1", "AAAA ::1", "AAAA fe80::1", "AAAA ff02::1"},
		"endless.evil.example.com":   {"CNAME endless.evil.example.com."},
		"nothing.evil.example.com":   {"TXT nothing"},
		"good.example.com":           {"A " + harmless},
		"mixed.example.com":          {"A 127.0.0.1", "A " + harmless, "A 10.0.0.1", "AAAA ::1"},
	}
}

// harmless is where something listens that may be probed, in the half of the test in
// which the operator has allowed it; the canary sits beside it at 127.0.0.1.
const harmless = "127.9.9.9"

// Whatever a person types: what is let through has a public address, or a name that no
// resolver takes for an address, and a port that is open to all.
func FuzzHostile(f *testing.F) {
	for _, h := range inputs() {
		f.Add(strings.ReplaceAll(h.in, "PORT", "8080"))
	}
	s := NewShield(ShieldOptions{Own: nobodysOwn})
	f.Fuzz(func(t *testing.T, in string) {
		target, err := checks.ParseTarget(in)
		if err != nil || s.Target(target) != nil {
			return
		}
		host := target.Text()
		switch target.Kind() {
		case checks.KindAddress:
			host = target.Prefix().Addr().String()
		case checks.KindURL:
			u, err := url.Parse(target.Text())
			if err != nil || u.User != nil || s.Port(urlPort(u)) != nil {
				t.Fatalf("%q is let through as %q", in, target)
			}
			host = u.Hostname()
		case checks.KindHost:
		default:
			return
		}
		if a, err := netip.ParseAddr(host); err == nil {
			if what, special := checks.SpecialPurpose(a); special {
				t.Fatalf("%q is let through as %v, %s", in, a, what)
			}
		} else if name, why := hostName(host); why != "" || name != host || checks.LocalName(name) {
			t.Fatalf("%q is let through as %q: %s", in, host, why)
		}
	})
}
