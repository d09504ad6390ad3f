package lab

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// MRTBIRD has BIRD as the collector, whose MRT file is read while it is written. Restart
// kills BIRD and starts it again: what its file does not say then is a hole.
func (i *Internet) MRTBIRD() *Feed {
	i.t.Helper()
	f := &Feed{Name: "mrt-bird", Collector: "mrt-bird"}
	bird := i.collector(collectorMRTBIRD)
	caughtUp := f.followMRT(i.t, bird.file)
	f.Reset = func() { bird.reset(f) }
	f.Restart = func() {
		bird.Kill()
		caughtUp()
		f.hear(&route.Update{Kind: route.Lost, At: time.Now(), Peer: route.Peer{Collector: f.Collector}})
		bird.Start()
	}
	return f
}

// collector is a BIRD that is a collector and writes an MRT file.
type collector struct {
	*labtest.Daemon
	i    *Internet
	file string
}

// collector starts one with a number, whose addresses it has.
func (i *Internet) collector(number int) *collector {
	i.t.Helper()
	file := filepath.Join(i.t.TempDir(), "updates")
	config := fmt.Sprintf("mrtdump %q;\nmrtdump protocols { messages, states };\n", file)
	return &collector{labtest.BIRD(i.t, config+i.calls(number, "export none")), i, file}
}

// calls configures BIRD to call both vantage points from a collector's addresses.
func (i *Internet) calls(number int, export string) string {
	i.t.Helper()
	left, right := i.CollectorAddr(number)
	var b strings.Builder
	fmt.Fprintf(&b, "router id %v;\nprotocol device {}\n", left)
	for _, v := range []struct {
		name  string
		as    checks.ASN
		local netip.Addr
	}{{"left", Left, left}, {"right", Right, right}} {
		fmt.Fprintf(&b, `protocol bgp %s {
 local %v as %d;
 neighbor %v as %d;
 strict bind; %s
 ipv4 { import all; %[7]s; };
 ipv6 { import all; %[7]s; };
}
`, v.name, v.local, Collectors, i.VantageAddr(v.as), v.as, quick, export)
	}
	return b.String()
}

// reset clears both sessions, and waits until a feed has told that they ended.
func (c *collector) reset(f *Feed) {
	c.i.t.Helper()
	f.ends(c.i.t, func() {
		for _, name := range []string{"left", "right"} {
			c.Control("restart", name)
		}
	})
}
