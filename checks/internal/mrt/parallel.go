package mrt

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"sync"
)

// batchLen is about how many bytes of records one worker takes at a time: few
// enough that they and the text made of them stay in a core's cache.
const batchLen = 32 << 10

// textLen is about how long the text of a batch is.
const textLen = 8 * batchLen

// Work appends to dst what is to be written of the records that r yields. The
// last call of r.Next gives io.EOF. It is called by one goroutine at a time.
type Work func(r *Reader, dst []byte) []byte

// Parallel is input that several goroutines decode at once, each a batch of
// whole records, and that is written in its own order.
type Parallel struct {
	Workers int  // goroutines that decode; at least one
	Literal bool // as of [Reader]
	// Work makes what one goroutine does; it is called once for each, before they start.
	Work func() Work
}

// Summary is what a whole input came to.
type Summary struct {
	Records  int64
	Bytes    int64 // decompressed bytes that were used
	Problems int
	First    *Problem // the first of them in the order of the input; nil where there is none
	Skipped  []Skipped
}

// batch is a run of whole records, and what became of it.
type batch struct {
	in      []byte
	base    int64 // byte of the stream that in begins with
	records int64
	// The peers of the RIB records in it, up to the next table of peers.
	peers     []Peer
	collector netip.Addr

	out      []byte
	problems int
	first    *Problem
	skipped  []Skipped
	done     chan struct{} // holds one element once out is there
}

// Run reads plain bytes of MRT from in and writes what the workers make of them to
// out. The error is that of out, or what [Reader.Next] ends with, nil at io.EOF:
// what came before damage is written. Memory is bounded by the number of workers
// and the longest record.
func (p *Parallel) Run(ctx context.Context, in io.Reader, out io.Writer) (Summary, error) {
	workers := max(1, p.Workers)
	run := &parallelRun{
		free:  make(chan *batch, 2*workers+2),
		jobs:  make(chan *batch, 2*workers+2),
		order: make(chan *batch, 2*workers+2),
	}
	for range cap(run.free) {
		run.free <- &batch{done: make(chan struct{}, 1)}
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { run.frame(ctx, in) })
	for range workers {
		work := p.Work()
		all.Go(func() { run.work(work, p.Literal) })
	}
	sum, err := run.write(ctx, out)
	if err != nil {
		return sum, err
	}
	if run.err == io.EOF {
		return sum, nil
	}
	return sum, run.err
}

// parallelRun is what the goroutines of one run share. There are as many batches
// as each channel has room, so that nothing but waiting for a free one blocks.
type parallelRun struct {
	free, jobs, order chan *batch
	err               error // what ended the input; good once order is closed
}

// frame cuts the input into batches until it ends or ctx does.
func (run *parallelRun) frame(ctx context.Context, in io.Reader) {
	defer close(run.order)
	defer close(run.jobs)
	r := NewReader(in)
	for r.done == nil {
		select {
		case b := <-run.free:
			if r.batch(b); len(b.in) > 0 {
				run.order <- b
				run.jobs <- b
			}
		case <-ctx.Done():
			run.err = ctx.Err()
			return
		}
	}
	run.err = r.done
}

// batch fills b with the records that follow.
func (r *Reader) batch(b *batch) {
	b.in, b.base, b.records = b.in[:0], r.Offset(), 0
	b.peers, b.collector = r.rec.Peers, r.rec.CollectorID
	for len(b.in) < batchLen {
		if n, records := r.buffered(batchLen - len(b.in)); n > 0 {
			b.in = append(b.in, r.buf[r.lo:r.lo+n]...)
			b.records += records
			r.lo += n
			continue
		}
		body, ok := r.frame()
		if !ok {
			return
		}
		b.in = append(b.in, r.buf[r.lo-headerLen-len(body):r.lo]...)
		b.records++
		if r.rec.Type == TypeTableDumpV2 && r.rec.Subtype == PeerIndexTable {
			// The worker meets the same table, and says what is wrong with it.
			_ = r.rec.decodePeers(body)
		}
	}
}

// buffered gives how many bytes of records are in the buffer that are whole and nothing
// but passed on, of which the last begins before limit, and how many those are.
func (r *Reader) buffered(limit int) (n int, records int64) {
	have := r.buf[r.lo:r.hi]
	for n < limit && len(have)-n >= headerLen {
		h := have[n:]
		kind, subtype := binary.BigEndian.Uint16(h[4:]), binary.BigEndian.Uint16(h[6:])
		length := int64(binary.BigEndian.Uint32(h[8:]))
		if int64(len(h)) < headerLen+length || implausible(kind, length) != "" || kind == TypeTableDumpV2 && subtype == PeerIndexTable {
			break
		}
		n += headerLen + int(length)
		records++
	}
	return n, records
}

// work decodes batch after batch.
func (run *parallelRun) work(work Work, literal bool) {
	r := &Reader{Literal: literal}
	r.rec.reader = r
	for b := range run.jobs {
		r.reset(b.in, b.base)
		r.skipped = b.skipped[:0]
		r.rec.Peers, r.rec.CollectorID = b.peers, b.collector
		if b.out == nil {
			b.out = make([]byte, 0, textLen)
		}
		b.out = work(r, b.out[:0])
		b.problems, b.first, b.skipped = r.problems, r.firstProblem, r.skipped
		b.done <- struct{}{}
	}
}

// write writes the batches in their order and sums up.
func (run *parallelRun) write(ctx context.Context, out io.Writer) (sum Summary, err error) {
	for b := range run.order {
		<-b.done
		sum.Records += b.records
		sum.Bytes = b.base + int64(len(b.in))
		sum.Problems += b.problems
		if sum.First == nil {
			sum.First = b.first
		}
		for _, s := range b.skipped {
			sum.Skipped = addSkipped(sum.Skipped, s)
		}
		if len(b.out) > 0 {
			if _, err := out.Write(b.out); err != nil {
				return sum, fmt.Errorf("writing: %w", err)
			}
		}
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		run.free <- b
	}
	return sum, nil
}

// addSkipped adds records that were passed over to the count of their type.
func addSkipped(list []Skipped, more Skipped) []Skipped {
	for i := range list {
		if s := &list[i]; s.Type == more.Type && s.Subtype == more.Subtype {
			s.Count += more.Count
			return list
		}
	}
	return append(list, more)
}
