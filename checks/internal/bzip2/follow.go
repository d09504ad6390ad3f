package bzip2

const (
	// lanes is how many ways through the rows of a block are followed at a time. Each
	// step waits for memory, so that several waits are made one: the text of a block
	// begins at one row, but what lies between any two rows can be found by itself and
	// put in its place at the end.
	lanes = 8
	// starts is how many rows pieces are begun at, so that lanes find more to do.
	starts = 1024
	// roomLen is how much room for text a lane takes at a time.
	roomLen = 4096
	// begun marks the rows in a block's next where pieces begin.
	begun = 1 << 31
)

// piece is the text from one row up to another.
type piece struct {
	at, size int    // in the scratch
	next     uint32 // the row where the next piece begins
}

// lane is one way that is followed.
type lane struct {
	row       uint32 // that comes next
	first     uint32 // row of the piece
	from      int    // where the piece begins in the scratch
	at, limit int    // where text goes, and up to where there is room
}

// follow writes the text over the last column.
func (d *decoder) follow() {
	text, row := d.last, d.origin
	if len(text) < 4*starts {
		for i := range text {
			e := d.next[row]
			text[i] = byte(e)
			row = e >> 8
		}
		return
	}
	d.used = 0
	if need := len(text) + lanes*roomLen; len(d.scratch) < need {
		d.scratch = make([]byte, need)
	}
	d.prepare(row)
	d.findPieces()
	for len(text) > 0 { // where the text repeats itself, rows come again
		p := d.pieces[row]
		text = text[copy(text, d.scratch[p.at:p.at+p.size]):]
		row = p.next
	}
}

// prepare marks the rows where pieces are begun: the origin, and others at random, for
// which one is as good as the other.
func (d *decoder) prepare(origin uint32) {
	if d.pieces == nil {
		d.pieces = make(map[uint32]piece, 2*starts)
	}
	clear(d.pieces)
	d.todo = append(d.todo[:0], origin)
	for i := range starts {
		if row := uint32(i * (len(d.next) / starts)); row != origin {
			d.todo = append(d.todo, row)
		}
	}
	for _, row := range d.todo {
		d.next[row] |= begun
	}
}

// findPieces follows all pieces to their ends.
func (d *decoder) findPieces() {
	var all [lanes]lane
	for i := range all {
		d.begin(&all[i])
	}
	for {
		room := roomLen
		for i := range all {
			room = min(room, all[i].limit-all[i].at)
		}
		took := d.step(&all, room)
		for i := range all {
			all[i].at += took
		}
		for i := range all {
			if !d.settle(&all[i]) {
				d.finish(&all)
				return
			}
		}
	}
}

// finish follows what is left, when there are fewer pieces than lanes.
func (d *decoder) finish(all *[lanes]lane) {
	for i := range all {
		for l := &all[i]; l.limit > 0 && d.settle(l); l.at++ {
			e := d.next[l.row]
			d.scratch[l.at] = byte(e)
			l.row = e >> 8
		}
	}
}

// begin takes the next piece that is to be found; false where there is none.
func (d *decoder) begin(l *lane) bool {
	if len(d.todo) == 0 {
		l.limit = 0 // nothing more for this lane
		return false
	}
	d.start(l, d.todo[len(d.todo)-1])
	d.todo = d.todo[:len(d.todo)-1]
	return true
}

// start begins a piece at a row that is marked, with its first byte.
func (d *decoder) start(l *lane, row uint32) {
	if l.at == l.limit {
		l.at, l.limit = d.used, d.used+roomLen
		d.used += roomLen
	}
	e := d.next[row] &^ begun
	l.first, l.from, l.row = row, l.at, e>>8
	d.scratch[l.at] = byte(e)
	l.at++
}

// settle ends the piece of a lane that has come to the beginning of another, or has no
// more room, and begins the next. It reports whether the lane has something to do.
func (d *decoder) settle(l *lane) bool {
	for {
		reached := d.next[l.row]&begun != 0
		if !reached && l.at < l.limit {
			return true
		}
		d.pieces[l.first] = piece{l.from, l.at - l.from, l.row}
		if !reached {
			d.next[l.row] |= begun
			d.start(l, l.row)
		} else if !d.begin(l) {
			return false
		}
	}
}

// step follows all lanes for so many rows, or up to where one has to be settled, and
// says how many that were.
func (d *decoder) step(all *[lanes]lane, rows int) int {
	next := d.next
	room := func(i int) []byte { return d.scratch[all[i].at:][:rows] }
	t0, t1, t2, t3 := room(0), room(1), room(2), room(3)
	t4, t5, t6, t7 := room(4), room(5), room(6), room(7)
	r0, r1, r2, r3 := all[0].row, all[1].row, all[2].row, all[3].row
	r4, r5, r6, r7 := all[4].row, all[5].row, all[6].row, all[7].row
	i := 0
	for ; i < rows; i++ {
		e0, e1, e2, e3 := next[r0], next[r1], next[r2], next[r3]
		e4, e5, e6, e7 := next[r4], next[r5], next[r6], next[r7]
		if (e0|e1|e2|e3|e4|e5|e6|e7)&begun != 0 {
			break
		}
		t0[i], t1[i], t2[i], t3[i] = byte(e0), byte(e1), byte(e2), byte(e3)
		t4[i], t5[i], t6[i], t7[i] = byte(e4), byte(e5), byte(e6), byte(e7)
		r0, r1, r2, r3 = e0>>8, e1>>8, e2>>8, e3>>8
		r4, r5, r6, r7 = e4>>8, e5>>8, e6>>8, e7>>8
	}
	for k, r := range [lanes]uint32{r0, r1, r2, r3, r4, r5, r6, r7} {
		all[k].row = r
	}
	return i
}
