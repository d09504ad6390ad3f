package live

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// A new target is answered as of the lookup at once, and the streams carry it on when a
// lookup is later than their beginning.
func TestNewTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 5*time.Minute)
		defer w.start()()
		wait(time.Minute)
		k := w.hub.Follow(country())
		if gaps := k.Observe(time.Now()).Gaps; len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "North Korea are being looked up") {
			t.Errorf("before the lookup the gaps are %q", gaps)
		}
		expect(t, k, checks.Unknown)
		<-k.Ready()
		if v := answer(k); v.State != checks.Up || v.IPv4.Prefixes != (checks.Count{Seen: 4, Of: 4}) || !v.Vantage.NewestAt.Equal(time.Now().Add(-5*time.Minute)) {
			t.Errorf("right after the lookup: %v, %v, newest %s, gaps %q, reasons %q", v.State, v.IPv4.Prefixes, v.Vantage.NewestAt, v.Gaps, v.Reasons)
		} else if len(v.Gaps) != 1 || !strings.Contains(v.Gaps[0].Reason, "joined at") {
			t.Errorf("right after the lookup the gaps are %q", v.Gaps)
		}
		expect(t, k, checks.Unknown) // nothing opens on that alone
		settled(t, k)
		if v := expect(t, k, checks.Up); len(v.Gaps) != 0 || time.Since(v.Vantage.NewestAt) > time.Minute {
			t.Errorf("carried on: newest %s ago, gaps %q", time.Since(v.Vantage.NewestAt), v.Gaps)
		}
	})
}

// What a stream says is in the verdict after the settle window, with its time.
func TestALossInTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 2*time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		revision := k.Revision()
		lost := time.Now()
		w.withdraw(w.peers, kp()...)
		wait(time.Minute)
		if v := expect(t, k, checks.Down); !v.Onset.Half.Equal(lost) {
			t.Errorf("down since %s, want %s", v.Onset.Half, lost)
		}
		if k.Revision() <= revision {
			t.Errorf("the revision stayed %d", revision)
		}
		wait(time.Minute)
		w.announce(w.peers, kp()...)
		wait(time.Minute)
		expect(t, k, checks.Up)
	})
}

// What a stream delivers late is in the lookup already, and is not taken for news.
func TestLateMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 0)
		defer w.start()()
		wait(time.Minute)
		w.silence(w.names()...) // of updates; the streams are alive
		lost := time.Now()
		w.withdraw(w.peers, kp()...)
		wait(5 * time.Second)
		w.announce(w.peers, kp()...)
		w.reconnect(w.names()...)
		k := w.hub.Follow(country())
		settled(t, k)
		before := answer(k)
		for _, p := range w.peers {
			u := route.Update{Kind: route.Routes, At: lost, Peer: p}
			for _, prefix := range kp() {
				u.Withdrawn = append(u.Withdrawn, route.NLRI{Prefix: prefix})
			}
			w.hub.Apply(&u)
		}
		wait(5 * time.Minute)
		if v := expect(t, k, checks.Up); v.Changes != before.Changes {
			t.Errorf("%d changes, want %d", v.Changes, before.Changes)
		}
	})
}

// A target that is followed while it is down is down since when it was lost, which was
// before anybody followed it.
func TestLateTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 2*time.Minute)
		defer w.start()()
		lost := time.Now()
		w.withdraw(w.peers, kp()...)
		wait(3 * time.Hour)
		k := w.hub.Follow(country())
		settled(t, k)
		if v := expect(t, k, checks.Down); !v.Onset.Half.Equal(lost) || v.IPv4.Prefixes.Of != 4 {
			t.Errorf("down since %s, want %s, %v", v.Onset.Half, lost, v.IPv4.Prefixes)
		}
	})
}

// What happens between a lookup and the beginning of the stream is not missed.
func TestALossBetweenLookupAndStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 5*time.Minute)
		defer w.start()()
		wait(10 * time.Minute)
		w.withdraw(w.peers, kp()...) // after what the lookup knows
		wait(time.Minute)
		k := w.hub.Follow(country())
		<-k.Ready()
		if v := answer(k); v.State != checks.Up {
			t.Errorf("as of before the loss the answer is %v", v.State)
		}
		settled(t, k)
		expect(t, k, checks.Down)
	})
}

