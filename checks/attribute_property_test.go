package checks

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawWorld makes a case of random paths, losses and fates of others, of up to so many
// prefixes.
func drawWorld(t *rapid.T, most int) *lossWorld {
	transit := rapid.SampledFrom([]string{"3356", "1299", "174", "4837", "20485", "9121", "9121 9121", "64512", "{6939,6461}", "6695", "3356 174 3356"})
	origin := rapid.SampledFrom([]string{"131279", "131279", "29256", "29386 29386", "{29256,29386}"})
	w := newLossWorld()
	for i := range rapid.IntRange(1, most).Draw(t, "prefixes") {
		from := origin.Draw(t, "origin")
		paths := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			var text strings.Builder
			for range rapid.IntRange(0, 4).Draw(t, "hops") {
				text.WriteString(transit.Draw(t, "hop") + " ")
			}
			return text.String() + from
		}), 1, 4).Draw(t, "paths")
		kept := rapid.SampledFrom([]ASN{0, 0, 1, 2, 5, 8, 12, 20, 40}).Draw(t, "kept")
		p := fmt.Sprintf("175.45.%d.0/24", 176+i)
		if rapid.IntRange(0, 4).Draw(t, "family") == 0 {
			p = fmt.Sprintf("2001:db8:%d::/48", i)
		}
		w.prefix(p, rapid.SampledFrom([]int{0, 1, 3, 30}).Draw(t, "minute"), first(kept), paths...)
	}
	known := map[Element]bool{}
	for _, b := range w.Baseline.Prefixes {
		for _, s := range b.Paths {
			for x := range s.Path.Way().Elements() {
				if !known[x] && rapid.IntRange(0, 4).Draw(t, "known") > 0 {
					n := rapid.SampledFrom([]int{0, 2, 3, 5, 60}).Draw(t, "origins")
					still := rapid.IntRange(0, 40*n).Draw(t, "still")
					w.Elsewhere.Passages = append(w.Elsewhere.Passages, Passage{x, n, 40 * n, still})
					if rapid.Bool().Draw(t, "siblings") && !x.Adjacency() {
						w.Elsewhere.Siblings = append(w.Elsewhere.Siblings, Siblings{Upstream: x.AS, Networks: n, Lost: n - still/40, History: time.Hour})
					}
				}
				known[x] = true
			}
		}
		for _, o := range b.Origins {
			state := rapid.SampledFrom([]Validity{ValidityUnknown, Valid, Invalid, Invalid}).Draw(t, "state")
			w.RPKI = append(w.RPKI, OriginValidity{Route: RouteOrigin{b.Prefix, o}, State: state})
		}
	}
	w.Vantage.Resets = rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "resets")
	w.Baseline.MovedOnly = rapid.IntRange(0, 9).Draw(t, "moved only") == 0
	return w
}

// failedNetworks gives the ASes that any set says may have failed, but for those of which
// it says that nobody can tell.
func failedNetworks(list []Attribution) (all []ASN) {
	for _, at := range list {
		for _, c := range at.Set {
			if c.Kind == NetworkFailed && at.Rule != RuleUntold {
				all = append(all, c.Element.AS)
			}
		}
	}
	return all
}

// lastHops gives the ASes nearest to the origin on any path.
func (w *lossWorld) lastHops() (all []ASN) {
	for _, b := range w.Baseline.Prefixes {
		for _, s := range b.Paths {
			if a, _ := s.Path.Way().nearest(); a != 0 {
				all = append(all, a)
			}
		}
	}
	return all
}

