package ripestat

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

const (
	day    = "2024-12-22"
	latest = day + "T18:59:55"
)

// moment of which the tests of the past ask.
var asked = clockAt(day + "T17:00:00")

// expectation is what a test wants of a history.
type expectation struct {
	state       checks.State
	seen, of    uint64
	asOf, onset string // clock times; of the onset the interval of the half
	voting      int
	gap         string // part of one; empty where there is to be none
	kind        Kind   // of the error, empty for none
}

func (e expectation) hold(t *testing.T, got told) {
	t.Helper()
	if got.State != e.state {
		t.Errorf("state: got %v, want %v", got.State, e.state)
	}
	if p := got.IPv4.Prefixes; p.Seen != e.seen || p.Of != e.of {
		t.Errorf("prefixes: got %d of %d, want %d of %d", p.Seen, p.Of, e.seen, e.of)
	}
	if e.asOf != "" && got.asOf.Format("15:04:05") != e.asOf {
		t.Errorf("as of: got %v, want %s", got.asOf, e.asOf)
	}
	if onset := got.Onset.After.Format("15:04:05") + " " + got.Onset.By.Format("15:04:05"); e.onset != "" && onset != e.onset {
		t.Errorf("onset: got %s, want %s", onset, e.onset)
	}
	if e.voting != got.Vantage.Voting {
		t.Errorf("voting: got %d, want %d", got.Vantage.Voting, e.voting)
	}
	if text := reasons(got.gaps); e.gap == "" && text != "" || !strings.Contains(text, e.gap) {
		t.Errorf("gaps: got %s\nwant %q", text, e.gap)
	}
	own, _ := as(got.err)
	if (got.err == nil) != (e.kind == "") || own != nil && own.Kind != e.kind {
		t.Errorf("error: got %v, want %q", got.err, e.kind)
	}
	if t.Failed() {
		t.Logf("updates %v, reasons %q, gaps %s", got.counts, got.Reasons, reasons(got.gaps))
	}
}

// routesAt changes the answers of bgp-state for one time.
func (w *world) routesAt(when time.Time, f func(data map[string]any, route map[string]any) bool) {
	before := w.edit["bgp-state"]
	w.edit["bgp-state"] = func(q map[string]string, data, all map[string]any) {
		if before != nil {
			before(q, data, all)
		}
		if q["timestamp"] != stamp(when) {
			return
		}
		kept := []any{}
		for _, r := range data["bgp_state"].([]any) {
			if f(data, r.(map[string]any)) {
				kept = append(kept, r)
			}
		}
		data["bgp_state"], data["nr_routes"] = kept, len(kept)
	}
}

func ofTarget(r map[string]any) bool {
	return strings.HasPrefix(r["target_prefix"].(string), "175.45.")
}

func broken(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no", http.StatusInternalServerError)
}

// gone withdraws all four networks everywhere at 16:15.
func gone(w *world) { w.withdraw(day+"T16:15:00", 0, 40, networks...) }

const noCover = "a wider route"

