package checks

import (
	"net/netip"
	"slices"
)

// hearsay is what the probes of one address say of its block.
type hearsay struct {
	addr     netip.Addr
	answered bool
	missed   int // probes in a row
	rate     float64
}

// blocks counts the /24 blocks of the witnesses by belief.
func (f *finding) blocks(h *hearing) {
	said := make(map[netip.Prefix][]hearsay)
	for _, x := range h.hearsay() {
		said[placeOf(x.addr)] = append(said[placeOf(x.addr)], x)
	}
	for _, block := range said {
		switch b := believe(block); {
		case b.Up():
			f.BlocksUp++
		case b.Down():
			f.BlocksDown++
		default:
			f.BlocksUnsure++
		}
	}
}

// believe gives the belief in a block, from its rounds since the longest silent of its
// addresses was last heard. Who answers now answered in each of them; the answers of a
// round come last, so that no block in which anyone answers is down.
func believe(said []hearsay) (b Belief) {
	slices.SortFunc(said, func(a, b hearsay) int { return a.addr.Compare(b.addr) })
	rounds := 1
	for _, x := range said {
		rounds = max(rounds, x.missed)
	}
	for k := rounds; k > 0; k-- {
		for _, answers := range []bool{false, true} {
			for _, x := range said {
				if x.answered == answers && (answers || x.missed >= k) {
					b = b.Hear(answers, 1-x.rate)
				}
			}
		}
	}
	return b
}

// hearsay gives one entry for each IPv4 address, however many ways it was asked in.
func (h *hearing) hearsay() []hearsay {
	var said []hearsay
	for i := range h.reach.Hosts {
		x := &h.reach.Hosts[i]
		s, a := h.tells(x), x.Addr.Unmap()
		if s == outside || !a.Is4() {
			continue
		}
		k := slices.IndexFunc(said, func(y hearsay) bool { return y.addr == a })
		if k < 0 {
			k = len(said)
			said = append(said, hearsay{addr: a, rate: x.Rate})
		}
		y := &said[k]
		switch probes := min(x.Silence.Probes, BlockProbes); {
		case s == answering && (!y.answered || x.Rate < y.rate):
			*y = hearsay{addr: a, answered: true, rate: x.Rate}
		case !y.answered && probes > y.missed:
			y.missed, y.rate = probes, x.Rate
		}
	}
	return said
}
