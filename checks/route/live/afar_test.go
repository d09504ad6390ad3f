package live

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/route"
)

// oracle answers what other networks' routes did, and who carried a target before.
type oracle struct {
	mu       sync.Mutex
	began    time.Time
	asked    []time.Duration // since began
	origins  [][]checks.ASN
	lost     []int // prefixes of the question
	takes    time.Duration
	ignorant bool
	err      error
}

func (o *oracle) elsewhere(ctx context.Context, in checks.Case) (checks.Elsewhere, []checks.Gap, error) {
	o.mu.Lock()
	lost, _, _ := checks.Losses(in.Observations)
	o.asked = append(o.asked, time.Since(o.began).Truncate(time.Minute))
	o.lost = append(o.lost, len(lost))
	takes, ignorant, err := o.takes, o.ignorant, o.err
	o.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return checks.Elsewhere{Missing: "no time"}, []checks.Gap{{Check: "route", Reason: "others were not asked"}}, ctx.Err()
	}
	switch {
	case err != nil:
		return checks.Elsewhere{Missing: "it failed"}, []checks.Gap{{Check: "route", Reason: "others could not be asked"}}, err
	case ignorant:
		return checks.Elsewhere{Missing: "not known yet"}, nil, nil
	}
	return checks.Elsewhere{To: time.Now(), Sample: true, Passages: []checks.Passage{{Element: checks.Element{AS: 4837}, Origins: 8, Before: 80, Still: 80}}}, nil, nil
}

func (o *oracle) past(_ context.Context, origins []checks.ASN, until time.Time) (checks.Past, []checks.Gap, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.origins = append(o.origins, origins)
	if o.err != nil {
		return checks.Past{}, []checks.Gap{{Check: "route", Reason: "the past could not be asked for"}}, o.err
	}
	return checks.Past{Since: until.AddDate(0, 0, -30), Carriers: []checks.PastCarrier{{ASN: 4837}}}, nil, nil
}

func (o *oracle) set(change func(*oracle)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// withOracle runs a test on a target that is followed and up, which somebody looks at
// every ten seconds.
func withOracle(t *testing.T, play func(t *testing.T, w *world, o *oracle, k *Target)) {
	synctest.Test(t, func(t *testing.T) {
		w, o := newWorld(t, 15, time.Minute), &oracle{takes: 3 * time.Second}
		defer w.start(func(options *Options) { options.Lookup.Elsewhere, options.Lookup.Past = o.elsewhere, o.past })()
		k := w.hub.Follow(country())
		settled(t, k)
		play(t, w, o, k)
	})
}

// look looks at a target every ten seconds.
func look(t *testing.T, k *Target, d time.Duration) (last View) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		wait(10 * time.Second)
		began := time.Now()
		last = k.Observe(began)
		if took := time.Since(began); took > 0 {
			t.Fatalf("an assessment took %s", took)
		}
	}
	return last
}

