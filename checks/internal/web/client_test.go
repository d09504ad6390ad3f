package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/web"
	"isitdown/checks/internal/webtest"
)

// script answers with one handler after the other, the last again and again, and
// notes when each request came.
type script struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	at    []time.Time
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	step := s.steps[min(len(s.at), len(s.steps)-1)]
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	step(w, r)
}

func says(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func fine(w http.ResponseWriter, r *http.Request) { good.ServeHTTP(w, r) }

const address = "https://things.example/api"

// kind gives the kind of an error; "" for none.
func kind(err error) web.Kind {
	if e, ok := errors.AsType[*web.Error](err); ok {
		return e.Kind
	}
	if err != nil {
		return web.Kind("not an *Error: " + err.Error())
	}
	return ""
}

// How long after one attempt the next comes, and whether at all.
func TestRetry(t *testing.T) {
	tests := []struct {
		name     string
		options  web.Options
		request  web.Request
		steps    []http.HandlerFunc
		deadline time.Duration
		want     web.Kind
		requests int
		least    time.Duration // from the first request to the last
		most     time.Duration
	}{
		{name: "the second works", steps: []http.HandlerFunc{says(500), fine}, requests: 2, least: 250 * time.Millisecond, most: 750 * time.Millisecond},
		{name: "the third works", steps: []http.HandlerFunc{says(502), says(504), fine}, requests: 3, least: 750 * time.Millisecond, most: 2250 * time.Millisecond},
		{name: "none works", steps: []http.HandlerFunc{says(500)}, want: web.Broken, requests: 3, least: 750 * time.Millisecond, most: 2250 * time.Millisecond},
		{name: "not implemented is not asked again", steps: []http.HandlerFunc{says(501), fine}, want: web.Broken, requests: 1},
		{name: "a refusal is not asked again", steps: []http.HandlerFunc{says(404), fine}, want: web.Refusal, requests: 1},
		{
			name: "it says when, in seconds", steps: []http.HandlerFunc{says(429, "Retry-After", "7"), fine},
			requests: 2, least: 7 * time.Second, most: 8 * time.Second,
		},
		{
			name:  "it says when, by its own clock, which is off",
			steps: []http.HandlerFunc{says(503, "Date", "Mon, 04 May 2015 10:00:00 GMT", "Retry-After", "Mon, 04 May 2015 10:00:09 GMT"), fine}, requests: 2, least: 9 * time.Second, most: 10 * time.Second,
		},
		{name: "it wants to be left alone for long", steps: []http.HandlerFunc{says(429, "Retry-After", "60"), fine}, want: web.Limited, requests: 1},
		{
			name: "it has no limit left", steps: []http.HandlerFunc{says(429, "X-RateLimit-Reset", "5"), fine},
			requests: 2, least: 5 * time.Second, most: 6 * time.Second,
		},
		{name: "there is no time to wait", steps: []http.HandlerFunc{says(429, "Retry-After", "7"), fine}, deadline: 5 * time.Second, want: web.Limited, requests: 1},
		{
			name: "what may have been done is not done twice", request: web.Request{Method: http.MethodPost, Body: 1},
			steps: []http.HandlerFunc{says(500), fine}, want: web.Broken, requests: 1,
		},
		{
			name: "what was not done is", request: web.Request{Method: http.MethodPost, Body: 1},
			steps: []http.HandlerFunc{says(429, "Retry-After", "1"), says(503), fine}, requests: 3, least: time.Second, most: 5 * time.Second,
		},
		{
			name: "silence, and then an answer", steps: []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, fine},
			requests: 2, least: 10 * time.Second, most: 11 * time.Second,
		},
		{
			name: "silence is not waited out by a question of one's own", request: web.Request{Method: http.MethodPost, Body: 1},
			steps: []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}, want: web.Timeout, requests: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				s := &script{steps: tt.steps}
				tt.options.Service, tt.options.HTTP = "Things", webtest.Direct(s)
				tt.request.URL = address
				var got thing
				reply, err := web.New(tt.options).JSON(ctx, tt.request, &got)
				if kind(err) != tt.want {
					t.Errorf("got error %v, want kind %q", err, tt.want)
				}
				if err == nil && (got.Name == "" || reply.Attempts != tt.requests) {
					t.Errorf("got %+v after %d attempts, want the thing after %d", got, reply.Attempts, tt.requests)
				}
				if len(s.at) != tt.requests {
					t.Fatalf("got %d requests, want %d", len(s.at), tt.requests)
				}
				if took := s.at[len(s.at)-1].Sub(s.at[0]); took < tt.least || took > tt.most {
					t.Errorf("the last request came after %v, want %v to %v", took, tt.least, tt.most)
				}
			})
		})
	}
}

