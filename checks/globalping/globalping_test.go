package globalping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// standIn answers as the API does: 202 with an ID, then the state of the
// measurement, which is final after so many looks at it.
type standIn struct {
	looks   int              // until it is final
	results []map[string]any // of the final state
	budget  [3]int           // limit, remaining, reset

	mu       sync.Mutex
	requests []map[string]any
	got      int // looks so far, of the newest measurement
	early    bool
	last     time.Time
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/measurements":
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.requests, s.got = append(s.requests, body), 0
		if s.budget[0] > 0 {
			for i, name := range []string{"Limit", "Remaining", "Reset"} {
				w.Header().Set("X-RateLimit-"+name, fmt.Sprint(s.budget[i]))
			}
		}
		w.Header().Set("Location", "https://api.globalping.io/v1/measurements/PY5fMsREMmIq45VR")
		w.WriteHeader(http.StatusAccepted)
		json.NewEncoder(w).Encode(map[string]any{"id": "PY5fMsREMmIq45VR", "probesCount": len(s.results)})
	case r.URL.Path == "/v1/measurements/PY5fMsREMmIq45VR":
		s.early = s.early || time.Since(s.last) < pause
		s.last = time.Now()
		status, results := "in-progress", []map[string]any{}
		for i := range s.results {
			result := map[string]any{"status": "in-progress", "rawOutput": ""}
			if s.got >= s.looks || i < s.got {
				result = s.results[i]
			}
			results = append(results, map[string]any{"probe": probe(i), "result": result})
		}
		if s.got++; s.got > s.looks {
			status = "finished"
		}
		tag := fmt.Sprintf(`W/"%d"`, min(s.got, s.looks+1)/2) // two looks in a row may see the same
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag && status != "finished" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{
			"id": "PY5fMsREMmIq45VR", "type": s.requests[len(s.requests)-1]["type"], "status": status, "target": "8.8.8.8",
			"createdAt": "2026-11-22T12:00:00.000Z", "updatedAt": "2026-11-22T12:00:02.500Z", "probesCount": len(s.results), "results": results,
		})
	default:
		w.WriteHeader(http.StatusNotFound)
		json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"type": "not_found", "message": "Couldn't find the requested item."}})
	}
}

var cities = []string{"EU DE Berlin 3320", "NA US Ashburn 14618", "AS JP Tokyo 2516", "AF NG Lagos 36873", "SA BR Rio 28573"}

func probe(i int) map[string]any {
	f := strings.Fields(cities[i%len(cities)])
	var asn int
	fmt.Sscan(f[3], &asn)
	return map[string]any{
		"continent": f[0], "region": "x", "country": f[1], "state": nil, "city": f[2], "asn": asn, "network": "Net of " + f[2],
		"latitude": 1.5, "longitude": 2.5, "tags": []string{"datacenter-network"}, "resolvers": []string{"private"},
	}
}

func pinged(rtts ...float64) map[string]any {
	timings := []map[string]any{}
	for _, x := range rtts {
		timings = append(timings, map[string]any{"ttl": 59, "rtt": x})
	}
	return map[string]any{
		"status": "finished", "rawOutput": "PING", "resolvedAddress": "8.8.8.8", "resolvedHostname": "dns.google", "timings": timings,
		"stats": map[string]any{"min": nil, "max": nil, "avg": nil, "total": 3, "rcv": len(rtts), "drop": 3 - len(rtts), "loss": 0},
	}
}

// traced is a traceroute to 8.8.8.8 that gets as far as the address given.
func traced(last string) map[string]any {
	return map[string]any{
		"status": "finished", "rawOutput": "traceroute", "resolvedAddress": "8.8.8.8", "resolvedHostname": "dns.google", "hops": []any{
			map[string]any{"resolvedAddress": nil, "resolvedHostname": nil, "timings": []any{}},
			map[string]any{"resolvedAddress": last, "resolvedHostname": last, "timings": []any{map[string]any{"rtt": 12.5}, map[string]any{"rtt": 11.5}}},
		},
	}
}

func failedBy(source string) map[string]any {
	r := map[string]any{"status": "failed", "rawOutput": "no"}
	if source != "" {
		r["failureSource"] = source
	}
	return r
}

