package world

import (
	"net/netip"
	"slices"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// maxInside bounds the more-specific prefixes that are looked at for one prefix. Those of a
// /8 are tens of thousands, and never make up all of it.
const maxInside = 1 << 10

// route over, or inside, a prefix, as the sessions have it.
type standby struct {
	row    table.Row
	prefix netip.Prefix
	values []uint32
}

func (b *standby) at(i int) uint32 {
	if i < len(b.values) {
		return b.values[i]
	}
	return 0
}

// covering is what may stand in for a prefix: the routes over it, the longest first, and those
// inside it where they make it up.
type covering struct {
	prefix netip.Prefix
	over   []standby
	inside []standby
}

func (s *State) covering(p netip.Prefix) *covering {
	c := &covering{prefix: p}
	for q, row := range s.tab.Supernets(p) {
		if q != p && q.Bits() >= checks.MinCoverBits && s.tab.Ref(row) != 0 {
			c.over = append(c.over, standby{row, q, s.tab.Values(s.tab.Ref(row), nil)})
		}
	}
	var parts []netip.Prefix
	var inside []table.Row
	for q, row := range s.tab.Subnets(p) {
		if q != p && s.tab.Ref(row) != 0 {
			parts, inside = append(parts, q), append(inside, row)
		}
		if len(parts) > maxInside {
			return c
		}
	}
	if len(parts) < 2 || !checks.Fills(slices.Clone(parts), p) {
		return c
	}
	for k, row := range inside {
		c.inside = append(c.inside, standby{row, parts[k], s.tab.Values(s.tab.Ref(row), nil)})
	}
	return c
}

// find says what a vantage point that has no accepted route of the prefix itself has in its
// place. As for a followed target its sessions are asked in their order.
func (c *covering) find(s *State, sessions []int, origins []checks.ASN, home string) (f finding) {
	for _, i := range sessions {
		if c.splitAt(s, i, origins) {
			f.seen, f.seenAtHome, f.split = true, true, true
			return f
		}
		over, value := c.at(s, i, origins)
		if value == 0 {
			continue
		}
		origin, _ := s.rib.End(value)
		switch {
		case over != 0 && slices.Contains(origins, origin):
			return finding{seen: true, seenAtHome: true, accepted: true, acceptedAtHome: true, cover: over, value: value}
		case !f.foreign:
			f.foreign, f.taken, f.cover, f.value = true, over == 0, over, value
			if s.domestic(origin, home) {
				f.seenAtHome, f.acceptedAtHome = true, over != 0
			}
		}
	}
	return f
}

// at finds what one session has in place of the prefix: the longest route over it with an
// accepted origin, else the longest of all. A route of another origin for the prefix itself,
// which is row 0 here, hides those over it.
func (c *covering) at(s *State, i int, origins []checks.ASN) (over table.Row, value uint32) {
	if i < len(s.is) && s.is[i] != 0 {
		return 0, s.is[i]
	}
	for k := range c.over {
		v := c.over[k].at(i)
		if v == 0 {
			continue
		}
		if origin, _ := s.rib.End(v); slices.Contains(origins, origin) {
			return c.over[k].row, v
		}
		if value == 0 {
			over, value = c.over[k].row, v
		}
	}
	return over, value
}

// splitAt reports whether a session has accepted more-specifics that make up the whole prefix.
func (c *covering) splitAt(s *State, i int, origins []checks.ASN) bool {
	if len(c.inside) == 0 {
		return false
	}
	parts := make([]netip.Prefix, 0, len(c.inside))
	for k := range c.inside {
		if v := c.inside[k].at(i); v != 0 {
			if origin, _ := s.rib.End(v); slices.Contains(origins, origin) {
				parts = append(parts, c.inside[k].prefix)
			}
		}
	}
	return len(parts) >= 2 && checks.Fills(parts, c.prefix)
}

// neighbours queues the suspects that a change of a row concerns: those inside it, and those
// that it lies in.
func (s *State) neighbours(row table.Row) {
	if len(s.suspects) == 0 {
		return
	}
	p := s.tab.Prefix(row)
	if !p.IsValid() {
		return
	}
	for q, other := range s.tab.Supernets(p) {
		if q != p && s.suspects[other] != nil {
			s.enqueue(other)
		}
	}
	n := 0
	for q, other := range s.tab.Subnets(p) {
		if q != p && s.suspects[other] != nil {
			s.enqueue(other)
		}
		if n++; n > maxInside {
			s.recheck = true // too many to look for: all suspects, in their turn
			return
		}
	}
}
