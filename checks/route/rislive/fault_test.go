package rislive

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks/internal/webtest"
	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

// fault is one way in which the service fails. Either answers the handshake, or serves
// a connection; say is what the gap must say.
type fault struct {
	name, say string
	answer    http.HandlerFunc
	session   func(*rislivetest.Session)
	spoil     func(*rislivetest.Server) // instead of the two
}

// settled serves a connection until the client has subscribed, and then by f.
func settled(f func(*rislivetest.Session)) func(*rislivetest.Session) {
	return func(s *rislivetest.Session) {
		for range 5 { // the list of collectors, and four subscriptions
			m, err := s.Receive()
			if err != nil || s.Answer(m) != nil {
				return
			}
		}
		var reading sync.WaitGroup
		reading.Go(s.Serve)
		f(s)
		s.Cut()
		reading.Wait()
	}
}

// again sends the same text frame over and over, every second.
func again(frame string) func(*rislivetest.Session) {
	return func(s *rislivetest.Session) {
		for s.Send([]byte(frame)) == nil {
			time.Sleep(time.Second)
		}
	}
}

func faults() []fault {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			fmt.Fprint(w, "<html><body>what is this?</body></html>")
		}
	}
	raw := func(b ...[]byte) func(*rislivetest.Session) {
		return func(s *rislivetest.Session) { _ = s.Raw(bytes.Join(b, nil)) }
	}
	header := rislivetest.AppendHeader
	return []fault{
		{name: "500", say: "500 Internal Server Error", answer: status(500)},
		{name: "429", say: "429 Too Many Requests", answer: status(429)},
		{name: "429 with Retry-After", say: "429 Too Many Requests", answer: status(429, "Retry-After", "60")},
		{name: "HTML", say: "200 OK", answer: status(200, "Content-Type", "text/html")},
		{name: "redirected for ever", say: "302 Found", answer: status(302, "Location", "/v1/ws/")},
		{name: "upgraded to something else", say: "the handshake fails", answer: status(101, "Upgrade", "smtp", "Connection", "Upgrade")},
		{name: "slow handshake", say: "no answer within 30s", answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "cut in the handshake", say: "the connection was cut", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{name: "cut at once", say: "the connection was cut", session: func(*rislivetest.Session) {}},
		{name: "cut in a frame", say: "the connection was cut", session: settled(raw(header(nil, rislivetest.Text, true, 100), []byte(`{"type"`)))},
		{name: "cut in a header", say: "the connection was cut", session: settled(raw([]byte{0x81}))},
		{name: "garbage", say: "not what a WebSocket sends", session: settled(raw(bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 1000)))},
		{name: "frames in binary", say: "made no sense", session: settled(func(s *rislivetest.Session) {
			for s.Frame(rislivetest.Binary, true, []byte{0, 1, 2, 0xff}) == nil {
				time.Sleep(time.Second)
			}
		})},
		{name: "compressed without asking", say: "not what a WebSocket sends", session: settled(raw([]byte{0xc1, 1, 0}))},
		{name: "a ping of 64 KiB", say: "not what a WebSocket sends", session: settled(raw(header(nil, rislivetest.Ping, true, 1<<16), make([]byte, 1<<16)))},
		{name: "empty frames", say: "made no sense", session: settled(again(""))},
		{name: "wrong schema", say: "made no sense", session: settled(again(`{"type":"ris_message","data":{"prefix":"192.0.2.0/24","gone":true}}`))},
		{name: "JSON cut short", say: "made no sense", session: settled(again(update[:len(update)-20]))},
		{name: "HTML in frames", say: "made no sense", session: settled(again("<html><body>502</body></html>"))},
		{name: "2 GiB announced", say: "longer than 1048576 bytes", session: settled(func(s *rislivetest.Session) {
			part := make([]byte, 1<<16)
			for err := s.Raw(header(nil, rislivetest.Text, true, 2<<30)); err == nil; err = s.Raw(part) {
			}
		})},
		{name: "a frame without an end", say: "longer than 1048576 bytes", session: settled(func(s *rislivetest.Session) {
			part := bytes.Repeat([]byte(" "), 1<<12)
			for err := s.Frame(rislivetest.Text, false, part); err == nil; err = s.Frame(rislivetest.Continuation, false, part) {
			}
		})},
		{name: "too slow for it", say: `closed it with code 1013, "too slow"`, session: settled(func(s *rislivetest.Session) {
			_ = s.Send([]byte(`{"type":"ris_error","data":{"message":"client too slow"}}`))
			s.Close(1013, "too slow")
		})},
		{name: "going away", say: "closed it with code 1001", session: settled(func(s *rislivetest.Session) { s.Close(1001, "") })},
		{name: "silent", say: "nothing came for 45s", session: func(s *rislivetest.Session) {
			for {
				if _, err := s.Receive(); err != nil {
					return
				}
			}
		}},
		{name: "deaf and busy", say: "does not serve all", session: func(s *rislivetest.Session) {
			for s.Send(keepalive("rrc00").Frame) == nil {
				time.Sleep(10 * time.Second)
			}
		}},
		{name: "nothing accepted", say: "does not serve all", spoil: func(s *rislivetest.Server) { s.Mute = true }},
		{name: "everything refused", say: `it says "no more"`, spoil: func(s *rislivetest.Server) {
			s.Refuse = func(rislivetest.Subscription) string { return "no more" }
		}},
		{name: "an hour ahead", say: "ahead of this machine's clock", session: settled(hourOff(time.Hour))},
		{name: "an hour behind", say: "old by this machine's clock", session: settled(hourOff(-time.Hour))},
	}
}

