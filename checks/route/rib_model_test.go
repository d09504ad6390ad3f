package route

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/table"
)

// plainRIB is what sessions hold, as maps: of each, by prefix and by path identifier, the
// end of a path. It is told the same as a RIB, and by that RIB what it comes to hold.
type plainRIB struct {
	t        *rapid.T
	rng      *rand.Rand
	rib      *RIB
	peers    []Peer
	prefixes []netip.Prefix
	held     []map[netip.Prefix]map[uint32]tail // by peer
	down     []bool
	several  []bool                        // paths for a prefix
	told     map[netip.Prefix]map[int]tail // by session
	at       time.Time
}

func newPlainRIB(t *rapid.T) *plainRIB {
	p := &plainRIB{
		t: t, rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2)), rib: NewRIB(DefaultRules()),
		told: map[netip.Prefix]map[int]tail{}, at: began,
	}
	p.rib.rules.FullPaths = rapid.Bool().Draw(t, "whole paths")
	p.rib = NewRIB(p.rib.rules)
	p.rib.Observe(p)
	for i := range rapid.IntRange(1, 40).Draw(t, "sessions") {
		p.peers = append(p.peers, Peer{Collector: "c" + string(rune('0'+i%3)), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), AS: checks.ASN(100 + i/2)})
		p.held = append(p.held, map[netip.Prefix]map[uint32]tail{})
		p.down, p.several = append(p.down, false), append(p.several, p.rng.IntN(4) == 0)
	}
	for i := range rapid.SampledFrom([]int{1, 20, 200}).Draw(t, "prefixes") {
		p.prefixes = append(p.prefixes, worldPrefix(i*3))
	}
	return p
}

// path makes one of few paths, and says how it ends.
func (p *plainRIB) path(peer int) (bgp.RawPath, tail) {
	origin, upstream := checks.ASN(5000+p.rng.IntN(3)), checks.ASN(600+p.rng.IntN(4))
	path := checks.Path{{p.peers[peer].AS}, {checks.ASN(50 + p.rng.IntN(3))}, {upstream}, {origin}}
	if p.rng.IntN(8) == 0 {
		path = append(path, checks.Hop{origin}) // a prepend
	}
	raw, err := bgp.MakeRawPath(path)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw, tail{origin, upstream}
}

// nlri draws a prefix, and which of its paths where the session has several.
func (p *plainRIB) nlri(peer int) NLRI {
	n := NLRI{Prefix: p.prefixes[p.rng.IntN(len(p.prefixes))]}
	if peer%5 == 4 { // a partial feed
		n.Prefix = p.prefixes[p.rng.IntN(1+len(p.prefixes)/10)]
	}
	if p.several[peer] {
		n.PathID = 1 + p.rng.Uint32N(3)
	}
	return n
}

// step tells both of one thing.
func (p *plainRIB) step() {
	p.at = p.at.Add(10 * time.Millisecond)
	peer := p.rng.IntN(len(p.peers))
	u := Update{Kind: Routes, At: p.at, Peer: p.peers[peer]}
	switch p.rng.IntN(400) {
	case 0:
		u.Kind, p.down[peer] = PeerDown, true
		clear(p.held[peer])
	case 1:
		u.Kind, p.down[peer] = PeerUp, false
		clear(p.held[peer])
	case 2:
		u.Kind = Lost // what is held stays, and is no longer believed
	case 3:
		u.Kind = EndOfRIB
	default:
		p.routes(peer, &u)
	}
	p.rib.Apply(&u)
}

func (p *plainRIB) routes(peer int, u *Update) {
	held := p.held[peer]
	for range p.rng.IntN(3) {
		n := p.nlri(peer)
		u.Withdrawn = append(u.Withdrawn, n)
	}
	var end tail
	if p.rng.IntN(3) > 0 {
		u.Path, end = p.path(peer)
		for range 1 + p.rng.IntN(3) {
			u.Announced = append(u.Announced, p.nlri(peer))
		}
	}
	if p.down[peer] && len(u.Announced) == 0 {
		return // a straggler
	}
	p.down[peer] = false
	for _, n := range u.Withdrawn {
		if delete(held[n.Prefix], n.PathID); len(held[n.Prefix]) == 0 {
			delete(held, n.Prefix)
		}
	}
	for _, n := range u.Announced {
		if held[n.Prefix] == nil {
			held[n.Prefix] = map[uint32]tail{}
		}
		held[n.Prefix][n.PathID] = end
	}
}

