package rislive

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// parts are the pieces of a ris_message that count, as they stand in the frame:
// strings without their quotes, everything else as JSON. A nil piece is not there.
type parts struct {
	kind, timestamp, peer, asn, host []byte
	raw, state                       []byte
	path, announcements, withdrawals []byte
}

// piece gives the place for the value of a key, and whether it is a string there;
// nil for a key that does not count.
func (p *parts) piece(key []byte) (place *[]byte, text bool) {
	switch string(key) {
	case "type":
		return &p.kind, true
	case "timestamp":
		return &p.timestamp, false
	case "peer":
		return &p.peer, true
	case "peer_asn":
		return &p.asn, true
	case "host":
		return &p.host, true
	case "raw":
		return &p.raw, true
	case "state":
		return &p.state, true
	case "path":
		return &p.path, false
	case "announcements":
		return &p.announcements, false
	case "withdrawals":
		return &p.withdrawals, false
	}
	return nil, false
}

// scan finds the parts of a ris_message. It gives up (false) on all other frames and
// on whatever is not plain: a string with an escape or with anything but printable
// ASCII, a part that comes twice or is of another type, and everything that is not
// JSON. What it accepts, encoding/json accepts and reads the same.
func scan(frame []byte, p *parts) bool {
	*p = parts{}
	c := cursor{b: frame}
	var kind []byte
	data := false
	for more := c.open('{', '}'); more; more = c.next('}') {
		switch key := c.key(); string(key) {
		case "type":
			if kind != nil {
				return false
			}
			kind = c.text()
		case "data":
			if data {
				return false
			}
			data = true
			c.message(p)
		default:
			c.value(0)
		}
	}
	c.space()
	return !c.bad && c.i == len(c.b) && data && string(kind) == "ris_message"
}

// message reads the object of a ris_message.
func (c *cursor) message(p *parts) {
	for more := c.open('{', '}'); more; more = c.next('}') {
		place, text := p.piece(c.key())
		var v []byte
		switch {
		case text:
			v = c.text()
		default:
			v = c.value(0)
			if place != nil && len(v) > 0 && v[0] == 'n' { // null, as good as absent
				c.bad = true
			}
		}
		if place != nil {
			c.bad = c.bad || *place != nil
			*place = v
		}
	}
}

// maxDepth is how deep values may lie in each other; those of RIS Live do three deep.
const maxDepth = 8

// cursor walks over JSON. Once bad it stays where it is.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

func (c *cursor) space() {
	if c.i < len(c.b) && c.b[c.i] > ' ' {
		return // as RIS Live writes it
	}
	for c.i < len(c.b) && (c.b[c.i] == ' ' || c.b[c.i] == '\n' || c.b[c.i] == '\r' || c.b[c.i] == '\t') {
		c.i++
	}
}

// take steps over space and one byte, which must be x.
func (c *cursor) take(x byte) {
	c.space()
	if c.i >= len(c.b) || c.b[c.i] != x {
		c.bad = true
		return
	}
	c.i++
}

// peek gives the next byte that is no space, zero at the end.
func (c *cursor) peek() byte {
	c.space()
	if c.i >= len(c.b) {
		return 0
	}
	return c.b[c.i]
}

// open steps into an object or a list and reports whether something is in it.
func (c *cursor) open(opening, closing byte) bool {
	c.take(opening)
	if !c.bad && c.peek() == closing {
		c.i++
		return false
	}
	return !c.bad
}

// next steps behind one element and reports whether another follows.
func (c *cursor) next(closing byte) bool {
	if c.bad {
		return false
	}
	switch c.peek() {
	case ',':
		c.i++
		return true
	case closing:
		c.i++
	default:
		c.bad = true
	}
	return false
}

func (c *cursor) key() []byte {
	k := c.text()
	c.take(':')
	return k
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for b := ' '; b <= '~'; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()

// plainLen says how many bytes at the front of b are plain, eight at a time: in a word
// of eight bytes the highest bit of each is set that is not, and of those behind it in
// some cases, which is where the search has ended.
func plainLen(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash, del := x^(ones*'"'), x^(ones*'\\'), x^(ones*0x7f)
		other := (x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash | (del-ones)&^del | x
		if other &= high; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
	}
	for i < len(b) && plain[b[i]] {
		i++
	}
	return i
}

// text gives what a plain string holds; it is never nil where it is good.
func (c *cursor) text() []byte {
	c.take('"')
	if c.bad {
		return nil
	}
	rest := c.b[c.i:]
	n := plainLen(rest)
	if n == len(rest) || rest[n] != '"' {
		c.bad = true
		return nil
	}
	c.i += n + 1
	return rest[:n:n]
}

// value steps over any value and gives it.
func (c *cursor) value(depth int) []byte {
	start := c.peek()
	from := c.i
	switch {
	case c.bad:
	case start == '"':
		c.text()
	case start == '[' && depth < maxDepth:
		for more := c.open('[', ']'); more; more = c.next(']') {
			c.value(depth + 1)
		}
	case start == '{' && depth < maxDepth:
		for more := c.open('{', '}'); more; more = c.next('}') {
			c.key()
			c.value(depth + 1)
		}
	case start == '-' || start >= '0' && start <= '9':
		c.number()
	case start == 't':
		c.word("true")
	case start == 'f':
		c.word("false")
	case start == 'n':
		c.word("null")
	default:
		c.bad = true
	}
	if c.bad {
		return nil
	}
	return c.b[from:c.i:c.i]
}

func (c *cursor) word(w string) {
	if !bytes.HasPrefix(c.b[c.i:], []byte(w)) {
		c.bad = true
		return
	}
	c.i += len(w)
}

// number steps over a number as RFC 8259 section 6 writes it.
func (c *cursor) number() {
	if c.at('-') {
		c.i++
	}
	if c.at('0') {
		c.i++
	} else {
		c.digits()
	}
	if c.at('.') {
		c.i++
		c.digits()
	}
	if c.at('e') || c.at('E') {
		c.i++
		if c.at('+') || c.at('-') {
			c.i++
		}
		c.digits()
	}
}

func (c *cursor) at(x byte) bool { return c.i < len(c.b) && c.b[c.i] == x }

// digits steps over at least one digit.
func (c *cursor) digits() {
	from := c.i
	for c.i < len(c.b) && c.b[c.i]-'0' <= 9 {
		c.i++
	}
	c.bad = c.bad || c.i == from
}
