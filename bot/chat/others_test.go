package chat

import (
	"slices"
	"strings"
	"testing"

	"isitdown/checks"
)

const iodaKP = "https://ioda.inetintel.cc.gatech.edu/country/KP?from=1419177600&until=1419267600"

// claimsOnKP are what the services have to say of North Korea while it is gone.
func claimsOnKP() []checks.Claim {
	return []checks.Claim{
		{
			Service: "IODA", Text: "BGP signal at 0 % of its value 24 h before (0 of 4 /24s)", At: utc("2014-12-22 16:55:00"),
			Link: iodaKP, Rests: checks.RestsCollectors, Loss: new(true),
		},
		{
			Service: "IODA", Text: "no active probing signal: the registered space is below IODA's floor of 20 /24s",
			Link: iodaKP, Rests: checks.RestsProbing,
		},
		{
			Service: "Globalping", Text: "pings answered from 0 of 10 places on 4 continents", At: utc("2014-12-22 16:59:40"),
			Link: "https://globalping.io/?measurement=nzGzfAGL7sZfUs3c", Rests: "Globalping's probes", Loss: new(true),
		},
		{
			Service: "Cloudflare Radar", Text: "an annotation of a nationwide outage, from 22 Dec 2014 16:15 UTC, with no end so far",
			Link: "https://radar.cloudflare.com/outage-center/kp", Rests: "Cloudflare's traffic and public reports", Loss: new(true),
		},
	}
}

// claimedSamples are notices beside which others have something to say.
func claimedSamples() []sample {
	down := kpDown("2014-12-22 17:00:08")
	down.Vantage.Source, down.Claims = "RIPE RIS", claimsOnKP()
	unknown := kp("2014-12-22 17:00:00", checks.Unknown)
	unknown.Announced, unknown.Evidence, unknown.Claims = checks.ExtentUnknown, checks.EvidenceNone, claimsOnKP()[:1]
	unknown.Vantage = checks.Vantage{Needed: 10}
	unknown.IPv4, unknown.Prefixes, unknown.Borders, unknown.LastHops = checks.Counts{}, nil, nil, nil
	unknown.Reasons, unknown.Raise = []string{"no routing data was given"}, nil
	up := upTwo()
	up.Claims = []checks.Claim{
		{
			Service: "IODA", Text: "BGP signal at 100 % of its value 24 h before (4 of 4 /24s)", At: utc("2017-10-01 08:50:00"),
			Link: "https://ioda.inetintel.cc.gatech.edu/country/KP?from=1506762000&until=1506848400", Rests: checks.RestsCollectors, Loss: new(false),
		},
	}
	return []sample{
		{"kp-claimed", Notice{Kind: Opened, Verdict: down, Incident: outage(1)}},
		{"kp-claimed-unknown", Notice{Verdict: unknown}},
		{"kp-claimed-up", Notice{Verdict: up}},
	}
}

func TestOthersText(t *testing.T) {
	now := utc("2014-12-22 17:00:00")
	many := make([]checks.Claim, maxClaims+3)
	for i := range many {
		many[i] = checks.Claim{Service: "IODA", Text: "signal " + string(rune('a'+i))}
	}
	tests := []struct {
		name   string
		claims []checks.Claim
		source string
		want   string
		links  []string
	}{
		{name: "nobody says anything"},
		{name: "a claim without words", claims: []checks.Claim{{Service: "IODA", Text: " \x1b "}}},
		{
			name:   "the collectors of the verdict count once",
			claims: []checks.Claim{{Service: "IODA", Text: "BGP signal at 99 %.", Rests: checks.RestsCollectors}},
			source: "RIPE RIS",
			want:   "IODA: BGP signal at 99 % (rests on the same route collectors as above)",
		},
		{
			name:   "own routers are other eyes",
			claims: []checks.Claim{{Service: "IODA", Text: "BGP signal at 99 %", Rests: checks.RestsCollectors, At: utc("2014-12-21 16:00:00")}},
			source: "edge1",
			want:   "IODA: BGP signal at 99 %, as of 21 Dec 16:00 UTC (rests on RIPE RIS and RouteViews)",
		},
		{
			name: "two services with the same probes",
			claims: []checks.Claim{
				{Service: "IODA", Text: "down", Rests: checks.RestsProbing, Link: "https://a.example/"},
				{Service: "Other", Text: "down too", Rests: checks.RestsProbing, Link: "https://b.example/"},
			},
			want: "IODA: down (IODA and Other rest on the same, active probing, and count once) https://a.example/ · " +
				"Other: down too (IODA and Other rest on the same, active probing, and count once) https://b.example/",
			links: []string{"https://a.example/", "https://b.example/"},
		},
		{
			name: "one address a service, one basis a run",
			claims: []checks.Claim{
				{Service: "IODA", Text: "one", Rests: "probes", Link: "https://a.example/"},
				{Service: "IODA", Text: "two", Rests: "probes", Link: "https://a.example/"},
			},
			want:  "IODA: one; two (rests on probes) https://a.example/",
			links: []string{"https://a.example/"},
		},
		{
			name:   "addresses that are not safe are left out",
			claims: []checks.Claim{{Service: "IODA", Text: "x", Link: "http://a.example/"}, {Service: "IODA", Text: "y", Link: "https://user@a.example/"}},
			want:   "IODA: x; y",
		},
		{
			name:   "what is too much is counted",
			claims: many,
			want:   "IODA: signal a; signal b; signal c; signal d; signal e; signal f; signal g; signal h · 3 more claims not listed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, links := othersText(tt.claims, tt.source, now)
			if plain(text) != tt.want || !slices.Equal(links, tt.links) {
				t.Errorf("got  %q %q\nwant %q %q", plain(text), links, tt.want, tt.links)
			}
		})
	}
}

