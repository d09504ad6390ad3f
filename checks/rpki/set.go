package rpki

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Set are the VRPs of one file.
type Set struct {
	// Name is that of the file.
	Name string
	// AsOf is when the VRPs were made. Where the file says nothing of it, it is when the
	// file was last changed, and Undated is true; zero where that is not known either.
	AsOf    time.Time
	Undated bool

	ipv4, ipv6 table
}

// Len counts the VRPs, each once whatever the number of ROAs that it comes from.
func (s *Set) Len() int { return len(s.ipv4.list) + len(s.ipv6.list) }

func (s *Set) family(ipv6 bool) *table {
	if ipv6 {
		return &s.ipv6
	}
	return &s.ipv4
}

// vrp is a validated ROA payload, 24 bytes: there are half a million of them. The bits
// of an IPv4 prefix are the highest of hi.
type vrp struct {
	hi, lo uint64
	asn    checks.ASN
	bits   uint8 // of the prefix
	max    uint8 // the longest prefix that is authorised: bits or more
}

func makeVRP(p netip.Prefix, maxLength int, a checks.ASN) vrp {
	hi, lo := bitsOf(p)
	return vrp{hi: hi, lo: lo, asn: a, bits: uint8(p.Bits()), max: uint8(maxLength)}
}

func bitsOf(p netip.Prefix) (hi, lo uint64) {
	if p.Addr().Is4() {
		a := p.Addr().As4()
		return uint64(binary.BigEndian.Uint32(a[:])) << 32, 0
	}
	a := p.Addr().As16()
	return binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
}

// prefix gives back the prefix of a VRP.
func (v *vrp) prefix(ipv6 bool) netip.Prefix {
	if !ipv6 {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], uint32(v.hi>>32))
		return netip.PrefixFrom(netip.AddrFrom4(a), int(v.bits))
	}
	var a [16]byte
	binary.BigEndian.PutUint64(a[:8], v.hi)
	binary.BigEndian.PutUint64(a[8:], v.lo)
	return netip.PrefixFrom(netip.AddrFrom16(a), int(v.bits))
}

// compare orders VRPs by the length of the prefix, then its address.
func (v *vrp) compare(w *vrp) int {
	return cmp.Or(cmp.Compare(v.bits, w.bits), cmp.Compare(v.hi, w.hi), cmp.Compare(v.lo, w.lo))
}

// table are the VRPs of one address family, in the order of compare. Those of each
// length lie together: from start[length] to before start[length+1].
type table struct {
	list  []vrp
	start [130]int
}

// arrange makes a table of VRPs in any order, in which some may stand twice.
func arrange(list []vrp) (t table) {
	slices.SortFunc(list, func(v, w vrp) int {
		return cmp.Or(v.compare(&w), cmp.Compare(v.asn, w.asn), cmp.Compare(v.max, w.max))
	})
	t.list = slices.Clip(slices.Compact(list))
	i := 0
	for bits := range t.start {
		for i < len(t.list) && int(t.list[i].bits) < bits {
			i++
		}
		t.start[bits] = i
	}
	return t
}

// at gives the VRPs of exactly one prefix.
func (t *table) at(p netip.Prefix) []vrp {
	same := t.list[t.start[p.Bits()]:t.start[p.Bits()+1]]
	if len(same) == 0 {
		return nil
	}
	want := makeVRP(p, p.Bits(), 0)
	first, found := slices.BinarySearchFunc(same, &want, func(v vrp, w *vrp) int { return v.compare(w) })
	if !found {
		return nil
	}
	end := first
	for end < len(same) && same[end].compare(&want) == 0 {
		end++
	}
	return same[first:end]
}
