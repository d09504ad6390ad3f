package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chattest"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
	"isitdown/checks/route/rislive"
	"isitdown/checks/route/rislivetest"
)

// Recordings that are converted to messages of RIS Live and sent through a WebSocket
// give the same verdicts, notices and timeline as the recordings themselves: each line
// of `replay --json` is the same.
func TestConvertedStreamIsAsItsRecording(t *testing.T) {
	t.Parallel()
	// RIS Live has collectors of RIS alone: that of RouteViews goes by such a name.
	tests := []struct{ name, collector, file, watch, registry string }{
		{"a flap, 2022", "rrc23", "mrt/rrc23.updates.20220421.0200.gz", "KP", "registry/delegated-apnic-20220517.txt.gz"},
		{"a failover, 2016", "rrc21", "mrt/updates.20160811.1600.gz", "AS36867", ""},
		{"a partial withdrawal, 2026", "rrc99", "mrt/updates.20260222.1530.bz2", "AS31148", ""},
	}
	if testing.Short() { // the others go the same way
		tests = tests[:1]
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &replayCommand{Recording: []string{tt.collector + "=" + data(t, tt.file)}, Watch: []string{tt.watch}}
			args := []string{"replay", "--json", c.Recording[0], "--watch", tt.watch}
			if tt.registry != "" {
				c.Registry = []string{data(t, tt.registry)}
				args = append(args, "--registry", c.Registry[0])
			}
			recording, err := os.ReadFile(data(t, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			sameAsReplay(t, c, args, convert(t, tt.collector, bytes.NewReader(recording)), ourServer)
		})
	}
}

// The same for the scenario that comes with the program, with thousands of flaps and
// two outages.
func TestConvertedScenarioIsAsItsReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("the same once more, of thousands of messages: left out with -short")
	}
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(moduleRoot, "checks", "route", "archive", "scenarios", "kp-2014.scenario"))
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.ReplaceAll(string(text), "route-views2", "rrc02") // RIS Live has collectors of RIS alone
	file := filepath.Join(t.TempDir(), "kp-2014.scenario")
	if err := os.WriteFile(file, []byte(renamed), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := archive.ParseScenario(file, strings.NewReader(renamed))
	if err != nil {
		t.Fatal(err)
	}
	streams, err := s.Streams()
	if err != nil {
		t.Fatal(err)
	}
	var all []rislivetest.Message
	for _, stream := range streams {
		all = append(all, convert(t, stream.Collector, bytes.NewReader(stream.Data))...)
	}
	// Equal times stay in the order of the collectors, as they do when files are played.
	slices.SortStableFunc(all, func(a, b rislivetest.Message) int { return a.At.Compare(b.At) })
	sameAsReplay(t, &replayCommand{Recording: []string{file}}, []string{"replay", "--json", file}, all, ourServer)
}

// The same through a WebSocket server that we did not write.
func TestConvertedStreamThroughAnotherServer(t *testing.T) {
	t.Parallel()
	chattest.Node(t) // or there is nothing to convert for
	file := data(t, "mrt/rrc23.updates.20220421.0200.gz")
	recording, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &replayCommand{Recording: []string{"rrc23=" + file}, Watch: []string{"KP"}}
	c.Registry = []string{data(t, "registry/delegated-apnic-20220517.txt.gz")}
	args := []string{"replay", "--json", c.Recording[0], "--watch", "KP", "--registry", c.Registry[0]}
	sameAsReplay(t, c, args, convert(t, "rrc23", bytes.NewReader(recording)), nodeServer)
}

