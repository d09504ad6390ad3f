package route

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// pencil writes fields one after the other, little endian, whole numbers as varints.
type pencil struct{ b []byte }

func (w *pencil) int(n int)     { w.b = binary.AppendVarint(w.b, int64(n)) }
func (w *pencil) word(n uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, n) }

func (w *pencil) bool(is bool) {
	if is {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *pencil) ints(list ...int) {
	for _, n := range list {
		w.int(n)
	}
}

func (w *pencil) stamps(list ...stamp) {
	for _, at := range list {
		w.b = binary.LittleEndian.AppendUint64(w.b, uint64(at))
	}
}

func (w *pencil) text(s string) {
	w.int(len(s))
	w.b = append(w.b, s...)
}

func (w *pencil) addr(a netip.Addr) { w.text(string(a.AsSlice())) }

// reading reads what a pencil wrote. After the first error everything is zero.
type reading struct {
	name string
	b    []byte
	err  error
}

// open begins with a section, unless there was an error before.
func (p *reading) open(get func(string) ([]byte, bool), name string) {
	b, ok := get(name)
	p.name, p.b = name, b
	if !ok {
		p.fail("it is not there")
	}
}

// close ends with a section.
func (p *reading) close() {
	if len(p.b) > 0 {
		p.fail("there are %d bytes behind it", len(p.b))
	}
}

func (p *reading) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("section %q: %s", p.name, fmt.Sprintf(format, args...))
	}
	p.b = nil
}

// bytes gives the next n bytes, nil where there are fewer.
func (p *reading) bytes(n int) []byte {
	if n < 0 || n > len(p.b) {
		p.fail("it breaks off")
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *reading) int() int {
	n, size := binary.Varint(p.b)
	if size <= 0 {
		p.fail("it breaks off")
		return 0
	}
	p.b = p.b[size:]
	return int(n)
}

// count reads a number of things, and gives none where it is below zero or above most.
func (p *reading) count(most int) int {
	n := p.int()
	if n < 0 || n > most {
		p.fail("%d of something, and at most %d have room", n, most)
		return 0
	}
	return n
}

func (p *reading) word() uint32 {
	if b := p.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (p *reading) bool() bool {
	b := p.bytes(1)
	return b != nil && b[0] != 0
}

func (p *reading) stamp() stamp {
	if b := p.bytes(8); b != nil {
		return stamp(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (p *reading) text() string { return string(p.bytes(p.int())) }

func (p *reading) addr() netip.Addr {
	a, _ := netip.AddrFromSlice([]byte(p.text())) // of Peers without one: the zero address
	return a
}
