package route

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The journal tells what was held at any time that it reaches back to, and keeps no more
// than it may.
func TestJournal(t *testing.T) {
	prefixes := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/25"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("::ffff:0:0/96"), netip.MustParsePrefix("::/0"),
	}
	type key struct {
		prefix  netip.Prefix
		session int
	}
	for seed := range seeds(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		j := journal{keep: time.Hour, most: 1 + rng.IntN(3000)}
		held := map[key]uint32{}
		states := map[stamp]map[key]uint32{}
		at := stampOf(began)
		for range 4000 {
			at = at.add(time.Duration(rng.IntN(3)) * time.Second)
			k := key{prefixes[rng.IntN(len(prefixes))], rng.IntN(5)}
			j.note(k.prefix, k.session, held[k], at)
			held[k] = rng.Uint32N(4)
			if rng.IntN(20) == 0 {
				states[at] = maps.Clone(held)
				at = at.add(1)
			}
			if j.n > j.most || len(j.ring) > j.most {
				t.Fatalf("%d changes in a ring of %d, want %d at most", j.n, len(j.ring), j.most)
			}
		}
		told := 0
		for to, want := range states {
			if to <= j.reach {
				continue
			}
			told++
			got := maps.Clone(held)
			for prefix, list := range j.rewind(to) {
				for _, h := range list {
					got[key{prefix, h.session}] = h.value
				}
			}
			maps.DeleteFunc(got, func(_ key, v uint32) bool { return v == 0 })
			maps.DeleteFunc(want, func(_ key, v uint32) bool { return v == 0 })
			if diff := cmp.Diff(got, want, cmpopts.EquateComparable(key{})); diff != "" {
				t.Fatalf("seed %d, at %s, back to %s (-got +want):\n%s", seed, at.time(), to.time(), diff)
			}
		}
		if j.n > 100 && told == 0 {
			t.Errorf("seed %d: the journal of %d changes told nothing of %d times", seed, j.n, len(states))
		}
		if oldest := j.ring[j.first].at; oldest < at.add(-j.keep-time.Minute) {
			t.Errorf("seed %d: a change of %s is kept at %s", seed, oldest.time(), at.time())
		}
	}
}

func TestJournalOfNothing(t *testing.T) {
	j := journal{keep: time.Hour}
	j.note(netip.MustParsePrefix("192.0.2.0/24"), 1, 7, 9)
	if j.n != 0 || j.reach != 9 {
		t.Errorf("a journal without room: got %d changes, back to %d; want none, back to 9", j.n, j.reach)
	}
}
