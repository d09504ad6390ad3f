package mrt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"isitdown/checks"
)

const (
	headerLen = 12
	bufferLen = 256 << 10

	// MaxRecord is the longest record that is believed, in bytes of body. The
	// longest in real dumps are some hundred KiB; a longer one is damage.
	MaxRecord = 16 << 20
	// maxMessage bounds the records that hold one BGP message (at most 65535
	// bytes, RFC 8654) or the attributes of one route, with what is around it.
	maxMessage = 65535 + 64
	// maxOldMessage bounds those of the collectors of 2000 (RFC 6396 appendix
	// B.2), whose messages were no longer than RFC 4271 lets them be.
	maxOldMessage = 4096 + 64
	// maxType bounds the types that may be skipped. IANA has assigned none
	// above 49 since 2011: a larger number is not a new type but no header.
	maxType = 255
)

// DamageError says where the input stops making sense, and why. Everything in
// front of Offset was whole and has been delivered.
type DamageError struct {
	Offset int64  // decompressed byte at which the first record starts that is not whole
	Reason string // one clause for a person
	Err    error  // of the reader underneath, where it is the reason; else nil
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("MRT data stops at byte %d: %s", e.Offset, e.Reason)
}

func (e *DamageError) Unwrap() error { return e.Err }

// ErrNotMRT is wrapped by the [DamageError] of input that does not begin with
// an MRT record.
var ErrNotMRT = errors.New("not an MRT file")

// Problem is a record, or one entry of a RIB record, that was left out because
// its body makes no sense. Who announced what in it is not known.
type Problem struct {
	Offset        int64     // decompressed byte at which the record starts
	Time          time.Time // of the record
	Type, Subtype uint16
	PeerAS        checks.ASN // zero where the peer is not known
	PeerAddr      netip.Addr
	Prefix        netip.Prefix // of a RIB entry; else invalid
	Err           error
}

func (p *Problem) Error() string {
	return fmt.Sprintf("record at byte %d (type %d, subtype %d): %v", p.Offset, p.Type, p.Subtype, p.Err)
}

// Unwrap gives Err.
func (p *Problem) Unwrap() error { return p.Err }

// Skipped counts records that were passed over because their type is not read.
type Skipped struct {
	Type, Subtype uint16
	Count         int
	First         int64 // decompressed byte of the first of them
}

// Reader reads MRT records from a stream of plain bytes.
type Reader struct {
	// OnProblem, when set, is called with each problem as it is met. It may
	// keep the problem.
	OnProblem func(*Problem)

	// Literal takes subtypes without additional paths at their word. Else
	// path identifiers that a record does not declare are recognised
	// (bgp.Options.GuessAddPath).
	Literal bool

	r      io.Reader
	buf    []byte
	lo, hi int   // buf[lo:hi] is read and not yet used
	base   int64 // byte of the stream that buf[0] is
	err    error // of r, after which nothing comes
	done   error // what Next returns from now on

	rec     Record
	element Element

	problems     int
	firstProblem *Problem
	skipped      []Skipped
}

// NewReader makes a Reader of plain bytes; see [Decompress].
func NewReader(r io.Reader) *Reader { return newReader(r, bufferLen) }

// newReader makes a Reader whose buffer is size bytes long at first.
func newReader(r io.Reader, size int) *Reader {
	rd := &Reader{r: r, buf: make([]byte, size)}
	rd.rec.reader = rd
	return rd
}

// reset makes r read b, whose first byte is byte base of the input, and nothing behind
// it. The last table of peers stays.
func (r *Reader) reset(b []byte, base int64) {
	r.buf, r.lo, r.hi, r.base = b, 0, len(b), base
	r.err, r.done = io.EOF, nil
	r.problems, r.firstProblem, r.skipped = 0, nil, nil
}

// Offset is the decompressed byte up to which the input was used.
func (r *Reader) Offset() int64 { return r.base + int64(r.lo) }

// Problems gives how many problems were met so far and the first of them, nil
// when there is none.
func (r *Reader) Problems() (count int, first *Problem) { return r.problems, r.firstProblem }

// Skipped gives the records that were passed over so far, by type.
func (r *Reader) Skipped() []Skipped { return r.skipped }

// Next reads the next record whose body makes sense. At the end of the input
// the error is io.EOF, else a [*DamageError], or [ErrEmpty] where there was no
// byte at all. The record is used again by the next call.
func (r *Reader) Next() (*Record, error) {
	for r.done == nil {
		body, ok := r.frame()
		if !ok {
			break
		}
		rec := &r.rec
		err := rec.decode(body)
		switch {
		case err == nil && rec.Kind != KindUnsupported:
			return rec, nil
		case err == nil:
			r.skip()
			return rec, nil
		default:
			r.problem(rec, err)
		}
	}
	return nil, r.done
}

