package table

import "encoding/binary"

// slab holds the vectors, each in a block of a segment. Blocks begin and end at a
// multiple of four bytes, so that a place is a number of 32 bits.
type slab struct {
	segments []segment
	current  int // segment that grows
	spare    []int
	size     int // bytes in segments
	dead     int // bytes of blocks that nobody uses
}

type segment struct {
	b    []byte
	dead int
}

const (
	segmentSize = 1 << 20 // bytes; the longest vector takes half of that
	unitBits    = 18      // of a place in its segment, in units
	// tolerated is the part of all blocks, one in so many, that may be dead before the
	// worst segment is cleaned, and deadAlways what always may be.
	tolerated  = 8
	deadAlways = 16 << 10
	firstSize  = 1 << 10
)

// at gives the bytes from a place to the end of its segment.
func (s *slab) at(place uint32) []byte {
	return s.segments[place>>unitBits].b[place&(1<<unitBits-1)*unit:]
}

// add stores a block, whose length is a multiple of unit.
func (s *slab) add(block []byte) (place uint32) {
	if len(s.segments) == 0 || len(s.segments[s.current].b)+len(block) > segmentSize {
		s.open()
	}
	g := &s.segments[s.current]
	if need := len(g.b) + len(block); need > cap(g.b) { // of a small table the only one
		grown := make([]byte, len(g.b), min(segmentSize, max(2*need, firstSize)))
		copy(grown, g.b)
		g.b = grown
	}
	place = uint32(s.current)<<unitBits | uint32(len(g.b)/unit)
	g.b = append(g.b, block...)
	s.size += len(block)
	return place
}

// open begins another segment.
func (s *slab) open() {
	if n := len(s.spare); n > 0 {
		s.current, s.spare = s.spare[n-1], s.spare[:n-1]
		return
	}
	s.current = len(s.segments)
	s.segments = append(s.segments, segment{})
	if s.current > 0 {
		s.segments[s.current].b = make([]byte, 0, segmentSize)
	}
}

// drop gives a block up.
func (s *slab) drop(place uint32) {
	b := s.at(place)
	n := blockSize(b)
	binary.LittleEndian.PutUint32(b, 0)
	s.segments[place>>unitBits].dead += n
	s.dead += n
}

// crowded reports whether there is too much that nobody uses.
func (s *slab) crowded() bool { return s.dead > deadAlways && s.dead > s.size/tolerated }

// worst gives the segment with the most that nobody uses.
func (s *slab) worst() (k int) {
	for i := range s.segments {
		if s.segments[i].dead > s.segments[k].dead {
			k = i
		}
	}
	return k
}

// clean moves what is in use out of a segment, and tells moved where it is.
func (s *slab) clean(k int, moved func(ref Ref, place uint32)) {
	if k == s.current {
		s.open()
	}
	b := s.segments[k].b
	for len(b) > 0 {
		n := blockSize(b)
		if ref := binary.LittleEndian.Uint32(b); ref != 0 {
			moved(Ref(ref), s.add(b[:n]))
		}
		b = b[n:]
	}
	g := &s.segments[k]
	s.size, s.dead = s.size-len(g.b), s.dead-g.dead
	g.b, g.dead = g.b[:0], 0
	if len(s.spare) > 0 || cap(g.b) < segmentSize {
		g.b = nil // one to go on with is enough
	}
	s.spare = append(s.spare, k)
}
