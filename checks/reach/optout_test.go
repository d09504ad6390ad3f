package reach

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestOptOut(t *testing.T) {
	o, err := ParseOptOut(strings.NewReader("\ufeff# those who asked\r\n\r\n175.45.176.0/24 # by mail, 2026-03-01\r\n  192.0.2.7\n" +
		"::ffff:198.51.100.0/120\n2001:db8::/32#x\nExample.ORG.\n*.shy.example.net # and all below\n.dot.example.net"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Len() != 7 {
		t.Errorf("got %d entries, want 7", o.Len())
	}
	for a, want := range map[string]bool{
		"175.45.176.0": true, "175.45.176.255": true, "175.45.177.0": false, "192.0.2.7": true, "192.0.2.8": false,
		"198.51.100.9": true, "2001:db8:ffff::1": true, "2001:db9::": false, "::": false,
	} {
		if got := o.hasAddr(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: got %v, want %v", a, got, want)
		}
	}
	for name, want := range map[string]bool{
		"example.org": true, "EXAMPLE.org.": true, "a.b.example.org": true, "notexample.org": false, "org": false, "": false,
		"shy.example.net": true, "a.shy.example.net": true, "example.net": false, "dot.example.net": true, "example.org.example": false,
	} {
		if got := o.hasName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
	var none *OptOut
	if none.Len() != 0 || none.hasAddr(netip.MustParseAddr("192.0.2.7")) || none.hasName("example.org") {
		t.Error("no list has something on it")
	}
	if all := must(ParseOptOut(strings.NewReader("0.0.0.0/0\n::/0"))); !all.hasAddr(netip.MustParseAddr("8.8.8.8")) || !all.hasAddr(netip.MustParseAddr("2a00::1")) {
		t.Error("a list of everything has something not on it")
	}
}

func TestOptOutRefuses(t *testing.T) {
	for in, say := range map[string]string{
		"# fine\n175.45.176.5/22": "line 2: \"175.45.176.5/22\" has bits set beyond its length",
		"192.0.2.1\n\nAS4837":     "line 3: \"AS4837\" is neither",
		"KP":                      "line 1: \"KP\" is neither",
		"https://example.org":     "line 1: \"https://example.org\" is neither",
		"localhost":               "line 1: ",
		"192.0.2.1 192.0.2.2":     "line 1: \"192.0.2.1 192.0.2.2\" is more than one word",
		"192.0.2.1, by mail":      "more than one word",
		"*.192.0.2.1":             "star or a dot",
		"a.*.example.org":         "line 1: ",
		"999.1.1.1":               "line 1: ",
		"a\x00.example":           "line 1: ",
		strings.Repeat("x", 5000): "line 1 is longer than 4096 bytes",
		"ok.example.org\n" + strings.Repeat("bad one\n", 50): "line 11",
	} {
		o, err := ParseOptOut(strings.NewReader(in))
		if err == nil || o != nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%.40q: got %v, %v, want an error with %q", in, o, err, say)
		}
		if err != nil && strings.Count(err.Error(), "\n") > maxFaults {
			t.Errorf("%.40q: %d lines of errors", in, strings.Count(err.Error(), "\n"))
		}
	}
	if testing.Short() {
		return
	}
	var long strings.Builder
	for i := range maxOptOut + 1 {
		fmt.Fprintf(&long, "h%d.example.org\n", i)
	}
	if _, err := ParseOptOut(strings.NewReader(long.String())); err == nil || !strings.Contains(err.Error(), "more than 100000") {
		t.Errorf("too many: got %v", err)
	}
}

// Whatever is read without an error is found on the list again, line by line.
func FuzzOptOut(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24 # x", "*.example.org\n::1", "\ufeffexample.org.\r\n#", "a b", "::ffff:1.2.3.4", ".", "* 0.0A", "\u00a0a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		o, err := ParseOptOut(strings.NewReader(in))
		if err != nil {
			if o != nil {
				t.Fatalf("%q: a list beside the error %v", in, err)
			}
			return
		}
		for line := range strings.SplitSeq(strings.TrimPrefix(in, "\ufeff"), "\n") {
			entry, _, _ := strings.Cut(line, "#")
			entry = strings.TrimSpace(entry)
			if p, err := netip.ParsePrefix(entry); err == nil && !p.Addr().Is4In6() {
				if !o.hasPrefix(p) {
					t.Fatalf("%q: %q is not on the list", in, entry)
				}
			} else if a, err := netip.ParseAddr(entry); err == nil {
				if !o.hasAddr(a.Unmap()) {
					t.Fatalf("%q: %q is not on the list", in, entry)
				}
			} else if name := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), "."); err != nil && name != "" && !strings.Contains(name, "/") {
				if !o.hasName(name) || !o.hasName("x."+name) {
					t.Fatalf("%q: %q is not on the list", in, entry)
				}
			}
		}
	})
}
