package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/route"
)

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 2*time.Minute)
		w.slow = 10 * time.Second
		defer w.start()()
		expect := func(want Status) {
			t.Helper()
			got := w.hub.Status()
			got.Lag = got.Lag.Truncate(time.Second)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		wait(time.Minute)
		k := w.hub.Follow(country())
		wait(time.Second)
		expect(Status{Targets: 1, Waiting: 1, Collectors: 3})
		wait(time.Minute)
		lag := 2*time.Minute + 10*time.Second
		expect(Status{Targets: 1, Lag: lag, Collectors: 3})
		settled(t, k)
		expect(Status{Targets: 1, Current: 1, Lag: lag, Collectors: 3})
		w.mu.Lock()
		w.broken = errBroken
		w.mu.Unlock()
		w.silence("rrc01")
		w.notice("rrc01")
		expect(Status{Targets: 1, Current: 1, Lag: lag, Collectors: 3, Silent: 1})
		w.reconnect("rrc01")
		wait(5 * time.Minute)
		expect(Status{Targets: 1, Failing: 1, Lag: lag, Collectors: 3})
		k.Close()
		expect(Status{Lag: lag, Collectors: 3})
	})
}

// The sizes of the tables are asked for again once a day, while the streams carry on.
func TestSizesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		state := func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
			return w.state(ctx, f, func(u *route.Update) {
				if u.Kind == route.Size && u.Peer.AS <= 5 {
					u.Size[0] /= 2
				}
				emit(u)
			})
		}
		defer w.start(func(o *Options) { o.Lookup.State = state })()
		wait(5 * time.Minute) // the first lookup is later than the stream's beginning, and enough
		w.mu.Lock()
		w.lag = 0
		w.mu.Unlock()
		k := w.hub.Follow(country())
		<-k.Ready()
		wait(time.Minute)
		if v := expect(t, k, checks.Up); v.Vantage.FullFeed != 15 {
			t.Errorf("at first %d full feeds", v.Vantage.FullFeed)
		}
		wait(23 * time.Hour)
		if v := expect(t, k, checks.Up); v.Vantage.FullFeed != 15 {
			t.Errorf("a day later %d full feeds", v.Vantage.FullFeed)
		}
		wait(5 * time.Hour)
		if v := expect(t, k, checks.Up); v.Vantage.FullFeed != 10 {
			t.Errorf("after a day %d full feeds, want 10", v.Vantage.FullFeed)
		}
	})
}

// Everything at once, on the real clock, for the race detector.
func TestManyHands(t *testing.T) {
	w := newWorld(t, 12, 0)
	stop := w.start(func(o *Options) { o.retryMin, o.parallel = time.Millisecond, 3 })
	var wg sync.WaitGroup
	for hand := range 3 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(hand), 9))
			for range 60 {
				switch rng.IntN(6) {
				case 0:
					w.silence(w.names()[hand])
					w.notice(w.names()[hand])
					w.reconnect(w.names()[hand])
				case 1:
					w.comesUp(router(hand))
				case 2:
					w.hub.Status()
				default:
					w.withdraw(w.peers[hand*3:][:3], kp()[rng.IntN(4)])
					w.announce(w.peers, kp()...)
				}
			}
		})
		wg.Go(func() {
			for i := range 20 {
				k := w.hub.Follow(country())
				n := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
				if i%2 == 0 {
					<-k.Ready()
				}
				k.Freeze(time.Now())
				verdict(k)
				k.Close()
				k.Thaw(time.Now())
				n.Episodes()
				answer(n)
				n.Close()
			}
		})
	}
	wg.Wait()
	stop()
	if s := w.hub.Status(); s.Targets != 0 || s.Held != 0 {
		t.Errorf("left behind: %+v", s)
	}
}
