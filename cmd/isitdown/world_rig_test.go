//go:build unix

package main

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/rislive"
	"isitdown/checks/route/rislivetest"
	"isitdown/checks/route/world"
)

// streamRig is the way of the public stream into the state of the world, all of it but the
// service: a loopback server that sends what it is given, the client, the inbox, the state.
type streamRig struct {
	state  *world.State
	inbox  *world.Inbox
	client *rislive.Client
	send   chan []byte // frames of WebSocket, as they go over the line
}

// newStreamRig starts all parts; they end with the test. take puts the updates of the stream
// into the inbox.
func newStreamRig(t testing.TB, state *world.State, take func(context.Context, *world.Inbox, *route.Update)) *streamRig {
	t.Helper()
	r := &streamRig{state: state, inbox: world.NewInbox(world.InboxOptions{}), send: make(chan []byte)}
	ctx, cancel := context.WithCancel(context.Background())
	server := &rislivetest.Server{Session: func(s *rislivetest.Session) {
		go func() {
			for frames := range r.send {
				if s.Raw(frames) != nil {
					return
				}
			}
		}()
		s.Serve()
	}}
	r.client = rislive.New(rislive.Options{URL: server.Start(t), Whole: true})
	var parts sync.WaitGroup
	parts.Go(func() { r.inbox.Run(ctx, state.ApplyAll) })
	parts.Go(func() {
		if err := r.client.Run(ctx, func(u *route.Update) { take(ctx, r.inbox, u) }); err != nil {
			t.Error(err)
		}
	})
	parts.Go(func() { r.tick(ctx) })
	t.Cleanup(func() {
		close(r.send)
		cancel()
		parts.Wait()
	})
	if err := r.client.Cover(t.Context(), []rislive.Filter{{}}); err != nil {
		t.Fatal(err)
	}
	return r
}

// putting never waits, as the program's feed does; waiting holds the server back.
func putting(_ context.Context, b *world.Inbox, u *route.Update) { b.Put(u) }

func waiting(ctx context.Context, b *world.Inbox, u *route.Update) { _ = b.Wait(ctx, u) }

// tick lets the state's time pass until the context ends.
func (r *streamRig) tick(ctx context.Context) {
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case now := <-every.C:
			r.state.Tick(now)
		case <-ctx.Done():
			return
		}
	}
}

// idle waits until so many updates of the stream were delivered and all that was put in is
// applied or left out.
func (r *streamRig) idle(t testing.TB, delivered int64) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		st := r.inbox.Stats()
		if r.client.Status().Updates >= delivered && st.Put == st.Applied {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%d of %d updates were delivered, %+v", r.client.Status().Updates, delivered, st)
		}
	}
}

// whole fails where anything was left out or made no sense.
func (r *streamRig) whole(t testing.TB) {
	t.Helper()
	st, box := r.client.Status(), r.inbox.Stats()
	if st.Unreadable > 0 || st.Holes > 0 || box.LeftOut > 0 || box.Spells > 0 {
		t.Errorf("%d messages made no sense, %d were left out, %d holes", st.Unreadable, box.LeftOut, st.Holes)
	}
}

// wire is messages as they go over the line, one after the other; ends says where each ends.
type wire struct {
	data []byte
	ends []int
}

func (l *wire) add(frame []byte) {
	l.data = append(rislivetest.AppendHeader(l.data, rislivetest.Text, true, uint64(len(frame))), frame...)
	l.ends = append(l.ends, len(l.data))
}

// part gives the bytes of messages from one number up to another.
func (l *wire) part(from, to int) []byte {
	first := 0
	if from > 0 {
		first = l.ends[from-1]
	}
	return l.data[first:l.ends[to-1]]
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// quantile gives the value below which a share of values lies, from 0 to 1.
func quantile[T int | float64 | time.Duration](values []T, part float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}
