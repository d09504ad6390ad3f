package labtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BIRD starts BIRD 2 with a configuration and waits until it answers. It must hold
// no kernel protocol: the routes of the machine are not the test's.
func BIRD(t testing.TB, config string) *Daemon {
	t.Helper()
	return bird(t, config, nil)
}

// BIRDIn is [BIRD] in another network than that of the test, whose kernel may have its
// routes: start runs it there, as a netlab.Node's Start does.
func BIRDIn(t testing.TB, config string, start func(*exec.Cmd) error) *Daemon {
	t.Helper()
	return bird(t, config, start)
}

func bird(t testing.TB, config string, start func(*exec.Cmd) error) *Daemon {
	t.Helper()
	program := find(t, "bird2", "bird")
	if strings.Contains(config, "protocol kernel") && !elsewhere(t, start) {
		t.Fatal("a kernel protocol would touch the machine's routes")
	}
	d := prepare(t, "bird")
	d.place = start
	socket := filepath.Join(d.dir, "c")
	d.talk = func(args ...string) (string, error) { return birdSays(socket, strings.Join(args, " ")) }
	d.look = "birdc -s " + socket
	d.dump = [][]string{{"show", "protocols", "all"}, {"show", "route", "all"}}
	d.start(exec.Command(program, "-f", "-c", d.write("bird.conf", birdLog+config), "-s", socket, "-P", filepath.Join(d.dir, "pid")))
	return d.ready("show", "status")
}

const birdLog = "log stderr all;\n"

// Configure gives BIRD another configuration while it runs.
func (d *Daemon) Configure(config string) {
	d.t.Helper()
	d.write("bird.conf", birdLog+config)
	d.Control("configure")
}

// Look is the beginning of a command line with which a person asks BIRD from anywhere on
// the machine, as in "birdc -s SOCKET"; empty for other daemons.
func (d *Daemon) Look() string { return d.look }

// elsewhere reports whether start runs programs in another network than the test's own.
func elsewhere(t testing.TB, start func(*exec.Cmd) error) bool {
	t.Helper()
	here, err := os.Readlink("/proc/self/ns/net")
	if start == nil || err != nil {
		return false
	}
	var there strings.Builder
	cmd := exec.Command("readlink", "/proc/self/ns/net")
	cmd.Stdout = &there
	if err = start(cmd); err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Fatalf("asking which network it is: %v", err)
	}
	return strings.TrimSpace(there.String()) != here
}

// birdSays asks BIRD one thing at its control socket, as birdc does, which would be a
// program more for every question. An answer is lines that begin with a code of four
// digits, or with a space where that of the line before goes on; a space after the code
// ends it. Codes from 8000 on are errors.
func birdSays(socket, command string) (string, error) {
	conn, err := net.DialTimeout("unix", socket, Patience/4)
	if err != nil {
		return "", fmt.Errorf("calling BIRD: %w", err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(Patience / 4))
	in := bufio.NewReader(conn)
	if _, err := birdAnswer(in); err != nil { // its greeting
		return "", err
	}
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return "", fmt.Errorf("asking BIRD: %w", err)
	}
	return birdAnswer(in)
}

func birdAnswer(in *bufio.Reader) (string, error) {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return text.String(), fmt.Errorf("reading BIRD's answer: %w", err)
		}
		if len(line) < 5 || line[0] == ' ' {
			text.WriteString(strings.TrimPrefix(line, " "))
			continue
		}
		text.WriteString(line[5:])
		switch {
		case line[4] != ' ':
		case line[0] >= '8':
			return text.String(), fmt.Errorf("BIRD says: %s", strings.TrimSpace(line))
		default:
			return text.String(), nil
		}
	}
}