func served(code int, firstByte any) map[string]any {
	return map[string]any{
		"status": "finished", "rawOutput": "HTTP/1.1 200", "rawHeaders": "", "rawBody": nil, "truncated": false, "headers": map[string]any{},
		"resolvedAddress": "8.8.8.8", "statusCode": code, "statusCodeName": "x", "tls": nil,
		"timings": map[string]any{"total": 300, "dns": 3, "tcp": 4, "tls": nil, "firstByte": firstByte, "download": 1},
	}
}

// over gives a client whose requests a handler answers in memory, for tests in
// bubbles: no connection is made.
func over(h http.Handler, o Options) *Client {
	o.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		rec := newRecorder()
		h.ServeHTTP(rec, r)
		return rec.response(r), nil
	})}
	return New(o)
}

func footprint(t *testing.T, text string) *checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return &checks.Footprint{Target: target}
}

func TestClaims(t *testing.T) {
	tests := []struct {
		name, target string
		results      []map[string]any
		want         string
		loss         *bool
	}{
		{
			"all answer", "8.8.8.8",
			[]map[string]any{pinged(20, 22, 21), pinged(5), pinged(180.4, 180)},
			"pings answered from 3 of 3 places on 3 continents (median 21 ms)", new(false),
		},
		{
			"some do not, some cannot tell", "8.8.8.8",
			[]map[string]any{pinged(2.25), pinged(), failedBy("target"), failedBy("internal"), failedBy("")},
			"pings answered from 1 of 3 places on 3 continents (median 2.2 ms); no answer in Ashburn (US, AS14618), Tokyo (JP, AS2516); 2 places more could not tell", nil,
		},
		{
			"none answers a ping", "example.org",
			[]map[string]any{pinged(), pinged()},
			"pings answered from 0 of 2 places on 2 continents; some hosts never answer these", nil,
		},
		{
			"pages and errors", "https://example.org/a?b=c",
			[]map[string]any{served(200, 210), served(503, 20), served(200, 190), served(200, nil), failedBy("target")},
			"HTTP requests answered from 4 of 5 places on 5 continents (median 190 ms), status 200 at 3, 503 at 1; no answer in Rio (BR, AS28573)", new(false),
		},
		{
			"no page anywhere", "https://example.org",
			[]map[string]any{failedBy("target"), failedBy("target"), failedBy("resolver")},
			"HTTP requests answered from 0 of 2 places on 2 continents; 1 place more could not tell", new(true),
		},
		{"nobody could tell", "8.8.8.8", []map[string]any{failedBy("internal"), {"status": "offline", "rawOutput": ""}}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := over(&standIn{looks: 1, results: tt.results}, Options{})
				claims, err := c.Claims(t.Context(), footprint(t, tt.target), time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if tt.want == "" {
					if len(claims) > 0 {
						t.Errorf("claims %+v, want none", claims)
					}
					return
				}
				want := []checks.Claim{{
					Service: "Globalping", Text: tt.want, At: time.Date(2026, 11, 22, 12, 0, 2, 5e8, time.UTC),
					Link: "https://globalping.io/?measurement=PY5fMsREMmIq45VR", Rests: "Globalping's probes", Loss: tt.loss,
				}}
				if diff := cmp.Diff(want, claims); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A traceroute has arrived where its last hop is the target.
func TestTraceroute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := over(&standIn{results: []map[string]any{traced("8.8.8.8"), traced("192.178.1.1")}}, Options{})
		m, err := c.Measure(t.Context(), Question{Kind: Traceroute, Target: "8.8.8.8"})
		if err != nil || len(m.Vantages) != 2 {
			t.Fatalf("%+v, %v", m, err)
		}
		if v := m.Vantages[0]; v.Result != Answered || v.RTT != 11500*time.Microsecond || len(v.Hops) != 2 || v.Hops[0].Addr.IsValid() {
			t.Errorf("arrived: %+v", v)
		}
		if v := m.Vantages[1]; v.Result != Silent || v.RTT != 0 {
			t.Errorf("did not arrive: %+v", v)
		}
	})
}

// Networks, countries and prefixes are no host; the past cannot be measured.
func TestWhatIsNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{results: []map[string]any{pinged(1)}}
		c := over(s, Options{})
		for _, text := range []string{"KP", "AS131279", "175.45.176.0/22"} {
			f := footprint(t, text)
			if claims, err := c.Claims(t.Context(), f, time.Now()); claims != nil || err != nil || Asks(f.Target) {
				t.Errorf("%s: %v, %v", text, claims, err)
			}
		}
		if claims, err := c.Claims(t.Context(), footprint(t, "8.8.8.8"), time.Now().Add(-time.Hour)); claims != nil || err != nil {
			t.Errorf("the past: %v, %v", claims, err)
		}
		if len(s.requests) > 0 {
			t.Errorf("asked for %v", s.requests)
		}
		if claims, err := c.Claims(t.Context(), footprint(t, "8.8.8.8"), time.Time{}); len(claims) != 1 || err != nil {
			t.Errorf("the zero time, which is now: %v, %v", claims, err)
		}
	})
}