func TestPast(t *testing.T) {
	up := expectation{state: checks.Up, seen: 4, of: 4, asOf: "17:00:00", voting: 40}
	with := func(e expectation, change func(*expectation)) expectation {
		change(&e)
		return e
	}
	down := expectation{state: checks.Down, of: 4, asOf: "17:00:00", onset: "16:15:00 16:15:19", voting: 40}
	unknown := expectation{state: checks.Unknown}
	tests := []struct {
		name   string
		change func(w *world)
		want   expectation
	}{
		{"up", func(*world) {}, up},
		{"down, to the second", gone, down},
		{
			"one of four", func(w *world) { w.withdraw(day+"T16:15:00", 0, 40, networks[0]) },
			expectation{state: checks.Degraded, seen: 3, of: 4, voting: 40},
		},
		{"back again", func(w *world) {
			gone(w)
			w.all(clockAt(day+"T16:40:00"), 0, 40, func(i int) any { return []any{w.as(i), 4837, 131279} }, networks...)
		}, up},
		{
			"before its index begins", func(w *world) { w.since = clockAt("2025-01-01T00:00:00") },
			with(unknown, func(e *expectation) { e.kind, e.gap = NoData, "January 2024" }),
		},
		{
			"never announced", func(w *world) { w.events = w.events[160:] },
			expectation{state: checks.Unknown, asOf: "17:00:00", voting: 40},
		},
		{"an empty answer at the end", func(w *world) {
			w.routesAt(asked, func(map[string]any, map[string]any) bool { return false })
		}, with(unknown, func(e *expectation) { e.kind, e.gap = NoData, "not even 193.0.0.0/21" })},
		{"an empty answer at the start", func(w *world) {
			w.routesAt(asked.Add(-24*time.Hour), func(map[string]any, map[string]any) bool { return false })
		}, with(unknown, func(e *expectation) { e.kind, e.gap = NoData, "not even 193.0.0.0/21" })},
		{"a hole in the index of the target alone", func(w *world) {
			w.routesAt(asked, func(_, r map[string]any) bool { return !ofTarget(r) })
		}, expectation{state: checks.Unknown, of: 4, asOf: "17:00:00", gap: "contradict each other for 40 of 40"}},
		{"routes that stay in the index after their withdrawal", func(w *world) {
			before := w.state([]string{networks[0], networks[1], networks[2], networks[3]}, asked.Add(-24*time.Hour))
			w.edit["bgp-state"] = func(q map[string]string, data, _ map[string]any) {
				if q["timestamp"] == stamp(asked) {
					data["bgp_state"] = append(data["bgp_state"].([]any), before["bgp_state"].([]any)...)
					data["nr_routes"] = len(data["bgp_state"].([]any))
				}
			}
			gone(w)
		}, expectation{state: checks.Unknown, of: 4, asOf: "17:00:00", gap: "contradict each other for 40 of 40"}},
		{"withdrawals that the feed missed", func(w *world) {
			w.all(asked.Add(-time.Hour), 0, 2, nil, networks...)
			for i := range w.events {
				w.events[i].secret = w.events[i].path == nil
			}
		}, up},
		{
			"updates are not to be had, and it is up", func(w *world) { w.fault["bgp-updates"] = broken },
			with(up, func(e *expectation) { e.gap = "when anything changed" }),
		},
		{"updates are not to be had, and it is down", func(w *world) {
			gone(w)
			w.fault["bgp-updates"] = broken
		}, with(down, func(e *expectation) { e.gap, e.onset = "when anything changed", "17:00:00 17:00:00" })},
		{"updates of another time", func(w *world) {
			gone(w)
			w.edit["bgp-updates"] = func(_ map[string]string, data, _ map[string]any) {
				data["query_endtime"], data["updates"], data["nr_updates"] = day+"T12:00:00", []any{}, 0
			}
		}, with(down, func(e *expectation) { e.gap, e.onset = "when anything changed", "17:00:00 17:00:00" })},
		{
			"the index ends a little before", func(w *world) { w.latest = clockAt(day + "T15:59:55") },
			with(up, func(e *expectation) { e.asOf, e.gap = "15:59:55", "data end at 2024-12-22 15:59:55 UTC" }),
		},
		{
			"the index ends long before", func(w *world) { w.latest = clockAt(day + "T11:59:55") },
			with(unknown, func(e *expectation) { e.kind, e.gap = Moved, "asked for 2024-12-22 17:00:00 UTC" }),
		},
		{"the start is another time", func(w *world) {
			w.routesAt(asked.Add(-24*time.Hour), func(data, _ map[string]any) bool { data["timestamp"] = day + "T00:00:00"; return true })
		}, with(unknown, func(e *expectation) { e.kind, e.gap = Moved, "it answered for 2024-12-22 00:00:00 UTC" })},
		{"sessions that reset and come back", func(w *world) {
			w.withdraw(day+"T16:20:00", 0, 15, append(controlled, networks...)...)
			w.restore(day+"T16:30:00", 0, 15)
		}, up},
		{"sessions that went away", func(w *world) {
			w.withdraw(day+"T16:20:00", 0, 15, append(controlled, networks...)...)
		}, with(up, func(e *expectation) { e.voting = 25 })},
		{"sessions that went away unheard", func(w *world) {
			w.withdraw(day+"T16:20:00", 0, 15, append(controlled, networks...)...)
			for i := range w.events {
				w.events[i].secret = w.events[i].path == nil
			}
		}, with(up, func(e *expectation) { e.voting = 25 })},
		{"nearly all sessions went away", func(w *world) {
			w.withdraw(day+"T16:20:00", 0, 35, append(controlled, networks...)...)
		}, with(up, func(e *expectation) { e.voting = 5 })},
		{"one control route is lost by all", func(w *world) {
			gone(w)
			w.withdraw(day+"T16:15:00", 0, 40, controlled[1])
		}, down},
		{"covered by another network", func(w *world) {
			gone(w)
			w.all(clockAt(day+"T16:16:00"), 0, 40, func(i int) any { return []any{w.as(i), 174, 64999} }, "175.45.176.0/22")
		}, expectation{state: checks.Degraded, of: 4, asOf: "17:00:00", voting: 40}},
		{"covered from farther away", func(w *world) {
			w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 174, 4837} }, "175.45.128.0/17")
			gone(w)
		}, expectation{state: checks.Degraded, of: 4, asOf: "17:00:00", voting: 40}},
		{
			"no list of sessions", func(w *world) { w.fault["ris-peers"] = broken },
			with(unknown, func(e *expectation) { e.kind, e.gap = "web", "has a fault of its own" }),
		},
		{"what the network announces is not to be had", func(w *world) {
			w.fault["announced-prefixes"] = broken
			w.related["175.45.176.0/22"] = networks
		}, with(up, func(e *expectation) { e.gap = "which prefixes are announced by AS131279" })},
		{"announced by somebody else", func(w *world) {
			w.announced = nil
			w.related["175.45.176.0/22"] = networks
		}, up},
		{"paths with sets, and some that cannot be read", func(w *world) {
			w.routesAt(asked.Add(-24*time.Hour), func(_, r map[string]any) bool {
				switch {
				case !ofTarget(r):
				case r["source_id"] == w.source(0):
					r["path"] = []any{1001, []any{4837, 131279}}
				case r["source_id"] == w.source(1):
					r["path"] = []any{1002, "{4837,131279}"}
				case r["source_id"] == w.source(2):
					r["path"] = []any{1003, "unreadable"}
				}
				return true
			})
		}, up},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := kp(latest)
			tt.change(w)
			tt.want.hold(t, judge(t, w.client(), country(), asked))
		})
	}
}

