package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "time/tzdata" // local times must not depend on what the machine has installed
)

// grace is how long a command has to end in good order once it is told to. Not
// every read can be broken off: a pipe may never deliver.
const grace = 700 * time.Millisecond

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		time.Sleep(grace)
		fmt.Fprintln(os.Stderr, "isitdown: interrupted")
		os.Exit(exitInterrupted)
	})
	code := run(ctx, os.Args[1:], console{
		out: os.Stdout, err: os.Stderr,
		outColumns: columns(os.Stdout), errColumns: columns(os.Stderr),
		noColour: os.Getenv("NO_COLOR") != "",
	})
	os.Exit(code)
}
