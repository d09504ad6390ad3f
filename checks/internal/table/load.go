package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
)

// manyRefs is how many references are believed of few vectors: most may be free.
const manyRefs = 1 << 22

// Load fills an empty table from the sections that Save gave, which it takes over. Columns and
// values are those that make sense: no vector has more columns, nor a larger value. What
// makes no sense is an error, and the table then not to be used. Rows and vectors that hold
// nothing stay until Sweep.
func (t *Table) Load(get func(name string) ([]byte, bool), columns int, values uint32) error {
	var rowsErr, vectorsErr error
	var group sync.WaitGroup
	group.Go(func() { rowsErr = t.loadRows(get) })
	vectorsErr = t.vectors.load(get, columns, values)
	group.Wait()
	if err := errors.Join(vectorsErr, rowsErr); err != nil {
		return err
	}
	return t.count()
}

// count gives each vector its uses.
func (t *Table) count() error {
	entries := t.vectors.entries
	for row, ref := range t.refs {
		if ref == 0 {
			continue
		}
		if int(ref) >= len(entries) || !t.vectors.known(ref) || t.kinds[row] == noPrefix {
			return fmt.Errorf("row %d has vector %d, which is not there", row, ref)
		}
		entries[ref].uses++
		t.held++
	}
	for _, ref := range t.vectors.slots {
		if ref != 0 && entries[ref].uses == 0 {
			t.orphans = append(t.orphans, ref)
		}
	}
	return nil
}

// loadRows reads the rows and makes the index of their prefixes.
func (t *Table) loadRows(get func(name string) ([]byte, bool)) error {
	b, ok := get("rows")
	if !ok || len(b) < 4 {
		return errors.New("the rows are not there")
	}
	n := int(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n < 1 || n > len(b)/13 || (len(b)-13*n)%12 != 0 {
		return fmt.Errorf("%d rows do not fit into %d bytes", n, len(b))
	}
	t.addrs, t.refs, t.pins = make([]uint64, n), make([]Ref, n), make([]uint8, n)
	t.kinds = append(make([]uint8, 0, n), b[8*n:9*n]...)
	for row := range n {
		t.addrs[row] = binary.LittleEndian.Uint64(b[8*row:])
		t.refs[row] = Ref(binary.LittleEndian.Uint32(b[9*n+4*row:]))
	}
	for b = b[13*n:]; len(b) > 0; b = b[12:] {
		row := Row(binary.LittleEndian.Uint32(b))
		if int(row) >= n || t.kinds[row] == noPrefix || t.kinds[row] <= kind6+64 {
			return fmt.Errorf("row %d has half an address too much", row)
		}
		t.lower[row] = binary.LittleEndian.Uint64(b[4:])
	}
	return t.index()
}

// index notes whose the rows are.
func (t *Table) index() error {
	if t.kinds[0] != noPrefix {
		return errors.New("row 0 has a prefix")
	}
	named := 0
	for row := 1; row < len(t.kinds); row++ {
		kind := t.kinds[row]
		if kind == noPrefix {
			t.spare = append(t.spare, Row(row))
			continue
		}
		if kind > 32 && kind < kind6 || kind > kind6+128 || kind <= 32 && t.addrs[row]>>32 != 0 {
			return fmt.Errorf("row %d has no prefix of any kind", row)
		}
		p := t.Prefix(Row(row))
		if p != p.Masked() {
			return fmt.Errorf("row %d has bits behind its prefix", row)
		}
		t.places.Insert(p, Row(row))
		named++
	}
	if t.places.Size() != named {
		return errors.New("two rows have the same prefix")
	}
	t.asked, t.answer = netip.Prefix{}, 0
	return nil
}

// known reports whether a loaded reference is of a vector.
func (v *vectors) known(ref Ref) bool {
	place := v.entries[ref].place // 0 where there is none, which is a place too
	if place>>unitBits >= uint32(len(v.slab.segments)) {
		return false
	}
	b := v.slab.at(place)
	return len(b) >= headSize && binary.LittleEndian.Uint32(b) == uint32(ref)
}

// load reads the vectors, whose list and index are made anew.
func (v *vectors) load(get func(name string) ([]byte, bool), columns int, values uint32) error {
	head, ok := get("vectors")
	if !ok || len(head) != 12 {
		return errors.New("the list of vectors is not there")
	}
	refs, segments := int(binary.LittleEndian.Uint32(head)), int(binary.LittleEndian.Uint32(head[4:]))
	s := &v.slab
	s.current = int(binary.LittleEndian.Uint32(head[8:]))
	if segments > 1<<(32-unitBits) || s.current >= max(segments, 1) {
		return fmt.Errorf("segment %d of %d cannot grow", s.current, segments)
	}
	for k := range segments {
		b, ok := get(segmentName(k))
		if !ok || len(b) > segmentSize {
			return fmt.Errorf("segment %d of the vectors is not there", k)
		}
		s.segments = append(s.segments, segment{b: b})
		if s.size += len(b); len(b) == 0 && k != s.current {
			s.spare = append(s.spare, k)
		}
	}
	if refs < 1 || refs > s.size/headSize+manyRefs {
		return fmt.Errorf("%d vectors do not fit into %d bytes", refs, s.size)
	}
	v.entries = make([]entry, refs)
	if err := v.read(columns, values); err != nil {
		return err
	}
	v.number()
	return nil
}

// read looks at all blocks, several segments at a time, and notes where vectors are.
func (v *vectors) read(columns int, values uint32) error {
	var group sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, len(v.slab.segments))
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for k := int(next.Add(1) - 1); k < len(errs); k = int(next.Add(1) - 1) {
				errs[k] = v.readSegment(k, columns, values)
			}
		})
	}
	group.Wait()
	for k := range v.slab.segments {
		v.slab.dead += v.slab.segments[k].dead
	}
	return errors.Join(errs...)
}

