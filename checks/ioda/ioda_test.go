package ioda

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func footprint(code string, prefixes ...string) *checks.Footprint {
	f := &checks.Footprint{Target: checks.Country(code)}
	for _, p := range prefixes {
		f.Prefixes = append(f.Prefixes, netip.MustParsePrefix(p))
	}
	return f
}

// standIn answers as the API does, in the shapes of its description: an envelope
// with the type, a null error and the data.
type standIn struct {
	signals map[string][]*float64 // by data source; the last value is of Until
	step    int64
	alerts  []alert
	events  []event
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	until, err := strconv.ParseInt(r.FormValue("until"), 10, 64)
	from, err2 := strconv.ParseInt(r.FormValue("from"), 10, 64)
	if err != nil || err2 != nil || until-from != int64(window/time.Second) {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]any{"type": "", "error": "'from' timestamp must be set", "data": nil})
		return
	}
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var kind string
	var data any
	switch {
	case path[0] == "signals":
		kind = "signals"
		list := []series{}
		if values, ok := s.signals[r.FormValue("datasource")]; ok {
			list = append(list, series{
				EntityType: path[2], EntityCode: path[3], Datasource: r.FormValue("datasource"),
				From: until - int64(len(values)-1)*s.step, Step: s.step, Values: values,
			})
		}
		data = [][]series{list}
	case path[1] == "alerts":
		kind, data = "outages.alerts", append([]alert{}, s.alerts...)
	default:
		kind, data = "outages.events", append([]event{}, s.events...)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"type": kind, "metadata": map[string]string{"requestTime": "2026-11-22T12:00:01+00:00"}, "requestParameters": map[string]any{},
		"error": nil, "perf": nil, "data": data, "copyright": "This data is Copyright (c) 2021 Georgia Tech Research Corporation. All Rights Reserved.",
	})
}

// day is a signal of 24 hours and one step with the same value, but for the last
// ones.
func day(value float64, last ...float64) []*float64 {
	list := make([]*float64, 24*6+1)
	for i := range list {
		list[i] = new(value)
	}
	for i, x := range last {
		at := len(list) - len(last) + i
		if list[at] = new(x); x < 0 {
			list[at] = nil
		}
	}
	return list
}

func ask(t *testing.T, s *standIn, f *checks.Footprint) ([]checks.Claim, error) {
	t.Helper()
	s.step = 600
	server := webtest.Start(t, webtest.Fault{}, s)
	c := New(Options{BaseURL: server.URL, HTTP: server.Client, Attempts: 1})
	return c.Claims(t.Context(), f, noon)
}

func anAlert(source, lvl string, at time.Time, value, usual float64) alert {
	a := alert{Datasource: source, Time: at.Unix(), Level: lvl, Value: &value, HistoryValue: &usual}
	a.Entity.Type, a.Entity.Code = "country", "SY"
	return a
}

