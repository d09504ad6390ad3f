package labtest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// leader puts a daemon into a process group of its own, which ends with us even
// where we are killed.
func leader() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// launch starts a command and closes exited when it has ended. Linux sends the
// signal at our end when the thread ends that started the command, so that thread
// is kept until then.
func launch(cmd *exec.Cmd, start func(*exec.Cmd) error, exited chan<- struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := start(cmd)
		started <- err
		if err == nil {
			cmd.Wait() // how it ended says nothing: it was killed
			close(exited)
		}
	}()
	return <-started
}

func kill(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // of a group that is gone already: nothing
}

// halt stops a process where it stands, or has it go on.
func halt(cmd *exec.Cmd, on bool) error {
	sig := syscall.SIGCONT
	if on {
		sig = syscall.SIGSTOP
	}
	return syscall.Kill(-cmd.Process.Pid, sig)
}
