package mrt

import (
	"io"
	"sync"
)

const (
	aheadLen   = 128 << 10
	aheadCount = 4
)

// ahead reads a decompressor on a goroutine of its own, so that records are decoded
// while the next bytes are decompressed.
type ahead struct {
	full, free chan []byte
	stop       chan struct{}
	once       sync.Once
	all        sync.WaitGroup
	err        error // of the decompressor; good once full is closed

	chunk, rest []byte
}

func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan []byte, aheadCount), free: make(chan []byte, aheadCount), stop: make(chan struct{})}
	for range aheadCount {
		a.free <- nil // made where it is needed
	}
	a.all.Go(func() { a.run(r) })
	return a
}

// run reads until r has an error or the reader is closed.
func (a *ahead) run(r io.Reader) {
	defer close(a.full)
	for {
		select {
		case b := <-a.free:
			if b == nil {
				b = make([]byte, aheadLen)
			}
			n, err := fillBuffer(r, b[:aheadLen])
			a.full <- b[:n]
			if err != nil {
				a.err = err
				return
			}
		case <-a.stop:
			a.err = io.ErrClosedPipe
			return
		}
	}
}

// fillBuffer reads until b is full or r has an error, which it gives as it is.
func fillBuffer(r io.Reader, b []byte) (n int, err error) {
	for idle := 0; n < len(b) && err == nil; {
		var got int
		got, err = r.Read(b[n:])
		n += got
		if idle++; got > 0 {
			idle = 0
		} else if idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

// Read gives what was decompressed.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.chunk != nil {
			a.free <- a.chunk
			a.chunk = nil
		}
		chunk, ok := <-a.full
		if !ok {
			return 0, a.err
		}
		a.chunk, a.rest = chunk, chunk
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// close ends the goroutine and waits for it.
func (a *ahead) close() {
	a.once.Do(func() { close(a.stop) })
	a.all.Wait()
}
