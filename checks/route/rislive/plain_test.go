package rislive

import (
	"net/netip"
	"strings"
	"testing"
)

var prefixTexts = []string{
	"0.0.0.0/0", "192.0.2.1/24", "255.255.255.255/32", "1.2.3.4/033", "1.2.3.4/33", "01.2.3.4/8", "1.2.3/8", "1.2.3.4.5/8", "1.2.3.256/8",
	"::/0", "2001:db8::/32", "2001:db8:0:0:1::1/128", "1:2:3:4:5:6:7:8/127", "1:2:3:4:5:6:7::/64", "::8/129", "::1::/8", ":::/8", "1:/16", "::1:/8",
	"::ffff:192.0.2.1/120", "fe80::1%eth0/64", "12345::/16", "/8", "1.2.3.4/", "1.2.3.4", "", "eor", "2001:DB8::A/120",
}

// What is read is read as netip reads it, and no prefix of a form that occurs is left.
func TestParsePrefix(t *testing.T) {
	for _, text := range prefixTexts {
		want, err := netip.ParsePrefix(text)
		left := strings.Contains(text, ":") && strings.Contains(text, ".")
		got, ok := parsePrefix([]byte(text))
		if ok != (err == nil && !left) || ok && got != want.Masked() {
			t.Errorf("%q: got %v, %v; netip says %v, %v", text, got, ok, want, err)
		}
	}
}

func FuzzParsePrefix(f *testing.F) {
	for _, text := range prefixTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parsePrefix([]byte(text))
		if !ok {
			return
		}
		if want, err := netip.ParsePrefix(text); err != nil || got != want.Masked() {
			t.Errorf("%q: got %v, want %v, %v", text, got, want.Masked(), err)
		}
	})
}

// A list that is not as RIS Live writes it is left to encoding/json, whole.
func TestPlainRoutesGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name, path, announcements, withdrawals string
		ok                                     bool
	}{
		{"as it is written", `[1,4200000000]`, `[{"next_hop":"::1","prefixes":["192.0.2.0/24"]}]`, `["10.0.0.0/8", "eor"]`, true},
		{"nothing announced, so no path is asked for", `{}`, `[]`, `[]`, true},
		{"no path", `[]`, `[{"prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"an AS_SET", `[1,[2,3]]`, `[{"prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"a number of more than 32 bits", `[4294967296]`, `[{"prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"a fraction", `[1.0]`, `[{"prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"more hops than a segment has", `[1` + strings.Repeat(",1", 255) + `]`, `[{"prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"another key", `[1]`, `[{"Prefixes":["192.0.2.0/24"]}]`, `[]`, false},
		{"null", `[1]`, `[{"prefixes":null}]`, `[]`, false},
		{"no prefix", `[1]`, `[]`, `["192.0.2.0"]`, false},
		{"something behind", `[1]`, `[]`, `[]]`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDecoder()
			d.parts = parts{path: []byte(tt.path), announcements: []byte(tt.announcements), withdrawals: []byte(tt.withdrawals)}
			path, ok := d.plainRoutes()
			if ok != tt.ok {
				t.Errorf("got %v %v %v, %v", d.wdn, d.ann, path, ok)
			}
			if n := testing.AllocsPerRun(100, func() { d.plainRoutes() }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestPlainLen(t *testing.T) {
	for at := range 20 {
		for b := range 256 {
			text := []byte(strings.Repeat("~ a!", 6))
			text[at] = byte(b)
			want := len(text)
			if !plain[b] {
				want = at
			}
			if got := plainLen(text); got != want {
				t.Fatalf("byte %#02x at %d: got %d, want %d", b, at, got, want)
			}
		}
	}
}
