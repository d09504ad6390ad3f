package bot

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// MaxTimeline is how many moments a Life remembers; the oldest go first.
const MaxTimeline = 200

// Life is everything that is remembered about one target between two verdicts.
// It is a value: Apply leaves the one it is called on as it was, and no two lives
// share what either may change. The zero value has seen nothing.
type Life struct {
	Target checks.Target
	At     time.Time // of the last verdict
	// State is the last one that was not unknown. Since is when the target was
	// first seen up, or first seen worse than up, without a change between the
	// two; it is moved on by the time for which nothing was known.
	State checks.State
	Since time.Time
	// UnknownSince is set while nothing is known.
	UnknownSince time.Time

	// Outage and Unstable are the newest incident of each kind, open or not.
	Outage, Unstable Incident

	// Penalty is the sum of the decayed losses as it was at PenaltyAt.
	Penalty   float64
	PenaltyAt time.Time
	// FirstLoss is the oldest loss that still counts in it, Losses how many do.
	FirstLoss checks.Interval
	Losses    int
	// LastLoss and LastReturn are when the target was last lost and last came
	// back, outages and mere flaps alike.
	LastLoss, LastReturn checks.Interval

	// Upstreams are those last settled on, by share.
	Upstreams []checks.Upstream

	// Timeline holds what could be seen and what was made of it, oldest first;
	// Dropped counts the moments that no longer fit.
	Timeline []chat.Moment
	Dropped  int

	lastKnown chat.LastKnown
	candidate candidate
	issued    []issue
}

// candidate is a set of upstreams that has yet to hold long enough.
type candidate struct {
	set   []checks.ASN // ascending
	since time.Time
	told  [2]time.Time // the last two changes told, newest first
}

// issue counts the incidents of one day.
type issue struct {
	day string // 20141222, UTC
	n   int
}

// maxIssued bounds the days whose incidents are counted. An incident opens
// minutes after its onset, an unstable spell hours: four days are plenty.
const maxIssued = 4

// Open gives the incidents that are open, the outage first.
func (l *Life) Open() []Incident {
	var list []Incident
	for _, i := range []Incident{l.Outage, l.Unstable} {
		if i.Live() {
			list = append(list, i)
		}
	}
	return list
}

// incident gives the newest incident of an ID; ok is false for one that is older
// or of another target.
func (l *Life) incident(id string) (i Incident, ok bool) {
	for _, i := range []Incident{l.Outage, l.Unstable} {
		if i.ID == id && id != "" {
			return i, true
		}
	}
	return Incident{}, false
}

// resumed gives the life as it goes on at now after nobody looked since At, for
// longer than looks are usually apart: nothing is known of that time.
func (l Life) resumed(now time.Time, why string) Life {
	if l.At.IsZero() || !now.After(l.At) {
		return l
	}
	if l.UnknownSince.IsZero() {
		l.UnknownSince = l.At
	}
	return l.recall(chat.Moment{At: l.At, Note: why})
}

// bad reports whether the last thing known is worse than up.
func (l *Life) bad() bool { return l.State > checks.Up }

// Apply gives the life after verdict v and what there is to tell. The time of
// the verdict is now; one that is older than the last, or that is about another
// target, changes nothing.
func (l Life) Apply(v checks.Verdict, p Policy) (Life, []Change) {
	if l.Target == (checks.Target{}) {
		l.Target = v.Target
	}
	if v.Target != l.Target || v.At.Before(l.At) {
		return l, nil
	}
	s := step{Life: l, v: l.heed(v), p: p.orDefault()}
	s.At = v.At
	loss := s.observe()
	s.penalise(loss)
	s.outage(loss)
	s.unstable(loss)
	s.upstreams()
	s.remember()
	return s.Life, s.changes
}

// step is one call of Apply at work.
type step struct {
	Life
	v       checks.Verdict
	p       Policy
	changes []Change
}

// unknown reports whether v claims nothing.
func (s *step) unknown() bool { return s.v.State == checks.Unknown }

// held is how long the target has been what it is, up or worse.
func (s *step) held() time.Duration { return s.At.Sub(s.Since) }

// observe takes in the state and reports whether the target was just lost.
func (s *step) observe() (loss bool) {
	if s.unknown() {
		if s.UnknownSince.IsZero() {
			s.UnknownSince = s.At
		}
		return false
	}
	if !s.UnknownSince.IsZero() {
		if !s.Since.IsZero() {
			s.Since = s.Since.Add(s.At.Sub(s.UnknownSince))
		}
		s.UnknownSince = time.Time{}
	}
	was, before := s.State, s.lastKnown.At
	s.State = s.v.State
	loss = was == checks.Up && s.bad()
	switch {
	case was <= checks.Up && s.bad(): // lost, or never seen otherwise
		s.Since, s.LastLoss = s.At, seen(s.v.Onset, before, s.At)
	case was > checks.Up && !s.bad():
		end := s.v.End
		if chat.Point(end).Before(chat.Point(s.LastLoss)) {
			end = checks.Interval{} // of another return
		}
		s.Since, s.LastReturn = s.At, seen(end, before, s.At)
	case was == checks.Unknown:
		s.Since = s.At
	}
	s.refine()
	s.lastKnown = chat.LastKnown{
		At: s.At, State: s.State, IPv4: s.v.IPv4.Prefixes, IPv6: s.v.IPv6.Prefixes, Answers: s.amiss(),
	}
	return loss
}

