package labtest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ExaBGP starts ExaBGP, which listens at the given address, and waits until it reads
// commands. The configuration holds its neighbors, each of which names "processes [
// control ];" in an api block. What [Daemon.Control] is given then is one line of its
// commands, like "neighbor ADDRESS announce route PREFIX next-hop ADDRESS as-path [ 1 2 ]";
// it is carried out soon after, and nobody says how that went but the log.
func ExaBGP(t testing.TB, listen netip.AddrPort, config string) *Daemon {
	t.Helper()
	exabgp := find(t, "exabgp", "exabgp")
	d := prepare(t, "exabgp")
	commands := d.write("commands", "")
	d.control = func(args ...string) *exec.Cmd {
		return exec.Command("/bin/sh", append([]string{"-c", `echo "$@" >>"$0"`, commands}, args...)...)
	}
	// It takes commands from what a program prints: from a file that grows.
	text := fmt.Sprintf("process control {\n run %s -n +1 -s 0.05 -f %s;\n encoder text;\n}\n%s", find(t, "coreutils", "tail"), commands, config)
	cmd := exec.Command(exabgp, d.write("exabgp.conf", text))
	cmd.Env = append(os.Environ(),
		"exabgp.daemon.drop=false", // it stays who it is
		"exabgp.api.cli=false", "exabgp.api.ack=false", "exabgp.log.level=INFO", "exabgp.log.destination=stdout",
		"exabgp.tcp.bind="+listen.Addr().String(), fmt.Sprintf("exabgp.tcp.port=%d", listen.Port()),
		"PYTHONDONTWRITEBYTECODE=1", "HOME="+filepath.Dir(commands),
	)
	d.start(cmd)
	return d.says("loaded new configuration successfully")
}
