package bzip2

const (
	maxCode    = 20 // bits of the longest code
	maxSymbols = 258
	fastBits   = 10
)

// codeTable is one of the up to six Huffman codes of a block.
type codeTable struct {
	// fast gives for the next bits the symbol that they begin with, times 32, and
	// the length of its code; zero where the code is longer.
	fast [1 << fastBits]uint16
	// Of the codes of each length: limit is what is above the last of them, as the 63
	// bits below the highest of a word; from is what to add to get the place in order.
	limit [maxCode + 1]uint64
	from  [maxCode + 1]int
	order [maxSymbols]uint16
}

// set makes the table of the lengths of the codes, each from 1 to maxCode. It reports
// whether they are possible: no more codes than bits can tell apart.
func (t *codeTable) set(lengths []uint8) bool {
	var counts [maxCode + 2]int
	for _, l := range lengths {
		counts[l]++
	}
	clear(t.fast[:])
	code, place := 0, 0
	var starts, codes [maxCode + 1]int
	for l := 1; l <= maxCode; l++ {
		starts[l], codes[l] = place, code
		t.from[l] = place - code
		code += counts[l]
		place += counts[l]
		if code > 1<<l {
			return false
		}
		t.limit[l] = uint64(code) << (63 - l)
		code <<= 1
	}
	for s, l := range lengths {
		t.order[starts[l]] = uint16(s)
		starts[l]++
		if l <= fastBits {
			first := codes[l] << (fastBits - l)
			for i := range 1 << (fastBits - l) {
				t.fast[first+i] = uint16(s)<<5 | uint16(l)
			}
		}
		codes[l]++
	}
	return true
}

// long gives the symbol and the length of a code of more than fastBits bits at the
// front of buf. ok is false where there is no such code.
func (t *codeTable) long(buf uint64) (symbol uint16, length int, ok bool) {
	for l := fastBits + 1; l <= maxCode; l++ {
		if buf>>1 < t.limit[l] {
			place := int(buf>>(64-l)) + t.from[l]
			if place < 0 || place >= maxSymbols {
				return 0, 0, false
			}
			return t.order[place], l, true
		}
	}
	return 0, 0, false
}
