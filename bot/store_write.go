package bot

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"go.etcd.io/bbolt"
)

// Writers that come at the same time share a transaction of the file, and with it the wait
// for the disk: one of them leads, the others take their turns, and all return once what
// they wrote together is on the disk. Nobody waits for company: who comes alone writes
// alone, and who comes while the disk is waited for is in the next one.
//
// Each function runs on the goroutine of its caller, once, one after the other, and sees
// what those before it wrote. The file knows no part of a transaction that can be taken
// back, so what a function writes is written down as it was before, and put back where the
// function gives an error or panics: the others do not notice. Where the disk fails,
// nothing of what was shared is kept, and everybody gets that error.

const (
	// maxShared bounds how many writers share a transaction, and maxSharedBytes what they
	// write in it: the first of them waits for the last.
	maxShared      = 1024
	maxSharedBytes = 8 << 20
	// yields is how often in a row a leader lets others run who may be about to write.
	// It does so only where the last transaction was shared.
	yields = 2
)

// writers are those who want to write.
type writers struct {
	mu      sync.Mutex
	leading bool // somebody has the file
	waiting []chan *batch

	crowd int // how many shared the last transaction; the leader's alone
}

// enter gives where to wait for a turn: a batch to take part in, or nil for the next one to
// lead. Where there is nothing to wait for, wait is nil.
func (w *writers) enter() (wait chan *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.leading {
		w.leading = true
		return nil
	}
	wait = make(chan *batch, 1)
	w.waiting = append(w.waiting, wait)
	return wait
}

// next takes the first of those who wait; nil for nobody. With end the leader stops
// leading where nobody waits.
func (w *writers) next(end bool) (wait chan *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		wait = w.waiting[0]
		w.waiting[0] = nil
		w.waiting = w.waiting[1:]
		return wait
	}
	w.waiting = nil
	w.leading = !end
	return nil
}

// handOver has the next of those who wait lead.
func (w *writers) handOver() {
	if next := w.next(true); next != nil {
		next <- nil
	}
}

// batch is a transaction that writers share.
type batch struct {
	s    *Store
	tx   *bbolt.Tx
	back chan struct{} // the turn that was given is over
	done chan struct{} // closed when err says what became of it
	err  error

	calls, bytes int
	// Of the functions that succeeded, in their order, and of the one that is running.
	subscribed []subscriptionChange
	queued     []route
	// inside is set while the file's own code changes the transaction. Where that panics,
	// or what a function wrote cannot be put back, the transaction is broken.
	inside, broken bool
}

var (
	errGivenUp = errors.New("the transaction was given up before it was on the disk")
	errBroken  = errors.New("the transaction could not be brought back to what it was before a part of it failed: nothing of it was kept")
)

// lead runs f in a new transaction, then whoever else wants to write, and waits for the disk.
func (s *Store) lead(f func(tx *Tx) error) error {
	defer s.writers.handOver()
	inner, err := s.db.Begin(true)
	if err != nil {
		return err
	}
	b := &batch{s: s, tx: inner, back: make(chan struct{}, 1), done: make(chan struct{}), err: errGivenUp}
	defer b.end()
	// There is nothing yet that would have to survive f.
	if err := b.run(&Tx{s: s, tx: inner, in: b}, f); err != nil {
		return err
	}
	b.gather()
	b.commit()
	return b.err
}

// join runs f in its turn, and waits for the disk.
func (b *batch) join(f func(tx *Tx) error) error {
	if err := b.turn(f); err != nil {
		return err
	}
	<-b.done
	return b.err
}

// turn runs f as one of several, and gives the turn back however f ends.
func (b *batch) turn(f func(tx *Tx) error) error {
	defer func() { b.back <- struct{}{} }()
	return b.run(&Tx{s: b.s, tx: b.tx, in: b, recording: true}, f)
}

