package lab

import "isitdown/checks/route"

// Drain has both vantage points take every route back from their collectors, and then end
// the sessions: so do routers that are taken out of service with care, and some that merely
// lose a session. It waits until the feeds have told both. The
// sessions come back by themselves, with every route.
func (i *Internet) Drain(feeds ...*Feed) {
	i.t.Helper()
	vantages := []*Router{i.Left, i.Right}
	for _, r := range vantages {
		r.Daemon.Configure(r.config(true))
	}
	for _, f := range feeds {
		f.await(i.t, "every route is withdrawn", f.empty)
	}
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