// hourOff sends withdrawals of a time that is not ours.
func hourOff(d time.Duration) func(*rislivetest.Session) {
	return func(s *rislivetest.Session) {
		for {
			now := time.Now().Add(d)
			frame := fmt.Sprintf(`{"type":"ris_message","data":{"timestamp":%d.000,"peer":"%s","peer_asn":"64496","host":"rrc00.ripe.net","type":"UPDATE","withdrawals":["%s"]}}`,
				now.Unix(), peerAddr, prefix)
			if s.Send([]byte(frame)) != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

// Whatever the service does, there is a gap that says so, nothing is invented, memory
// is bounded, nothing runs on (the bubble sees to it), and it works again when the
// service does.
func TestFaults(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sick, healthy := faulty(&f)
				used := webtest.Memory(func() { meet(t, &f, sick, healthy) })
				if used > webtest.MaxMemory {
					t.Errorf("%d MiB were allocated", used>>20)
				}
			})
		})
	}
}

// faulty gives a server with the fault, and what heals it.
func faulty(f *fault) (server *rislivetest.Server, healthy *atomic.Bool) {
	healthy = new(atomic.Bool)
	server = &rislivetest.Server{Collectors: []string{"rrc00"}}
	if f.spoil != nil {
		f.spoil(server)
		return server, healthy
	}
	server.Handshake = func(w http.ResponseWriter, r *http.Request) bool {
		if healthy.Load() || f.answer == nil {
			return false
		}
		f.answer(w, r)
		return true
	}
	server.Session = func(s *rislivetest.Session) {
		if healthy.Load() || f.session == nil {
			s.Serve()
			return
		}
		f.session(s)
	}
	return server, healthy
}

func meet(t *testing.T, f *fault, server *rislivetest.Server, healthy *atomic.Bool) {
	c := follow(t, server, Filter{Prefix: prefix})
	defer c.stop()
	var all []string
	for range 100 {
		after(5 * time.Second)
		gaps := c.Gaps()
		var text strings.Builder
		for _, g := range gaps {
			text.WriteString(g.Reason + "\n")
		}
		if all = append(all, text.String()); strings.Contains(text.String(), f.say) {
			webtest.Said(t, gaps)
			break
		}
	}
	if last := all[len(all)-1]; !strings.Contains(last, f.say) {
		t.Errorf("gaps %q, want one with %q", slices.Compact(all), f.say)
	}
	for _, u := range c.take() {
		old := time.Since(u.At) > 50*time.Minute // that is said to be late
		if u.Kind != route.Lost && u.Kind != route.Alive && !old {
			t.Errorf("delivered %+v", u)
		}
	}
	if f.spoil != nil {
		return
	}
	healthy.Store(true)
	server.CutAll()
	after(6 * time.Minute)
	if st := c.Status(); st.Served != 1 || st.Connected.IsZero() {
		t.Errorf("does not recover: %+v\n%s", st, &c.log)
	}
	server.Deliver(announce("rrc00", prefix, false))
	after(time.Minute)
	if got := c.take(route.Routes); len(got) != 1 && !slices.ContainsFunc(got, func(u route.Update) bool { return len(u.Announced) > 0 }) {
		t.Errorf("delivered %+v after it had recovered, want the announcement", got)
	}
}

