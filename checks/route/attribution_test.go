package route

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"isitdown/checks"
	"isitdown/checks/internal/topology"
)

var (
	outages  = flag.Int("outages", 0, "events of each kind, share of stuck peers and set of seeds in TestAttribution; 0 for a few")
	rewrite  = flag.Bool("update", false, "write the table of docs/attribution.md")
	pageName = "../../docs/attribution.md"
)

// shares are the parts of the vantage points that are stuck, one block of the table each.
// Routes get stuck at 1.8 % (IPv4) and 2.7 % (IPv6) of peers, and where they do at 10 and
// 17 % of them (docs/methods.md, section 2).
var shares = [...]float64{0, 0.02, 0.10, 0.17}

// seedsFrom are the first seeds of two sets of worlds: those that were looked at while the
// rules were written, and those that were not.
var seedsFrom = map[string]uint64{"seeds from 1": 1, "hold-out seeds from 3001": 3001}

const (
	eachInWorld = 1 // events of each kind: every world is another
	fewWorlds   = 1 // without -outages
)

// What attribution finds is what happened, in worlds whose truth is known. This prints
// the table of docs/attribution.md:
//
//	go test ./checks/route -run 'TestAttribution$' -v -outages 50 -timeout 60m
func TestAttribution(t *testing.T) {
	if testing.Short() {
		t.Skip("other worlds than TestAttributionAmongResets, by one goroutine each: not in a short run")
	}
	worlds := fewWorlds
	if *outages > 0 {
		worlds = (*outages + eachInWorld - 1) / eachInWorld
	}
	var text strings.Builder
	for _, name := range []string{"seeds from 1", "hold-out seeds from 3001"} {
		s := happen(t, name, seedsFrom[name], worlds)
		s.check(t, name)
		fmt.Fprintf(&text, "%d worlds, %s:\n\n%s\n", worlds, name, s.table(shares[:]))
	}
	t.Log("\n" + text.String())
	if *outages > 0 {
		comparePage(t, text.String())
	}
}

// happen has the events of some worlds happen, once for each share of stuck peers.
func happen(t *testing.T, name string, from uint64, worlds int) *sheet {
	var s sheet
	t.Run(name, func(t *testing.T) {
		for seed := from; seed < from+uint64(worlds); seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				w := topology.Make(seed, topology.Usual())
				events := drawEvents(w, eachInWorld)
				for _, stuck := range shares {
					x := newTrial(t, w, events, stuck)
					x.run(func(h *happened) { s.judge(x, h) })
				}
			})
		}
	})
	return &s
}

// check holds the results against what is promised. What half of 17 % stuck peers and more
// come to is told, not promised.
func (s *sheet) check(t *testing.T, name string) {
	t.Helper()
	promised := map[float64]float64{0: 0.99, 0.02: 0.99, 0.10: 0.97}
	for _, stuck := range shares {
		want, ok := promised[stuck]
		if !ok {
			continue
		}
		sum := s.total(stuck)
		if got := float64(sum.right) / float64(max(1, sum.events)); got < want {
			t.Errorf("%s, %g %% stuck: the truth is in %.1f %% of sets, want %g %%", name, 100*stuck, 100*got, 100*want)
		}
		if mean := sum.mean(); mean > 2.7 {
			t.Errorf("%s, %g %% stuck: a set has %.2f members on average, want 2.7 at most", name, 100*stuck, mean)
		}
	}
	for r, n := range s.rows {
		if n.upstream+n.withdrawn+n.down+n.strong > 0 {
			t.Errorf("%s, %g %% stuck, %s: %d times an upstream was said to have failed that had not, %d times a withdrawal told that was none, %d times down, %d times a strong grade",
				name, 100*r.stuck, r.kind, n.upstream, n.withdrawn, n.down, n.strong)
		}
		for _, m := range n.missed {
			t.Log(m)
		}
	}
}

