package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"isitdown/checks"
	"isitdown/checks/route"
)

// plot is the space of the small world of the property test: disjoint prefixes, nested ones
// and halves that make up a whole, of networks of three countries.
func plot() map[string]int {
	return map[string]int{
		"30.0.0.0/22": 30, "30.0.0.0/24": 30, "30.0.1.0/24": 30, "30.1.0.0/24": 33, "30.2.0.0/24": 33,
		"31.0.0.0/16": 31, "31.1.0.0/24": 31, "31.1.1.0/24": 34,
		"32.0.0.0/23": 32, "32.1.0.0/24": 35, "32.2.0.0/24": 35, "32.3.0.0/24": 32,
		"2001:1e::/48": 30, "2001:1e:1::/48": 33, "2001:1f::/32": 31, "2001:20::/48": 35,
	}
}

// rooted adds prefixes that stay, so that nobody's table becomes a partial one by an event.
func rooted(prefixes map[string]int) map[string]int {
	for n := range 40 {
		prefixes[fmt.Sprintf("40.%d.0.0/16", n)] = 40
		prefixes[fmt.Sprintf("2001:28:%x::/48", n)] = 40
	}
	return prefixes
}

// gist is what two pipelines must agree on.
type gist struct {
	State      checks.State
	Announced  checks.Extent
	IPv4, IPv6 checks.Counts
	Foreign    int
	Onset      time.Time
	Evidence   checks.Evidence
}

func gistOf(v checks.Verdict) gist {
	g := gist{v.State, v.Announced, v.IPv4, v.IPv6, v.CoveredForeign, v.Onset.Half, v.Evidence}
	return g
}

// TestStateAgreesWithFollowedTargets compares every country and network with the ordinary
// pipeline, which keeps the history of each vantage point, after random events that have
// settled: both where prefixes are looked at one by one and where numbers alone are added up.
func TestStateAgreesWithFollowedTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("repeats many random histories")
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newSmall(t, 14)
		w.peers[13].AS = w.peers[12].AS // one vantage point with two sessions
		targets := []checks.Target{}
		for n := range 3 {
			targets = append(targets, checks.Country(country(30+n)))
		}
		for n := range 6 {
			targets = append(targets, checks.Network(asn(30+n)))
		}
		w.follow(targets...)
		w.dump(rooted(plot()))
		w.pass(2 * time.Hour)
		prefixes := []string{}
		for p := range plot() {
			prefixes = append(prefixes, p)
		}
		slices.Sort(prefixes)
		log := []string{}
		for range rapid.IntRange(1, 8).Draw(rt, "events") {
			log = append(log, w.event(rt, prefixes))
			w.pass(time.Duration(rapid.IntRange(40, 90).Draw(rt, "seconds")) * time.Second)
			for _, target := range targets {
				want := gistOf(w.ordinary(target))
				for _, most := range []int{maxDetailed, 0} {
					w.state.most = most
					got := gistOf(w.verdict(target))
					doubt(w.state)
					if diff := cmp.Diff(gistOf(w.verdict(target)), got); diff != "" {
						rt.Fatalf("%s, after\n%s\n(-added up anew +kept added up):\n%s", target, strings.Join(log, "\n"), diff)
					}
					if slices.ContainsFunc(log, redated) {
						got.Onset, want.Onset = time.Time{}, time.Time{}
					}
					if slices.ContainsFunc(log, returned) && got.Onset.Before(want.Onset) {
						got.Onset = want.Onset
					}
					if (w.revived() || slices.ContainsFunc(log, rerouted)) && want.State == checks.Down && got.State == checks.Degraded {
						got.State, got.Announced = want.State, want.Announced // less is claimed
					}
					if most == 0 {
						loosen(&got, &want)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						rt.Fatalf("%s, %d prefixes one by one, after\n%s\n(-followed +world):\n%s", target, most, strings.Join(log, "\n"), diff)
					}
				}
			}
		}
	})
}

// revived reports whether any route of what is lost came back in between: nobody is then
// taken to hold a route that is stuck, and a prefix that one of them still has is not gone.
func (w *small) revived() bool {
	return slices.ContainsFunc(w.state.apart.list, func(d deviant) bool { return d.revived })
}

// redated reports whether an event has a followed target date a loss otherwise: by those alone
// who still vote, and anew for who had another origin's route in between.
func redated(event string) bool {
	return strings.Contains(event, " from AS") || strings.HasSuffix(event, " ended")
}

// rerouted reports whether an event has routes lead another way, which is not usual before it has
// stood: nobody is then taken to hold a route that is stuck.
func rerouted(event string) bool { return strings.Contains(event, " announced otherwise ") }

// returned reports whether some may have come back while half still lacked it: the world dates
// a loss from when half began to lack it, a followed target by those who lack it now.
func returned(event string) bool { return strings.Contains(event, " announced ") }

// loosen takes away what numbers alone do not have to agree on: a prefix inside another one of
// somebody else's counts its addresses for its own network and country.
func loosen(got, want *gist) {
	got.IPv4.Slash24s, want.IPv4.Slash24s = checks.Count{}, checks.Count{}
}

// event has something happen, and says what.
func (w *small) event(rt *rapid.T, prefixes []string) string {
	p := rapid.SampledFrom(prefixes).Draw(rt, "prefix")
	some := w.peers[:rapid.IntRange(0, len(w.peers)).Draw(rt, "of")]
	origin := plot()[p]
	switch kind := rapid.IntRange(0, 7).Draw(rt, "kind"); kind {
	case 0, 1, 2:
		w.withdraw(p, some...)
		return fmt.Sprintf("%s withdrawn by %d", p, len(some))
	case 3:
		w.announce(p, 900+origin%2, origin, some...)
		return fmt.Sprintf("%s announced by %d", p, len(some))
	case 4:
		w.announce(p, 902, origin, some...)
		return fmt.Sprintf("%s announced otherwise by %d", p, len(some))
	case 5:
		other := 30 + rapid.IntRange(0, 5).Draw(rt, "other")
		w.announce(p, 900, other, some...)
		return fmt.Sprintf("%s announced from AS%d by %d", p, other, len(some))
	case 6:
		for _, q := range prefixes {
			if plot()[q] == origin {
				w.withdraw(q, some...)
			}
		}
		return fmt.Sprintf("AS%d withdrawn by %d", origin, len(some))
	default:
		peer := rapid.SampledFrom(w.peers).Draw(rt, "peer")
		w.apply(route.Update{Kind: route.PeerDown, Peer: peer})
		return fmt.Sprintf("%s ended", peer.Addr)
	}
}
