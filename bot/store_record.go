package bot

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"go.etcd.io/bbolt"

	"isitdown/checks"
)

// Records are structs of the store's own, so that a type can change without the
// files of last year becoming unreadable. Enumerations are kept as words, times
// in UTC; zero fields are left out.

// deflated begins a value that is deflated JSON; one that begins with a brace or
// a bracket is plain.
const deflated = 1

// deflateFrom is from which length on, in bytes, JSON is deflated.
const deflateFrom = 4096

// encode gives the value of a record.
func encode(record any) ([]byte, error) {
	text, err := json.Marshal(record)
	if err != nil || len(text) < deflateFrom {
		return text, err
	}
	out := bytes.NewBuffer(make([]byte, 0, len(text)/3))
	out.WriteByte(deflated)
	w, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decode reads what encode wrote.
func decode(value []byte, record any) error {
	if len(value) > 0 && value[0] == deflated {
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(value[1:])))
		if err != nil {
			return err
		}
		value = text
	}
	return json.Unmarshal(value, record)
}

// put writes a record.
func (tx *Tx) put(bucket string, key []byte, record any) error {
	value, err := encode(record)
	if err == nil {
		err = tx.write(bucket, key, value)
	}
	if err != nil {
		return fmt.Errorf("writing %s %q: %w", bucket, key, err)
	}
	return nil
}

// drop deletes a key, if it is there.
func (tx *Tx) drop(bucket string, key []byte) error {
	if err := tx.erase(bucket, key); err != nil {
		return fmt.Errorf("deleting %s %q: %w", bucket, key, err)
	}
	return nil
}

// mark writes a key that has nothing but itself to say.
func (tx *Tx) mark(bucket string, key []byte) error {
	if err := tx.write(bucket, key, nil); err != nil {
		return fmt.Errorf("writing %s %q: %w", bucket, key, err)
	}
	return nil
}

// damage is a record that is there and cannot be read: the file was harmed, or a newer
// program wrote it.
type damage struct {
	bucket string
	key    []byte
	err    error
}

func (d *damage) Error() string { return fmt.Sprintf("reading %s %q: %v", d.bucket, d.key, d.err) }

func (d *damage) Unwrap() error { return d.err }

// damaged reports whether err is about one record, so that others can go on.
func damaged(err error) bool {
	_, ok := errors.AsType[*damage](err)
	return ok
}

// get reads a record; ok is false where there is none.
func get[R any](tx *Tx, bucket string, key []byte) (record R, ok bool, err error) {
	value := tx.tx.Bucket([]byte(bucket)).Get(key)
	if value == nil {
		return record, false, nil
	}
	if err := decode(value, &record); err != nil {
		return record, false, &damage{bucket, bytes.Clone(key), err}
	}
	return record, true, nil
}

// entry is a key and its value, valid until the transaction ends or writes.
type entry struct{ key, value []byte }

// read reads the record of e.
func read[R any](bucket string, e entry) (record R, err error) {
	if err := decode(e.value, &record); err != nil {
		return record, &damage{bucket, bytes.Clone(e.key), err}
	}
	return record, nil
}

// scan goes through the entries whose keys begin with prefix, in their order.
// The bucket must not be written to meanwhile.
func (tx *Tx) scan(bucket string, prefix []byte) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		c := tx.tx.Bucket([]byte(bucket)).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(entry{k, v}) {
				return
			}
		}
	}
}

// scanBack is scan from the last entry to the first.
func (tx *Tx) scanBack(bucket string, prefix []byte) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		c := tx.tx.Bucket([]byte(bucket)).Cursor()
		for k, v := seekLast(c, prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(entry{k, v}) {
				return
			}
		}
	}
}

// seekLast moves to the last key that is not after those that begin with prefix.
func seekLast(c *bbolt.Cursor, prefix []byte) (k, v []byte) {
	after := bytes.Clone(prefix)
	for len(after) > 0 && after[len(after)-1] == 0xff {
		after = after[:len(after)-1]
	}
	if len(after) == 0 {
		return c.Last()
	}
	after[len(after)-1]++
	if k, _ := c.Seek(after); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// records reads all records under a prefix and makes values of them.
func readAll[R, T any](tx *Tx, bucket string, prefix []byte, value func(R) (T, error)) ([]T, error) {
	var list []T
	for e := range tx.scan(bucket, prefix) {
		r, err := read[R](bucket, e)
		if err != nil {
			return nil, err
		}
		v, err := value(r)
		if err != nil {
			return nil, fmt.Errorf("reading %s %q: %w", bucket, e.key, err)
		}
		list = append(list, v)
	}
	return list, nil
}

// seqKey gives a number as a key, after a prefix.
func seqKey(prefix []byte, seq uint64) []byte { return binary.BigEndian.AppendUint64(prefix, seq) }

// keySeq gives the number that a key ends in, zero for one that is too short.
func keySeq(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

// worded is an enumeration that starts at zero and knows its words.
type worded interface {
	~int
	String() string
}

// fromWord finds the value of an enumeration that has the word w; last is its
// largest.
func fromWord[T worded](w string, last T) (T, error) {
	for v := T(0); v <= last; v++ {
		if v.String() == w {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%q is no %T", w, last)
}

// storedTarget reads a target that a record holds; "" is the zero Target.
func storedTarget(text string) (checks.Target, error) {
	if text == "" {
		return checks.Target{}, nil
	}
	return checks.ParseTarget(text)
}

// utc is t without the zone that it came with; the zero time stays zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
