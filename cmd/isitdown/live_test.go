package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/route/rislivetest"
)

// liveShow is the program on live sources that are all ours, in a bubble: RIPEstat and
// RIS Live, with the bot looking at North Korea every ten seconds.
type liveShow struct {
	*watchroom
	t      *testing.T
	ripe   *ripeStand
	ris    *rislivetest.Server
	dumb   atomic.Bool // RIS Live takes connections, and says nothing
	log    *lockedBuffer
	watch  *bot.Watch
	told   []bot.Change
	states []checks.State // of every look
}

// byHost sends requests where their host is.
type byHost map[string]http.RoundTripper

func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if to := b[r.URL.Host]; to != nil {
		return to.RoundTrip(r)
	}
	return nil, fmt.Errorf("nothing is at %s", r.URL.Host)
}

// handled answers from a handler, without a network.
type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// showLive runs a test in a bubble in which all is well.
func showLive(t *testing.T, play func(t *testing.T, s *liveShow)) {
	showLiveWith(t, func(*app, byHost) {}, play)
}

// showLiveWith does it with settings and services besides.
func showLiveWith(t *testing.T, more func(*app, byHost), play func(t *testing.T, s *liveShow)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 22, 12, 20, 0, 0, time.UTC)))
		s := &liveShow{t: t, log: &lockedBuffer{}}
		s.ripe = newRIPEStand(time.Now, kpRoutes(time.Time{})...)
		s.ris = &rislivetest.Server{Collectors: []string{"rrc00.ripe.net", "rrc01.ripe.net", "rrc02.ripe.net"}}
		s.ris.Session = s.serveRIS
		pipe, stopPipe := s.ris.Pipe()
		a := testApp()
		a.log = slog.New(slog.NewTextHandler(s.log, nil))
		services := byHost{"stat.ripe.net": handled{s.ripe}, "ris-live.ripe.net": pipe.Transport}
		a.http = &http.Client{Transport: services}
		a.config.URLs.RISLive = "ws://ris-live.ripe.net/v1/ws/"
		a.config.Sources.IODA, a.config.Sources.Globalping, a.config.Sources.RegistryRefresh = false, false, false
		more(a, services)
		lists, err := a.loadRegistry(nil)
		if err != nil {
			t.Fatal(err)
		}
		s.watchroom = a.newWatchroom(source{registry: lists})
		if a.config.World.On {
			if s.globe, err = a.newGlobe(lists, a.config.World.Snapshot); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.goLive(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := s.run(ctx); err != nil {
				t.Errorf("running live sources: %v", err)
			}
		})
		running.Go(func() { s.beat(ctx) })
		defer func() {
			stop()
			running.Wait()
			stopPipe()
			if t.Failed() {
				t.Logf("log:\n%s", s.log)
			}
		}()
		s.followKP(a)
		play(t, s)
	})
}

// serveRIS answers one connection, while RIS Live is not dumb.
func (s *liveShow) serveRIS(c *rislivetest.Session) {
	for {
		message, err := c.Receive()
		if err != nil {
			return
		}
		if s.dumb.Load() {
			continue
		}
		if c.Answer(message) != nil {
			return
		}
	}
}

// followKP has the bot's own watch look at North Korea.
func (s *liveShow) followKP(a *app) {
	f, err := s.follow(kp)
	if err != nil {
		s.t.Fatal(err)
	}
	s.watch = &bot.Watch{Assess: f.Assess, Revision: f.Revision, Freeze: f.Freeze, Policy: a.config.policy(), Settle: a.config.Route.Settle.Duration}
}

// beat passes on a keepalive of every session each half minute.
func (s *liveShow) beat(ctx context.Context) {
	every := time.NewTicker(30 * time.Second)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		for _, p := range s.ripe.sessions {
			if !s.dumb.Load() {
				s.ris.Deliver(rislivetest.Keepalive(p.collector(), netip.MustParseAddr(p.addr), uint32(p.as), time.Now().Unix()))
			}
		}
	}
}

func (s *standSession) collector() string { return fmt.Sprintf("rrc%02d", s.rrc) }

// message is what a session says of a route now.
func (s *standSession) message(r *standRoute, withdrawn bool) rislivetest.Message {
	now := time.Now()
	m := rislivetest.Message{At: now, Type: "UPDATE", Prefixes: []netip.Prefix{netip.MustParsePrefix(r.prefix)}}
	body := fmt.Sprintf(`"withdrawals":[%q]`, r.prefix)
	if !withdrawn {
		path := strings.ReplaceAll(strings.Trim(fmt.Sprint(s.path(r)), "[]"), " ", ",")
		m.Path = strings.ReplaceAll(path, ",", " ")
		body = fmt.Sprintf(`"path":[%s],"announcements":[{"next_hop":%q,"prefixes":[%q]}]`, path, s.addr, r.prefix)
	}
	m.Frame = fmt.Appendf(nil, `{"type":"ris_message","data":{"timestamp":%d.%03d,"peer":%q,"peer_asn":"%d","host":"%s.ripe.net","type":"UPDATE",%s}}`,
		now.Unix(), now.Nanosecond()/1e6, s.addr, s.as, s.collector(), body)
	return m
}