// Whatever is seen, nothing is graded strong, a rule that names a set has one, and its
// members lie on the ways there were.
func TestAttributionHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		for _, at := range Assess(w.Case).Disappeared {
			if at.Grade > EvidenceModerate {
				t.Errorf("%s graded %s", at.Rule, at.Grade)
			}
			empty := at.Rule == RuleNone || at.Rule == RulePartial || at.Rule == RuleTakenOver
			if empty != (len(at.Set) == 0) {
				t.Errorf("%s {%s}", at.Rule, setText(at.Set))
			}
			for _, c := range at.Set {
				if c.Element != (Element{}) && !w.passed(at.Prefixes, at.Origins, c.Element) {
					t.Errorf("%s {%s}: %s lies on no way", at.Rule, setText(at.Set), c.Element)
				}
			}
			if at.Lost <= 0 || at.KeptUnchanged > at.Kept || len(at.Scores) > MaxScores || len(at.Reasons) == 0 {
				t.Errorf("%+v", at)
			}
		}
	})
}

// passed reports whether an element is an origin, or lies on a way of any of the prefixes.
func (w *lossWorld) passed(prefixes []netip.Prefix, origins []ASN, x Element) bool {
	if !x.Adjacency() && slices.Contains(origins, x.AS) {
		return true
	}
	for _, b := range w.Baseline.Prefixes {
		for _, s := range b.Paths {
			if slices.Contains(prefixes, b.Prefix) && s.Path.Way().Passes(x) {
				return true
			}
		}
	}
	return false
}

// An AS through which most of the others' routes still go has not failed.
func TestHealthyNeverFailed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		for _, a := range failedNetworks(Assess(w.Case).Disappeared) {
			for _, p := range w.Elsewhere.Passages {
				if s, known := p.Survival(); p.Element == (Element{AS: a}) && known && s >= 0.5 && !w.Baseline.MovedOnly {
					t.Errorf("%s failed, and %.2f of what others had through it is there", a, s)
				}
			}
		}
	})
}

// It does not matter in what order things are told.
func TestAttributionOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		want := Assess(w.Case).Disappeared
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shuffle(rng, w.Observations)
		shuffle(rng, w.Elsewhere.Passages)
		shuffle(rng, w.RPKI)
		for i := range w.Baseline.Prefixes {
			shuffle(rng, w.Baseline.Prefixes[i].Paths)
		}
		for i := range w.Observations {
			shuffle(rng, w.Observations[i].Paths)
		}
		if diff := cmp.Diff(want, Assess(w.Case).Disappeared, comparePrefix); diff != "" {
			t.Error(diff)
		}
	})
}

var comparePrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func shuffle[T any](rng *rand.Rand, list []T) {
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// Vantage points that come at by a way of their own, and kept everything, speak for no
// failure of the AS next to the origin. (Of several prefixes they may part some from the
// others, and then each part has an answer of its own.)
func TestUnrelatedVantagePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 1)
		before := failedNetworks(Assess(w.Case).Disappeared)
		n := rapid.IntRange(1, 20).Draw(t, "more")
		more := PathSeen{Peers: make([]ASN, n)}
		for i := range n {
			more.Peers[i] = ASN(1000 + i)
		}
		for i := range w.Observations {
			o, b := &w.Observations[i], &w.Baseline.Prefixes[i]
			more.Path = slices.Concat(testPath("7018"), b.Paths[0].Path[len(b.Paths[0].Path)-1:])
			o.Asked, o.Seen, o.Stuck = o.Asked+n, o.Seen+n, o.Stuck+n
			o.Paths, b.Paths = append(o.Paths, more), append(b.Paths, more)
		}
		v := &w.Vantage
		v.Voting, v.Usual, v.Voting6, v.Usual6 = v.Voting+n, v.Usual+n, v.Voting6+n, v.Usual6+n
		for _, a := range failedNetworks(Assess(w.Case).Disappeared) {
			if !slices.Contains(before, a) && slices.Contains(w.lastHops(), a) {
				t.Errorf("%s is said to have failed by %d more vantage points that kept everything", a, n)
			}
		}
	})
}

// Sessions that end take their votes with them: nothing disappeared.
func TestResetsAttributeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		for i := range w.Observations {
			o := &w.Observations[i]
			o.Asked, o.Missing = o.Seen, nil
		}
		w.Vantage.Resets = 10
		if v := Assess(w.Case); len(v.Disappeared) > 0 {
			t.Errorf("%s", groupsText(v.Disappeared))
		}
	})
}
