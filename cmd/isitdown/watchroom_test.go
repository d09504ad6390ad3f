package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
)

// testApp is a program that says nothing.
func testApp() *app {
	a := &app{console: console{out: io.Discard, err: io.Discard}, config: defaultConfig(), log: slog.New(slog.DiscardHandler)}
	a.config.Probe.Enabled = false // no test sends anything to real addresses
	return a
}

// kp2014 is the watchroom of the embedded scenario, nothing of it played yet; what it
// starts ends with the test.
func kp2014(t testing.TB) *watchroom {
	t.Helper()
	c := replayCommand{Recording: []string{"kp-2014"}}
	scenario, err := c.scenario()
	if err != nil {
		t.Fatal(err)
	}
	src, err := c.played(scenario)
	if err != nil {
		t.Fatal(err)
	}
	w := testApp().newWatchroom(src)
	serving(t, w)
	return w
}

func serving(t testing.TB, w *watchroom) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.serveTargets(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })
}

var sameVerdict = cmp.Options{
	cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}, checks.Target{}), cmpopts.EquateEmpty(),
}

var kp, kpNetwork = checks.Country("KP"), checks.Network(131279)

func (w *watchroom) mustAnswer(t testing.TB, target checks.Target, at time.Time) checks.Verdict {
	t.Helper()
	n, err := w.answer(t.Context(), target, at)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return n.Verdict
}

// A target that is asked about after the recording was read says what it would
// have said had it been watched from the start.
func TestWatchroomCatchesUp(t *testing.T) {
	t.Parallel()
	early, late := kp2014(t), kp2014(t)
	until := time.Date(2014, 12, 22, 17, 0, 0, 0, time.UTC)
	if err := early.load(t.Context(), []checks.Target{kp, kpNetwork}, until); err != nil {
		t.Fatal(err)
	}
	if err := late.load(t.Context(), nil, until); err != nil {
		t.Fatal(err)
	}
	for _, target := range []checks.Target{kp, kpNetwork} {
		want, got := early.mustAnswer(t, target, time.Time{}), late.mustAnswer(t, target, time.Time{})
		if want.State != checks.Down {
			t.Fatalf("%s at %s is %s, want down", target, until, want.State)
		}
		// Who usually votes is counted as time goes by, and the first has just begun to look.
		ignore := cmpopts.IgnoreFields(checks.Vantage{}, "Usual", "Usual6")
		if diff := cmp.Diff(want, got, sameVerdict, ignore); diff != "" {
			t.Errorf("%s (-from the start +caught up with):\n%s", target, diff)
		}
	}
	if got := late.now(); !got.Equal(until) {
		t.Errorf("the data's clock: got %s, want %s", got, until)
	}
}

