package checks

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// How many probes in a row must be missed: the published table, values on either side of
// where a number changes, and the bounds.
func TestProbesNeeded(t *testing.T) {
	tests := []struct {
		rate   float64
		n      int
		usable bool
	}{
		{0.02, 2, true},
		{0.1, 3, true},
		{0.2, 5, true},
		{0.3, 6, true},
		{0.5, 10, true},
		{0, 2, true},
		{-1, 2, true}, // no host answers always
		{0.0317, 2, true},
		{0.0319, 3, true}, // (0.001/0.99)^(1/2) = 0.03178
		{0.1003, 3, true},
		{0.1004, 4, true}, // ^(1/3) = 0.10034
		{0.1782, 4, true},
		{0.1784, 5, true}, // ^(1/4) = 0.17828
		{0.2515, 5, true},
		{0.2518, 6, true}, // ^(1/5) = 0.25169
		{0.4, 8, true},
		{0.51, 11, false},
		{0.7, 20, false},
		{0.9, 66, false},
		{1, 66, false},
		{math.Inf(1), 66, false},
		{math.NaN(), 66, false},
	}
	for _, tt := range tests {
		if n, usable := ProbesNeeded(tt.rate); n != tt.n || usable != tt.usable {
			t.Errorf("at a rate of %v: %d, usable %t; want %d, %t", tt.rate, n, usable, tt.n, tt.usable)
		}
	}
}

func ask(after time.Duration, o Outcome) Answer { return Answer{At: noon.Add(after), Outcome: o} }

func TestSilence(t *testing.T) {
	type probe struct {
		after   time.Duration
		outcome Outcome
	}
	const s = time.Second
	tests := []struct {
		name   string
		rate   float64
		probes []probe
		proven bool
		counts int // probes that count
		rounds int
	}{
		{"nothing", .1, nil, false, 0, 0},
		{"enough, in two rounds", .1, []probe{{0, Silent}, {20 * s, Silent}, {60 * s, Silent}}, true, 3, 2},
		{"enough, but within a minute", .1, []probe{{0, Silent}, {20 * s, Silent}, {40 * s, Silent}, {59 * s, Silent}}, false, 3, 1},
		{"two rounds, but too few", .1, []probe{{0, Silent}, {60 * s, Silent}}, false, 2, 2},
		{"two are enough for who nearly always answers", .02, []probe{{0, Silent}, {60 * s, Silent}}, true, 2, 2},
		{"close together they are one", .02, []probe{{0, Silent}, {19 * s, Silent}, {19*s + 999*time.Millisecond, Silent}}, false, 1, 1},
		{"twenty seconds apart they are two", .02, []probe{{0, Silent}, {20 * s, Silent}}, false, 2, 1},
		{"said to be unreachable, and no name", .1, []probe{{0, Unreachable}, {30 * s, Unresolved}, {60 * s, Silent}}, true, 3, 2},
		{"what is no measurement", .02, []probe{{0, Silent}, {30 * s, Unmeasured}, {60 * s, Nonexistent}}, false, 1, 1},
		{"refused", .02, []probe{{0, Silent}, {60 * s, Silent}, {90 * s, Refused}}, false, 0, 0},
		{"failing", .02, []probe{{0, Silent}, {60 * s, Silent}, {90 * s, Failing}}, false, 0, 0},
		{"missed before the last answer", .02, []probe{{60 * s, Answered}, {0, Silent}, {60 * s, Silent}}, false, 0, 0},
		{"silent again after an answer", .02, []probe{{0, Silent}, {60 * s, Answered}, {80 * s, Silent}, {140 * s, Silent}}, true, 2, 2},
		{"a host that rarely answers proves nothing", .51, []probe{{0, Silent}, {60 * s, Silent}, {120 * s, Silent}}, false, 0, 0},
		{"nor one without a rate", math.NaN(), []probe{{0, Silent}, {60 * s, Silent}}, false, 0, 0},
		{"three rounds", .3, []probe{{0, Silent}, {20 * s, Silent}, {70 * s, Silent}, {90 * s, Silent}, {130 * s, Silent}, {150 * s, Silent}}, true, 6, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got Silence
			for _, p := range tt.probes {
				got = got.Add(ask(p.after, p.outcome), tt.rate)
			}
			if got.Proven() != tt.proven || got.Probes != tt.counts || got.Rounds != tt.rounds {
				t.Errorf("proven %t by %d probes in %d rounds, want %t by %d in %d", got.Proven(), got.Probes, got.Rounds, tt.proven, tt.counts, tt.rounds)
			}
		})
	}
}