// A measurement under way is looked at with a pause after each answer, by its tag,
// and what had come when the time was over is given as what it is.
func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{looks: 5, results: []map[string]any{pinged(1), pinged(2), pinged(3), pinged(4), pinged(5)}}
		m, err := over(s, Options{}).Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"})
		if err != nil || !m.Done || s.early {
			t.Fatalf("%+v, error %v, too early %t", m, err, s.early)
		}
		if got := m.tally().answered; got != 5 {
			t.Errorf("%d places answered, want 5", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{looks: 1000, results: []map[string]any{pinged(1), pinged(2), failedBy("target")}}
		ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
		defer cancel()
		c := over(s, Options{})
		m, err := c.Measure(ctx, Question{Kind: Ping, Target: "8.8.8.8"})
		if !errors.Is(err, ErrUnfinished) || m == nil || m.Done {
			t.Fatalf("%+v, error %v", m, err)
		}
		want := "pings answered from 1 of 1 place on 1 continent (median 1.0 ms); 2 places more could not tell"
		if claims := m.Claims(); len(claims) != 1 || claims[0].Text != want {
			t.Errorf("claims %+v, want %q", claims, want)
		}
		webtest.Said(t, []checks.Gap{Gap(err)})
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := over(&standIn{looks: 1000, results: []map[string]any{pinged(1)}}, Options{}).
			Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"})
		if took := time.Since(began); !errors.Is(err, ErrUnfinished) || took > waitTime+pause {
			t.Errorf("gave up after %v with %v", took, err)
		}
	})
}

// The same question is measured once a minute, whoever asks; another is another.
func TestOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{looks: 2, results: []map[string]any{pinged(1)}}
		c := over(s, Options{})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if m, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"}); err != nil || !m.Done {
					t.Errorf("%+v, %v", m, err)
				}
			})
		}
		wg.Wait()
		if len(s.requests) != 1 {
			t.Errorf("%d measurements for one question", len(s.requests))
		}
		measure := func(q Question, want int) {
			t.Helper()
			if _, err := c.Measure(t.Context(), q); err != nil || len(s.requests) != want {
				t.Errorf("%d measurements, want %d; error %v", len(s.requests), want, err)
			}
		}
		time.Sleep(fresh / 2)
		measure(Question{Kind: Ping, Target: "8.8.8.8"}, 1)
		measure(Question{Kind: Ping, Target: "8.8.4.4"}, 2)
		time.Sleep(fresh)
		measure(Question{Kind: Ping, Target: "8.8.8.8"}, 3)
		if n := len(c.kept); n > 2 {
			t.Errorf("%d measurements are kept", n)
		}
	})
}

// Who waits for another's measurement makes one where the other gave up.
func TestAnothersPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{looks: 4, results: []map[string]any{pinged(1)}}
		c := over(s, Options{})
		q := Question{Kind: Ping, Target: "8.8.8.8"}
		hasty, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Measure(hasty, q); err == nil {
				t.Error("no error for who gave up")
			}
		})
		time.Sleep(time.Millisecond)
		wg.Go(func() {
			if m, err := c.Measure(t.Context(), q); err != nil || !m.Done {
				t.Errorf("%+v, %v", m, err)
			}
		})
		wg.Wait()
		if len(s.requests) != 2 {
			t.Errorf("%d measurements, want 2", len(s.requests))
		}
	})
}

