package reach

import (
	"errors"
	"math"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"isitdown/checks"
)

func TestRates(t *testing.T) {
	now := time.Date(2026, 11, 22, 23, 59, 0, 0, time.UTC)
	var r rates
	for range 90 {
		r.hear(now, false)
	}
	for range 10 {
		r.miss(now)
	}
	if rate, asked, before := r.at(now); rate != 0 || asked != 90 || !before {
		t.Errorf("losses before the next answer: %v of %d", rate, asked)
	}
	r.hear(now.Add(2*time.Minute), false) // a day later
	if rate, asked, _ := r.at(now.Add(2 * time.Minute)); asked != 101 || math.Abs(rate-10./101) > 1e-9 {
		t.Errorf("after it: %v of %d, want 10 of 101", rate, asked)
	}
	for range 1000 {
		r.miss(now.Add(2 * time.Minute))
	}
	r.hear(now.Add(time.Hour), true)
	if rate, asked, _ := r.at(now.Add(time.Hour)); asked != 102 || math.Abs(rate-10./102) > 1e-9 {
		t.Errorf("after an outage: %v of %d, want 10 of 102: an outage teaches nothing", rate, asked)
	}
	if rate, asked, before := r.at(now.AddDate(0, 0, 7)); asked != 2 || rate != 0 || !before {
		t.Errorf("a week later: %v of %d, want the newest day alone", rate, asked)
	}
	if _, _, before := r.at(now.AddDate(0, 0, 8)); before {
		t.Error("after a week without an answer it still is one that answered")
	}
	saved := r.take(checks.Country("KP"), key{method: checks.MethodICMP, addr: netip.MustParseAddr("20.0.0.1"), name: "20.0.0.1"})
	asked, answered := 0, 0
	for _, s := range saved {
		asked, answered = asked+s.Asked, answered+s.Answered
	}
	if len(saved) != 2 || asked != 102 || answered != 92 || len(r.take(checks.Target{}, key{})) != 0 {
		t.Errorf("saved %+v, want two days of 102 with 92 answers, once", saved)
	}
	for i := range 30 {
		r.hear(now.AddDate(0, 0, i), false)
	}
	if len(r.days) > rateDays || len(r.unsaved) > rateDays {
		t.Errorf("%d days are kept", len(r.days))
	}
	var few rates
	few.hear(now, false)
	if got := few.careful(now); got < .05 || got > .2 {
		t.Errorf("one answer of one gives a no-answer rate of %v to test with", got)
	}
}

func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := key{
			method: checks.Method(rapid.IntRange(1, 5).Draw(t, "method")),
			addr:   netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr"))),
			port:   rapid.Uint16().Draw(t, "port"),
			name:   rapid.StringMatching(`[a-z0-9.:/?=-]{1,40}`).Draw(t, "name"),
		}
		if got, ok := parseKey(k.String()); !ok || got != k {
			t.Errorf("%q reads back as %+v, %v", k, got, ok)
		}
	})
	for _, bad := range []string{"", "icmp", "icmp 1.2.3.4 0", "icmp 1.2.3.4 0 a b", "none 1.2.3.4 0 a", "icmp 1.2.3.4 65536 a", "icmp 1.2.3.4 00 a", "icmp fe80::1%eth0 0 a", "ICMP 1.2.3.4 0 a", "icmp x 0 a", "icmp 1.2.3.4 0 "} {
		if k, ok := parseKey(bad); ok {
			t.Errorf("%q is read as %+v", bad, k)
		}
	}
}

// What was learned is handed over about once a minute and at the end, and kept where that
// fails; the sum of all that was handed over is what was asked.
func TestSaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		var mu sync.Mutex
		asked, calls, fails := 0, 0, false
		o := w.options()
		o.Save = func(added []HostRate) error {
			mu.Lock()
			defer mu.Unlock()
			calls++
			if fails {
				return errors.New("the disk is full")
			}
			for _, a := range added {
				asked += a.Asked
			}
			return nil
		}
		m := New(o)
		stop := running(m)
		f := m.Follow(footprint(t, "192.0.2.1"))
		gone := m.Follow(footprint(t, "192.0.2.2"))
		time.Sleep(30 * time.Minute)
		gone.Close()
		gone.Close()
		mu.Lock()
		if calls < 10 || calls > 31 {
			t.Errorf("saved %d times in 30 minutes", calls)
		}
		fails = true
		mu.Unlock()
		time.Sleep(30 * time.Minute)
		mu.Lock()
		fails = false
		mu.Unlock()
		f.Close()
		stop()
		if sent := len(w.probes("192.0.2.1")) + len(w.probes("192.0.2.2")); asked != sent || sent < 40 {
			t.Errorf("%d saved, %d asked", asked, sent)
		}
	})
}