func TestClaims(t *testing.T) {
	const link = "https://ioda.inetintel.cc.gatech.edu/country/SY?from=1795258800&until=1795348800"
	yes, no := true, false
	fine := map[string][]*float64{"bgp": day(442), "ping-slash24": day(300), "merit-nt": day(1200)}
	claim := func(text, rests string, at time.Time, loss *bool) checks.Claim {
		return checks.Claim{Service: "IODA", Text: text, At: at, Link: link, Rests: rests, Loss: loss}
	}
	tests := []struct {
		name string
		s    standIn
		f    *checks.Footprint
		want []checks.Claim
	}{
		{
			name: "all is well",
			s:    standIn{signals: fine},
			want: []checks.Claim{
				claim("BGP signal at 100 % of its value 24 h before (442 of 442 /24s)", "RIPE RIS and RouteViews", noon, &no),
				claim("active probing signal at 100 % of its value 24 h before (300 of 300 /24s)", "active probing", noon, &no),
				claim("network telescope signal at 100 % of its value 24 h before (1,200 of 1,200 source addresses)", "network telescope", noon, &no),
			},
		},
		{
			name: "a loss, and values that are late",
			s: standIn{signals: map[string][]*float64{
				"bgp": day(442, 0), "ping-slash24": day(300, 20, -1, -1), "merit-nt": day(1200, 500),
			}},
			want: []checks.Claim{
				claim("BGP signal at 0 % of its value 24 h before (0 of 442 /24s)", "RIPE RIS and RouteViews", noon, &yes),
				claim("active probing signal at 7 % of its value 24 h before (20 of 300 /24s)", "active probing", noon.Add(-20*time.Minute), &yes),
				claim("network telescope signal at 42 % of its value 24 h before (500 of 1,200 source addresses)", "network telescope", noon, nil),
			},
		},
		{
			name: "nothing but nulls is no signal, and so is a list without one",
			s:    standIn{signals: map[string][]*float64{"bgp": {nil, nil, nil}, "ping-slash24": {}}},
			f:    footprint("SY", "175.45.176.0/22"),
			want: []checks.Claim{claim("no signal for SY: the registered space is below IODA's floor of 20 /24s", "", time.Time{}, nil)},
		},
		{
			name: "no signal of one kind",
			s:    standIn{signals: map[string][]*float64{"bgp": day(442), "ping-slash24": {nil}}},
			want: []checks.Claim{
				claim("BGP signal at 100 % of its value 24 h before (442 of 442 /24s)", "RIPE RIS and RouteViews", noon, &no),
				claim("no active probing signal", "active probing", time.Time{}, nil),
				claim("no network telescope signal", "network telescope", time.Time{}, nil),
			},
		},
		{
			name: "no signal for hours is not a loss",
			s: standIn{signals: map[string][]*float64{
				"bgp":          append(day(442), make([]*float64, 13)...), // the last value is 130 minutes old
				"ping-slash24": day(0, 300), "merit-nt": {new(7.0)},
			}},
			want: []checks.Claim{
				claim("no BGP signal since 22 Nov 2026 09:50 UTC", "RIPE RIS and RouteViews", time.Time{}, nil),
				claim("active probing signal at 300 /24s, and at 0 /24s 24 h before", "active probing", noon, nil),
				claim("network telescope signal at 7 source addresses, with no value of 24 h before to compare", "network telescope", noon, nil),
			},
		},
		{
			name: "events that last, events that are over, alerts",
			s: standIn{
				signals: fine,
				events: []event{
					{Location: "country/SY", Start: noon.Add(-20 * time.Hour).Unix(), Duration: 3600, Datasource: "bgp", Score: 12.25},
					{Location: "country/SY", Start: noon.Add(-2 * time.Hour).Unix(), Duration: 7200, Datasource: "bgp", Score: 1234},
					{Location: "country/SY", Start: noon.Add(-3 * time.Hour).Unix(), Duration: 3600, Datasource: "ping-slash24", Score: 5},
					{Location: "country/SY", Start: noon.Add(-50 * time.Hour).Unix(), Duration: 3600, Datasource: "merit-nt", Score: 5},
					{Location: "country/SY", Start: noon.Add(-time.Hour).Unix(), Duration: 3600, Datasource: "gtr", Score: 99999},
				},
				alerts: []alert{
					anAlert("bgp", "critical", noon.Add(-2*time.Hour), 3, 442),
					anAlert("merit-nt", "normal", noon.Add(-3*time.Hour), 1200, 1200),
					anAlert("merit-nt", "warning", noon.Add(-2*time.Hour), 100, 1200),
					anAlert("ping-slash24", "critical", noon.Add(-3*time.Hour), 1, 300),
					anAlert("ping-slash24", "normal", noon.Add(-2*time.Hour), 300, 300),
				},
			},
			want: []checks.Claim{
				claim("BGP signal at 100 % of its value 24 h before (442 of 442 /24s)", "RIPE RIS and RouteViews", noon, &no),
				claim("outage event on the BGP signal since 22 Nov 2026 10:00 UTC (score 1,234)", "RIPE RIS and RouteViews", time.Time{}, &yes),
				claim("active probing signal at 100 % of its value 24 h before (300 of 300 /24s)", "active probing", noon, &no),
				claim("outage event on the active probing signal from 22 Nov 2026 09:00 UTC to 22 Nov 2026 10:00 UTC (score 5)", "active probing", time.Time{}, nil),
				claim("network telescope signal at 100 % of its value 24 h before (1,200 of 1,200 source addresses)", "network telescope", noon, &no),
				claim("warning alert on the network telescope signal (100 source addresses, usual 1,200)", "network telescope", noon.Add(-2*time.Hour), &yes),
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.f == nil {
				tt.f = footprint("SY")
			}
			got, err := ask(t, &tt.s, tt.f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

// The zero time is now.
func TestNow(t *testing.T) {
	s := &standIn{step: 600, signals: map[string][]*float64{"bgp": day(442)}}
	server := webtest.Start(t, webtest.Fault{}, s)
	claims, err := New(Options{BaseURL: server.URL, HTTP: server.Client, Attempts: 1}).Claims(t.Context(), footprint("SY"), time.Time{})
	if err != nil || len(claims) != 3 || time.Since(claims[0].At) > time.Hour {
		t.Errorf("claims %+v, error %v", claims, err)
	}
}

// A network is asked for by its number, and what IODA does not know is not asked.
func TestWhatIsAsked(t *testing.T) {
	var paths []string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path) // one at a time: Claims is called for what is not asked
		w.WriteHeader(http.StatusNotFound)
	})
	s := webtest.Start(t, webtest.Fault{}, h)
	c := New(Options{BaseURL: s.URL, HTTP: s.Client, Attempts: 1})
	for _, text := range []string{"175.45.176.0/22", "8.8.8.8", "example.org", "https://example.org"} {
		target, err := checks.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := c.Claims(t.Context(), &checks.Footprint{Target: target}, noon); claims != nil || err != nil || Asks(target) {
			t.Errorf("%s: %v, %v", text, claims, err)
		}
	}
	if len(paths) > 0 {
		t.Errorf("asked for %q", paths)
	}
	q := query{entity: entity{"asn", "131279"}, at: noon}
	if got, want := q.link(), "https://ioda.inetintel.cc.gatech.edu/asn/131279?from=1795258800&until=1795348800"; got != want {
		t.Errorf("got link %s, want %s", got, want)
	}
}

// What could be had stands beside the error for what could not.
func TestPartOfIt(t *testing.T) {
	s := &standIn{step: 600, signals: map[string][]*float64{"bgp": day(442), "ping-slash24": day(300), "merit-nt": day(9)}}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "alerts") || r.FormValue("datasource") == "merit-nt" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		s.ServeHTTP(w, r)
	})
	server := webtest.Start(t, webtest.Fault{}, h)
	claims, err := New(Options{BaseURL: server.URL, HTTP: server.Client, Attempts: 1}).Claims(t.Context(), footprint("SY"), noon)
	if len(claims) != 2 || err == nil {
		t.Fatalf("%d claims and error %v, want two and an error", len(claims), err)
	}
	const want = "IODA has a fault of its own (HTTP status 500); some or all of what it measured is missing"
	if g := Gap(err); g.Check != "ioda" || g.Reason != want {
		t.Errorf("got gap %+v, want %q", g, want)
	}
}

