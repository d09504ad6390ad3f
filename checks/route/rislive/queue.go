package rislive

import (
	"context"
	"sync"
)

// maxQueued bounds the frames that wait to be handled, in bytes: some seconds of the
// whole stream. Behind it the socket is not read, and a server that finds us slow ends
// the connection, which is a hole that we know of.
const maxQueued = 16 << 20

// batch is frames one after the other; ends says where each ends.
type batch struct {
	data []byte
	ends []int
}

func (b *batch) add(frame []byte) {
	b.data = append(b.data, frame...)
	b.ends = append(b.ends, len(b.data))
}

// reset empties it. What a burst made it grow to is given back once it lies idle.
func (b *batch) reset() {
	if cap(b.data) > maxQueued/16 && len(b.data) < cap(b.data)/16 {
		*b = batch{}
	}
	b.data, b.ends = b.data[:0], b.ends[:0]
}

// queue hands frames from the one who reads the socket to the one who handles them.
type queue struct {
	mu     sync.Mutex
	frames batch
	more   chan struct{} // each has room for one: something changed
	room   chan struct{}
}

func newQueue() *queue {
	return &queue{more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// push adds a frame, which is copied. It waits while there is no room.
func (q *queue) push(ctx context.Context, frame []byte) error {
	for !q.offer(frame) {
		select {
		case <-q.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// offer adds a frame where there is room.
func (q *queue) offer(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.frames.data); n > 0 && n+len(frame) > maxQueued {
		return false
	}
	first := len(q.frames.ends) == 0
	q.frames.add(frame)
	if first {
		signal(q.more)
	}
	return true
}

// shortQueue is below how many bytes a queue is short: a hundred frames.
const shortQueue = 64 << 10

// short reports whether little waits, so that there is time for more to come.
func (q *queue) short() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.frames.data) < shortQueue
}

// take swaps all frames that wait for an empty batch.
func (q *queue) take(b *batch) {
	b.reset()
	q.mu.Lock()
	defer q.mu.Unlock()
	*b, q.frames = q.frames, *b
	signal(q.room)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
