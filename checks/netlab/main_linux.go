package netlab

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"isitdown/checks/labtest"
)

// What the outer process tells the inner one, and itself where there is none.
const (
	envOuter   = "ISITDOWN_NETLAB_OUTER"   // the network namespace that the tests must not be in
	envMissing = "ISITDOWN_NETLAB_MISSING" // why there is no sandbox, a sentence
	envAlone   = "ISITDOWN_NETLAB_ALONE"   // the test that the sandbox is for; empty for all of a package
)

// reportFD is where the inner process says how its set-up went.
const reportFD = 3

const ready = "ready"

// Main runs the tests of a package in a sandbox where there can be one, and as they are
// where not. It does not return.
func Main(m *testing.M) {
	if outer := os.Getenv(envOuter); outer != "" {
		if os.Getpid() == 1 {
			report(settle(outer))
		}
		os.Exit(m.Run())
	}
	why := missingTools()
	if why == "" {
		cmd := exec.Command("/proc/self/exe")
		cmd.Args = os.Args
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		var err error
		if why, err = inSandbox(cmd); why == "" {
			os.Exit(status(err))
		}
	}
	os.Setenv(envMissing, why)
	os.Exit(m.Run())
}

// status is that of a process that ended with err.
func status(err error) int {
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.Exited() {
		return e.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the tests in the sandbox ended with: %v\n", err)
		return 1
	}
	return 0
}

// Inside reports whether this process is one that was started in a sandbox: a TestMain
// that does not hand everything over to [Main] does so where it is, for [Alone].
func Inside() bool { return os.Getenv(envOuter) != "" }

// Alone has a test run in a sandbox of its own: this binary is run again in new
// namespaces for that test and its subtests alone, and what it printed and how it ended
// is the test's. It returns true there, and false here, where nothing is left to do:
//
//	if !netlab.Alone(t) {
//		return
//	}
//
// Tests that are alone can run side by side, with [Main] or without. What lies under the test in the pattern of
// -run goes on to it. The test is skipped where there can be no sandbox.
func Alone(t *testing.T) bool {
	t.Helper()
	if alone := os.Getenv(envAlone); Inside() && (t.Name() == alone || strings.HasPrefix(t.Name(), alone+"/")) {
		return true
	}
	why := missingTools()
	if why == "" {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", arguments(t)...)
		cmd.Env = append(os.Environ(), envAlone+"="+t.Name())
		cmd.WaitDelay = time.Second
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if os.Getenv(envHold) != "" { // somebody waits for what it says
			cmd.Stdout = io.MultiWriter(&out, os.Stdout)
			cmd.Stderr = cmd.Stdout
		}
		var err error
		if why, err = inSandbox(cmd); why == "" {
			text := "in a sandbox of its own:\n| " + strings.ReplaceAll(strings.TrimSpace(out.String()), "\n", "\n| ")
			if err != nil {
				t.Fatalf("%v, %s", err, text)
			}
			if strings.Contains(out.String(), "--- SKIP: "+t.Name()+" ") {
				t.Skip(text)
			}
			if !strings.Contains(out.String(), "--- PASS: "+t.Name()+" ") {
				t.Fatalf("it did not run, %s", text)
			}
			t.Log(text)
			return false
		}
	}
	labtest.Missing(t, why)
	return false
}

// arguments are those with which the binary runs one test.
func arguments(t *testing.T) []string {
	var pattern []string
	for name := range strings.SplitSeq(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(name)+"$")
	}
	if f := flag.Lookup("test.run"); f != nil {
		if asked := strings.Split(f.Value.String(), "/"); len(asked) > len(pattern) {
			pattern = append(pattern, asked[len(pattern):]...)
		}
	}
	args := []string{"-test.paniconexit0", "-test.v", "-test.count=1", "-test.run=" + strings.Join(pattern, "/"), fmt.Sprintf("-test.short=%v", testing.Short())}
	if end, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(end).String())
	}
	return args
}

// inside reports whether this process is in a sandbox, and else why not.
func inside() (why string, ok bool) {
	if outer := os.Getenv(envOuter); outer != "" && outer != namespace() {
		return "", true
	}
	if why = os.Getenv(envMissing); why == "" {
		why = "give this package a TestMain that calls netlab.Main"
	}
	return why, false
}

// namespace identifies the network that this process is in.
func namespace() string {
	name, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return ""
	}
	return name
}

func missingTools() string {
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where a plain user does not look
	for tool, pkg := range map[string]string{"ip": "iproute2", "nft": "nftables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Sprintf("install %s (Debian package %s) to run this test", tool, pkg)
		}
	}
	if _, ok := setnsCalls[runtime.GOARCH]; !ok {
		return "this test knows no way into a network namespace on " + runtime.GOARCH
	}
	return ""
}

// inSandbox runs this binary in new namespaces and gives how it ended, or why that cannot
// be: a sentence.
func inSandbox(cmd *exec.Cmd) (why string, ended error) {
	outer := namespace()
	if outer == "" {
		return "mount /proc to run this test", nil
	}
	said, say, err := os.Pipe()
	if err != nil {
		return "no pipe for the sandbox: " + err.Error(), nil
	}
	defer said.Close()
	cmd.ExtraFiles = []*os.File{say}
	cmd.Env = append(cmd.Environ(), envOuter+"="+outer)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	runtime.LockOSThread() // the signal at our end comes when the thread ends
	defer runtime.UnlockOSThread()
	err = cmd.Start()
	say.Close()
	if err != nil {
		return fmt.Sprintf("allow user namespaces to run this test (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns): %v", err), nil
	}
	text, _ := io.ReadAll(said) // it ends with the set-up, or with the process
	err = cmd.Wait()
	if string(text) != ready {
		return "no sandbox can be set up here: " + strings.TrimSpace(string(text)) + " " + fmt.Sprint(err), nil
	}
	return "", err
}

// report tells the outer process how the set-up went. Where it failed this process
// ends: the outer one runs the tests.
func report(err error) {
	out := os.NewFile(reportFD, "report")
	if err != nil {
		fmt.Fprint(out, err)
		os.Exit(1)
	}
	io.WriteString(out, ready)
	out.Close()
}

// settle makes the new namespaces a place to live in.
func settle(outer string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if number, err := os.Readlink("/proc/self"); err == nil { // the outer one's, for the last time
		os.Setenv(envProcess, number)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if inner := namespace(); inner == "" || inner == outer {
		return fmt.Errorf("the network is still %s", outer)
	}
	if err := onlyLoopback(); err != nil {
		return err
	}
	return setUp(true)
}
