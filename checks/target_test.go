package checks

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	long := strings.Repeat("a", 60)
	tests := []struct {
		in   string
		kind Kind
		want string
	}{
		{"KP", KindCountry, "KP"},
		{"kp", KindCountry, "KP"},
		{" Kp\n", KindCountry, "KP"},
		{"as", KindCountry, "AS"}, // American Samoa
		{"AS4837", KindASN, "AS4837"},
		{"as4837", KindASN, "AS4837"},
		{"AS 4837", KindASN, "AS4837"},
		{"AS04837", KindASN, "AS4837"},
		{"AS2.207", KindASN, "AS131279"},
		{"AS4294967295", KindASN, "AS4294967295"},
		{"AS65535.65535", KindASN, "AS4294967295"},
		{"175.45.176.0/22", KindPrefix, "175.45.176.0/22"},
		{"175.45.176.1/32", KindPrefix, "175.45.176.1/32"},
		{"2001:DB8::/32", KindPrefix, "2001:db8::/32"},
		{"2001:db8::1/128", KindPrefix, "2001:db8::1/128"},
		{"::ffff:175.45.176.0/118", KindPrefix, "175.45.176.0/22"},
		{"0.0.0.0/0", KindPrefix, "0.0.0.0/0"},
		{"8.8.8.8", KindAddress, "8.8.8.8"},
		{"2001:0db8:0:0::1", KindAddress, "2001:db8::1"},
		{"::ffff:8.8.8.8", KindAddress, "8.8.8.8"},
		{"Example.ORG.", KindHost, "example.org"},
		{"as1.example", KindHost, "as1.example"},
		{"xn--bcher-kva.example", KindHost, "xn--bcher-kva.example"},
		{"r3---sn-4g5e6.example.com", KindHost, "r3---sn-4g5e6.example.com"},
		{long + "." + long + "." + long + "." + long + ".example", KindHost, long + "." + long + "." + long + "." + long + ".example"},
		{"https://example.org", KindURL, "https://example.org"},
		{"HTTPS://Example.ORG:443/", KindURL, "https://example.org"},
		{"http://example.org:80", KindURL, "http://example.org"},
		{"http://example.org:443/", KindURL, "http://example.org:443"},
		{"http://example.org.:/a?#top", KindURL, "http://example.org/a"},
		{"http://example.org?q=ü", KindURL, "http://example.org/?q=%C3%BC"},
		{"https://example.org/ü%2f", KindURL, "https://example.org/%C3%BC%2f"},
		{"https://example.org/A%2fb?q=%41", KindURL, "https://example.org/A%2fb?q=%41"},
		{"https://8.8.8.8/dns", KindURL, "https://8.8.8.8/dns"},
		{"https://[2001:DB8::1]:8443/x", KindURL, "https://[2001:db8::1]:8443/x"},
		{"https://[::ffff:8.8.8.8]", KindURL, "https://8.8.8.8"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseTarget(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind() != tt.kind || got.String() != tt.want {
				t.Fatalf("got %v %q, want %v %q", got.Kind(), got, tt.kind, tt.want)
			}
			if back, err := ParseTarget(got.String()); err != nil || back != got {
				t.Errorf("reading %q again: got %#v, %v, want %#v", got, back, err, got)
			}
		})
	}
}

func TestParseTargetRefuses(t *testing.T) {
	label := strings.Repeat("a", 63)
	tests := []struct {
		in, say string
		name    bool // may still be a name
	}{
		{"", "empty", true},
		{"   ", "empty", true},
		{"north korea", "north korea", true},
		{"korea", "korea", true},
		{"Türkiye", "Türkiye", true},
		{"Côte d'Ivoire", "Ivoire", true},
		{"U.S.A.", "U.S.A.", true},
		{"St. Lucia", "St. Lucia", true},
		{"localhost", "localhost", true},
		{"K1", "K1", true},
		{strings.Repeat("x", 3000), "longer than 2048", true},
		{"4837", "did you mean AS4837?", false},
		{"AS0", "AS0", false},
		{"AS0.0", "AS0", false},
		{"AS4294967296", "4294967295", false},
		{"AS1.65536", "not an AS number", false},
		{"AS1.2.3", "not an AS number", false},
		{"ASN4837", "not an AS number", false},
		{"175.45.176.5/22", "did you mean 175.45.176.0/22?", false},
		{"2001:db8::1/32", "did you mean 2001:db8::/32?", false},
		{"10.0.0.0/33", "not a prefix", false},
		{"10.0.0/8", "not a prefix", false},
		{"10.0.0.0/255.0.0.0", "not a prefix", false},
		{"fe80::%eth0/64", "zone", false},
		{"::ffff:0:0/90", "IPv4-mapped", false},
		{"1.2.3", "four numbers", false},
		{"1.2.3.4.5", "four numbers", false},
		{"1.2.3.256", "four numbers", false},
		{"01.2.3.4", "four numbers", false},
		{"fe80::1%eth0", "zone", false},
		{"2001:db8::zz", "not an address", false},
		{"8.8.8.8:53", "port", false},
		{"example.org:443", `did you mean "https://example.org:443"?`, false},
		{"example.org/path", `did you mean "https://example.org/path"?`, false},
		{"bücher.example", "xn--", false},
		{"\u212aernel.example", "xn--", false},       // the Kelvin sign, whose small letter is k
		{"https://w\u0130ki.example", "xn--", false}, // an I with a dot, whose small letter is i
		{"a_b.example", "underscore", false},
		{"-a.example", "hyphen", false},
		{"a-.example", "hyphen", false},
		{"a..example", "between two dots", false},
		{".example", "between two dots", false},
		{"example..", "between two dots", false},
		{"a" + label + ".example", "more than 63", false},
		{label + "." + label + "." + label + "." + label, "longer than the 253", false},
		{"host.123", "does not end in a number", false},
		{"127.0.0.0x1", "does not end in a number", false},
		{"a*b.example", "only letters", false},
		{"a\x00b.example", "control characters", false},
		{"a\xffb.example", "control characters", false},
		{"ftp://example.org", "only http and https", false},
		{"https://", "no host", false},
		{"https:///path", "no host", false},
		{"https://user:secret@example.org", "before @", false},
		{"https://localhost", "localhost", true},
		{"https://example.org/a b", "space", false},
		{"https://example.org:0", "port", false},
		{"https://example.org:65536", "port", false},
		{"https://example.org:http", "not a URL", false},
		{"https://1.2.3", "not an address", false},
		{"https://[fe80::1%25eth0]", "zone", false},
		{"https://example.org/%zz", "not a URL", false},
		{"https://example.org/" + strings.Repeat("ü", 1000), "once it is escaped", false},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseTarget(tt.in)
			if err == nil {
				t.Fatalf("got %v %q, want an error", got.Kind(), got)
			}
			if got != (Target{}) {
				t.Errorf("got %#v with an error, want the zero Target", got)
			}
			if !strings.Contains(err.Error(), tt.say) || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("got %q, want one sentence with %q", err, tt.say)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats a password: %q", err)
			}
			if errors.Is(err, ErrName) != tt.name {
				t.Errorf("may be a name: got %v, want %v (%v)", !tt.name, tt.name, err)
			}
		})
	}
}