const (
	pageBegin = "<!-- table -->\n"
	pageEnd   = "<!-- end of table -->\n"
)

// comparePage holds the page's table against the results, where they are of the same
// number of events, or writes it.
func comparePage(t *testing.T, table string) {
	t.Helper()
	page, err := os.ReadFile(pageName)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), pageBegin)
	old, after, ended := strings.Cut(rest, pageEnd)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", pageName)
	}
	table = fmt.Sprintf("\n    go test ./checks/route -run 'TestAttribution$' -v -outages %d -timeout 60m\n\n%s", *outages, table)
	switch {
	case *rewrite:
		if err := os.WriteFile(pageName, []byte(before+pageBegin+table+pageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case strings.Contains(old, fmt.Sprintf("-outages %d ", *outages)) && old != table:
		t.Errorf("%s has another table than this; -update writes it", pageName)
	}
}

// Sessions that end in the middle of an outage neither hide what happened nor add to it,
// and lower the grade.
func TestAttributionAmongResets(t *testing.T) {
	w := topology.Make(31, topology.Usual())
	each := 2
	if testing.Short() {
		each = 1
	}
	events := slices.DeleteFunc(drawEvents(w, each), func(e *topology.Event) bool { return !disconnects(e.Kind) })
	rng := rand.New(rand.NewPCG(31, 31))
	for _, e := range events {
		e.End(rng.Perm(len(w.Vantage))[:10]...)
	}
	var s sheet
	x := newTrial(t, w, events, 0)
	x.run(func(h *happened) {
		s.judge(x, h)
		for _, a := range h.verdict.Disappeared {
			if a.Grade > checks.EvidenceWeak {
				t.Errorf("%s: the grade is %s although %d sessions ended", h.event.Kind, a.Grade, h.in.Vantage.Resets)
			}
		}
	})
	sum := s.total(0)
	if sum.events != len(events) || sum.right < sum.events {
		t.Errorf("the truth is in the sets of %d of %d outages (of %d)", sum.right, sum.events, len(events))
	}
	for _, n := range s.rows {
		for _, m := range n.missed {
			t.Log(m)
		}
		if n.upstream > 0 {
			t.Errorf("an upstream was said to have failed that had not")
		}
	}
}

// The RIB finds out from messages what became of others' routes as the world has it.
func TestElsewhereIsWhatHappened(t *testing.T) {
	if testing.Short() {
		t.Skip("as TestElsewhereAgainstTheModel, in a world: not in a short run")
	}
	w := topology.Make(21, topology.Usual())
	events := drawEvents(w, 1)
	x := newTrial(t, w, events, 0.02)
	compared := 0
	x.run(func(h *happened) {
		if len(h.verdict.Disappeared) == 0 || !disconnects(h.event.Kind) {
			return
		}
		known := x.known(h)
		if m := h.in.Elsewhere.Missing; m != "" {
			t.Errorf("%s: something is missing: %s", h.event.Kind, m)
		}
		for _, want := range known.Passages {
			s, ok := want.Survival()
			if !ok || want.Origins < conclusive {
				continue
			}
			compared++
			got := passageOf(h.in.Elsewhere.Passages, want.Element)
			if r, ok := got.Survival(); !ok || r < s-closeTo || r > s+closeTo {
				t.Errorf("%s: of %s got %d of %d routes of %d origins, want %d of %d of %d", h.event.Kind, want.Element,
					got.Still, got.Before, got.Origins, want.Still, want.Before, want.Origins)
			}
		}
	})
	if compared < 20 {
		t.Errorf("compared %d elements", compared)
	}
}

// A sample of many origins, and networks that come and go meanwhile, may move a share by
// so much, where it is of some origins at least.
const closeTo, conclusive = 0.1, 5

func passageOf(list []checks.Passage, e checks.Element) checks.Passage {
	for _, p := range list {
		if p.Element == e {
			return p
		}
	}
	return checks.Passage{Element: e}
}