// frame reads the header of the next record into r.rec and returns its body.
// ok is false at the end, with r.done set.
func (r *Reader) frame() (body []byte, ok bool) {
	start := r.Offset()
	if !r.fill(headerLen) {
		r.end(start, "the header of a record", headerLen)
		return nil, false
	}
	h := r.buf[r.lo:]
	rec := &r.rec
	rec.Offset = start
	rec.Time = time.Unix(int64(binary.BigEndian.Uint32(h)), 0).UTC()
	rec.Type, rec.Subtype = binary.BigEndian.Uint16(h[4:]), binary.BigEndian.Uint16(h[6:])
	length := int64(binary.BigEndian.Uint32(h[8:]))
	if reason := implausible(rec.Type, length); reason != "" {
		e := &DamageError{Offset: start, Reason: reason}
		if start == 0 {
			e.Err = ErrNotMRT
			e.Reason = "this is not an MRT file: " + reason
		}
		r.done = e
		return nil, false
	}
	if !r.fill(headerLen + int(length)) {
		r.end(start, "a record", headerLen+int(length))
		return nil, false
	}
	body = r.buf[r.lo+headerLen : r.lo+headerLen+int(length)]
	r.lo += headerLen + int(length)
	return body, true
}

// implausible says why a header cannot be one; empty where it can.
func implausible(kind uint16, length int64) string {
	limit := int64(MaxRecord)
	switch kind {
	case TypeBGP4MP, TypeBGP4MPET, TypeTableDump:
		limit = maxMessage
	case typeOldBGP:
		limit = maxOldMessage
	}
	switch {
	case kind == 0 || kind > maxType:
		return fmt.Sprintf("no MRT record has type %d", kind)
	case length > limit:
		return fmt.Sprintf("a record of type %d claims to be %d bytes long, at most %d are possible", kind, length, limit)
	}
	return ""
}

// end notes why nothing more comes: want bytes of what were needed at start.
func (r *Reader) end(start int64, what string, want int) {
	have := r.hi - r.lo
	switch {
	case errors.Is(r.err, io.ErrUnexpectedEOF):
		r.done = &DamageError{
			Offset: start,
			Reason: fmt.Sprintf("the compressed file is cut off, %d bytes could be decompressed", start+int64(have)),
			Err:    r.err,
		}
	case r.err != io.EOF:
		r.done = &DamageError{
			Offset: start,
			Reason: fmt.Sprintf("%v, behind %d readable bytes", r.err, start+int64(have)),
			Err:    r.err,
		}
	case have == 0 && start == 0:
		r.done = ErrEmpty
	case have == 0:
		r.done = io.EOF
	default:
		e := &DamageError{
			Offset: start,
			Reason: fmt.Sprintf("the file ends inside %s: %d of %d bytes are there", what, have, want),
			Err:    io.ErrUnexpectedEOF,
		}
		if start == 0 && want == headerLen {
			e.Err = ErrNotMRT
		}
		r.done = e
	}
}

// fill makes n bytes available at r.lo; false where the input ends before. The
// buffer grows with what was read, not with what a header claims.
func (r *Reader) fill(n int) bool {
	idle := 0
	for r.hi-r.lo < n {
		if r.err != nil {
			return false
		}
		if idle++; idle > 100 {
			r.err = io.ErrNoProgress
			return false
		}
		if r.lo > 0 && r.lo+n > len(r.buf) {
			copy(r.buf, r.buf[r.lo:r.hi])
			r.base += int64(r.lo)
			r.hi -= r.lo
			r.lo = 0
		}
		if r.hi == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		var got int
		got, r.err = r.r.Read(r.buf[r.hi:])
		r.hi += got
		if got > 0 {
			idle = 0
		}
	}
	return true
}

// problem notes that rec, or an entry of it, is left out.
func (r *Reader) problem(rec *Record, err error) {
	r.problems++
	if r.firstProblem != nil && r.OnProblem == nil {
		return
	}
	p := &Problem{
		Offset: rec.Offset, Time: rec.Time, Type: rec.Type, Subtype: rec.Subtype,
		PeerAS: rec.PeerAS, PeerAddr: rec.PeerAddr, Prefix: rec.Prefix, Err: err,
	}
	if r.firstProblem == nil {
		r.firstProblem = p
	}
	if r.OnProblem != nil {
		r.OnProblem(p)
	}
}

// skip counts the record at hand as not read.
func (r *Reader) skip() {
	r.skipped = addSkipped(r.skipped, Skipped{r.rec.Type, r.rec.Subtype, 1, r.rec.Offset})
}

// bodyError is what is wrong with the body of a record.
func bodyError(offset int, format string, args ...any) error {
	return fmt.Errorf("byte %d of its body: %s", offset, fmt.Sprintf(format, args...))
}
