package registry

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// Every line of countries.txt is whole, and its zone exists.
func TestPlaces(t *testing.T) {
	rirs := []string{"afrinic", "apnic", "arin", "lacnic", "ripencc"}
	for code, p := range places() {
		if len(code) != 2 || p.name == "" || p.city == "" || !slices.Contains(rirs, p.registry) {
			t.Errorf("%s: the line is not whole: %+v", code, p)
		}
		if slices.Contains(p.aliases, "") {
			t.Errorf("%s: an empty alias", code)
		}
		zone, city := TimeZone(strings.ToLower(code))
		if zone != p.zone || city != p.city {
			t.Errorf("%s: got %s, %s", code, zone, city)
		}
		if _, err := time.LoadLocation(zone); err != nil || zone == "" {
			t.Errorf("%s: zone %q: %v", code, zone, err)
		}
	}
	if zone, city := TimeZone("XX"); zone != "" || city != "" {
		t.Errorf("XX: got %q, %q", zone, city)
	}
}

// The zones are those that the time zone database lists for the country.
func TestZonesBelongToCountries(t *testing.T) {
	f, err := os.Open("/usr/share/zoneinfo/zone.tab")
	if err != nil {
		t.Skip("install the package tzdata to compare the zones with /usr/share/zoneinfo/zone.tab")
	}
	defer f.Close()
	zones := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if f := strings.Split(lines.Text(), "\t"); len(f) >= 3 && f[0][0] != '#' {
			zones[f[0]] = append(zones[f[0]], f[2])
		}
	}
	// Nobody lives in the first two; the third is not in ISO 3166.
	elsewhere := map[string]string{"BV": "NO", "HM": "AU", "XK": "RS"}
	for code, p := range places() {
		if other, ok := elsewhere[code]; ok {
			code = other
		}
		if !slices.Contains(zones[code], p.zone) {
			t.Errorf("%s: zone %s is none of %v", p.code, p.zone, zones[code])
		}
	}
}

// Pyongyang was at UTC+8:30 from 2015-08-15 to 2018-05-04, before and after at +9.
func TestPyongyangTime(t *testing.T) {
	zone, city := TimeZone("KP")
	if zone != "Asia/Pyongyang" || city != "Pyongyang" {
		t.Fatalf("got %s, %s", zone, city)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ utc, want string }{
		{"2014-12-22T16:15:00Z", "2014-12-23 01:15 +0900"},
		{"2015-08-14T14:59:59Z", "2015-08-14 23:59 +0900"},
		{"2015-08-14T15:00:00Z", "2015-08-14 23:30 +0830"},
		{"2017-01-01T00:00:00Z", "2017-01-01 08:30 +0830"},
		{"2018-05-04T14:59:59Z", "2018-05-04 23:29 +0830"},
		{"2018-05-04T15:00:00Z", "2018-05-05 00:00 +0900"},
		{"2026-01-01T00:00:00Z", "2026-01-01 09:00 +0900"},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.In(loc).Format("2006-01-02 15:04 -0700"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.utc, got, tt.want)
		}
	}
}
