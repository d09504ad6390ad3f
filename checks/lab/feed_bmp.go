package lab

import (
	"context"
	"net/netip"
	"strings"

	"isitdown/checks/labtest"
	"isitdown/checks/route"
	"isitdown/checks/route/bmp"
)

// A BMP station says that a table is whole no sooner than half a minute after its last
// route came, so in the time of a recording it may never say so. The program then takes
// it as whole ten minutes after the session came up, which is why a recording's beginning
// has to last longer than that, as does what follows a reset.

// BMPGoBGP is our BMP station, to which GoBGP, the collector, reports what its peers say
// before its policy. Restart has the station shut for a moment. GoBGP stays idle for
// five seconds after the end of a session, whatever its settings.
func (i *Internet) BMPGoBGP() *Feed {
	i.t.Helper()
	f, at := i.station("bmp-gobgp")
	m := i.Monitored(collectorBMPGoBGP, at)
	m.Listen = netip.AddrPortFrom(m.ID, 179)
	for n := range m.Peers {
		m.Peers[n].Waits = true // 3.10 calls five to ten seconds after it has begun to think of it
	}
	gobgp := m.GoBGP(i.t, "pre-policy")
	i.Left.call()
	i.Right.call()
	f.Reset = func() {
		f.ends(i.t, func() {
			for _, do := range []string{"disable", "enable"} { // its own "reset" is idle for half a minute
				for _, as := range vantages() {
					gobgp.Control("neighbor", i.VantageAddr(as).String(), do)
				}
			}
		})
	}
	// It notices that its connection is gone when it has something to say. Somewhere there is
	// always something new; here the vantage points say what they have said before.
	restart := f.Restart
	f.Restart = func() {
		restart()
		left, right := i.CollectorAddr(collectorBMPGoBGP)
		ups := f.count(route.PeerUp)
		f.await(i.t, "GoBGP reports again", func() bool {
			i.Left.repeat(left)
			i.Right.repeat(right)
			return f.count(route.PeerUp) > ups
		})
	}
	f.await(i.t, "two sessions", func() bool { return f.Up() == 2 })
	return f
}

// repeat has a vantage point send its table to a collector once more.
func (r *Router) repeat(collector netip.Addr) {
	r.i.t.Helper()
	name := ""
	for line := range strings.Lines(r.ask("show", "protocols", "all", `"collector*"`)) {
		words := strings.Fields(line)
		if len(words) > 1 && words[1] == "BGP" {
			name = words[0]
		}
		if strings.HasPrefix(strings.TrimSpace(line), "Neighbor address:") && words[len(words)-1] == collector.String() {
			r.ask("reload", "out", name)
		}
	}
}

// BMPFRR is the same with FRR.
func (i *Internet) BMPFRR() *Feed {
	i.t.Helper()
	f, at := i.station("bmp-frr")
	frr := i.Monitored(collectorBMPFRR, at).FRR(i.t, "soft-reconfiguration inbound", "pre-policy")
	f.Reset = func() { f.ends(i.t, func() { frr.Control("clear bgp *") }) }
	f.await(i.t, "two sessions", func() bool { return f.Up() == 2 })
	return f
}

// Monitored is a router at the addresses of a collector ([Internet.CollectorAddr]) that has both
// vantage points as its peers and reports to a BMP station.
func (i *Internet) Monitored(number int, station netip.AddrPort) labtest.Monitored {
	i.t.Helper()
	left, right := i.CollectorAddr(number)
	return labtest.Monitored{
		AS: uint32(Collectors), ID: left, Listen: labtest.AddrPort(i.t), Station: station,
		Peers: i.vantagePeers(left, right),
	}
}

// station runs a BMP station until the test ends, and gives its feed and where it listens.
// Restart shuts its door for a moment: connections end, and routers are refused. Were the
// program itself ended, it would have nothing left to compare with.
func (i *Internet) station(name string) (*Feed, netip.AddrPort) {
	i.t.Helper()
	f := &Feed{Name: name, Collector: name}
	d := newDoor(labtest.AddrPort(i.t))
	d.mustOpen(i.t)
	s, err := bmp.New(bmp.Options{Listener: d, Routers: []bmp.Router{{Name: f.Collector, Prefix: netip.MustParsePrefix("127.0.0.1/32")}}})
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(background(func(ctx context.Context) { _ = s.Run(ctx, f.hear) })) // the context's end
	f.Restart = func() {
		holes := f.count(route.Lost)
		d.shut()
		f.await(i.t, "the connection is lost", func() bool { return f.count(route.Lost) > holes })
		d.mustOpen(i.t)
	}
	return f, d.at
}
