package route

import (
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// world is a synthetic table: prefixes in groups, the group being what a network
// announces alike. At each peer a prefix's route ends in its origin and one of
// the network's upstreams; nearly half of the networks have one, as in the real
// table, where the median prefix has one pair of origin and upstream over all peers
// and about a third of all vectors are distinct.
type world struct {
	peers    []Peer
	prefixes []netip.Prefix
	networks []network
	of       []int // network of a prefix
}

type network struct {
	origin    checks.ASN
	upstreams []checks.ASN
	choice    []uint8 // upstream by peer
	odd       uint64  // seed of what its prefixes do differently
}

func makeWorld(prefixes, peers int) *world {
	rng := rand.New(rand.NewPCG(7, 7))
	w := &world{}
	for i := range peers {
		w.peers = append(w.peers, Peer{Collector: "c" + strconv.Itoa(i/40), Addr: netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), AS: checks.ASN(1000 + i)})
	}
	for len(w.prefixes) < prefixes {
		n := network{origin: checks.ASN(100_000 + len(w.networks)), odd: rng.Uint64()}
		for range 1 + min(7, int(rng.ExpFloat64()*1.5)) {
			n.upstreams = append(n.upstreams, checks.ASN(1+rng.IntN(8000)))
		}
		n.choice = make([]uint8, peers)
		for i := range n.choice {
			n.choice[i] = uint8(rng.IntN(len(n.upstreams)))
		}
		for range 1 + int(rng.ExpFloat64()*12) {
			if i := len(w.prefixes); i < prefixes {
				w.prefixes = append(w.prefixes, worldPrefix(i))
				w.of = append(w.of, len(w.networks))
			}
		}
		w.networks = append(w.networks, n)
	}
	return w
}

// worldPrefix gives /24s, and one /48 for every six of them.
func worldPrefix(i int) netip.Prefix {
	if i%7 == 6 {
		return netip.PrefixFrom(netip.AddrFrom16([16]byte{0x2a, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 0}), 48)
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + i>>16), byte(i >> 8), byte(i), 0}), 24)
}

// path gives the route of a peer for a prefix. Two prefixes in three do all the
// same as their network; the third goes its own way at one peer in ten and is not
// there at one in fifty.
func (w *world) path(dst bgp.RawPath, prefix, peer int) bgp.RawPath {
	n := &w.networks[w.of[prefix]]
	own := uint64(0)
	if prefix%3 == 0 {
		own = uint64(prefix)
	}
	h := (own*0x9e3779b97f4a7c15 ^ uint64(peer)*0xbf58476d1ce4e5b9 ^ n.odd) * 0x94d049bb133111eb >> 32
	if h%50 == 0 {
		return nil
	}
	up := n.choice[peer]
	if own != 0 && h%10 == 1 {
		up = uint8(h/50) % uint8(len(n.upstreams))
	}
	dst = append(dst[:0], 2, 4)
	for _, a := range [...]checks.ASN{w.peers[peer].AS, checks.ASN(20 + h%30), n.upstreams[up], n.origin} {
		dst = append(dst, byte(a>>24), byte(a>>16), byte(a>>8), byte(a))
	}
	return dst
}

// load feeds the world as a table dump and gives the number of routes.
func (w *world) load(r *RIB) (routes int) {
	u := &Update{Kind: Table, At: began, Dump: 1}
	paths := make([]bgp.RawPath, len(w.peers))
	for i, p := range w.prefixes {
		u.Prefix, u.Entries = p, u.Entries[:0]
		for j, peer := range w.peers {
			if path := w.path(paths[j], i, j); path != nil {
				paths[j] = path
				u.Entries = append(u.Entries, Entry{Peer: peer, Path: path})
			}
		}
		routes += len(u.Entries)
		r.Apply(u)
	}
	return routes
}

// heap gives the bytes in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad measures loading a table dump of 100,000 prefixes at 40 peers, and
// what it takes in memory.
func BenchmarkLoad(b *testing.B) { benchmarkLoad(b, 100_000, 40) }

func benchmarkLoad(b *testing.B, prefixes, peers int) {
	w := makeWorld(prefixes, peers)
	before := heap()
	for b.Loop() {
		r := NewRIB(DefaultRules())
		start := time.Now()
		routes := w.load(r)
		b.ReportMetric(float64(routes)/time.Since(start).Seconds(), "routes/s")
		used := float64(heap() - before)
		b.ReportMetric(used/float64(routes), "B/route")
		b.ReportMetric(used/(1<<20), "MiB")
		b.ReportMetric(float64(r.table.Size().Vectors), "vectors")
		runtime.KeepAlive(r)
	}
}

// BenchmarkUpdate measures updates of one prefix at one peer: other paths,
// withdrawals and returns.
func BenchmarkUpdate(b *testing.B) { benchmarkUpdate(b, 100_000, 40) }

func benchmarkUpdate(b *testing.B, prefixes, peers int) {
	w := makeWorld(prefixes, peers)
	r := NewRIB(DefaultRules())
	w.load(r)
	rng := rand.New(rand.NewPCG(3, 3))
	one := make([]NLRI, 1)
	var path bgp.RawPath
	i := 0
	for b.Loop() {
		p, peer := rng.IntN(prefixes), rng.IntN(peers)
		one[0].Prefix = w.prefixes[p]
		u := Update{Kind: Routes, At: began.Add(time.Duration(i) * time.Millisecond), Peer: w.peers[peer]}
		if i++; i%4 == 0 {
			u.Withdrawn = one
		} else {
			n := &w.networks[w.of[p]]
			up := n.upstreams[rng.IntN(len(n.upstreams))]
			path = append(path[:0], 2, 3)
			for _, a := range [...]checks.ASN{w.peers[peer].AS, up, n.origin} {
				path = append(path, byte(a>>24), byte(a>>16), byte(a>>8), byte(a))
			}
			u.Announced, u.Path = one, path
		}
		r.Apply(&u)
	}
}
