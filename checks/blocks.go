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

// blocks counts the /24 blocks of the witnesses by belief. In each the missed probes come
// first and the answers last, one an address: no block in which anyone answers is down.
func (f *finding) blocks(h *hearing) {
	said := h.hearsay()
	slices.SortFunc(said, func(a, b hearsay) int {
		if a.answered != b.answered {
			if a.answered {
				return 1
			}
			return -1
		}
		return a.addr.Compare(b.addr)
	})
	believed := make(map[netip.Prefix]Belief)
	for _, x := range said {
		b := believed[placeOf(x.addr)]
		if x.answered {
			b = b.Hear(true, 1-x.rate)
		}
		for range x.missed {
			b = b.Hear(false, 1-x.rate)
		}
		believed[placeOf(x.addr)] = b
	}
	for _, b := range believed {
		switch {
		case b.Up():
			f.BlocksUp++
		case b.Down():
			f.BlocksDown++
		default:
			f.BlocksUnsure++
		}
	}
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
