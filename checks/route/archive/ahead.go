package archive

import (
	"context"
	"sync"
	"time"

	"isitdown/checks/route"
)

const (
	// batchOf is how many updates, and how many bytes of paths, are handed over at once.
	batchOf    = 256
	batchPaths = 64 << 10
	// batches is how many there are: one is filled, one is used, one waits.
	batches = 3
)

// batch is copies of updates.
type batch struct {
	updates []route.Update
	entries []route.Entry
	routes  []route.NLRI
	paths   []byte
}

// playAhead emits what Play does, while what comes behind is decoded already: whoever takes in a
// table has about as much to do as the decoder.
func (rec *Recording) playAhead(ctx context.Context, emit func(*route.Update) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full, empty := make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		empty <- &batch{}
	}
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel() // first: it may be waiting for an empty one
	var err error
	group.Go(func() {
		defer close(full)
		err = rec.fill(ctx, full, empty)
	})
	for b := range full {
		for i := range b.updates {
			if err := emit(&b.updates[i]); err != nil {
				return err
			}
		}
		b.clear()
		empty <- b
	}
	return err
}

// fill plays into batches.
func (rec *Recording) fill(ctx context.Context, full, empty chan *batch) error {
	b := <-empty
	t := teller{into: b}
	err := rec.play(ctx, time.Time{}, &t, func(u *route.Update) error {
		if b.add(u); len(b.updates) < batchOf && len(b.paths) < batchPaths {
			return nil
		}
		full <- b // has room for all there are
		select {
		case b = <-empty:
			t.into = b
			return nil
		case <-ctx.Done():
			b = nil
			return ctx.Err()
		}
	})
	if b != nil {
		full <- b
	}
	return err
}

func (b *batch) clear() {
	clear(b.updates)
	b.updates, b.entries, b.routes, b.paths = b.updates[:0], b.entries[:0], b.routes[:0], b.paths[:0]
}

// add copies an update; the entries of one of a table are the batch's already.
func (b *batch) add(u *route.Update) {
	b.updates = append(b.updates, *u)
	to := &b.updates[len(b.updates)-1]
	to.Path = b.path(u.Path)
	to.Announced, to.Withdrawn = b.nlri(u.Announced), b.nlri(u.Withdrawn)
}

func (b *batch) path(p []byte) []byte {
	if p == nil {
		return nil
	}
	from := len(b.paths)
	b.paths = append(b.paths, p...)
	return b.paths[from:len(b.paths):len(b.paths)]
}

func (b *batch) nlri(list []route.NLRI) []route.NLRI {
	if len(list) == 0 {
		return nil
	}
	from := len(b.routes)
	b.routes = append(b.routes, list...)
	return b.routes[from:len(b.routes):len(b.routes)]
}
