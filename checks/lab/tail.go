package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/checks/labtest"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// tail reads a file to which another process appends, from its beginning. Where there is
// nothing more it waits; its end is that of the context.
type tail struct {
	ctx  context.Context
	file *os.File
	read int64        // bytes
	done atomic.Int64 // those of them that the reader has made use of: it asks for more
}

// lookEvery is how soon what was appended is seen.
const lookEvery = 3 * time.Millisecond

// Read waits for at least one byte.
func (t *tail) Read(b []byte) (int, error) {
	for {
		t.done.Store(t.read)
		n, err := t.file.Read(b)
		t.read += int64(n)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		select {
		case <-t.ctx.Done():
			return 0, io.EOF
		case <-time.After(lookEvery):
		}
	}
}

// followFile has read go through what a daemon appends to a file, until the test ends. The
// file may be there yet or not. caughtUp waits until all that is in it has been read.
func followFile(t testing.TB, name string, read func(io.Reader) error) (caughtUp func()) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	follow := &tail{file: file}
	t.Cleanup(background(func(ctx context.Context) {
		defer file.Close()
		follow.ctx = ctx
		if err := read(follow); err != nil && ctx.Err() == nil { // it may end inside a record
			t.Errorf("reading %s: %v", name, err)
		}
	}))
	return func() {
		t.Helper()
		labtest.Await(t, "all of "+name+" is read", func() bool {
			info, err := os.Stat(name)
			return err == nil && follow.done.Load() == info.Size()
		}, nil)
	}
}

// background runs something until stop is called, which waits for its end.
func background(run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// followMRT has a feed hear what a collector writes into an MRT file; caughtUp waits until
// it has heard all.
func (f *Feed) followMRT(t testing.TB, name string) (caughtUp func()) {
	t.Helper()
	return followFile(t, name, func(r io.Reader) error { return archive.Follow(r, f.Collector, f.hear) })
}

// await waits for something that a feed tells, and shows its table where it does not.
func (f *Feed) await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	labtest.Await(t, f.Name+": "+what, ok, f.String)
}

// ends has something end the sessions of a feed, and waits until it has told so of each
// that was up.
func (f *Feed) ends(t testing.TB, do func()) {
	t.Helper()
	downs, up := f.count(route.PeerDown), f.Up()
	do()
	f.await(t, "its sessions end", func() bool { return f.count(route.PeerDown) >= downs+up })
}
