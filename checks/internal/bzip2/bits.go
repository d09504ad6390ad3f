package bzip2

import "encoding/binary"

// bitReader reads bits from the highest of each byte on. Behind the end there are
// zeros; over says that some were taken.
type bitReader struct {
	data []byte
	next int    // byte of data that is not in buf yet; it goes on behind the end
	buf  uint64 // the bits that come, from the highest on
	n    int    // how many of buf count
}

// bitsAt makes a reader that begins with a bit of data.
func bitsAt(data []byte, bit int) bitReader {
	r := bitReader{data: data, next: bit / 8}
	r.take(bit % 8)
	return r
}

// fill sees to it that at least 56 bits are in buf.
func (r *bitReader) fill() {
	if r.next+8 <= len(r.data) {
		r.buf |= binary.BigEndian.Uint64(r.data[r.next:]) >> r.n
		k := (63 - r.n) / 8
		r.next += k
		r.n += 8 * k
		return
	}
	for r.n <= 56 {
		if r.next < len(r.data) {
			r.buf |= uint64(r.data[r.next]) << (56 - r.n)
		}
		r.next++
		r.n += 8
	}
}

// take gives the next k bits, at most 48.
func (r *bitReader) take(k int) uint64 {
	if r.n < k {
		r.fill()
	}
	v := r.buf >> 1 >> (63 - k)
	r.buf <<= k
	r.n -= k
	return v
}

// at is the bit of data that comes next.
func (r *bitReader) at() int { return 8*r.next - r.n }

// over reports whether bits behind the end were taken.
func (r *bitReader) over() bool { return r.at() > 8*len(r.data) }
