package chat

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// What is said of a host, from its probes through the verdict to the headline.
func TestHeadlinesOfProbes(t *testing.T) {
	now := utc(probedAt)
	silence := func(h checks.Host) checks.Host {
		h.Silence = checks.Silence{}
		for i := range 5 {
			at := now.Add(time.Duration(i-5) * time.Minute)
			if h.Newest.At = at; i == 0 {
				h.Missing, h.Heard = at, at.Add(-time.Minute)
			}
			h.Silence = h.Silence.Add(h.Newest, h.Rate)
		}
		return h
	}
	one := func(name string, m checks.Method, port uint16, o checks.Outcome, detail string) checks.Host {
		return asked(probedHost(name, "192.0.2.10", m, port, o, detail))
	}
	const web, page = "example.org", "https://example.org/status"
	gone := checks.Host{Name: web, Newest: checks.Answer{Host: web, At: now, Outcome: checks.Nonexistent}}
	voted := func(answered bool) (votes []checks.Vote) {
		for i, continent := range []string{"EU", "NA", "AS", "SA", "AF"} {
			votes = append(votes, checks.Vote{Operator: "Globalping", ASN: checks.ASN(64500 + i), Continent: continent, At: now, Answered: answered})
		}
		return votes
	}
	void := heldGuard
	void.Void = "our own network: 5 of 8 control targets do not answer"
	for _, tc := range []struct {
		target string
		guard  checks.Guard
		votes  []checks.Vote
		hosts  []checks.Host
		want   string
	}{
		{web, heldGuard, nil, []checks.Host{one(web, checks.MethodHTTP, 443, checks.Answered, "HTTP 200"), one(web, checks.MethodICMP, 0, checks.Answered, "")}, "UP: example.org: answering over HTTPS (HTTP 200) from our vantage point"},
		{web, heldGuard, nil, []checks.Host{one(web, checks.MethodTLS, 443, checks.Answered, "certificate expired on 2024-11-02")}, "UP: example.org: answering by TLS on port 443 (certificate expired on 2024-11-02) from our vantage point"},
		{web, heldGuard, nil, []checks.Host{one(web, checks.MethodTCP, 22, checks.Refused, "connection refused")}, "UP: example.org: there, refusing connections on TCP port 22, from our vantage point"},
		{web, heldGuard, nil, []checks.Host{silence(one(web, checks.MethodICMP, 0, checks.Silent, ""))}, "DOWN: example.org: not answering from our vantage point since 7 Jun 2025 10:35 UTC"},
		{web, heldGuard, voted(false), []checks.Host{silence(one(web, checks.MethodICMP, 0, checks.Silent, ""))}, "DOWN: example.org: not answering from 5 networks on 5 continents since 7 Jun 2025 10:35 UTC"},
		{web, heldGuard, voted(true), []checks.Host{silence(one(web, checks.MethodICMP, 0, checks.Silent, ""))}, "UP: example.org: answering from 5 networks on 5 continents, but not from our vantage point"},
		{web, heldGuard, nil, []checks.Host{never(one(web, checks.MethodICMP, 0, checks.Silent, ""))}, "UNKNOWN: example.org: not answering, but it has never answered us before, so its silence says nothing"},
		{web, heldGuard, nil, []checks.Host{gone}, "UNKNOWN: example.org: the DNS has no address for this name"},
		{web, void, nil, []checks.Host{silence(one(web, checks.MethodICMP, 0, checks.Silent, ""))}, "UNKNOWN: example.org: our own network fails its test, so nothing is claimed"},
		{page, heldGuard, nil, []checks.Host{one(page, checks.MethodHTTP, 443, checks.Failing, "HTTP 503")}, "DEGRADED: https://example.org/status: answering, but failing: HTTP 503"},
		{page, heldGuard, nil, []checks.Host{one(page, checks.MethodHTTP, 443, checks.Refused, "connection refused"), one(web, checks.MethodICMP, 0, checks.Answered, "")}, "DEGRADED: https://example.org/status: the host is there, but refuses connections on TCP port 443"},
		{"192.0.2.10", heldGuard, nil, []checks.Host{one("192.0.2.10", checks.MethodICMP, 0, checks.Answered, "")}, "UP: 192.0.2.10: answering ping from our vantage point"},
	} {
		reach := checks.Reach{At: now, Guard: tc.guard, Hosts: tc.hosts, Votes: tc.votes}
		v := checks.Assess(checks.Case{Footprint: checks.Footprint{Target: target(tc.target)}, Reach: reach, Now: now, Rules: checks.DefaultRules()})
		n := Notice{Verdict: v}
		if got := Headline(n); got != tc.want {
			t.Errorf("got  %s\nwant %s\n%s", got, tc.want, Text(n, Columns))
		}
		text := Text(n, Columns)
		for _, part := range []string{"\nProbes ", "\nAsked ", "\nNot known ", "\n> As of "} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", tc.want, part, text)
			}
		}
		for _, re := range forbidden {
			if m := re.FindString(text); m != "" {
				t.Errorf("%s: says %q", tc.want, m)
			}
		}
	}
}