func TestSafeLink(t *testing.T) {
	for _, good := range []string{iodaKP, "https://radar.cloudflare.com/outage-center", "https://globalping.io/?measurement=abc"} {
		if safeLink(good) != good {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "x", "http://a.example/", "javascript:alert(1)", "https://", "https://u:p@a.example/", "https://a.example/ b", "https://a.example/<x>",
		"https://a.example/\u202e", "https://a.example/|x", "https://a.example/" + strings.Repeat("x", maxLink), "https://bücher.example/",
	} {
		if got := safeLink(bad); got != "" {
			t.Errorf("%q passes as %q", bad, got)
		}
	}
}

// What others say stands in every notice between the bot's own facts and their
// grade, and neither in the headline nor in the sentence that is quoted.
func TestOthersHaveTheirPlace(t *testing.T) {
	for _, s := range samples(t) {
		n := s.notice
		n.Verdict.Claims = nil
		without := Compose(n)
		n.Verdict.Claims = []checks.Claim{{Service: "IODA", Text: "a claim", Link: iodaKP}}
		with := Compose(n)
		if with.Headline != without.Headline || with.Quote != without.Quote || with.Tone != without.Tone {
			t.Errorf("%s: a claim changes headline, quote or tone", s.name)
		}
		i := slices.IndexFunc(with.Parts, func(p Part) bool { return p.Label == "Others" })
		if i < 0 {
			t.Errorf("%s: no part for others", s.name)
			continue
		}
		if got := with.Parts[i]; got.Text != "IODA: a claim "+iodaKP || !slices.Equal(got.Links, []string{iodaKP}) {
			t.Errorf("%s: %+v", s.name, got)
		}
		for j, p := range with.Parts {
			if (p.Label == "Seen" || p.Label == "Probes") && j > i || (p.Label == "Evidence" || p.Label == "Not known") && j < i {
				t.Errorf("%s: %s stands on the wrong side of Others", s.name, p.Label)
			}
		}
		if len(with.Parts) != len(without.Parts)+1 {
			t.Errorf("%s: %d parts with a claim, %d without", s.name, len(with.Parts), len(without.Parts))
		}
	}
}

// Claims may hold anything: no text of theirs does more than show, and no address
// leads where it does not say.
func TestHostileClaims(t *testing.T) {
	for _, s := range samples(t) {
		n := s.notice
		for range maxClaims + 1 {
			n.Verdict.Claims = append(n.Verdict.Claims, checks.Claim{
				Service: hostile, Text: strings.Repeat(hostile, 50), At: utc("2014-12-22 16:00:00"), Link: "https://a.example/" + hostile, Rests: hostile,
			})
		}
		m := Compose(n)
		harmlessText(t, s.name, m)
		for _, p := range m.Parts {
			if p.Label == "Others" && (len(p.Links) > 3 || len([]rune(p.Text)) > maxClaims*(maxClaim+maxName+maxLink)) {
				t.Errorf("%s: a part of %d characters with links %q", s.name, len(p.Text), p.Links)
			}
		}
		a := Account{ID: "KP-20141222-1", Tellings: []Telling{told(n)}}
		harmlessText(t, s.name+", why", a.Why())
		harmlessText(t, s.name+", details", a.Details())
	}
}

// What was said by others is kept with a telling and shown by why and details.
func TestWhyTellsWhatOthersSaid(t *testing.T) {
	for _, s := range claimedSamples() {
		want, links := othersText(s.notice.Verdict.Claims, s.notice.Verdict.Vantage.Source, s.notice.Verdict.At)
		a := Account{ID: "KP-20141222-1", Tellings: []Telling{told(s.notice)}}
		for name, m := range map[string]Message{"why": a.Why(), "details": a.Details()} {
			i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Label == "Others" })
			if i < 0 || m.Parts[i].Text != plain(want) || !slices.Equal(m.Parts[i].Links, links) {
				t.Errorf("%s, %s: parts %+v, want %q", s.name, name, m.Parts, plain(want))
			}
		}
	}
}

// On a terminal an address stays whole where it fits a line of its own.
func TestAddressesAreNotTornApart(t *testing.T) {
	for _, s := range claimedSamples() {
		for _, text := range []string{Text(s.notice, Columns), Compose(s.notice).Text(Columns)} {
			for _, c := range s.notice.Verdict.Claims {
				if !strings.Contains(text, c.Link) {
					t.Errorf("%s: %s is torn apart:\n%s", s.name, c.Link, text)
				}
			}
		}
	}
	text := Compose(claimedSamples()[0].notice).Text(60) // too narrow: broken, not lost
	if !strings.Contains(strings.Join(strings.Fields(text), ""), iodaKP) {
		t.Errorf("%s is not in\n%s", iodaKP, text)
	}
}
