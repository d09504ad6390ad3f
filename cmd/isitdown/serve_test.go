package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot"
	"isitdown/checks/route"
)

// process is the program, served as a process of its own.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr *lockedBuffer
	stdout *lockedBuffer
}

// startServe starts `isitdown serve` and waits until it has said what it uses.
func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{stderr: &lockedBuffer{}, stdout: &lockedBuffer{}}
	p.cmd = exec.Command(program, append([]string{"serve"}, args...)...)
	p.cmd.Args[0] = "isitdown" // by which TestMain knows what to be
	p.cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("standard error:\n%s", p.stderr)
		}
	})
	eventually(t, "serve has begun", func() bool { return strings.Contains(p.stderr.String(), "database: ") })
	return p
}

// end waits for the process and gives its exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// One process at a time has the database; a backup is taken from it all the same, and
// health and metrics are there to be read. A signal ends it well.
func TestServeAsAProcess(t *testing.T) {
	db, address := filepath.Join(t.TempDir(), "real.db"), freeAddress(t)
	p := startServe(t, "--db", db, "--listen", address, "--log-json")
	fmt.Fprintln(p.in, "outages subscribe KP")
	eventually(t, "the command is answered", func() bool { return strings.Contains(p.stdout.String(), "Subscribed to North Korea (KP)") })

	for path, want := range map[string]struct {
		status int
		has    []string
	}{
		"/healthz": {200, []string{"alive"}},
		"/readyz":  {503, []string{`"ready":false`, `{"name":"store","ok":true}`, `"name":"feed","ok":false`, "start it with --routes FILE"}},
		"/metrics": {200, []string{
			"isitdown_subscriptions 1\n", "isitdown_outbox_depth 0\n", "isitdown_outbox_oldest_seconds 0\n", "isitdown_open_incidents 0\n",
			"isitdown_assess_seconds_bucket", `isitdown_requests_total{platform="terminal",result="answered"} 1`, "go_goroutines ", "process_open_fds ", "isitdown_store_bytes ",
		}},
		"/nothing": {404, nil},
	} {
		status, body := fetch(t, "http://"+address+path)
		if status != want.status {
			t.Errorf("%s: HTTP %d, want %d", path, status, want.status)
		}
		wants(t, path, body, want.has...)
	}

	_, stderr, code := isitdown(t, "serve", "--db", db)
	if code != exitData || !strings.Contains(stderr, "another isitdown has it open") {
		t.Errorf("a second one: exit code %d, %s", code, stderr)
	}
	stdout, stderr, code := isitdown(t, "doctor", "--db", db)
	if code != 0 || !strings.Contains(stdout, "is in use by the bot, which runs") {
		t.Errorf("doctor: exit code %d, %s%s", code, stdout, stderr)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, stderr, code := isitdown(t, "backup", backup, "--db", db); code != 0 {
		t.Fatalf("backup: exit code %d, %s", code, stderr)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v; want one for its owner alone", info.Mode(), err)
	}
	if targets := targetsIn(t, backup); targets != 1 {
		t.Errorf("the backup has %d targets, want 1", targets)
	}
	if info, err := os.Stat(adminSocket(db)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v; want one for its owner alone", info, err)
	}

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("after SIGTERM: exit code %d, want 0", code)
	}
	if _, err := os.Stat(adminSocket(db)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	lines := bufio.NewScanner(strings.NewReader(p.stderr.String()))
	for lines.Scan() {
		if !json.Valid(lines.Bytes()) {
			t.Errorf("with --log-json a line is no JSON: %s", lines.Text())
		}
	}
	if targets := targetsIn(t, db); targets != 1 {
		t.Errorf("the database has %d targets, want 1", targets)
	}
}

func targetsIn(t *testing.T, db string) int {
	t.Helper()
	s, err := bot.OpenStore(db)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return len(s.Targets())
}

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// A recording in the settings is read at the start; it is ready then, and says that it
// ends in the past.
func TestServeRecording(t *testing.T) {
	address := freeAddress(t)
	p := startServe(t, "--routes", data(t, "mrt/updates.20260222.1530.bz2"), "--listen", address)
	fmt.Fprintln(p.in, "AS31148")
	eventually(t, "it is answered", func() bool { return strings.Contains(p.stdout.String(), "AS31148") })
	eventually(t, "the answer is whole", func() bool {
		return strings.Contains(p.stdout.String(), "The data is a recording that ends at 2026-02-22")
	})
	if status, body := fetch(t, "http://"+address+"/readyz"); status != 200 || !strings.Contains(body, "a recording, as of 2026-02-22") {
		t.Errorf("/readyz: HTTP %d, %s", status, body)
	}
	p.in.Close()
	if code := p.end(t); code != 0 {
		t.Errorf("at the end of the input: exit code %d, want 0", code)
	}
}

// The way of platforms that fail: said, tried again with longer and longer waits, and
// never in the way of others.
func TestPlatformIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		log := &lockedBuffer{}
		var began []time.Duration
		start := time.Now()
		p := &platform{name: "slack", connected: func() (bool, string) { return false, "" }, run: func(context.Context) error {
			began = append(began, time.Since(start))
			if len(began) == 3 {
				return nil // for no reason at all
			}
			return errors.New("no such workspace")
		}}
		var wg sync.WaitGroup
		wg.Go(func() { p.keep(ctx, slog.New(slog.NewTextHandler(log, nil))) })
		time.Sleep(time.Second)
		if f := p.finding(); f.OK || f.Reason != "no such workspace" {
			t.Errorf("got %+v, want why", f)
		}
		wg.Wait()
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second, 155 * time.Second, 315 * time.Second, 615 * time.Second}
		for i, w := range want {
			if i >= len(began) || began[i] != w {
				t.Fatalf("tried at %v, want %v first", began, want)
			}
		}
		if n := strings.Count(log.String(), "no such workspace"); n != len(began)-1 {
			t.Errorf("said %d times, want once an attempt, %d", n, len(began)-1)
		}
		idle := &platform{name: "x", connected: func() (bool, string) { return true, "" }}
		idle.keep(ctx, slog.New(slog.DiscardHandler)) // returns at once: it comes to us
		if f := idle.finding(); !f.OK || f.Reason != "" {
			t.Errorf("got %+v", f)
		}
	})
}

