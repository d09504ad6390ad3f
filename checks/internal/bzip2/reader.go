package bzip2

import (
	"io"
	"sync"
)

// Reader decompresses a file. Its goroutines read ahead from the reader underneath
// until Close.
type Reader struct {
	order chan *job
	stop  chan struct{}
	once  sync.Once
	all   sync.WaitGroup
	free  chan *block

	crc  uint32 // of the blocks of the stream at hand
	rest []byte // of the block at hand, not yet read
	held *block // whose rest that is
	err  error
}

// job is a segment on its way to being a block, or what ends the input or a stream.
type job struct {
	*segment
	block *block
	done  chan struct{} // closed once block is decoded

	wanted uint32 // where segment is nil and err too: the checksum of a stream that ended
	err    error
}

// NewReader makes a Reader that decodes on so many goroutines.
func NewReader(in io.Reader, workers int) *Reader {
	workers = max(1, workers)
	flight := 2*workers + 2
	r := &Reader{order: make(chan *job, flight), stop: make(chan struct{}), free: make(chan *block, flight)}
	for range flight {
		r.free <- nil // made where it is needed
	}
	jobs := make(chan *job, flight)
	r.all.Go(func() { r.scan(in, jobs) })
	for range workers {
		r.all.Go(func() { r.work(jobs) })
	}
	return r
}

// Close ends the goroutines, and waits for them. It does not close the reader
// underneath, and waits for its last read.
func (r *Reader) Close() {
	r.once.Do(func() { close(r.stop) })
	r.all.Wait()
}

// scan hands out the segments.
func (r *Reader) scan(in io.Reader, jobs chan<- *job) {
	defer close(r.order)
	defer close(jobs)
	s := &scanner{in: in}
	err := s.header(true)
	for err == nil {
		var seg *segment
		if seg, err = s.segment(); err == nil {
			select {
			case b := <-r.free:
				if b == nil {
					b = new(block)
				}
				j := &job{segment: seg, block: b, done: make(chan struct{})}
				r.order <- j // has room for all blocks
				jobs <- j
			case <-r.stop:
				return
			}
			continue
		}
		if err == io.EOF { // of a stream
			if !r.send(&job{wanted: s.wanted}) {
				return
			}
			err = s.header(false)
		}
	}
	r.send(&job{err: err})
}

func (r *Reader) send(j *job) bool {
	select {
	case r.order <- j:
		return true
	case <-r.stop:
		return false
	}
}

// work decodes segments until there are no more, or nobody wants them.
func (r *Reader) work(jobs <-chan *job) {
	var d decoder
	for j := range jobs {
		select {
		case <-r.stop:
			j.block.err = io.ErrClosedPipe
		default:
			d.decode(j.block, j.segment)
		}
		close(j.done)
	}
}

// Read reads what comes next of the decompressed file.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// advance goes on to the next block.
func (r *Reader) advance() error {
	if r.held != nil {
		r.free <- r.held
		r.held = nil
	}
	j, ok := <-r.order
	switch {
	case !ok:
		return io.ErrClosedPipe
	case j.segment == nil && j.err != nil:
		return j.err
	case j.segment == nil:
		if j.wanted != r.crc {
			return formatError("wrong checksum of a file")
		}
		r.crc = 0
		return nil
	}
	<-j.done
	for j.cut == nil && (j.block.err == errShort || j.block.err == nil && j.block.end > j.stop) {
		if err := r.join(j); err != nil {
			return err
		}
	}
	b := j.block
	if b.err == errShort {
		return j.cut
	}
	if b.err != nil {
		return b.err
	}
	r.crc = r.crc<<1 | r.crc>>31
	r.crc ^= b.crc
	r.rest, r.held = b.out, b
	return r.check(j)
}

// check looks whether a block ends where the next begins.
func (r *Reader) check(j *job) error {
	switch end := j.block.end; {
	case j.cut == nil && end != j.stop:
		return errMark
	case j.cut == nil:
		return nil
	default:
		rest := bitsAt(j.data, end)
		mark := rest.take(markBits)
		switch {
		case !rest.over() && mark == endMark:
			return errBehind // an end that nothing plausible follows
		case !rest.over():
			return errMark
		}
		return j.cut
	}
}

// join decodes a block again with what follows: the mark behind it was none. The
// segment that it made is used up.
func (r *Reader) join(j *job) error {
	more, ok := <-r.order
	if !ok {
		return io.ErrClosedPipe
	}
	if more.segment == nil || len(j.data) > maxSegment {
		return formatError("a block ends early")
	}
	<-more.done
	data := j.data[:j.stop/8]
	j.data = append(data[:len(data):len(data)], more.data...)
	j.stop, j.cut = 8*len(data)+more.stop, more.cut
	r.free <- more.block
	new(decoder).decode(j.block, j.segment)
	return nil
}