func convert(t *testing.T, collector string, r io.Reader) (list []rislivetest.Message) {
	t.Helper()
	for m, err := range rislivetest.Convert(r, rislivetest.Form{Collector: collector}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// sameAsReplay compares what the program says of a recording with what comes out of
// the converted messages.
func sameAsReplay(t *testing.T, c *replayCommand, args []string, messages []rislivetest.Message, serve service) {
	t.Helper()
	want, stderr, code := isitdown(t, args...)
	if code != exitUp {
		t.Fatalf("replay: exit code %d\n%s", code, stderr)
	}
	var out, errs bytes.Buffer
	a, err := newApp(&console{out: &out, err: &errs}, "", true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.load(a)
	if err != nil {
		t.Fatal(err)
	}
	tables(t, d)
	if err := survey(d.rec, d.watches, func(emit func(*route.Update) error) error { return overSocket(t, serve, messages, emit) }); err != nil {
		t.Fatal(err)
	}
	r := newReplay(d, true)
	if err := overSocket(t, serve, messages, r.update); err != nil {
		t.Fatal(err)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		differ(t, strings.Split(want, "\n"), strings.Split(got, "\n"))
	}
	if n := strings.Count(want, "\n"); n < 1 || !strings.Contains(want, `"timeline"`) {
		t.Errorf("%d lines compared, and no timeline among them", n)
	}
}

// tables loads the table dumps of a recording, which a stream has not got.
func tables(t *testing.T, d *desk) {
	t.Helper()
	if !d.rec.HasTable() {
		return
	}
	errEnd := errors.New("the dumps are over")
	err := d.rec.Play(t.Context(), time.Time{}, func(u *route.Update) error {
		if u.Kind != route.Table {
			return errEnd
		}
		d.rib.Apply(u)
		return nil
	})
	if err != nil && !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
}

// differ shows the first line that is not the same, from where it differs.
func differ(t *testing.T, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w == g {
			continue
		}
		at := 0
		for at < min(len(w), len(g)) && w[at] == g[at] {
			at++
		}
		from := max(0, at-200)
		t.Fatalf("line %d of %d and %d differs at %d:\nreplay: %.500s\nstream: %.500s", i+1, len(want), len(got), at, w[from:], g[from:])
	}
}

// service is a RIS Live on loopback that sends messages, when it is told to begin, and
// closes the connection behind them.
type service func(t *testing.T, messages []rislivetest.Message) (url string, begin func())

func ourServer(t *testing.T, messages []rislivetest.Message) (url string, begin func()) {
	told := make(chan struct{})
	server := &rislivetest.Server{Session: func(s *rislivetest.Session) {
		go func() {
			<-told
			for part := range slices.Chunk(messages, 100) {
				frames := make([][]byte, len(part))
				for i := range part {
					frames[i] = part[i].Frame
				}
				if s.Send(frames...) != nil {
					return
				}
			}
			s.Close(1000, "that is all")
		}()
		s.Serve()
	}}
	return server.Start(t), func() { close(told) }
}

// nodeServer is the one of the npm package ws.
func nodeServer(t *testing.T, messages []rislivetest.Message) (url string, begin func()) {
	var lines bytes.Buffer
	for _, m := range messages {
		lines.Write(m.Frame)
		lines.WriteByte('\n')
	}
	file := filepath.Join(t.TempDir(), "frames")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := chattest.Start(t, "rislive.mjs", file)
	return p.Ready, func() { p.Say(t, "play") }
}

// overSocket sends messages through a WebSocket on loopback and gives emit what the client
// makes of them.
func overSocket(t *testing.T, serve service, messages []rislivetest.Message, emit func(*route.Update) error) error {
	t.Helper()
	url, begin := serve(t, messages)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := rislive.New(rislive.Options{URL: url, App: filepath.Base(os.Args[0])})
	go func() {
		if c.Cover(ctx, []rislive.Filter{{}}) == nil {
			begin()
		}
	}()
	var failed error
	done := false
	err := c.Run(ctx, func(u *route.Update) {
		switch {
		case done || u.Kind == route.Alive: // which speaks of now, not of the recording
		case u.Kind == route.Lost: // the connection is over
			done = true
			cancel()
		default:
			if failed = cmp.Or(failed, emit(u)); failed != nil {
				cancel()
			}
		}
	})
	if st := c.Status(); err == nil && failed == nil && (!done || st.Unreadable > 0) {
		t.Errorf("the stream did not come to its end, or not all of it was read: %+v", st)
	}
	return cmp.Or(err, failed)
}