// amiss is what of the answers is wrong, without the number of hosts, which changes with
// every round. That nothing answers where there are no routes is no finding, whatever
// others announce in their place.
func (s *step) amiss() chat.Answers {
	a := chat.AnswersOf(&s.v)
	switch {
	case s.v.Announced == checks.ExtentNone, !s.bad(), s.v.IPv4.Prefixes.Seen+s.v.IPv6.Prefixes.Seen == 0 && losesRoutes(&s.v):
		return chat.Answers{}
	case a.Extent == checks.ExtentUnknown:
		return s.lastKnown.Answers
	case !a.Amiss():
		return chat.Answers{}
	}
	return chat.Answers{Extent: a.Extent, Failing: a.Failing, World: a.World}
}

// heed gives a verdict as it stands beside what was known: a target that did not answer
// when it was last probed is not back because it cannot be probed now. Its routes never
// were what was wrong.
func (l *Life) heed(v checks.Verdict) checks.Verdict {
	if v.State != checks.Up || v.Answering != checks.ExtentUnknown || !l.bad() || !l.lastKnown.Answers.Amiss() {
		return v
	}
	was := "it did not answer when that could last be told"
	if !l.lastKnown.Answers.Silent() {
		was = "it could not serve when that could last be told"
	}
	v.State, v.Evidence, v.Onset, v.End = checks.Unknown, checks.EvidenceNone, checks.Interval{}, checks.Interval{}
	v.Reasons = []string{was + "; that its routes are visible does not say that this is over"}
	if v.Probing.Why != "" {
		v.Reasons = append(v.Reasons, v.Probing.Why)
	}
	return v
}

// seen gives i, or where the verdict could not date what happened the interval
// between the last time it had not and the first time it had.
func seen(i checks.Interval, before, now time.Time) checks.Interval {
	if i != (checks.Interval{}) {
		return i
	}
	return checks.Interval{After: before, By: now}
}

// refine takes over what later verdicts add to the time of the last loss or
// return: nine in ten comes after half.
func (s *step) refine() {
	last, now := &s.LastReturn, s.v.End
	if s.bad() {
		last, now = &s.LastLoss, s.v.Onset
	}
	if !now.Half.IsZero() && now.Half.Equal(last.Half) {
		*last = now
	}
}

// penaltyAt gives the penalty as it has decayed by t.
func (l *Life) penaltyAt(t time.Time, p Policy) float64 {
	if l.Penalty == 0 {
		return 0
	}
	return l.Penalty * math.Exp2(-t.Sub(l.PenaltyAt).Seconds()/p.HalfLife.Seconds())
}

// calmAt gives the first whole second at which the penalty is below Leave.
func (l *Life) calmAt(p Policy) time.Time {
	if l.Penalty < p.Leave {
		return l.PenaltyAt
	}
	wait := time.Duration(math.Log2(l.Penalty/p.Leave) * float64(p.HalfLife))
	t := l.PenaltyAt.Add(wait).Truncate(time.Second)
	for l.penaltyAt(t, p) >= p.Leave {
		t = t.Add(time.Second)
	}
	return t
}

// penalise counts a loss. Losses inside an outage are the outage's own.
func (s *step) penalise(loss bool) {
	if !loss || s.Outage.Live() {
		return
	}
	before := s.penaltyAt(s.At, s.p)
	// A loss that the next one follows within minutes belongs to the same spell,
	// even where its own penalty has fallen below Leave by then.
	if s.At.Sub(s.PenaltyAt) > s.p.Reopen && !s.Unstable.Live() {
		s.FirstLoss, s.Losses = s.LastLoss, 0
	}
	s.Losses++
	s.Penalty, s.PenaltyAt = min(before+s.p.Penalty, s.p.Cap), s.At
}

// number gives the next ID for an incident with this onset.
func (s *step) number(onset time.Time) string {
	day := onset.UTC().Format("20060102")
	n := 1
	issued := slices.Clone(s.issued)
	if i := slices.IndexFunc(issued, func(e issue) bool { return e.day == day }); i >= 0 {
		issued[i].n++
		n = issued[i].n
	} else {
		issued = append(issued, issue{day, 1})
	}
	s.issued = issued[max(0, len(issued)-maxIssued):]
	return idText(s.Target) + "-" + day + "-" + strconv.Itoa(n)
}

// idText writes a target with letters, digits, dots and hyphens only, so that an
// ID is one word in a chat, a file name and a URL. "175.45.176.0_22".
func idText(t checks.Target) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '_'
	}, t.String())
}
