package checks

import (
	"net/netip"
	"testing"
	"time"
)

// What others found before our own finding changed contradicts nothing: places that got an
// answer just before a host died do not outvote its silence, and those that got none
// before it came back do not outvote its answer.
func TestVotesFromBeforeTheTurn(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	target, err := ParseTarget("https://example.org")
	if err != nil {
		t.Fatal(err)
	}
	votes := func(age time.Duration, answered bool) (list []Vote) {
		for i, continent := range []string{"EU", "NA", "AS", "AF", "SA"} {
			list = append(list, Vote{Operator: "Globalping", ASN: ASN(i + 1), Continent: continent, Method: MethodHTTP, At: now.Add(-age), Answered: answered})
		}
		return list
	}
	host := Host{
		Name: "https://example.org", Addr: netip.MustParseAddr("198.51.100.1"), Port: 443, Method: MethodHTTP, Role: RoleAsked, Home: true,
		Rate: .01, Asked: 1000, Before: true,
	}
	gone, back := host, host
	gone.Heard, gone.Missing = now.Add(-4*time.Minute), now.Add(-3*time.Minute)
	for _, age := range []time.Duration{180, 150, 120, 90} {
		a := Answer{At: now.Add(-age * time.Second), Outcome: Silent}
		gone.Silence, gone.Newest = gone.Silence.Add(a, .01), a
	}
	back.Newest = Answer{At: now.Add(-time.Minute), Outcome: Answered, Method: MethodHTTP}
	back.Heard = back.Newest.At
	back.Silence.Ended = Spell{First: now.Add(-20 * time.Minute), Last: now.Add(-3 * time.Minute), Back: now.Add(-2 * time.Minute)}
	for _, tt := range []struct {
		name  string
		host  Host
		votes []Vote
		want  State
	}{
		{"down, answers from before", gone, votes(5*time.Minute, true), Down},
		{"down, answers from after", gone, votes(time.Minute, true), Up},
		{"down, silence from before", gone, votes(5*time.Minute, false), Down},
		{"back, silence from before", back, votes(5*time.Minute, false), Up},
		{"back, silence from after", back, votes(30*time.Second, false), Degraded},
	} {
		r := Reach{At: now.Add(-time.Minute), Guard: Guard{At: now.Add(-time.Minute), Answered: 8, Controls: 8, Networks: 8}, Hosts: []Host{tt.host}, Votes: tt.votes}
		v := Assess(Case{Footprint: Footprint{Target: target}, Now: now, Reach: r})
		if v.State != tt.want {
			t.Errorf("%s: %v, want %v: %q", tt.name, v.State, tt.want, v.Reasons)
		}
	}
}
