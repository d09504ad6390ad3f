package bmp

import (
	"encoding/binary"
	"errors"
	"io"
)

// MaxLen is the longest message that is read. A BGP message has at most 65,535
// bytes (RFC 8654); what is far longer is not BMP.
const MaxLen = 1 << 20

const (
	version   = 3
	headerLen = 6
	firstBuf  = 1 << 16
)

// Reader cuts a stream into messages. It is not safe for use by several goroutines.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // of what is read and not yet handed out
	last       int // length of the message handed out last
}

// NewReader makes a reader. It reads ahead and needs no buffer beneath it.
func NewReader(r io.Reader) *Reader { return &Reader{r: r, buf: make([]byte, firstBuf)} }

// Partial reports whether part of a message was read and the rest is awaited. It
// may be asked from within the Read that the reader is waiting for.
func (r *Reader) Partial() bool { return r.end > r.start }

// Next gives the next whole message, header included, good until the next call.
// The error is io.EOF at the end of the stream between two messages,
// io.ErrUnexpectedEOF inside one, an [*Error] where the stream is not BMP, or that
// of the stream.
func (r *Reader) Next() ([]byte, error) {
	r.start += r.last
	r.last = 0
	if err := r.fill(headerLen); err != nil {
		return nil, err
	}
	b := r.buf[r.start:r.end]
	if b[0] != version {
		return nil, damaged(Type(b[5]), 0, "version %d, only %d is known", b[0], version)
	}
	length := binary.BigEndian.Uint32(b[1:])
	if length < headerLen || length > MaxLen {
		return nil, damaged(Type(b[5]), 1, "length %d, between %d and %d were possible", length, headerLen, MaxLen)
	}
	if err := r.fill(int(length)); err != nil {
		return nil, err
	}
	r.last = int(length)
	return r.buf[r.start : r.start+r.last], nil
}

// fill reads until n bytes are there.
func (r *Reader) fill(n int) error {
	if r.end-r.start >= n {
		return nil
	}
	if r.start+n > len(r.buf) || r.start == r.end {
		r.move(n)
	}
	for r.end-r.start < n {
		k, err := r.r.Read(r.buf[r.end:])
		r.end += k
		if err != nil && r.end-r.start < n {
			if errors.Is(err, io.EOF) && r.end > r.start {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// move puts what is unread to the front of a buffer that holds n bytes.
func (r *Reader) move(n int) {
	old := r.buf[r.start:r.end]
	if n > len(r.buf) {
		r.buf = make([]byte, max(n, 2*len(r.buf)))
	}
	r.start, r.end = 0, copy(r.buf, old)
}
