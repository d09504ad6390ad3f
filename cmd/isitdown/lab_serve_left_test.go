package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nothingRuns fails where a goroutine of the program is still there. Those of the test and of
// what supports it do not count.
func nothingRuns(t *testing.T) {
	t.Helper()
	left := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = stillRunning(); left == "" {
			return
		}
	}
	t.Errorf("when serve has ended, there still runs:\n%s", left)
}

var (
	ofTheProgram = regexp.MustCompile(`(?m)^(isitdown/\S*)\(.*\n\s+(\S+):\d+`)
	ofTheTest    = regexp.MustCompile(`_test\.go$|/(labtest|netlab|lab|chattest|rislivetest)/[^/]*$`)
)

// stillRunning gives the stacks of goroutines that are in the program's own code.
func stillRunning() string {
	buf := make([]byte, 1<<20)
	var list []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		frames := ofTheProgram.FindAllStringSubmatch(stack, -1)
		if len(frames) > 0 && !slices.ContainsFunc(frames, func(f []string) bool { return ofTheTest.MatchString(f[2]) }) {
			list = append(list, stack)
		}
	}
	return strings.Join(list, "\n\n")
}

// What is left of the program is found, and what has ended is not.
func TestStillRunning(t *testing.T) {
	ours := func() bool { return strings.Contains(stillRunning(), "TestStillRunning") } // who started it
	if ours() {
		t.Fatal("the test itself counts")
	}
	ctx, stop := context.WithCancel(t.Context())
	p := &platform{name: "slack", run: func(ctx context.Context) error { return errors.New("no such workspace") }}
	go p.keep(ctx, slog.New(slog.DiscardHandler))
	eventually(t, "what runs is found", ours)
	stop()
	eventually(t, "what has ended is not", func() bool { return !ours() })
}

// nobodyElse fails where any process is left beside this one in a sandbox of its own.
func nobodyElse(t *testing.T) {
	t.Helper()
	var left []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = others(t); len(left) == 0 {
			return
		}
	}
	t.Errorf("processes are left: %q", left)
}

// others gives the names of the other processes in our namespace.
func others(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if pid, err := strconv.Atoi(e.Name()); err != nil || pid == os.Getpid() {
			continue
		}
		if name, err := os.ReadFile("/proc/" + e.Name() + "/comm"); err == nil {
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}
