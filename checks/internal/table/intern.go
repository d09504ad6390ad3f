package table

import (
	"encoding/binary"
	"hash/maphash"
)

// finder numbers values by the order in which they appear, from 1. Entries of an earlier
// turn count for nothing.
type finder struct {
	slots []found // a power of two
	turn  uint32
	n     int
}

type found struct {
	value, turn uint32
	code        uint16
}

func (f *finder) begin() {
	f.n = 0
	if f.turn++; f.turn == 0 || f.slots == nil {
		f.slots, f.turn = make([]found, max(64, len(f.slots))), 1
	}
}

// code gives the number of a value, which is its place in ids; a new one is added to them.
func (f *finder) code(ids *[]uint32, value uint32) uint16 {
	mask := uint32(len(f.slots) - 1)
	for slot := value * 0x9e3779b1 >> 7 & mask; ; slot = (slot + 1) & mask {
		s := &f.slots[slot]
		if s.turn != f.turn {
			*s = found{value, f.turn, uint16(len(*ids))}
			*ids = append(*ids, value)
			if f.n++; f.n*2 > len(f.slots) {
				f.grow()
			}
			return uint16(len(*ids) - 1)
		}
		if s.value == value {
			return s.code
		}
	}
}

func (f *finder) grow() {
	old := f.slots
	f.slots = make([]found, 2*len(old))
	mask := uint32(len(f.slots) - 1)
	for _, s := range old {
		if s.turn != f.turn {
			continue
		}
		slot := s.value * 0x9e3779b1 >> 7 & mask
		for f.slots[slot].turn == f.turn {
			slot = (slot + 1) & mask
		}
		f.slots[slot] = s
	}
}

// seal gives the block of the vector at hand its zeros, and its hash.
func (v *vectors) seal() (hash uint32) {
	for len(v.buf)%unit != 0 {
		v.buf = append(v.buf, 0)
	}
	return v.hash(v.buf)
}

// hash gives that of a block, which depends on the vector alone.
func (v *vectors) hash(block []byte) uint32 { return uint32(maphash.Bytes(v.seed, block[4:])) }

// intern gives the reference of the vector at hand, counting one more use.
func (v *vectors) intern() Ref {
	if heldBy(v.buf) == 0 {
		return 0
	}
	hash := v.seal()
	slot, ref := v.find(hash)
	if ref == 0 {
		ref = v.insert(slot, hash)
	}
	v.entries[ref].uses++
	return ref
}

// find gives the vector at hand, and otherwise where it would have its slot.
func (v *vectors) find(hash uint32) (slot uint32, ref Ref) {
	mask := uint32(len(v.slots) - 1)
	for slot = hash & mask; ; slot = (slot + 1) & mask {
		ref = v.slots[slot]
		if ref == 0 || v.entries[ref].hash == hash && v.same(ref) {
			return slot, ref
		}
	}
}

// same reports whether a vector is the one at hand.
func (v *vectors) same(ref Ref) bool {
	b, n := v.block(ref), len(v.buf)
	return len(b) >= n && string(b[4:n]) == string(v.buf[4:])
}

// insert stores the vector at hand, which is a new one and without a use.
func (v *vectors) insert(slot, hash uint32) (ref Ref) {
	if n := len(v.free); n > 0 {
		ref, v.free = v.free[n-1], v.free[:n-1]
	} else {
		ref = Ref(len(v.entries))
		v.entries = append(v.entries, entry{})
	}
	binary.LittleEndian.PutUint32(v.buf, uint32(ref))
	v.entries[ref] = entry{place: v.slab.add(v.buf), hash: hash}
	v.slots[slot] = ref
	if v.used++; v.used*4 > len(v.slots)*3 {
		v.widen()
	}
	return ref
}

// widen doubles the slots.
func (v *vectors) widen() {
	old := v.slots
	v.slots = make([]Ref, 2*len(old))
	for _, ref := range old {
		if ref != 0 {
			v.slots[v.vacant(v.entries[ref].hash)] = ref
		}
	}
}

// vacant gives the slot that a vector gets which has none.
func (v *vectors) vacant(hash uint32) uint32 {
	mask := uint32(len(v.slots) - 1)
	slot := hash & mask
	for v.slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	return slot
}

// forget takes the slot of a vector away, and lets those behind it move up.
func (v *vectors) forget(ref Ref) {
	mask := uint32(len(v.slots) - 1)
	slot := v.entries[ref].hash & mask
	for v.slots[slot] != ref {
		slot = (slot + 1) & mask
	}
	for next := (slot + 1) & mask; v.slots[next] != 0; next = (next + 1) & mask {
		home := v.entries[v.slots[next]].hash & mask
		if (next-home)&mask >= (next-slot)&mask { // it may stand at slot
			v.slots[slot], slot = v.slots[next], next
		}
	}
	v.slots[slot] = 0
	v.used--
}

// release takes one use away; a vector without uses is gone.
func (v *vectors) release(ref Ref) {
	if ref == 0 {
		return
	}
	e := &v.entries[ref]
	if e.uses--; e.uses > 0 {
		return
	}
	v.forget(ref)
	v.slab.drop(e.place)
	*e = entry{}
	if c := v.clearing; c != nil && int(ref) < len(c.now) {
		c.now[ref] = ref
	}
	v.free = append(v.free, ref)
	for v.slab.crowded() {
		v.slab.clean(v.slab.worst(), func(ref Ref, place uint32) { v.entries[ref].place = place })
	}
}

// change makes the vector at hand, which somebody edited, take the place of ref for one of
// its users. Where nobody else uses that it stays in its place, under its reference.
func (v *vectors) change(ref Ref) Ref {
	if ref == 0 || heldBy(v.buf) == 0 || v.entries[ref].uses > 1 {
		next := v.intern()
		v.release(ref)
		return next
	}
	hash := v.seal()
	if _, have := v.find(hash); have != 0 {
		v.entries[have].uses++
		v.release(ref)
		return have
	}
	v.rewrite(ref, hash)
	return ref
}

// rewrite makes ref the vector at hand, which is a new one.
func (v *vectors) rewrite(ref Ref, hash uint32) {
	v.forget(ref)
	e := &v.entries[ref]
	binary.LittleEndian.PutUint32(v.buf, uint32(ref))
	if b := v.block(ref); blockSize(b) == len(v.buf) {
		copy(b, v.buf)
	} else {
		v.slab.drop(e.place)
		e.place = v.slab.add(v.buf)
	}
	e.hash = hash
	v.slots[v.vacant(hash)] = ref
	v.used++
	for v.slab.crowded() {
		v.slab.clean(v.slab.worst(), func(ref Ref, place uint32) { v.entries[ref].place = place })
	}
}
