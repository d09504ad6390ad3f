package checks

import (
	"net/netip"
	"testing"
	"time"
)

// A host that answers TCP and filters pings is not "partly answering" because the world's
// pings are lost; one that answers pings and goes silent is silent to the world.
func TestSilenceToPings(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	target, err := ParseTarget("175.45.176.15")
	if err != nil {
		t.Fatal(err)
	}
	host := func(m Method, before bool, rate float64) Host {
		return Host{Name: "175.45.176.15", Addr: netip.MustParseAddr("175.45.176.15"), Method: m, Role: RoleAsked, Home: true, Before: before, Rate: rate, Asked: 100}
	}
	cast := func(m Method, answered ...bool) (votes []Vote) {
		for i, a := range answered {
			votes = append(votes, Vote{Operator: "Globalping", ASN: ASN(3320 + i), Continent: []string{"EU", "AS"}[i%2], Method: m, At: now, Answered: a})
		}
		return votes
	}
	for _, tt := range []struct {
		name         string
		hosts        []Host
		votes        []Vote
		silent, cast int
	}{
		{"it answers TCP alone", []Host{host(MethodTCP, true, .02), host(MethodICMP, false, .9)}, cast(MethodICMP, false, false, false, false), 0, 0},
		{"it answers pings too rarely", []Host{host(MethodICMP, true, .8)}, cast(MethodICMP, false, false, false), 0, 0},
		{"it answers pings", []Host{host(MethodTCP, true, .02), host(MethodICMP, true, .02)}, cast(MethodICMP, false, false, false, false), 4, 4},
		{"it answered somebody's ping", []Host{host(MethodTCP, true, .02)}, cast(MethodICMP, false, true, false), 2, 3},
		{"it was asked otherwise", []Host{host(MethodHTTP, true, .02)}, cast(MethodHTTP, false, false, false), 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := hearing{target: target, now: now, maxAge: time.Hour, reach: &Reach{At: now, Guard: Guard{At: now}, Hosts: tt.hosts, Votes: tt.votes}}
			b := h.ballot(ExtentUnknown)
			if b.silent.votes != tt.silent || b.all.votes != tt.cast {
				t.Errorf("got %d of %d silent, want %d of %d", b.silent.votes, b.all.votes, tt.silent, tt.cast)
			}
		})
	}
}
