package reach

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// rateDays is for how many days answers count, today's among them.
const rateDays = 7

// key says what is asked, and how.
type key struct {
	method checks.Method
	addr   netip.Addr
	port   uint16
	name   string // as a reader would name it
}

func keyOf(p Probe) key { return key{p.Method, p.Addr, p.Port, p.Host} }

// String gives the line that the history of a host is kept under:
// "icmp 175.45.176.15 0 175.45.176.15".
func (k key) String() string {
	return k.method.String() + " " + k.addr.String() + " " + strconv.Itoa(int(k.port)) + " " + k.name
}

// parseKey reads what String wrote.
func parseKey(s string) (key, bool) {
	f := strings.Split(s, " ")
	if len(f) != 4 || f[3] == "" || len(f[3]) > 2048 {
		return key{}, false
	}
	a, err := netip.ParseAddr(f[1])
	port, err2 := strconv.ParseUint(f[2], 10, 16)
	if err != nil || err2 != nil || a.Zone() != "" {
		return key{}, false
	}
	for m := checks.MethodICMP; m <= checks.MethodDNS; m++ {
		if m.String() == f[0] {
			k := key{m, a, uint16(port), f[3]}
			return k, k.String() == s
		}
	}
	return key{}, false
}

// tally is what came of the questions of a day.
type tally struct {
	day             time.Time // midnight, UTC
	asked, answered int
}

func dayOf(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// rates is the history of one host: how often it was asked and answered on each day.
//
// Losses wait until the host answers again: only then is it known whether they were loss
// or the beginning of an outage, and an outage is not what the host is usually like.
type rates struct {
	days    []tally // ascending, at most rateDays
	unsaved []tally
	waiting []tally // losses since the last answer
}

// hear counts an answer. outage says that the losses before it were a proven silence,
// which teach nothing.
func (r *rates) hear(at time.Time, outage bool) {
	if !outage {
		for _, w := range r.waiting {
			r.add(w)
		}
	}
	r.waiting = nil
	r.add(tally{dayOf(at), 1, 1})
}

// miss holds an unanswered question back until the host answers.
func (r *rates) miss(at time.Time) { r.waiting = merge(r.waiting, tally{dayOf(at), 1, 0}) }

// add counts in a day, and remembers that it is to be saved.
func (r *rates) add(t tally) {
	r.days = merge(r.days, t)
	r.unsaved = merge(r.unsaved, t)
}

// merge adds to the day that t is of, and keeps the newest rateDays days.
func merge(days []tally, t tally) []tally {
	i, ok := slices.BinarySearchFunc(days, t.day, func(d tally, day time.Time) int { return d.day.Compare(day) })
	if !ok {
		days = slices.Insert(days, i, tally{day: t.day})
	}
	days[i].asked += t.asked
	days[i].answered += t.answered
	return days[max(0, len(days)-rateDays):]
}

// at gives the no-answer rate of the last 7 days, and how many questions it rests on.
// before is false for a host that has not answered in them.
func (r *rates) at(now time.Time) (rate float64, asked int, before bool) {
	first := dayOf(now).AddDate(0, 0, 1-rateDays)
	answered := 0
	for _, d := range r.days {
		if !d.day.Before(first) {
			asked += d.asked
			answered += d.answered
		}
	}
	if asked == 0 {
		return 0, 0, false
	}
	return float64(asked-answered) / float64(asked), asked, answered > 0
}

// careful is the rate that the sequential test is made with: a host that was asked a few
// times only is taken for one that loses more than it showed, as if it had been asked ten
// times more and had missed once.
func (r *rates) careful(now time.Time) float64 {
	rate, asked, _ := r.at(now)
	return (rate*float64(asked) + 1) / (float64(asked) + 10)
}

// load takes over a day that was saved before.
func (r *rates) load(h HostRate) {
	if h.Asked <= 0 || h.Answered < 0 || h.Answered > h.Asked {
		return // nothing that we could have written
	}
	r.days = merge(r.days, tally{dayOf(h.Day), h.Asked, h.Answered})
}

// take gives what is to be saved, which from then on is.
func (r *rates) take(t checks.Target, k key) []HostRate {
	out := make([]HostRate, 0, len(r.unsaved))
	for _, d := range r.unsaved {
		out = append(out, HostRate{Target: t, Host: k.String(), Day: d.day, Asked: d.asked, Answered: d.answered})
	}
	r.unsaved = nil
	return out
}
