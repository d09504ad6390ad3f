package ripestat

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

func TestOrigin(t *testing.T) {
	const addr = "175.45.176.15"
	for _, tt := range []struct {
		name, addr string
		data       map[string]any
		prefix     string // "" for none
		origin     checks.ASN
		fails      bool
	}{
		{"one network", addr, map[string]any{"asns": []any{"131279"}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 131279, false},
		{"a number", addr, map[string]any{"asns": []any{131279}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 131279, false},
		{"IPv6", "2001:67c:2e8::1", map[string]any{"asns": []any{"3333"}, "prefix": "2001:67c:2e8::/48"}, "2001:67c:2e8::/48", 3333, false},
		{"mapped IPv4", "::ffff:" + addr, map[string]any{"asns": []any{"131279"}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 131279, false},
		{"nobody", addr, map[string]any{"asns": []any{}, "prefix": ""}, "", 0, false},
		{"nobody, said otherwise", addr, map[string]any{"asns": []any{}, "prefix": nil}, "", 0, false},
		{"two networks", addr, map[string]any{"asns": []any{"131279", "4837"}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 0, false},
		{"a set", addr, map[string]any{"asns": []any{"{131279,4837}"}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 0, false},
		{"a private number", addr, map[string]any{"asns": []any{"64512"}, "prefix": "175.45.176.0/24"}, "175.45.176.0/24", 0, false},
		{"a default route", addr, map[string]any{"asns": []any{"7"}, "prefix": "0.0.0.0/0"}, "", 0, false},
		{"another's", addr, map[string]any{"asns": []any{"15169"}, "prefix": "8.8.8.0/24"}, "", 0, true},
		{"no prefix", addr, map[string]any{"asns": []any{"15169"}, "prefix": "8.8.8.1/24"}, "", 0, true},
		{"no list", addr, map[string]any{"prefix": "175.45.176.0/24"}, "", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := kp(latest)
			w.extra = map[string]map[string]any{"network-info": tt.data}
			prefix, origin, err := w.client().Origin(t.Context(), netip.MustParseAddr(tt.addr))
			got := ""
			if prefix.IsValid() {
				got = prefix.String()
			}
			if got != tt.prefix || origin != tt.origin || (err != nil) != tt.fails {
				t.Errorf("got %q of %v, error %v; want %q of %v", got, origin, err, tt.prefix, tt.origin)
			}
		})
	}
}

// Routers have addresses that mean nothing outside: nobody is told of them.
func TestOriginOfSpecialAddresses(t *testing.T) {
	w := kp(latest)
	c := w.client()
	for _, addr := range []netip.Addr{
		{},
		netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("100.64.0.1"), netip.MustParseAddr("::ffff:192.168.1.1"),
		netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("fd00::1"), netip.MustParseAddr("127.0.0.1"),
	} {
		if prefix, origin, err := c.Origin(t.Context(), addr); prefix.IsValid() || origin != 0 || err != nil {
			t.Errorf("%v: got %v of %v, error %v", addr, prefix, origin, err)
		}
	}
	if len(w.asked) > 0 {
		t.Errorf("asked for %q", w.asked)
	}
}

// Answers are kept; requests are counted against the budget of the context and the day's.
func TestOriginCosts(t *testing.T) {
	w := kp(latest)
	w.extra = map[string]map[string]any{"network-info": {"asns": []any{"131279"}, "prefix": "175.45.176.0/22"}}
	c := w.client(func(o *Options) { o.daily = 4 })
	ctx := WithBudget(t.Context(), 3)
	at := func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("175.45.176.%d", i)) }
	for _, ctx := range []context.Context{ctx, t.Context()} { // the second time from the cache
		for i := range 3 {
			if _, _, err := c.Origin(ctx, at(i)); err != nil {
				t.Error(err)
			}
		}
	}
	if _, _, err := c.Origin(ctx, at(3)); kindOf(err) != Spent {
		t.Errorf("beyond the budget: got %v", err)
	}
	if _, _, err := c.Origin(t.Context(), at(3)); err != nil {
		t.Errorf("with a budget of its own: got %v", err)
	}
	if _, _, err := c.Origin(t.Context(), at(4)); kindOf(err) != Daily {
		t.Errorf("beyond the day's: got %v", err)
	}
	if len(w.asked) != 4 || c.Requests() != 4 {
		t.Errorf("%d requests were made, %d counted, want 4", len(w.asked), c.Requests())
	}
}

func kindOf(err error) Kind {
	if own, ok := as(err); ok {
		return own.Kind
	}
	return ""
}

// Whatever RIPEstat does, there is an origin or an error that can be said.
func TestOriginFaults(t *testing.T) {
	w := kp(latest)
	w.extra = map[string]map[string]any{"network-info": {"asns": []any{"131279"}, "prefix": "175.45.176.0/24"}}
	webtest.Each(t, w, func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
		o := Options{BaseURL: s.URL, HTTP: s.Client, Timeout: 2 * time.Second, Attempts: 1, limits: limits{maxBody: 4 << 20}}
		if !f.Answers {
			o.Timeout /= 8
		}
		prefix, origin, err := New(o).Origin(ctx, netip.MustParseAddr("175.45.176.15"))
		if f.Answers {
			if err != nil || origin != 131279 {
				t.Errorf("got %v of %v, error %v", prefix, origin, err)
			}
			return []checks.Gap{{Check: check, Reason: "it answered all the same"}}
		}
		if err == nil || prefix.IsValid() || origin != 0 {
			t.Errorf("got %v of %v, error %v; want an error alone", prefix, origin, err)
		}
		return []checks.Gap{gapOf(err, "whose the last router is is not known")}
	})
}

func TestRecordedOrigin(t *testing.T) {
	prefix, origin, err := decoded[networkData](t, "network-info", "network_info").origin(netip.MustParseAddr("140.78.90.50"))
	if prefix.String() != "140.78.0.0/16" || origin != 1205 || err != nil {
		t.Errorf("got %v of %v, error %v", prefix, origin, err)
	}
}

func FuzzOrigin(f *testing.F) {
	addr := netip.MustParseAddr("140.78.90.50")
	seeds(f, "network_info", `{"asns":["1205"],"prefix":"140.78.0.0/16"}`, `{"asns":[1,"{2,3}",null],"prefix":"0.0.0.0/0"}`, `{"asns":[],"prefix":""}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[networkData](b)
		if !ok {
			return
		}
		prefix, origin, err := d.origin(addr)
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		if prefix.IsValid() && (err != nil || !prefix.Contains(addr) || prefix != prefix.Masked() || prefix.Bits() < checks.MinCoverBits) || !prefix.IsValid() && origin != 0 {
			t.Errorf("got %v of %v, error %v", prefix, origin, err)
		}
	})
}
