package bgp

import (
	"encoding/binary"
	"fmt"
)

// checkPath walks the segments of an AS_PATH or AS4_PATH whose AS numbers are
// size bytes long. It returns the byte of the first damaged segment and what is
// wrong with it, or an empty reason; normal is true where the bytes are a
// [RawPath] as they stand.
func checkPath(b []byte, size int) (normal bool, offset int, reason string) {
	normal = size == 4
	room := false // the segment before is a sequence that could hold more
	for i := 0; i < len(b); {
		if len(b)-i < 2 {
			return false, i, "ends inside the header of a segment"
		}
		kind, count := b[i], int(b[i+1])
		if kind < segSet || kind > segConfedSet {
			return false, i, fmt.Sprintf("segment type %d is not one of RFC 4271 and RFC 5065", kind)
		}
		if count == 0 {
			return false, i, "segment without an AS (RFC 7606 section 7.2)"
		}
		if end := i + 2 + count*size; end > len(b) {
			return false, i, fmt.Sprintf("segment of %d ASes needs %d bytes, %d are left", count, count*size, len(b)-i-2)
		}
		if kind == segSequence && room {
			normal = false
		}
		room = kind == segSequence && count < maxSegment
		i += 2 + count*size
	}
	return normal, 0, ""
}

// pathWriter builds a [RawPath] in its normal form.
type pathWriter struct {
	b    []byte
	last int // where the last segment starts; meaningful where b is not empty
}

// add appends the AS numbers in members, each size bytes long, as a segment of
// 4-byte numbers.
func (w *pathWriter) add(kind byte, members []byte, size int) {
	if kind != segSequence || len(w.b) == 0 || w.b[w.last] != segSequence {
		w.open(kind)
	}
	for ; len(members) >= size; members = members[size:] {
		if w.b[w.last+1] == maxSegment {
			w.open(kind)
		}
		w.b[w.last+1]++
		if size == 2 {
			w.b = append(w.b, 0, 0)
		}
		w.b = append(w.b, members[:size]...)
	}
}

func (w *pathWriter) open(kind byte) {
	w.last = len(w.b)
	w.b = append(w.b, kind, 0)
}

// normalPath writes the checked segments of b, with AS numbers of size bytes,
// as a [RawPath] over dst.
func normalPath(dst, b []byte, size int) []byte {
	w := pathWriter{b: dst[:0]}
	for len(b) >= 2 {
		end := 2 + int(b[1])*size
		w.add(b[0], b[2:end], size)
		b = b[end:]
	}
	return w.b
}

// withoutConfederations writes path without its confederation segments over
// dst: they have no place in an AS4_PATH and are to be discarded, the rest is
// used (RFC 6793 section 6).
func withoutConfederations(dst []byte, path RawPath) RawPath {
	w := pathWriter{b: dst[:0]}
	for {
		kind, members, rest, ok := path.segment()
		if !ok {
			return w.b
		}
		if kind == segSet || kind == segSequence {
			w.add(kind, members, 4)
		}
		path = rest
	}
}

// mergePaths writes the path of RFC 6793 section 4.2.3 over dst: as much of the
// front of path as makes it, with as4 behind, as long as path was. ok is false
// where as4 is the longer one: it is not to be trusted then.
//
// Confederation segments are prepended where they lead the path or stand next
// to something that is prepended.
func mergePaths(dst []byte, path, as4 RawPath) (merged RawPath, ok bool) {
	keep := path.Len() - as4.Len()
	if keep < 0 || len(as4) == 0 {
		return nil, false
	}
	w := pathWriter{b: dst[:0]}
	for whole := true; whole; {
		kind, members, rest, ok := path.segment()
		if !ok {
			break
		}
		take := 1
		switch kind {
		case segSet:
			take = min(keep, 1)
			keep -= take
			whole = take == 1
		case segSequence:
			take = min(keep, len(members)/4)
			keep -= take
			whole = 4*take == len(members)
			members = members[:4*take]
		}
		if take > 0 {
			w.add(kind, members, 4)
		}
		path = rest
	}
	for {
		kind, members, rest, ok := as4.segment()
		if !ok {
			return w.b, true
		}
		w.add(kind, members, 4)
		as4 = rest
	}
}

// asTrans stands in a two-octet AS_PATH for a number that needs four (RFC 6793).
const asTrans = 23456

func be16(b []byte) int    { return int(binary.BigEndian.Uint16(b)) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
