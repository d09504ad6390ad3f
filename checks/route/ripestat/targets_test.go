package ripestat

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks"
	"isitdown/checks/route"
)

func footprint(t *testing.T, text string) checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	f := checks.Footprint{Target: target}
	if target.Kind() == checks.KindASN {
		f.Origins = []checks.ASN{target.ASN()}
	} else {
		f.Prefixes = []netip.Prefix{target.Prefix()}
	}
	return f
}

func TestTargets(t *testing.T) {
	// A wider route of the same network, and a default route that says nothing.
	wide := func(w *world) {
		w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 4837, 131279} }, "175.45.176.0/22")
		w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i)} }, "0.0.0.0/0")
	}
	tests := []struct {
		name, target string
		change       func(w *world)
		want         expectation
	}{
		{"a network", "AS131279", func(*world) {}, expectation{state: checks.Up, seen: 4, of: 4, voting: 40}},
		{"a network that is gone", "AS131279", gone, expectation{state: checks.Down, of: 4, onset: "16:15:00 16:15:19", voting: 40}},
		{
			"a network of which no list is to be had", "AS131279", func(w *world) { w.fault["announced-prefixes"] = broken },
			expectation{state: checks.Up, seen: 4, of: 4, voting: 40, gap: "which prefixes are announced by AS131279"},
		},
		{"a network that carries so much that it cannot be asked for by itself", "AS131279", func(w *world) {
			w.fault["bgp-state"] = func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Query().Get("resource"), "AS") {
					rw.Header().Set("Content-Type", "application/json")
					rw.Header().Set("Content-Length", "2147483648")
					return
				}
				name, q := question(r)
				w.reply(rw, name, q)
			}
		}, expectation{state: checks.Up, seen: 4, of: 4, voting: 40, gap: "at the last table dump alone"}},
		{"a prefix", networks[1], func(*world) {}, expectation{state: checks.Up, seen: 1, of: 1, voting: 40}},
		{"a prefix that is gone", networks[1], gone, expectation{state: checks.Down, of: 1, onset: "16:15:00 16:15:19", voting: 40}},
		{"a prefix with a wider route", networks[1], func(w *world) { wide(w); gone(w) }, expectation{state: checks.Up, seen: 1, of: 1, voting: 40}},
		{
			"a prefix that is announced in parts", "175.45.176.0/22", func(w *world) { w.related["175.45.176.0/22"] = networks },
			expectation{state: checks.Up, seen: 4, of: 4, voting: 40},
		},
		{"an address", "175.45.177.1", func(*world) {}, expectation{state: checks.Up, seen: 1, of: 1, voting: 40}},
		{"an address that is gone", "175.45.177.1", gone, expectation{state: checks.Down, of: 1, onset: "16:15:00 16:15:19", voting: 40}},
		{"an address that falls back", "175.45.177.1", func(w *world) { wide(w); gone(w) }, expectation{state: checks.Up, seen: 1, of: 1, voting: 40}},
		{
			"a network with a control route", "AS3333", func(w *world) { w.announced[3333] = controlled[:1] },
			expectation{state: checks.Up, seen: 1, of: 1, voting: 40},
		},
		{
			"a control route", "8.8.8.8", func(w *world) { w.withdraw(day+"T16:15:00", 0, 40, controlled[1]) },
			expectation{state: checks.Down, of: 1, onset: "16:15:00 16:15:19", voting: 40},
		},
		{"nothing that can be looked up", "http://example.org/", func(*world) {}, expectation{state: checks.Unknown, kind: Unsuited, gap: "cannot be asked about http://example.org as a whole"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := kp(latest)
			tt.change(w)
			f := footprint(t, tt.target)
			if tt.want.kind == Unsuited {
				f.Prefixes = nil
			}
			tt.want.hold(t, judge(t, w.client(), f, asked))
		})
	}
}

