package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // local times must not depend on what the machine has installed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{
		out: os.Stdout, err: os.Stderr,
		outColumns: columns(os.Stdout), errColumns: columns(os.Stderr),
		noColour: os.Getenv("NO_COLOR") != "",
	})
	stop()
	os.Exit(code)
}
