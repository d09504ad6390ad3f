package bmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// The country that tests watch, by way of AS4837.
const (
	home    checks.ASN = 131279
	carrier checks.ASN = 4837
)

func country() checks.Footprint {
	return checks.Footprint{
		Target: checks.Country("KP"), Name: "North Korea", Country: "KP",
		Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22"), netip.MustParsePrefix("2001:db8:64::/48")},
		Origins:  []checks.ASN{home}, Home: []checks.ASN{home},
	}
}

// desk keeps what a station emits. A verdict is of a table that is made anew of all
// of it, so that one may look at any time after it.
type desk struct {
	t    testing.TB
	mu   sync.Mutex
	list []route.Update
	aged time.Duration
}

// age lets time pass: what comes from now on comes later by so much. A session
// votes ten minutes after it came up where its router does not say that its table
// is whole, and a test has no ten minutes.
func (d *desk) age(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aged += by
}

// take keeps a copy: what it is given is used again.
func (d *desk) take(u *route.Update) {
	c := *u
	c.Announced, c.Withdrawn, c.Path = slices.Clone(u.Announced), slices.Clone(u.Withdrawn), slices.Clone(u.Path)
	d.mu.Lock()
	defer d.mu.Unlock()
	c.At = c.At.Add(d.aged)
	d.list = append(d.list, c)
}

func (d *desk) updates() []route.Update {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.list)
}

// listen runs a station until the test ends or stop is called.
func (d *desk) listen(l net.Listener, routers ...Router) (s *Station, stop func()) {
	d.t.Helper()
	s, err := New(Options{Listener: l, Routers: routers, Log: slog.New(slog.NewTextHandler(d.t.Output(), nil))})
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, d.take) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			d.t.Errorf("the station ended with %v, want %v", err, context.Canceled)
		}
	})
	d.t.Cleanup(stop)
	return s, stop
}

// verdict is that of a time after the last of the first n updates, with a carrier
// that is declared to be a full feed.
func verdict(list []route.Update, after time.Duration) checks.Verdict {
	rules := route.DefaultRules()
	rules.Declared = []checks.ASN{carrier, edgeAS}
	rib := route.NewRIB(rules)
	w := rib.Watch(country())
	for i := range list {
		rib.Apply(&list[i])
	}
	now := time.Now()
	if len(list) > 0 {
		now = list[len(list)-1].At
	}
	now = now.Add(after)
	base, vantage, observations := w.Observe(now)
	assess := checks.DefaultRules()
	assess.MinVoting = 1
	return checks.Assess(checks.Case{
		Footprint: w.Target(), Baseline: base, Vantage: vantage, Observations: observations, Now: now, Rules: assess,
	})
}

// settled is long enough for a withdrawal to count.
const settled = 40 * time.Second

// expect wants a state after all that came so far.
func (d *desk) expect(when string, want checks.State, after time.Duration) {
	d.t.Helper()
	if v := verdict(d.updates(), after); v.State != want {
		d.t.Errorf("%s: %v, want %v (reasons %q); the updates:\n%s", when, v.State, want, v.Reasons, d.story())
	}
}

// quiet wants no outage at any moment since the first n updates.
func (d *desk) quiet(when string, n int) {
	d.t.Helper()
	list := d.updates()
	for i := max(n, 1); i <= len(list); i++ {
		for _, after := range [...]time.Duration{0, settled, 11 * time.Minute} {
			if i < len(list) && list[i-1].At.Add(after).After(list[i].At) {
				continue // by then more had come
			}
			if v := verdict(list[:i], after); v.State == checks.Down || v.State == checks.Degraded {
				d.t.Fatalf("%s: %v %v after update %d (%v); the updates:\n%s", when, v.State, after, i, v.Reasons, d.story())
			}
		}
	}
}

// story tells what was emitted.
func (d *desk) story() string {
	var b strings.Builder
	kinds := map[route.Kind]string{
		route.Routes: "routes", route.PeerUp: "up", route.PeerDown: "down", route.EndOfRIB: "end of RIB", route.Lost: "lost", route.Alive: "alive",
	}
	for i, u := range d.updates() {
		fmt.Fprintf(&b, "%3d %s %s %s %v", i+1, u.At.Format("15:04:05.000"), kinds[u.Kind], u.Peer.Collector, u.Peer.Addr)
		if len(u.Announced) > 0 {
			fmt.Fprintf(&b, " announces %v by %v", u.Announced, u.Path)
		}
		if len(u.Withdrawn) > 0 {
			fmt.Fprintf(&b, " withdraws %v", u.Withdrawn)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// holds counts the prefixes that the updates say are held, of the sessions that are up.
func (d *desk) holds() int {
	held := map[string]bool{}
	for _, u := range d.updates() {
		key := fmt.Sprint(u.Peer)
		switch u.Kind {
		case route.PeerUp, route.PeerDown, route.Lost:
			for k := range held {
				if strings.HasPrefix(k, key) || u.Kind == route.Lost {
					delete(held, k)
				}
			}
		}
		for _, n := range u.Withdrawn {
			delete(held, key+n.Prefix.String())
		}
		for _, n := range u.Announced {
			held[key+n.Prefix.String()] = true
		}
	}
	return len(held)
}
