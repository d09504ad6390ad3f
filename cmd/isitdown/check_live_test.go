package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// settings writes a file of settings in which no service is one of the world's and no host
// of it is probed, and gives its name.
func settings(t *testing.T, text string) string {
	t.Helper()
	if !strings.Contains(text, "[probe]\n") {
		text += "\n[probe]\nenabled = false\n"
	}
	for _, name := range []string{"ripestat", "ioda", "globalping", "radar", "registries"} {
		if !strings.Contains(text, "\n"+name+" = \"http") && strings.Contains(text, "[urls]\n") {
			text = strings.Replace(text, "[urls]\n", "[urls]\n"+name+" = \"http://127.0.0.1:1\"\n", 1)
		}
	}
	name := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// online runs the program in this process, with the network, on settings.
func online(t *testing.T, config string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	environment := map[string]string{"XDG_CACHE_HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir()}
	code = run(t.Context(), append([]string{"--config", config}, args...), console{
		in: strings.NewReader(""), out: &out, err: &errs,
		look: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
	})
	return out.String(), errs.String(), code
}

// checkSettings ask RIPEstat at an address and nobody else.
const checkSettings = "[sources]\nioda = false\nglobalping = false\nwait = \"15s\"\n[urls]\n"

func TestCheckAsks(t *testing.T) {
	now := time.Now()
	gone := now.Add(-30 * time.Minute)
	past := time.Date(2024, 12, 22, 17, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		routes []standRoute
		args   []string
		code   int
		has    []string
	}{
		{
			"up", kpRoutes(time.Time{}),
			[]string{"KP"},
			exitUp,
			[]string{"UP  North Korea (KP): 4 of 4 networks announced", "AS4837 NAME-OF-AS4837", "RIPEstat country-resource-list"},
		},
		{"a network", kpRoutes(time.Time{}), []string{"AS131279"}, exitUp, []string{"UP  AS131279 (NAME-OF-AS131279)"}},
		{"an address", kpRoutes(time.Time{}), []string{"175.45.177.1"}, exitUp, []string{"UP  175.45.177.1"}},
		{
			"gone since, when only the looking glass knows", kpRoutes(gone),
			[]string{"KP"},
			exitDown,
			[]string{"DOWN  North Korea (KP): 4 of 4 networks withdrawn since some time between"},
		},
		{"a past moment, before", kpRoutes(past.Add(-45 * time.Minute)), []string{"KP", "--at", "2024-12-22T16:00Z"}, exitUp, []string{"UP  North Korea", "as of Sun 22 Dec 2024 16:00 UTC"}},
		{
			"a past moment, after", kpRoutes(past.Add(-45 * time.Minute)),
			[]string{"KP", "--at", "2024-12-22T17:00Z"},
			exitDown,
			[]string{"DOWN  North Korea (KP): 4 of 4 networks withdrawn since 16:15 UTC", "Sun 22 Dec 2024 16:15 UTC"},
		},
		{"nothing, and never anything", nil, []string{"KP"}, exitUnknown, []string{"UNKNOWN  North Korea"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stand := newRIPEStand(time.Now, tt.routes...)
			config := settings(t, checkSettings+fmt.Sprintf("ripestat = %q\n", serveStand(t, stand)))
			stdout, stderr, code := online(t, config, append([]string{"check"}, tt.args...)...)
			if code != tt.code || stderr != "" {
				t.Errorf("exit code %d, want %d; standard error %q, want none", code, tt.code, stderr)
			}
			for _, text := range tt.has {
				if !strings.Contains(strings.Join(strings.Fields(stdout), " "), strings.Join(strings.Fields(text), " ")) {
					t.Errorf("%q is missing in:\n%s", text, stdout)
				}
			}
		})
	}
}

// With every source failing the answer is unknown, quickly, and says what to do.
func TestCheckWithoutAnswers(t *testing.T) {
	stand := newRIPEStand(time.Now, kpRoutes(time.Time{})...)
	stand.broken = http.StatusInternalServerError
	all := "[sources]\nwait = \"6s\"\n[urls]\n"
	for _, tt := range []struct{ name, config, has string }{
		{"refused", all + "ripestat = \"http://127.0.0.1:1\"\n", "RIPEstat cannot be reached from here"},
		{"a fault of theirs", all + fmt.Sprintf("ripestat = %q\n", serveStand(t, stand)), "RIPEstat has a fault of its own"},
		{"too slow", strings.Replace(all, "6s", "1s", 1) + fmt.Sprintf("ripestat = %q\n", serveStand(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))), "RIPEstat did not answer in time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := settings(t, tt.config)
			stdout, stderr, code := online(t, config, "check", "KP", "--json")
			if code != exitUnknown || stderr != "" {
				t.Errorf("exit code %d, want %d; standard error %q, want none", code, exitUnknown, stderr)
			}
			for line := range strings.Lines(stdout) {
				var v struct {
					State string
					Gaps  []struct{ Check, Reason string }
				}
				if err := json.Unmarshal([]byte(line), &v); err != nil {
					t.Fatal(err)
				}
				if v.State != "unknown" || !strings.Contains(fmt.Sprint(v.Gaps), tt.has) || !strings.Contains(fmt.Sprint(v.Gaps), "try again") {
					t.Errorf("got %s with gaps %q, want unknown with %q and what to do", v.State, v.Gaps, tt.has)
				}
			}
			if n := strings.Count(stdout, "\n"); n != 1 {
				t.Errorf("%d answers, want 1", n)
			}
			if tt.name == "too slow" && strings.Contains(stdout, "IODA did not answer") {
				t.Errorf("who was not asked is said not to answer:\n%s", stdout)
			}
		})
	}
}

// A time that has not come is wrong usage, and an interrupt ends the waiting.
func TestCheckEnds(t *testing.T) {
	if _, stderr, code := online(t, settings(t, checkSettings), "check", "KP", "--at", time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04Z")); code != exitUsage || !strings.Contains(stderr, "is yet to come") {
		t.Errorf("the future: exit code %d, %s", code, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	address := serveStand(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	}))
	var errs bytes.Buffer
	code := run(ctx, []string{"--config", settings(t, checkSettings+fmt.Sprintf("ripestat = %q\n", address)), "check", "KP"}, console{out: &errs, err: &errs})
	if code != exitInterrupted {
		t.Errorf("interrupted: exit code %d, %s", code, &errs)
	}
}