// A lookup that fails is a gap and is tried again, less and less often.
func TestALookupThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.broken = errBroken
		var log bytes.Buffer
		defer w.start(func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })()
		k := w.hub.Follow(country())
		<-k.Ready()
		wait(time.Hour)
		v := expect(t, k, checks.Unknown)
		if len(v.Gaps) != 1 || !strings.Contains(v.Gaps[0].Reason, "could not be looked up; the next try is at") || strings.Contains(v.Gaps[0].Reason, "503") {
			t.Errorf("the gaps are %q", v.Gaps)
		}
		if w.asked < 5 || w.asked > 20 {
			t.Errorf("asked %d times in an hour", w.asked)
		}
		if n := strings.Count(log.String(), "looking up the routes"); n != 1 {
			t.Errorf("the log was told %d times, want once:\n%s", n, &log)
		}
		w.mu.Lock()
		w.broken = nil
		w.mu.Unlock()
		settled(t, k)
		expect(t, k, checks.Up)
	})
}

// A lookup that hangs is given up, and others do not wait for it.
func TestALookupThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.slow = time.Hour
		defer w.start()()
		k := w.hub.Follow(country())
		<-k.Ready()
		if v := expect(t, k, checks.Unknown); len(v.Gaps) != 1 {
			t.Errorf("the gaps are %q", v.Gaps)
		}
		w.mu.Lock()
		w.slow = 20 * time.Second
		w.mu.Unlock()
		settled(t, k)
		expect(t, k, checks.Up)
	})
}

// A service that answers with nothing is not believed at once; where it insists, it is.
func TestAnEmptyLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		hole := func() {
			w.silence(w.names()...)
			w.notice(w.names()...)
			w.reconnect(w.names()...)
		}
		answers := func(empty, mute bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.empty, w.mute = empty, mute
		}
		answers(false, true)
		hole()
		wait(20 * time.Minute)
		if v := expect(t, k, checks.Unknown); len(v.Gaps) == 0 || !strings.Contains(v.Gaps[0].Reason, "could not be looked up again") {
			t.Errorf("of no answer the gaps are %q", v.Gaps)
		}
		answers(false, false)
		settled(t, k)
		answers(true, false)
		hole()
		wait(2 * time.Minute)
		if v := expect(t, k, checks.Unknown); len(v.Gaps) == 0 || !strings.Contains(v.Gaps[0].Reason, "asked again before it is believed") {
			t.Errorf("of an empty state the gaps are %q", v.Gaps)
		}
		answers(false, false)
		settled(t, k)
		expect(t, k, checks.Up)
		answers(true, false)
		hole()
		settled(t, k)
		wait(time.Minute)
		expect(t, k, checks.Down)
	})
}

// An empty first lookup is no statement about the target.
func TestNothingKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.empty = true
		defer w.start()()
		k := w.hub.Follow(country())
		<-k.Ready()
		wait(time.Hour)
		expect(t, k, checks.Unknown)
	})
}

// More than can be held back is dropped, and a newer state makes good for it.
func TestTooMuchIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 3*time.Minute)
		defer w.start(func(o *Options) { o.holdUpdates = 100 })()
		k := w.hub.Follow(country())
		for i := range 120 {
			wait(time.Second)
			if i%2 == 0 {
				w.withdraw(w.peers, kp()[0])
			} else {
				w.announce(w.peers, kp()[0])
			}
		}
		w.withdraw(w.peers, kp()[1])
		k.qmu.Lock()
		dropped, held := k.story.dropped, len(k.held.list)
		k.qmu.Unlock()
		if dropped == 0 || held > 100 {
			t.Errorf("dropped %d times, %d held back", dropped, held)
		}
		settled(t, k)
		wait(time.Minute)
		if v := expect(t, k, checks.Degraded); v.IPv4.Prefixes != (checks.Count{Seen: 3, Of: 4}) {
			t.Errorf("%+v", v.IPv4.Prefixes)
		}
		if n := w.hub.held.Load(); n != 0 {
			t.Errorf("%d bytes are counted as held back, and nothing is", n)
		}
	})
}

