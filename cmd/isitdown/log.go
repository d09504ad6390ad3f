package main

import (
	"context"
	"io"
	"log/slog"
)

// newLog makes the log for an operator: text, or JSON a line. quiet is for a person
// at a prompt, who is not to be told of what goes as it should.
func newLog(w io.Writer, c *serveConfig, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case c.LogLevel == "debug":
		level = slog.LevelDebug
	case c.LogLevel == "warn", c.LogLevel == "auto" && quiet:
		level = slog.LevelWarn
	case c.LogLevel == "error":
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// detailed is a log for what happens all the time in clients of the network: each attempt
// that failed is for whoever debugs. That a source fails, and that it is back, is said
// once by the ledger.
func detailed(log *slog.Logger) *slog.Logger { return slog.New(demoted{log.Handler()}) }

// demoted passes everything on as a message for debugging.
type demoted struct{ slog.Handler }

func (d demoted) Enabled(ctx context.Context, _ slog.Level) bool {
	return d.Handler.Enabled(ctx, slog.LevelDebug)
}

func (d demoted) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return d.Handler.Handle(ctx, r)
}

func (d demoted) WithAttrs(list []slog.Attr) slog.Handler { return demoted{d.Handler.WithAttrs(list)} }

func (d demoted) WithGroup(name string) slog.Handler { return demoted{d.Handler.WithGroup(name)} }
