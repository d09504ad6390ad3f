package reach

import (
	"context"
	"sync"
	"time"

	"isitdown/checks"
)

// sharedFor is how long after a question was sent its answer is that to the same question
// of another target: less than lies between two questions of one target that count.
const sharedFor = followUp - 2*time.Second

// sharing has what several targets want to know at the same time asked once. A country,
// its network and its prefix often have the same hosts, and together they would use up
// what a /24 may be asked, just when it falls silent.
type sharing struct {
	mu    sync.Mutex
	kept  map[Probe]*posed
	swept time.Time
}

// posed is a question that was asked, or is being asked.
type posed struct {
	began  time.Time
	again  bool          // an unanswered probe was sent a second time
	done   chan struct{} // closed when the answer is there
	answer checks.Answer
}

// ask gives the answer to a question that was asked a moment ago, or asks it. again says
// whether an unanswered probe is sent a second time.
func (s *sharing) ask(ctx context.Context, p Probe, again bool, ask func() checks.Answer) checks.Answer {
	key := p
	key.Host = "" // whatever it is called
	q, mine := s.begin(key, again)
	if !mine {
		select {
		case <-q.done:
		case <-ctx.Done():
		}
		if a := q.outcome(); a.Outcome != checks.Unmeasured && (!a.Missed() || q.again || !again) {
			a.Host = p.Host
			return a
		}
		return ask() // nothing was found out
	}
	defer close(q.done)
	q.answer = ask()
	return q.answer
}

// begin gives a question that was asked a moment ago, or a new one that is the caller's.
func (s *sharing) begin(key Probe, again bool) (q *posed, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if q := s.kept[key]; q != nil && now.Sub(q.began) < sharedFor {
		return q, false
	}
	if now.Sub(s.swept) >= sharedFor {
		s.swept = now
		for k, q := range s.kept {
			if now.Sub(q.began) >= sharedFor {
				delete(s.kept, k)
			}
		}
	}
	q = &posed{began: now, again: again, done: make(chan struct{})}
	s.kept[key] = q
	return q, true
}

// outcome is what came of a question, nothing while it is being asked.
func (q *posed) outcome() checks.Answer {
	select {
	case <-q.done:
		return q.answer
	default:
		return checks.Answer{}
	}
}