func (v *vectors) readSegment(k, columns int, values uint32) error {
	g := &v.slab.segments[k]
	for at := 0; at < len(g.b); {
		b := g.b[at:]
		size, err := checkBlock(b, columns, values)
		if err != nil {
			return fmt.Errorf("byte %d of segment %d: %w", at, k, err)
		}
		if ref := binary.LittleEndian.Uint32(b); ref == 0 {
			g.dead += size
		} else if int64(ref) >= int64(len(v.entries)) || !atomic.CompareAndSwapUint32(&v.entries[ref].uses, 0, 1) {
			return fmt.Errorf("byte %d of segment %d: vector %d is there twice, or one too many", at, k, ref)
		} else {
			v.entries[ref].place = uint32(k)<<unitBits | uint32(at/unit)
			v.entries[ref].hash = v.hash(b[:size])
		}
		at += size
	}
	return nil
}

// number makes the list of free references and the index, and takes back that read counted
// each vector once.
func (v *vectors) number() {
	live := 0
	for ref := range v.entries {
		live += int(v.entries[ref].uses)
	}
	slots := 16
	for slots*3 < (live+1)*4 {
		slots *= 2
	}
	v.slots, v.used = make([]Ref, slots), live
	for ref := 1; ref < len(v.entries); ref++ {
		e := &v.entries[ref]
		if e.uses == 0 {
			v.free = append(v.free, Ref(ref))
			continue
		}
		e.uses = 0
		v.slots[v.vacant(e.hash)] = Ref(ref)
	}
}

// checkBlock looks whether a block is one, and gives its size.
func checkBlock(b []byte, columns int, most uint32) (size int, err error) {
	if len(b) < headSize {
		return 0, errors.New("it breaks off")
	}
	n, values := counts(b)
	switch size = blockSize(b); {
	case size > len(b):
		return 0, errors.New("it breaks off")
	case n > columns || values < 1 || values > n || heldBy(b) < values || heldBy(b) > n || b[10] > 4 || values > 1 && b[10] == 0:
		return 0, fmt.Errorf("it has %d values in %d of %d columns, and there are %d", values, heldBy(b), n, columns)
	}
	codes, width, _, l := open(b[:size])
	if readCode(codes, width, n-1) == 0 {
		return 0, errors.New("its last column holds nothing")
	}
	if highestCode(codes, width, n) > values {
		return 0, errors.New("a code stands for no value")
	}
	last := uint32(0)
	for code := 1; code <= values; code++ {
		value := l.at(code)
		if value <= last || value > most {
			return 0, fmt.Errorf("value %d is none, or out of order", value)
		}
		last = value
	}
	return size, nil
}

// highestCode gives the highest of the codes.
func highestCode(codes []byte, width, columns int) int {
	if width == 1 {
		return 1
	}
	highest := uint64(0)
	l, mask := &lanes[width], uint64(1)<<width-1
	for i := 0; i < columns; i += l.n {
		bit := i * width
		w := word(codes, bit/8) >> (bit % 8)
		for range min(l.n, columns-i) {
			highest = max(highest, w&mask)
			w >>= width
		}
	}
	return int(highest)
}
