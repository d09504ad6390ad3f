package table

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// model is a table as a map of maps, and what was done to it. Its columns and prefixes are
// few or many, and so are the values, by what is drawn.
type model struct {
	t       *rapid.T
	rng     *rand.Rand
	table   *Table
	plain   map[netip.Prefix]map[int]uint32
	pinned  map[Row]int
	kept    []keptVector
	columns int
	values  uint32
	spread  uint32 // between values
	names   []netip.Prefix
	step    int
}

// keptVector is one that is retained, and what it was.
type keptVector struct {
	ref   Ref
	plain map[int]uint32
}

func newModel(t *rapid.T) *model {
	m := &model{
		t: t, rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), table: New(),
		plain: map[netip.Prefix]map[int]uint32{}, pinned: map[Row]int{},
		columns: rapid.SampledFrom([]int{1, 3, 8, 9, 31, 57, 58, 64, 65, 120, 300}).Draw(t, "columns"),
		values:  rapid.SampledFrom([]uint32{1, 2, 3, 4, 7, 8, 15, 16, 33, 70, 300}).Draw(t, "values"),
		spread:  rapid.SampledFrom([]uint32{1, 3, 200, 70_000, 1 << 23}).Draw(t, "spread"),
	}
	for range rapid.SampledFrom([]int{1, 4, 40, 400}).Draw(t, "prefixes") {
		m.names = append(m.names, m.name())
	}
	return m
}

// name draws a prefix of either family, in a space in which many lie in each other.
func (m *model) name() netip.Prefix {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], m.rng.Uint64())
	if m.rng.IntN(2) == 0 {
		p, _ := netip.AddrFrom4([4]byte{10, b[1] & 3, b[2] & 0xc1, b[3]}).Prefix(m.rng.IntN(33))
		return p
	}
	b[0], b[1], b[2], b[3] = 0x20, 1, b[2]&3, b[3]&0x81
	b[8], b[15] = b[5]&0x81, b[6]&1
	p, _ := netip.AddrFrom16(b).Prefix(m.rng.IntN(129))
	return p
}

func (m *model) value() uint32 { return (1 + m.rng.Uint32N(m.values)) * m.spread }

// one does one thing to both.
func (m *model) one() {
	m.step++
	p := m.names[m.rng.IntN(len(m.names))]
	switch m.rng.IntN(200) {
	case 0:
		m.put(p)
	case 1:
		m.table.Put(m.table.Add(p), nil)
		delete(m.plain, p)
	case 2:
		if m.rng.IntN(10) == 0 {
			m.clear()
		}
	case 3:
		m.keep(p)
	case 4:
		m.letGo()
	case 5:
		if row := m.table.Row(p); row != 0 && m.pinned[row] < 3 {
			m.table.Pin(row)
			m.pinned[row]++
		}
	case 6:
		if row := m.table.Row(p); m.pinned[row] > 0 {
			m.table.Unpin(row)
			m.pinned[row]--
		}
	case 7:
		m.table.Work(m.rng.IntN(20))
	case 8:
		m.same(m.table.Ref(m.table.Row(p)), m.plain[p], p)
	default:
		m.set(p)
	}
}

func (m *model) set(p netip.Prefix) {
	column, value := m.rng.IntN(m.columns), uint32(0)
	if m.rng.IntN(3) > 0 {
		value = m.value()
	}
	held := m.plain[p]
	if before := m.table.Set(m.table.Add(p), column, value); before != held[column] {
		m.t.Fatalf("step %d: %v column %d held %d, want %d", m.step, p, column, before, held[column])
	}
	if held == nil {
		held = map[int]uint32{}
		m.plain[p] = held
	}
	if held[column] = value; value == 0 {
		delete(held, column)
	}
	if len(held) == 0 {
		delete(m.plain, p)
	}
}

func (m *model) put(p netip.Prefix) {
	values, held := make([]uint32, m.columns), map[int]uint32{}
	few := m.value()
	for c := range values {
		switch m.rng.IntN(4) {
		case 0:
			values[c] = m.value()
		case 1:
		default:
			values[c] = few
		}
		if values[c] != 0 {
			held[c] = values[c]
		}
	}
	m.table.Put(m.table.Add(p), values)
	if m.plain[p] = held; len(held) == 0 {
		delete(m.plain, p)
	}
}

func (m *model) clear() {
	columns := make([]int, 1+m.rng.IntN(4))
	for i := range columns {
		columns[i] = m.rng.IntN(m.columns + 2) // some that nobody has
	}
	m.table.Clear(columns...)
	m.table.Work(m.rng.IntN(40))
	for p, held := range m.plain {
		for _, c := range columns {
			delete(held, c)
		}
		if len(held) == 0 {
			delete(m.plain, p)
		}
	}
}

// keep retains what a prefix holds.
func (m *model) keep(p netip.Prefix) {
	if len(m.kept) == 50 {
		return
	}
	k := keptVector{ref: m.table.Ref(m.table.Row(p)), plain: map[int]uint32{}}
	maps.Copy(k.plain, m.plain[p])
	m.table.Retain(k.ref)
	m.kept = append(m.kept, k)
}

func (m *model) letGo() {
	if n := len(m.kept); n > 0 {
		i := m.rng.IntN(n)
		m.same(m.kept[i].ref, m.kept[i].plain, "a vector that was retained")
		m.table.Release(m.kept[i].ref)
		m.kept[i] = m.kept[n-1]
		m.kept = m.kept[:n-1]
	}
}

