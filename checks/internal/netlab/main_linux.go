package netlab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// What the outer process tells the inner one, and itself where there is none.
const (
	envOuter   = "ISITDOWN_NETLAB_OUTER"   // the network namespace that the tests must not be in
	envMissing = "ISITDOWN_NETLAB_MISSING" // why there is no sandbox, a sentence
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
		var code int
		if code, why = again(); why == "" {
			os.Exit(code)
		}
	}
	os.Setenv(envMissing, why)
	os.Exit(m.Run())
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

// again runs this binary in new namespaces and gives its exit status, or why that
// cannot be: a sentence.
func again() (code int, why string) {
	outer := namespace()
	if outer == "" {
		return 0, "mount /proc to run this test"
	}
	said, say, err := os.Pipe()
	if err != nil {
		return 0, "no pipe for the sandbox: " + err.Error()
	}
	defer said.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = os.Args
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{say}
	cmd.Env = append(os.Environ(), envOuter+"="+outer)
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
		return 0, fmt.Sprintf("allow user namespaces to run this test (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns): %v", err)
	}
	text, _ := io.ReadAll(said) // it ends with the set-up, or with the process
	err = cmd.Wait()
	if string(text) != ready {
		return 0, "no sandbox can be set up here: " + strings.TrimSpace(string(text)) + " " + fmt.Sprint(err)
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.Exited() {
		return e.ExitCode(), ""
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the tests in the sandbox ended with: %v\n", err)
		return 1, ""
	}
	return 0, ""
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
