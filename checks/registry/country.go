package registry

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed countries.txt
var countriesText string

// place is one line of countries.txt.
type place struct {
	code, name string
	registry   string
	zone, city string
	aliases    []string
}

// places gives the table of countries.txt by code.
var places = sync.OnceValue(func() map[string]place {
	table := map[string]place{}
	for line := range strings.Lines(countriesText) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		p := place{code: f[0], name: f[1], registry: f[2], zone: f[3], city: f[4]}
		if f[5] != "" {
			p.aliases = strings.Split(f[5], ";")
		}
		table[p.code] = p
	}
	return table
})

// codes gives the codes of all countries, ascending: those of ISO 3166-1, and XK
// for Kosovo.
func codes() []string { return slices.Sorted(maps.Keys(places())) }

// CountryName gives the short English name of a country, "North Korea" for "KP";
// "" for what is no country's code. Case does not matter.
func CountryName(code string) string { return places()[strings.ToUpper(code)].name }

// TimeZone gives the IANA time zone that a country's local times are told in,
// and the place to name with them: "Asia/Pyongyang" and "Pyongyang" for KP. It is
// that of the seat of government, of a territory's main settlement, or, where
// nobody lives, of the capital that administers it. Both are "" for what is no
// country's code.
func TimeZone(code string) (zone, city string) {
	p := places()[strings.ToUpper(code)]
	return p.zone, p.city
}

// usualRegistry gives the registry whose service region a country is in.
func usualRegistry(code string) string { return places()[code].registry }

// regionCode explains the codes that registries write for a whole region.
func regionCode(code string) string {
	switch code {
	case "EU":
		return "EU is no country: the RIPE NCC wrote it for holders in several countries of Europe, so it says nothing about any one of them"
	case "AP":
		return "AP is no country: APNIC wrote it for holders in several countries of Asia and the Pacific, so it says nothing about any one of them"
	}
	return ""
}
