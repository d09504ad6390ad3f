package rislive

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

// follower is a client that runs against a server, and what it delivered.
type follower struct {
	*Client
	server *rislivetest.Server
	log    bytes.Buffer

	mu      sync.Mutex
	updates []route.Update
	block   chan struct{} // where set, emit waits for it
	stop    func()
}

// follow runs a client in a bubble.
func follow(t *testing.T, server *rislivetest.Server, filters ...Filter) *follower {
	t.Helper()
	return followWith(t, server, Options{}, filters...)
}

// followWith is follow with options of which the rest is filled in.
func followWith(t *testing.T, server *rislivetest.Server, o Options, filters ...Filter) *follower {
	t.Helper()
	web, stopServer := server.Pipe()
	f := &follower{server: server}
	o.URL, o.App, o.UserAgent, o.HTTP = "ws://ris-live.test/v1/ws/", "isitdown test", "isitdown/1 (ops@example.org)", web
	o.Log = slog.New(slog.NewTextHandler(&f.log, nil))
	f.Client = New(o)
	f.Watch(filters)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx, f.emit); err != nil {
			t.Error(err)
		}
	})
	f.stop = func() { cancel(); running.Wait(); stopServer() }
	return f
}

func (f *follower) emit(u *route.Update) {
	f.mu.Lock()
	block := f.block
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := *u
	kept.Announced, kept.Withdrawn = slices.Clone(u.Announced), slices.Clone(u.Withdrawn)
	kept.Path = slices.Clone(u.Path)
	f.updates = append(f.updates, kept)
}

// take gives what was delivered since it was asked last, of the given kinds or all.
func (f *follower) take(kinds ...route.Kind) []route.Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.updates
	f.updates = nil
	return slices.DeleteFunc(list, func(u route.Update) bool { return len(kinds) > 0 && !slices.Contains(kinds, u.Kind) })
}

// serves sees how many filters are served, which must be all that are wanted.
func (f *follower) serves(t *testing.T, want int) {
	t.Helper()
	if st := f.Status(); st.Served != want || st.Wanted != want {
		t.Errorf("%d of %d filters served, want all %d", st.Served, st.Wanted, want)
	}
}

// after lets so much time pass, and everything come to rest.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var (
	peerAddr = netip.MustParseAddr("192.0.2.7")
	prefix   = netip.MustParsePrefix("198.51.100.0/24")
)

// announce is a message of now.
func announce(collector string, p netip.Prefix, withdrawn bool) rislivetest.Message {
	at := time.Now()
	m := rislivetest.Message{At: at, Type: "UPDATE", Prefixes: []netip.Prefix{p}, Path: "64496 64500"}
	body := fmt.Sprintf(`"path":[64496,64500],"announcements":[{"next_hop":"192.0.2.7","prefixes":["%s"]}]`, p)
	if withdrawn {
		m.Path, body = "", fmt.Sprintf(`"withdrawals":["%s"]`, p)
	}
	m.Frame = fmt.Appendf(nil, `{"type":"ris_message","data":{"timestamp":%d.%03d,"peer":"%s","peer_asn":"64496","host":"%s.ripe.net","type":"UPDATE",%s}}`,
		at.Unix(), at.Nanosecond()/1e6, peerAddr, collector, body)
	return m
}

func keepalive(collector string) rislivetest.Message {
	return rislivetest.Keepalive(collector, peerAddr, 64496, time.Now().Unix())
}

// The client asks for what is wanted, with its name, and delivers what comes.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Collectors: []string{"rrc00.ripe.net", "rrc01.ripe.net"}}
		f := follow(t, server, Filter{Prefix: prefix}, Filter{Origin: 64500})
		defer f.stop()
		after(time.Second)
		session := server.Sessions()[0]
		if session.Client != "isitdown test" || session.Agent != "isitdown/1 (ops@example.org)" {
			t.Errorf("it calls itself %q, %q", session.Client, session.Agent)
		}
		f.serves(t, 2)
		yes := true
		want := []rislivetest.Subscription{
			{Type: "RIS_PEER_STATE"},
			{Type: "STATE"},
			{Type: "KEEPALIVE"},
			{Type: "UPDATE", Prefix: "198.51.100.0/24", MoreSpecific: &yes, LessSpecific: &yes},
			{Type: "UPDATE", Path: "64500$"},
		}
		if diff := cmp.Diff(want, session.Subscriptions()); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
		server.Deliver(announce("rrc00", prefix, false), announce("rrc00", netip.MustParsePrefix("203.0.113.0/24"), true))
		after(time.Second)
		got := f.take(route.Routes)
		if len(got) != 1 || got[0].Announced[0].Prefix != prefix || got[0].Path.String() != "64496 64500" ||
			got[0].Peer != (route.Peer{Collector: "rrc00", Addr: peerAddr, AS: 64496}) {
			t.Errorf("delivered %+v, want the announcement alone", got)
		}
		st := f.Status()
		if st.Connected.IsZero() || st.Wanted != 2 || st.Served != 2 || st.Updates != 1 || st.Unreadable != 0 || !cmp.Equal(st.Collectors, []string{"rrc00", "rrc01"}) {
			t.Errorf("status %+v", st)
		}
		if gaps := f.Gaps(); len(gaps) != 0 {
			t.Errorf("gaps %v", gaps)
		}
	})
}

