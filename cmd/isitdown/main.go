package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	_ "time/tzdata" // local times must not depend on what the machine has installed

	"golang.org/x/term"
)

// grace is how long a command has to end in good order once it is told to, unless it
// asks for more. Not every read can be broken off: a pipe may never deliver.
const grace = 700 * time.Millisecond

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	var patience atomic.Int64
	patience.Store(int64(grace))
	told := make(chan os.Signal, 2)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-told
		cancel()
		select {
		case <-told:
		case <-time.After(time.Duration(patience.Load())):
		}
		fmt.Fprintln(os.Stderr, "isitdown: interrupted")
		os.Exit(exitInterrupted)
	}()
	code := run(ctx, os.Args[1:], console{
		in: os.Stdin, inTerminal: term.IsTerminal(int(os.Stdin.Fd())), out: os.Stdout, err: os.Stderr,
		outColumns: columns(os.Stdout), errColumns: columns(os.Stderr),
		noColour: os.Getenv("NO_COLOR") != "", look: os.LookupEnv, patience: &patience,
	})
	os.Exit(code)
}
