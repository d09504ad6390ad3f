package checks

import "time"

// Rules are the thresholds of an assessment. The zero value of a field stands
// for its default.
type Rules struct {
	// MinVoting is how many voting full-feed peer ASes it takes to call
	// anything Down or Degraded. Default 10; an operator who vouches for own
	// routers may lower it.
	MinVoting int
	// MaxAge is how old the newest routing data may be before nothing is
	// claimed. Default 15 min. Zero age checks are off for archives.
	MaxAge time.Duration
}

// Case is everything that an assessment rests on.
type Case struct {
	Footprint    Footprint
	Baseline     Baseline
	Vantage      Vantage
	Observations []Observation
	Gaps         []Gap
	Now          time.Time
	Rules        Rules
}
