package session

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/labtest"
)

// Nothing is ever advertised, shown three ways: the code has no way to write an
// UPDATE, what sends refuses one, and a router that would take everything has nothing.

func TestNoUpdateIsWritten(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), f.Name(), src, 0); err != nil {
			t.Fatal(err)
		}
		for _, writer := range []string{"bgp.Draft", "AppendEndOfRIB", "AppendRIB", "AppendPrefix"} {
			if bytes.Contains(src, []byte(writer)) {
				t.Errorf("%s uses %s, which writes routes", f.Name(), writer)
			}
		}
		writes += bytes.Count(src, []byte("conn.Write("))
	}
	if writes != 2 {
		t.Errorf("a connection is written to in %d places, want 2: send and stop", writes)
	}
}

func TestSendRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		defer ours.Close()
		l := newLink(&peer{}, ours, true)
		for _, msg := range [][]byte{bgp.AppendEndOfRIB(nil, bgp.IPv4Unicast), announcement(t, kpTestPath, "192.0.2.0/24"), []byte("x")} {
			if err := l.send(msg); !errors.Is(err, errAdvertises) {
				t.Errorf("got %v, want it to be refused", err)
			}
		}
	})
}

func TestRouterLearnsNothing(t *testing.T) {
	t.Parallel()
	router, us := labtest.AddrPort(t), labtest.AddrPort(t)
	r := bird(t, router, us, "")
	l := collect(t, neighbor(router, us, false))
	l.awaitTable()
	r.d.Control("reload", "in", "up") // it asks for all that we have
	r.withdraw()
	l.await("all is withdrawn", func() bool {
		return get(l, func() bool { _, ok := l.held[netip.MustParsePrefix(kpPrefixes[0])]; return !ok })
	})
	l.c.Refresh(Both)
	got := r.d.Control("show", "protocols", "all", "up")
	if n := strings.Count(got, "0 imported"); n != 2 {
		t.Errorf("got %d families without a route of ours, want 2:\n%s", n, got)
	}
	for line := range strings.Lines(got) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "Import" && (f[1] == "updates:" || f[1] == "withdraws:") && f[2] != "0" {
			t.Errorf("it has received something from us: %s", line)
		}
	}
	l.silent(t)
	if sent := get(l, func() int { return len(l.sent) }); sent < 3 {
		t.Errorf("got %d messages recorded, want at least OPEN, KEEPALIVE and ROUTE-REFRESH", sent)
	}
}