// Every target of every kind, made at random, is read back as it was.
func TestParseTargetIsInverse(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	addr := func() netip.Addr {
		var b [16]byte
		for i := range b {
			if rnd.IntN(2) == 0 { // runs of zeros, which IPv6 shortens
				b[i] = byte(rnd.Uint32())
			}
		}
		if rnd.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte(b[:4]))
		}
		return netip.AddrFrom16(b).Unmap()
	}
	letter := func() byte { return 'a' + byte(rnd.IntN(26)) }
	host := func() string {
		return fmt.Sprintf("%c%d.%c-%c.%c%c", letter(), rnd.IntN(99), letter(), letter(), letter(), letter())
	}
	makers := []func() Target{
		func() Target { return Country(string([]byte{letter(), letter()})) },
		func() Target { return Network(ASN(max(1, rnd.Uint32()))) },
		func() Target {
			a := addr()
			return Target{kind: KindPrefix, prefix: netip.PrefixFrom(a, rnd.IntN(a.BitLen()+1)).Masked()}
		},
		func() Target {
			a := addr()
			return Target{kind: KindAddress, prefix: netip.PrefixFrom(a, a.BitLen())}
		},
		func() Target { return Target{kind: KindHost, text: host()} },
		func() Target { return Target{kind: KindURL, text: "http://" + host()} },
		func() Target {
			return Target{kind: KindURL, text: fmt.Sprintf("https://%s:%d/%c?q=%c", host(), 1000+rnd.IntN(9999), letter(), letter())}
		},
	}
	for range 1000 {
		for _, m := range makers {
			want := m()
			got, err := ParseTarget(want.String())
			if err != nil || got != want {
				t.Fatalf("reading %v %q: got %#v, %v, want %#v", want.Kind(), want, got, err, want)
			}
		}
	}
}

func TestConstructorsRefuse(t *testing.T) {
	for _, code := range []string{"", "K", "KPR", "K1", "ü"} {
		if got := Country(code); got != (Target{}) {
			t.Errorf("Country(%q): got %#v, want the zero Target", code, got)
		}
	}
	if got := Network(0); got != (Target{}) {
		t.Errorf("Network(0): got %#v, want the zero Target", got)
	}
	if got := (Target{}).String(); got != "" {
		t.Errorf("zero Target: got %q, want nothing", got)
	}
}

func TestParseASN(t *testing.T) {
	for in, want := range map[string]ASN{"AS1": 1, "as 4837": 4837, " AS2.207 ": 131279} {
		if got, err := ParseASN(in); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "AS", "4837", "2.207", "AS-1", "AS+1", "AS0", "AS1.", "ASX", "AS 1 2"} {
		if got, err := ParseASN(in); err == nil || got != 0 {
			t.Errorf("%q: got %v, %v, want an error", in, got, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{
		"KP", "AS4837", "as 2.207", "175.45.176.0/22", "::ffff:1.2.3.4/127", "8.8.8.8", "2001:db8::1", "example.org.",
		"https://example.org", "http://[::ffff:1.2.3.4]:80/a%2Fb?q=%#f", "HTTP://A.B:/?\"ü", "http://1.2.3.4//x/../y", "4837", "fe80::1%0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTarget(s)
		if err != nil {
			if got != (Target{}) {
				t.Fatalf("%q: got %#v with the error %v, want the zero Target", s, got, err)
			}
			return
		}
		if got.Kind() == KindInvalid || got.String() == "" || len(got.String()) > maxURL {
			t.Fatalf("%q: got %#v, want a valid target", s, got)
		}
		back, err := ParseTarget(got.String())
		if err != nil || back != got {
			t.Fatalf("%q is %q, read again: got %#v, %v, want %#v", s, got, back, err, got)
		}
	})
}
