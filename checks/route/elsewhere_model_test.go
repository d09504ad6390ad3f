package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// said is one thing that a session said: a path for a prefix, nil for none.
type said struct {
	at     time.Time
	peer   Peer
	prefix netip.Prefix
	path   checks.Path
}

// model is the plain way to know what was when: everything that was ever said.
type model struct {
	log   []said
	reset map[Peer][2]time.Time // when a session went, and when it was whole again
}

// held gives what all sessions held at a time.
func (m *model) held(at time.Time) map[Peer]map[netip.Prefix]checks.Path {
	held := map[Peer]map[netip.Prefix]checks.Path{}
	for _, s := range m.log {
		if s.at.After(at) {
			continue
		}
		if held[s.peer] == nil {
			held[s.peer] = map[netip.Prefix]checks.Path{}
		}
		if s.path == nil {
			delete(held[s.peer], s.prefix)
		} else {
			held[s.peer][s.prefix] = s.path
		}
	}
	return held
}

// counts reports whether a session is whole at a time and was at another, with nothing
// missed between that and the time at which the table was looked at.
func (m *model) counts(p Peer, from, looked, at time.Time) bool {
	r, ok := m.reset[p]
	if !ok {
		return true
	}
	return (r[0].After(looked) || !r[1].After(from)) && m.whole(p, at)
}

// whole reports whether a session is up at a time and has sent its table.
func (m *model) whole(p Peer, at time.Time) bool {
	r, ok := m.reset[p]
	return !ok || at.Before(r[0]) || !at.Before(r[1])
}

// story is a random course of events, told to a table and to the model.
type story struct {
	model
	rng     *rand.Rand
	updates []*Update
	peers   []Peer
	targets []netip.Prefix
	others  map[netip.Prefix]checks.ASN
}

// somewhere makes a path from a peer to an origin, through few ASes, so that paths meet.
func (s *story) somewhere(p Peer, origin checks.ASN) checks.Path {
	asns := []checks.ASN{p.AS}
	for range 1 + s.rng.IntN(3) {
		asns = append(asns, []checks.ASN{11, 12, 13, 14, 64600, 24115}[s.rng.IntN(6)])
	}
	path := checks.MakePath(append(asns, origin)...)
	if s.rng.IntN(30) == 0 {
		path[1] = checks.Hop{21, 22}
	}
	return path
}

func (s *story) say(at time.Time, p Peer, prefix netip.Prefix, path checks.Path) {
	s.log = append(s.log, said{at, p, prefix, path})
	u := &Update{Kind: Routes, At: at, Peer: p}
	if path == nil {
		u.Withdrawn = []NLRI{{Prefix: prefix}}
	} else {
		u.Announced, u.Path = []NLRI{{Prefix: prefix}}, rawPath(path)
	}
	s.updates = append(s.updates, u)
}

func rawPath(p checks.Path) bgp.RawPath {
	raw, err := bgp.MakeRawPath(p)
	if err != nil {
		panic(err)
	}
	return raw
}

// reconnect has a session end, and send its table again after a while.
func (s *story) reconnect(p Peer, at time.Time) {
	held := s.held(at)[p]
	s.updates = append(s.updates, &Update{Kind: PeerDown, At: at, Peer: p})
	for prefix := range held {
		s.log = append(s.log, said{at, p, prefix, nil})
	}
	back := at.Add(time.Duration(10+s.rng.IntN(60)) * time.Second)
	s.updates = append(s.updates, &Update{Kind: PeerUp, At: back, Peer: p})
	for _, prefix := range sortedPrefixes(held) {
		s.say(back, p, prefix, held[prefix])
	}
	s.updates = append(s.updates, &Update{Kind: EndOfRIB, At: back, Peer: p})
	s.reset[p] = [2]time.Time{at, back}
}

func sortedPrefixes[V any](m map[netip.Prefix]V) (list []netip.Prefix) {
	for p := range m {
		list = append(list, p)
	}
	checks.SortPrefixes(list)
	return list
}

