package table

import (
	"encoding/binary"
	"math/bits"
)

// A block is a vector: its reference (4 bytes, 0 once nobody uses it), the number of
// columns, of distinct values, and of columns that hold one (2 bytes each), the number of
// bytes in which the values differ (1 byte), the codes of the columns, the lowest value (4
// bytes), how much higher the others are, in ascending order (so many bytes each), and zeros
// up to a multiple of unit. All numbers are little endian.
const (
	headSize = 11
	unit     = 4
)

// counts gives the number of columns of a block and of its distinct values.
func counts(b []byte) (columns, values int) {
	return int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
}

// heldBy gives how many columns of a block hold a value.
func heldBy(b []byte) int { return int(binary.LittleEndian.Uint16(b[8:])) }

// blockSize gives the length of the block at the beginning of b.
func blockSize(b []byte) int { return (bareSize(b) + unit - 1) &^ (unit - 1) }

// bareSize gives that without the zeros behind it.
func bareSize(b []byte) int {
	columns, values := counts(b)
	return headSize + codesSize(columns, codeWidth(values)) + valuesSize(values, int(b[10]))
}

// valuesSize is the number of bytes that so many values take.
func valuesSize(values, step int) int {
	if values == 0 {
		return 0
	}
	return 4 + (values-1)*step
}

// stepOf is the number of bytes that differences up to some take.
func stepOf(most uint32) int { return (bits.Len32(most) + 7) / 8 }

// list are the distinct values of a block.
type list struct {
	b    []byte
	step int
	n    int
}

// open gives the parts of a block; what is behind the codes stays there, so that they can
// be read a word at a time.
func open(b []byte) (codes []byte, width, columns int, l list) {
	columns, values := counts(b)
	width = codeWidth(values)
	codes = b[headSize:]
	l = list{step: int(b[10]), n: values}
	l.b = codes[codesSize(columns, width):]
	return codes, width, columns, l
}

// at gives a value, by its code, which is not 0.
func (l list) at(code int) uint32 {
	low := binary.LittleEndian.Uint32(l.b)
	if code == 1 {
		return low
	}
	b := l.b[4+(code-2)*l.step:]
	switch l.step {
	case 1:
		return low + uint32(b[0])
	case 2:
		return low + uint32(binary.LittleEndian.Uint16(b))
	case 3:
		return low + uint32(binary.LittleEndian.Uint16(b)) + uint32(b[2])<<16
	}
	return low + binary.LittleEndian.Uint32(b)
}

// find gives the code of a value.
func (l list) find(value uint32) (code int, found bool) {
	if value == 0 {
		return 0, true
	}
	low, high := 1, l.n+1
	for low < high {
		middle := (low + high) / 2
		switch have := l.at(middle); {
		case have == value:
			return middle, true
		case have < value:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false
}

// appendTo appends 0 and the values, so that each is at the place of its code.
func (l list) appendTo(dst []uint32) []uint32 {
	dst = append(dst, 0)
	for code := 1; code <= l.n; code++ {
		dst = append(dst, l.at(code))
	}
	return dst
}
