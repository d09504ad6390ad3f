package rislive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks/route"
)

const (
	// pingEvery is how often the server is asked for a sign of life, stallAfter the
	// silence after which it is given up: no message, no pong.
	pingEvery  = 15 * time.Second
	stallAfter = 45 * time.Second
	// tendEvery is how often what has its time is looked after.
	tendEvery = time.Second
	// maxBad is how many unreadable frames a connection may send, besides those whose
	// BGP message alone makes no sense.
	maxBad = 20
)

var (
	errStalled = errors.New("nothing came for " + stallAfter.String() + ", no message and no answer to a ping")
	errStuck   = errors.New("the server takes nothing for " + writeTimeout.String())
	errGarbage = fmt.Errorf("more than %d messages made no sense", maxBad)
	errRefused = errors.New("the server does not accept the subscription to the stream")
)

// stream is one connection from its handshake to its end.
type stream struct {
	c      *Client
	sock   *socket
	queue  *queue
	heard  atomic.Int64 // when something last came, in nanoseconds since 1970
	full   atomic.Bool  // the reader waits for room, and hears nothing meanwhile
	pinged atomic.Int64 // when the ping was sent that has no answer yet; 0 for none

	decoder *decoder
	feeds   *feeds
	clock   clock
	bad     int
	puzzled bool            // that something makes no sense was logged
	open    bool            // everything wanted is served; until then nothing is delivered
	said    map[string]bool // errors of the server that were logged
}

// run serves the connection until it ends, and says why.
func (s *stream) run(parent context.Context, emit func(*route.Update)) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	defer s.sock.close()
	stop := context.AfterFunc(ctx, s.sock.close) // which ends what reads and writes
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { cancel(s.read(ctx)) })
	wg.Go(func() { cancel(s.write(ctx)) })
	s.handle(ctx, cancel, emit)
	wg.Wait()
	if parent.Err() == nil {
		s.drain(emit)
	}
	return context.Cause(ctx)
}

// read takes frames from the socket as fast as they come.
func (s *stream) read(ctx context.Context) error {
	for {
		frame, err := s.sock.read()
		if err != nil {
			return err
		}
		s.alive()
		if s.queue.offer(frame) {
			continue
		}
		s.full.Store(true)
		err = s.queue.push(ctx, frame)
		s.alive()
		s.full.Store(false)
		if err != nil {
			return err
		}
	}
}

func (s *stream) alive() { s.heard.Store(time.Now().UnixNano()) }

