package netlab

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"isitdown/checks/labtest"
)

// outside is this test binary as go test starts it, without a sandbox of its own yet.
func outside(t *testing.T, run string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", run, "-test.v", "-test.paniconexit0")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "ISITDOWN_NETLAB") || strings.HasPrefix(s, "LAB_REQUIRED")
	}), env...)
	return cmd
}

// Without namespaces the other tests run, and those that need them say what is missing,
// or fail where they are required.
func TestMissing(t *testing.T) {
	s := New(t)
	s.Here().Sysctl("user.max_user_namespaces", "0")
	defer s.Here().Sysctl("user.max_user_namespaces", "1000")
	out, err := outside(t, "^(TestPackets|TestChain)$").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestPackets")) || !bytes.Contains(out, []byte("--- SKIP: TestChain")) || !bytes.Contains(out, []byte("allow user namespaces to run this test")) {
		t.Errorf("got %v and:\n%s\nwant one test passed and one skipped with a sentence", err, out)
	}
	out, err = outside(t, "^(TestPackets|TestChain)$", "LAB_REQUIRED=1").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestChain")) || !bytes.Contains(out, []byte("LAB_REQUIRED=1 lets no test be skipped: allow user namespaces")) {
		t.Errorf("required: got %v and:\n%s\nwant a failure", err, out)
	}
}

// What a test in the sandbox says and how it ends is what go test gets.
func TestStatus(t *testing.T) {
	New(t)
	out, err := outside(t, "^TestFails$", envHelp+"=fail").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestFails")) || !bytes.Contains(out, []byte("as it shall")) {
		t.Errorf("got %v and:\n%s\nwant a failure and its reason", err, out)
	}
	if out, err = outside(t, "^TestFails$", envHelp+"=panic").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("panic: as it shall")) {
		t.Errorf("got %v and:\n%s\nwant a panic", err, out)
	}
}

// envHelp makes helpers of tests that are none otherwise.
const envHelp = "NETLAB_TEST_HELP"

func TestFails(t *testing.T) {
	switch os.Getenv(envHelp) {
	case "fail":
		New(t)
		t.Error("as it shall")
	case "panic":
		panic("as it shall")
	case "":
		t.Skip("the helper of TestStatus")
	}
}

// A process that is killed leaves nothing: neither the tests in the sandbox nor what
// they started.
func TestKilled(t *testing.T) {
	New(t)
	cmd := outside(t, "^TestHangs$", envHelp+"=hang")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "hanging") {
	}
	// setsid may fork: for a moment one more is there, or the new one is not on the list yet
	labtest.Await(t, "both programs run", func() bool { return running(t, marker) == 2 }, nil)
	cmd.Process.Kill()
	cmd.Wait()
	labtest.Await(t, "all processes gone", func() bool { return running(t, marker) == 0 && running(t, "TestHangs") == 0 }, nil)
}

// marker is how long a program sleeps that nobody else starts.
const marker = "86399.25"

func TestHangs(t *testing.T) {
	if os.Getenv(envHelp) != "hang" {
		t.Skip("the helper of TestKilled")
	}
	n := New(t).Node("host")
	for _, args := range [][]string{{"sleep", marker}, {"setsid", "sleep", marker}} {
		if err := n.Start(exec.Command(args[0], args[1:]...)); err != nil {
			t.Fatal(err)
		}
	}
	labtest.Await(t, "both programs run", func() bool { return running(t, marker) == 2 }, nil)
	os.Stdout.WriteString("hanging\n")
	<-t.Context().Done()
}

// running counts the processes that have a word in their command line.
func running(t *testing.T, word string) (n int) {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(list) == 0 {
		t.Fatalf("no processes in /proc: %v", err)
	}
	for _, name := range list {
		if line, err := os.ReadFile(name); err == nil && bytes.Contains(line, []byte(word)) {
			n++
		}
	}
	return n
}

// A test that is alone runs in a sandbox, beside others, whether the package has one or not.
func TestAlone(t *testing.T) {
	for _, help := range []string{"alone", "alone in main"} {
		out, err := outside(t, "^TestAloneHelp$/^(a|b|c)$/^x$", envHelp+"="+help).CombinedOutput()
		if skipped := bytes.Index(out, []byte("something is missing")); skipped < 0 || !bytes.Contains(out[skipped:], []byte("--- SKIP: TestAloneHelp/c ")) {
			t.Errorf("%s: got:\n%s\nwant a test that is skipped alone skipped as a whole", help, out)
		}
		if err != nil || bytes.Count(out, []byte("alone with loopback")) != 2 || bytes.Count(out, []byte("in a sandbox of its own")) != 3 || bytes.Contains(out, []byte("TestAloneHelp/a/y")) {
			t.Errorf("%s: got %v and:\n%s\nwant two tests of loopback alone", help, err, out)
		}
	}
}

func TestAloneHelp(t *testing.T) {
	if !strings.HasPrefix(os.Getenv(envHelp), "alone") {
		t.Skip("the helper of TestAlone")
	}
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !Alone(t) {
				return
			}
			if name == "c" { // which is skipped out here too, with its sentence
				t.Skip("something is missing")
			}
			t.Run("x", func(t *testing.T) { New(t); t.Log("alone with loopback") })
			t.Run("y", func(*testing.T) {})
		})
	}
}