// run runs f; what it did is taken back unless it returns without an error.
func (b *batch) run(tx *Tx, f func(tx *Tx) error) error {
	start := tx.here()
	kept := false
	defer func() {
		if !kept { // after a panic too, or where a test ended its goroutine
			tx.takeBack(start)
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	kept = true
	b.calls++
	return nil
}

// gather gives their turns to those who wait.
func (b *batch) gather() {
	w := &b.s.writers
	for idle := 0; b.calls < maxShared && b.bytes < maxSharedBytes && !b.broken; {
		if next := w.next(false); next != nil {
			next <- b
			<-b.back
			idle = 0
			continue
		}
		if w.crowd < 2 || idle == yields {
			break
		}
		idle++
		runtime.Gosched()
	}
	w.crowd = b.calls
}

// commit puts the transaction on the disk, and only then lets the memory follow it, in the
// order of the turns.
func (b *batch) commit() {
	if b.broken {
		b.err = errBroken
		return
	}
	if b.err = b.tx.Commit(); b.err != nil {
		return
	}
	b.tx = nil
	b.s.index.apply(b.subscribed)
	if len(b.queued) > 0 {
		b.s.announce(b.queued)
	}
}

// end undoes what was not committed, and lets everybody go.
func (b *batch) end() {
	if b.tx != nil {
		_ = b.tx.Rollback() // closed already, where the commit failed
	}
	close(b.done)
}

// undo is an entry as it was before it was written, or the number that a bucket had come to.
type undo struct {
	bucket *bbolt.Bucket
	key    []byte // nil for the number
	value  []byte // nil where there was no such entry
	number uint64
}

// savepoint is a place in a transaction to which what follows can be taken back.
type savepoint struct{ undo, subscribed, queued int }

func (tx *Tx) here() savepoint {
	return savepoint{len(tx.undo), len(tx.in.subscribed), len(tx.in.queued)}
}

// takeBack brings everything to what it was at a savepoint, as far as that was written down.
func (tx *Tx) takeBack(m savepoint) {
	b := tx.in
	b.subscribed, b.queued = b.subscribed[:m.subscribed], b.queued[:m.queued]
	if b.inside || b.broken {
		b.broken = true
		return
	}
	b.broken = true // should this panic
	failed := false
	for i := len(tx.undo) - 1; i >= m.undo; i-- {
		failed = tx.undo[i].run() != nil || failed
	}
	b.broken, tx.undo = failed, tx.undo[:m.undo]
}

func (u *undo) run() error {
	switch {
	case u.key == nil:
		return u.bucket.SetSequence(u.number)
	case u.value == nil:
		return u.bucket.Delete(u.key)
	}
	return u.bucket.Put(u.key, u.value)
}

// apart runs f so that an error of it takes back what f wrote, and nothing else of the
// transaction.
func (tx *Tx) apart(f func() error) error {
	was, m := tx.recording, tx.here()
	tx.recording = true
	err := f()
	if err != nil {
		tx.takeBack(m)
	}
	if tx.recording = was; !was {
		tx.undo = tx.undo[:m.undo]
	}
	return err
}

// write puts an entry into a bucket. The value is the transaction's from then on.
func (tx *Tx) write(bucket string, key, value []byte) error {
	if value == nil {
		value = []byte{} // so that it can be told from no entry, in this transaction too
	}
	return tx.change(bucket, key, len(value), func(b *bbolt.Bucket) error { return b.Put(key, value) })
}

// erase takes an entry out of a bucket, if it is there.
func (tx *Tx) erase(bucket string, key []byte) error {
	return tx.change(bucket, key, 0, func(b *bbolt.Bucket) error { return b.Delete(key) })
}

// change makes one change to a bucket, and writes down what was there before.
func (tx *Tx) change(bucket string, key []byte, size int, f func(b *bbolt.Bucket) error) error {
	b := tx.tx.Bucket([]byte(bucket))
	if tx.in == nil {
		return f(b) // says that this transaction only reads
	}
	if tx.recording && len(key) > 0 {
		tx.undo = append(tx.undo, undo{bucket: b, key: bytes.Clone(key), value: before(b, key)})
	}
	tx.in.bytes += len(key) + size
	tx.in.inside = true
	err := f(b)
	tx.in.inside = false
	return err
}

// before gives what a bucket has under a key; nil for nothing.
func before(b *bbolt.Bucket, key []byte) []byte {
	if k, v := b.Cursor().Seek(key); bytes.Equal(k, key) {
		return v
	}
	return nil
}

// next gives the next number of a bucket, from 1 on.
func (tx *Tx) next(bucket string) (uint64, error) {
	b := tx.tx.Bucket([]byte(bucket))
	if tx.recording {
		tx.undo = append(tx.undo, undo{bucket: b, number: b.Sequence()})
	}
	n, err := b.NextSequence()
	if err != nil {
		return 0, fmt.Errorf("numbering %s: %w", bucket, err)
	}
	return n, nil
}