// What is wanted changes while it runs; nothing is left out on the way to the whole
// stream and back.
func TestWatchChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{}
		f := follow(t, server)
		defer f.stop()
		after(time.Second)
		f.serves(t, 0)
		other := netip.MustParsePrefix("203.0.113.0/24")
		f.Watch([]Filter{{Prefix: prefix}, {Prefix: prefix}})
		after(time.Second)
		f.serves(t, 1)
		f.Watch([]Filter{{Prefix: prefix}, {Prefix: other}})
		after(time.Second)
		f.serves(t, 2)
		f.Watch([]Filter{{Prefix: other}})
		after(time.Second)
		server.Deliver(announce("rrc00", prefix, false), announce("rrc00", other, false))
		after(time.Second)
		if got := f.take(route.Routes); len(got) != 1 || got[0].Announced[0].Prefix != other {
			t.Errorf("delivered %+v, want %v alone", got, other)
		}
		many := []Filter{{Prefix: other}}
		for i := range maxFilters {
			many = append(many, Filter{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)})
		}
		f.Watch(many)
		after(time.Second)
		f.serves(t, len(many)) // through the whole stream
		if subs := server.Sessions()[0].Subscriptions(); len(subs) != 4 || subs[3].Prefix != "" {
			t.Errorf("subscriptions %+v, want the whole stream instead of many", subs)
		}
		server.Deliver(announce("rrc00", prefix, false))
		after(time.Second)
		if got := f.take(route.Routes); len(got) != 1 {
			t.Errorf("delivered %+v, want all there is", got)
		}
	})
}

// A connection that ends is a hole from the last moment that was proven, of each
// collector; what is wanted is asked for again.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Collectors: []string{"rrc00", "rrc01"}}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		after(time.Second)
		for range 60 {
			server.Deliver(keepalive("rrc00"), keepalive("rrc01"))
			after(time.Second)
		}
		server.Deliver(announce("rrc00", prefix, false))
		after(500 * time.Millisecond)
		heard := time.Now().Add(-500 * time.Millisecond)
		f.take()
		server.CutAll()
		synctest.Wait()
		if st := f.Status(); st.Served != 0 {
			t.Errorf("%d filters served without a connection", st.Served)
		}
		lost := f.take()
		if len(lost) != 2 || lost[0].Kind != route.Lost || !lost[0].Refresh || lost[0].Peer != (route.Peer{Collector: "rrc00"}) || lost[1].Peer.Collector != "rrc01" {
			t.Fatalf("delivered %+v, want a hole of both collectors that asks for a refresh", lost)
		}
		if at := lost[0].At; !at.Equal(heard.Truncate(time.Millisecond)) {
			t.Errorf("lost at %v, want %v, of the last message", at, heard)
		}
		if at := lost[1].At; heard.Sub(at) > 3*time.Second || at.After(heard) {
			t.Errorf("lost at %v, want the last keepalive before %v", at, heard)
		}
		if g := f.Gaps(); len(g) != 1 || !strings.Contains(g[0].Reason, "stopped at 2000-01-01 00:01:0") || !strings.Contains(g[0].Reason, "the connection was cut") {
			t.Errorf("gaps %v", g)
		}
		after(2 * time.Second)
		if len(server.Sessions()) != 1 {
			t.Fatal("it does not come back")
		}
		f.serves(t, 1)
		server.Deliver(keepalive("rrc00"))
		after(2 * time.Second)
		if got := f.take(route.Alive); len(got) != 1 || got[0].Peer.Collector != "rrc00" {
			t.Errorf("delivered %+v, want that rrc00 is back", got)
		}
		server.Deliver(announce("rrc00", prefix, true))
		after(time.Second)
		if got := f.take(route.Routes, route.Lost); len(got) != 1 || len(got[0].Withdrawn) != 1 {
			t.Errorf("delivered %+v, want the withdrawal alone", got)
		}
		if st := f.Status(); st.Holes != 1 || st.Connected.IsZero() || st.Lost.IsZero() {
			t.Errorf("status %+v", st)
		}
		if g := f.Gaps(); len(g) != 0 {
			t.Errorf("gaps %v, want none while it is connected", g)
		}
	})
}