// Others are asked about two minutes after a loss and a few times more, and no more when
// the target is back; a new loss is a new question.
func TestElsewhereIsAsked(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		look(t, k, time.Hour)
		if len(o.asked) > 0 {
			t.Fatalf("asked %v without a loss", o.asked)
		}
		o.began = time.Now()
		w.withdraw(w.peers, kp()[:2]...)
		if v := look(t, k, time.Minute); len(v.Elsewhere.Passages) > 0 {
			t.Error("others are known before they were asked about")
		}
		revision := k.Revision()
		v := look(t, k, 2*time.Minute)
		if len(v.Elsewhere.Passages) != 1 || k.Revision() == revision {
			t.Errorf("after three minutes: %+v, revision %d then %d", v.Elsewhere, revision, k.Revision())
		}
		if c := v.Step(time.Now(), checks.DefaultRules()); len(c.Elsewhere.Passages) != 1 || len(c.Past.Carriers) != 1 {
			t.Errorf("the case has %+v and %+v", c.Elsewhere, c.Past)
		}
		look(t, k, 10*time.Hour)
		if want := []time.Duration{2 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}; !slices.Equal(o.asked, want) {
			t.Errorf("asked %v after the loss, want %v", o.asked, want)
		}
		w.announce(w.peers, kp()[:2]...)
		if v := look(t, k, time.Minute); len(v.Elsewhere.Passages) > 0 {
			t.Error("what others did is told of a target that is back")
		}
		if k.far.in.Observations != nil || k.far.heard != nil {
			t.Error("the question is kept")
		}
		look(t, k, time.Hour)
		o.set(func(o *oracle) { o.began, o.asked, o.lost = time.Now(), nil, nil })
		w.withdraw(w.peers, kp()...)
		look(t, k, 5*time.Minute)
		if !slices.Equal(o.asked, []time.Duration{2 * time.Minute}) || !slices.Equal(o.lost, []int{4}) {
			t.Errorf("the next loss: asked %v about %v prefixes", o.asked, o.lost)
		}
	})
}

// More that is lost is a new question, but who flaps is not asked about without end.
func TestElsewhereOfFlaps(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		o.began = time.Now()
		w.withdraw(w.peers, kp()[0])
		look(t, k, 4*time.Minute)
		w.withdraw(w.peers, kp()[1:]...)
		look(t, k, 10*time.Minute)
		if !slices.Equal(o.lost, []int{1, 4}) {
			t.Errorf("asked about %v prefixes, at %v", o.lost, o.asked)
		}
		o.set(func(o *oracle) { o.asked = nil })
		for range 24 {
			w.announce(w.peers, kp()...)
			look(t, k, 2*time.Minute)
			w.withdraw(w.peers, kp()...)
			look(t, k, 3*time.Minute)
		}
		if n := len(o.asked); n == 0 || n > 12 {
			t.Errorf("two hours of flaps: asked %d times", n)
		}
	})
}

// An answer that fails is a gap, keeps what was known, and ends nothing.
func TestElsewhereFails(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		o.set(func(o *oracle) { o.err = errors.New("503") })
		w.withdraw(w.peers, kp()...)
		v := look(t, k, 3*time.Minute)
		gap := checks.Gap{Check: "route", Reason: "others could not be asked"}
		if !slices.Contains(v.Gaps, gap) || v.Elsewhere.Missing != "it failed" || !v.Past.Since.IsZero() {
			t.Errorf("gaps %q, missing %q", v.Gaps, v.Elsewhere.Missing)
		}
		expect(t, k, checks.Down)
		o.set(func(o *oracle) { o.err = nil })
		v = look(t, k, 20*time.Minute)
		if slices.Contains(v.Gaps, gap) || len(v.Elsewhere.Passages) != 1 {
			t.Errorf("later: gaps %q, %+v", v.Gaps, v.Elsewhere)
		}
		o.set(func(o *oracle) { o.ignorant = true })
		if v = look(t, k, time.Hour); len(v.Elsewhere.Passages) != 1 {
			t.Errorf("an answer that knows nothing took the place of one that did: %+v", v.Elsewhere)
		}
	})
}

// Who carried a target is asked about once a day, at once where it is needed.
func TestPastIsAsked(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		if v := look(t, k, 5*time.Minute); len(o.origins) > 0 || !v.Past.Since.IsZero() {
			t.Errorf("asked %v of a target that somebody has just begun to follow", o.origins)
		}
		v := look(t, k, 10*time.Minute)
		if diff := cmp.Diff([][]checks.ASN{{home}}, o.origins); diff != "" || len(v.Past.Carriers) != 1 {
			t.Errorf("past %+v, asked (-want +got)\n%s", v.Past, diff)
		}
		w.withdraw(w.peers, kp()...)
		look(t, k, 23*time.Hour)
		if len(o.origins) != 1 {
			t.Errorf("asked %d times on the first day", len(o.origins))
		}
		look(t, k, 2*time.Hour)
		if len(o.origins) != 2 {
			t.Errorf("asked %d times by the second day", len(o.origins))
		}
	})
}