// write sends what is to be sent, pings, and gives a silent server up.
func (s *stream) write(ctx context.Context) error {
	if err := s.sock.write(ctx, []byte(`{"type":"request_rrc_list","data":null}`)); err != nil {
		return err
	}
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	next := time.Now().Add(pingEvery)
	for {
		now := time.Now()
		for frame := s.c.book.next(now); frame != nil; frame = s.c.book.next(now) {
			if err := s.sock.write(ctx, frame); err != nil {
				return err
			}
		}
		if !now.Before(next) {
			next = now.Add(pingEvery)
			s.pinged.CompareAndSwap(0, now.UnixNano())
			if err := s.sock.write(ctx, []byte(`{"type":"ping","data":null}`)); err != nil {
				return err
			}
		}
		if !s.full.Load() && now.Sub(time.Unix(0, s.heard.Load())) > stallAfter {
			return errStalled
		}
		select {
		case <-tick.C:
		case <-s.c.book.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// handle decodes and delivers what comes, in its order, until the connection ends.
func (s *stream) handle(ctx context.Context, cancel context.CancelCauseFunc, emit func(*route.Update)) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	var b batch
	for {
		select {
		case <-s.queue.more:
			if s.queue.short() {
				sleep(ctx, linger)
			}
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s.queue.take(&b) // whatever woke us, what came before it is handled first
		if err := s.frames(&b, emit); err != nil {
			cancel(err)
		}
		if err := s.tend(emit); err != nil {
			cancel(err)
		}
	}
}

// drain delivers what came before the connection ended.
func (s *stream) drain(emit func(*route.Update)) {
	var b batch
	s.queue.take(&b)
	_ = s.frames(&b, emit) // it is over anyway
	_ = s.tend(emit)
}

// tend does what has its time, after everything that came before.
func (s *stream) tend(emit func(*route.Update)) error {
	now := time.Now()
	if !s.open {
		ok, err := s.c.book.ready(now)
		if err != nil {
			return err
		}
		if s.open = ok; ok {
			s.pinged.Store(0) // what that ping proves was not all delivered
			s.feeds.begin(now)
		}
	}
	if s.clock.roll(now) {
		if s.clock.skewed {
			s.c.o.Log.Warn("RIS Live: the times in its messages and this machine's clock are far apart", "apart", s.clock.off.Round(time.Second))
		} else {
			s.c.o.Log.Info("RIS Live: the times in its messages and this machine's clock agree again")
		}
	}
	if s.open {
		s.feeds.tend(now, emit, s.fellSilent)
		s.c.book.cover()
	}
	s.c.stats.follow(s)
	return nil
}

func (s *stream) fellSilent(name string, since time.Time) {
	s.c.stats.holes.Add(1)
	s.c.o.Log.Warn("RIS Live: a collector has fallen silent", "collector", name, "since", since)
}

// frames handles a batch.
func (s *stream) frames(b *batch, emit func(*route.Update)) error {
	if len(b.ends) == 0 {
		return nil
	}
	now := time.Now()
	from := 0
	for _, end := range b.ends {
		frame := b.data[from:end]
		from = end
		kind, err := s.decoder.decode(frame)
		if err != nil {
			s.unreadable(frame, err)
			if s.bad > maxBad {
				return errGarbage
			}
			continue
		}
		s.one(kind, now, emit)
	}
	s.c.stats.frames.Add(int64(len(b.ends)))
	s.c.stats.slow.Add(int64(s.decoder.slow))
	s.decoder.slow = 0
	s.c.stats.last.Store(now.UnixNano())
	return nil
}

// unreadable notes a frame that makes no sense; the first of a connection is logged.
func (s *stream) unreadable(frame []byte, err error) {
	if !isA[*messageError](err) {
		s.bad++
	}
	s.c.stats.bad.Add(1)
	if !s.puzzled {
		s.puzzled = true
		s.c.o.Log.Warn("RIS Live: a message makes no sense", "error", err, "message", excerpt(frame))
	}
}

// one handles a frame.
func (s *stream) one(kind frameKind, now time.Time, emit func(*route.Update)) {
	d := s.decoder
	switch kind {
	case framePong:
		s.pong()
	case frameError:
		s.refused(d.text)
	case frameAccepted:
		for _, r := range d.accepted {
			s.c.book.accept(r)
		}
	case frameCollectors:
		for _, name := range d.collectors {
			s.feeds.collector(name)
		}
	}
	if d.update.At.IsZero() {
		return
	}
	c := s.feeds.collector(d.update.Peer.Collector)
	if c == nil {
		return
	}
	if !s.clock.note(d.update.At, now) {
		if !c.hole && s.open {
			s.feeds.lose(c, emit)
		}
		return
	}
	s.feeds.hear(c, d.update.At, now, kind == frameKeepalive)
	if kind == frameUpdate && s.open {
		s.c.stats.updates.Add(1)
		emit(&d.update)
	}
}

// pong proves that everything sent before the ping was delivered, but for the time
// that messages take to get here.
func (s *stream) pong() {
	sent := s.pinged.Swap(0)
	if sent == 0 || s.clock.skewed {
		return
	}
	if at := time.Unix(0, sent).Add(-s.clock.lag).UTC(); at.After(s.feeds.proven) {
		s.feeds.proven = at
	}
}

// refused logs what the server complains of, each complaint once a connection.
func (s *stream) refused(text string) {
	s.c.stats.complain(text)
	if len(s.said) < maxBad && !s.said[text] {
		s.said[text] = true
		s.c.o.Log.LogAttrs(context.Background(), slog.LevelWarn, "RIS Live: the server reports an error", slog.String("error", text))
	}
}