// A rehearsal keeps the pace that it is told, and tells nothing before --from.
func TestRehearsalKeepsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replayCommand{Recording: []string{"kp-2014"}}
		scenario, err := c.scenario()
		if err != nil {
			t.Fatal(err)
		}
		src, err := c.played(scenario)
		if err != nil {
			t.Fatal(err)
		}
		w := testApp().newWatchroom(src)
		if _, err := w.begin(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		from, until := time.Date(2014, 12, 21, 6, 0, 0, 0, time.UTC), time.Date(2014, 12, 21, 7, 0, 0, 0, time.UTC)
		r := newRehearsal(w, 60, from, until)
		var first, last time.Time
		steps := 0
		r.step = func(now time.Time) error {
			if first.IsZero() {
				first = now
			}
			if steps++; now.Before(last) {
				t.Errorf("step at %s after %s", now, last)
			}
			last = now
			if !w.now().Equal(now) {
				t.Errorf("the data's clock says %s at %s", w.now(), now)
			}
			return nil
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := r.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Hour)
		if steps != 0 || w.rib.Newest() != (time.Time{}) {
			t.Fatal("it began before anybody had subscribed")
		}
		start := time.Now()
		r.begin()
		r.begin()
		wg.Wait()
		if took := time.Since(start); took < 59*time.Second || took > 61*time.Second {
			t.Errorf("an hour took %s, want a minute", took)
		}
		if !first.Equal(from) || !last.Equal(until) || steps < 360 {
			t.Errorf("%d steps from %s to %s, want one every ten seconds from %s to %s", steps, first, last, from, until)
		}
	})
}

func TestSpeed(t *testing.T) {
	for _, tt := range []struct {
		text string
		want float64
	}{{"60", 60}, {"0.5", 0.5}, {"max", -1}} {
		var s speed
		if err := s.UnmarshalText([]byte(tt.text)); err != nil || tt.want > 0 && float64(s) != tt.want || s.unbounded() != (tt.want < 0) {
			t.Errorf("%s: got %v, %v", tt.text, float64(s), err)
		}
	}
	for _, text := range []string{"", "0", "-1", "inf", "NaN", "fast", "1e999"} {
		var s speed
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, float64(s))
		}
	}
}

func TestStorePath(t *testing.T) {
	home := func() (string, error) { return "/home/kim", nil }
	state := func(dir string) func(string) (string, bool) {
		return func(name string) (string, bool) { return dir, name == "XDG_STATE_HOME" && dir != "" }
	}
	for _, tt := range []struct{ set, state, want string }{
		{"", "", "/home/kim/.local/state/isitdown/isitdown.db"},
		{"", "/var/lib/kim", "/var/lib/kim/isitdown/isitdown.db"},
		{"", "relative", "/home/kim/.local/state/isitdown/isitdown.db"}, // is to be ignored
		{"mine.db", "/var/lib/kim", "mine.db"},
	} {
		if got, err := storePath(tt.set, state(tt.state), home); err != nil || got != tt.want {
			t.Errorf("%+v: got %q, %v", tt, got, err)
		}
	}
	if _, err := storePath("", state(""), func() (string, error) { return "", errors.New("no home") }); err == nil {
		t.Error("without a home: got no error")
	}
}

// A backup that breaks off is none.
func TestBackupIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "a.db")
	l, err := listenAdmin(db)
	if err != nil {
		t.Fatal(err)
	}
	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", trailerWhole)
		io.WriteString(w, "half a database")
	})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := serveHTTP(ctx, l, broken, time.Second, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	if _, err := writeBackup(t.Context(), db, filepath.Join(dir, "copy.db")); err == nil || !strings.Contains(err.Error(), "it is not whole") {
		t.Errorf("got %v, want an error that says so", err)
	}
	stop()
	wg.Wait()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// An update that cannot be applied must not stop a tick from being told.
func TestTicksBeforeUpdates(t *testing.T) {
	var at []time.Time
	k := ticks{every: time.Minute, step: func(now time.Time) error { at = append(at, now); return nil }}
	start := time.Date(2014, 12, 22, 16, 0, 30, 0, time.UTC)
	for _, u := range []route.Update{
		{Kind: route.Table, At: start.Add(-time.Hour)}, // a dump is no time that passes
		{Kind: route.PeerUp, At: start}, {Kind: route.Routes, At: start.Add(30 * time.Second)}, {Kind: route.Routes, At: start.Add(2 * time.Minute)},
	} {
		if err := k.before(&u); err != nil {
			t.Fatal(err)
		}
	}
	if len(at) != 2 || !at[0].Equal(start.Add(30*time.Second)) || !at[1].Equal(start.Add(90*time.Second)) {
		t.Errorf("got ticks at %v", at)
	}
}
