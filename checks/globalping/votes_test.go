package globalping

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

func TestMeasurementVotes(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	place := func(continent string, asn checks.ASN, r Result) Vantage {
		return Vantage{Continent: continent, ASN: asn, Result: r}
	}
	vote := func(asn checks.ASN, continent string, answered bool) checks.Vote {
		return checks.Vote{Operator: "Globalping", ASN: asn, Continent: continent, Method: checks.MethodICMP, At: at, Answered: answered}
	}
	for _, tt := range []struct {
		name   string
		kind   Kind
		places []Vantage
		want   []checks.Vote
	}{
		{"none", Ping, nil, nil},
		{
			"one a network", Ping,
			[]Vantage{place("EU", 3320, Answered), place("AS", 2516, Silent)},
			[]checks.Vote{vote(2516, "AS", false), vote(3320, "EU", true)},
		},
		{
			"who cannot tell casts none", Ping,
			[]Vantage{place("EU", 3320, Failed), place("AS", 2516, Pending), place("NA", 0, Silent), place("AF", 36873, Silent)},
			[]checks.Vote{vote(36873, "AF", false)},
		},
		{
			"one answer outweighs the silence of others in its network", Ping,
			[]Vantage{place("NA", 16509, Silent), place("NA", 16509, Silent), place("EU", 16509, Answered), place("NA", 16509, Silent)},
			[]checks.Vote{vote(16509, "EU", true)},
		},
		{
			"two silent places of a network are one vote", Ping,
			[]Vantage{place("NA", 16509, Silent), place("EU", 16509, Silent), place("NA", 16509, Silent), place("OC", 16509, Failed)},
			[]checks.Vote{vote(16509, "NA", false)},
		},
		{"as many here as there", Ping, []Vantage{place("NA", 1, Silent), place("EU", 1, Silent)}, []checks.Vote{vote(1, "EU", false)}},
		{"no continent that there is", Ping, []Vantage{place("Europe", 1, Silent), place("", 2, Answered)}, []checks.Vote{vote(1, "", false), vote(2, "", true)}},
		{"a traceroute tells of routers", Traceroute, []Vantage{place("EU", 3320, Silent)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Measurement{Kind: tt.kind, At: at, Vantages: tt.places}
			if diff := cmp.Diff(tt.want, m.Votes()); diff != "" {
				t.Errorf("votes (-want +got):\n%s", diff)
			}
		})
	}
}

// Claims and votes are of one measurement, whichever is asked for first.
func TestVotesShareTheMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{looks: 1, results: []map[string]any{served(200, 210), served(503, 20), failedBy("target"), failedBy("resolver"), {"status": "offline", "rawOutput": ""}}}
		c := over(s, Options{})
		f := footprint(t, "https://example.org/a?b=c")
		votes, err := c.Votes(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 22, 12, 0, 2, 5e8, time.UTC)
		vote := func(asn checks.ASN, continent string, answered bool) checks.Vote {
			return checks.Vote{Operator: "Globalping", ASN: asn, Continent: continent, Method: checks.MethodHTTP, At: at, Answered: answered}
		}
		want := []checks.Vote{vote(2516, "AS", false), vote(3320, "EU", true), vote(14618, "NA", true)}
		if diff := cmp.Diff(want, votes); diff != "" {
			t.Errorf("votes (-want +got):\n%s", diff)
		}
		if claims, err := c.Claims(t.Context(), f, time.Time{}); err != nil || len(claims) != 1 {
			t.Errorf("claims %v, %v", claims, err)
		}
		if again, err := c.Votes(t.Context(), f); err != nil || len(again) != 3 {
			t.Errorf("votes %v, %v", again, err)
		}
		if len(s.requests) != 1 {
			t.Errorf("%d measurements were created, want 1", len(s.requests))
		}
		time.Sleep(fresh + time.Second)
		if _, err := c.Votes(t.Context(), f); err != nil || len(s.requests) != 2 {
			t.Errorf("a minute later: %v, %d measurements, want another one", err, len(s.requests))
		}
	})
}

// What is no single host, or not public, has no votes.
func TestWhoHasNoVotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{results: []map[string]any{pinged(1)}}
		c := over(s, Options{})
		for _, text := range []string{"KP", "AS131279", "175.45.176.0/22"} {
			if votes, err := c.Votes(t.Context(), footprint(t, text)); votes != nil || err != nil {
				t.Errorf("%s: %v, %v", text, votes, err)
			}
		}
		if votes, err := c.Votes(t.Context(), footprint(t, "192.168.1.1")); votes != nil || err == nil {
			t.Errorf("a private address: %v, %v", votes, err)
		}
		if len(s.requests) > 0 {
			t.Errorf("asked for %v", s.requests)
		}
	})
}

// The service's own examples and the measurements of its chat bots: every place that
// answered votes so.
func TestVotesOfExamples(t *testing.T) {
	var real map[string]measurement
	if err := json.Unmarshal(testdata(t, "chatbots_probedata.json"), &real); err != nil {
		t.Fatal(err)
	}
	for name, raw := range examples(t) {
		var m measurement
		if json.Unmarshal(raw, &m) == nil && m.Results != nil {
			real[name] = m
		}
	}
	votes := 0
	for name, m := range real {
		got, err := m.measurement()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, v := range got.Votes() {
			votes++
			if !v.Answered || v.ASN == 0 || v.Continent == "" || v.At.IsZero() {
				t.Errorf("%s: vote %+v, want an answer from somewhere", name, v)
			}
		}
	}
	if votes < 6 {
		t.Errorf("%d votes, want those of the pings and pages", votes)
	}
}
