package bot

import (
	"slices"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// words is what there is to say of an incident, as far as a difference in it is
// worth saying. Shares and single vantage points are not part of it.
type words struct {
	state      checks.State // Up: back, watched for a relapse
	ipv4, ipv6 checks.Count // visible prefixes; zero where all that is announced is enough
	answers    answerWords
	count      int // losses of an unstable spell; worth an edit, never a message
}

// answerWords is what there is to say of answers that are amiss: how much does not
// answer, or that what answers cannot serve.
type answerWords struct {
	silent  checks.Extent // none or part; unknown where nothing is amiss
	failing bool
	world   bool // others say so too; worth an edit
}

// news is w without what is worth an edit only.
func (w words) news() words {
	w.count, w.answers.world = 0, false
	return w
}

// badWords is what there is to say of an outage that lasts.
func (s *step) badWords(i *Incident) words {
	w := words{state: s.v.State, ipv4: s.v.IPv4.Prefixes, ipv6: s.v.IPv6.Prefixes, answers: s.answerWords(i.told.now.answers)}
	if s.v.Announced == checks.ExtentAll {
		w.ipv4, w.ipv6 = checks.Count{}, checks.Count{} // a prefix more or less is not what is wrong
	}
	return w
}

// answerWords is what there is to say of the answers, where was is what there was to
// say: a round that does not count changes nothing, and that nothing answers where
// there are no routes goes without saying.
func (s *step) answerWords(was answerWords) answerWords {
	a := chat.AnswersOf(&s.v)
	switch {
	case s.v.Announced == checks.ExtentNone:
		return answerWords{}
	case a.Extent == checks.ExtentUnknown:
		return was
	case a.Silent():
		return answerWords{silent: a.Extent, world: a.World}
	}
	return answerWords{failing: a.Failing}
}

// telling is what has been said of an incident, so that a target that flaps does not
// fill a channel: the first Policy.Burst updates go out as messages when they have held
// for Policy.Suspect, later ones only when they have held for Policy.Settle. In
// between the message that is there is edited, at most every Policy.EditEvery.
// The first time that a degraded target goes down is always told.
type telling struct {
	now      words     // what there is to say
	since    time.Time // since when, without a break
	stale    time.Time // since when the last message says something else; zero while it does not
	loud     words     // what the last message said
	shown    words     // what the last message or edit said
	at       time.Time // of that message or edit
	worst    checks.State
	messages int  // updates sent as messages
	open     bool // a message has said that it is open since it was last resolved
}

// tell sends an update if there is something new that has held long enough.
func (s *step) tell(i *Incident, w words, since time.Time) {
	t := &i.told
	t.note(w, since, s.At)
	held := s.At.Sub(t.since)
	worse := w.state > t.worst
	switch {
	case w.news() != t.loud.news() &&
		(held >= s.p.Settle || held >= s.p.Suspect && (worse || t.messages < s.p.Burst)):
		if !worse {
			t.messages++
		}
		s.say(i, w, chat.Updated, false)
	case w != t.shown && !s.At.Before(t.edit(s.p)):
		s.say(i, w, chat.Updated, true)
	}
}

// note takes in what there is to say at time at, and has been since since.
func (t *telling) note(w words, since, at time.Time) {
	if w.news() != t.now.news() {
		t.since = since
	}
	t.now = w
	switch {
	case w.news() == t.loud.news():
		t.stale = time.Time{}
	case t.stale.IsZero():
		t.stale = at
	}
}

// edit gives when the message may next be edited: EditEvery after it was last
// touched, and not before news has had the time to become a message.
func (t *telling) edit(p Policy) time.Time {
	due := t.at.Add(p.EditEvery)
	if settled := t.stale.Add(p.Suspect); !t.stale.IsZero() && settled.After(due) {
		return settled
	}
	return due
}

// next gives when tell would have something to say of what is there to
// say now; zero for never.
func (t *telling) next(p Policy) time.Time {
	var next time.Time
	if t.now.news() != t.loud.news() {
		hold := p.Settle
		if t.now.state > t.worst || t.messages < p.Burst {
			hold = p.Suspect
		}
		next = t.since.Add(hold)
	}
	if t.now != t.shown {
		next = sooner(next, t.edit(p))
	}
	return next
}

// tellOpened says that an incident has opened.
func (s *step) tellOpened(i *Incident, w words) {
	i.told = telling{now: w, since: s.Since}
	s.say(i, w, chat.Opened, false)
}

// tellReopened says that an incident has opened again: as a message while it
// may still send some, else as an edit that becomes a message if the loss holds.
func (s *step) tellReopened(i *Incident, w words) {
	t := &i.told
	t.note(w, s.Since, s.At)
	worse := w.state > t.worst
	quiet := !worse && t.messages >= s.p.Burst
	if !quiet && !worse {
		t.messages++
	}
	s.say(i, w, chat.Updated, quiet)
}

// tellResolved says that an incident is over; quietly if nobody was told that
// it was open again.
func (s *step) tellResolved(i *Incident) {
	quiet := !i.told.open
	w := words{state: checks.Up, count: i.Changes}
	i.told.note(w, s.At, s.At)
	s.say(i, w, chat.Resolved, quiet)
	i.told.open = false
	// Nothing is left to say, not even if the last edit was quiet.
	i.told.loud, i.told.shown, i.told.stale = w, w, time.Time{}
}

// say adds the change and notes what was said.
func (s *step) say(i *Incident, w words, kind chat.Kind, quiet bool) {
	t := &i.told
	t.shown, t.at = w, s.At
	if !quiet {
		t.loud, t.stale = w, time.Time{}
		t.worst = max(t.worst, w.state)
		t.open = t.open || w.state != checks.Up
	}
	i.Revision++
	c := Change{
		At: s.At, Kind: kind, Incident: *i, Verdict: s.v, Quiet: quiet, LastKnown: s.lastKnown,
	}
	if i.Stage == Recovering {
		c.WatchUntil = s.Since.Add(s.p.Recover + s.p.Resolve)
	}
	s.changes = append(s.changes, c)
}

// remember adds to the timeline what is new in this step.
func (s *step) remember() {
	m := chat.Moment{
		At: s.At, State: s.v.State, IPv4: s.v.IPv4.Prefixes, IPv6: s.v.IPv6.Prefixes, Answers: chat.AnswersOf(&s.v),
		Upstreams: numbers(s.present()), Note: strings.Join(s.notes(), "; "),
	}
	last := len(s.Timeline) - 1
	if m.Note == "" && s.Unstable.Live() && last >= 0 && (m.State == checks.Unknown) == (s.Timeline[last].State == checks.Unknown) {
		return // the counter of the spell stands for all of it
	}
	if m.Note == "" && last >= 0 && sameSight(s.Timeline[last], m) {
		return
	}
	s.Life = s.recall(m)
}

// recall gives the life with one moment more in its timeline.
func (l Life) recall(m chat.Moment) Life {
	// A copy each time: lives share their past, never what may be written to.
	keep := l.Timeline[max(0, len(l.Timeline)+1-MaxTimeline):]
	l.Dropped += len(l.Timeline) - len(keep)
	l.Timeline = append(append(make([]chat.Moment, 0, len(keep)+1), keep...), m)
	return l
}

// notes names what this step told, edits left out.
func (s *step) notes() []string {
	var notes []string
	for _, c := range s.changes {
		switch {
		case c.Kind == chat.UpstreamChanged:
			notes = append(notes, "upstream changed")
		case c.Kind == chat.Opened:
			notes = append(notes, c.Incident.ID+" opened ("+c.Incident.Kind.String()+")")
		case c.Kind == chat.Resolved:
			notes = append(notes, c.Incident.ID+" resolved")
		case c.Incident.told.open && c.Incident.Reopened > 0 && !c.Quiet && c.Incident.Stage == Open:
			notes = append(notes, c.Incident.ID+" open again")
		}
	}
	return notes
}

// sameSight reports whether b shows nothing that a did not. That a host more or less
// answers is no news, nor is a round of probes that does not count.
func sameSight(a, b chat.Moment) bool {
	if a.State != b.State {
		return false
	}
	if b.State == checks.Unknown {
		return true
	}
	if x, y := a.Answers, b.Answers; y.Extent != checks.ExtentUnknown && (x.Extent != y.Extent || x.Failing != y.Failing) {
		return false
	}
	return a.IPv4 == b.IPv4 && a.IPv6 == b.IPv6 && slices.Equal(a.Upstreams, b.Upstreams)
}
