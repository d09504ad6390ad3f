package world

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// small is a world of a few prefixes, seen by a few vantage points, beside the ordinary
// pipeline of targets that are followed from the start.
type small struct {
	t       testing.TB
	state   *State
	rib     *route.RIB
	watches map[checks.Target]*route.Watch
	now     time.Time
	peers   []route.Peer
}

func asn(n int) checks.ASN { return checks.ASN(n) }

// country of a network or a prefix: AA to CC, by the last digit of the one and the first byte
// of the other.
func country(n int) string { return string([]byte{byte('A' + n%3), byte('A' + n%3)}) }

func locate(p netip.Prefix) string {
	if p.Addr().Is4() {
		return country(int(p.Addr().As4()[0]))
	}
	return country(int(p.Addr().As16()[3]))
}

func newSmall(t testing.TB, vantage int) *small {
	rules, assess := route.DefaultRules(), checks.DefaultRules()
	w := &small{
		t: t, now: noon, rib: route.NewRIB(rules), watches: map[checks.Target]*route.Watch{},
		state: New(Options{
			Rules: rules, Assess: assess, Locate: locate,
			Network:      func(a checks.ASN) (string, string) { return fmt.Sprint("net ", a), country(int(a)) },
			Country:      func(code string) string { return "land " + code },
			MinAddresses: 256, MinPrefixes6: 1,
		}),
	}
	for i := range vantage {
		w.peers = append(w.peers, route.Peer{
			Collector: fmt.Sprintf("rrc%02d", i%3), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), AS: asn(500 + i),
		})
	}
	return w
}

// follow has the ordinary pipeline watch a country or a network.
func (w *small) follow(targets ...checks.Target) {
	for _, t := range targets {
		f := checks.Footprint{Target: t}
		if t.Kind() == checks.KindASN {
			f.Origins = []checks.ASN{t.ASN()}
		} else {
			for n := range 60 {
				if country(n) == t.Text() && n >= 10 {
					f.Prefixes = append(f.Prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n)}), 8))
				}
			}
			for n := range 60 {
				if country(n) == t.Text() {
					f.Prefixes = append(f.Prefixes, netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0, byte(n)}), 32))
				}
			}
			for a := range 100 {
				if country(a) == t.Text() {
					f.Origins = append(f.Origins, asn(a))
				}
			}
			f.Home, f.Country = f.Origins, t.Text()
		}
		w.watches[t] = w.rib.Watch(f)
	}
}

func path(peer route.Peer, upstream, origin int) bgp.RawPath {
	raw, err := bgp.MakeRawPath(checks.MakePath(peer.AS, asn(upstream), asn(origin)))
	if err != nil {
		panic(err)
	}
	return raw
}

func (w *small) apply(u route.Update) {
	u.At = w.now
	w.state.Apply(&u)
	w.rib.Apply(&u)
}

// dump is the table of all peers: each has these prefixes by an upstream of their origin.
func (w *small) dump(origins map[string]int) {
	for p, origin := range origins {
		u := route.Update{Kind: route.Table, Prefix: netip.MustParsePrefix(p), Dump: 1}
		for _, peer := range w.peers {
			u.Entries = append(u.Entries, route.Entry{Peer: peer, Path: path(peer, 900+origin%2, origin)})
		}
		w.apply(u)
	}
	if err := w.state.Restore(nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *small) withdraw(p string, peers ...route.Peer) {
	for _, peer := range peers {
		w.apply(route.Update{Kind: route.Routes, Peer: peer, Withdrawn: []route.NLRI{{Prefix: netip.MustParsePrefix(p)}}})
	}
}

func (w *small) announce(p string, upstream, origin int, peers ...route.Peer) {
	for _, peer := range peers {
		w.apply(route.Update{Kind: route.Routes, Peer: peer, Announced: []route.NLRI{{Prefix: netip.MustParsePrefix(p)}}, Path: path(peer, upstream, origin)})
	}
}

// pass lets time pass, with signs of life of all collectors each so often.
func (w *small) pass(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(max(10*time.Second, d/12), end.Sub(w.now)))
		for i := range 3 {
			w.apply(route.Update{Kind: route.Alive, Peer: route.Peer{Collector: fmt.Sprintf("rrc%02d", i)}})
		}
		w.state.Tick(w.now)
	}
}

// ordinary is the verdict of the ordinary pipeline.
func (w *small) ordinary(t checks.Target) checks.Verdict {
	watch := w.watches[t]
	base, vantage, observations := watch.Observe(w.now)
	return checks.Assess(checks.Case{
		Footprint: watch.Target(), Baseline: base, Vantage: vantage, Observations: observations, Now: w.now, Rules: checks.DefaultRules(),
	})
}

func (w *small) verdict(t checks.Target) checks.Verdict {
	w.t.Helper()
	v, ok := w.state.Verdict(t, w.now)
	if !ok {
		w.t.Fatalf("nothing is said of %s", t)
	}
	return v
}

// four is a country of four prefixes of two networks, and something else.
func four() map[string]int {
	return map[string]int{
		"30.0.0.0/24": 30, "30.0.1.0/24": 30, "30.0.2.0/24": 33, "30.0.3.0/24": 33,
		"31.0.0.0/16": 31, "2001:1e::/48": 30, "2001:1f::/48": 31,
	}
}

var (
	land  = checks.Country("AA")
	net30 = checks.Network(30)
)

func TestCountryIsDownAndBack(t *testing.T) {
	w := newSmall(t, 12)
	w.follow(land, net30)
	w.dump(four())
	w.pass(2 * time.Hour)
	if v := w.verdict(land); v.State != checks.Up || v.IPv4.Prefixes != (checks.Count{Seen: 4, Of: 4}) || v.IPv4.Addresses.Of != 1024 {
		t.Fatalf("before: %v, %+v", v.State, v.IPv4)
	}
	at := w.now
	for p := range four() {
		if locate(netip.MustParsePrefix(p)) == "AA" {
			w.withdraw(p, w.peers...)
		}
	}
	w.pass(20 * time.Second)
	if v := w.verdict(land); v.State != checks.Up {
		t.Errorf("20 s after the withdrawals: %v, before they have settled", v.State)
	}
	w.pass(20 * time.Second)
	v := w.verdict(land)
	if v.State != checks.Down || !v.Onset.Half.Equal(at) {
		t.Errorf("40 s after the withdrawals: %v since %v, want down since %v", v.State, v.Onset.Half, at)
	}
	if world := w.state.World(w.now); world.Countries.Down != 1 || world.Networks.Down != 2 || len(world.Outages) != 3 {
		t.Errorf("the world: %+v %+v, %d outages", world.Countries, world.Networks, len(world.Outages))
	}
	for p, origin := range four() {
		if locate(netip.MustParsePrefix(p)) == "AA" {
			w.announce(p, 900+origin%2, origin, w.peers...)
		}
	}
	w.pass(5 * time.Second)
	if v := w.verdict(land); v.State != checks.Up || v.IPv4.Prefixes.Seen != 4 {
		t.Errorf("after the return: %v %+v", v.State, v.IPv4)
	}
}

// doubt has everything that is not well judged anew, as if all of it had just changed.
func doubt(s *State) {
	for _, list := range [...][]group{s.countries.list, s.networks.list} {
		for n := range list {
			list[n].doubts.stale()
		}
	}
}
