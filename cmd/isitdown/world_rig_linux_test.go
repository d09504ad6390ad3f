package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/rislive"
	"isitdown/checks/route/world"
)

// streamRig is the way of the public stream into the state of the world, as the program
// has it, and a service in a process of its own.
type streamRig struct {
	state  *world.State
	inbox  *world.Inbox
	client *rislive.Client
	told   io.Writer      // what the service is to do
	says   *bufio.Scanner // what it says
}

// newStreamRig starts all parts; they end with the test. take puts the updates of the stream
// into the inbox.
func newStreamRig(b *testing.B, state *world.State, server *exec.Cmd, take takeUpdate) *streamRig {
	b.Helper()
	r := &streamRig{state: state, inbox: world.NewInbox(world.InboxOptions{})}
	url := r.serve(b, server)
	r.client = rislive.New(rislive.Options{URL: url, Whole: true})
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { r.inbox.Run(ctx, state.ApplyAll) })
	parts.Go(func() {
		if err := r.client.Run(ctx, func(u *route.Update) { take(ctx, r.inbox, u) }); err != nil {
			b.Error(err)
		}
	})
	parts.Go(func() { r.tick(ctx) })
	b.Cleanup(func() {
		cancel()
		parts.Wait()
	})
	if err := r.client.Cover(b.Context(), []rislive.Filter{{}}); err != nil {
		b.Fatal(err)
	}
	return r
}

// serve starts the service and gives its address.
func (r *streamRig) serve(b *testing.B, server *exec.Cmd) string {
	b.Helper()
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := server.Wait(); err != nil {
			b.Errorf("the server of the stream: %v", err)
		}
	})
	r.told, r.says = in, bufio.NewScanner(out)
	if !r.says.Scan() {
		b.Fatal("the server of the stream does not say where it is")
	}
	return r.says.Text()
}

// streamServerOf gives the server of messages and losses, each of which is so many of them.
func streamServerOf(b *testing.B, messages, losses *wire, group int) *exec.Cmd {
	b.Helper()
	dir := b.TempDir()
	files := []string{filepath.Join(dir, "messages"), filepath.Join(dir, "losses")}
	for i, l := range []*wire{messages, losses} {
		if err := os.WriteFile(files[i], l.data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Args = append([]string{"stream-server"}, files[0], files[1], strconv.Itoa(group))
	return cmd
}

// play has so many messages sent at a rate, 0 for as fast as they are taken, and a loss now
// and then, of which lost is told.
func (r *streamRig) play(b *testing.B, from, n, rate int, every time.Duration, lost func(number int, at time.Time)) {
	b.Helper()
	if _, err := fmt.Fprintln(r.told, from, n, rate, every.Milliseconds()); err != nil {
		b.Fatal(err)
	}
	for r.says.Scan() {
		if r.says.Text() == "done" {
			return
		}
		var number int
		var nanos int64
		if _, err := fmt.Sscan(strings.TrimPrefix(r.says.Text(), "lost "), &number, &nanos); err != nil {
			b.Fatal(err)
		}
		lost(number, time.Unix(0, nanos))
	}
	b.Fatal("the server of the stream has ended")
}

// takeUpdate puts an update into an inbox.
type takeUpdate func(ctx context.Context, b *world.Inbox, u *route.Update)

// putting never waits, as the program's feed does; waiting holds the server back.
func putting(_ context.Context, b *world.Inbox, u *route.Update) { b.Put(u) }

func waiting(ctx context.Context, b *world.Inbox, u *route.Update) { _ = b.Wait(ctx, u) }

// tick lets the state's time pass until the context ends.
func (r *streamRig) tick(ctx context.Context) {
	every := time.NewTicker(tickEvery)
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
// applied.
func (r *streamRig) idle(b *testing.B, delivered int) {
	b.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		st := r.inbox.Stats()
		if r.client.Status().Updates >= int64(delivered) && st.Put == st.Applied {
			return
		}
		if time.Since(began) > time.Minute {
			b.Fatalf("%d of %d updates were delivered, %+v", r.client.Status().Updates, delivered, st)
		}
	}
}

// whole fails where anything was left out or made no sense.
func (r *streamRig) whole(b *testing.B) {
	b.Helper()
	st, box := r.client.Status(), r.inbox.Stats()
	if st.Unreadable > 0 || st.Holes > 0 || box.LeftOut > 0 || box.Spells > 0 {
		b.Errorf("%d messages made no sense, %d were left out, %d holes", st.Unreadable, box.LeftOut, st.Holes)
	}
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
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