// state is the message of a session that comes or goes.
func (s *standSession) state(state string) rislivetest.Message {
	return rislivetest.Message{At: time.Now(), Type: "STATE", Frame: fmt.Appendf(nil,
		`{"type":"ris_message","data":{"timestamp":%d.000,"peer":%q,"peer_asn":"%d","host":"%s.ripe.net","type":"STATE","state":%q}}`,
		time.Now().Unix(), s.addr, s.as, s.collector(), state)}
}

// withdraw takes all four routes of North Korea away, everywhere.
func (s *liveShow) withdraw(heard bool) {
	routes := kpRoutes(time.Now())
	s.ripe.set(routes)
	for i := range routes {
		for _, p := range s.ripe.sessions {
			if heard {
				s.ris.Deliver(p.message(&routes[i], true))
			}
		}
	}
}

// pass lets time pass, with a look every ten seconds.
func (s *liveShow) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s.told = append(s.told, s.watch.Step(time.Now())...)
		s.states = append(s.states, s.watch.Verdict().State)
	}
}

// is fails the test where the state is another.
func (s *liveShow) is(when string, want checks.State) {
	s.t.Helper()
	if v := s.watch.Assess(time.Now()); v.State != want {
		s.t.Errorf("%s: got %s, want %s; gaps %q", when, v.State, want, v.Gaps)
	}
}

// nothing fails the test where anything was told.
func (s *liveShow) nothing(when string) {
	s.t.Helper()
	for _, c := range s.told {
		s.t.Errorf("%s: told %v of %s", when, c.Kind, c.Verdict.State)
	}
}

// What is followed is looked up and joined by the stream; a withdrawal that the stream
// tells of is an incident.
func TestLiveWithdrawal(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		s.is("in the beginning", checks.Up)
		s.nothing("in the beginning")
		before := time.Now()
		s.withdraw(true)
		s.pass(5 * time.Minute)
		s.is("withdrawn", checks.Down)
		if len(s.told) != 1 || s.told[0].Verdict.State != checks.Down {
			t.Fatalf("told %d changes, want one, of the outage", len(s.told))
		}
		if on := s.watch.Verdict().Onset; on.Half.Sub(before).Abs() > time.Second {
			t.Errorf("onset %v, want %s", on, before)
		}
	})
}

// A stream that stops is no outage: nothing is known until it is back, and nothing is told.
func TestLiveStall(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		s.is("before", checks.Up)
		s.dumb.Store(true)
		s.pass(10 * time.Minute)
		s.is("after ten minutes of silence", checks.Unknown)
		if f := s.finding(); f.OK {
			t.Errorf("/readyz says %+v", f)
		}
		s.dumb.Store(false)
		s.pass(15 * time.Minute)
		s.is("when it is back", checks.Up)
		s.nothing("over a stall")
		if n := strings.Count(s.log.String(), "a source does not answer"); n != 1 {
			t.Errorf("the log was told %d times that a source does not answer, want once", n)
		}
	})
}

// A stream that is cut and comes back withdraws nothing.
func TestLiveReconnection(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		for range 3 {
			s.ris.CutAll()
			s.pass(4 * time.Minute)
		}
		s.pass(10 * time.Minute)
		s.is("after three cuts", checks.Up)
		s.nothing("over cuts")
		for i, state := range s.states {
			if state != checks.Up && state != checks.Unknown {
				t.Fatalf("look %d: got %s, want up or unknown", i, state)
			}
		}
	})
}

// What went while nobody listened is found when the stream is back, with an interval
// for its time.
func TestLiveLossInAHole(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		s.dumb.Store(true)
		began := time.Now()
		s.pass(2 * time.Minute)
		s.withdraw(false)
		s.pass(8 * time.Minute)
		s.nothing("while nobody listens")
		s.dumb.Store(false)
		s.pass(20 * time.Minute)
		s.is("when it is back", checks.Down)
		if len(s.told) != 1 {
			t.Fatalf("told %d changes, want one", len(s.told))
		}
		if on := s.watch.Verdict().Onset; on.After.Before(began.Add(-time.Minute)) || on.After.After(began.Add(time.Minute)) {
			t.Errorf("onset after %s, want the beginning of the hole at %s", on.After, began)
		}
	})
}

// A session that is reset, and says its table again, is no outage.
func TestLivePeerReset(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		routes := kpRoutes(time.Time{})
		for _, p := range s.ripe.sessions {
			for i := range routes { // as some do, before they say that the session is gone
				s.ris.Deliver(p.message(&routes[i], true))
			}
			s.ris.Deliver(p.state("down"))
			s.pass(20 * time.Second)
			s.ris.Deliver(p.state("connected"))
			for i := range routes {
				s.ris.Deliver(p.message(&routes[i], false))
			}
		}
		s.pass(15 * time.Minute)
		s.is("after every session was reset", checks.Up)
		s.nothing("over resets")
	})
}