// While the recording is played, the watch that catches up gets every update once.
func TestWatchroomCatchesUpOnTheMove(t *testing.T) {
	notShort(t)
	t.Parallel()
	early, late := kp2014(t), kp2014(t)
	if err := early.load(t.Context(), []checks.Target{kp}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := late.begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	n := 0
	err := late.rec.Play(t.Context(), time.Time{}, func(u *route.Update) error {
		if n++; n == 1000 {
			wg.Go(func() { late.mustAnswer(t, kp, time.Time{}) })
		}
		late.apply(u)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	late.tell(time.Time{}, late.rec.Gaps())
	wg.Wait()
	ignore := cmpopts.IgnoreFields(checks.Vantage{}, "Usual", "Usual6")
	want, got := early.mustAnswer(t, kp, time.Time{}), late.mustAnswer(t, kp, time.Time{})
	if diff := cmp.Diff(want, got, sameVerdict, ignore); diff != "" {
		t.Errorf("(-from the start +caught up with):\n%s", diff)
	}
}

func TestWatchroomFollows(t *testing.T) {
	t.Parallel()
	w := kp2014(t)
	if err := w.load(t.Context(), nil, time.Date(2014, 12, 22, 17, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	w.patience = time.Minute // however slow this machine is
	f, err := w.follow(kp)
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Revision(); r == 0 {
		t.Error("the revision of what is caught up with is 0: nobody would look")
	}
	if v := f.Assess(w.now()); v.State != checks.Down {
		t.Errorf("got %s, want down", v.State)
	}
	f.Freeze(true, w.now())
	if v := f.Assess(w.now()); !v.Frozen {
		t.Error("the baseline is not held")
	}
	f.Freeze(false, w.now())
	if b := f.Baseline(w.now()); len(b.Prefixes) != 4 {
		t.Errorf("the baseline has %d prefixes, want 4", len(b.Prefixes))
	}
	again, err := w.follow(kp)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	f.Close()
	if v := again.Assess(w.now()); v.State != checks.Down {
		t.Errorf("after one of two has left: got %s, want down", v.State)
	}
	again.Close()
	if len(w.targets) != 0 {
		t.Errorf("after both have left: %d targets are kept, want 0", len(w.targets))
	}
}

func TestWatchroomOfThePast(t *testing.T) {
	notShort(t)
	t.Parallel()
	w := kp2014(t)
	if err := w.load(t.Context(), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		when, err := parseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, tt := range []struct {
		at, gap string
		state   checks.State
	}{
		{"2014-12-21T06:00Z", "", checks.Up},
		{"2014-12-22T17:00Z", "", checks.Down},
		{"2014-12-22T17:00Z", "", checks.Down}, // kept
		{"2013-01-01", "the routing data begins at 2014-12-21", checks.Unknown},
		{"2026-01-01", "nothing is known of later", checks.Unknown},
	} {
		v := w.mustAnswer(t, kp, at(tt.at))
		if v.State != tt.state || !v.At.Equal(at(tt.at)) || !hasGap(v, tt.gap) {
			t.Errorf("at %s: got %s at %s with gaps %q, want %s with %q", tt.at, v.State, v.At, v.Gaps, tt.state, tt.gap)
		}
	}
	if n := len(w.asked.kept); n != 2 {
		t.Errorf("%d answers are kept, want 2", n)
	}
}

func hasGap(v checks.Verdict, text string) bool {
	return slices.ContainsFunc(v.Gaps, func(g checks.Gap) bool { return strings.Contains(g.Reason, text) })
}

// What cannot be answered is unknown, and says what to do.
func TestWatchroomWithoutAnswer(t *testing.T) {
	t.Parallel()
	empty := testApp().newWatchroom(source{registry: emptyRegistry(t)})
	serving(t, empty)
	reading := kp2014(t)
	read := kp2014(t)
	if err := read.load(t.Context(), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		w      *watchroom
		target checks.Target
		gap    string
	}{
		{"no recording", empty, kpNetwork, "start it with --routes FILE"},

		{"a country that is not in the lists", read, checks.Country("FR"), "no address space is registered to FR"},
	} {
		v := tt.w.mustAnswer(t, tt.target, time.Time{})
		if v.State != checks.Unknown || !hasGap(v, tt.gap) || v.Target != tt.target {
			t.Errorf("%s: got %s about %s with gaps %q, want unknown with %q", tt.name, v.State, v.Target, v.Gaps, tt.gap)
		}
		if v.At.IsZero() || !tt.w.now().IsZero() && v.At.After(time.Now()) {
			t.Errorf("%s: the verdict is of %s", tt.name, v.At)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	reading.position.Store(1 << 40) // nobody gets there
	if _, err := reading.answer(ctx, kp, time.Time{}); err == nil {
		t.Error("a question that takes too long: got no error")
	}
	host, err := checks.ParseTarget("example.org")
	if err != nil {
		t.Fatal(err)
	}
	if v := read.mustAnswer(t, host, time.Time{}); v.State != checks.Unknown || v.Target != host {
		t.Errorf("a host: got %s about %s, want unknown", v.State, v.Target)
	}
}

// Questions do not pile up: the oldest are dropped, what is followed stays.
func TestWatchroomMakesRoom(t *testing.T) {
	t.Parallel()
	w := kp2014(t)
	if err := w.load(t.Context(), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	followed, err := w.follow(kp)
	if err != nil {
		t.Fatal(err)
	}
	defer followed.Close()
	for i := range maxAsked + 10 {
		target, err := checks.ParseTarget(fmt.Sprintf("host%d.example.org", i))
		if err != nil {
			t.Fatal(err)
		}
		w.mustAnswer(t, target, time.Time{})
	}
	if n := len(w.targets); n != maxAsked+1 {
		t.Errorf("%d targets are kept, want %d", n, maxAsked+1)
	}
	if w.targets[kp] == nil {
		t.Error("what is followed was dropped")
	}
}

func TestWatchroomWithin(t *testing.T) {
	t.Parallel()
	w := kp2014(t)
	if err := w.load(t.Context(), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	prefix, err := checks.ParseTarget("175.45.176.0/24")
	if err != nil {
		t.Fatal(err)
	}
	w.mustAnswer(t, prefix, time.Time{})
	for target, want := range map[checks.Target][]checks.Target{
		kp: nil, kpNetwork: {kp}, prefix: {kp, kpNetwork},
	} {
		if got := w.within(target); !slices.Equal(got, want) {
			t.Errorf("%s is within %v, want %v", target, got, want)
		}
	}
	if got := w.title(kp); got != "North Korea (KP)" {
		t.Errorf("title: got %q", got)
	}
}

func emptyRegistry(t testing.TB) *registry.Registry {
	t.Helper()
	var l registry.Loader
	r, err := l.Registry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
