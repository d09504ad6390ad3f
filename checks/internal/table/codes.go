package table

import (
	"encoding/binary"
	"math/bits"
)

// Codes stand one behind the other, the lowest bits first, of as many bits each as the
// largest takes, and may straddle bytes. They are read as many at a time as a word of 64
// bits has whole ones of from any bit of its first byte on.

// codeWidth is the number of bits that a code of so many values and "none" takes.
func codeWidth(values int) int { return max(1, bits.Len16(uint16(values))) }

// codesSize is the number of bytes that the codes of so many columns take.
func codesSize(columns, width int) int { return (columns*width + 7) / 8 }

// lanes are as many whole codes as a word has, by width: how many, the lowest bit of each,
// and all of their bits.
var lanes = func() (list [17]struct {
	n         int
	low, mask uint64
},
) {
	for width := 1; width < len(list); width++ {
		l := &list[width]
		l.n = 57 / width
		for i := range l.n {
			l.low |= 1 << (i * width)
		}
		l.mask = 1<<(l.n*width) - 1
	}
	return list
}()

// word gives the 64 bits from a byte on; what is behind the end is 0.
func word(b []byte, at int) uint64 {
	if len(b)-at >= 8 {
		return binary.LittleEndian.Uint64(b[at:])
	}
	w := uint64(0)
	for i, x := range b[at:] {
		w |= uint64(x) << (8 * i)
	}
	return w
}

func readCode(b []byte, width, i int) int {
	bit := i * width
	return int(word(b, bit/8)>>(bit%8)) & (1<<width - 1)
}

func writeCode(b []byte, width, i, code int) {
	bit := i * width
	shift := bit % 8
	change := (word(b, bit/8)>>shift ^ uint64(code)) & (1<<width - 1) << shift
	for at := bit / 8; change != 0; at, change = at+1, change>>8 {
		b[at] ^= byte(change)
	}
}

// holdsCode reports whether any of the codes is the given one, which is not 0.
func holdsCode(codes []byte, width, columns, code int) bool {
	l := &lanes[width]
	same, high := uint64(code)*l.low, l.low<<(width-1)
	for i := 0; i < columns; i += l.n {
		bit := i * width
		w := word(codes, bit/8) >> (bit % 8)
		if n := columns - i; n < l.n { // behind the codes is something else
			high &= 1<<(n*width) - 1
		}
		if width == 1 {
			if w&high != 0 {
				return true
			}
			continue
		}
		if w ^= same; (w-l.low)&^w&high != 0 { // a lane that is 0 now
			return true
		}
	}
	return false
}

// unpackCodes appends the codes of so many columns.
func unpackCodes(dst []uint16, codes []byte, width, columns int) []uint16 {
	l := &lanes[width]
	mask := uint64(1)<<width - 1
	for i := 0; i < columns; i += l.n {
		bit := i * width
		w := word(codes, bit/8) >> (bit % 8)
		for range min(l.n, columns-i) {
			dst = append(dst, uint16(w&mask))
			w >>= width
		}
	}
	return dst
}

// packCodes appends codes, each as the number that to gives for it.
func packCodes(dst []byte, codes, to []uint16, width int) []byte {
	w, n := uint64(0), 0
	for _, c := range codes {
		w |= uint64(to[c]) << n
		if n += width; n >= 32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(w))
			w, n = w>>32, n-32
		}
	}
	for ; n > 0; n -= 8 {
		dst = append(dst, byte(w))
		w >>= 8
	}
	return dst
}

// countCodes adds to counts, by code, how many columns have it.
func countCodes(counts []uint32, codes []byte, width, columns int) {
	l := &lanes[width]
	mask := uint64(1)<<width - 1
	for i := 0; i < columns; i += l.n {
		bit := i * width
		w := word(codes, bit/8) >> (bit % 8)
		for range min(l.n, columns-i) {
			counts[w&mask]++
			w >>= width
		}
	}
}