// same compares a vector with what it is to hold.
func (m *model) same(ref Ref, want map[int]uint32, what any) {
	values := m.table.Values(ref, nil)
	held, by := 0, map[uint32]int{}
	for c := range max(len(values), m.columns) {
		got := uint32(0)
		if c < len(values) {
			got = values[c]
		}
		if got != want[c] || m.table.At(ref, c) != got {
			m.t.Fatalf("step %d: %v: column %d holds %d, or %d, want %d", m.step, what, c, got, m.table.At(ref, c), want[c])
		}
		if got != 0 {
			held++
			by[got]++
		}
	}
	if n := len(values); n > 0 && values[n-1] == 0 || m.table.Count(ref) != held || held != len(want) {
		m.t.Fatalf("step %d: %v: %d columns hold something, of %d listed, want %d", m.step, what, m.table.Count(ref), n, len(want))
	}
	last := uint32(0)
	m.table.Each(ref, func(value uint32, columns int) {
		if value <= last || by[value] != columns {
			m.t.Fatalf("step %d: %v: value %d after %d, of %d columns, want %d", m.step, what, value, last, columns, by[value])
		}
		last = value
		delete(by, value)
	})
	if len(by) != 0 {
		m.t.Fatalf("step %d: %v: values are not told: %v", m.step, what, by)
	}
}

// check compares all that the table says with the plain one.
func (m *model) check() {
	t := m.table
	t.finish()
	if t.Len() != len(m.plain) {
		m.t.Fatalf("step %d: %d prefixes, want %d", m.step, t.Len(), len(m.plain))
	}
	rows, refs := 0, map[string]Ref{}
	for p, row := range t.All() {
		rows++
		if t.Prefix(row) != p || t.Row(p) != row || t.Ref(row) == 0 && m.pinned[row] == 0 {
			m.t.Fatalf("step %d: row %d of %v is that of %v, or of nobody", m.step, row, p, t.Prefix(row))
		}
		m.same(t.Ref(row), m.plain[p], p)
		var key []byte
		for _, value := range t.Values(t.Ref(row), nil) {
			key = binary.LittleEndian.AppendUint32(key, value)
		}
		if have, ok := refs[string(key)]; ok && have != t.Ref(row) {
			m.t.Fatalf("step %d: one vector has two references", m.step)
		}
		refs[string(key)] = t.Ref(row)
	}
	pinned := 0
	for row, n := range m.pinned {
		if n > 0 && t.Ref(row) == 0 {
			pinned++
		}
	}
	if size := t.Size(); size.Rows != rows || rows != len(m.plain)+pinned {
		m.t.Fatalf("step %d: %d rows of %d are listed, want %d", m.step, rows, size.Rows, len(m.plain)+pinned)
	}
	m.walk(m.names[m.rng.IntN(len(m.names))])
}

// walk compares what lies in and over a prefix.
func (m *model) walk(p netip.Prefix) {
	in, over := map[netip.Prefix]bool{}, map[netip.Prefix]bool{}
	for q := range m.table.All() {
		if q.Overlaps(p) && q.Bits() >= p.Bits() {
			in[q] = true
		}
		if q.Overlaps(p) && q.Bits() <= p.Bits() {
			over[q] = true
		}
	}
	last := netip.Prefix{}
	for q, row := range m.table.Subnets(p) {
		if !in[q] || m.table.Row(q) != row || last.IsValid() && last.Compare(q) >= 0 {
			m.t.Fatalf("step %d: %v lies in %v after %v", m.step, q, p, last)
		}
		last = q
		delete(in, q)
	}
	bits := 129
	for q, row := range m.table.Supernets(p) {
		if !over[q] || m.table.Row(q) != row || q.Bits() >= bits {
			m.t.Fatalf("step %d: %v lies over %v", m.step, q, p)
		}
		bits = q.Bits()
		delete(over, q)
	}
	if len(in)+len(over) != 0 {
		m.t.Fatalf("step %d: %v lie in %v, %v over it", m.step, in, p, over)
	}
}

// reload goes on with what is read of what was written.
func (m *model) reload() {
	t, err := loaded(saved(m.table), m.columns, 1<<32-1)
	if err != nil {
		m.t.Fatalf("step %d: reading what was written: %v", m.step, err)
	}
	for row, n := range m.pinned {
		for range n {
			t.Pin(row)
		}
	}
	for _, k := range m.kept {
		t.Retain(k.ref)
	}
	t.Sweep()
	m.table = t
}

// empty takes everything away: nothing may be left.
func (m *model) empty() {
	for p := range m.plain {
		m.table.Put(m.table.Row(p), nil)
	}
	for row, n := range m.pinned {
		for range n {
			m.table.Unpin(row)
		}
	}
	for len(m.kept) > 0 {
		m.letGo()
	}
	m.table.finish()
	if s := m.table.Size(); s.Vectors != 0 || s.Prefixes != 0 || s.Rows != 0 || s.Unused > deadAlways {
		m.t.Fatalf("left after everything is gone: %+v", s)
	}
}

// The table is what a map of maps is, after any operations: 100 times 100,000 of them, and a
// tenth of that with -short.
func TestTableAgreesWithMaps(t *testing.T) {
	operations := 100_000
	if testing.Short() {
		operations = 10_000
	}
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		for m.step < operations {
			m.one()
			switch {
			case m.step%(operations/4) == 0:
				m.check()
				m.reload()
				m.check()
			case m.step%(operations/20) == 0:
				m.check()
			}
		}
		m.empty()
	})
}