// Where a server has the routes of 2014, the night of 22 December is judged with what
// was registered that day, and no list at hand.
func TestWithoutLists(t *testing.T) {
	when := clockAt("2014-12-22T17:00:00")
	w := kp("2014-12-24T00:00:00")
	w.withdraw("2014-12-22T16:15:00", 0, 40, networks...)
	w.restore("2014-12-23T01:46:00", 0, 40)
	c := w.client()
	asns, prefixes, _, err := c.Resources(t.Context(), "KP", when)
	if err != nil {
		t.Fatal(err)
	}
	f := checks.Footprint{Target: checks.Country("KP"), Name: "North Korea", Country: "KP", Prefixes: prefixes, Origins: asns, Home: asns}
	expectation{state: checks.Down, of: 4, asOf: "17:00:00", onset: "16:15:00 16:15:19", voting: 40}.hold(t, judge(t, c, f, when))
	expectation{state: checks.Up, seen: 4, of: 4, asOf: "02:30:00", voting: 40}.hold(t, judge(t, c, f, clockAt("2014-12-23T02:30:00")))
}

// Most sessions go down and come back: that is no outage that was, though they
// withdrew everything; where they withdraw the target alone, it is one.
func TestResetIsNoOutage(t *testing.T) {
	for _, tt := range []struct {
		prefixes []string
		downs    int
	}{{append(slices.Clone(networks), controlled...), 30}, {networks, 0}} {
		w := kp(latest)
		w.withdraw(day+"T15:20:00", 0, 30, tt.prefixes...)
		w.restore(day+"T15:30:00", 0, 30)
		got := judge(t, w.client(), country(), asked)
		expectation{state: checks.Up, seen: 4, of: 4, voting: 40}.hold(t, got)
		if n := got.counts[route.PeerDown]; n != tt.downs || got.End.Half.IsZero() != (tt.downs > 0) {
			t.Errorf("%d sessions went down and the last loss ended at %v, want %d", n, got.End.Half, tt.downs)
		}
	}
}

