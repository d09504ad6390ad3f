package reach

import (
	"slices"
	"time"

	"isitdown/checks"
)

// lossFor is for how long pings count for the share of them that is lost.
const lossFor = 30 * time.Minute

// pings are those of late to one host. Unlike its no-answer rate they count each packet:
// an echo that was lost shows where only a second one, or a datagram, was answered.
type pings []sentPing

type sentPing struct {
	at   time.Time
	lost bool
}

// add counts what came of a question, of which there may have been a probe before.
func (l pings) add(a checks.Answer) pings {
	if a.Method != checks.MethodICMP || a.Outcome == checks.Unmeasured || a.Outcome == checks.Unresolved {
		return l
	}
	l = slices.DeleteFunc(l, func(p sentPing) bool { return a.At.Sub(p.at) > lossFor })
	if a.Retried {
		l = append(l, sentPing{a.At, true})
	}
	return append(l, sentPing{a.At, a.Outcome != checks.Answered})
}

// count gives how many were sent and lost; of a host that replied to none it says nothing.
func (l pings) count(now time.Time) (sent, lost int) {
	for _, p := range l {
		if now.Sub(p.at) > lossFor {
			continue
		}
		sent++
		if p.lost {
			lost++
		}
	}
	if sent == lost {
		return 0, 0
	}
	return sent, lost
}