// A service that said when to come back is not asked before, by nobody.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{says(429, "Retry-After", "90"), fine}}
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s)})
		var got thing
		if _, err := c.JSON(t.Context(), web.Request{URL: address}, &got); kind(err) != web.Limited {
			t.Fatalf("got error %v, want it limited", err)
		}
		time.Sleep(30 * time.Second)
		_, err := c.JSON(t.Context(), web.Request{URL: address + "/other"}, &got)
		e, _ := errors.AsType[*web.Error](err)
		if e == nil || e.Kind != web.Limited || e.RetryAfter != time.Minute || len(s.at) != 1 {
			t.Errorf("got error %v after %d requests, want one that says 60 s, and one request", err, len(s.at))
		}
		time.Sleep(time.Minute)
		if _, err = c.JSON(t.Context(), web.Request{URL: address}, &got); err != nil {
			t.Errorf("got error %v after the time that it asked for, want none", err)
		}
	})
}

// Five failures in a row, and the service has half a minute's rest; a success
// after that and all is well.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: slices.Concat(slices.Repeat([]http.HandlerFunc{says(500)}, 6), []http.HandlerFunc{fine})}
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s), Attempts: 1})
		ask := func() web.Kind {
			var got thing
			_, err := c.JSON(t.Context(), web.Request{URL: address}, &got)
			return kind(err)
		}
		var got []web.Kind
		for range 7 {
			got = append(got, ask())
		}
		time.Sleep(time.Minute)
		got = append(got, ask(), ask()) // one trial, which fails
		time.Sleep(time.Minute)
		got = append(got, ask(), ask())
		want := slices.Concat(slices.Repeat([]web.Kind{web.Broken}, 5), []web.Kind{web.Open, web.Open, web.Broken, web.Open, "", ""})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("kinds of the answers differ (-want +got):\n%s", diff)
		}
		if len(s.at) != 8 {
			t.Errorf("got %d requests, want 8", len(s.at))
		}
	})
}

// Who is told of a question that was not asked hears why the ones before it failed.
func TestBreakerSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{says(500)}}
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s), Attempts: 1})
		var err error
		for range 6 {
			_, err = c.JSON(t.Context(), web.Request{URL: address}, new(thing))
		}
		if want := "Things has a fault of its own (HTTP status 500); nothing is known"; kind(err) != web.Open || web.Gap(err, "route", "Things", "nothing is known").Reason != want {
			t.Errorf("got %s and %q, want %s and %q", kind(err), web.Gap(err, "route", "Things", "nothing is known").Reason, web.Open, want)
		}
	})
}

// Refusals are answers: they leave nobody alone. A trial that is given up does
// not close the breaker.
func TestBreakerKnowsWhoIsToBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{says(404)}}
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s), Attempts: 1})
		for range 20 {
			if _, err := c.JSON(t.Context(), web.Request{URL: address}, new(thing)); kind(err) != web.Refusal {
				t.Fatalf("got error %v, want a refusal", err)
			}
		}
		s.steps, s.at = []http.HandlerFunc{says(500)}, nil
		for range 5 {
			c.JSON(t.Context(), web.Request{URL: address}, new(thing))
		}
		time.Sleep(time.Minute)
		s.steps = []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.JSON(ctx, web.Request{URL: address}, new(thing)); kind(err) != web.Canceled || !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want it canceled", err)
		}
		if _, err := c.JSON(t.Context(), web.Request{URL: address}, new(thing)); kind(err) != web.Open {
			t.Errorf("got error %v after a trial that was given up, want the breaker open", err)
		}
	})
}

func TestRateAndParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		s := &script{steps: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(700 * time.Millisecond)
			now.Add(-1)
			fine(w, r)
		}}}
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s), Rate: 2, Burst: 3, Parallel: 2})
		began := time.Now()
		var group sync.WaitGroup
		for range 9 {
			group.Go(func() {
				if _, err := c.JSON(t.Context(), web.Request{URL: address}, new(thing)); err != nil {
					t.Errorf("got error %v", err)
				}
			})
		}
		group.Wait()
		var at []time.Duration
		for _, when := range s.at {
			at = append(at, when.Sub(began))
		}
		const ms = time.Millisecond
		want := []time.Duration{0, 0, 700 * ms, 700 * ms, 1400 * ms, 1500 * ms, 2100 * ms, 2500 * ms, 3000 * ms}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("times of the requests differ (-want +got):\n%s", diff)
		}
		if most.Load() != 2 {
			t.Errorf("got %d requests at a time, want 2", most.Load())
		}
	})
}

