package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const testSecret = "xoxb-1234-very-secret"

// No way of writing a secret, or anything that holds one, writes what it is.
func TestSecretIsNotPrinted(t *testing.T) {
	c := defaultConfig()
	for _, known := range c.credentials() {
		known.value.text = testSecret
	}
	s := c.Slack.BotToken
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		fmt.Fprintf(&out, verb+"\n", s, &s, c, &c, c.Slack, []secret{s}, map[string]secret{"a": s}, struct{ S any }{s})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("starting", "token", s, "config", c, "slack", &c.Slack, "group", slog.GroupValue(slog.Any("a", s)))
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, toml.Marshal} {
		text, err := encode(c.Slack)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	fmt.Fprintln(&out, fmt.Errorf("asking: %v", s), s.String())
	hex := fmt.Sprintf("%x", testSecret)
	for _, found := range []string{testSecret, testSecret[5:], hex, strings.ToUpper(hex)} {
		if strings.Contains(out.String(), found) {
			t.Errorf("%q stands in what was written:\n%s", found, out.String())
		}
	}
	if !strings.Contains(out.String(), hidden) {
		t.Error("nothing says that there is a secret")
	}
	if s.reveal() != testSecret {
		t.Errorf("reveal: got %q", s.reveal())
	}
	if got := fmt.Sprint(secret{}); got != "" {
		t.Errorf("no secret: got %q, want nothing", got)
	}
}

func TestRedact(t *testing.T) {
	var out bytes.Buffer
	w := redact(&out, []secret{{"xoxb-1234"}, {"xoxb-1234-longer"}, {"short"}, {}, {`with"quote`}})
	log := slog.New(slog.NewJSONHandler(w, nil))
	log.Warn("xoxb-1234-longer and xoxb-1234", "err", errors.New(`Post "https://x/?t=xoxb-1234": no; with"quote; short`))
	got := out.String()
	if strings.Contains(got, "xoxb") || strings.Contains(got, "quote") || strings.Contains(got, "-longer") {
		t.Errorf("got %s", got)
	}
	if !strings.Contains(got, "short") {
		t.Errorf("got %s: too short a secret is not looked for", got)
	}
	if n, err := w.Write([]byte("xoxb-1234\n")); n != 10 || err != nil {
		t.Errorf("Write gave %d, %v, want 10: the length of what it was given", n, err)
	}
}