// The budget that the service states is kept: nothing is asked that it would refuse.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{results: []map[string]any{pinged(1)}, budget: [3]int{250, 7, 1800}}
		c := over(s, Options{})
		if _, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"}); err != nil {
			t.Fatal(err)
		}
		_, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.4.4"})
		e, ok := errors.AsType[*BudgetError](err)
		if !ok || e.Remaining != 7 || e.Need != 10 || len(s.requests) != 1 {
			t.Fatalf("error %v after %d requests", err, len(s.requests))
		}
		const want = "Globalping lets this address have 7 more tests and 10 are needed: there are new ones in 30 min, and more with an account's token"
		if g := Gap(err); g.Reason != want {
			t.Errorf("got  %q\nwant %q", g.Reason, want)
		}
		if _, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.4.4", Places: []Place{{Country: "DE", Probes: 7}}}); err != nil {
			t.Errorf("seven are left, and refused: %v", err)
		}
		time.Sleep(1801 * time.Second)
		if _, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.4.4"}); err != nil {
			t.Errorf("after the reset: %v", err)
		}
	})
}

// A refusal is told in the service's words, and teaches the budget.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		status     int
		kind, says string
		headers    map[string]string
		want       string
	}{
		{422, "no_probes_found", "No matching IPv4 probes available.", nil, "Globalping refuses the question (HTTP status 422), saying \"No matching IPv4 probes available.\"; whether it answers elsewhere is not known"},
		{400, "validation_error", "Parameter validation failed.", nil, "Globalping refuses the question (HTTP status 400), saying \"Parameter validation failed.\"; whether it answers elsewhere is not known"},
		{
			429, "rate_limit_exceeded", "This measurement exceeds the remaining hourly rate limit for your IP address.",
			map[string]string{"X-RateLimit-Limit": "250", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1200"},
			"Globalping asks to wait 20 min: its limit for this address is used up; whether it answers elsewhere is not known",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			c := over(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Content-Type", "application/json")
				for k, v := range tt.headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tt.status)
				json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"type": tt.kind, "message": tt.says}})
			}), Options{})
			_, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"})
			if g := Gap(err); g.Reason != tt.want || asked != 1 {
				t.Errorf("got  %q after %d requests\nwant %q", g.Reason, asked, tt.want)
			}
			if b := c.Budget(); tt.headers != nil && (b.Limit != 250 || b.Remaining != 0) {
				t.Errorf("budget %+v", b)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	real := &standIn{results: []map[string]any{pinged(1), pinged(2)}}
	webtest.Each(t, real, func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
		c := New(Options{BaseURL: s.URL, HTTP: s.Client, Timeout: 250 * time.Millisecond, Attempts: 1})
		claims, err := c.Claims(ctx, footprint(t, "8.8.8.8"), time.Now())
		if err == nil {
			t.Fatal("no error")
		}
		if f.Answers != (len(claims) == 1) {
			t.Errorf("claims %v", claims)
		}
		return []checks.Gap{Gap(err)}
	})
}

// The same faults, once a measurement has been created.
func TestFaultsOfPolling(t *testing.T) {
	real := &standIn{results: []map[string]any{pinged(1), pinged(2)}}
	for _, f := range webtest.Faults() {
		if f.Kind == "refused" || f.Answers {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			webtest.NoLeaks(t)
			faulty := f.Handler(real)
			s := webtest.Start(t, webtest.Fault{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					real.ServeHTTP(w, r)
					return
				}
				faulty.ServeHTTP(w, r)
			}))
			c := New(Options{BaseURL: s.URL, HTTP: s.Client, Timeout: 250 * time.Millisecond, Attempts: 1})
			claims, err := c.Claims(t.Context(), footprint(t, "8.8.8.8"), time.Now())
			if len(claims) > 0 || err == nil {
				t.Fatalf("claims %v, error %v", claims, err)
			}
			webtest.Said(t, []checks.Gap{Gap(err)})
		})
	}
}

// The token is sent, and shown nowhere.
func TestTokenIsASecret(t *testing.T) {
	const token = "gp-very-secret-token"
	sent := ""
	o := Options{Token: token}
	c := over(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "the token %s is not known", token)
	}), o)
	_, err := c.Measure(t.Context(), Question{Kind: Ping, Target: "8.8.8.8"})
	if sent != "Bearer "+token || err == nil {
		t.Fatalf("sent %q, error %v", sent, err)
	}
	for _, text := range []string{err.Error(), Gap(err).Reason, fmt.Sprintf("%v %+v %#v %s", o, o, o, o), fmt.Sprintf("%v %+v %#v %s", c, c, c, c)} {
		if strings.Contains(text, token) {
			t.Errorf("the token stands in %q", text)
		}
	}
}
