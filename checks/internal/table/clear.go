package table

// clearing is the work of Clear that is still to be done. Until it is, vectors of rows may
// hold something in these columns, and lose it when somebody asks for them.
type clearing struct {
	columns []int
	is      []bool // by column
	now     []Ref  // by reference: another vector that is the same without these columns
	held    []Ref  // those, each used once for as long as this takes
	next    int    // reference, or row, that is to be looked at
	rows    bool   // all vectors have been looked at
}

// Clear makes columns hold nothing for any prefix: sessions that ended. Vectors that others
// retain stay what they are. It is quick, and every answer from then on is right; what it
// takes, one look at each vector however many prefixes share it and however many columns
// there are, is done by Work. Until then prefixes that have lost all may still have their
// rows.
func (t *Table) Clear(columns ...int) {
	c := t.vectors.clearing
	if c == nil {
		c = &clearing{}
		t.vectors.clearing = c
	}
	for _, column := range columns {
		if n := column + 1 - len(c.is); n > 0 {
			c.is = append(c.is, make([]bool, n)...)
		}
		if !c.is[column] {
			c.is[column] = true
			c.columns = append(c.columns, column)
		}
	}
	c.next, c.rows = 1, false
}

// Clearing reports whether there is anything left to do for Work.
func (t *Table) Clearing() bool { return t.vectors.clearing != nil }

// Work does a part of what is left to do after Clear: it looks at so many vectors, or at
// sixteen times as many rows.
func (t *Table) Work(vectors int) {
	v := &t.vectors
	c := v.clearing
	if c == nil {
		return
	}
	if !c.rows {
		c.grow(len(v.entries))
		for end := min(len(v.entries), c.next+vectors); c.next < end; c.next++ {
			ref := Ref(c.next)
			if e := &v.entries[ref]; e.uses > e.kept && c.now[ref] == ref && v.stained(ref) {
				v.wash(ref)
			}
		}
		if c.next == len(v.entries) {
			c.next, c.rows = 0, true
		}
		return
	}
	for end := min(len(t.refs), c.next+16*vectors); c.next < end; c.next++ {
		row := Row(c.next)
		t.clean(row)
		t.settle(row)
	}
	if c.next == len(t.refs) {
		v.clearing = nil
		for _, ref := range c.held {
			v.release(ref)
		}
	}
}

// finish does all that is left to do.
func (t *Table) finish() {
	for t.vectors.clearing != nil {
		t.Work(1 << 20)
	}
}

// returning does all that is left to do where one of the columns that are cleared is about
// to hold a value again, for a row that may be a new one.
func (t *Table) returning(row Row, column int) {
	c := t.vectors.clearing
	if c == nil || column >= len(c.is) || !c.is[column] {
		return
	}
	if t.pins[row] == 255 {
		t.finish()
		return
	}
	t.pins[row]++
	t.finish()
	t.pins[row]--
}

// clean gives the vector of a row, which has nothing in the columns that are cleared from
// then on. It gives no row back: who asks may be going through them.
func (t *Table) clean(row Row) Ref {
	v := &t.vectors
	c := v.clearing
	if c == nil {
		return t.refs[row]
	}
	c.grow(len(v.entries))
	for {
		ref := t.refs[row]
		next := c.now[ref]
		if next == ref {
			if !v.stained(ref) {
				return ref
			}
			if next = v.wash(ref); next == ref {
				return ref
			}
		}
		v.use(next)
		t.replace(row, next)
		v.release(ref)
	}
}

// grow makes room for vectors that are new.
func (c *clearing) grow(refs int) {
	for ref := len(c.now); ref < refs; ref++ {
		c.now = append(c.now, Ref(ref))
	}
}

// stained reports whether a vector has anything in the columns that are cleared.
func (v *vectors) stained(ref Ref) bool {
	if ref == 0 {
		return false
	}
	codes, width, columns, _ := open(v.block(ref))
	for _, c := range v.clearing.columns {
		if c < columns && readCode(codes, width, c) != 0 {
			return true
		}
	}
	return false
}

// wash gives what a stained vector is without these columns: ref itself, which is that from
// now on, or where somebody retains it, or there is such a one, another.
func (v *vectors) wash(ref Ref) (next Ref) {
	c := v.clearing
	v.take(ref)
	codes, width, columns, l := open(v.buf)
	v.codes = unpackCodes(v.codes[:0], codes, width, columns)
	v.ids = l.appendTo(v.ids[:0])
	for _, column := range c.columns {
		if column < columns {
			v.codes[column] = 0
		}
	}
	v.pack()
	if heldBy(v.buf) > 0 && v.entries[ref].kept == 0 {
		hash := v.seal()
		if _, next = v.find(hash); next == 0 {
			v.rewrite(ref, hash)
			return ref
		}
		v.use(next)
	} else {
		next = v.intern()
	}
	c.grow(len(v.entries))
	if c.now[ref] = next; next != 0 {
		c.held = append(c.held, next)
	}
	return next
}

// use counts one use more.
func (v *vectors) use(ref Ref) {
	if ref != 0 {
		v.entries[ref].uses++
	}
}