// The same of a network that is announced: from its hosts to the headline, and back.
func TestHeadlinesOfASpace(t *testing.T) {
	now := utc(probedAt)
	space := netip.MustParsePrefix("198.51.100.0/22").Masked()
	c := checks.Case{
		Footprint: checks.Footprint{Target: target(space.String()), Prefixes: []netip.Prefix{space}},
		Baseline:  checks.Baseline{Prefixes: []checks.BaselinePrefix{{Prefix: space, Origins: []checks.ASN{64500}}}},
		Vantage: checks.Vantage{
			Source: "RIPE RIS", Live: 40, FullFeed: 40, Voting: 40, Usual: 40, Collectors: 3, NewestAt: now,
		},
		Observations: []checks.Observation{{Prefix: space, Seen: 40, Asked: 40, Origins: []checks.ASN{64500}}},
		Now:          now, Rules: checks.DefaultRules(),
	}
	hosts := func(silent int) []checks.Host {
		var list []checks.Host
		for i := range 10 {
			addr := netip.AddrFrom4([4]byte{198, 51, byte(100 + i%4), byte(i + 1)}).String()
			o := checks.Answered
			if i < silent {
				o = checks.Silent
			}
			h := probedHost(addr, addr, checks.MethodICMP, 0, o, "")
			if i < silent {
				h.Silence = checks.Silence{}
				for k := range 5 {
					a := h.Newest
					a.At = h.Missing.Add(time.Duration(k) * 4 * time.Minute)
					h.Silence = h.Silence.Add(a, h.Rate)
				}
			}
			list = append(list, h)
		}
		return list
	}
	for _, tc := range []struct {
		silent, seen int
		want         string
	}{
		{0, 40, "UP: 198.51.100.0/22: announced, usual hosts answer"},
		{10, 40, "DEGRADED: 198.51.100.0/22: announced but not answering from our vantage point since 7 Jun 2025 10:23 UTC"},
		{5, 40, "DEGRADED: 198.51.100.0/22: announced, partly answering from our vantage point since 7 Jun 2025 10:23 UTC"},
		{10, 0, "DOWN: 198.51.100.0/22: withdrawn"},
		{8, 0, "UNKNOWN: 198.51.100.0/22: sources disagree: routes withdrawn, yet 2 of 10 usual hosts answer"},
	} {
		at := c
		at.Observations = slices.Clone(c.Observations)
		at.Observations[0].Seen = tc.seen
		at.Reach = checks.Reach{At: now, Guard: heldGuard, Hosts: hosts(tc.silent)}
		n := Notice{Verdict: checks.Assess(at)}
		if got := Headline(n); got != tc.want {
			t.Errorf("got  %s\nwant %s\n%s", got, tc.want, Text(n, Columns))
		}
	}
}
