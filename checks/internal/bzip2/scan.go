package bzip2

import (
	"errors"
	"io"
)

const (
	readLen = 128 << 10
	// maxSegment is how many bytes are looked through for the end of a block: more
	// than any block takes that holds 900,000 bytes in codes of 20 bits.
	maxSegment = 3 << 20
)

// segment is a block as it stands in the file.
type segment struct {
	data  []byte
	bit   int // of data, where the block's mark begins
	stop  int // of data, where the next mark begins
	level int
	cut   error // what ended the input inside of the segment; nil where a mark did
}

// scanner cuts the input into segments.
type scanner struct {
	in    io.Reader
	buf   []byte
	bit   int   // of buf, up to which it was used
	err   error // of in
	level int   // of the stream at hand
	// wanted is the checksum of the stream that ended, of all its blocks.
	wanted uint32
}

// marks says for each byte at which shifts it may be byte 2 of a mark, of a block in
// the low half and of an end in the high one. A mark shifted by s has s bits of
// something else before it in its first byte.
var marks = makeMarks()

func makeMarks() (m [256]uint16) {
	for s := range 8 {
		m[byte(uint64(blockMark)>>(24+s))] |= 1 << s
		m[byte(uint64(endMark)>>(24+s))] |= 0x100 << s
	}
	return m
}

// ensure sees to it that n bytes are in buf behind byte i; false where there are not
// so many.
func (s *scanner) ensure(i, n int) bool {
	for idle := 0; len(s.buf)-i < n; {
		if s.err != nil {
			return false
		}
		if cap(s.buf)-len(s.buf) < readLen {
			grown := make([]byte, len(s.buf), 2*cap(s.buf)+readLen)
			copy(grown, s.buf)
			s.buf = grown
		}
		var got int
		got, s.err = s.in.Read(s.buf[len(s.buf) : len(s.buf)+readLen])
		s.buf = s.buf[:len(s.buf)+got]
		if idle++; got > 0 {
			idle = 0
		} else if idle > 100 && s.err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return true
}

// drop forgets what was used.
func (s *scanner) drop() {
	k := s.bit / 8
	s.buf = s.buf[:copy(s.buf, s.buf[k:])]
	s.bit -= 8 * k
}

// header reads what begins a stream, at a whole byte. first is true at the beginning
// of the file. The error is io.EOF where nothing comes.
func (s *scanner) header(first bool) error {
	s.drop()
	if !s.ensure(0, 4) {
		if len(s.buf) == 0 && !first {
			return s.err
		}
		return s.ended()
	}
	h := s.buf
	if h[0] != 'B' || h[1] != 'Z' || h[2] != 'h' || h[3] < '1' || h[3] > '0'+maxLevel {
		if first {
			return formatError("this is no bzip2 data")
		}
		return errBehind
	}
	s.level = int(h[3] - '0')
	s.bit = 32
	return nil
}

var (
	errBehind = formatError("data behind the end of a stream that is none itself")
	errMark   = formatError("no block where one has to be")
	errLong   = formatError("a block without an end")
)

// mark gives the 48 bits at a bit of buf; ok is false where there are not so many.
func (s *scanner) mark(bit int) (mark uint64, ok bool) {
	if !s.ensure(bit/8, 8) && 8*len(s.buf)-bit < markBits {
		return 0, false
	}
	r := bitsAt(s.buf, bit)
	return r.take(markBits), true
}

// segment gives the block at hand. The error is io.EOF where the stream ends instead,
// with its checksum in wanted.
func (s *scanner) segment() (*segment, error) {
	s.drop()
	m, ok := s.mark(s.bit)
	switch {
	case !ok:
		return nil, s.ended()
	case m == endMark:
		return nil, s.end()
	case m != blockMark:
		return nil, errMark
	}
	seg := &segment{bit: s.bit, level: s.level}
	seg.stop, seg.cut = s.find(s.bit + markBits)
	if seg.cut != nil {
		seg.stop = 8 * len(s.buf)
	}
	k := min((seg.stop+7)/8, len(s.buf))
	seg.data = append(seg.data, s.buf[:k]...)
	s.bit = seg.stop
	return seg, nil
}

// end reads what ends a stream.
func (s *scanner) end() error {
	i := (s.bit + markBits + 32 + 7) / 8
	if !s.ensure(0, i) {
		return s.ended()
	}
	r := bitsAt(s.buf, s.bit+markBits)
	s.wanted = uint32(r.take(32))
	s.bit = 8 * i
	return io.EOF
}

// ended is the error of input that ends where more has to come.
func (s *scanner) ended() error {
	if s.err == nil || errors.Is(s.err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// find looks for the next mark from a bit of buf on.
func (s *scanner) find(bit int) (at int, err error) {
	for i := bit/8 + 2; ; i++ {
		if i >= len(s.buf) && !s.ensure(i, 1) {
			return 0, s.ended()
		}
		m := marks[s.buf[i]]
		if m == 0 {
			if i > maxSegment {
				return 0, errLong
			}
			continue
		}
		for shift := range 8 {
			at := 8*(i-2) + shift
			if m>>shift&0x101 == 0 || at < bit {
				continue
			}
			if v, ok := s.mark(at); ok && (v == blockMark || v == endMark && s.plausible(at)) {
				return at, nil
			}
		}
	}
}

// plausible reports whether what follows the mark of an end can follow one: the end of
// the file, or of what there is of it, or another stream.
func (s *scanner) plausible(at int) bool {
	i := (at + markBits + 32 + 7) / 8
	if !s.ensure(i, 4) {
		return true
	}
	return string(s.buf[i:i+3]) == "BZh"
}
