package ripestat

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// onPassage gives what an answer says of an element.
func onPassage(e checks.Elsewhere, as, to checks.ASN) checks.Passage {
	for _, p := range e.Passages {
		if p.Element == (checks.Element{AS: as, To: to}) {
			return p
		}
	}
	return checks.Passage{}
}

// ask looks a loss up in a world, at a moment or now.
func (w *world) ask(t *testing.T, when time.Time, change ...func(*Options)) (checks.Elsewhere, []checks.Gap, error) {
	t.Helper()
	c := w.client(change...)
	in, err := w.lost(t.Context(), c, country(), when)
	if err != nil {
		t.Fatal(err)
	}
	if lost, first, _ := checks.Losses(in.Observations); len(lost) != 4 || first.IsZero() {
		t.Fatalf("the case has lost %v since %v, want the four networks", lost, first)
	}
	return c.Elsewhere(t.Context(), in)
}

// calls counts the requests for a data call.
func (w *world) calls(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if strings.HasPrefix(a, name+" ") {
			n++
		}
	}
	return n
}

// expectedFar is what an answer is to say.
type expectedFar struct {
	passage4837, passage3356 [3]int // origins, before, still
	link                     [3]int // AS3356-AS4837
	siblings                 []checks.Siblings
	missing                  string // a part; "" for none
}

func (x expectedFar) hold(t *testing.T, got checks.Elsewhere) {
	t.Helper()
	for _, p := range []struct {
		as, to checks.ASN
		want   [3]int
	}{{4837, 0, x.passage4837}, {3356, 0, x.passage3356}, {3356, 4837, x.link}} {
		if g := onPassage(got, p.as, p.to); [3]int{g.Origins, g.Before, g.Still} != p.want {
			t.Errorf("AS%d-%d: got %+v, want %v", p.as, p.to, g, p.want)
		}
	}
	if diff := cmp.Diff(x.siblings, got.Siblings); diff != "" {
		t.Errorf("siblings (-want +got)\n%s", diff)
	}
	if !strings.Contains(got.Missing, x.missing) || x.missing == "" && got.Missing != "" {
		t.Errorf("missing: got %q, want %q", got.Missing, x.missing)
	}
	if !got.Sample || got.Source != service {
		t.Errorf("got sample %t of %q", got.Sample, got.Source)
	}
	for _, p := range got.Passages {
		if p.Before == 0 || p.Still > p.Before || p.Origins > p.Before {
			t.Errorf("impossible: %+v", p)
		}
	}
}

