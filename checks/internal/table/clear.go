package table

// Clear makes columns hold nothing for any prefix: sessions that ended. Each vector that a
// row has is looked at once, however many prefixes share it and however many columns there
// are; those that others retain stay what they are.
func (t *Table) Clear(columns ...int) {
	v := &t.vectors
	now := make([]Ref, len(v.entries)) // what a vector is without these columns
	for ref := range now {
		now[ref] = Ref(ref)
	}
	var kept []Ref // for as long as this takes
	for ref := range t.Held() {
		now[ref] = v.without(ref, columns)
		if now[ref] != ref {
			kept = append(kept, now[ref])
		}
	}
	for row, ref := range t.refs {
		if next := now[ref]; next != ref {
			v.use(next)
			t.place(Row(row), next)
			v.release(ref)
		}
	}
	for _, ref := range kept {
		v.release(ref)
	}
}

// without gives a vector in which these columns hold nothing: ref itself, where it has been
// rewritten or they hold nothing, or another one, with one use more.
func (v *vectors) without(ref Ref, columns []int) Ref {
	touched := false
	for _, c := range columns {
		if v.at(ref, c) == 0 {
			continue
		}
		if !touched {
			touched = true
			v.take(ref)
		}
		v.edit(c, 0)
	}
	if !touched {
		return ref
	}
	if heldBy(v.buf) == 0 || v.entries[ref].kept > 0 {
		return v.intern()
	}
	hash := v.seal()
	if _, have := v.find(hash); have != 0 {
		v.use(have)
		return have
	}
	v.rewrite(ref, hash)
	return ref
}

// use counts one use more.
func (v *vectors) use(ref Ref) {
	if ref != 0 {
		v.entries[ref].uses++
	}
}
