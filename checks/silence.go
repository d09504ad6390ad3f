package checks

import "time"

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
	Rounds      int
}