// A server that neither sends nor answers is given up after 45 s.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Collectors: []string{"rrc00"}, Deaf: true}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		after(44 * time.Second)
		if got := f.take(); len(got) != 0 {
			t.Errorf("delivered %+v before the time", got)
		}
		after(3 * time.Second)
		got := f.take()
		if len(got) != 1 || got[0].Kind != route.Lost || got[0].Peer.Collector != "rrc00" || time.Since(got[0].At) < 46*time.Second {
			t.Errorf("delivered %+v, want that rrc00 is lost since the connection began", got)
		}
		if !strings.Contains(f.log.String(), "nothing came for 45s") {
			t.Errorf("log: %s", &f.log)
		}
	})
}

// A quiet stream is alive: by pongs, and where there are keepalives by those.
func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Collectors: []string{"rrc00", "rrc01"}}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		var last time.Time
		for range 10 {
			after(30 * time.Second)
			got := f.take()
			if len(got) < 2 {
				t.Fatalf("delivered %+v in 30 s, want that both collectors live", got)
			}
			for _, u := range got {
				if u.Kind != route.Alive || time.Since(u.At) > time.Minute || u.At.Before(last) || u.At.After(time.Now()) {
					t.Errorf("delivered %+v at %v, want Alive of the last half minute", u, time.Now())
				}
				last = u.At
			}
		}
		// From here on there are keepalives, and then none of rrc01.
		for range 60 {
			server.Deliver(keepalive("rrc00"), keepalive("rrc01"))
			after(time.Second)
		}
		f.take()
		fell := time.Now()
		for range 240 {
			server.Deliver(keepalive("rrc00"))
			after(time.Second)
		}
		var lost []route.Update
		for _, u := range f.take() {
			switch {
			case u.Kind == route.Lost:
				lost = append(lost, u)
			case u.Peer.Collector == "rrc01" && u.At.After(fell):
				t.Errorf("rrc01 is alive at %v, and fell silent at %v", u.At, fell)
			case u.Peer.Collector == "rrc00" && time.Since(u.At) > 5*time.Minute:
				t.Errorf("rrc00 is alive at %v", u.At)
			}
		}
		if len(lost) != 1 || lost[0].Peer.Collector != "rrc01" || !lost[0].Refresh || lost[0].At.After(fell) {
			t.Errorf("lost %+v, want rrc01 since %v", lost, fell)
		}
		if g := f.Gaps(); len(g) != 1 || !strings.Contains(g[0].Reason, "incomplete for rrc01") {
			t.Errorf("gaps %v", g)
		}
		server.Deliver(keepalive("rrc01"))
		after(30 * time.Second)
		if got := f.take(route.Alive); !slices.ContainsFunc(got, func(u route.Update) bool { return u.Peer.Collector == "rrc01" }) {
			t.Errorf("delivered %+v, want that rrc01 is back", got)
		}
	})
}

// The loop of reconnections backs off, does as it is told, and starts again after a
// connection that held.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var tries []time.Time
		after429 := false
		server := &rislivetest.Server{}
		server.Handshake = func(w http.ResponseWriter, _ *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			tries = append(tries, time.Now())
			if len(tries) < 10 {
				http.Error(w, "later", http.StatusServiceUnavailable)
				return true
			}
			if !after429 {
				after429 = true
				w.Header().Set("Retry-After", "600")
				http.Error(w, "too many", http.StatusTooManyRequests)
				return true
			}
			return false
		}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		least := minBackoff
		for i := 1; i < 10; i++ {
			if d := tries[i].Sub(tries[i-1]); d < least/2 || d > least {
				t.Errorf("try %d after %v, want %v less up to half of it", i, d, least)
			}
			least = min(2*least, maxBackoff)
		}
		if d := tries[10].Sub(tries[9]); d < 10*time.Minute {
			t.Errorf("came back after %v, was told 600 s", d)
		}
		if len(tries) != 11 || len(server.Sessions()) != 1 {
			t.Errorf("%d tries, %d sessions", len(tries), len(server.Sessions()))
		}
		if n := strings.Count(f.log.String(), "not connected"); n != 2 {
			t.Errorf("%d times in the log that there is no connection, want once a reason:\n%s", n, &f.log)
		}
	})
}