// What is asked, and what of it is told.
func TestSecretsStayHidden(t *testing.T) {
	const secret, other = "s3cr3t/t0ken+value", "another-secret"
	var seen http.Header
	echo := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			seen = r.Header
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"message": "bad token " + r.Header.Get("Authorization") + " " + other}})
		}
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	away := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/?token="+secret, http.StatusFound)
	}
	for name, step := range map[string]http.HandlerFunc{"403": echo(403), "500": echo(500), "schema": echo(200), "hung up": hangUp, "away": away} {
		var log strings.Builder
		c := web.New(web.Options{
			Service: "Things", HTTP: webtest.Direct(step), Attempts: 2, Backoff: 1, UserAgent: "isitdown/1.2 (+mailto:noc@example.org)",
			Header: http.Header{"Authorization": {"Bearer " + secret}}, Secrets: []string{other},
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		r := web.Request{URL: "https://user:hunter22@things.example/" + other + "/x?token=tok1234&resource=KP&api_key=abcd1234#frag", Check: func() error { return fmt.Errorf("it echoes %s", secret) }}
		_, err := c.JSON(t.Context(), r, new(any))
		if err == nil {
			t.Fatalf("%s: got no error", name)
		}
		e, _ := errors.AsType[*web.Error](err)
		all := fmt.Sprint(err, " ", e.Sentence(), " ", e.Detail, " ", web.Gap(err, "things", "Things", "x"), log.String())
		for _, s := range []string{secret, other, "hunter22", "tok1234", "abcd1234", "s3cr3t"} {
			if strings.Contains(all, s) {
				t.Errorf("%s: %q stands in what is told: %s", name, s, all)
			}
		}
		if !strings.Contains(err.Error(), "resource=KP") {
			t.Errorf("%s: got %v, want the question in it", name, err)
		}
	}
	if got, want := seen.Get("User-Agent"), "isitdown/1.2 (+mailto:noc@example.org)"; got != want {
		t.Errorf("got user agent %q, want %q", got, want)
	}
}

func TestRedirects(t *testing.T) {
	var last *http.Request
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = r
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		fine(w, r)
	})
	tests := []struct{ from, to, header string }{
		{"https://things.example/a", "https://things.example/b", "token12345"},
		{"http://things.example/a", "https://things.example:443/b", "not followed"}, // another host as far as its name goes
		{"https://things.example/a", "http://things.example/b", "not followed"},
		{"https://things.example/a", "https://mirror.example/b", "not followed"},
		{"https://things.example/a", "http://mirror.example/b", "not followed"},
		{"https://things.example/a", "https://evil.example/b", "not followed"},
		{"https://things.example/a", "file:///etc/passwd", "not followed"},
		{"https://things.example/a", "https://things.example/b?to=/b%3Fto=/b%253Fto=/b%25253Fto=/b%2525253Fto=/b%252525253Fto=/b", "not followed"},
	}
	for _, tt := range tests {
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(h), Header: http.Header{"X-Token": {"token12345"}}})
		_, err := c.JSON(t.Context(), web.Request{URL: tt.from + "?to=" + strings.ReplaceAll(tt.to, "?", "%3F")}, new(thing))
		if tt.header == "not followed" {
			if kind(err) != web.Redirected {
				t.Errorf("%s -> %s: got error %v, want it not followed", tt.from, tt.to, err)
			}
			continue
		}
		if err != nil || last.Header.Get("X-Token") != tt.header {
			t.Errorf("%s -> %s: got error %v and token %q, want none and %q", tt.from, tt.to, err, last.Header.Get("X-Token"), tt.header)
		}
	}
}