// The last silence that was proven is kept with its times, one that was none is not.
func TestSilenceEnds(t *testing.T) {
	var s Silence
	for _, a := range []Answer{
		ask(0, Answered), ask(time.Minute, Silent), ask(2*time.Minute, Silent), ask(3*time.Minute, Unreachable), ask(4*time.Minute, Refused),
		ask(5*time.Minute, Silent), ask(6*time.Minute, Answered),
	} {
		s = s.Add(a, 0.05)
	}
	want := Silence{
		Heard: noon.Add(6 * time.Minute),
		Ended: Spell{First: noon.Add(time.Minute), Last: noon.Add(3 * time.Minute), Back: noon.Add(4 * time.Minute)},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// probes draws a course of probes, some seconds apart.
func probes(t *rapid.T) []Answer {
	var all []Answer
	at := noon
	for range rapid.IntRange(0, 40).Draw(t, "n") {
		at = at.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
		all = append(all, Answer{At: at, Outcome: Outcome(rapid.IntRange(0, int(Nonexistent)).Draw(t, "outcome"))})
	}
	return all
}

func hear(all []Answer, rate float64) (s Silence) {
	for _, a := range all {
		s = s.Add(a, rate)
	}
	return s
}

func TestSilenceProperties(t *testing.T) {
	rates := rapid.Float64Range(0, 1)
	t.Run("one answer forbids it", rapid.MakeCheck(func(t *rapid.T) {
		all, rate := probes(t), rates.Draw(t, "rate")
		answer := Answer{At: noon.Add(time.Hour), Outcome: rapid.SampledFrom([]Outcome{Refused, Failing, Answered}).Draw(t, "answer")}
		s := hear(append(all, answer), rate)
		if s.Proven() || s.Evidence != 0 {
			t.Fatalf("silent though it answered: %+v", s)
		}
		// Nor does any number of probes in the minute after it.
		for i := range 60 {
			if s = s.Add(Answer{At: answer.At.Add(time.Duration(i) * time.Second), Outcome: Silent}, rate); s.Proven() {
				t.Fatalf("silent %d s after an answer", i)
			}
		}
	}))
	t.Run("more silence never lowers the evidence", rapid.MakeCheck(func(t *rapid.T) {
		all, rate := probes(t), rates.Draw(t, "rate")
		s := hear(all, rate)
		later := ask(2*time.Hour, rapid.SampledFrom([]Outcome{Silent, Unreachable, Unresolved, Unmeasured, Nonexistent}).Draw(t, "missed"))
		next := s.Add(later, rate)
		if next.Evidence < s.Evidence || next.Probes < s.Probes || s.Proven() && !next.Proven() {
			t.Fatalf("%+v and then %v: %+v", s, later.Outcome, next)
		}
	}))
	t.Run("what is no measurement changes nothing wherever it comes", rapid.MakeCheck(func(t *rapid.T) {
		all, rate := probes(t), rates.Draw(t, "rate")
		var kept []Answer
		for _, a := range all {
			if a.Outcome != Unmeasured && a.Outcome != Nonexistent {
				kept = append(kept, a)
			}
		}
		if got, want := hear(all, rate), hear(kept, rate); got != want {
			t.Fatalf("with them %+v, without %+v", got, want)
		}
	}))
	t.Run("closer than twenty seconds counts once", rapid.MakeCheck(func(t *rapid.T) {
		all, rate := probes(t), rates.Draw(t, "rate")
		s := hear(all, rate)
		if s.Probes > 1+int(s.Last.Sub(s.First)/ProbeSpacing) {
			t.Fatalf("%d probes count from %v to %v", s.Probes, s.First, s.Last)
		}
	}))
	t.Run("it takes exactly the probes needed, and two rounds", rapid.MakeCheck(func(t *rapid.T) {
		rate := rapid.Float64Range(0, MaxRate).Draw(t, "rate")
		needed, _ := ProbesNeeded(rate)
		var s Silence
		for n := 1; n <= 40; n++ {
			s = s.Add(ask(time.Duration(n)*ProbeSpacing, Silent), rate)
			if want := n >= max(needed, 4); s.Proven() != want { // four of them span a minute
				t.Fatalf("after %d of %d probes: %t", n, needed, s.Proven())
			}
		}
	}))
}

func ExampleProbesNeeded() {
	n, usable := ProbesNeeded(0.1)
	fmt.Println(n, usable)
	// Output: 3 true
}
