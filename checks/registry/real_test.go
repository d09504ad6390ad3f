package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// realFiles gives the files of the real data that match the patterns.
func realFiles(t testing.TB, patterns ...string) []string {
	t.Helper()
	root := os.Getenv("ISITDOWN_TESTDATA")
	if root == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	var out []string
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(root, "registry", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s in %s: %v", pattern, root, err)
		}
		out = append(out, files...)
	}
	return out
}

func loadReal(t testing.TB, patterns ...string) *Registry {
	t.Helper()
	r, err := Load(realFiles(t, patterns...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each real list is read without a line left out, as many records as it says,
// and holds KP where it is one of APNIC's.
func TestRealLists(t *testing.T) {
	for _, file := range realFiles(t, "delegated-*.txt.gz") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := reasons(r); len(got) > 0 {
				t.Errorf("problems: %q", got)
			}
			// The day in the file's name is the day it is of.
			day := strings.TrimSuffix(file[strings.LastIndexByte(file, '-')+1:], ".txt.gz")
			if got := r.Lists()[0].Date.Format("20060102"); got != day {
				t.Errorf("as of %s, want %s", got, day)
			}
			if !strings.Contains(file, "apnic") {
				return
			}
			fp := footprint(t, r, "KP")
			if got := prefixStrings(fp); got != "175.45.176.0/22" || !slices.Equal(fp.Origins, []checks.ASN{131279}) {
				t.Errorf("KP: got %s and %v", got, fp.Origins)
			}
		})
	}
}

// Counts of the lists of 2014, taken with awk from the files: rows of the code,
// and the addresses in them.
func TestRealFootprints(t *testing.T) {
	r := loadReal(t, "delegated-*-2014*.txt.gz", "asnames.json.gz")
	tests := []struct {
		code      string
		addresses uint64 // IPv4
		asns      int
		source    string
	}{
		{"KP", 1024, 1, "apnic 2014-12-24"},
		{"SY", 843776, 6, "ripencc 2014-06-30"},
		{"IQ", 587264, 49, "ripencc 2014-06-30"},
		{"TO", 9728, 4, "apnic 2014-12-24"},
		{"SC", 2259968, 11, "afrinic 2014-06-30, ripencc 2014-06-30"},
		{"DE", 102385312, 1722, "afrinic 2014-06-30, apnic 2014-12-24, ripencc 2014-06-30"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			fp := footprint(t, r, tt.code)
			var addresses uint64
			for _, p := range fp.Prefixes {
				if p.Addr().Is4() {
					addresses += 1 << (32 - p.Bits())
				}
			}
			if addresses != tt.addresses || len(fp.Origins) != tt.asns || fp.Source != "RIR delegated statistics: "+tt.source {
				t.Errorf("got %d addresses, %d networks, %s", addresses, len(fp.Origins), fp.Source)
			}
			checkFootprint(t, fp)
		})
	}
	if got := r.ASName(4837); got != "CHINA169-BACKBONE CNCGROUP China169 Backbone" {
		t.Errorf("AS4837 is called %q", got)
	}
	if got := r.Country(4837); got != "CN" {
		t.Errorf("AS4837 is in %q, want CN", got)
	}
}

// checkFootprint checks what Footprint promises of its lists.
func checkFootprint(t *testing.T, fp checks.Footprint) {
	t.Helper()
	for i := 1; i < len(fp.Prefixes); i++ {
		a, b := fp.Prefixes[i-1], fp.Prefixes[i]
		if a.Overlaps(b) || a.Addr().Compare(b.Addr()) >= 0 {
			t.Fatalf("%v does not come before %v", a, b)
		}
	}
	for _, p := range fp.Prefixes {
		if !fp.Inside(p) {
			t.Fatalf("%v is not inside the footprint it is of", p)
		}
	}
	if !slices.IsSorted(fp.Origins) || !slices.Equal(fp.Origins, slices.Compact(slices.Clone(fp.Origins))) {
		t.Fatalf("origins are not ascending: %v", fp.Origins)
	}
}

// The registry that countries.txt names for a country is the one that most of
// its records are with, as far as there are enough of them to tell.
func TestRealRegions(t *testing.T) {
	r := loadReal(t, "delegated-*-2014*.txt.gz")
	count := map[code]map[string]int{}
	for _, p := range r.parts {
		for _, s := range p.ipv4 {
			if count[s.cc] == nil {
				count[s.cc] = map[string]int{}
			}
			count[s.cc][p.registry]++
		}
	}
	for cc, by := range count {
		usual := usualRegistry(cc.String())
		for registry, n := range by {
			// There is no list of ARIN among them.
			if usual != "arin" && usual != "" && registry != usual && n > 2 && n > by[usual] {
				t.Errorf("%v: %d records with %s, %d with %s, which countries.txt names", cc, n, registry, by[usual], usual)
			}
		}
	}
}

// Every country of the lists of 2014 has a footprint that keeps its promises.
func TestRealCountries(t *testing.T) {
	r := loadReal(t, "delegated-*-2014*.txt.gz")
	n := 0
	for _, code := range codes() {
		fp, err := r.Footprint(checks.Country(code))
		if err != nil {
			continue
		}
		n++
		checkFootprint(t, fp)
		for _, p := range []int{0, len(fp.Prefixes) / 2, len(fp.Prefixes) - 1} {
			if p < 0 || p >= len(fp.Prefixes) {
				continue
			}
			target, err := checks.ParseTarget(fp.Prefixes[p].Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if back, err := r.Footprint(target); err != nil || back.Country != code {
				t.Errorf("%v is in %s, but its footprint says %q (%v)", target, code, back.Country, err)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d countries have a footprint", n)
	}
}

func TestRealListIsFast(t *testing.T) {
	file := realFiles(t, "delegated-ripencc-20140630.txt.gz")[0]
	best := time.Hour
	for range 3 {
		start := time.Now()
		if _, err := Load(file); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	t.Logf("loaded in %v", best)
	if best > 2*time.Second {
		t.Errorf("loading the list took %v, want well under 0.2 s on an idle machine", best)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, pattern := range []string{"delegated-ripencc-20140630.txt.gz", "delegated-*-2014*.txt.gz", "asnames.json.gz"} {
		b.Run(strings.Trim(strings.TrimSuffix(pattern, ".gz"), "*"), func(b *testing.B) {
			files := realFiles(b, pattern)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(files...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFootprint(b *testing.B) {
	r := loadReal(b, "delegated-*-2014*.txt.gz")
	for _, text := range []string{"KP", "DE", "175.45.176.0/24"} {
		target, err := checks.ParseTarget(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(target.Kind(), "=", strings.ReplaceAll(text, "/", "_")), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Footprint(target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
