package ripestat

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// watcher stands before a world and looks at the requests.
type watcher struct {
	w           *world
	now, most   atomic.Int64
	requests    atomic.Int64
	mu          sync.Mutex
	complaints  []string
	longestText int
}

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	n := w.now.Add(1)
	defer w.now.Add(-1)
	w.mu.Lock()
	w.most.Store(max(w.most.Load(), n))
	if q := r.URL.Query(); q.Get("sourceapp") != "isitdown-test" || r.Header.Get("User-Agent") != "isitdown/test" {
		w.complaints = append(w.complaints, r.URL.String())
	}
	w.longestText = max(w.longestText, len(r.URL.RequestURI()))
	w.mu.Unlock()
	time.Sleep(2 * time.Millisecond)
	return w.w.RoundTrip(r)
}

// RIPEstat's rules: an identifier, no more than eight requests at a time; and what
// is known is not asked again.
func TestManners(t *testing.T) {
	w := &watcher{w: kp(latest)}
	c := w.w.client(func(o *Options) { o.HTTP = &http.Client{Transport: w} })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, text := range []string{"AS131279", networks[0], networks[1]} {
				if _, _, err := c.History(t.Context(), footprint(t, text), asked, func(*route.Update) {}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(w.complaints) > 0 {
		t.Errorf("requests without an identifier: %q", w.complaints)
	}
	if w.most.Load() > parallel {
		t.Errorf("%d requests at a time, want at most %d", w.most.Load(), parallel)
	}
	// Three targets: 1 + 2*2 lists, two routes and one of updates each, two rosters.
	if got, most := w.requests.Load(), int64(14); got > most {
		t.Errorf("%d requests for three targets asked about four times, want at most %d", got, most)
	}
	if got := int64(c.Requests()); got != w.requests.Load() {
		t.Errorf("%d requests are counted, %d were made", got, w.requests.Load())
	}
	if w.longestText > 5000 {
		t.Errorf("an address of %d bytes", w.longestText)
	}
}

func TestBudget(t *testing.T) {
	for n := range 8 {
		w := &watcher{w: kp(latest)}
		gone(w.w)
		c := w.w.client(func(o *Options) { o.HTTP = &http.Client{Transport: w} })
		rib := route.NewRIB(route.DefaultRules())
		watch := rib.Watch(footprint(t, "AS131279"))
		ctx := WithBudget(t.Context(), n)
		asOf, gaps, err := c.History(ctx, footprint(t, "AS131279"), asked, rib.Apply)
		if got := w.requests.Load(); got > int64(n) {
			t.Errorf("a budget of %d: %d requests", n, got)
		}
		if !strings.Contains(reasons(gaps), "are spent") {
			t.Errorf("a budget of %d: gaps %s", n, reasons(gaps))
		}
		if (err == nil) == asOf.IsZero() {
			t.Errorf("a budget of %d: as of %v with error %v", n, asOf, err)
		}
		base, vantage, list := watch.Observe(asked)
		v := checks.Assess(checks.Case{Footprint: watch.Target(), Baseline: base, Vantage: vantage, Observations: list, Gaps: gaps, Now: asked, Rules: checks.DefaultRules()})
		if v.State != checks.Unknown && (v.State != checks.Down || n < 4) {
			t.Errorf("a budget of %d: got %v", n, v.State)
		}
	}
}

func TestDaily(t *testing.T) {
	w := kp(latest)
	c := w.client(func(o *Options) { o.daily = 4 })
	for range 3 { // what is answered from the cache costs nothing
		for _, a := range []checks.ASN{1, 2, 3} {
			if _, err := c.Announced(t.Context(), a, asked, asked); err != nil {
				t.Error(err)
			}
		}
	}
	got := judge(t, c, country(), asked)
	expectation{state: checks.Unknown, kind: Daily, gap: "lookups go on tomorrow"}.hold(t, got)
	if len(w.asked) != 4 || c.Requests() != 4 {
		t.Errorf("%d requests were made, %d counted, want 4", len(w.asked), c.Requests())
	}
}

// Who has no more time gets no answer, and leaves nothing behind.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := kp(latest)
	asOf, gaps, err := w.client().History(ctx, country(), asked, func(*route.Update) { t.Error("an update was delivered") })
	if err == nil || !asOf.IsZero() || len(gaps) == 0 {
		t.Errorf("got %v, %v, error %v", asOf, gaps, err)
	}
}

func TestCalls(t *testing.T) {
	w := kp(latest)
	replies := map[string]map[string]any{
		"as-overview":    {"resource": "131279", "holder": "Ryugyong-dong - Star JV\u2028 (evil)"},
		"asn-neighbours": {"query_endtime": "2024-12-22T16:00:00", "neighbours": []any{map[string]any{"asn": 4837, "type": "left", "power": 9, "v4_peers": 8, "v6_peers": 0}}},
		"routing-history": {"by_origin": []any{map[string]any{"origin": "131279", "prefixes": []any{
			map[string]any{"prefix": networks[0], "timelines": []any{map[string]any{"starttime": "2014-10-13T00:00:00", "endtime": "2014-10-24T23:59:59", "full_peers_seeing": 16.25}}},
		}}}},
		"rpki-validation": {"status": "invalid_asn", "validating_roas": []any{map[string]any{"origin": "4837", "prefix": "175.45.176.0/22", "max_length": 24, "validity": "invalid_asn"}}},
	}
	w.extra = replies
	c := w.client()
	if name, err := c.ASName(t.Context(), 131279); name != "Ryugyong-dong - Star JV (evil)" || err != nil {
		t.Errorf("name: got %q, error %v", name, err)
	}
	if _, err := c.ASName(t.Context(), 7); err == nil {
		t.Error("the name of another network: got no error")
	}
	list, at, err := c.Neighbours(t.Context(), 131279, asked)
	if err != nil || len(list) != 1 || list[0].ASN != 4837 || !at.Equal(clockAt("2024-12-22T16:00:00")) {
		t.Errorf("neighbours: got %v at %v, error %v", list, at, err)
	}
	if _, _, err := c.Neighbours(t.Context(), 131279, asked.AddDate(-1, 0, 0)); err == nil {
		t.Error("neighbours of another year: got no error")
	}
	history, err := c.RoutingHistory(t.Context(), "AS131279")
	if err != nil || len(history) != 1 || history[0].Spans[0].Peers != 16.25 {
		t.Errorf("history: got %v, error %v", history, err)
	}
	v, err := c.RPKI(t.Context(), country().Prefixes[0], 131279)
	if err != nil || v.State != "invalid" || v.Reason != "invalid_asn" || v.ROAs[0].Origin != 4837 {
		t.Errorf("validity: got %+v, error %v", v, err)
	}
	said, err := c.OriginValidity(t.Context(), checks.RouteOrigin{Prefix: country().Prefixes[0], Origin: 131279})
	if err != nil || said.State != checks.Invalid || said.Reason != "the ROA for 175.45.176.0/22 is of AS4837, not of AS131279" || said.Source != "RIPEstat" {
		t.Errorf("origin validity: got %+v, error %v", said, err)
	}
	asns, prefixes, asOf, err := c.Resources(t.Context(), "KP", clockAt("2014-12-22T17:00:00"))
	if err != nil || len(asns) != 1 || len(prefixes) != 1 || prefixes[0].String() != "175.45.176.0/22" || asOf.Year() != 2014 {
		t.Errorf("resources: got %v %v of %v, error %v", asns, prefixes, asOf, err)
	}
	if _, _, _, err := c.Resources(t.Context(), "KP", asked); err == nil {
		t.Error("the resources of another decade: got no error")
	}
	sessions, asOf, _, err := c.sessions(t.Context(), asked)
	if err != nil || len(sessions) != 43 || !asOf.Equal(clockAt("2024-12-22T16:00:00")) {
		t.Errorf("sessions: got %d of %v, error %v", len(sessions), asOf, err)
	}
}