func TestElsewhere(t *testing.T) {
	gone := func(w *world, at time.Time) { w.all(at, 0, 40, nil, networks...) }
	// The chosen behind AS4837 are AS3003 to AS3010, whose power is least; three of them
	// have another way at ten vantage points. Behind AS3356 they are AS5001 to AS5008.
	alive := expectedFar{
		passage4837: [3]int{8, 8*40 - 3*10, 8*40 - 3*10},
		passage3356: [3]int{16, 8*40 + 8*30 - 3*10, 8*40 + 8*30 - 3*10},
		link:        [3]int{8, 8*30 - 3*10, 8*30 - 3*10},
		siblings:    []checks.Siblings{{Upstream: 4837, Networks: 8}, {Upstream: 3356, Networks: 16}},
	}
	dead := alive
	dead.passage4837[2], dead.link[2], dead.passage3356[2] = 0, 0, 8*40
	dead.siblings = []checks.Siblings{{Upstream: 4837, Networks: 8, Lost: 5}, {Upstream: 3356, Networks: 16, Lost: 5}}
	for _, tt := range []struct {
		name  string
		event func(w *world, at time.Time)
		at    string // of the event, 18:59:55 is the end of the index
		when  string // of the question; "" for now, which is 20:59:15
		want  func() expectedFar
	}{
		{"the last link, by the index", gone, "16:15:00", "", func() expectedFar { return alive }},
		{"the last link, by the looking glass", gone, "20:45:00", "", func() expectedFar {
			x := alive
			x.missing = "the loss may be as late as 2024-12-22 20:59:15"
			return x
		}},
		{"the last link, at a past moment", gone, "16:15:00", "17:00:00", func() expectedFar { return alive }},
		{"the network next to it, by the index", (*world).fail4837, "16:15:00", "", func() expectedFar { return dead }},
		{"the network next to it, by the looking glass", (*world).fail4837, "20:45:00", "", func() expectedFar {
			x := dead
			x.missing = "it is known that they went between"
			return x
		}},
		{"the network next to it, at a past moment", (*world).fail4837, "16:15:00", "17:00:00", func() expectedFar { return dead }},
		{"so soon that more may follow", gone, "16:15:00", "16:19:00", func() expectedFar {
			x := alive
			x.missing = "more may follow"
			return x
		}},
		{"too soon to tell, at a past moment", (*world).fail4837, "16:15:00", "16:16:30", func() expectedFar {
			return expectedFar{missing: "too soon after the loss"}
		}},
		{"some others went an hour later", func(w *world, at time.Time) {
			gone(w, at)
			w.all(at.Add(time.Hour), 0, 40, nil, otherPrefix(behind4837, 4), otherPrefix(behind4837, 5))
		}, "16:15:00", "", func() expectedFar {
			x := alive
			x.passage4837[2] -= 80
			x.link[2] -= 60
			x.passage3356[2] -= 60
			return x
		}},
		{"sessions that are down at the end do not count", func(w *world, at time.Time) {
			gone(w, at)
			w.all(at, 0, 5, nil, "193.0.0.0/21", "8.8.8.0/24")
			for n := 1; n <= 10; n++ {
				w.all(at, 0, 5, nil, otherPrefix(behind4837, n), otherPrefix(behind3356, n))
			}
		}, "16:15:00", "", func() expectedFar {
			x := alive
			x.passage4837 = [3]int{8, 8*35 - 3*5, 8*35 - 3*5}
			x.passage3356 = [3]int{16, 8*35 + 8*25 - 3*5, 8*35 + 8*25 - 3*5}
			x.link = [3]int{8, 8*25 - 3*5, 8*25 - 3*5}
			return x
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := wide(latest)
				now := clockAt(day + "T20:59:55")
				time.Sleep(time.Until(now))
				tt.event(w, clockAt(day+"T"+tt.at))
				when := time.Time{}
				if tt.when != "" {
					when = clockAt(day + "T" + tt.when)
				}
				got, gaps, err := w.ask(t, when)
				if err != nil || len(gaps) > 0 {
					t.Errorf("got error %v, gaps %s", err, reasons(gaps))
				}
				tt.want().hold(t, got)
				if n := len(w.asked); n > 60 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// Whom to look at is the same whatever the order of the list, and none that says nothing.
func TestOthersChosen(t *testing.T) {
	w := wide(latest)
	w.all(clockAt(day+"T16:15:00"), 0, 40, nil, networks...)
	c := w.client()
	f := country()
	f.Home = []checks.ASN{3005, 3009, 131279}
	in, err := w.lost(t.Context(), c, f, asked)
	if err != nil {
		t.Fatal(err)
	}
	var first [][]checks.ASN
	for range 5 {
		e := &elsewhere{lookup: c.lookup(f), in: &in}
		if !e.question() {
			t.Fatal("nothing to ask")
		}
		if want := []checks.ASN{4837, 3356}; !slices.Equal(e.upstreams, want) {
			t.Fatalf("upstreams: got %v, want %v", e.upstreams, want)
		}
		if err := e.others(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := [][]checks.ASN{{3010, 3008, 3007, 3006, 3004, 3003, 3002, 3001}, {5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008}}
		if diff := cmp.Diff(want, e.sample); diff != "" {
			t.Fatalf("chosen (-want +got)\n%s", diff)
		}
		first = append(first, e.sample...)
		slices.Reverse(w.neighbour["AS4837"])
		c = w.client()
	}
	for _, group := range first {
		for _, a := range group {
			if a == 131279 || a == 4837 || a.Private() || a == 1239 || a == 2914 {
				t.Errorf("%s was chosen", a)
			}
		}
	}
}

// A list of neighbours that is later than the loss does not name those that went with it.
func TestOthersOfLater(t *testing.T) {
	w := wide(latest)
	w.all(clockAt(day+"T15:50:00"), 0, 40, nil, networks...)
	w.edit["asn-neighbours"] = func(_ map[string]string, data, _ map[string]any) { data["query_endtime"] = day + "T16:00:00" }
	got, gaps, err := w.ask(t, asked)
	if own, ok := as(err); !ok || own.Kind != Moved || len(got.Passages) > 0 || len(gaps) != 1 || got.Missing == "" {
		t.Errorf("got %+v, gaps %q, error %v", got, gaps, err)
	}
}

// Answers that are too large are asked for in halves; who is too large alone is left out.
func TestOthersTooLarge(t *testing.T) {
	w := wide(latest)
	for n := range 120 {
		w.all(longAgo, 0, 40, func(i int) any { return w.to4837(i, 3008) }, fmt.Sprintf("60.%d.%d.0/24", n/250, n%250))
	}
	w.all(clockAt(day+"T16:15:00"), 0, 40, nil, networks...)
	var got checks.Elsewhere
	var gaps []checks.Gap
	var err error
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(asked.Add(24 * time.Hour)))
		got, gaps, err = w.ask(t, asked, func(o *Options) { o.maxBody = 1 << 18 })
	})
	if err != nil || len(gaps) > 0 {
		t.Fatalf("got error %v, gaps %s", err, reasons(gaps))
	}
	if p := onPassage(got, 4837, 0); p.Origins != 7 || p.Still != p.Before || !strings.Contains(got.Missing, "AS3008 has too many routes") {
		t.Errorf("got %+v, missing %q", p, got.Missing)
	}
}

// Nothing is claimed of what was not asked, however few requests there are.
func TestElsewhereBudget(t *testing.T) {
	w := wide(latest)
	w.all(clockAt(day+"T16:15:00"), 0, 40, nil, networks...)
	in, err := w.lost(t.Context(), w.client(), country(), asked)
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for n := range 14 {
		before := len(w.asked)
		got, gaps, err := w.client().Elsewhere(WithBudget(t.Context(), n), in)
		if made := len(w.asked) - before; made > n {
			t.Errorf("with %d requests: %d were made", n, made)
		}
		switch {
		case err != nil && (len(got.Passages)+len(got.Siblings) > 0 || len(gaps) != 1 || got.Missing == ""):
			t.Errorf("with %d requests: got %+v, gaps %q", n, got, gaps)
		case err == nil && got.Missing == "":
			full++
		}
	}
	if full == 0 {
		t.Error("14 requests were never enough")
	}
	c := w.client(func(o *Options) { o.daily = requestsOfElsewhere })
	c.spend(1)
	if _, gaps, err := c.Elsewhere(t.Context(), in); err == nil || !strings.Contains(reasons(gaps), "lookups go on tomorrow") {
		t.Errorf("at the end of the day: got %v, %q", err, gaps)
	}
}

// A looking glass that is empty is no loss of others.
func TestGlassOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(clockAt(day + "T20:59:55")))
		w := wide(latest)
		w.all(clockAt(day+"T20:45:00"), 0, 40, nil, networks...)
		c := w.client()
		in, err := w.lost(t.Context(), c, country(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		w.edit["looking-glass"] = func(_ map[string]string, data, _ map[string]any) { data["rrcs"] = []any{} }
		got, gaps, err := w.client().Elsewhere(t.Context(), in)
		if own, ok := as(err); !ok || own.Kind != NoData || len(got.Passages) > 0 || len(gaps) != 1 {
			t.Errorf("got %+v, gaps %q, error %v", got, gaps, err)
		}
		w.edit["looking-glass"] = nil
		w.fault["looking-glass"] = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusForbidden) }
		if got, gaps, err := w.client().Elsewhere(t.Context(), in); err == nil || len(got.Passages) > 0 || len(gaps) != 1 {
			t.Errorf("refused: got %+v, gaps %q, error %v", got, gaps, err)
		}
	})
}

// A loss that a stream told of to the second may be too recent for others to say anything.
func TestElsewhereTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(clockAt(day + "T20:59:55")))
		w := wide(latest)
		in, err := w.lost(t.Context(), w.client(), country(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		w.fail4837(clockAt(day + "T20:58:00"))
		for i := range in.Observations {
			o := &in.Observations[i]
			o.Seen, o.Lost = 0, checks.Crossing{First: clockAt(day + "T20:58:00"), Half: clockAt(day + "T20:58:10")}
		}
		got, gaps, err := w.client().Elsewhere(t.Context(), in)
		if err != nil || len(gaps) > 0 || len(got.Passages) > 0 || !strings.Contains(got.Missing, "too soon after the loss") {
			t.Errorf("got %+v, gaps %q, error %v", got, gaps, err)
		}
		if n := w.calls("looking-glass"); n > mostGlances+8 {
			t.Errorf("%d questions for the looking glass", n)
		}
	})
}
