package lab

import (
	"isitdown/checks"
	"isitdown/checks/route"
)

// Drain has both vantage points take every route back from their collectors, as routers do
// that are taken out of service with care, and waits until the feeds have told so. The
// sessions stay up until what it returns is called, which ends them; they come back by
// themselves, with every route.
func (i *Internet) Drain(feeds ...*Feed) (end func()) {
	i.t.Helper()
	vantages := []*Router{i.Left, i.Right}
	i.drained = true
	for _, r := range vantages {
		r.Daemon.Configure(r.config(true))
	}
	for _, f := range feeds {
		f.await(i.t, "every route is withdrawn", f.empty)
	}
	return func() {
		i.t.Helper()
		downs := map[*Feed]int{}
		for _, f := range feeds {
			downs[f] = f.count(route.PeerDown)
		}
		for _, r := range vantages {
			r.ask("restart", `"collector*"`)
		}
		for _, f := range feeds {
			f.await(i.t, "the sessions end", func() bool { return f.count(route.PeerDown) >= downs[f]+len(vantages) })
		}
		for _, r := range vantages {
			r.Daemon.Configure(r.config(false))
		}
		i.drained = false
	}
}

// told is what collectors must have been told.
func (i *Internet) told() map[checks.ASN]Routes {
	i.t.Helper()
	if i.drained {
		return map[checks.ASN]Routes{Left: {}, Right: {}}
	}
	return map[checks.ASN]Routes{Left: i.Left.Routes(), Right: i.Right.Routes()}
}

// empty reports whether no session has any route, though all are up.
func (f *Feed) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, routes := range f.routes {
		if len(routes) > 0 {
			return false
		}
	}
	return len(f.routes) == 2
}
