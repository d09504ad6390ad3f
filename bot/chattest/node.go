package chattest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// oldestNode is the first release of Node that has what the packages need.
var oldestNode = [2]int{22, 15}

// startTime is how long a counterpart may take to come up; a busy machine needs most of it.
const startTime = 60 * time.Second

// Missing skips the test with a sentence that says what to do, or fails it where
// CHAT_REQUIRED=1 asks for a whole run.
func Missing(t testing.TB, sentence string) {
	t.Helper()
	if os.Getenv("CHAT_REQUIRED") == "1" {
		t.Fatalf("CHAT_REQUIRED=1, and %s", sentence)
	}
	t.Skip(sentence)
}

// Data gives the path of a file of the folder of real data, "specs/x.json".
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		Missing(t, "set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// Node finds a Node that is new enough and .ci/chat with its packages, the folder
// that scripts run in. The Node among the packages comes first.
func Node(t testing.TB) (node, dir string) {
	t.Helper()
	dir = filepath.Join(moduleRoot(t), ".ci", "chat")
	packages := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(packages); err != nil {
		Missing(t, "run `npm ci` in .ci/chat (docs/testing-chat.md) to run this test")
	}
	candidates := []string{filepath.Join(packages, "node", "bin", "node")}
	if p, err := exec.LookPath("node"); err == nil {
		candidates = append(candidates, p)
	}
	for _, c := range candidates {
		if out, err := exec.CommandContext(t.Context(), c, "--version").Output(); err == nil && newEnough(string(out)) {
			return c, dir
		}
	}
	Missing(t, "install Node 22.15 or newer, or run `npm ci` in .ci/chat, to run this test")
	return "", ""
}

// newEnough reads "v24.21.0\n".
func newEnough(version string) bool {
	parts := strings.Split(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	if len(parts) != 3 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return false
	}
	return major > oldestNode[0] || major == oldestNode[0] && minor >= oldestNode[1]
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}

// Process is a script at work.
type Process struct {
	// Ready is what stood behind the word on the line by which the script said that
	// it can be talked to: an address, or JSON.
	Ready string

	stdin  io.WriteCloser
	lines  chan string
	stderr *tail
}

// longestLine bounds a line of a script, in bytes: a channel with hundreds of messages is one.
const longestLine = 64 << 20

// Start runs a script of .ci/chat with Node and waits for its line "ready TEXT".
// The script ends when its standard input does (serve in parent.mjs sees to that), so
// that none is left behind, however a test ends. What it prints on standard error is
// shown where the test fails.
func Start(t testing.TB, script string, args ...string) *Process {
	t.Helper()
	node, dir := Node(t)
	// Not t.Context, which ends before the cleanups: the process is needed in them.
	cmd := exec.CommandContext(context.Background(), node, append([]string{script}, args...)...)
	cmd.Dir = dir
	p := &Process{lines: make(chan string, 1024), stderr: &tail{}}
	cmd.Stderr = p.stderr
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		s := bufio.NewScanner(stdout)
		for s.Buffer(nil, longestLine); s.Scan(); {
			select {
			case p.lines <- s.Text():
			default: // nobody listens; the script must not wait for that
			}
		}
	}()
	t.Cleanup(func() {
		p.stdin.Close()
		kill := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		<-read
		cmd.Wait() // how it ended says nothing: it was told to
		kill.Stop()
		if t.Failed() {
			t.Logf("%s said on standard error:\n%s", script, p.stderr)
		}
	})
	for {
		line := p.Line(t, startTime)
		if text, ok := strings.CutPrefix(line, "ready"); ok {
			p.Ready = strings.TrimSpace(text)
			return p
		}
	}
}

// Line gives the next line of standard output, and fails the test where none comes
// within d.
func (p *Process) Line(t testing.TB, d time.Duration) string {
	t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			t.Fatalf("the script ended; its standard error:\n%s", p.stderr)
		}
		return line
	case <-time.After(d):
		t.Fatalf("the script said nothing for %v; its standard error:\n%s", d, p.stderr)
	}
	return ""
}

// Say writes a line to the script's standard input.
func (p *Process) Say(t testing.TB, line string) {
	t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const tailSize = 64 << 10

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(b)
	if n := t.buf.Len() - tailSize; n > 0 {
		t.buf.Next(n)
	}
	return len(b), nil
}

// String gives what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
