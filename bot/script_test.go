package bot

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// day0 is where the clocks of the scripts start.
var day0 = time.Date(2014, 12, 22, 10, 0, 0, 0, time.UTC)

// event is what can be seen of a target from a time on.
type event struct {
	at      time.Duration // after day0
	state   checks.State
	seen    uint64 // of 4 prefixes
	via     []checks.ASN
	losing  int // collectors
	of      int
	undated bool // the verdict has no onset and no end
	// hosts of 34 that answer; probed is false where nothing is known of them.
	hosts           int
	probed, failing bool
	routed          bool // what is announced is said, too
}

// parse reads a script: one event a line, "10m down", "1h up via 4837,20485",
// "2h degraded 3/4", "3h down collectors 1/2", "4h down undated", "5h degraded 4/4 hosts
// 3/34", "6h up unprobed".
func parse(t *testing.T, script string) []event {
	t.Helper()
	var events []event
	for line := range strings.Lines(script) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		at, err := time.ParseDuration(f[0])
		if err != nil {
			t.Fatalf("script line %q: %v", line, err)
		}
		e := event{at: at, via: []checks.ASN{4837}}
		e.state, e.seen = stateOf(f[1])
		for i := 2; i < len(f); i++ {
			switch f[i] {
			case "via":
				i++
				e.via = nil
				for a := range strings.SplitSeq(f[i], ",") {
					n, _ := strconv.ParseUint(a, 10, 32)
					e.via = append(e.via, checks.ASN(n))
				}
			case "collectors":
				i++
				if _, err := fmt.Sscanf(f[i], "%d/%d", &e.losing, &e.of); err != nil {
					t.Fatalf("script line %q: %v", line, err)
				}
			case "undated":
				e.undated = true
			case "failing":
				e.failing = true
			case "unprobed":
				e.routed = true
			case "hosts":
				i++
				if _, err := fmt.Sscanf(f[i], "%d/34", &e.hosts); err != nil {
					t.Fatalf("script line %q: %v", line, err)
				}
				e.probed, e.routed = true, true
			default:
				if _, err := fmt.Sscanf(f[i], "%d/4", &e.seen); err != nil {
					t.Fatalf("script line %q: %v", line, err)
				}
			}
		}
		events = append(events, e)
	}
	return events
}

func stateOf(word string) (checks.State, uint64) {
	switch word {
	case "up":
		return checks.Up, 4
	case "degraded":
		return checks.Degraded, 3
	case "down":
		return checks.Down, 0
	}
	return checks.Unknown, 0
}

// world gives verdicts from events. Its onset and end are the times of the events.
type world struct {
	events     []event
	next       int
	onset, end checks.Interval
	was        checks.State
}

// at gives the verdict of now; calls come in order of time.
func (w *world) at(now time.Duration) checks.Verdict {
	for w.next < len(w.events) && w.events[w.next].at <= now {
		e := w.events[w.next]
		w.next++
		half := checks.Interval{Half: day0.Add(e.at)}
		switch {
		case e.undated:
			w.onset, w.end = checks.Interval{}, checks.Interval{}
		case e.state > checks.Up && w.was <= checks.Up:
			w.onset = half
		case e.state == checks.Up && w.was > checks.Up:
			w.end = half
		}
		if e.state != checks.Unknown {
			w.was = e.state
		}
	}
	e := w.events[w.next-1]
	v := checks.Verdict{
		Target: checks.Country("KP"), Name: "North Korea", At: day0.Add(now), State: e.state,
		Onset: w.onset, End: w.end,
	}
	v.IPv4.Prefixes = checks.Count{Seen: e.seen, Of: 4}
	v.IPv4.Addresses = checks.Count{Seen: 256 * e.seen, Of: 1024}
	v.Vantage.LosingCollectors, v.Vantage.Collectors = e.losing, e.of
	e.answers(&v)
	all := map[checks.ASN]checks.Upstream{4837: {ASN: 4837, ShareBefore: 1}}
	for _, a := range e.via {
		u := all[a]
		u.ASN = a
		if e.seen > 0 {
			u.Share = 1 / float64(len(e.via))
		}
		all[a] = u
	}
	for _, a := range []checks.ASN{4837, 20485, 22351} {
		if u, ok := all[a]; ok {
			v.Borders = append(v.Borders, u)
		}
	}
	return v
}

// answers fills in the two facts, as [checks.Assess] would.
func (e *event) answers(v *checks.Verdict) {
	if !e.routed {
		return
	}
	switch {
	case e.seen == 4:
		v.Announced = checks.ExtentAll
	case e.seen > 0:
		v.Announced = checks.ExtentPart
	case e.state != checks.Unknown:
		v.Announced = checks.ExtentNone
	}
	if !e.probed {
		return
	}
	v.Answering = checks.ExtentPart
	switch {
	case e.hosts >= 28:
		v.Answering = checks.ExtentAll
	case e.hosts <= 6:
		v.Answering = checks.ExtentNone
	}
	v.Probing = checks.Probing{At: v.At, Answering: e.hosts, Silent: 34 - e.hosts, Usable: 34}
	if e.failing {
		v.Probing.Failing = 1
	}
}

// play runs events through a life until the end. Where step is zero it is
// driven by the events and the deadlines, else it also asks every step.
func play(events []event, end, step time.Duration, p Policy) (Life, []Change) {
	w := world{events: events}
	var l Life
	var all []Change
	now := events[0].at
	for now <= end {
		var changes []Change
		l, changes = l.Apply(w.at(now), p)
		all = append(all, changes...)
		next := end + 1
		if w.next < len(events) {
			next = events[w.next].at
		}
		if d := l.Deadline(p); step == 0 && !d.IsZero() {
			next = min(next, d.Sub(day0))
		}
		if step > 0 {
			next = min(next, now+step)
		}
		now = next
	}
	return l, all
}

// logLine writes a change as the tables expect it.
func logLine(c Change) string {
	f := []string{c.At.Sub(day0).String(), c.Kind.String()}
	if c.Kind == chat.UpstreamChanged {
		return strings.Join(append(f, fmt.Sprint(numbers(c.Old), "->", numbers(c.New))), " ")
	}
	i := &c.Incident
	f = append(f, i.ID, i.Kind.String(), i.Stage.String(), "r"+strconv.Itoa(i.Revision), c.Verdict.State.String(),
		fmt.Sprintf("%d/4", c.Verdict.IPv4.Prefixes.Seen))
	if c.Quiet {
		f = append(f, "quiet")
	}
	if c.Kind == chat.Resolved {
		f = append(f, fmt.Sprintf("%v-%v", chat.Point(i.Onset).Sub(day0), chat.Point(i.End).Sub(day0)),
			i.Worst.String(), fmt.Sprintf("%d/4", i.IPv4.Prefixes.Seen), fmt.Sprintf("x%d", i.Changes))
		if i.FollowedBy != "" {
			f = append(f, "then", i.FollowedBy)
		}
	}
	return strings.Join(f, " ")
}

func logOf(changes []Change) string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, logLine(c))
	}
	return strings.Join(lines, "\n")
}

// flaps makes events that are down for down and up for the rest of each period.
func flaps(from, until, period, down time.Duration) []event {
	var events []event
	for at := from; at < until; at += period {
		events = append(events,
			event{at: at, state: checks.Down, via: []checks.ASN{4837}},
			event{at: at + down, state: checks.Up, seen: 4, via: []checks.ASN{4837}})
	}
	return events
}

// upFrom is a target that is up from the start, then events.
func upFrom(events []event) []event {
	return append([]event{{state: checks.Up, seen: 4, via: []checks.ASN{4837}}}, events...)
}