// An assessment that takes its time keeps nobody waiting, and misses nothing.
func TestASlowAssessment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start(func(o *Options) { o.holdUpdates = 500 })()
		k := w.hub.Follow(country())
		settled(t, k)
		k.lock()
		w.withdraw(w.peers, kp()...)
		k.unlock()
		wait(time.Minute)
		expect(t, k, checks.Down)
		w.announce(w.peers, kp()...)
		wait(time.Minute)
		k.lock()
		for range 40 { // more than is kept
			w.withdraw(w.peers, kp()...)
			w.announce(w.peers, kp()...)
			time.Sleep(time.Second)
		}
		k.unlock()
		expect(t, k, checks.Unknown)
		settled(t, k)
		expect(t, k, checks.Up)
	})
}

// A network is known by its origin; its prefixes are learned, for a withdrawal does not
// name it.
func TestANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		n := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
		settled(t, n)
		expect(t, n, checks.Up)
		w.withdraw(w.peers, kp()[0])
		wait(time.Minute)
		expect(t, n, checks.Degraded)
		w.announce(w.peers, kp()[0])
		fresh := netip.MustParsePrefix("175.45.0.0/24")
		w.announce(w.peers, fresh) // was never seen before
		wait(3 * time.Hour)
		if v := expect(t, n, checks.Up); v.IPv4.Prefixes.Of != 5 {
			t.Errorf("%v prefixes", v.IPv4.Prefixes)
		}
		w.withdraw(w.peers, fresh)
		wait(time.Minute)
		expect(t, n, checks.Degraded)
	})
}

// The streams are asked for what the targets need, and no target goes on from a stream
// before that covers it.
func TestCover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 0)
		granted := make(chan struct{})
		var asked [][]Filter
		defer w.start(func(o *Options) {
			o.Cover = func(ctx context.Context, filters []Filter) error {
				asked = append(asked, filters)
				select {
				case <-granted:
				case <-ctx.Done():
				}
				return ctx.Err()
			}
		})()
		k := w.hub.Follow(country())
		wait(10 * time.Minute)
		expect(t, k, checks.Unknown)
		close(granted)
		settled(t, k)
		expect(t, k, checks.Up)
		want := fmt.Sprint([]Filter{{Prefix: netip.MustParsePrefix("175.45.176.0/22")}})
		if last := fmt.Sprint(asked[len(asked)-1]); last != want {
			t.Errorf("asked for %s, want %s", last, want)
		}
		k.Close()
		wait(time.Minute)
		if last := asked[len(asked)-1]; len(last) != 0 {
			t.Errorf("asked for %v though nobody is followed", last)
		}
	})
}

// Streams that cannot be had are asked for again and again.
func TestCoverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 0)
		fails := 5
		defer w.start(func(o *Options) {
			o.Cover = func(context.Context, []Filter) error {
				if fails--; fails >= 0 {
					return errBroken
				}
				return nil
			}
		})()
		k := w.hub.Follow(country())
		wait(2 * time.Minute)
		expect(t, k, checks.Unknown)
		settled(t, k)
		expect(t, k, checks.Up)
	})
}

// A lookup that delivers too much, or says not as of when, has failed.
func TestALookupBeyondMeasure(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"too much": func(o *Options) { o.lookupBytes = 1000 },
		"no time": func(o *Options) {
			o.Lookup.History = func(context.Context, checks.Footprint, time.Time, func(*route.Update)) (time.Time, []checks.Gap, error) {
				return time.Time{}, []checks.Gap{{Check: "route", Reason: "nobody knows"}}, nil
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 15, 0)
			defer w.start(change)()
			k := w.hub.Follow(country())
			<-k.Ready()
			if v := expect(t, k, checks.Unknown); len(v.Gaps) == 0 || !strings.Contains(v.Gaps[0].Reason, "could not be looked up") || v.Vantage.Sessions != 0 {
				t.Errorf("%s: gaps %q, %d sessions", name, v.Gaps, v.Vantage.Sessions)
			}
		})
	}
}

