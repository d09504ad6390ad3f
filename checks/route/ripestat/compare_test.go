package ripestat

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// What is counted is what a plain reading of the world's events gives, pair by pair.
func TestComparison(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred worlds take some seconds")
	}
	loss := clockAt(day + "T16:15:00")
	first := wide(latest)
	first.all(loss, 0, 40, nil, networks...)
	in, err := first.lost(t.Context(), first.client(), country(), asked)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := wide(latest)
		w.all(loss, 0, 40, nil, networks...)
		for n := 1; n <= 10; n++ { // somebody's routes change, before the loss and after it
			for range rapid.IntRange(0, 12).Draw(rt, "changes") {
				at := loss.Add(time.Duration(rapid.IntRange(-90, 40).Draw(rt, "minute")) * time.Minute)
				i := rapid.IntRange(0, 39).Draw(rt, "session")
				ways := []func(int) any{nil, func(i int) any { return w.normal(n, i) }, func(i int) any { return []any{w.as(i), 1299, behind4837 + n} }}
				w.all(at, i, i+1, ways[rapid.IntRange(0, 2).Draw(rt, "way")], otherPrefix(behind4837, n))
			}
		}
		var got checks.Elsewhere
		var gaps []checks.Gap
		synctest.Test(t, func(t *testing.T) { // where requests do not wait for their turn
			time.Sleep(time.Until(asked.Add(24 * time.Hour)))
			got, gaps, err = w.client().Elsewhere(t.Context(), in)
		})
		if err != nil || len(gaps) > 0 {
			rt.Fatalf("error %v, gaps %q", err, gaps)
		}
		w.compare(rt, got, loss)
	})
}

// compare holds an answer against what happened.
func (w *world) compare(t *rapid.T, got checks.Elsewhere, loss time.Time) {
	want := w.naive(loss.Add(-checks.SiblingWindow), asked)
	for _, p := range got.Passages {
		if p != want[p.Element] {
			t.Errorf("got %+v, want %+v", p, want[p.Element])
		}
		delete(want, p.Element)
	}
	for _, e := range []checks.Element{{AS: 4837}, {AS: 3356}, {AS: 3356, To: 4837}} {
		if p, missing := want[e]; missing {
			t.Errorf("missing: %+v", p)
		}
	}
	for _, s := range got.Siblings {
		if s.Upstream == 4837 && s != w.naiveSiblings(loss) {
			t.Errorf("got %+v, want %+v", s, w.naiveSiblings(loss))
		}
	}
}

// sampled are the networks that are chosen of the wide world.
func sampled() (list []string) {
	for n := 1; n <= 8; n++ {
		list = append(list, otherPrefix(behind4837, n+2), otherPrefix(behind3356, n))
	}
	return list
}

// on gives the elements of a path as the world has it.
func on(path any) (list []checks.Element) {
	hops, _ := path.([]any)
	for i := range hops {
		list = append(list, checks.Element{AS: checks.ASN(hops[i].(int))})
		if i > 0 {
			list = append(list, checks.Element{AS: checks.ASN(hops[i-1].(int)), To: checks.ASN(hops[i].(int))})
		}
	}
	return list
}

// naive counts pairs: each network of the wide world has one prefix, each vantage point
// one session.
func (w *world) naive(then, now time.Time) map[checks.Element]checks.Passage {
	counts := map[checks.Element]checks.Passage{}
	before, after := w.held(then), w.held(now)
	for _, prefix := range sampled() {
		seen := map[checks.Element]bool{}
		for i, path := range before[prefix] {
			for _, e := range on(path) {
				p := counts[e]
				p.Element = e
				if !seen[e] {
					seen[e] = true
					p.Origins++
				}
				p.Before++
				if slices.Contains(on(after[prefix][i]), e) {
					p.Still++
				}
				counts[e] = p
			}
		}
	}
	return counts
}

// naiveSiblings counts the networks behind AS4837.
func (w *world) naiveSiblings(loss time.Time) checks.Siblings {
	s := checks.Siblings{Upstream: 4837}
	before, soon := w.held(loss.Add(-checks.SiblingWindow)), w.held(loss.Add(checks.SiblingWindow))
	for _, prefix := range sampled() {
		had, through, lost := 0, 0, 0
		for i, path := range before[prefix] {
			had++
			if slices.Contains(on(path), checks.Element{AS: 4837}) {
				through++
			}
			if soon[prefix][i] == nil {
				lost++
			}
		}
		if had > 0 && 2*through >= had {
			s.Networks++
			if 2*lost > had {
				s.Lost++
			}
		}
	}
	return s
}

// Whatever RIPEstat does, what is claimed of others is what it said, or nothing.
func TestElsewhereFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("every fault takes some seconds")
	}
	w := wide(latest)
	w.all(clockAt(day+"T16:15:00"), 0, 40, nil, networks...)
	in, err := w.lost(t.Context(), w.client(), country(), asked)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := w.client().Elsewhere(t.Context(), in)
	if err != nil || len(want.Passages) == 0 {
		t.Fatalf("without a fault: %v", err)
	}
	for _, call := range []string{"all", "bgp-state"} {
		t.Run(call, func(t *testing.T) {
			webtest.Each(t, w, func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
				o := Options{BaseURL: s.URL, HTTP: s.Client, Timeout: 2 * time.Second, Attempts: 1, limits: limits{maxBody: 4 << 20}}
				if !f.Answers {
					o.Timeout /= 8
				}
				if call != "all" {
					o.HTTP = &http.Client{Transport: split(func(r *http.Request) http.RoundTripper {
						if strings.Contains(r.URL.Path, "/"+call+"/") {
							return s.Client.Transport
						}
						return w
					})}
				}
				c := New(o)
				got, gaps, err := c.Elsewhere(ctx, in)
				past, more, pastErr := c.Past(ctx, in.Footprint.Origins, asked)
				switch {
				case f.Answers || err == nil:
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
				case len(got.Passages)+len(got.Siblings) > 0 || got.Missing == "" || len(gaps) == 0:
					t.Errorf("got %+v, gaps %q, error %v", got, gaps, err)
				}
				if call == "all" && !f.Answers && (pastErr == nil || !past.Since.IsZero()) {
					t.Errorf("got past %+v, error %v", past, pastErr)
				}
				return slices.Concat(gaps, more)
			})
		})
	}
}
