package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/world"
	"isitdown/checks/route/worldtest"
)

// The world of TestWorldCrash; its snapshot has a few megabytes, so that writing it takes a while.
func crashWorld() worldtest.Config { return worldtest.Config{Prefixes: 40_000, Full: 60, Seed: 1} }

// crashingWorld is a program that is killed while it writes snapshots: it begins from the file that is its
// argument, or with a table where there is none, and says "begins" and as of when in nanoseconds. Then each
// second of the data one route changes, and a snapshot is written, of which it says "saved" and as of when.
func crashingWorld() {
	if err := crashWorldRun(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "crashing-world:", err)
		os.Exit(1)
	}
}

func crashWorldRun(file string) error {
	w, err := worldtest.Make(crashWorld())
	if err != nil {
		return err
	}
	s, at, err := world.Load(file, startOptions())
	if errors.Is(err, os.ErrNotExist) {
		s, at = world.New(startOptions()), worldtest.Began
		w.Load(s.Apply)
		err = s.Restore(nil)
	}
	if err != nil {
		return err
	}
	fmt.Println("begins", at.UnixNano())
	for {
		at = at.Add(time.Second)
		u := route.Update{Kind: route.Routes, At: at, Peer: w.Peers[0]}
		if u.Withdrawn = crashPrefix(); at.Unix()%2 == 0 {
			u.Announced, u.Withdrawn, u.Path = u.Withdrawn, nil, w.AppendPath(nil, 0, 0, 0)
		}
		s.Apply(&u)
		saved, err := s.Save(context.Background(), file)
		if err != nil {
			return err
		}
		fmt.Println("saved", saved.AsOf.UnixNano())
	}
}

// crashPrefix is announced at even seconds and withdrawn at odd ones.
func crashPrefix() []route.NLRI {
	return []route.NLRI{{Prefix: netip.MustParsePrefix("192.0.2.0/24")}}
}

// A program that is killed while it writes a snapshot has the one before: whole, and to the
// second. The next one begins from there.
func TestWorldCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a dozen processes")
	}
	if _, err := worldtest.Make(worldtest.Config{Prefixes: 1, Full: 1}); errors.Is(err, worldtest.ErrNoList) {
		t.Skip(err)
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world")
	last, hits := int64(0), 0
	for round := 0; hits < 5; round++ {
		if round == 40 {
			t.Fatalf("killed %d times, of which %d while a snapshot was being written", round, hits)
		}
		begins, saved, halfway := crashWorldKilled(t, file)
		if last != 0 && begins != last {
			t.Fatalf("it begins as of %d, and the last snapshot was of %d", begins, last)
		}
		s, asOf, err := world.Load(file, startOptions())
		if err != nil {
			t.Fatalf("after it was killed: %v", err)
		}
		last = asOf.UnixNano()
		if halfway {
			hits++
			if last != saved {
				t.Errorf("there is a snapshot of %d, want the one before, of %d", last, saved)
			}
		}
		held := false
		s.Do(func(r *route.RIB) { held = r.Knows(crashPrefix()[0].Prefix) })
		if held != (asOf.Unix()%2 == 0) {
			t.Errorf("a route that is there at even seconds: %v as of %v", held, asOf)
		}
	}
}

// crashWorldKilled runs the program, and kills it (with SIGKILL) when it has saved twice and writes again. It
// gives as of when it began, as of when it last saved, and whether a file was left half way.
func crashWorldKilled(t *testing.T, file string) (begins, saved int64, halfway bool) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Args, cmd.Stderr = []string{"crashing-world", file}, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	parts := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".part-*")
	left, _ := filepath.Glob(parts) // by those before
	if _, err := fmt.Fscan(out, new(string), &begins); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := fmt.Fscan(out, new(string), &saved); err != nil {
			t.Fatal(err)
		}
	}
	for now := left; len(now) <= len(left); now, _ = filepath.Glob(parts) {
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // that it was killed
	for line := range strings.Lines(string(rest)) {
		fmt.Sscan(line, new(string), &saved)
	}
	now, _ := filepath.Glob(parts)
	return begins, saved, len(now) > len(left)
}
