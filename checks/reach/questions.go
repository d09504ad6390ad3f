package reach

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
)

// QuestionsOptions limit what people may have probed at once. Zero means the default.
type QuestionsOptions struct {
	PerPerson int           // new targets of one person within Window: 6
	Together  int           // new targets of all people within Window: 60
	Window    time.Duration // 1 min
}

// maxAsked is how many targets and people are kept in mind: far more than Together lets
// through, unless that is set very high.
const maxAsked = 10_000

// Questions limits what is probed because people ask: a target is new to everybody once
// in a minute, and each person has so many new ones. It reads no clock. It may be used by
// many goroutines. A nil Questions, and the zero one, refuse everything.
type Questions struct {
	o QuestionsOptions

	mu      sync.Mutex
	latest  time.Time
	targets map[checks.Target]time.Time // when it was last new
	people  map[string][]time.Time      // when they asked about something new
	all     []time.Time
}

// NewQuestions gives Questions that nobody asked yet.
func NewQuestions(o QuestionsOptions) *Questions {
	o.PerPerson = either(o.PerPerson, 6)
	o.Together = either(o.Together, 60)
	o.Window = either(o.Window, time.Minute)
	return &Questions{o: o, targets: make(map[checks.Target]time.Time), people: make(map[string][]time.Time)}
}

// TooManyError is a question that has to wait. Its text is one sentence for the person
// who asked.
type TooManyError struct {
	// Asked is how many new targets there were within Window, Everybody whether they were
	// those of all people together.
	Asked     int
	Window    time.Duration
	Everybody bool
	Wait      time.Duration // until it may be asked again
}

func (e *TooManyError) Error() string {
	who := "you have"
	if e.Everybody {
		who = "people have"
	}
	return fmt.Sprintf("%s asked about %d new targets within %s, and each of them is probed: ask again in %s", who, e.Asked, span(e.Window), span(e.Wait))
}

// span writes a duration for a person, never as less than it is: "20 s", "3 min".
func span(d time.Duration) string {
	s := max(1, int((d+time.Second-1)/time.Second))
	if s < 120 && s != 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min", (s+59)/60)
}

// Ask counts a question of a person, named by a key that stays the same, about a target.
// The error, a [*TooManyError], says that it has to wait. What was new to somebody just
// now is free, because the answer is shared. A time before one that was given already
// counts as that one.
func (q *Questions) Ask(person string, t checks.Target, now time.Time) error {
	if q == nil || q.targets == nil {
		return &TooManyError{Everybody: true, Window: time.Hour, Wait: time.Hour}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.After(q.latest) {
		q.latest = now
	}
	now = q.latest
	if at, asked := q.targets[t]; asked && now.Sub(at) < shared {
		return nil
	}
	q.forget()
	own := q.people[person]
	switch {
	case len(own) >= q.o.PerPerson:
		return &TooManyError{Asked: len(own), Window: q.o.Window, Wait: own[0].Add(q.o.Window).Sub(now)}
	case len(q.all) >= min(q.o.Together, maxAsked):
		return &TooManyError{Asked: len(q.all), Window: q.o.Window, Everybody: true, Wait: q.all[0].Add(q.o.Window).Sub(now)}
	case len(q.targets) >= maxAsked: // the answers are shared for longer than Window
		return &TooManyError{Asked: len(q.targets), Window: shared, Everybody: true, Wait: q.o.Window}
	}
	q.targets[t] = now
	q.people[person] = append(own, now)
	q.all = append(q.all, now)
	return nil
}

// forget drops what counts no more.
func (q *Questions) forget() {
	over := func(at time.Time) bool { return q.latest.Sub(at) >= q.o.Window }
	q.all = slices.DeleteFunc(q.all, over)
	for person, asked := range q.people {
		if asked = slices.DeleteFunc(asked, over); len(asked) > 0 {
			q.people[person] = asked
		} else {
			delete(q.people, person)
		}
	}
	for t, at := range q.targets {
		if q.latest.Sub(at) >= shared {
			delete(q.targets, t)
		}
	}
}
