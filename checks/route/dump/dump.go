package dump

import (
	"context"
	"errors"
	"fmt"
	"io"

	"isitdown/checks/internal/mrt"
)

// Options say what is written of a file. The zero value writes all of it as text, with
// one goroutine decoding.
type Options struct {
	Filter  Filter
	JSON    bool // one object a line, docs/json.md
	Silent  bool // count alone
	Workers int  // goroutines that decode
}

// Summary is what a file came to.
type Summary struct {
	Elements Count // that were wanted
	Records  int64 // whole ones
	// LeftOut counts the records, and entries of RIB records, whose bodies make no
	// sense, and First is the first of them.
	LeftOut int
	First   error
	// Skipped counts the records of types that are not read.
	Skipped int
}

// Count counts elements by kind.
type Count struct{ Announced, Withdrawn, Held, States int }

// Add adds n.
func (c *Count) Add(n Count) {
	c.Announced += n.Announced
	c.Withdrawn += n.Withdrawn
	c.Held += n.Held
	c.States += n.States
}

func (c *Count) note(k mrt.ElementKind) {
	switch k {
	case mrt.Announce:
		c.Announced++
	case mrt.Withdraw:
		c.Withdrawn++
	case mrt.Route:
		c.Held++
	case mrt.State:
		c.States++
	}
}

// Write reads an MRT file, compressed or not, from in and writes its elements to out.
// For one that is damaged, or cut off, the error says where, and what comes before is
// written. Writing errors are wrapped.
func Write(ctx context.Context, out io.Writer, in io.Reader, o Options) (Summary, error) {
	plain, err := mrt.Decompress(in)
	if err != nil {
		return Summary{}, fmt.Errorf("decompressing: %w", err)
	}
	defer plain.Close()
	var counts []*Count // one for each worker: nothing is shared while they work
	p := mrt.Parallel{Workers: o.Workers, Literal: true, Work: func() mrt.Work {
		c := new(Count)
		counts = append(counts, c)
		return o.work(c)
	}}
	read, err := p.Run(ctx, plain, out)
	sum := Summary{Records: read.Records, LeftOut: read.Problems}
	if read.First != nil {
		sum.First = read.First
	}
	for _, s := range read.Skipped {
		sum.Skipped += s.Count
	}
	for _, c := range counts {
		sum.Elements.Add(*c)
	}
	return sum, err
}

// IsWriting reports whether an error of [Write] is that of what was written to.
func IsWriting(err error) bool {
	_, damaged := errors.AsType[*mrt.DamageError](err)
	return !damaged && !errors.Is(err, mrt.ErrEmpty)
}

// work is what one worker does.
func (o *Options) work(c *Count) mrt.Work {
	keep := func(e *mrt.Element) bool {
		c.note(e.Kind)
		return true
	}
	if !o.Filter.empty() {
		keep = func(e *mrt.Element) bool {
			if !o.Filter.keep(e) {
				return false
			}
			c.note(e.Kind)
			return true
		}
	}
	switch {
	case o.Silent:
		return countWork(keep)
	case o.JSON:
		return mrt.JSONWork(keep)
	}
	return new(mrt.Dump).Work(keep)
}

// countWork looks at all elements and writes none.
func countWork(keep func(*mrt.Element) bool) mrt.Work {
	return func(r *mrt.Reader, dst []byte) []byte {
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			for e := range rec.Elements() {
				keep(e)
			}
		}
		return dst
	}
}
