package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"isitdown/checks"
)

// FuzzDelegated reads any bytes as a registry file: it never panics, an error is
// one sentence, and every footprint keeps what Footprint promises, whatever the
// list says.
func FuzzDelegated(f *testing.F) {
	f.Add([]byte(apnicList))
	f.Add([]byte(ripeList))
	f.Add([]byte(apnicList + ripeList))
	f.Add([]byte("2.3|nro|20140630|2|19830705|20140630|+0000\napnic|KP|ipv4|10.8.0.0|255|20010101|allocated|x|e-stats\napnic|KR|ipv4|10.8.0.7|3||assigned\niana|ZZ|ipv4|10.0.0.0|256||reserved|ietf\n"))
	f.Add([]byte("apnic|KP|ipv4|0.0.0.0|4294967296||allocated\nripencc|KR|ipv6|::|0||allocated\nripencc|KP|ipv6|8000::|1||allocated\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("add KP 175.45.176.0/22 2014-01-01 \"x\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Loader
		if err := l.Add("fuzz", strings.NewReader(string(data))); err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || !strings.Contains(err.Error(), "fuzz") {
				t.Fatalf("not a sentence that names the file: %q", err)
			}
			return
		}
		// A second list, so that two of them have to get along.
		if err := l.Add("apnic", strings.NewReader(apnicList)); err != nil {
			t.Fatal(err)
		}
		r, err := l.Registry()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems() {
			if strings.ContainsAny(p.Reason, "\n\r") || !utf8.ValidString(p.Reason) {
				t.Fatalf("not a sentence: %q", p.Reason)
			}
		}
		for _, code := range []string{"KP", "TO", "KR", "ZZ"} {
			fp, err := r.Footprint(checks.Country(code))
			if err != nil {
				if _, ok := errors.AsType[*NotRegisteredError](err); !ok {
					t.Fatal(err)
				}
				continue
			}
			checkFootprint(t, fp)
		}
		for _, text := range []string{"AS131279", "0.0.0.0/0", "::/0", "175.45.176.1", "2001:db8::/32"} {
			target, err := checks.ParseTarget(text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Footprint(target); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzRow compares the parser of IPv4 records, which is made for speed, with the
// standard library's reading of the same address.
func FuzzRow(f *testing.F) {
	f.Add("175.45.176.0", uint32(1024))
	f.Add("0.0.0.0", uint32(0))
	f.Add("255.255.255.255", uint32(1))
	f.Add("1.2.3.04", uint32(1))
	f.Fuzz(func(t *testing.T, start string, count uint32) {
		got, ok := parseIPv4([]byte(start))
		addr, err := netip.ParseAddr(start)
		if err == nil && addr.Is4() {
			want := run4(netip.PrefixFrom(addr, 32)).first
			if !ok || got != uint64(want) {
				t.Fatalf("%s: got %d, %v, want %d", start, got, ok, want)
			}
		} else if ok && !strings.Contains("."+start, ".0") {
			// Leading zeros, which lists of the nineties have, are read as decimal.
			t.Fatalf("%q is read as %d, but is no address: %v", start, got, err)
		}
		if !ok || count == 0 || got+uint64(count)-1 > math.MaxUint32 {
			return
		}
		var sum uint64
		for _, p := range prefixes([]run[uint32]{{uint32(got), uint32(got) + count - 1}}, nil) {
			sum += 1 << (32 - p.Bits())
		}
		if sum != uint64(count) {
			t.Fatalf("%s and %d addresses make prefixes of %d", start, count, sum)
		}
	})
}

// FuzzOverrides: what is read can be written again and read as the same.
func FuzzOverrides(f *testing.F) {
	f.Add("add KP 192.0.2.0/24 2014-01-01 \"reason\"\n# x\nremove KP AS4837 2014-12-31 \"said \\\"so\\\"\"\n")
	f.Add("add TO 2001:db8::/32 2014-01-01 \"\\u00fc\"")
	f.Add("remove KP 10.0.0.0/8 0000-01-01 \"`\"\r\n\r\n")
	f.Add("\ufeffadd")
	f.Fuzz(func(t *testing.T, text string) {
		overrides, err := readOverrides("fuzz", strings.NewReader(text))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || overrides != nil {
				t.Fatalf("got %v with %q", overrides, err)
			}
			return
		}
		for _, o := range overrides {
			verb := "remove"
			if o.add {
				verb = "add"
			}
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(o.reason)
			again, err := parseOverride(verb + " " + o.cc.String() + " " + o.what() + " " + o.day.Format("2006-01-02") + ` "` + quoted + `"`)
			again.file, again.line = o.file, o.line
			if err != nil || again != o {
				t.Fatalf("%+v is read again as %+v, %v", o, again, err)
			}
			if strings.ContainsAny(o.note(true)+o.note(false), "\n\r") {
				t.Fatalf("the note has lines: %q", o.note(true))
			}
		}
	})
}

// FuzzParse: a target reads back from its String, whatever it was read from, a
// country is one of ISO 3166, and an error is one sentence of bounded length.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"KP", "north korea", "North Korea (KP)", "korea", "germny", "AS131279", "175.45.176.0/22", "8.8.8.8", "example.org",
		"https://example.org/?q", "Türkiye", "한국", "U.S.A.", "xx", "()", "(KP)", "\u0301", "İ", "ﬁji", "Ⅻ", "a\u202eb", "St. (", "of the and", "http://korea", "new", "saint",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			if got != (checks.Target{}) || strings.ContainsAny(err.Error(), "\n\r") || !utf8.ValidString(err.Error()) {
				t.Fatalf("%q: got %v, %q", text, got, err)
			}
			if e, ok := errors.AsType[*NameError](err); ok && (len(e.Suggestions) > maxSuggestions+1 || len(e.Error()) > 2000) {
				t.Fatalf("%q: too much said: %s", text, err)
			}
			return
		}
		if back, err := Parse(got.String()); err != nil || back != got {
			t.Fatalf("%q: %v is read again as %v, %v", text, got, back, err)
		}
		if got.Kind() == checks.KindCountry && CountryName(got.Text()) == "" {
			t.Fatalf("%q: %v is no country", text, got)
		}
		// Case and space around a name mean nothing.
		if got.Kind() == checks.KindCountry {
			if again, err := Parse(" " + strings.ToLower(text) + "\t"); err != nil && isASCII(text) || err == nil && again != got {
				t.Fatalf("%q in small letters is read as %v, %v, not %v", text, again, err, got)
			}
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// FuzzASNames: names are one line of printable text, in JSON and as text.
func FuzzASNames(f *testing.F) {
	f.Add([]byte(someNames))
	f.Add([]byte("1 LVLT-1, US\n2 X\n"))
	f.Add([]byte(`{"1":"\u0000\ud800, XX"}`))
	f.Add([]byte("7 A, B, ,, gb\n7 ,KP"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Loader
		err := l.Add("fuzz", strings.NewReader(string(data)))
		var want map[string]string
		if wantErr := json.Unmarshal(data, &want); utf8.Valid(data) {
			got := map[string]string{}
			if ok := scanObject(string(data), func(k, v string) { got[k] = v }); ok && (wantErr != nil || !maps.Equal(got, want)) {
				t.Fatalf("read as %q, encoding/json says %q, %v", got, want, wantErr)
			} else if !ok && wantErr == nil && want != nil && !slices.Contains(slices.Collect(maps.Values(want)), "") {
				t.Fatalf("not read, encoding/json says %q", want)
			}
		}
		if err != nil {
			return
		}
		for asn, n := range l.names {
			if asn == 0 || n.name == "" || n.name != clean(n.name) || !utf8.ValidString(n.name) {
				t.Fatalf("%v is called %q", asn, n.name)
			}
			if n.cc != (code{}) && (n.cc[0] < 'A' || n.cc[0] > 'Z' || n.cc[1] < 'A' || n.cc[1] > 'Z') {
				t.Fatalf("%v is in %q", asn, n.cc)
			}
		}
	})
}

// Whatever stands in the file beside a list, nothing outside the folder is read.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"version":1,"name":"apnic","file":"apnic-1.txt","bytes":3}`))
	f.Add([]byte(`{"version":1,"name":"apnic","file":"../apnic-1.txt","bytes":3}`))
	f.Add([]byte(`{"version":1,"name":"apnic","file":"..","bytes":4096}`))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "apnic-1.txt"), []byte("abc"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		name := fmt.Sprintf("apnic%d", os.Getpid()) // each worker has its own
		state = bytes.ReplaceAll(state, []byte(`"name":"apnic"`), fmt.Appendf(nil, `"name":%q`, name))
		if err := os.WriteFile(filepath.Join(dir, name+".json"), state, 0o600); err != nil {
			t.Fatal(err)
		}
		k := readKept(dir, name)
		if k == nil {
			return
		}
		if got := filepath.Dir(filepath.Join(dir, k.File)); got != dir {
			t.Errorf("got a list in %s", got)
		}
	})
}
