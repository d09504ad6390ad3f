package world

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/route"
)

// slow is a table that takes its time.
type slow struct {
	each time.Duration // an update

	mu   sync.Mutex
	seen map[string][]int       // numbers of messages, by collector
	lost map[string][]time.Time // times of the holes
	// holed is how many messages of a collector had been seen when it had its first hole.
	holed map[string]int
}

func newSlow(each time.Duration) *slow {
	return &slow{each: each, seen: map[string][]int{}, lost: map[string][]time.Time{}, holed: map[string]int{}}
}

func (s *slow) apply(list []route.Update) {
	time.Sleep(time.Duration(len(list)) * s.each)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		u := &list[i]
		name := u.Peer.Collector
		switch u.Kind {
		case route.Routes:
			s.seen[name] = append(s.seen[name], number(u))
		case route.Lost:
			if len(s.lost[name]) == 0 {
				s.holed[name] = len(s.seen[name])
			}
			s.lost[name] = append(s.lost[name], u.At)
		}
	}
}

// rising reports whether the numbers of a collector came in their order.
func rising(list []int) bool {
	for i := 1; i < len(list); i++ {
		if list[i] <= list[i-1] {
			return false
		}
	}
	return true
}

// run has an inbox worked off until the function it gives is called; once or more often.
func run(b *Inbox, s *slow) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { b.Run(ctx, s.apply) })
	return func() {
		cancel()
		done.Wait()
	}
}

// A burst that has room is worked off whole and in its order.
func TestInboxWorksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := NewInbox(InboxOptions{}), newSlow(20*time.Microsecond)
		stop := run(b, s)
		defer stop()
		const n = 100_000
		for i := range n {
			b.Put(message([]string{"rrc00", "rrc01"}[i%2], i, time.Now()))
		}
		if lag := b.Stats().Lag; lag != 0 {
			t.Errorf("got a lag of %v before time has passed", lag)
		}
		time.Sleep(time.Second)
		st := b.Stats()
		if st.Lag < 900*time.Millisecond || st.Lag > time.Second {
			t.Errorf("got a lag of %v half way through a burst of a second ago", st.Lag)
		}
		time.Sleep(2 * time.Second)
		stop()
		for _, name := range []string{"rrc00", "rrc01"} {
			if got := s.seen[name]; len(got) != n/2 || !rising(got) {
				t.Errorf("got %d messages of %s, in order %v; want %d", len(got), name, rising(got), n/2)
			}
		}
		st = b.Stats()
		want := InboxStats{Put: n, Applied: n, Batches: st.Batches, Deepest: st.Deepest, Slowest: st.Slowest, Newest: st.Newest}
		if diff := cmp.Diff(want, st); diff != "" {
			t.Errorf("the figures after a burst (-want +got):\n%s", diff)
		}
		if st.Slowest < time.Second || st.Deepest < n*30 {
			t.Errorf("the worst of the burst is forgotten: %+v", st)
		}
		if missing, gaps := b.Doubt(time.Now()); missing != "" || gaps != nil {
			t.Errorf("got doubts %q and %v about a stream that is whole", missing, gaps)
		}
	})
}

// What finds no room is told as a hole, before and after, counted, and said.
func TestInboxLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 12, 1, 3, 0, time.UTC)))
		from := time.Now()
		b, s := NewInbox(InboxOptions{Most: 1 << 20}), newSlow(100*time.Microsecond)
		stop := run(b, s)
		defer stop()
		sent := 0
		for ; b.Stats().LeftOut < 12_345; sent++ {
			b.Put(message("rrc00", sent, from.Add(time.Duration(sent))))
		}
		b.Put(&route.Update{Kind: route.Alive, At: from.Add(time.Hour), Peer: route.Peer{Collector: "rrc00"}})
		if holes := b.Holes(time.Now()); len(holes) != 1 || holes[0].LeftOut != 12_345 || !holes[0].Until.IsZero() {
			t.Errorf("got holes %+v while messages are left out", holes)
		}
		time.Sleep(10 * time.Second)
		stop()
		st := b.Stats()
		kept := sent - 12_345
		if len(s.seen["rrc00"]) != kept || st.LeftOut != 12_345 || st.Spells != 1 || st.Full != 0 {
			t.Errorf("got %d of %d messages and %+v", len(s.seen["rrc00"]), kept, st)
		}
		last, newest := from.Add(time.Duration(kept-1)), from.Add(time.Duration(sent-1))
		if diff := cmp.Diff([]time.Time{last.UTC(), newest.UTC()}, s.lost["rrc00"]); diff != "" {
			t.Errorf("the hole is told otherwise (-want +got):\n%s", diff)
		}
		if s.holed["rrc00"] != kept {
			t.Errorf("the hole was told after %d messages, want %d", s.holed["rrc00"], kept)
		}
		_, gaps := b.Doubt(time.Now())
		if len(gaps) != 1 || !strings.HasPrefix(gaps[0].Reason, "the stream brought more than could be worked off from 12:01:03 to 12:01:0") ||
			!strings.HasSuffix(gaps[0].Reason, " UTC: 12,345 messages of rrc00 were left out; what its sessions hold is not known until they have said it again") {
			t.Errorf("got gaps %v", gaps)
		}
		time.Sleep(toldFor)
		if _, gaps := b.Doubt(time.Now()); gaps != nil {
			t.Errorf("got gaps %v when sessions vote again", gaps)
		}
	})
}