// A target that is closed while it is asked about changes nothing, and the hub ends while
// a question is under way.
func TestElsewhereIsCut(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		o.set(func(o *oracle) { o.takes = time.Minute })
		w.withdraw(w.peers, kp()...)
		look(t, k, 2*time.Minute+20*time.Second)
		k.Close()
		wait(2 * time.Minute)
		if len(o.asked) != 1 || len(k.far.got.Passages) > 0 {
			t.Errorf("asked %v, got %+v", o.asked, k.far.got)
		}
		again := w.hub.Follow(country())
		settled(t, again)
		o.set(func(o *oracle) { o.takes = time.Hour })
		look(t, again, 12*time.Minute)
	})
}

// A single answer asks at once, and does not wait longer than it may.
func TestOnceElsewhere(t *testing.T) {
	for _, takes := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w, o := newWorld(t, 15, time.Minute), &oracle{takes: takes}
			w.hub = New(Options{Rules: route.DefaultRules(), Log: discard()})
			w.withdraw(w.peers, kp()...)
			wait(time.Hour)
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			began := time.Now()
			v, err := Once(ctx, Options{Rules: route.DefaultRules(), Log: discard(), Lookup: Lookup{History: w.history, Elsewhere: o.elsewhere, Past: o.past}}, country(), time.Time{})
			if err != nil || len(v.Past.Carriers) != 1 || time.Since(began) > 12*time.Second {
				t.Errorf("took %s, error %v, past %+v", time.Since(began), err, v.Past)
			}
			if known := len(v.Elsewhere.Passages) > 0; known != (takes == time.Second) || !known && (len(v.Gaps) == 0 || v.Elsewhere.Missing == "") {
				t.Errorf("when it takes %s: %+v, gaps %q", takes, v.Elsewhere, v.Gaps)
			}
			if got := checks.Assess(v.Answer(v.AsOf, checks.DefaultRules())).State; got != checks.Down {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Heard waits for the first answer about a loss, and for nothing else.
func TestHeard(t *testing.T) {
	withOracle(t, func(t *testing.T, w *world, o *oracle, k *Target) {
		waits := func() time.Duration {
			began := time.Now()
			k.Heard(t.Context())
			return time.Since(began)
		}
		if d := waits(); d > 0 {
			t.Errorf("waited %s for a target that is up", d)
		}
		w.withdraw(w.peers, kp()...)
		look(t, k, time.Minute)
		if d := waits(); d > 0 {
			t.Errorf("waited %s for a question that is not due", d)
		}
		look(t, k, time.Minute)
		o.set(func(o *oracle) { o.takes = 30 * time.Second })
		wait(5 * time.Second)
		k.Heard(t.Context())
		if v := k.Observe(time.Now()); len(v.Elsewhere.Passages) == 0 && len(o.asked) > 0 {
			t.Error("nothing is known when the answer is there")
		}
	})
}

func TestLargest(t *testing.T) {
	p := netip.MustParsePrefix
	b := checks.Baseline{Prefixes: []checks.BaselinePrefix{
		{Prefix: p("10.0.0.0/24"), Origins: []checks.ASN{5}},
		{Prefix: p("10.0.2.0/23"), Origins: []checks.ASN{7}},
		{Prefix: p("10.0.4.0/24"), Origins: []checks.ASN{5, 9}},
		{Prefix: p("2001:db8::/32"), Origins: []checks.ASN{3}},
		{Prefix: p("2001:db8:1::/48"), Origins: []checks.ASN{2}},
		{Prefix: p("2001:db8:2::/48"), Origins: []checks.ASN{2}},
	}}
	if got, want := largest(&b), []checks.ASN{5, 7, 9, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
