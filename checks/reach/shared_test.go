package reach

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// Targets that have a host in common ask it as often as one would, and each of them finds
// it silent, within what its /24 may be asked.
func TestTargetsShareTheirHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		o := w.options()
		o.Ask = NewAsker(AskerOptions{
			Methods: map[checks.Method]Ask{checks.MethodICMP: w.ask, checks.MethodTCP: w.ask},
			Shield:  everything(), Manners: NewManners(MannersOptions{}),
		}).Ask
		o.Listed = func(checks.Target) []Listed {
			return []Listed{{Host: addr, Method: checks.MethodTCP, Port: 443}}
		}
		m := New(o)
		defer running(m)()
		var all []*Followed
		for _, text := range []string{"192.0.2.0/24", "192.0.2.0/25", "192.0.2.0/26", "192.0.2.0/27", "192.0.2.0/28"} {
			f := footprint(t, text)
			f.Prefixes = append(f.Prefixes, f.Target.Prefix())
			all = append(all, m.Follow(f))
		}
		for _, f := range all {
			defer f.Close()
			<-f.Ready()
		}
		time.Sleep(30 * time.Minute)
		w.kill(true, addr)
		until(t, "silent to all", 6*time.Minute, func() bool {
			n := 0
			for _, f := range all {
				n += silents(f.Reach(time.Now()))
			}
			return n == len(all)
		})
		time.Sleep(20 * time.Minute)
		w.kill(false, addr)
		until(t, "back for all", 3*time.Minute, func() bool {
			n := 0
			for _, f := range all {
				n += silents(f.Reach(time.Now()))
			}
			return n == 0
		})
	})
}

// A question that is being asked is not asked twice; one that found nothing out is.
func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sharing{kept: map[Probe]*posed{}}
		asked := 0
		var mu sync.Mutex
		ask := func(host string, again bool, o checks.Outcome) checks.Answer {
			return s.ask(t.Context(), Probe{Host: host, Port: 443}, again, func() checks.Answer {
				mu.Lock()
				asked++
				mu.Unlock()
				time.Sleep(time.Second)
				return checks.Answer{Host: host, Outcome: o, At: time.Now()}
			})
		}
		expect := func(what string, want int) {
			t.Helper()
			if asked != want {
				t.Errorf("%s: asked %d times, want %d", what, asked, want)
			}
			asked = 0
			time.Sleep(sharedFor)
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { ask("a", false, checks.Answered) })
		}
		all.Wait()
		if a := ask("b", true, checks.Silent); a.Host != "b" || a.Outcome != checks.Answered {
			t.Errorf("got %+v, want what was found, under the name that it was asked by", a)
		}
		expect("all at once", 1)
		ask("a", false, checks.Silent)
		ask("a", false, checks.Silent)
		expect("a silence", 1)
		ask("a", false, checks.Silent)
		ask("a", true, checks.Silent)
		expect("a silence that nobody looked at twice", 2)
		ask("a", false, checks.Unmeasured)
		ask("a", false, checks.Answered)
		expect("nothing found out", 2)
		ask("a", false, checks.Answered)
		time.Sleep(sharedFor)
		ask("a", false, checks.Answered)
		expect("too long ago", 2)
		if ask("z", false, checks.Answered); len(s.kept) > 2 {
			t.Errorf("%d questions are kept, want none of long ago", len(s.kept))
		}

		s.kept[Probe{}] = &posed{began: time.Now(), done: make(chan struct{})}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		s.ask(ctx, Probe{Host: "c"}, false, func() checks.Answer { return checks.Answer{} })
		if took := time.Since(began); took != time.Second {
			t.Errorf("waited %s for somebody else's question, want the time there was", took)
		}
	})
}