// controlled are the control routes of the world.
var controlled = []string{"193.0.0.0/21", "8.8.8.0/24"}

// restore announces everything again.
func (w *world) restore(when string, from, to int) {
	path := func(tail ...any) func(i int) any {
		return func(i int) any { return append([]any{w.as(i)}, tail...) }
	}
	w.all(clockAt(when), from, to, path(4837, 131279), networks...)
	w.all(clockAt(when), from, to, path(3333), controlled[0])
	w.all(clockAt(when), from, to, path(15169), controlled[1])
}

// A bubble begins at midnight of 2000-01-01: that is now.
func TestNow(t *testing.T) {
	const ended = "1999-12-31T21:59:55"
	tests := []struct {
		name   string
		change func(w *world)
		want   expectation
	}{
		{"up", func(*world) {}, expectation{state: checks.Up, seen: 4, of: 4, asOf: "23:59:20", voting: 40}},
		{
			"gone within the history", func(w *world) { w.withdraw("1999-12-31T16:15:00", 0, 40, networks...) },
			expectation{state: checks.Down, of: 4, asOf: "23:59:20", onset: "16:15:00 16:15:19", voting: 40, gap: noCover},
		},
		{
			"gone since", func(w *world) { w.withdraw("1999-12-31T23:15:00", 0, 40, networks...) },
			expectation{state: checks.Down, of: 4, asOf: "23:59:20", onset: "21:59:55 23:59:20", voting: 40, gap: noCover},
		},
		{"back since", func(w *world) {
			w.withdraw("1999-12-31T16:15:00", 0, 40, networks...)
			w.restore("1999-12-31T23:15:00", 0, 40)
		}, expectation{state: checks.Up, seen: 4, of: 4, asOf: "23:59:20", voting: 40}},
		{
			"sessions away since", func(w *world) { w.withdraw("1999-12-31T23:15:00", 0, 15, append(controlled, networks...)...) },
			expectation{state: checks.Up, seen: 4, of: 4, asOf: "23:59:20", voting: 25},
		},
		{
			"no looking glass", func(w *world) { w.fault["looking-glass"] = broken },
			expectation{state: checks.Up, seen: 4, of: 4, asOf: "21:59:55", voting: 40, gap: "what changed after 1999-12-31 21:59:55 UTC is not in the answer"},
		},
		{
			"a looking glass that stands still", func(w *world) { w.present = w.present.Add(-time.Hour) },
			expectation{state: checks.Up, seen: 4, of: 4, asOf: "21:59:55", voting: 40, gap: "what changed after"},
		},
		{"an empty looking glass", func(w *world) {
			w.edit["looking-glass"] = func(_ map[string]string, data, _ map[string]any) { data["rrcs"] = []any{} }
		}, expectation{state: checks.Up, seen: 4, of: 4, asOf: "21:59:55", voting: 40, gap: "looking glass is empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := kp(ended)
				w.date = time.Now()
				w.present = w.date
				tt.change(w)
				tt.want.hold(t, judge(t, w.client(func(o *Options) { o.glass = w.glassMost }), country(), time.Time{}))
			})
		})
	}
}

