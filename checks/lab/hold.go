package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Hold stops the test where LAB_HOLD=1 is set, so that a person can look inside while all
// stands: it says how, and goes on when the file that it names is gone. Everything keeps
// running meanwhile. A [Recorder] does so after each moment.
func (i *Internet) Hold(moment string) {
	i.t.Helper()
	if !holding() {
		return
	}
	file := filepath.Join(i.t.TempDir(), "held")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		i.t.Fatalf("holding the lab: %v", err)
	}
	i.t.Log(i.waysIn(moment, file))
	for {
		if _, err := os.Stat(file); err != nil {
			return
		}
		select {
		case <-i.t.Context().Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func holding() bool { return os.Getenv("LAB_HOLD") == "1" }

// waysIn says how to look inside.
func (i *Internet) waysIn(moment, file string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q stands until its file is removed:\n  rm %s\nwhat the routers say (put \"show protocols\", \"show route\" behind it):\n", moment, file)
	for _, r := range i.routers {
		fmt.Fprintf(&b, "  %-9v %s\n", r.AS, r.Daemon.Look())
	}
	b.WriteString("a shell inside (or put \"tcpdump -ni any\", \"ip route\" behind it):\n")
	for _, r := range i.routers {
		fmt.Fprintf(&b, "  %-9v %s\n", r.AS, r.Node.Enter())
	}
	fmt.Fprintf(&b, "  %-9s %s\n", "inside", i.Inside.Enter())
	fmt.Fprintf(&b, "  %-9s %s\n", "the test", i.Here.Enter())
	return b.String()
}
