package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// labAtOnce is how many scenarios run side by side. Most of a recording is waiting, so it
// may be more than there are processors.
const labAtOnce = 4

// TestLab plays every scenario of the lab: real routers and real packets, recorded through
// every feed, and the program's own word on each recording. docs/lab.md says how to run
// one, as in
//
//	go test ./cmd/isitdown -run TestLab/E5/bmp-frr -v
//
// LAB_FEEDS=bgp,mrt-bird leaves other feeds out; LAB_TIMES=FILE adds the times of losses to
// a file, and the run ends with a table of all that is in it.
func TestLab(t *testing.T) {
	for _, name := range []string{"LAB_FEEDS", "LAB_REQUIRED"} { // go test keeps results by what this process asks for
		os.Getenv(name)
	}
	t.Parallel()
	next := make(chan labScenario)
	var running sync.WaitGroup
	for range labAtOnce {
		running.Go(func() {
			for s := range next {
				t.Run(s.id, s.run)
			}
		})
	}
	for _, s := range labScenarios() {
		next <- s
	}
	close(next)
	running.Wait()
	if name := os.Getenv(envLabTimes); name != "" && !netlab.Inside() {
		t.Logf("times in %s:\n%s", name, labTimesTable(t, name))
	}
}

// run records a scenario and plays it, in a sandbox of its own.
func (s labScenario) run(t *testing.T) {
	if testing.Short() && !s.short {
		t.Skip("a short run plays two scenarios, E1 and E9")
	}
	if !netlab.Alone(t) {
		return
	}
	rec, feeds := s.record(t)
	plays := map[vantage]map[string]*played{abroad: {}, inside: {}}
	shown := labShown{delivered: map[string]bool{}, said: map[vantage][]labSaid{}}
	for _, f := range feeds {
		t.Run(f.Name, func(t *testing.T) {
			for _, from := range []vantage{abroad, inside} {
				t.Run(from.String(), func(t *testing.T) {
					p := playLab(t, rec, f.Name, from, s.targets...)
					plays[from][f.Name] = p
					judge := labJudge{T: t, rec: rec, play: p, must: s.must(from), targets: s.targets}
					judge.judge()
					shown.show(t, &judge, f.Name, from)
				})
			}
		})
	}
	if len(plays[abroad])+len(plays[inside]) == 0 {
		t.Fatal("by no feed was anything judged: -run or LAB_FEEDS names one that is not there")
	}
	for _, from := range []vantage{abroad, inside} {
		sameVerdicts(t, rec, from, plays[from])
	}
	s.measure(t, rec, plays[abroad])
}

// record has a scenario happen.
func (s *labScenario) record(t *testing.T) (*lab.Recording, []*lab.Feed) {
	t.Helper()
	t.Logf("%s: %s", s.id, s.fault)
	began, kinds := time.Now(), labReceivers(t)
	for _, k := range kinds {
		if missing := k.Missing(); missing != "" {
			labtest.Missing(t, missing)
		}
	}
	a := newAct(t)
	defer a.end()
	stage := labStage{Internet: lab.Build(a)}
	built := time.Since(began)
	for _, k := range kinds {
		stage.feeds = append(stage.feeds, k.Attach(stage.Internet))
	}
	stage.recorder = stage.Record(stage.feeds...)
	stage.recorder.Probing(s.hosts()...)
	attached := time.Since(began)
	s.script(&stage)
	t.Logf("built within %v, %d feeds by %v, recorded by %v", built, len(kinds), attached, time.Since(began))
	return stage.recorder.Recording(), stage.feeds
}

// labReceivers gives the feeds that there are: those of other programs than BIRD where all of
// these are installed, or must be (LAB_REQUIRED=1); in a short run one.
func labReceivers(t *testing.T) []lab.Kind {
	t.Helper()
	asked := os.Getenv("LAB_FEEDS")
	if asked == "" && testing.Short() {
		asked = "bgp"
	}
	every := lab.Kinds()
	if asked != "" {
		var list []lab.Kind
		for name := range strings.SplitSeq(asked, ",") {
			i := slices.IndexFunc(every, func(k lab.Kind) bool { return k.Name == name })
			if i < 0 {
				t.Fatalf("LAB_FEEDS names %q, which is no feed of the lab", name)
			}
			list = append(list, every[i])
		}
		return list
	}
	missing := ""
	for _, k := range every {
		missing = cmp.Or(missing, k.Missing())
	}
	if missing == "" || os.Getenv("LAB_REQUIRED") == "1" {
		return every
	}
	t.Logf("with BIRD's feeds alone: %s", missing)
	return slices.DeleteFunc(every, func(k lab.Kind) bool { return k.Tier > 1 })
}

// sameVerdicts holds that the program says the same of what it was told by every feed.
func sameVerdicts(t *testing.T, rec *lab.Recording, from vantage, plays map[string]*played) {
	t.Helper()
	first, want := "", ""
	for _, k := range lab.Kinds() { // in one order, whatever was left out
		p := plays[k.Name]
		if p == nil {
			continue
		}
		got := canonical(rec, p)
		if first == "" {
			first, want = k.Name, got
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("from %s the verdicts by %s are not those by %s (-%s +%s):\n%s", from, k.Name, first, first, k.Name, diff)
		}
	}
}

// canonical writes what the program said at the end of each moment, and of what kind its
// notices were, without times and the names of collectors.
func canonical(rec *lab.Recording, p *played) string {
	var b strings.Builder
	for i, after := range p.after {
		var targets []string
		for target := range after {
			targets = append(targets, target)
		}
		slices.Sort(targets)
		for _, target := range targets {
			v := after[target]
			fmt.Fprintf(&b, "after %q\n%s", rec.Moments[i].Name, canonicalVerdict(&v))
		}
		for _, told := range p.told {
			if told.moment == i && told.op != "edit" {
				word, _, _ := strings.Cut(told.headline, ":")
				fmt.Fprintf(&b, "told of %s: %s, %s\n", told.target, told.kind, word)
			}
		}
	}
	return b.String()
}

func canonicalVerdict(v *checks.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s: %s, announced %s, answering %s; IPv4 %s; IPv6 %s\n", v.Target, v.State, v.Announced, v.Answering, labCounts(v.IPv4), labCounts(v.IPv6))
	evidence := v.Evidence.String()
	if v.State == checks.Unknown { // it depends on whether a feed says that it is alive
		evidence = "of no use"
	}
	fmt.Fprintf(&b, "  upstreams %s; before %s; foreign %s; evidence %s\n",
		labShares(v.Upstreams(), func(u checks.Upstream) float64 { return u.Share }),
		labShares(v.Upstreams(), func(u checks.Upstream) float64 { return u.ShareBefore }), labForeign(v.Foreign), evidence)
	for _, p := range v.Prefixes {
		fmt.Fprintf(&b, "  %s seen %d of %d, visible %t, origins %v, covered by", p.Prefix, p.Seen, p.Of, p.Visible, p.Origins)
		for _, c := range p.CoveredBy {
			fmt.Fprintf(&b, " %s of %s at %d", c.Prefix, c.Origin, c.Peers)
		}
		b.WriteString("\n")
	}
	for _, a := range v.Disappeared {
		fmt.Fprintf(&b, "  lost %v: %s, %s, %s; %d lost, %d kept\n", a.Prefixes, a.Rule, setText(a.Set), a.Grade, a.Lost, a.Kept)
	}
	return b.String()
}
