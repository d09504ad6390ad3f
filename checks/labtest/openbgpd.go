package labtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// OpenBGPD starts OpenBGPD with a configuration and waits until it answers. The portable
// version knows no kernel routes at all, so there are none to be kept from it.
//
// It insists on root, and on shutting itself away in a folder of the system's as a user
// of its own, none of which a test has. So it is told that all of that went well ([pretendRoot]),
// and runs as whoever runs the test.
func OpenBGPD(t testing.TB, config string) *Daemon {
	t.Helper()
	bgpd, bgpctl := find(t, "openbgpd", "/usr/sbin/bgpd"), find(t, "openbgpd", "bgpctl")
	d := prepare(t, "openbgpd")
	d.place = pretendRoot
	socket := filepath.Join(d.dir, "c")
	d.control = func(args ...string) *exec.Cmd {
		return exec.Command(bgpctl, append([]string{"-s", socket}, args...)...)
	}
	d.dump = [][]string{{"show", "neighbor"}, {"show", "rib"}}
	text := fmt.Sprintf("socket %q\nfib-update no\n%s", socket, config)
	d.start(exec.Command(bgpd, "-d", "-f", d.write("bgpd.conf", text)))
	return d.ready("show", "summary")
}
