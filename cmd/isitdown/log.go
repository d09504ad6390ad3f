package main

import (
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
