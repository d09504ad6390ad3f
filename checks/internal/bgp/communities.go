package bgp

import "iter"

// Communities are the values of a COMMUNITIES attribute (RFC 1997) as they came, 4 bytes
// each: most who decode a message do not ask for them.
type Communities []byte

// LargeCommunities are those of a LARGE_COMMUNITY attribute (RFC 8092), 12 bytes each.
type LargeCommunities []byte

// LargeCommunity is one value of RFC 8092.
type LargeCommunity struct{ Global, Local1, Local2 uint32 }

const (
	communityLen = 4
	largeLen     = 12
)

// All goes through the values, with their places.
func (c Communities) All() iter.Seq2[int, uint32] {
	return func(yield func(int, uint32) bool) {
		for i := 0; len(c) >= communityLen; i, c = i+1, c[communityLen:] {
			if !yield(i, be32(c)) {
				return
			}
		}
	}
}

// All goes through the values, with their places.
func (c LargeCommunities) All() iter.Seq2[int, LargeCommunity] {
	return func(yield func(int, LargeCommunity) bool) {
		for i := 0; len(c) >= largeLen; i, c = i+1, c[largeLen:] {
			if !yield(i, LargeCommunity{be32(c), be32(c[4:]), be32(c[8:])}) {
				return
			}
		}
	}
}
