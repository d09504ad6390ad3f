package route

import (
	"net/netip"
	"time"
)

// journal remembers the latest changes of routes, so that the table of some minutes ago
// can be told. Sessions that end, and what sessions send that are not whole yet, are no
// part of it: what they held before is not told.
type journal struct {
	ring  []change
	first int // place of the oldest
	n     int
	keep  time.Duration
	most  int
	reach stamp // of the newest change that was dropped: before it nothing is known
}

// change is what a session held for a prefix before a change of that. A netip.Prefix
// alone would be as large.
type change struct {
	addr    [16]byte
	at      stamp
	before  uint32
	session uint16
	bits    uint8
	four    bool
}

func (c *change) prefix() netip.Prefix {
	addr := netip.AddrFrom16(c.addr)
	if c.four {
		addr = addr.Unmap()
	}
	return netip.PrefixFrom(addr, int(c.bits))
}

// note takes in a change.
func (j *journal) note(prefix netip.Prefix, session int, before uint32, at stamp) {
	oldest := at.add(-j.keep)
	for j.n > 0 && j.ring[j.first].at < oldest {
		j.drop()
	}
	if j.n == len(j.ring) && j.n >= j.most {
		if j.n == 0 {
			j.reach = at
			return
		}
		j.drop()
	}
	if j.n == len(j.ring) {
		j.grow()
	}
	j.ring[(j.first+j.n)%len(j.ring)] = change{
		addr: prefix.Addr().As16(), at: at, before: before,
		session: uint16(session), bits: uint8(prefix.Bits()), four: prefix.Addr().Is4(),
	}
	j.n++
}

// drop forgets the oldest change.
func (j *journal) drop() {
	j.reach = max(j.reach, j.ring[j.first].at)
	j.first = (j.first + 1) % len(j.ring)
	j.n--
}

// grow makes room for more changes.
func (j *journal) grow() {
	ring := make([]change, min(max(1<<10, 2*len(j.ring)), j.most))
	k := copy(ring, j.ring[j.first:])
	copy(ring[k:], j.ring[:j.first])
	j.ring, j.first = ring, 0
}

// each calls f with every change, the newest first, until it returns false.
func (j *journal) each(f func(c *change) bool) {
	for k := j.n - 1; k >= 0; k-- {
		if !f(&j.ring[(j.first+k)%len(j.ring)]) {
			return
		}
	}
}

// heldThen is what sessions held for a prefix at another time than now.
type heldThen struct {
	session int
	value   uint32
}

// rewind gives, for every prefix that has changed after a time, what the sessions that
// changed it held then. What all others hold now they held then.
func (j *journal) rewind(to stamp) map[netip.Prefix][]heldThen {
	then := map[netip.Prefix][]heldThen{}
	j.each(func(c *change) bool {
		if c.at <= to {
			return false
		}
		prefix := c.prefix()
		list := then[prefix]
		for k := range list {
			if list[k].session == int(c.session) {
				list[k].value = c.before // the older change says what was before both
				return true
			}
		}
		then[prefix] = append(list, heldThen{int(c.session), c.before})
		return true
	})
	return then
}
