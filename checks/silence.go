package checks

import (
	"math"
	"time"
)

// Thresholds of the sequential test (Wald 1945; docs/methods.md, section 8).
const (
	silenceAlpha = 0.001 // of calling a host silent that is not
	silenceBeta  = 0.01  // of missing one that is

	// MinRate and CapRate bound the no-answer rate that the test works with: nobody
	// answers always, and a rate of one would make silence prove nothing.
	MinRate, CapRate = 0.02, 0.9
	// MaxRate is the no-answer rate above which a host is no witness.
	MaxRate = 0.5
	// ProbeSpacing is the least time between two unanswered probes that both count:
	// losses come in bursts.
	ProbeSpacing = 20 * time.Second
	// RoundSpacing is the least time between two rounds, of which a silence takes two.
	RoundSpacing = 60 * time.Second
)

// Silence is the sequential test that tells silence from loss: each unanswered probe
// adds ln(1/l), where l is the host's own no-answer rate, and the host is silent when
// the sum passes ln((1-beta)/alpha). One validated answer ends it. The zero value has
// seen nothing.
type Silence struct {
	// Evidence is the sum so far, in nats.
	Evidence float64
	// Probes counts the unanswered probes that were added; First and Last are when they
	// were sent.
	Probes      int
	First, Last time.Time
	// Rounds counts the rounds in which they were sent, at least RoundSpacing apart;
	// RoundAt is when the newest of them began.
	Rounds  int
	RoundAt time.Time
	// Heard is when the newest probe that was answered was sent: of those sent up to then
	// none counts any more. Zero for none.
	Heard time.Time
	// Ended is the last silence that was proven and then ended by an answer.
	Ended Spell
}

// Spell is a proven silence that is over: the first and the last probe that was missed,
// and the answered one that ended it.
type Spell struct{ First, Last, Back time.Time }

// Add is the test after one more probe of a host that leaves the given share of probes
// (0 to 1) unanswered. A validated answer, of whatever kind, starts it anew; a missed
// probe counts when it was sent at least [ProbeSpacing] after the last that counted and
// after the last answer; anything else changes nothing, and nothing counts for a host
// whose rate is above [MaxRate].
func (s Silence) Add(a Answer, rate float64) Silence {
	switch {
	case a.There():
		next := Silence{Heard: s.Heard, Ended: s.Ended}
		if a.At.After(next.Heard) {
			next.Heard = a.At
		}
		if s.Proven() {
			next.Ended = Spell{First: s.First, Last: s.Last, Back: a.At}
		}
		return next
	case !a.Missed(), !mayTestify(rate), !a.At.After(s.Heard):
		return s
	case s.Probes > 0 && a.At.Sub(s.Last) < ProbeSpacing:
		return s
	}
	s.Evidence += weigh(rate)
	s.Probes++
	s.Last = a.At
	if s.Probes == 1 {
		s.First = a.At
	}
	if s.Rounds == 0 || a.At.Sub(s.RoundAt) >= RoundSpacing {
		s.Rounds++
		s.RoundAt = a.At
	}
	return s
}

// Proven reports whether the host is silent: the evidence passes the threshold, and it
// comes from two rounds at least.
func (s Silence) Proven() bool {
	return s.Evidence >= silenceThreshold() && s.Rounds >= 2
}

// ProbesNeeded gives how many probes in a row a host with this no-answer rate (0 to 1)
// must leave unanswered to be silent, and whether it can be a witness at all: above
// [MaxRate] it cannot, and n says what it would take.
func ProbesNeeded(rate float64) (n int, usable bool) {
	for sum := 0.0; sum < silenceThreshold(); n++ {
		sum += weigh(rate)
	}
	return n, mayTestify(rate)
}

// silenceThreshold is the evidence that a silence takes: 6.90 nats.
func silenceThreshold() float64 { return math.Log((1 - silenceBeta) / silenceAlpha) }

// weigh gives what one missed probe adds, in nats.
func weigh(rate float64) float64 {
	if math.IsNaN(rate) {
		rate = CapRate
	}
	return -math.Log(min(max(rate, MinRate), CapRate))
}

// mayTestify reports whether a host with this no-answer rate can testify of a silence.
// What is no number cannot.
func mayTestify(rate float64) bool { return rate <= MaxRate }
