package labtest

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Daemon is one daemon at work.
type Daemon struct {
	t       testing.TB
	name    string
	dir     string
	command *exec.Cmd
	log     logTail
	exited  chan struct{}
	control func(args ...string) *exec.Cmd
	talk    func(args ...string) (string, error) // instead of control; may be nil
	look    string                               // what a person asks it with
	place   func(*exec.Cmd) error                // starts it; nil: here
	asks    []string                             // the control command that it answers when it works
	dump    [][]string                           // control commands whose answers are shown where the test fails
}

// FRR starts FRR's bgpd, which listens at the given address and knows neither zebra
// nor the kernel, and waits until it answers. Modules are names like "bmp".
func FRR(t testing.TB, listen netip.AddrPort, config string, modules ...string) *Daemon {
	t.Helper()
	bgpd, vtysh := find(t, "frr", "/usr/lib/frr/bgpd"), find(t, "frr", "vtysh")
	d := prepare(t, "bgpd")
	d.control = func(args ...string) *exec.Cmd {
		call := []string{"--vty_socket", d.dir, "-d", "bgpd"}
		for _, a := range args {
			call = append(call, "-c", a)
		}
		return exec.Command(vtysh, call...)
	}
	d.dump = [][]string{{"show bgp summary"}, {"show bgp neighbors"}, {"show bgp ipv4 unicast"}, {"show bgp ipv6 unicast"}}
	args := []string{
		"-f", d.write("bgpd.conf", "log stdout\n"+config), "-n", "-Z", "-S", "-l", listen.Addr().String(), "-p", fmt.Sprint(listen.Port()),
		"-i", filepath.Join(d.dir, "pid"), "-z", filepath.Join(d.dir, "zserv"), "--vty_socket", d.dir, "-P", "0", "--log", "stdout",
	}
	for _, m := range modules {
		args = append(args, "-M", m)
	}
	d.start(exec.Command(bgpd, args...))
	return d.ready("show version")
}

// GoBGP starts gobgpd with a configuration in TOML and waits until it answers.
func GoBGP(t testing.TB, config string) *Daemon {
	t.Helper()
	gobgpd, gobgp := find(t, "gobgpd", "gobgpd"), find(t, "gobgpd", "gobgp")
	d := prepare(t, "gobgpd")
	api := AddrPort(t)
	d.control = func(args ...string) *exec.Cmd {
		return exec.Command(gobgp, append([]string{"-u", api.Addr().String(), "-p", fmt.Sprint(api.Port())}, args...)...)
	}
	d.dump = [][]string{{"neighbor"}, {"global", "rib"}, {"global", "rib", "-a", "ipv6"}}
	d.start(exec.Command(gobgpd, "-f", d.write("gobgpd.toml", config), "--api-hosts", api.String(), "--log-plain", "--pprof-disable"))
	return d.ready("global")
}

// prepare makes a daemon's folder. Its path is short, because a Unix socket's must be.
func prepare(t testing.TB, name string) *Daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing the folder of %s: %v", name, err)
		}
	})
	return &Daemon{t: t, name: name, dir: dir, exited: make(chan struct{})}
}

func (d *Daemon) write(name, text string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// start runs the daemon until the test ends.
func (d *Daemon) start(cmd *exec.Cmd) {
	d.t.Helper()
	d.run(cmd)
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("%s", d.State())
		}
		d.Kill()
	})
}

// run runs it in the foreground, as the leader of a process group.
func (d *Daemon) run(cmd *exec.Cmd) {
	d.t.Helper()
	cmd.Stdout, cmd.Stderr = &d.log, &d.log
	cmd.Dir = d.dir
	cmd.SysProcAttr = leader()
	cmd.WaitDelay = time.Second
	d.command = cmd
	start := d.place
	if start == nil {
		start = (*exec.Cmd).Start
	}
	if err := launch(cmd, start, d.exited); err != nil {
		d.t.Fatalf("starting %s: %v", d.name, err)
	}
}

func (d *Daemon) ready(args ...string) *Daemon {
	d.t.Helper()
	d.asks = args
	Await(d.t, d.name+" answers", func() bool {
		d.alive()
		_, err := d.try(args...)
		return err == nil
	}, d.State)
	return d
}

// Control runs one command of the daemon's own client and gives what it printed; a
// command that fails fails the test. For BIRD and gobgp each argument is a word; for
// vtysh it is a whole line, so that "configure terminal" can lead. Servers have no such
// client.
func (d *Daemon) Control(args ...string) string {
	d.t.Helper()
	out, err := d.try(args...)
	if err != nil {
		d.t.Fatalf("%s: %v: %v\n%s", d.name, args, err, out)
	}
	return out
}

// Try is [Daemon.Control] for a daemon that may not run, or may not do it: nothing comes of
// that.
func (d *Daemon) Try(args ...string) { _, _ = d.try(args...) }

func (d *Daemon) try(args ...string) (string, error) {
	if d.talk != nil {
		return d.talk(args...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience/4)
	defer cancel()
	template := d.control(args...)
	cmd := exec.CommandContext(ctx, template.Path, template.Args[1:]...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// AwaitControl asks the daemon's client until its answer holds all of the texts.
func (d *Daemon) AwaitControl(command []string, texts ...string) {
	d.t.Helper()
	last := ""
	Await(d.t, fmt.Sprintf("%s says %q to %v", d.name, texts, command), func() bool {
		last, _ = d.try(command...)
		for _, s := range texts {
			if !strings.Contains(last, s) {
				return false
			}
		}
		return true
	}, func() string { return last })
}

// Log is the end of what the daemon has printed.
func (d *Daemon) Log() string { return d.log.String() }

// State tells how the daemon sees itself, and what it printed.
func (d *Daemon) State() string {
	var b strings.Builder
	for _, args := range d.dump {
		out, err := d.try(args...)
		fmt.Fprintf(&b, "%s: %s: %v\n%s\n", d.name, strings.Join(args, " "), err, out)
	}
	fmt.Fprintf(&b, "%s printed:\n%s", d.name, d.log.String())
	return b.String()
}

// logTail keeps the end of what is written to it.
type logTail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const logTailSize = 64 << 10

// Write never fails.
func (l *logTail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(b)
	if n := l.buf.Len() - logTailSize; n > 0 {
		l.buf.Next(n)
	}
	return len(b), nil
}

// String gives what was kept.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
