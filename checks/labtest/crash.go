package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Kill ends the daemon as a crash would: nobody is told.
func (d *Daemon) Kill() {
	kill(d.command)
	<-d.exited
}

// Start starts a daemon again that was killed, as it was started first, and waits until it
// answers.
func (d *Daemon) Start() {
	d.t.Helper()
	select {
	case <-d.exited:
	default:
		d.t.Fatalf("%s is started, and it runs", d.name)
	}
	d.exited = make(chan struct{})
	d.run(exec.Command(d.command.Path, d.command.Args[1:]...))
	d.ready(d.asks...)
}

// Freeze stops the daemon where it stands: its connections stay, and it says nothing.
func (d *Daemon) Freeze() {
	d.t.Helper()
	d.halt(true)
}

// Thaw has a frozen daemon go on.
func (d *Daemon) Thaw() {
	d.t.Helper()
	d.halt(false)
}

func (d *Daemon) halt(on bool) {
	d.t.Helper()
	if err := halt(d.command, on); err != nil {
		d.t.Fatalf("%s: freezing %v: %v", d.name, on, err)
	}
	Await(d.t, fmt.Sprintf("%s is frozen: %v", d.name, on), func() bool { return d.frozen() == on }, nil)
}

// Running reports whether the daemon runs and is not frozen.
func (d *Daemon) Running() bool {
	select {
	case <-d.exited:
		return false
	default:
		return !d.frozen()
	}
}

// frozen is what the kernel says: of the state of a process, T.
func (d *Daemon) frozen() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.command.Process.Pid))
	_, after, ok := strings.Cut(string(text), ") ")
	return err == nil && ok && strings.HasPrefix(after, "T")
}
