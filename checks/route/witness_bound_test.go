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
