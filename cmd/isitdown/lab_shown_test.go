package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks/lab"
)

// labShown are what a scenario had feeds deliver and the program say, as far as it has
// been shown.
type labShown struct {
	delivered map[string]bool // by feed
	said      map[vantage][]labSaid
}

// labSaid is what was said by a feed, as canonical writes it.
type labSaid struct{ feed, what string }

// show shows what a feed delivered and all that the program said, where that is asked for
// (-v) or is not as it must be. What is the same by several feeds is shown once.
func (s *labShown) show(t *testing.T, j *labJudge, feed string, from vantage) {
	t.Helper()
	if !testing.Verbose() && !t.Failed() {
		return
	}
	if !s.delivered[feed] {
		s.delivered[feed] = true
		t.Logf("what %s delivered:\n%s", feed, labDelivered(j.rec, j.play.began, feed))
	}
	what := canonical(j.rec, j.play)
	for _, said := range s.said[from] {
		if said.what == what {
			t.Logf("the verdicts and the notices are those by %s, see there", said.feed)
			return
		}
	}
	s.said[from] = append(s.said[from], labSaid{feed, what})
	t.Logf("the program said:\n%s", j.play.text)
}

// labDelivered tells what a feed delivered, moment by moment; of the beginning, in which
// tables are sent, how much that was.
func labDelivered(rec *lab.Recording, began []time.Time, feed string) string {
	var b strings.Builder
	for i := range rec.Moments {
		m := &rec.Moments[i]
		said := m.Said(feed)
		if i == 0 {
			said = fmt.Sprintf("  %d updates, the tables of its sessions\n", strings.Count(said, "\n"))
		}
		fmt.Fprintf(&b, "%q, at %s in the time of the scenario:\n%s", m.Name, clock(began[i]), said)
	}
	return b.String()
}
