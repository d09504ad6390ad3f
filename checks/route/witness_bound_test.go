package route

import (
	"fmt"
	"strings"
	"testing"

	"isitdown/checks"
)

// Many targets that go together do not take ever more memory: of the oldest losses it is
// said that what others' routes were is no longer kept, and the newest are compared.
func TestWitnessesAreBounded(t *testing.T) {
	d := watching(t, wholePaths, func(r *Rules) { r.MaxWitnesses = 1000 })
	d.play(steadyOthers + networksOf("1m", "1-20", "3356 4837", 100, 8))
	var watches []*Watch
	for k := range 8 {
		a := checks.ASN(5100 + k)
		watches = append(watches, d.rib.WatchHeld(checks.Footprint{Target: checks.Network(a), Origins: []checks.ASN{a}}))
	}
	for k := range 8 {
		d.play(fmt.Sprintf("%s%dm beat 1-20\n", goneOf(fmt.Sprintf("%dm", 240+2*k), "1-20", 100+k, 1), 240+2*k+1))
	}
	kept := 0
	for k, w := range watches {
		d.watch = w
		e := d.elsewhere("4h20m")
		n := 0
		for _, v := range w.waves {
			n += len(v.routes)
		}
		kept += n
		switch {
		case k == 0 && (n > 0 || !strings.Contains(e.Missing, "no longer kept")):
			t.Errorf("the oldest: %d routes, missing %q", n, e.Missing)
		case k == 7 && (n == 0 || e.Missing != "" || len(e.Passages) == 0):
			t.Errorf("the newest: %d routes, missing %q", n, e.Missing)
		}
	}
	if kept > 1000 {
		t.Errorf("%d routes of others are kept, want 1000 at most", kept)
	}
}

// What witnesses remember of a route stands for its path as long as they are kept, also
// where nobody has that any more.
func TestWitnessesOutliveASweep(t *testing.T) {
	d := watching(t, wholePaths).play(steadyOthers + "4h withdraw 1-20 k1 k2 k3 k4\n4h2m beat 1-20\n")
	before := map[witness]string{}
	for _, x := range d.watch.waves[0].routes {
		before[x] = d.rib.tree.path(x.value).String()
	}
	if len(before) < 200 {
		t.Fatalf("only %d witnesses were taken", len(before))
	}
	d.play(goneOf("4h3m", "1-20", 1, 20))
	d.rib.journal.n, d.rib.tree.limit = 0, 1
	d.play("4h4m beat 1-20\n")
	if len(d.rib.tree.spare) == 0 {
		t.Fatal("nothing was swept")
	}
	for x, path := range before {
		if got := d.rib.tree.path(x.value).String(); got != path {
			t.Fatalf("%v had %s at session %d, and what is remembered of it is now %q", x.prefix, path, x.session, got)
		}
	}
}
