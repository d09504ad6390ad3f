package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"isitdown/checks/lab"
	"isitdown/checks/netlab"
	"isitdown/checks/route/archive"
)

func TestMain(m *testing.M) {
	if netlab.Inside() { // one test, alone
		lab.Main(m)
	}
	if _, said := os.LookupEnv("ISITDOWN_OFFLINE"); !said {
		os.Setenv("ISITDOWN_OFFLINE", "1") // no test leaves this machine; those of live sources say where theirs are
	}
	testscript.Main(m, map[string]func(){
		"isitdown":         main,
		"crashing-outbox":  crashingOutbox,  // of TestCrash
		"crashing-writers": crashingWriters, // of TestCrashWriters
		"crashing-world":   crashingWorld,   // of TestWorldCrash
		"start-table":      startTable,      // of BenchmarkWorldStart
		"start-load":       startLoad,
		"start-save":       startSave,
		"stream-server":    streamServer, // of BenchmarkWorldStream
	})
}

// The scripts run the whole program. Exit codes are checked by `exit`, which
// runs a command and compares: `exit 64 isitdown check`.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ISITDOWN_OFFLINE", "1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit":   exitCommand,
			"record": recordCommand,
		},
	})
}

// recordCommand writes what the collectors of a scenario recorded: record SCENARIO DIRECTORY.
func recordCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: record SCENARIO DIRECTORY")
	}
	s, err := archive.ParseScenario(args[0], strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	streams, err := s.Streams()
	ts.Check(err)
	dir := ts.MkAbs(args[1])
	ts.Check(os.Mkdir(dir, 0o755))
	for _, stream := range streams {
		ts.Check(os.WriteFile(filepath.Join(dir, stream.Collector+".mrt"), stream.Data, 0o644))
	}
}

// exitCommand runs a command that must end with the given exit code.
func exitCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}
