package labtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Patience is how long a test waits for what a healthy machine does in a second or
// two. A busy one needs most of it; nothing waits longer than it has to.
const Patience = 60 * time.Second

// Missing skips the test with a sentence that says what to do, or fails it where
// LAB_REQUIRED=1 asks for a whole run.
func Missing(t testing.TB, sentence string) {
	t.Helper()
	if os.Getenv("LAB_REQUIRED") == "1" {
		t.Fatalf("LAB_REQUIRED=1 lets no test be skipped: %s", sentence)
	}
	t.Skip(sentence)
}

// find gives the first of the programs that is there.
func find(t testing.TB, pkg string, names ...string) string {
	t.Helper()
	path, missing := look(pkg, names...)
	if missing != "" {
		Missing(t, missing)
	}
	return path
}

// look gives the first of the programs that is there, or a sentence about what to do.
// Those of routing daemons lie outside a plain user's PATH.
func look(pkg string, names ...string) (path, missing string) {
	if runtime.GOOS != "linux" {
		return "", "this test needs Linux, where all of 127.0.0.0/8 is loopback"
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p, ""
		}
		if p := filepath.Join("/usr/sbin", name); executable(p) {
			return p, ""
		}
	}
	return "", fmt.Sprintf("install %s (Debian package %s) to run this test", filepath.Base(names[0]), pkg)
}

// Lacks says what to install where one of the programs of a Debian package is missing, in
// a sentence; it is empty where all of them are there.
func Lacks(pkg string, programs ...string) string {
	for _, name := range programs {
		if _, missing := look(pkg, name); missing != "" {
			return missing
		}
	}
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Addr gives a loopback address that nobody else uses: by the odds among
// processes, since it is drawn from 16 million.
func Addr() netip.Addr {
	n := 1<<16 + rand.Uint32N(1<<24-1<<17)
	return netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n) | 1})
}

// Port gives a TCP port at an address that nobody listens on, from below those that
// systems give out by themselves. It is not found by listening: a program that another
// test starts at that moment would have the socket for some milliseconds more, and whoever
// is started here would find the port in use.
func Port(t testing.TB, addr netip.Addr) uint16 {
	t.Helper()
	for range 100 {
		port := 10_000 + uint16(rand.Uint32N(20_000))
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(addr, port).String(), time.Second)
		if err != nil {
			return port
		}
		c.Close()
	}
	t.Fatalf("no free port was found at %v", addr)
	return 0
}

// AddrPort is [Addr] with a free [Port].
func AddrPort(t testing.TB) netip.AddrPort {
	t.Helper()
	a := Addr()
	return netip.AddrPortFrom(a, Port(t, a))
}

// Await asks until the answer is yes, and fails the test where it is not within
// [Patience]. State says what is there instead; it may be nil.
func Await(t testing.TB, what string, ready func() bool, state func() string) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		if ready() {
			return
		}
		if time.Now().After(deadline) {
			if state == nil {
				t.Fatalf("waited %v in vain: %s", Patience, what)
			}
			t.Fatalf("waited %v in vain: %s; there is:\n%s", Patience, what, state())
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the test ended while it waited: %s", what)
		case <-time.After(wait):
		}
	}
}
