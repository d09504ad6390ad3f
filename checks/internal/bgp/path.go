package bgp

import (
	"encoding/binary"
	"iter"

	"isitdown/checks"
)

// The types of path segment (RFC 4271 section 4.3, RFC 5065 section 3).
const (
	segSet            = 1
	segSequence       = 2
	segConfedSequence = 3
	segConfedSet      = 4
)

// maxSegment is how many ASes one segment can hold.
const maxSegment = 255

// RawPath is an AS_PATH as bytes: segments of type, count and that many 4-byte
// AS numbers, most significant byte first, after AS4_PATH was merged in. It is
// in a normal form (neighbouring AS_SEQUENCEs are packed into as few segments
// as they fit in), so that two equal paths are equal as string(p), which is
// what an interner may use as its key. The zero value is the empty path.
//
// A RawPath out of a decoder is only good until the next message is decoded.
type RawPath []byte

// Hop is one step of a path: one AS, or the members of an AS_SET.
type Hop struct{ members []byte }

// Len is the number of ASes in the hop, more than one in an AS_SET only.
func (h Hop) Len() int { return len(h.members) / 4 }

// ASN gives member i of the hop; i counts from 0.
func (h Hop) ASN(i int) checks.ASN {
	return checks.ASN(binary.BigEndian.Uint32(h.members[4*i:]))
}

// segment gives the first segment of p and what follows it. ok is false at the
// end of the path and where p is not the work of a decoder.
func (p RawPath) segment() (kind byte, members []byte, rest RawPath, ok bool) {
	if len(p) < 2 {
		return 0, nil, nil, false
	}
	end := 2 + 4*int(p[1])
	if end > len(p) {
		return 0, nil, nil, false
	}
	return p[0], p[2:end], p[end:], true
}

// Sequence gives the AS numbers, four bytes each, of a path that is one AS_SEQUENCE, as
// nearly all are; ok is false of any other.
func (p RawPath) Sequence() (asns []byte, ok bool) {
	if len(p) < 6 || p[0] != segSequence || len(p) != 2+4*int(p[1]) {
		return nil, false
	}
	return p[2:], true
}

// Hops goes through the path from the vantage point to the origin. Prepends
// are kept, confederation segments are not part of it.
func (p RawPath) Hops() iter.Seq[Hop] {
	return func(yield func(Hop) bool) {
		for {
			kind, members, rest, ok := p.segment()
			switch {
			case !ok:
				return
			case kind == segSet:
				if !yield(Hop{members}) {
					return
				}
			case kind == segSequence:
				for ; len(members) > 0; members = members[4:] {
					if !yield(Hop{members[:4]}) {
						return
					}
				}
			}
			p = rest
		}
	}
}

// Len is the length of the path as RFC 4271 and RFC 5065 count it: an AS_SET is
// one hop, confederation segments are none.
func (p RawPath) Len() int {
	n := 0
	for {
		kind, members, rest, ok := p.segment()
		if !ok {
			return n
		}
		switch kind {
		case segSet:
			n++
		case segSequence:
			n += len(members) / 4
		}
		p = rest
	}
}

// Origin gives the AS that originates the route; ok is false where the path is
// empty or ends in an AS_SET of several.
func (p RawPath) Origin() (origin checks.ASN, ok bool) {
	for {
		kind, members, rest, more := p.segment()
		if !more {
			return origin, ok
		}
		switch {
		case kind == segSequence, kind == segSet && len(members) == 4:
			origin, ok = checks.ASN(binary.BigEndian.Uint32(members[len(members)-4:])), true
		case kind == segSet:
			origin, ok = 0, false
		}
		p = rest
	}
}

// Path gives the path as the rest of the program speaks of it. It allocates;
// the hops share one array.
func (p RawPath) Path() checks.Path {
	asns := make([]checks.ASN, 0, len(p)/4)
	path := make(checks.Path, 0, p.Len())
	for h := range p.Hops() {
		start := len(asns)
		for i := range h.Len() {
			asns = append(asns, h.ASN(i))
		}
		path = append(path, asns[start:len(asns):len(asns)])
	}
	return path
}

// AppendText writes the path as bgpdump does: "3356 4837 {131279,64500}",
// confederation sequences as "(65001 65002)", confederation sets as "[65001,65002]".
func (p RawPath) AppendText(dst []byte) []byte {
	for first := true; ; first = false {
		kind, members, rest, ok := p.segment()
		if !ok {
			return dst
		}
		if !first {
			dst = append(dst, ' ')
		}
		opening, between, closing := segmentMarks(kind)
		if opening != 0 {
			dst = append(dst, opening)
		}
		for i := 0; i < len(members); i += 4 {
			if i > 0 {
				dst = append(dst, between)
			}
			dst = AppendUint(dst, binary.BigEndian.Uint32(members[i:]))
		}
		if closing != 0 {
			dst = append(dst, closing)
		}
		p = rest
	}
}

// String is AppendText as a string.
func (p RawPath) String() string { return string(p.AppendText(nil)) }

// segmentMarks gives what stands before, between and after the members of a
// segment in text; zero for nothing.
func segmentMarks(kind byte) (opening, between, closing byte) {
	switch kind {
	case segSet:
		return '{', ',', '}'
	case segConfedSequence:
		return '(', ' ', ')'
	case segConfedSet:
		return '[', ',', ']'
	}
	return 0, ' ', 0
}