// Where nobody listens.
func TestRefused(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	web.Close()
	_, err := dial(t.Context(), &Options{HTTP: &http.Client{}, URL: "ws" + strings.TrimPrefix(web.URL, "http")}, func() {})
	if got := reason(err); got != "the connection is refused" {
		t.Errorf("%q for %v", got, err)
	}
	c := New(Options{URL: "https://ris-live.ripe.net/v1/ws/"})
	if err := c.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "wss://host/path") {
		t.Errorf("%v, want that the address is not one of a WebSocket", err)
	}
	if g := c.Gaps(); len(g) != 1 || !strings.Contains(g[0].Reason, "not connected yet") {
		t.Errorf("gaps %v", g)
	}
}

// Messages of the future are not used: they have no place in the order of time. It is
// logged once, and a collector that is set right counts again.
func TestClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		after(time.Second)
		server.Deliver(announce("rrc00", prefix, false))
		after(time.Second)
		f.take()
		for range 90 {
			m := announce("rrc00", prefix, true)
			m.Frame = bytes.Replace(m.Frame, fmt.Appendf(nil, `"timestamp":%d`, time.Now().Unix()), fmt.Appendf(nil, `"timestamp":%d`, time.Now().Unix()+3600), 1)
			server.Deliver(m)
			after(time.Second)
		}
		if got := f.take(); len(got) != 1 || got[0].Kind != route.Lost || got[0].At.After(time.Now()) {
			t.Errorf("delivered %+v, want one hole", got)
		}
		if n := strings.Count(f.log.String(), "far apart"); n != 1 {
			t.Errorf("%d times in the log, want once:\n%s", n, &f.log)
		}
		if st := f.Status(); st.ClockOff.Round(time.Minute) != -time.Hour {
			t.Errorf("our clock is %v ahead, want an hour behind", st.ClockOff)
		}
		for range 90 {
			server.Deliver(announce("rrc00", prefix, false))
			after(time.Second)
		}
		if got := f.take(route.Routes); len(got) != 90 {
			t.Errorf("%d updates delivered, want all 90 of the right time", len(got))
		}
		if st := f.Status(); st.ClockOff != 0 || len(f.Gaps()) != 0 {
			t.Errorf("status %+v, gaps %v", st, f.Gaps())
		}
	})
}

// A consumer that takes its time keeps the server waiting, in bounded memory; the
// connection is not given up for it, and nothing is lost.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const frames = 60_000
		var sent atomic.Int64
		server := &rislivetest.Server{Deaf: true} // or it could not read while it cannot write
		pad := strings.Repeat("x", 700)
		server.Session = settled(func(s *rislivetest.Session) {
			time.Sleep(2 * time.Second)
			at := time.Now().Unix()
			for i := range frames {
				frame := fmt.Sprintf(`{"type":"ris_message","data":{"timestamp":%d.000,"peer":"%s","peer_asn":"64496","id":%q,"host":"rrc00.ripe.net","type":"UPDATE","withdrawals":["10.%d.%d.0/24"]}}`,
					at, peerAddr, pad, i>>8, i&255)
				if s.Send([]byte(frame)) != nil {
					return
				}
				sent.Add(1)
			}
			time.Sleep(time.Hour)
		})
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		after(time.Second)
		f.mu.Lock()
		f.block = make(chan struct{})
		f.mu.Unlock()
		after(2 * time.Minute)
		waiting := sent.Load()
		if waiting == frames || waiting < maxQueued/1000 {
			t.Errorf("%d of %d frames were taken while the consumer stood still, want about %d bytes of them", waiting, frames, maxQueued)
		}
		f.mu.Lock()
		close(f.block)
		f.block = nil
		f.mu.Unlock()
		after(10 * time.Second)
		got := f.take(route.Routes)
		if len(got) != frames {
			t.Fatalf("%d updates delivered, want %d", len(got), frames)
		}
		for i, u := range got {
			if want := fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255); u.Withdrawn[0].Prefix.String() != want {
				t.Fatalf("update %d is of %v, want %s", i, u.Withdrawn[0].Prefix, want)
			}
		}
		if st := f.Status(); st.Holes != 0 || st.Connected.IsZero() {
			t.Errorf("status %+v, want the same connection", st)
		}
	})
}