// Without a stream a target is as the last lookup left it.
func TestLookupsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start(func(o *Options) { o.Streamed = false })()
		k := w.hub.Follow(country())
		<-k.Ready()
		wait(time.Hour)
		expect(t, k, checks.Up)
		before := time.Now()
		w.silence(w.names()...) // there are none
		w.withdraw(w.peers, kp()...)
		wait(15 * time.Minute)
		v := expect(t, k, checks.Down)
		if v.Onset.After.After(before) || before.Sub(v.Onset.After) > 8*time.Minute || v.Onset.By.Before(before) {
			t.Errorf("lost between %s and %s, want both sides of %s", v.Onset.After, v.Onset.By, before)
		}
		w.mu.Lock()
		w.broken = errBroken
		w.mu.Unlock()
		wait(20 * time.Minute)
		expect(t, k, checks.Unknown)
	})
}

// One answer needs no stream, and may be about the past.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 0)
		w.hub = New(Options{Log: discard()})
		began := time.Now()
		wait(time.Hour)
		w.withdraw(w.peers, kp()...)
		wait(time.Hour)
		o := Options{Rules: route.DefaultRules(), Lookup: Lookup{History: w.history}, Log: discard()}
		for at, want := range map[time.Time]checks.State{{}: checks.Down, began.Add(30 * time.Minute): checks.Up, began.Add(61 * time.Minute): checks.Down} {
			v, err := Once(t.Context(), o, country(), at)
			if at.IsZero() {
				at = time.Now()
			}
			if got := checks.Assess(v.Answer(v.AsOf, checks.DefaultRules())); err != nil || got.State != want || !v.AsOf.Equal(at) {
				t.Errorf("at %s: %v as of %s, want %v; %v", at, got.State, v.AsOf, want, err)
			}
		}
		w.broken = errBroken
		if v, err := Once(t.Context(), o, country(), time.Time{}); err != nil || len(v.Gaps) != 1 {
			t.Errorf("of a lookup that fails: %v, gaps %q", err, v.Gaps)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Once(ctx, o, country(), time.Time{}); err == nil {
			t.Error("no error where the context has ended")
		}
	})
}

// Closing a target while it is looked up leaves nothing behind.
func TestCloseDuringALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.slow = 30 * time.Second
		defer w.start()()
		wait(time.Minute)
		k := w.hub.Follow(country())
		n := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
		wait(10 * time.Second)
		w.withdraw(w.peers, kp()[0])
		k.Close()
		k.Close()
		n.Close()
		<-k.Ready()
		wait(time.Hour)
		w.withdraw(w.peers, kp()[1])
		expect(t, k, checks.Unknown)
		if h := w.hub; len(h.targets) != 0 || len(h.origins) != 0 || h.held.Load() != 0 {
			t.Errorf("left behind: %d targets, %d origins, %d bytes", len(h.targets), len(h.origins), h.held.Load())
		}
		found := 0
		w.hub.index.Concerned(netip.MustParsePrefix("175.45.176.0/22"), func(*Target) { found++ })
		if found != 0 {
			t.Errorf("%d targets are left in the index", found)
		}
	})
}

// The hub ends while lookups are under way.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.slow = time.Hour
		stop := w.start()
		k := w.hub.Follow(country())
		wait(time.Minute)
		stop() // the bubble fails where a goroutine is left
		expect(t, k, checks.Unknown)
	})
}

// Many targets are looked up one after another, and each is carried on.
func TestManyTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 12, time.Minute)
		w.slow = time.Second
		defer w.start(func(o *Options) { o.parallel = 8 })()
		var list []*Target
		for i := range 1000 {
			list = append(list, w.hub.Follow(checks.Footprint{
				Target: targetOf(t, kp()[i%4]), Prefixes: []netip.Prefix{kp()[i%4]}, Origins: []checks.ASN{home},
			}))
		}
		settled(t, list[0])
		settled(t, list[len(list)-1])
		wait(time.Hour)
		for _, k := range list {
			expect(t, k, checks.Up)
		}
		w.withdraw(w.peers, kp()[2])
		wait(time.Minute)
		for i, k := range list {
			want := checks.Up
			if i%4 == 2 {
				want = checks.Down
			}
			expect(t, k, want)
		}
		if w.asked > 6000 {
			t.Errorf("%d lookups for 1000 targets", w.asked)
		}
	})
}

func targetOf(t *testing.T, p netip.Prefix) checks.Target {
	t.Helper()
	target, err := checks.ParseTarget(p.String())
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
