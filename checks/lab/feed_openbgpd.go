package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// MRTOpenBGPD has OpenBGPD as the collector, whose MRT file (BGP4MP_ET, with microseconds)
// is read while it is written. Restart kills it and starts it again: what its file does
// not say then is a hole.
func (i *Internet) MRTOpenBGPD() *Feed {
	i.t.Helper()
	f := &Feed{Name: "mrt-openbgpd", Collector: "mrt-openbgpd"}
	file := filepath.Join(i.t.TempDir(), "updates")
	caughtUp := f.followMRT(i.t, file)
	left, right := i.CollectorAddr(collectorMRTOpenBGPD)
	var b strings.Builder
	// "updates in" would leave out the changes of state, and with them lost sessions.
	fmt.Fprintf(&b, "AS %d\nrouter-id %v\nlisten on %[2]v\nconnect-retry 1\nholdtime min 3\ndump all in %q\n", uint32(Collectors), left, file)
	for _, v := range i.vantagePeers(left, right) {
		fmt.Fprintf(&b, "neighbor %v {\n remote-as %d\n local-address %v\n holdtime %d\n announce IPv4 unicast\n announce IPv6 unicast\n export none\n}\n",
			v.At.Addr(), v.AS, v.Local, holdTime/time.Second)
	}
	b.WriteString("allow from any\ndeny to any\n")
	open := labtest.OpenBGPD(i.t, b.String())
	neighbors := func(do string) {
		for _, as := range vantages() {
			open.Control("neighbor", i.VantageAddr(as).String(), do)
		}
	}
	f.Reset = func() { f.ends(i.t, func() { neighbors("clear") }) }
	f.Restart = func() {
		open.Kill()
		caughtUp()
		f.hear(&route.Update{Kind: route.Lost, At: time.Now(), Peer: route.Peer{Collector: f.Collector}})
		if err := os.Remove(file); err != nil { // it begins its file anew
			i.t.Fatal(err)
		}
		caughtUp = f.followMRT(i.t, file)
		open.Start()
	}
	f.await(i.t, "two sessions", func() bool { return f.Up() == 2 })
	i.hurry(f, open)
	return f
}

// hurry has OpenBGPD call vantage points that it has no session with: by itself it stays
// idle for half a minute and more after one was lost.
func (i *Internet) hurry(f *Feed, open *labtest.Daemon) {
	i.t.Cleanup(background(func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(hurryEvery):
			}
			for _, as := range vantages() {
				if !f.has(as) {
					open.Try("neighbor", i.VantageAddr(as).String(), "up")
				}
			}
		}
	}))
}

const hurryEvery = 200 * time.Millisecond

// has reports whether a vantage point has a session.
func (f *Feed) has(as checks.ASN) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for peer := range f.routes {
		if peer.AS == as {
			return true
		}
	}
	return false
}

// vantagePeers are both vantage points as a monitored router has them, which calls them
// from its own addresses.
func (i *Internet) vantagePeers(left, right netip.Addr) []labtest.MonitoredPeer {
	var list []labtest.MonitoredPeer
	for as, local := range map[checks.ASN]netip.Addr{Left: left, Right: right} {
		list = append(list, labtest.MonitoredPeer{AS: uint32(as), At: netip.AddrPortFrom(i.VantageAddr(as), 179), Local: local, Hold: holdTime})
	}
	return list
}
