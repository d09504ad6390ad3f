package worldtest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Config is how large a world is.
type Config struct {
	// Prefixes is how many there are of the real ones, 0 for all.
	Prefixes int
	// Full and Partial are the sessions with a full table, each an AS of its own, and those
	// with a part of it, from a ten thousandth to a twelfth.
	Full, Partial int
	Seed          uint64
}

// Began is the time of the table.
var Began = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// World is a synthetic world. It is safe for use by several goroutines.
type World struct {
	Peers    []route.Peer // those of one collector together
	full     []bool
	share    []float64 // of the networks, that a partial session has
	prefixes []netip.Prefix
	first6   int      // prefix
	policy   []uint32 // of a prefix
	policies []policy
	networks []uint32 // of a policy
	seed     uint64
}

// policy is what a network announces alike.
type policy struct {
	seed      uint64
	upstreams uint16 // 0 for a network next to many of the peers
}

const (
	perCollector = 60 // sessions
	firstOrigin  = 200_000
	transits     = 8000
)

// Make makes a world, the same for the same Config. The error is that of [Prefixes].
func Make(c Config) (*World, error) {
	prefixes, err := Prefixes(c.Prefixes)
	if err != nil {
		return nil, err
	}
	return Of(prefixes, c), nil
}

// Of makes a world of the given prefixes, IPv4 before IPv6, ascending.
func Of(prefixes []netip.Prefix, c Config) *World {
	w := &World{prefixes: prefixes, seed: c.Seed}
	w.first6 = len(prefixes)
	if i := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return !p.Addr().Is4() }); i >= 0 {
		w.first6 = i
	}
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	w.makePeers(c, rng)
	w.policy = make([]uint32, 0, len(prefixes))
	w.settle(w.first6, &shapes[0], rng)
	w.settle(len(prefixes)-w.first6, &shapes[1], rng)
	return w
}

func (w *World) makePeers(c Config, rng *rand.Rand) {
	n := c.Full + c.Partial
	collectors := (n + perCollector - 1) / perCollector
	for i := range n {
		k := i * collectors / n
		w.Peers = append(w.Peers, route.Peer{
			Collector: fmt.Sprintf("rrc%02d", k), AS: checks.ASN(1000 + i),
			Addr: netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}),
		})
		full := (i+1)*c.Full/n > i*c.Full/n // spread over the collectors
		w.full = append(w.full, full)
		w.share = append(w.share, math.Exp(-2.5-6.5*rng.Float64()))
	}
}

// shape is what the prefixes of one family look like.
type shape struct {
	size  float64 // prefixes of a network
	other float64 // how likely the next prefix of a network has another policy
	// few is the part of the policies with one upstream, with two and so on, and in the end
	// with some number between 5 and 24. The rest is of large networks next to many peers.
	few   []float64
	large float64 // how much larger these are
}

// With these 32 % of the policies are distinct, and 54 % of the IPv6 ones.
var shapes = [2]shape{
	{size: 12, other: .258, few: []float64{.61, .17, .085, .035, .06}, large: 20},
	{size: 5, other: .425, few: []float64{.44, .21, .105, .08, .085}, large: 20},
}

// settle gives so many more prefixes to networks, and these to policies.
func (w *World) settle(n int, s *shape, rng *rand.Rand) {
	many := 1.0
	for _, part := range s.few {
		many -= part
	}
	end := len(w.policy) + n
	for network := uint32(0); len(w.policy) < end; network++ {
		size, next := s.size, rng.Float64() < many/(many+(1-many)*s.large)
		if next {
			size *= s.large
		}
		for k := range min(1+int(rng.ExpFloat64()*(size-.5)), end-len(w.policy)) {
			if k == 0 || rng.Float64() < s.other {
				p := policy{seed: rng.Uint64()}
				if !next {
					p.upstreams = s.upstreams(rng, 1-many)
				}
				w.policies, w.networks = append(w.policies, p), append(w.networks, network)
			}
			w.policy = append(w.policy, uint32(len(w.policies)-1))
		}
	}
}

// upstreams draws how many upstreams a policy has; all is the sum of few.
func (s *shape) upstreams(rng *rand.Rand, all float64) uint16 {
	x := rng.Float64() * all
	for k, part := range s.few[:len(s.few)-1] {
		if x -= part; x < 0 {
			return uint16(k + 1)
		}
	}
	return uint16(len(s.few) + rng.IntN(20))
}

// Len is the number of prefixes, Prefix gives one.
func (w *World) Len() int { return len(w.prefixes) }

// Prefix gives a prefix.
func (w *World) Prefix(i int) netip.Prefix { return w.prefixes[i] }

// Origin gives the network that announces a prefix.
func (w *World) Origin(i int) checks.ASN {
	return checks.ASN(firstOrigin + w.networks[w.policy[i]])
}

// Locate gives the code of the country in which the network of a prefix, or of the one
// next before it in the list, is: one of 225 made up ones, of which some are far larger
// than others.
func (w *World) Locate(p netip.Prefix) string {
	i, found := slices.BinarySearchFunc(w.prefixes, p, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	if !found && i > 0 {
		i--
	}
	return Country(w.Origin(i))
}

// Country gives the code of the country in which a network is.
func Country(a checks.ASN) string {
	x := float64(mix(uint64(a))>>11) / (1 << 53)
	n := int(225 * x * x * x)
	return string([]byte{'A' + byte(n/15), 'A' + byte(n%15)})
}

// mix scatters a number (the last step of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
