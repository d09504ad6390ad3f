package registry

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// kind is the third field of a row: what kind of resource it is about.
type kind int

const (
	kindASN kind = iota
	kindIPv4
	kindIPv6
	kinds // how many there are
)

func (k kind) String() string { return [...]string{"asn", "ipv4", "ipv6"}[k] }

// maxASNs is the largest block of AS numbers a row may hold; registries get them
// from IANA 1,024 at a time, and the largest row seen in a list holds 3,072.
const maxASNs = 1 << 17

// row is one record of a list, not yet sorted by kind: first and last count
// addresses, /64 networks or AS numbers.
type row struct {
	registry    string
	cc          code
	kind        kind
	first, last uint64
}

// Why a record is left out without being a fault of the list.
var errNotDelegated = errors.New("not delegated")

// fields cuts line at its bars into at most len(dst) fields and gives how many.
// Blanks around a field mean nothing.
func fields(dst [][]byte, line []byte) int {
	n := 0
	for n < len(dst)-1 {
		f, rest, found := bytes.Cut(line, []byte{'|'})
		if !found {
			break
		}
		dst[n], line = bytes.TrimSpace(f), rest
		n++
	}
	dst[n] = bytes.TrimSpace(line)
	return n + 1
}

// registryName gives the registry that a field names, "" for none. "iana" and
// "ietf" stand in the combined list of the NRO for what no region has.
func registryName(b []byte) string {
	for _, name := range [...]string{"ripencc", "apnic", "arin", "lacnic", "afrinic", "iana", "ietf"} {
		if string(b) == name {
			return name
		}
	}
	return ""
}

func parseKind(b []byte) (kind, bool) {
	switch string(b) {
	case "asn":
		return kindASN, true
	case "ipv4":
		return kindIPv4, true
	case "ipv6":
		return kindIPv6, true
	}
	return 0, false
}

// noCountry stands for the country of the few records that name none. ISO 3166
// leaves ZZ to its users, and the list of the NRO has it for that.
var noCountry = code{'Z', 'Z'}

// parseRow reads registry|cc|type|start|value|date|status[|opaque-id...], split
// into f. errNotDelegated is for rows that are whole but hand nothing out.
func parseRow(f [][]byte) (row, error) {
	if len(f) < 7 {
		return row{}, fmt.Errorf("%d fields where a record has 7", len(f))
	}
	r := row{registry: registryName(f[0])}
	if r.registry == "" {
		return row{}, fmt.Errorf("%s is no registry", quote(string(f[0])))
	}
	var ok bool
	if r.kind, ok = parseKind(f[2]); !ok {
		return row{}, fmt.Errorf("%s is none of asn, ipv4 and ipv6", quote(string(f[2])))
	}
	switch string(f[6]) {
	case "allocated", "assigned":
	case "available", "reserved", "ianapool":
		return r, errNotDelegated
	default:
		return row{}, fmt.Errorf("%s is no status", quote(string(f[6])))
	}
	if r.cc = noCountry; len(f[1]) > 0 {
		r.cc, ok = parseCode(f[1])
	}
	if !ok {
		return row{}, fmt.Errorf("%s is no country code", quote(string(f[1])))
	}
	var err error
	switch r.kind {
	case kindASN:
		err = r.parseASNs(f[3], f[4])
	case kindIPv4:
		err = r.parseIPv4(f[3], f[4])
	case kindIPv6:
		err = r.parseIPv6(f[3], f[4])
	}
	return r, err
}

func parseCode(b []byte) (code, bool) {
	if len(b) != 2 {
		return code{}, false
	}
	c := code{b[0] &^ 0x20, b[1] &^ 0x20}
	return c, c[0] >= 'A' && c[0] <= 'Z' && c[1] >= 'A' && c[1] <= 'Z'
}

// parseASNs reads a first AS number, asplain or asdot as lists before 2009 have
// it, and how many there are.
func (r *row) parseASNs(start, value []byte) error {
	first, ok := parseUint(start, math.MaxUint32)
	if high, low, dotted := bytes.Cut(start, []byte{'.'}); dotted {
		h, okHigh := parseUint(high, math.MaxUint16)
		l, okLow := parseUint(low, math.MaxUint16)
		first, ok = h<<16|l, okHigh && okLow
	}
	n, okCount := parseUint(value, maxASNs)
	if !ok || !okCount || n == 0 || first+n-1 > math.MaxUint32 {
		return fmt.Errorf("%s and %s more are no AS numbers", quote(string(start)), quote(string(value)))
	}
	r.first, r.last = first, first+n-1
	return nil
}

// parseIPv4 reads an address and a number of addresses, which need be no power
// of two.
func (r *row) parseIPv4(start, value []byte) error {
	first, ok := parseIPv4(start)
	n, okCount := parseUint(value, 1<<32)
	if !ok || !okCount || n == 0 || first+n > 1<<32 {
		return fmt.Errorf("%s with %s addresses is no IPv4 range", quote(string(start)), quote(string(value)))
	}
	r.first, r.last = first, first+n-1
	return nil
}

// parseIPv6 reads an address and a prefix length.
func (r *row) parseIPv6(start, value []byte) error {
	addr, err := netip.ParseAddr(string(start))
	length, ok := parseUint(value, 64)
	if err != nil || !addr.Is6() || addr.Is4In6() || addr.Zone() != "" || !ok {
		return fmt.Errorf("%s/%s is no IPv6 prefix of at most 64 bits", quote(string(start)), quote(string(value)))
	}
	p := netip.PrefixFrom(addr, int(length))
	if p.Masked().Addr() != addr {
		return fmt.Errorf("%v has bits set beyond its length", p)
	}
	r.first, r.last = networks(p)
	return nil
}

// networks gives the first and the last /64 of an IPv6 prefix.
func networks(p netip.Prefix) (first, last uint64) {
	b := p.Addr().As16()
	first = binary.BigEndian.Uint64(b[:8])
	return first, first | ^uint64(0)>>p.Bits()
}

// parseIPv4 reads a dotted quad without a detour over a string: most of a list
// is made of them.
func parseIPv4(b []byte) (addr uint64, ok bool) {
	for i := range 4 {
		part := b
		if i < 3 {
			var found bool
			if part, b, found = bytes.Cut(b, []byte{'.'}); !found {
				return 0, false
			}
		}
		n, ok := parseUint(part, 255)
		if !ok || len(part) > 3 {
			return 0, false
		}
		addr = addr<<8 | n
	}
	return addr, true
}

// parseUint reads decimal digits alone, up to most (which is at most 1<<32).
func parseUint(b []byte, most uint64) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, n <= most
}

// parseDate reads the serial or the end date of a header: yyyymmdd, or seconds
// since 1970 as the RIPE NCC had it. The zero time stands for neither.
func parseDate(b []byte) time.Time {
	if len(b) == 8 {
		if t, err := time.Parse("20060102", string(b)); err == nil && t.Year() >= 1980 {
			return t
		}
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil && n > 1e9 && n < 1e10 {
		return time.Unix(n, 0).UTC().Truncate(24 * time.Hour)
	}
	return time.Time{}
}
