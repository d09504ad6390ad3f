package bzip2

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"
)

const (
	blockMark = 0x314159265359 // leads a block
	endMark   = 0x177245385090 // leads the end of a stream
	markBits  = 48

	groupLen   = 50 // symbols that share a code
	maxLevel   = 9
	levelBytes = 100_000
)

// block is what a segment of a file came to.
type block struct {
	out []byte
	crc uint32
	end int // bit of the segment's data that is behind the block
	err error
}

// decoder decodes one block after the other.
type decoder struct {
	last   []byte   // the last column of the sorted rotations, then the text
	next   []uint32 // for each row: the row that follows, times 256, and its first byte
	origin uint32   // the row that the text begins with
	counts [256]int
	crc    uint32 // that the block should have
	end    int

	tables    [6]codeTable
	selectors []uint8
	mtf       [256]uint8

	// For follow.
	scratch []byte
	used    int // of scratch
	pieces  map[uint32]piece
	todo    []uint32 // rows where pieces are to be begun
}

// decode decodes a segment into b; what is wrong with it is in b.err.
func (d *decoder) decode(b *block, s *segment) {
	b.out, b.end = b.out[:0], 0
	if b.err = d.read(s.data, s.bit, s.level); b.err != nil {
		return
	}
	d.follow()
	b.out = unrun(b.out, d.last)
	if b.crc, b.end = d.crc, d.end; checksum(b.out) != b.crc {
		b.err = formatError("wrong checksum of a block")
	}
}

// read decodes a block that begins with its mark at a bit of data, up to the point
// where its rotations are left to be followed.
func (d *decoder) read(data []byte, bit, level int) error {
	r := bitsAt(data, bit)
	r.take(markBits)
	d.crc = uint32(r.take(32))
	if r.take(1) != 0 {
		return formatError("randomised blocks are not read")
	}
	d.origin = uint32(r.take(24))
	symbols := d.readMap(&r)
	err := d.readTables(&r, symbols)
	if err == nil {
		err = d.readSymbols(&r, symbols, level*levelBytes)
	}
	if r.over() { // whatever was found there, it was zeros
		return errShort
	}
	if err != nil {
		return err
	}
	if int(d.origin) >= len(d.last) {
		return formatError("the text begins outside of its block")
	}
	d.end = r.at()
	d.link()
	return nil
}

// readMap reads which bytes occur, and gives how many symbols stand for them: two for
// runs and one for the end take the place of the first byte.
func (d *decoder) readMap(r *bitReader) (symbols int) {
	used := r.take(16)
	n := 0
	for i := range 16 {
		if used>>(15-i)&1 == 0 {
			continue
		}
		some := r.take(16)
		for j := range 16 {
			if some>>(15-j)&1 != 0 {
				d.mtf[n] = uint8(16*i + j)
				n++
			}
		}
	}
	return n + 2
}

// readTables reads the codes and which group of symbols is in which of them.
func (d *decoder) readTables(r *bitReader, symbols int) error {
	tables, selectors := int(r.take(3)), int(r.take(15))
	if symbols < 3 || tables < 2 || tables > len(d.tables) || selectors == 0 {
		return formatError("impossible counts at the head of a block")
	}
	order := [6]uint8{0, 1, 2, 3, 4, 5}
	d.selectors = d.selectors[:0]
	for range selectors {
		i := 0
		for r.take(1) != 0 {
			if i++; i >= tables {
				return formatError("no such code")
			}
		}
		s := order[i]
		copy(order[1:i+1], order[:i])
		order[0] = s
		d.selectors = append(d.selectors, s)
	}
	var lengths [maxSymbols]uint8
	for t := range tables {
		l := int(r.take(5))
		for s := range symbols {
			for {
				if l < 1 || l > maxCode {
					return formatError("impossible length of a code")
				}
				if r.take(1) == 0 {
					break
				}
				l += 1 - 2*int(r.take(1))
			}
			lengths[s] = uint8(l)
		}
		if !d.tables[t].set(lengths[:symbols]) {
			return formatError("impossible code")
		}
	}
	return nil
}

