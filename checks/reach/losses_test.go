package reach

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// Two pings in five are lost, and most questions are answered all the same: the no-answer
// rate does not show it, the count of pings does. What an outage or our own network loses
// is not counted.
func TestLosses(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		w.only[netip.MustParseAddr(addr)] = checks.MethodICMP
		m := New(w.options())
		defer running(m)()
		f := m.Follow(footprint(t, addr))
		defer f.Close()
		pings := func() (sent, lost int) {
			for _, h := range f.Reach(time.Now()).Hosts {
				sent, lost = sent+h.Pings, lost+h.PingsLost
			}
			return sent, lost
		}
		time.Sleep(time.Hour)
		if sent, lost := pings(); sent < 15 || lost > 0 {
			t.Fatalf("%d of %d pings lost, want none in half an hour", lost, sent)
		}
		w.lose(.4, addr)
		time.Sleep(time.Hour)
		if sent, lost := pings(); sent < checks.MinPings || lost*100 < 20*sent || lost*100 > 60*sent {
			t.Errorf("%d of %d pings lost, want about two in five", lost, sent)
		}
		w.lose(0, addr)
		w.cut(true)
		time.Sleep(20 * time.Minute)
		if sent, lost := pings(); lost > 0 {
			t.Errorf("%d of %d pings lost while our own network fails", lost, sent)
		}
		w.cut(false)
		w.kill(true, addr)
		until(t, "silent", 10*time.Minute, func() bool { return silents(f.Reach(time.Now())) == 1 })
		w.kill(false, addr)
		time.Sleep(5 * time.Minute)
		if sent, lost := pings(); sent == 0 || lost > 0 {
			t.Errorf("after an outage %d of %d pings lost, want those since then alone", lost, sent)
		}
	})
}

// A ping that is not replied to is lost though a datagram after it was refused; of a host
// that never replies nothing is lost, and nothing of other methods counts.
func TestPingsCount(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answers := func(method checks.Method, list ...checks.Outcome) (l pings) {
		for i, o := range list {
			l = l.add(checks.Answer{Method: method, Outcome: o, At: now.Add(time.Duration(i-len(list)) * time.Minute), Retried: o == checks.Silent})
		}
		return l
	}
	for _, tt := range []struct {
		name       string
		l          pings
		sent, lost int
	}{
		{"refused", answers(checks.MethodICMP, checks.Answered, checks.Refused, checks.Answered), 3, 1},
		{"twice silent", answers(checks.MethodICMP, checks.Answered, checks.Silent), 3, 2},
		{"not sent", answers(checks.MethodICMP, checks.Answered, checks.Unmeasured, checks.Unresolved), 1, 0},
		{"never replies", answers(checks.MethodICMP, checks.Refused, checks.Silent, checks.Refused), 0, 0},
		{"another method", answers(checks.MethodTCP, checks.Answered, checks.Silent), 0, 0},
	} {
		if sent, lost := tt.l.count(now); sent != tt.sent || lost != tt.lost {
			t.Errorf("%s: %d of %d lost, want %d of %d", tt.name, lost, sent, tt.lost, tt.sent)
		}
	}
	l := answers(checks.MethodICMP, checks.Answered, checks.Refused)
	if sent, _ := l.count(now.Add(time.Hour)); sent != 0 {
		t.Errorf("after an hour %d pings count", sent)
	}
	if l = l.add(checks.Answer{Method: checks.MethodICMP, Outcome: checks.Answered, At: now.Add(time.Hour)}); len(l) != 1 {
		t.Errorf("%d pings are kept, want the newest alone", len(l))
	}
}
