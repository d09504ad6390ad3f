package registry

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"isitdown/checks"
)

func TestParseNames(t *testing.T) {
	tests := []struct{ in, want string }{
		{"KP", "KP"},
		{"kp", "KP"},
		{" Kp\n", "KP"},
		{"PRK", "KP"},
		{"prk", "KP"},
		{"north korea", "KP"},
		{"NORTH  KOREA", "KP"},
		{"North-Korea", "KP"},
		{"northkorea", "KP"},
		{"North Korea (KP)", "KP"},
		{"nordkorea ( kp )", "KP"},
		{"DPRK", "KP"},
		{"D.P.R.K.", "KP"},
		{"Democratic People's Republic of Korea", "KP"},
		{"Democratic People’s Republic of Korea", "KP"},
		{"조선민주주의인민공화국", "KP"},
		{"북한", "KP"},
		{"한국", "KR"},
		{"대한민국", "KR"},
		{"Republic of Korea", "KR"},
		{"DRC", "CD"},
		{"DR Congo", "CD"},
		{"Congo - Kinshasa", "CD"},
		{"Democratic Republic of the Congo", "CD"},
		{"République démocratique du Congo", "CD"},
		{"Republic of the Congo", "CG"},
		{"Congo-Brazzaville", "CG"},
		{"Türkiye", "TR"},
		{"turkiye", "TR"},
		{"TÜRKİYE", "TR"},
		{"turkey", "TR"},
		{"Côte d'Ivoire", "CI"},
		{"Côte d’Ivoire", "CI"},
		{"cote divoire", "CI"},
		{"ivory coast", "CI"},
		{"Elfenbeinküste", "CI"},
		{"Irak", "IQ"},
		{"Chine", "CN"},
		{"Deutschland", "DE"},
		{"Россия", "RU"},
		{"россия", "RU"},
		{"Russian Federation", "RU"},
		{"中国", "CN"},
		{"日本", "JP"},
		{"مصر", "EG"},
		{"भारत", "IN"},
		{"Ελλάδα", "GR"},
		{"ישראל", "IL"},
		{"Україна", "UA"},
		{"Éire", "IE"},
		{"Österreich", "AT"},
		{"Ísland", "IS"},
		{"UK", "GB"},
		{"EL", "GR"},
		{"U.S.A.", "US"},
		{"usa", "US"},
		{"the united states of america", "US"},
		{"UAE", "AE"},
		{"St. Lucia", "LC"},
		{"st kitts & nevis", "KN"},
		{"Saint Kitts and Nevis", "KN"},
		{"The Gambia", "GM"},
		{"Iran (Islamic Republic of)", "IR"},
		{"iran, islamic republic of", "IR"},
		{"Lao People's Democratic Republic", "LA"},
		{"Bolivia (Plurinational State of)", "BO"},
		{"são tomé", "ST"},
		{"holy see", "VA"},
		{"burma", "MM"},
		{"Swaziland", "SZ"},
		{"Republic of China", "TW"},
		{"People's Republic of China", "CN"},
		// Exact names that begin, or sound like, others.
		{"Georgia", "GE"},
		{"Niger", "NE"},
		{"Nigeria", "NG"},
		{"Dominica", "DM"},
		{"Dominican Republic", "DO"},
		{"Guinea", "GN"},
		{"Guinea-Bissau", "GW"},
		{"Equatorial Guinea", "GQ"},
		{"Papua New Guinea", "PG"},
		{"Samoa", "WS"},
		{"American Samoa", "AS"},
		{"Sudan", "SD"},
		{"South Sudan", "SS"},
		{"Ireland", "IE"},
		{"Guyana", "GY"},
		{"French Guiana", "GF"},
		{"Austria", "AT"},
		{"Australia", "AU"},
		{"Sint Maarten", "SX"},
		{"China", "CN"},
		{"India", "IN"},
		{"Chad", "TD"},
		// Codes that are words.
		{"TO", "TO"},
		{"IT", "IT"},
		{"IN", "IN"},
		{"NO", "NO"},
		{"AS", "AS"},
		{"me", "ME"},
		{"AND", "AD"},
		{"can", "CA"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := Parse(tt.in)
			if err != nil || got != checks.Country(tt.want) {
				t.Errorf("got %v, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseAsksBack(t *testing.T) {
	tests := []struct {
		in   string
		want string // suggestions
		say  string
	}{
		{"korea", "KP KR", `"korea" fits several places: did you mean KP (North Korea) or KR (South Korea)?`},
		{"Corée", "KP KR", ""},
		{"congo", "CD CG", `"congo" fits several places: did you mean CD (DR Congo) or CG (Republic of the Congo)?`},
		{"Конго", "CD CG", ""},
		{"Kongo", "CD CG", ""},
		{"virgin islands", "VG VI", ""},
		{"st martin", "MF SX", ""},
		{"guiana", "GF GY", ""},
		{"america", "US", `no country is called "america" exactly: did you mean US (United States)?`},
		{"Scotland", "GB", ""},
		{"nort korea", "KP", `no country is called "nort korea" exactly: did you mean KP (North Korea)?`},
		{"noth korae", "KP", ""},
		{"germny", "DE", ""},
		{"Gemrany", "DE", ""},
		{"swizerland", "CH", ""},
		{"nigerai", "NG", ""},
		{"dominican", "DM DO", ""},
		{"emirates arab", "AE", ""},
		{"papua", "PG ID", ""},
		// Names in one language, slips in another.
		{"ugana", "GH UG", ""},
		{"toga", "TG TO", ""},
		{"nigera", "NE NG", ""},
		{"GER", "DE", ""},
		{"Detuschland", "DE", ""},
		{"North Korea (KR)", "KP KR", `KR is South Korea, not "North Korea": did you mean KP (North Korea) or KR (South Korea)?`},
		{"Atlantis (KP)", "KP", ""},
		{"Congo (KP)", "CD CG KP", ""},
		{"Xland (XX)", "", "XX is no ISO 3166 country code: check the two letters, or write the country's name"},
		{"XX", "", "XX is no ISO 3166 country code: check the two letters, or write the country's name"},
		{"zz", "", "ZZ is no ISO 3166 country code"},
		{"EU", "", "EU is no country: the RIPE NCC wrote it"},
		{"ap", "", "AP is no country: APNIC wrote it"},
		{"AN", "CW SX BQ", "AN is no ISO 3166 country code: did you mean CW (Curaçao), SX (Sint Maarten) or BQ (Caribbean Netherlands)?"},
		{"Soviet Union", "RU", ""},
		{"yugoslavia", "RS ME HR SI BA MK", ""},
		{"islands", "", `no country is called "islands" exactly: give its ISO 3166 code, a network (AS4837), a prefix, an address, a host (example.org) or a URL`},
		{"republic", "", ""},
		{"localhost", "", ""},
		{"qwertyuiop", "", ""},
		{"...", "", ""},
		{"()", "", ""},
		{"(KP)", "KP", ""},
		{"\u202e\u0301", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := Parse(tt.in)
			e, ok := errors.AsType[*NameError](err)
			if !ok || got != (checks.Target{}) {
				// What can only be a host or an address is answered by its form.
				if tt.in == "..." && err != nil {
					return
				}
				t.Fatalf("got %v, %v, want a NameError", got, err)
			}
			if s := strings.Join(e.Suggestions, " "); s != tt.want {
				t.Errorf("suggestions are %q, want %q", s, tt.want)
			}
			if !strings.HasPrefix(err.Error(), tt.say) {
				t.Errorf("got  %s\nwant %s", err, tt.say)
			}
			for _, code := range e.Suggestions {
				if CountryName(code) == "" {
					t.Errorf("suggests %s, which is no country", code)
				}
			}
		})
	}
}

// Whatever is no name of a country reads as package checks reads it, and what
// that refuses for its form is refused in its words.
func TestParseFallsThrough(t *testing.T) {
	for _, text := range []string{
		"AS131279", "as 4837", "AS2.207", "175.45.176.0/22", "2001:db8::/32", "8.8.8.8", "2001:db8::1",
		"example.org", "ni.ger", "korea.example", "https://example.org", "http://north-korea.example/x?y",
	} {
		want, err := checks.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "4837", "AS0", "175.45.176.5/22", "1.2.3", "https://localhost", "a\x00b", "http://korea"} {
		_, want := checks.ParseTarget(text)
		if _, err := Parse(text); err == nil || err.Error() != want.Error() {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
	for _, long := range []string{strings.Repeat("ab ", 100), strings.Repeat("x", 5000)} {
		if _, err := Parse(long); err == nil || !strings.Contains(err.Error(), "longer than the 120 characters") || len(err.Error()) > 300 {
			t.Errorf("a long name: got %v", err)
		}
	}
}

// Every country is found by its code, three-letter code, name and other names,
// also with the code in brackets, and reads back from its String.
func TestParseIsInverse(t *testing.T) {
	if n := len(codes()); n != 250 {
		t.Fatalf("there are %d countries, want the 249 of ISO 3166-1 and Kosovo", n)
	}
	for code, p := range places() {
		region, err := language.ParseRegion(code)
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		texts := append([]string{code, strings.ToLower(code), p.name, strings.ToUpper(p.name), p.name + " (" + code + ")", region.ISO3()}, p.aliases...)
		for _, text := range texts {
			got, err := Parse(text)
			if err != nil || got != checks.Country(code) {
				t.Errorf("%s: got %v, %v, want %s", text, got, err, code)
				continue
			}
			if back, err := Parse(got.String()); err != nil || back != got {
				t.Errorf("%s: reading %v again: got %v, %v", text, got, back, err)
			}
		}
	}
}

// The names that CLDR and the countries module have mean what they mean there,
// or are asked back with that country among the answers.
func TestParseNamesOfOthers(t *testing.T) {
	check := func(name, code string) {
		got, err := Parse(name)
		if e, ok := errors.AsType[*NameError](err); ok && slices.Contains(e.Suggestions, code) {
			return
		}
		if err != nil || got != checks.Country(code) {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, code)
		}
	}
	for _, code := range codes() {
		check(countries.ByName(code).String(), code)
	}
	done := map[string]bool{}
	for _, tag := range display.Supported.Tags() {
		namer := display.Regions(tag)
		if namer == nil {
			continue
		}
		for _, code := range codes() {
			name := namer.Name(language.MustParseRegion(code))
			// Names that have the form of a code are codes, and some have that of
			// a prefix or an address: "Falkland/Malvinas", "S:t Lucia".
			if len(key(name)) > 3 && !strings.ContainsAny(name, "/:") && !done[code+name] {
				check(name, code)
			}
			done[code+name] = true
		}
	}
}

// No key of the first index fits two places, and what is asked back is one
// question with real countries as answers.
func TestNamesAreUnambiguous(t *testing.T) {
	for k, codes := range names() {
		if len(codes) != 1 {
			t.Errorf("%q fits %v", k, codes)
		}
		if back := asked(k); back != nil {
			t.Errorf("%q is both %v and asked back with %v", k, codes, back)
		}
	}
	for k, codes := range foreignNames() {
		if have := names()[k]; have != nil && !slices.Contains(codes, have[0]) {
			t.Errorf("%q is %v in another language, but %v here", k, codes, have)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"germny", "germany", 1},
		{"gemrany", "germany", 1},
		{"germannny", "germany", 2},
		{"iram", "iran", 1},
		{"kitten", "sitting", 3},
		{"россия", "росия", 1},
		{"nroth", "north", 1},
		{"abcdef", "badcfe", 3},
		{"abcdef", "uvwxyz", 6},
	}
	for _, tt := range tests {
		for limit := range 5 {
			got := distance([]rune(tt.a), []rune(tt.b), limit)
			if tt.want <= limit && got != tt.want || tt.want > limit && got <= limit {
				t.Errorf("%s to %s, at most %d: got %d, want %d", tt.a, tt.b, limit, got, tt.want)
			}
		}
	}
}

func TestCountryName(t *testing.T) {
	tests := []struct{ code, want string }{
		{"KP", "North Korea"},
		{"kr", "South Korea"},
		{"CD", "DR Congo"},
		{"TR", "Türkiye"},
		{"HK", "Hong Kong"},
		{"MM", "Myanmar"},
		{"XX", ""},
		{"", ""},
		{"UK", ""},
	}
	for _, tt := range tests {
		if got := CountryName(tt.code); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.code, got, tt.want)
		}
	}
}
