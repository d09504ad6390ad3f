package world

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// What [State.AppendTo] writes: a version, the clock, the groups that stand badly or came
// back, and the rows that do not hold what is usual, with how that differs from what they
// hold. All else follows from the table. Numbers are varints.
const keptVersion = 2

// AppendTo appends what the state knows beyond the routing table, for a file of ours: what is
// usual and since when something is lost. It belongs to the table of the same moment, so it is
// called inside of [State.Do] and nowhere else.
func (s *State) AppendTo(dst []byte) []byte {
	s.admit()
	dst = append(dst, keptVersion)
	dst = binary.AppendVarint(dst, s.clock)
	for _, list := range [][]group{s.countries.list, s.networks.list} {
		for n := range list {
			if g := &list[n]; g.bad != 0 || g.back != 0 {
				name := checks.Network(g.asn).String()
				if g.code != "" {
					name = g.code
				}
				dst = append(dst, byte(len(name)))
				dst = append(dst, name...)
				dst = binary.AppendVarint(binary.AppendVarint(dst, g.bad), g.back)
			}
		}
	}
	dst = append(dst, 0)
	for k := range s.apart.list {
		if d := &s.apart.list[k]; d.row != 0 {
			dst = s.appendDeviant(dst, d)
		}
	}
	return append(dst, 0)
}

func (s *State) appendDeviant(dst []byte, d *deviant) []byte {
	addr, _ := s.tab.Prefix(d.row).MarshalBinary()
	dst = append(append(dst, byte(len(addr))), addr...)
	for _, at := range [...]int64{d.lacking, d.first, d.half, d.ninety, int64(d.changed)} {
		dst = binary.AppendVarint(dst, at)
	}
	if d.revived {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	usual, now := s.tab.Values(d.usual, nil), s.tab.Values(s.tab.Ref(d.row), nil)
	last := 0
	for c := range max(len(usual), len(now)) {
		if u := valueAt(usual, c); u != valueAt(now, c) {
			dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(c+1-last)), uint64(u))
			last = c + 1
		}
	}
	return append(dst, 0)
}

// Restore takes over a routing table that [State.Do] has filled from a file, with what
// [State.AppendTo] wrote along with it. With none (nil) what the table holds of prefixes of
// which nothing is usual is taken for what is: that is a cold start from a table. After an
// error the state is not to be used.
func (s *State) Restore(kept []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tab != s.rib.Table() {
		s.tab = s.rib.Table()
	}
	s.turned = true
	r := keptReader{b: kept}
	var list []keptDeviant
	if kept != nil {
		list = s.read(&r)
		if r.err != nil {
			return fmt.Errorf("reading what is usual: %w", r.err)
		}
	}
	newcomer := map[table.Row]bool{}
	for i := range list {
		d := &list[i]
		if d.row = s.tab.Add(d.prefix); newcomer[d.row] {
			return fmt.Errorf("reading what is usual: %w", errKept) // twice the same
		}
		s.tab.Pin(d.row)
		s.rows.reach(d.row)
		newcomer[d.row] = true
	}
	for _, row := range s.tab.All() {
		s.rows.reach(row)
		if s.rows.marks[row]&(placed|arriving) != 0 || s.tab.Ref(row) == 0 || newcomer[row] {
			continue
		}
		if s.rows.is(row, apart) {
			s.rejoin(row)
		}
		s.arrive(row)
	}
	if len(s.arrivals) > 0 {
		s.placeAll()
	}
	for i := range list {
		s.restoreDeviant(&list[i])
	}
	if !s.rib.Newest().IsZero() {
		s.advance(s.rib.Newest())
	}
	return nil
}

// keptDeviant is a row of the file.
type keptDeviant struct {
	prefix  netip.Prefix
	row     table.Row
	times   [5]int64
	revived bool
	columns []int
	values  []uint32
}

func (s *State) restoreDeviant(k *keptDeviant) {
	defer s.tab.Unpin(k.row)
	usual := s.tab.Values(s.tab.Ref(k.row), nil)
	for i, c := range k.columns {
		for len(usual) <= c {
			usual = append(usual, 0)
		}
		usual[c] = k.values[i]
	}
	ref := s.tab.Make(usual)
	if ref == s.tab.Ref(k.row) { // cannot be, but it does no harm
		s.tab.Release(ref)
		if ref != 0 {
			s.place(k.row)
		}
		return
	}
	d := s.depart(k.row, ref)
	d.lacking, d.first, d.half, d.ninety = k.times[0], k.times[1], k.times[2], k.times[3]
	d.changed = uint32(k.times[4])
	d.revived = k.revived
	if ref != 0 {
		s.place(k.row)
		s.enqueue(k.row)
	}
}

// errKept is damage that the checksum of the file did not show.
var errKept = errors.New("the record is damaged")

// keptReader reads varints until something is wrong.
type keptReader struct {
	b   []byte
	err error
}

func (r *keptReader) byte() byte {
	if len(r.b) == 0 {
		r.err = errKept
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *keptReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.err, r.b = errKept, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *keptReader) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > limit {
		r.err, r.b = errKept, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *keptReader) bytes(n int) []byte {
	if n > len(r.b) {
		r.err, r.b = errKept, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// read reads what was kept. Values have to stand for a route, columns for a session.
func (s *State) read(r *keptReader) (list []keptDeviant) {
	if r.byte() != keptVersion {
		r.err = fmt.Errorf("%w: its version is another one", errKept)
		return nil
	}
	s.clock = max(s.clock, r.varint())
	for n := r.byte(); n != 0 && r.err == nil; n = r.byte() {
		s.readGroup(string(r.bytes(int(n))), r.varint(), r.varint())
	}
	for n := r.byte(); n != 0 && r.err == nil; n = r.byte() {
		var k keptDeviant
		if err := k.prefix.UnmarshalBinary(r.bytes(int(n))); err != nil || !k.prefix.IsValid() {
			r.err = errKept
			return nil
		}
		for i := range k.times {
			k.times[i] = r.varint()
		}
		k.revived = r.byte() != 0
		c := -1
		for d := r.uvarint(1 << 16); d != 0 && r.err == nil; d = r.uvarint(1 << 16) {
			c += int(d)
			v := uint32(r.uvarint(1<<32 - 1))
			if v != 0 && !s.rib.Stands(v) {
				r.err = errKept
			}
			k.columns, k.values = append(k.columns, c), append(k.values, v)
		}
		if c >= s.rib.Sessions() {
			r.err = errKept
			return nil
		}
		list = append(list, k)
	}
	return list
}

func (s *State) readGroup(name string, bad, back int64) {
	t, err := checks.ParseTarget(name)
	if err != nil {
		return
	}
	var g *group
	if t.Kind() == checks.KindCountry {
		n, _ := s.countries.of(t.Text(), "")
		g = &s.countries.list[n]
		g.code, g.watched = t.Text(), true
	} else {
		n, _ := s.networks.of(t.ASN(), 0)
		g = &s.networks.list[n]
		g.asn = t.ASN()
	}
	if g.bad, g.back = bad, back; bad != 0 {
		if g.code != "" {
			s.badCountries[s.countries.by[g.code]] = true
		} else {
			s.badNetworks[s.networks.by[g.asn]] = true
		}
	}
}
