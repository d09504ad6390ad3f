package labtest

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Nginx starts nginx with what stands inside its http block: servers that say where
// they listen. Relative paths in it are below the test's own folder. It waits until
// they listen.
//
// Start runs it somewhere else than in the test's own network, as a netlab.Node's Start
// does; it may be nil.
func Nginx(t testing.TB, http string, start func(*exec.Cmd) error) *Daemon {
	t.Helper()
	nginx := find(t, "nginx-light", "nginx")
	d := prepare(t, "nginx")
	d.place = start
	var b strings.Builder
	if os.Getuid() == 0 { // else it would hand its folders to a user that a sandbox has not got
		b.WriteString("user root root;\n")
	}
	fmt.Fprintf(&b, "daemon off;\nmaster_process off;\npid pid;\nerror_log stderr notice;\nevents { worker_connections 512; }\nhttp {\naccess_log off;\n")
	for _, part := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&b, "%s_temp_path %s;\n", part, part)
	}
	fmt.Fprintf(&b, "%s\n}\n", http)
	d.start(exec.Command(nginx, "-e", "stderr", "-p", d.dir, "-c", d.write("nginx.conf", b.String())))
	return d.says("using the \"epoll\" event method")
}

// NSD starts NSD, an authoritative name server, at an address over UDP and TCP, with
// zones as their text by name; a zone without a text fails (SERVFAIL), other names are
// refused. It limits no rates. It waits until it listens. Start is as in [Nginx].
func NSD(t testing.TB, at netip.AddrPort, zones map[string]string, start func(*exec.Cmd) error) *Daemon {
	t.Helper()
	nsd := find(t, "nsd", "nsd")
	d := prepare(t, "nsd")
	d.place = start
	var b strings.Builder
	fmt.Fprintf(&b, "server:\n ip-address: %s@%d\n username: \"\"\n server-count: 1\n verbosity: 1\n rrl-ratelimit: 0\n database: \"\"\n", at.Addr(), at.Port())
	fmt.Fprintf(&b, " zonesdir: %[1]s\n xfrdir: %[1]s\n xfrdfile: %[1]s/xfrd\n zonelistfile: %[1]s/zones\n pidfile: %[1]s/pid\nremote-control:\n control-enable: no\n", d.dir)
	for i, name := range slices.Sorted(maps.Keys(zones)) {
		file := fmt.Sprintf("zone%d", i)
		if zones[name] != "" {
			d.write(file, zones[name])
		}
		fmt.Fprintf(&b, "zone:\n name: %q\n zonefile: %q\n", name, file)
	}
	d.start(exec.Command(nsd, "-d", "-c", d.write("nsd.conf", b.String())))
	return d.says("nsd started")
}

// says waits until the daemon has printed a text, which it does when it listens.
func (d *Daemon) says(text string) *Daemon {
	d.t.Helper()
	Await(d.t, d.name+" starts", func() bool {
		d.alive()
		return strings.Contains(d.log.String(), text)
	}, d.log.String)
	return d
}

// alive fails the test where the daemon has ended.
func (d *Daemon) alive() {
	d.t.Helper()
	select {
	case <-d.exited:
		d.t.Fatalf("%s ended at once; its log:\n%s", d.name, d.log.String())
	default:
	}
}