// The burst of one collector leaves the others whole, and ends of sessions are never left out.
func TestInboxIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := NewInbox(InboxOptions{Most: 1 << 20}), newSlow(100*time.Microsecond)
		ends := 0
		apply := func(list []route.Update) {
			s.apply(list)
			for i := range list {
				if list[i].Kind == route.PeerDown {
					ends++
				}
			}
		}
		for i := range 200_000 {
			b.Put(message("rrc00", i, time.Now()))
			if i%200 == 0 {
				b.Put(message("rrc01", i, time.Now()))
			}
			if i%10_000 == 0 {
				b.Put(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: message("rrc00", 0, begin).Peer})
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { b.Run(ctx, apply) })
		time.Sleep(time.Minute)
		cancel()
		done.Wait()
		if len(s.lost["rrc01"]) > 0 || len(s.seen["rrc01"]) != 1000 {
			t.Errorf("got %d of 1000 messages and holes %v of a collector without a burst", len(s.seen["rrc01"]), s.lost["rrc01"])
		}
		if len(s.lost["rrc00"]) != 2 || ends != 20 {
			t.Errorf("got holes %v and %d of 20 ends of the collector with the burst", s.lost["rrc00"], ends)
		}
		if gaps := b.Gaps(time.Now()); len(gaps) != 1 || !strings.Contains(gaps[0].Reason, " messages of rrc00 were left out") {
			t.Errorf("got gaps %v, want one of the collector with the burst alone", gaps)
		}
	})
}

// Whoever can wait does, and leaves nothing out.
func TestInboxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := NewInbox(InboxOptions{Most: 1 << 20}), newSlow(100*time.Microsecond)
		stop := run(b, s)
		defer stop()
		const n = 60_000
		var feeds sync.WaitGroup
		for _, name := range []string{"edge 1", "edge 2"} {
			feeds.Go(func() {
				for i := range n {
					if err := b.Wait(t.Context(), message(name, i, time.Now())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		feeds.Wait()
		time.Sleep(time.Minute)
		stop()
		for _, name := range []string{"edge 1", "edge 2"} {
			if got := s.seen[name]; len(got) != n || !rising(got) || len(s.lost[name]) > 0 {
				t.Errorf("got %d of %d messages of %s, in order %v, holes %v", len(got), n, name, rising(got), s.lost[name])
			}
		}
		if st := b.Stats(); st.LeftOut != 0 || st.Deepest > 1<<20 {
			t.Errorf("got %+v", st)
		}
		time.Sleep(time.Hour)
		if missing, _ := b.Doubt(time.Now()); missing != "" {
			t.Errorf("got %q of routers that have nothing to say", missing)
		}
	})
}

// A wait ends with its context.
func TestInboxWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewInbox(InboxOptions{Most: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := 0; ; i++ {
			if err := b.Wait(ctx, message("edge", i, time.Now())); err != nil {
				if ctx.Err() == nil || !strings.Contains(err.Error(), "edge") {
					t.Errorf("got error %v", err)
				}
				return
			}
		}
	})
}

// A table that cannot keep up, and a stream that comes late, are said.
func TestInboxBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := NewInbox(InboxOptions{}), newSlow(time.Millisecond)
		stop := run(b, s)
		defer stop()
		for i := range 100_000 {
			b.Put(message("rrc00", i, time.Now()))
		}
		for range 12 {
			time.Sleep(6 * time.Second)
			b.Put(message("rrc00", 0, time.Now()))
		}
		missing, _ := b.Doubt(time.Now())
		if want := "the table of the world is behind the stream by 72 s, and 28,"; !strings.HasPrefix(missing, want) {
			t.Errorf("got %q, want %q", missing, want)
		}
		time.Sleep(time.Minute)
		missing, _ = b.Doubt(time.Now())
		if want := "the newest message of the stream is 1m0"; missing != "" && !strings.HasPrefix(missing, want) {
			t.Errorf("got %q, want %q", missing, want)
		}
		b.Put(message("rrc00", 0, time.Now()))
		time.Sleep(time.Second)
		if missing, _ = b.Doubt(time.Now()); missing != "" {
			t.Errorf("got %q of a stream that is up to date", missing)
		}
		b.Put(message("rrc00", 0, time.Now()))
		time.Sleep(2 * time.Minute)
		if missing, _ = b.Doubt(time.Now()); missing != "the newest message of the stream is 2 min old, so it is behind the present by as much" {
			t.Errorf("got %q of a stream that is late", missing)
		}
	})
}