// readSymbols reads the last column: at most limit bytes.
func (d *decoder) readSymbols(in *bitReader, symbols, limit int) error {
	if cap(d.last) < limit {
		d.last = make([]byte, limit)
	}
	last, n := d.last[:limit], 0
	clear(d.counts[:])
	run, weight := 0, 1
	end := uint16(symbols - 1)
	r := *in
	defer func() { *in = r }()
	for _, s := range d.selectors {
		t := &d.tables[s]
		for range groupLen {
			if r.n < maxCode {
				if r.fill(); r.over() {
					return errShort
				}
			}
			e := t.fast[r.buf>>(64-fastBits)]
			symbol, length := e>>5, int(e&31)
			if e == 0 {
				var ok bool
				if symbol, length, ok = t.long(r.buf); !ok {
					return formatError("no such code")
				}
			}
			r.buf <<= length
			r.n -= length
			if symbol <= 1 {
				if run += weight << symbol; run > limit-n {
					return formatError("a block is longer than it may be")
				}
				weight <<= 1
				continue
			}
			if run > 0 {
				fill(last[n:n+run], d.mtf[0])
				d.counts[d.mtf[0]] += run
				n += run
				run, weight = 0, 1
			}
			if symbol == end {
				d.last = last[:n]
				return nil
			}
			if n >= limit {
				return formatError("a block is longer than it may be")
			}
			c := d.front(int(symbol - 1))
			last[n] = c
			d.counts[c]++
			n++
		}
	}
	return formatError("a block has no end")
}

func fill(s []byte, c byte) {
	for i := range s {
		s[i] = c
	}
}

// front moves byte i of the list to its front and gives it.
func (d *decoder) front(i int) uint8 {
	c := d.mtf[i&255]
	if i < 16 {
		for ; i > 0; i-- {
			d.mtf[i] = d.mtf[i-1]
		}
	} else {
		copy(d.mtf[1:i+1], d.mtf[:i])
	}
	d.mtf[0] = c
	return c
}

// link finds for each row which one follows it in the text.
func (d *decoder) link() {
	if cap(d.next) < len(d.last) {
		d.next = make([]uint32, cap(d.last))
	}
	d.next = d.next[:len(d.last)]
	var at [256]uint32
	sum := 0
	for c, n := range d.counts {
		at[c] = uint32(sum)
		sum += n
	}
	next := d.next
	for i, c := range d.last {
		j := at[c]
		at[c]++
		next[j] = uint32(i)<<8 | uint32(c)
	}
}

// unrun appends text without the runs that it was written with: four equal bytes are
// followed by how many more of them come.
func unrun(out, text []byte) []byte {
	out = slices.Grow(out, len(text))
	done := 0 // of text, up to which out has it
	for i := 4; i < len(text); i++ {
		c := text[i-1]
		if c != text[i-2] || c != text[i-3] || c != text[i-4] {
			continue
		}
		out = append(out, text[done:i]...)
		for range text[i] {
			out = append(out, c)
		}
		done = i + 1
		i += 4
	}
	return append(out, text[done:]...)
}

// checksum is the CRC of bzip2, which is that of IEEE with all bits the other way
// round. For that there is an instruction.
func checksum(b []byte) uint32 {
	var crc uint32
	var turned [1024]byte
	for len(b) > 0 {
		n := copy(turned[:], b)
		turn(turned[:(n+7)/8*8])
		crc = crc32.Update(crc, crc32.IEEETable, turned[:n])
		b = b[n:]
	}
	return bits.Reverse32(crc)
}

// turn reverses the bits of each byte; there are a multiple of eight.
func turn(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, bits.ReverseBytes64(bits.Reverse64(binary.LittleEndian.Uint64(b))))
	}
}