// dump has every session's first table be in a dump.
func (p *plainRIB) dump() {
	for _, prefix := range p.prefixes {
		u := Update{Kind: Table, At: p.at, Prefix: prefix, Dump: 1}
		for peer := range p.peers {
			if p.rng.IntN(3) == 0 {
				continue
			}
			e, end := Entry{Peer: p.peers[peer]}, tail{}
			if p.several[peer] {
				e.PathID = 1
			}
			e.Path, end = p.path(peer)
			u.Entries = append(u.Entries, e)
			p.held[peer][prefix] = map[uint32]tail{e.PathID: end}
		}
		p.rib.Apply(&u)
	}
}

// want gives the route that stands for all of a session: that with the lowest identifier.
func (p *plainRIB) want(peer int, prefix netip.Prefix) (end tail) {
	best := ^uint32(0)
	for id, t := range p.held[peer][prefix] {
		if id <= best {
			best, end = id, t
		}
	}
	return end
}

// check compares what both hold, and what was told.
func (p *plainRIB) check() {
	all := map[netip.Prefix]bool{}
	counts := make([][2]int, len(p.peers))
	for peer := range p.peers {
		for prefix := range p.held[peer] {
			all[prefix] = true
			counts[peer][familyOf(prefix)]++
		}
	}
	for _, prefix := range p.prefixes {
		ref := p.rib.refOf(prefix)
		for peer := range p.peers {
			want, got := p.want(peer, prefix), tail{}
			i, ok := p.rib.byPeer[p.peers[peer]]
			if ok {
				got.origin, got.upstream = p.rib.End(p.rib.table.At(ref, i))
			}
			if got != want || ok && p.told[prefix][i] != want {
				p.t.Fatalf("%v at %v of %s: ends in %v, told %v, want %v", p.at, p.peers[peer], prefix, got, p.told[prefix][i], want)
			}
		}
		if p.rib.Knows(prefix) != all[prefix] {
			p.t.Fatalf("%v: %s is known: %v, want %v", p.at, prefix, p.rib.Knows(prefix), all[prefix])
		}
	}
	for peer := range p.peers {
		if i, ok := p.rib.byPeer[p.peers[peer]]; ok && p.rib.Session(i).Routes != counts[peer] {
			p.t.Fatalf("%v: %v has %v routes, want %v", p.at, p.peers[peer], p.rib.Session(i).Routes, counts[peer])
		}
	}
}

// Changed is told by the RIB, and so are the others.
func (p *plainRIB) Changed(row table.Row, session int, before, value uint32, _ time.Time) {
	prefix := p.rib.table.Prefix(row)
	was := tail{}
	if was.origin, was.upstream = p.rib.End(before); p.told[prefix][session] != was {
		p.t.Fatalf("%s: session %d is said to have had %v, and had %v", prefix, session, was, p.told[prefix][session])
	}
	p.tell(prefix, session, value)
}

func (p *plainRIB) tell(prefix netip.Prefix, session int, value uint32) {
	if p.told[prefix] == nil {
		p.told[prefix] = map[int]tail{}
	}
	end := tail{}
	end.origin, end.upstream = p.rib.End(value)
	p.told[prefix][session] = end
}

// Replaced takes in a record of the dump.
func (p *plainRIB) Replaced(row table.Row, before, after table.Ref, _ time.Time) {
	for i := range p.rib.Sessions() {
		if value := p.rib.table.At(after, i); value != p.rib.table.At(before, i) {
			p.tell(p.rib.table.Prefix(row), i, value)
		}
	}
}

// Ended takes in that a session has lost everything.
func (p *plainRIB) Ended(session int, _ time.Time) {
	for _, held := range p.told {
		delete(held, session)
	}
}

// Turned is not looked at.
func (p *plainRIB) Turned(int, time.Time) {}

// A RIB holds what plain maps hold, whatever it is told and whenever it is asked: a hundred times
// 4,000 updates, and a tenth of them with -short.
func TestRIBAgreesWithMaps(t *testing.T) {
	updates := 4000
	if testing.Short() {
		updates = 400
	}
	rapid.Check(t, func(t *rapid.T) {
		p := newPlainRIB(t)
		if p.rng.IntN(2) == 0 {
			p.dump()
		}
		for n := range updates {
			if p.step(); n%(updates/8) == 0 {
				p.check()
			}
		}
		p.check()
		if len(p.rib.addPaths) > 0 && p.rib.Size() == 0 {
			t.Fatal("paths are kept of nothing")
		}
	})
}