// Sessions over IPv6, whose addresses hold colons, and their own control routes.
func TestIPv6(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := kp(latest)
		for i := range w.sessions {
			w.sessions[i].Peer.Addr = netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1))
			w.sessions[i].Size = [2]int{0, 220_000}
		}
		w.events = nil
		w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 3333} }, "2001:67c:2e8::/48")
		w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 4837, 131279} }, "2001:db8:1::/48")
		w.announced[131279] = []string{"2001:db8:1::/48"}
		want := checks.Up
		if lost {
			w.withdraw(day+"T16:15:00", 0, 40, "2001:db8:1::/48")
			want = checks.Down
		}
		got := judge(t, w.client(), footprint(t, "AS131279"), asked)
		if got.State != want || got.Vantage.Voting6 != 40 || len(got.gaps) > 0 {
			t.Errorf("got %v of %d vantage points, want %v of 40; reasons %q, gaps %s", got.State, got.Vantage.Voting6, want, got.Reasons, reasons(got.gaps))
		}
	}
}

// A country whose networks' lists are not to be had gets one gap for all.
func TestManyNetworks(t *testing.T) {
	w := kp(latest)
	w.edit["announced-prefixes"] = func(_ map[string]string, _, all map[string]any) { all["data_call_status"] = "maintenance - back soon" }
	f := country()
	for i := range 20 {
		f.Origins = append(f.Origins, checks.ASN(140_000+i))
	}
	got := judge(t, w.client(), f, asked)
	if text := reasons(got.gaps); !strings.Contains(text, "announced by AS131279, AS140000, AS140001, 18 others is not known") || len(got.gaps) != 1 {
		t.Errorf("gaps: got %s", text)
	}
}

// BenchmarkHistory makes a history of as many prefixes and sessions as one answer may
// have: 128 prefixes at 430 sessions, of which all are lost.
func BenchmarkHistory(b *testing.B) {
	w := kp(latest)
	w.sessions, w.events = nil, nil
	for i := range 430 {
		w.sessions = append(w.sessions, session{route.Peer{
			Collector: fmt.Sprintf("rrc%02d", i%20), Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), AS: checks.ASN(1001 + i),
		}, [2]int{950_000, 0}})
	}
	for i := range 128 {
		w.announced[64999] = append(w.announced[64999], fmt.Sprintf("198.18.%d.0/24", i))
	}
	path := func(i int) any { return []any{w.as(i), 3356, 174, 4837, 64999} }
	w.all(longAgo, 0, 430, path, append(w.announced[64999], controlled...)...)
	w.all(clockAt(day+"T16:15:00"), 0, 430, nil, w.announced[64999]...)
	f := checks.Footprint{Target: checks.Network(64999), Origins: []checks.ASN{64999}}
	c := w.client()
	updates := 0
	for b.Loop() { // from the second on all answers come from the cache
		updates = 0
		if _, _, err := c.History(b.Context(), f, asked, func(*route.Update) { updates++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(updates), "updates/op")
}

// A network with more prefixes than one request asks for.
func TestManyPrefixes(t *testing.T) {
	w := kp(latest)
	for i := range 100 {
		w.announced[64999] = append(w.announced[64999], fmt.Sprintf("198.18.%d.0/24", i))
	}
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 174, 64999} }, w.announced[64999]...)
	w.withdraw(day+"T16:15:00", 0, 40, w.announced[64999][:60]...)
	f := footprint(t, "AS64999")
	expectation{state: checks.Degraded, seen: 40, of: 100, voting: 40, gap: "of 60 prefixes that are gone"}.hold(t, judge(t, w.client(), f, asked))
	// The same where an answer about updates is larger than is read: it is cut in time.
	expectation{state: checks.Degraded, seen: 40, of: 100, voting: 40, gap: "of 60 prefixes that are gone"}.hold(t,
		judge(t, w.client(func(o *Options) { o.maxBody = 800 << 10 }), f, asked))
}
