package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// secret is a token, a key or a password. It can be used but not printed: whatever
// writes it, by any verb of fmt, as JSON, TOML or in a log, writes hidden instead.
type secret struct{ text string }

// hidden stands for a secret that is set.
const hidden = "(secret)"

// reveal gives the secret to whoever has to send it.
func (s secret) reveal() string { return s.text }

// set reports whether there is one.
func (s secret) set() bool { return s.text != "" }

// String gives hidden, or "" where there is no secret.
func (s secret) String() string {
	if s.text == "" {
		return ""
	}
	return hidden
}

// Format keeps every verb of fmt from looking inside, %#v and %x included.
func (s secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is what a log shows.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what JSON and TOML show.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes over what stands in the configuration.
func (s *secret) UnmarshalText(text []byte) error {
	s.text = string(bytes.TrimSpace(text))
	return nil
}

// redactor is where the program writes what an operator reads. It is the second line
// of defence: should a library put a secret into an error, it is taken out here.
type redactor struct {
	w       io.Writer
	secrets [][]byte
}

// shortestSecret is the fewest bytes that are taken out: anything shorter would
// also be found where it is none.
const shortestSecret = 8

// redact gives a writer that lets none of the secrets through, neither as they
// are nor as JSON writes them. Each Write is one whole line of a log.
func redact(w io.Writer, secrets []secret) io.Writer {
	r := &redactor{w: w}
	for _, s := range secrets {
		if len(s.text) < shortestSecret {
			continue
		}
		r.secrets = append(r.secrets, []byte(s.text))
		if quoted, err := json.Marshal(s.text); err == nil {
			r.secrets = append(r.secrets, quoted[1:len(quoted)-1])
		}
	}
	// The longest first: one secret may be part of another.
	slices.SortFunc(r.secrets, func(a, b []byte) int { return len(b) - len(a) })
	if len(r.secrets) == 0 {
		return w
	}
	return r
}

// Write passes p on without the secrets.
func (r *redactor) Write(p []byte) (int, error) {
	clean := p
	for _, s := range r.secrets {
		clean = bytes.ReplaceAll(clean, s, []byte(hidden))
	}
	if _, err := r.w.Write(clean); err != nil {
		return 0, err
	}
	return len(p), nil
}