// tell makes the story: tables, some changes, a loss of all that is watched at a time,
// with changes of others before, at and after it, and sessions that end.
func tell(seed uint64, lossAt time.Time) *story {
	s := &story{rng: rand.New(rand.NewPCG(seed, 4)), others: map[netip.Prefix]checks.ASN{}, model: model{reset: map[Peer][2]time.Time{}}}
	for n := range 14 { // AS101 to AS112, two of them with two sessions
		s.peers = append(s.peers, Peer{Collector: fmt.Sprint("c", n%3), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), AS: checks.ASN(101 + n%12)})
	}
	s.targets = []netip.Prefix{netip.MustParsePrefix("175.45.176.0/24"), netip.MustParsePrefix("175.45.177.0/24"), netip.MustParsePrefix("2001:db8:1::/48")}
	for n := range 40 {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{30, 0, byte(n), 0}), 24)
		if n%5 == 0 {
			prefix = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x2a, byte(n)}), 32)
		}
		s.others[prefix] = checks.ASN(2000 + s.rng.IntN(15))
	}
	list := sortedPrefixes(s.others)
	for _, prefix := range append(slices.Clone(s.targets), list...) {
		table := &Update{Kind: Table, At: began, Dump: 1, Prefix: prefix}
		for _, p := range s.peers {
			path := s.somewhere(p, s.originOf(prefix))
			table.Entries = append(table.Entries, Entry{Peer: p, Path: rawPath(path)})
			s.log = append(s.log, said{began, p, prefix, path})
		}
		s.updates = append(s.updates, table)
	}
	for at := began; at.Before(lossAt); at = at.Add(20 * time.Minute) {
		for n := range 3 {
			s.updates = append(s.updates, &Update{Kind: Alive, At: at, Peer: Peer{Collector: fmt.Sprint("c", n)}})
		}
	}
	const step = 10 * time.Second
	fell := map[Peer]time.Time{}
	for _, p := range s.peers {
		fell[p] = lossAt.Add(time.Duration(s.rng.IntN(9)) * step)
	}
	stable := s.rng.IntN(2) == 0
	falls := map[checks.ASN]time.Time{} // networks that go whole, with the target or not
	for range s.rng.IntN(6) {
		falls[2000+checks.ASN(s.rng.IntN(15))] = lossAt.Add(time.Duration(s.rng.IntN(90)-12) * step)
	}
	for at := lossAt.Add(-30 * time.Minute); at.Before(lossAt.Add(20 * time.Minute)); at = at.Add(step) {
		for range s.rng.IntN(4) {
			p, prefix := s.peers[s.rng.IntN(len(s.peers))], list[s.rng.IntN(len(list))]
			if r := s.reset[p]; !at.Before(r[0]) && !at.After(r[1]) {
				continue
			}
			switch k := s.rng.IntN(8); {
			case k < 3:
				s.say(at, p, prefix, nil)
			case k == 3 && !stable:
				s.say(at, p, prefix, s.somewhere(p, 2000+checks.ASN(s.rng.IntN(15))))
			default:
				s.say(at, p, prefix, s.somewhere(p, s.others[prefix]))
			}
		}
		if s.rng.IntN(60) == 0 && (at.Before(lossAt.Add(-3*time.Minute)) || at.After(lossAt.Add(3*time.Minute))) {
			if p := s.peers[s.rng.IntN(len(s.peers))]; s.reset[p] == [2]time.Time{} {
				s.reconnect(p, at.Add(time.Second))
				continue
			}
		}
		for _, p := range s.peers {
			for _, prefix := range list {
				if falls[s.others[prefix]].Equal(at) && !at.Before(s.reset[p][1]) {
					s.say(at, p, prefix, nil)
				}
			}
			if fell[p].Equal(at) {
				for _, prefix := range s.targets {
					s.say(at, p, prefix, nil)
				}
			}
		}
	}
	slices.SortStableFunc(s.updates, func(a, b *Update) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(s.log, func(a, b said) int { return a.at.Compare(b.at) })
	return s
}

func (s *story) originOf(prefix netip.Prefix) checks.ASN {
	if o, ok := s.others[prefix]; ok {
		return o
	}
	return home
}

// What Elsewhere says is what counting over all that was ever said gives.
func TestElsewhereAgainstTheModel(t *testing.T) {
	compared, lost := 0, 0
	n := seeds(60)
	for seed := range n {
		lossAt := began.Add(2 * time.Hour)
		s := tell(seed, lossAt)
		d := watching(t, wholePaths, func(r *Rules) {
			r.RouteServers = []checks.ASN{14}
			for _, p := range s.peers {
				r.Declared = append(r.Declared, p.AS)
			}
		})
		ask := lossAt.Add(time.Duration(3+s.rng.IntN(16)) * time.Minute)
		for _, u := range s.updates {
			if u.At.After(ask) {
				break
			}
			d.apply(u)
		}
		base, _, _ := d.watch.Observe(ask)
		e := d.watch.Elsewhere(ask)
		if e.Missing != "" {
			t.Fatalf("seed %d: missing: %s", seed, e.Missing)
		}
		v := d.watch.waves[len(d.watch.waves)-1]
		if first := s.firstLoss(); !v.first.time().Equal(first) || !e.From.Equal(first.Add(-beforeLoss)) {
			t.Fatalf("seed %d: the first loss is at %s and the table of %s looked at; want %s and 5 minutes before", seed, v.first.time(), e.From, first)
		}
		looked := v.at.add(lookAfter).time()
		compared += s.checkPassages(t, seed, &e, base, looked, ask)
		lost += s.checkSiblings(t, seed, &e, v, looked, ask)
	}
	if compared < int(n)*8 || lost < int(n)*5/6 {
		t.Errorf("only %d passages with routes and %d lost networks were compared", compared, lost)
	}
}

func (s *story) firstLoss() time.Time {
	for _, x := range s.log {
		if x.path == nil && slices.Contains(s.targets, x.prefix) && s.reset[x.peer][0] != x.at {
			return x.at
		}
	}
	return time.Time{}
}