// Refusals that are answers, and clocks that are right.
func TestConditional(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Age", "3600")
		if r.Header.Get("If-None-Match") == `"x"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fine(w, r)
	})
	s := webtest.Start(t, webtest.Fault{}, h)
	c := web.New(impatient(s))
	var got thing
	reply, err := c.JSON(t.Context(), web.Request{URL: s.URL, Header: http.Header{"If-None-Match": {`"x"`}}, Also: []int{304}}, &got)
	if err != nil || reply.Status != 304 || got.Name != "" {
		t.Errorf("got %+v, %+v, %v, want status 304 and nothing else", got, reply, err)
	}
	if err := c.Skewed(reply); err != nil {
		t.Errorf("got %v for an answer that a cache kept for an hour, want none", err)
	}
	if _, err = c.JSON(t.Context(), web.Request{URL: s.URL, Header: http.Header{"If-None-Match": {`"x"`}}}, &got); kind(err) != web.Redirected {
		t.Errorf("got %v for a status that was not asked for, want an error", err)
	}
}

// A stream is read to its end, however long it takes, as long as it comes.
func TestStream(t *testing.T) {
	webtest.NoLeaks(t)
	block := strings.Repeat("x", 1000)
	var blocks, pause atomic.Int64
	s := webtest.Start(t, webtest.Fault{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range blocks.Load() {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
			http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(time.Duration(pause.Load())):
			}
		}
	}))
	o := impatient(s)
	o.MaxBody = 8000
	read := func(n, p int64, o web.Options) (int, web.Kind) {
		t.Helper()
		blocks.Store(n)
		pause.Store(p)
		stream, err := web.New(o).Stream(t.Context(), web.Request{URL: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		data, err := io.ReadAll(stream)
		return len(data), kind(err)
	}
	o.Timeout = 2 * time.Second
	if n, k := read(8, int64(300*time.Millisecond), o); n != 8000 || k != "" { // longer than the timeout
		t.Errorf("got %d bytes and %q of a stream that keeps coming, want 8000 and no error", n, k)
	}
	if n, k := read(9, 0, o); n != 8000 || k != web.TooLarge {
		t.Errorf("got %d bytes and %q of a stream that is too long, want 8000 and %q", n, k, web.TooLarge)
	}
	o.Timeout = 100 * time.Millisecond
	if n, k := read(2, int64(time.Minute), o); n != 1000 || k != web.Timeout {
		t.Errorf("got %d bytes and %q of a stream that stops, want 1000 and %q", n, k, web.Timeout)
	}
	cut := webtest.Start(t, webtest.Faults()[4], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, block) }))
	stream, err := web.New(impatient(cut)).Stream(t.Context(), web.Request{URL: cut.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if data, err := io.ReadAll(stream); len(data) != 500 || kind(err) != web.Truncated || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d bytes and %v of a stream that is cut, want 500 and %q", len(data), err, web.Truncated)
	}
}

func TestObserve(t *testing.T) {
	var got []string
	s := &script{steps: []http.HandlerFunc{fine, says(404), fine}}
	c := web.New(web.Options{
		Service: "Things", HTTP: webtest.Direct(s), Cache: web.NewCache(1 << 20),
		Observe: func(service, result string, took time.Duration) { got = append(got, service+" "+result) },
	})
	for _, u := range []string{address, address, address + "?2"} {
		c.JSON(t.Context(), web.Request{URL: u, TTL: time.Hour}, new(thing))
	}
	if stream, err := c.Stream(t.Context(), web.Request{URL: address}); err == nil {
		stream.Close()
	}
	if diff := cmp.Diff([]string{"Things ok", "Things cached", "Things refusal", "Things ok"}, got); diff != "" {
		t.Errorf("what was observed differs (-want +got):\n%s", diff)
	}
}

// Foreign errors have no words of their own.
func TestGapOfAnything(t *testing.T) {
	got := web.Gap(fmt.Errorf("reading: %w", errors.New("dial tcp 10.0.0.1: boom")), "ioda", "IODA", "its signals are not known")
	want := checks.Gap{Check: "ioda", Reason: "IODA could not be used; its signals are not known"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A certificate that nobody here signed is not a service that is away.
func TestUntrusted(t *testing.T) {
	s := httptest.NewUnstartedServer(good)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, err := web.New(web.Options{Service: "Things", Attempts: 3, Backoff: 1}).JSON(t.Context(), web.Request{URL: s.URL}, new(thing))
	if e, ok := errors.AsType[*web.Error](err); !ok || e.Kind != web.Untrusted || e.Attempts != 1 || !strings.Contains(e.Sentence(), "clock") {
		t.Errorf("got error %v, want its certificate not trusted, and one attempt", err)
	}
	if _, err = web.New(web.Options{Service: "Things", HTTP: s.Client()}).JSON(t.Context(), web.Request{URL: s.URL}, new(thing)); err != nil {
		t.Errorf("got error %v with a client that trusts it", err)
	}
}

// What cannot be asked is not the service's fault, and shows nothing.
func TestUnsent(t *testing.T) {
	c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(good), Attempts: 3})
	for name, r := range map[string]web.Request{
		"no address": {URL: "::hunter22"},
		"control":    {URL: "https://things.example/\x00hunter22"},
		"method":     {Method: "G T", URL: address},
		"body":       {Method: "POST", URL: address, Body: func() {}},
	} {
		_, err := c.JSON(t.Context(), r, new(thing))
		if kind(err) != web.Unsent || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: got error %v, want it unsent", name, err)
		}
	}
}
