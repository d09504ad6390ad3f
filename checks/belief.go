package checks

import "math"

// Parameters of Trinocular (Quan, Heidemann, Pradkin, SIGCOMM 2013, sections 4.2 to 4.4).
const (
	beliefStart = 0.99 // a block that was up
	beliefUp    = 0.9
	beliefDown  = 0.1
	beliefLow   = 0.01 // never certain, so that it can change its mind
	beliefHigh  = 0.99

	// answerWhenDown is the chance of an answer from a block that is down: one address of
	// 256 lives on, but for the share of losses.
	answerWhenDown = (1 - 0.01) / 256

	// availability is learnt from few probes: it is held within these.
	minAvailability, maxAvailability = 0.1, 0.99

	// recoveryMiss is the chance that all recovery probes miss a block that is back.
	recoveryMiss = 0.2

	// BlockProbes is the most probes that a block gets in one round of ten minutes: 14
	// that adapt to the belief, and the periodic one.
	BlockProbes = 15
)

// Belief is the probability that a /24 block is up, as Trinocular updates it probe by
// probe. The zero value has heard nothing and is neither up nor down.
type Belief float64

// Hear gives the belief after a probe of the block, from which the given share (0 to 1)
// of probes to its known hosts is usually answered.
func (b Belief) Hear(answered bool, availability float64) Belief {
	if b == 0 {
		b = beliefStart
	}
	up := float64(minAvailability) // also for what is no number
	if availability > minAvailability {
		up = min(availability, maxAvailability)
	}
	down := answerWhenDown
	if !answered {
		up, down = 1-up, 1-down
	}
	p := up * float64(b)
	return Belief(min(max(p/(p+down*(1-float64(b))), beliefLow), beliefHigh))
}

// Up reports whether the block is believed to be up.
func (b Belief) Up() bool { return b > beliefUp }

// Down reports whether the block is believed to be down.
func (b Belief) Down() bool { return b != 0 && b < beliefDown }

// RecoveryProbes gives how many probes a round it takes to see that a block of this
// availability (0 to 1) is back, but for one time in five; zero below an availability of
// 0.1, where it would take more than a round holds.
func RecoveryProbes(availability float64) int {
	if !(availability >= minAvailability) {
		return 0
	}
	return max(1, int(math.Ceil(math.Log(recoveryMiss)/math.Log(1-min(availability, maxAvailability)))))
}