// State heals a hole in a stream with what the looking glass says.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := kp("1999-12-31T21:59:55")
		w.date, w.present = time.Now(), time.Now()
		w.withdraw("1999-12-31T23:30:00", 0, 40, networks[0])
		counts := map[route.Kind]int{}
		sizes := 0
		asOf, gaps, err := w.client().State(t.Context(), country(), func(u *route.Update) {
			counts[u.Kind]++
			if u.Kind != route.Size && u.Dump != 7 {
				t.Errorf("dump %d, want 7", u.Dump)
			}
			if u.Kind == route.Size && u.Size[0] > 900_000 {
				sizes++
			}
		}, 7)
		want := map[route.Kind]int{route.Size: 40, route.Table: 3, route.Refreshed: 1}
		if !maps.Equal(counts, want) || sizes != 40 || asOf.Format("15:04:05") != "23:59:20" || err != nil {
			t.Errorf("got %v with %d full tables as of %v, error %v, gaps %s; want %v as of 23:59:20", counts, sizes, asOf, err, reasons(gaps), want)
		}
	})
}

func TestTooLarge(t *testing.T) {
	w := kp(latest)
	big := country()
	for i := range 200 {
		big.Origins = append(big.Origins, checks.ASN(140_000+i))
	}
	got := judge(t, w.client(), big, asked)
	expectation{state: checks.Unknown, kind: TooMany, gap: "North Korea has 201 networks"}.hold(t, got)
	if len(w.asked) != 0 {
		t.Errorf("%d requests were made for a target that is too large", len(w.asked))
	}
	for i := range 200 {
		w.announced[4837] = append(w.announced[4837], fmt.Sprintf("10.0.%d.0/24", i))
	}
	got = judge(t, w.client(), checks.Footprint{Target: checks.Network(4837), Origins: []checks.ASN{4837}}, asked)
	expectation{state: checks.Unknown, kind: TooMany, gap: "AS4837 has 200 prefixes, too much for lookups"}.hold(t, got)
	if len(w.asked) != 1 {
		t.Errorf("asked %q, want one question", w.asked)
	}
}

// Of a target that is gone for longer than the window it is told when it was there last,
// and an answer without that is no failure.
func TestGoneForLong(t *testing.T) {
	for _, known := range []bool{true, false} {
		w := kp(latest)
		w.edit["bgp-state"] = func(_ map[string]string, data, _ map[string]any) {
			data["bgp_state"] = slices.DeleteFunc(data["bgp_state"].([]any), func(r any) bool {
				return strings.HasPrefix(r.(map[string]any)["target_prefix"].(string), "175.45.")
			})
			data["nr_routes"] = len(data["bgp_state"].([]any))
		}
		w.edit["bgp-updates"] = func(_ map[string]string, data, _ map[string]any) {
			data["updates"], data["nr_updates"] = []any{}, 0
		}
		if known {
			span := map[string]any{"starttime": "2009-12-21T00:00:00", "endtime": "2024-12-19T08:00:00", "full_peers_seeing": 300.0}
			other := map[string]any{"starttime": "2009-12-21T00:00:00", "endtime": "2024-12-20T08:00:00", "full_peers_seeing": 300.0}
			w.extra = map[string]map[string]any{"routing-history": {"by_origin": []any{map[string]any{"origin": "131279", "prefixes": []any{
				map[string]any{"prefix": "175.45.176.0/24", "timelines": []any{span}},
				map[string]any{"prefix": "0.0.0.0/0", "timelines": []any{other}}, // a leak
			}}}}}
		}
		got := judge(t, w.client(), country(), asked)
		said := strings.Contains(reasons(got.gaps), "announced last about 19 December 2024")
		if got.State != checks.Unknown || got.err != nil || said != known {
			t.Errorf("known %t: %v, %v, gaps %s", known, got.State, got.err, reasons(got.gaps))
		}
	}
}