// An answer about somebody else, or with another's list in it, is no answer.
func TestOtherEntities(t *testing.T) {
	q := query{entity: entity{"country", "SY"}, at: noon}
	for name, err := range map[string]error{
		"signal": func() error {
			_, err := (&signalsAnswer{Type: "signals", Data: &[][]series{{{EntityType: "country", EntityCode: "SE", Datasource: "bgp", From: 1, Step: 1}}}}).pick(&q, "bgp")
			return err
		}(),
		"a step of nothing": func() error {
			_, err := (&signalsAnswer{Type: "signals", Data: &[][]series{{{EntityType: "country", EntityCode: "SY", Datasource: "bgp", From: 1}}}}).pick(&q, "bgp")
			return err
		}(),
		"an error": func() error {
			_, err := (&signalsAnswer{Type: "signals", Error: new("no such entity"), Data: &[][]series{}}).pick(&q, "bgp")
			return err
		}(),
		"event": (&eventsAnswer{Type: "outages.events", Data: &[]event{{Location: "country/SE", Start: 1}}}).check(&q),
		"alert": (&alertsAnswer{Type: "outages.alerts", Data: &[]alert{{}}}).check(&q),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFaults(t *testing.T) {
	s := &standIn{step: 600, signals: map[string][]*float64{"bgp": day(442), "ping-slash24": day(300), "merit-nt": day(9)}}
	webtest.Each(t, s, func(ctx context.Context, t *testing.T, server *webtest.Server, f webtest.Fault) []checks.Gap {
		c := New(Options{BaseURL: server.URL, HTTP: server.Client, Timeout: 250 * time.Millisecond, Attempts: 1})
		claims, err := c.Claims(ctx, footprint("SY"), noon)
		if err == nil {
			t.Fatal("no error")
		}
		if f.Answers != (len(claims) == 3) || !f.Answers && len(claims) > 0 {
			t.Errorf("%d claims: %v", len(claims), claims)
		}
		return []checks.Gap{Gap(err)}
	})
}

func TestWords(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", 1234.56: "1,234.6", 1e16: "1e+16"} {
		if got := number(x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
	for x, want := range map[float64]string{0: "0 %", .0004: "less than 0.1 %", .0099: "0.9 %", .5: "50 %", .9999: "99.9 %", 1: "100 %", 1.001: "100.1 %", 1.3: "130 %", 11: "more than 1,000 %"} {
		if got := percent(x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
}

// Whatever an answer holds, its claims are short, finite and about the right thing.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"type":"signals","error":null,"data":[[{"entityType":"country","entityCode":"SY","datasource":"bgp","from":1795258800,"step":600,"values":[1,null,2.5]}]]}`), 0)
	f.Add([]byte(`{"type":"outages.alerts","error":null,"data":[{"datasource":"bgp","entity":{"code":"SY","type":"country"},"time":1795340000,"level":"critical","condition":"< 0.99","value":3,"historyValue":442,"method":"median"}]}`), 1)
	f.Add([]byte(`{"type":"outages.events","error":null,"data":[{"location":"country/SY","start":1795340000,"duration":600,"uncertainty":null,"status":0,"fraction":null,"score":12.5,"location_name":"Syria","overlaps_window":false,"datasource":"bgp"}]}`), 2)
	f.Fuzz(func(t *testing.T, data []byte, kind int) {
		q := query{entity: entity{"country", "SY"}, at: noon}
		var claims []checks.Claim
		add := func(c checks.Claim, ok bool) {
			if ok {
				claims = append(claims, c)
			}
		}
		switch kind % 3 {
		case 0:
			var a signalsAnswer
			if json.Unmarshal(data, &a) != nil {
				return
			}
			if s, err := a.pick(&q, "bgp"); err == nil {
				add(signalClaim(&q, &sources[0], s), true)
			}
		case 1:
			var a alertsAnswer
			if json.Unmarshal(data, &a) == nil && a.check(&q) == nil {
				add(outageClaim(&q, &sources[0], nil, *a.Data))
			}
		default:
			var a eventsAnswer
			if json.Unmarshal(data, &a) == nil && a.check(&q) == nil {
				add(outageClaim(&q, &sources[0], *a.Data, nil))
			}
		}
		for _, c := range claims {
			if c.Text == "" || len(c.Text) > 200 || strings.Contains(c.Text, "NaN") || strings.Contains(c.Text, "Inf") {
				t.Errorf("claim %q", c.Text)
			}
			if c.At.After(q.at) {
				t.Errorf("a claim of %v, asked about %v", c.At, q.at)
			}
		}
	})
}

func ExampleGap() {
	fmt.Println(Gap(context.DeadlineExceeded).Reason)
	// Output: IODA could not be used; some or all of what it measured is missing
}
