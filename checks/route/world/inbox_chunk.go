package world

import (
	"time"

	"isitdown/checks/route"
)

const (
	// chunkBytes is the room of a chunk, a millisecond or two of work.
	chunkBytes = 256 << 10
	// spareMost is how many empty chunks are kept for what comes next.
	spareMost = 8
)

// chunk is updates one after the other.
type chunk struct {
	data    []byte
	updates int
	came    time.Time // the first, by our clock
	shares  []share
}

// share is how many of a chunk's bytes are a collector's.
type share struct {
	of    *inflow
	bytes int
}

func (c *chunk) holds(size int) bool { return cap(c.data)-len(c.data) >= size }

// note counts bytes of a collector.
func (c *chunk) note(f *inflow, bytes int) {
	for i := range c.shares {
		if c.shares[i].of == f {
			c.shares[i].bytes += bytes
			return
		}
	}
	c.shares = append(c.shares, share{f, bytes})
}

// chunk gives an empty one with room for size bytes; mu is held.
func (b *Inbox) chunk(size int) *chunk {
	n := len(b.spare)
	if n == 0 || size > chunkBytes {
		return &chunk{data: make([]byte, 0, max(size, chunkBytes)), came: time.Now()}
	}
	c := b.spare[n-1]
	b.spare = b.spare[:n-1]
	c.came = time.Now()
	return c
}

// keep takes an empty chunk back; mu is held.
func (b *Inbox) keep(c *chunk) {
	if len(b.spare) == spareMost || cap(c.data) > chunkBytes {
		return
	}
	clear(c.shares)
	*c = chunk{data: c.data[:0], shares: c.shares[:0]}
	b.spare = append(b.spare, c)
}

// peerBook numbers sessions.
type peerBook struct {
	list    []route.Peer
	numbers map[route.Peer]uint32
	recent  [1 << recentBits]uint32 // number + 1 by a hash
}

const recentBits = 11

// mostPeers is how many sessions are numbered: twice as many as the table takes routes of,
// which counts those that it refuses and says so in every answer.
const mostPeers = 1 << 17

// room reports whether all sessions of an update have numbers, or can have them.
func (p *peerBook) room(u *route.Update) bool {
	if len(p.list)+1+len(u.Entries) <= mostPeers {
		return true
	}
	for i := range u.Entries {
		if _, ok := p.numbers[u.Entries[i].Peer]; !ok {
			return false
		}
	}
	_, ok := p.numbers[u.Peer]
	return ok
}

// number gives the number of a session.
func (p *peerBook) number(peer *route.Peer) uint32 {
	at := recentPlace(peer)
	if n := p.recent[at]; n != 0 && p.list[n-1] == *peer {
		return n - 1
	}
	n, ok := p.numbers[*peer]
	if !ok {
		if p.numbers == nil {
			p.numbers = map[route.Peer]uint32{}
		}
		n = uint32(len(p.list))
		p.list = append(p.list, *peer)
		p.numbers[*peer] = n
	}
	p.recent[at] = n + 1
	return n
}

// recentPlace spreads sessions by what tells most of them apart.
func recentPlace(p *route.Peer) uint32 {
	a := p.Addr.As16()
	h := uint32(p.AS)*0x9e3779b1 ^ (uint32(a[15])|uint32(a[14])<<8|uint32(a[13])<<16|uint32(a[12])<<24)*0x85ebca6b
	if n := len(p.Collector); n > 0 {
		h ^= uint32(p.Collector[n-1]) * 0xc2b2ae35
	}
	return h >> (32 - recentBits)
}