// Where filters are not accepted one by one, the whole stream is asked for.
func TestRefusedFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Refuse: func(s rislivetest.Subscription) string {
			if s.Prefix != "" {
				return "too many prefixes"
			}
			return ""
		}}
		f := follow(t, server)
		defer f.stop()
		if err := f.Cover(t.Context(), []Filter{{Prefix: prefix}, {Origin: 64500}}); err != nil {
			t.Fatal(err)
		}
		st := f.Status()
		if st.Served != 2 || len(st.Refused) != 1 || st.Refused[0] != prefix.String() || st.Complaint != "too many prefixes" {
			t.Errorf("status %+v", st)
		}
		server.Deliver(announce("rrc00", prefix, false))
		after(time.Second)
		if got := f.take(route.Routes); len(got) != 1 {
			t.Errorf("delivered %+v", got)
		}
		after(time.Minute)
		if subs := server.Sessions()[0].Subscriptions(); len(subs) != 4 {
			t.Errorf("subscriptions %+v, want the whole stream and what always is", subs)
		}
	})
}

// After a reconnection nothing is delivered before everything wanted is served again.
func TestNothingBeforeAllIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		server := &rislivetest.Server{}
		server.Session = func(s *rislivetest.Session) {
			for {
				m, err := s.Receive()
				if err != nil {
					return
				}
				if slow.Load() && bytes.Contains(m, []byte("203.0.113")) {
					time.Sleep(5 * time.Second)
				}
				if s.Answer(m) != nil {
					return
				}
			}
		}
		f := follow(t, server, Filter{Prefix: prefix}, Filter{Prefix: netip.MustParsePrefix("203.0.113.0/24")})
		defer f.stop()
		after(time.Second)
		slow.Store(true)
		server.CutAll()
		after(3 * time.Second)
		f.take()
		server.Deliver(announce("rrc00", prefix, true), keepalive("rrc00"))
		after(time.Second)
		if got := f.take(); len(got) != 0 {
			t.Errorf("delivered %+v while one of two filters is not served", got)
		}
		after(5 * time.Second)
		server.Deliver(announce("rrc00", prefix, true))
		after(time.Second)
		if got := f.take(route.Routes); len(got) != 1 {
			t.Errorf("delivered %+v, want the withdrawal", got)
		}
	})
}

// Routes that somebody made unreadable, and that routers passed on, do not end the stream:
// here with an Only-to-Customer attribute (RFC 9234) of five bytes.
func TestUnreadableRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{}
		f := follow(t, server, Filter{Prefix: prefix})
		defer f.stop()
		after(time.Second)
		attributes := "40010100" + "40020a02020000fbf00000fbf4" + "400304c0000207" + "e023050000fbf000"
		body := fmt.Sprintf("0000%04x%s18c63364", len(attributes)/2, attributes)
		raw := strings.Repeat("ff", 16) + fmt.Sprintf("%04x02%s", 19+len(body)/2, body)
		for range 60 {
			bad := announce("rrc00", prefix, false)
			bad.Frame = bytes.Replace(bad.Frame, []byte(`"type":"UPDATE"`), []byte(`"type":"UPDATE","raw":"`+raw+`"`), 1)
			server.Deliver(bad)
		}
		after(time.Second)
		server.Deliver(announce("rrc00", prefix, false))
		after(time.Second)
		if got := f.take(route.Routes, route.Lost); len(got) != 1 || got[0].Kind != route.Routes {
			t.Errorf("delivered %+v, want the one route that can be read", got)
		}
		st := f.Status()
		if st.Unreadable != 60 || st.Holes != 0 || len(f.Gaps()) != 1 {
			t.Errorf("status %+v, gaps %v", st, f.Gaps())
		}
		if n := strings.Count(f.log.String(), "makes no sense"); n != 1 {
			t.Errorf("%d times in the log, want once:\n%s", n, &f.log)
		}
	})
}

// Nobody is followed to another host, where inner services may be, nor from wss to ws.
func TestRedirectsElsewhere(t *testing.T) {
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inner.Close()
	sends := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL+"/latest/meta-data/", http.StatusFound)
	})
	open, secret := httptest.NewServer(sends), httptest.NewTLSServer(sends)
	defer open.Close()
	defer secret.Close()
	for _, s := range []*httptest.Server{open, secret} {
		_, err := dial(t.Context(), &Options{HTTP: s.Client(), URL: "ws" + strings.TrimPrefix(s.URL, "http")}, func() {})
		if got := reason(err); reached || !strings.Contains(got, "302 Found") {
			t.Errorf("%s: reached %t, %q", s.URL, reached, got)
		}
	}
}
