package table

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// widths gives the number of bits of a code by the bits that the number of distinct values
// takes: a power of two, so that no code straddles a byte.
var widths = [17]uint8{1, 1, 2, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16}

// codeWidth is the number of bits that a code of so many values and "none" takes.
func codeWidth(values int) int { return int(widths[bits.Len16(uint16(values))]) }

// codesSize is the number of bytes that the codes of so many columns take.
func codesSize(columns, width int) int { return (columns*width + 7) / 8 }

func readCode(b []byte, width, i int) int {
	switch width {
	case 16:
		return int(binary.LittleEndian.Uint16(b[2*i:]))
	case 8:
		return int(b[i])
	}
	bit := i * width
	return int(b[bit/8]>>(bit%8)) & (1<<width - 1)
}

func writeCode(b []byte, width, i, code int) {
	switch width {
	case 16:
		binary.LittleEndian.PutUint16(b[2*i:], uint16(code))
	case 8:
		b[i] = byte(code)
	default:
		bit := i * width
		shift := bit % 8
		b[bit/8] = b[bit/8]&^byte((1<<width-1)<<shift) | byte(code<<shift)
	}
}

// lanes has the lowest bit of each code set, by width.
var lanes = [5]uint64{1: ^uint64(0), 2: 0x5555555555555555, 4: 0x1111111111111111}

// holdsCode reports whether any of the codes is the given one, which is not 0.
func holdsCode(codes []byte, width, code int) bool {
	switch width {
	case 16:
		for ; len(codes) >= 2; codes = codes[2:] {
			if int(binary.LittleEndian.Uint16(codes)) == code {
				return true
			}
		}
		return false
	case 8:
		return bytes.IndexByte(codes, byte(code)) >= 0
	}
	low := lanes[width]
	high := low << (width - 1)
	same := func(word uint64) bool {
		if width == 1 {
			return word != 0
		}
		word ^= uint64(code) * low
		return (word-low)&^word&high != 0
	}
	for ; len(codes) >= 8; codes = codes[8:] {
		if same(binary.LittleEndian.Uint64(codes)) {
			return true
		}
	}
	word := uint64(0) // what is beyond the end is code 0
	for i, b := range codes {
		word |= uint64(b) << (8 * i)
	}
	return same(word)
}

// unpackCodes appends the codes of so many columns.
func unpackCodes(dst []uint16, codes []byte, width, columns int) []uint16 {
	switch width {
	case 16:
		for i := range columns {
			dst = append(dst, binary.LittleEndian.Uint16(codes[2*i:]))
		}
		return dst
	case 8:
		for _, c := range codes[:columns] {
			dst = append(dst, uint16(c))
		}
		return dst
	}
	end, mask := len(dst)+columns, uint16(1)<<width-1
	for _, packed := range codes[:codesSize(columns, width)] {
		for shift := 0; shift < 8; shift += width {
			dst = append(dst, uint16(packed>>shift)&mask)
		}
	}
	return dst[:end]
}

// packCodes appends codes, each as the number that to gives for it.
func packCodes(dst []byte, codes, to []uint16, width int) []byte {
	switch width {
	case 16:
		for _, c := range codes {
			dst = binary.LittleEndian.AppendUint16(dst, to[c])
		}
		return dst
	case 8:
		for _, c := range codes {
			dst = append(dst, byte(to[c]))
		}
		return dst
	}
	for len(codes) > 0 {
		packed, n := byte(0), min(8/width, len(codes))
		for i, c := range codes[:n] {
			packed |= byte(to[c]) << (i * width)
		}
		dst, codes = append(dst, packed), codes[n:]
	}
	return dst
}

// countCodes adds to counts, by code, how many columns have it. Codes beyond the end of
// counts make it false.
func countCodes(counts []uint32, codes []byte, width, columns int) bool {
	switch width {
	case 16:
		for i := range columns {
			c := int(binary.LittleEndian.Uint16(codes[2*i:]))
			if c >= len(counts) {
				return false
			}
			counts[c]++
		}
		return true
	case 8:
		for _, c := range codes[:columns] {
			if int(c) >= len(counts) {
				return false
			}
			counts[c]++
		}
		return true
	}
	return countNarrow(counts, codes, width, columns)
}

// countNarrow does that for codes of less than a byte.
func countNarrow(counts []uint32, codes []byte, width, columns int) bool {
	var all [16]uint32
	mask := byte(1)<<width - 1
	codes = codes[:codesSize(columns, width)]
	switch width {
	case 1:
		for _, b := range codes {
			all[1] += uint32(bits.OnesCount8(b))
		}
	case 2:
		for ; len(codes) >= 8; codes = codes[8:] {
			word := binary.LittleEndian.Uint64(codes)
			low, high := word&lanes[2], word>>1&lanes[2]
			both := uint32(bits.OnesCount64(low & high))
			all[1] += uint32(bits.OnesCount64(low)) - both
			all[2] += uint32(bits.OnesCount64(high)) - both
			all[3] += both
		}
		fallthrough
	default:
		for _, b := range codes {
			for shift := 0; shift < 8; shift += width {
				all[b>>shift&mask]++
			}
		}
	}
	held := uint32(0)
	for c, n := range all {
		if c == 0 || n == 0 {
			continue
		}
		if c >= len(counts) {
			return false
		}
		counts[c] += n
		held += n
	}
	if int(held) > columns { // behind the last column
		return false
	}
	counts[0] += uint32(columns) - held
	return true
}
