package bot

import (
	"cmp"
	"slices"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// A plan turns the changes of one step into what each channel is told. It is
// pure: it sees what it was given, and what it decides is in deliveries and in
// threads for the caller to keep.
//
// One incident has one root message in a channel. Whatever else there is to say of
// it goes into the root's thread; the opening, the fall from degraded to down, an
// opening again and the end are seen in the channel as well.
type plan struct {
	now    time.Time // of the data
	queued time.Time // on the wall
	policy Policy
	within func(checks.Target) []checks.Target
	// compose gives a notice as a message for a zone.
	compose func(n chat.Notice, zone string) chat.Message
	// chart gives the history of an incident; nil for none that is worth a picture.
	chart func(c Change) *chart.Data
	// fresh says how an incident stands now, as something to tell; ok is false for
	// one that is not open.
	fresh func(id string) (c Change, ok bool)
	// gone reports whether an incident of a target is known not to be open any more.
	gone func(id string, t checks.Target) bool
	// suspect reports whether a target was lost, and is about to have an incident
	// of its own unless it comes back.
	suspect func(t checks.Target, now time.Time) bool
	// before gives an incident as it was when it was last told of; the zero Incident
	// if it never was.
	before func(id string) Incident
	// corrections counts those that an incident has had.
	corrections func(id string) int

	// subscription gives what a channel asked for.
	subscription func(c chat.Channel, t checks.Target) (Subscription, bool)
	// scenes are the channels that any of this is about, in a certain order, so that
	// equal changes give equal plans.
	scenes []*scene

	// numbered gives the next ID of what is told together on the day of t; members the
	// incidents that were told of in it, open or not.
	numbered func(t time.Time) string
	members  func(c chat.Channel, id string) []Incident
	// roots are when the channels got root messages because they subscribed to the world.
	roots map[chat.Channel][]time.Time

	deliveries []Delivery
	gathered   []Incident          // what is told together, to keep
	latest     map[string]Incident // as this step's changes left them
	name       func(checks.Target) string
	caveats    []string // of the world
}

// scene is one channel as a plan sees it.
type scene struct {
	channel chat.Channel
	threads map[string]*Thread       // those open or held and those that changes are about, by incident
	targets map[string]checks.Target // of the incidents
	changed map[string]bool          // threads to keep
	arrived []arrival                // to be told for the first time because of the world
	rooted  []time.Time              // root messages of the last hour because of the world; nil for no new one
}

func newScene(c chat.Channel) *scene {
	return &scene{channel: c, threads: map[string]*Thread{}, targets: map[string]checks.Target{}, changed: map[string]bool{}}
}

// knows reports whether the channel was told of an incident, or will be.
func (s *scene) knows(id string) bool {
	t := s.threads[id]
	return t != nil && (t.Told > 0 || t.Held > 0 || t.Within != "")
}

// thread gives the channel's thread of an incident, a new one where there is none.
func (s *scene) thread(i *Incident) *Thread {
	t := s.threads[i.ID]
	if t == nil {
		t = &Thread{Channel: s.channel, Incident: i.ID}
		s.threads[i.ID] = t
	}
	s.targets[i.ID] = i.Target
	return t
}

// keep notes that a thread has changed.
func (s *scene) keep(t *Thread) { s.changed[t.Incident] = true }

// changedThreads gives the threads to keep.
func (p *plan) changedThreads() []Thread {
	var list []Thread
	for _, s := range p.scenes {
		for _, id := range sortedKeys(s.changed) {
			list = append(list, *s.threads[id])
		}
	}
	return list
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// add takes in the changes of a step: the openings of what is wide before those
// of what lies in it, the ends the other way round, so that a country speaks for
// its networks from the first message to the last.
func (p *plan) add(changes []Change) {
	ordered := slices.Clone(changes)
	slices.SortStableFunc(ordered, func(a, b Change) int {
		if over := cmp.Compare(ends(a), ends(b)); over != 0 {
			return over
		}
		if ends(a) == 1 {
			a, b = b, a
		}
		return cmp.Compare(width(a.Verdict.Target), width(b.Verdict.Target))
	})
	p.latest = make(map[string]Incident, len(ordered))
	for _, c := range ordered {
		p.latest[c.Incident.ID] = c.Incident
		for _, s := range p.scenes {
			sub, ok := p.subscription(s.channel, c.Verdict.Target)
			switch {
			case !ok:
			case c.Kind == chat.UpstreamChanged:
				p.upstream(s, &sub, &c)
			default:
				p.incident(s, &sub, &c)
			}
		}
	}
}

// ends is 1 for the end of an incident, 0 for anything else.
func ends(c Change) int {
	if c.Kind == chat.Resolved {
		return 1
	}
	return 0
}

// width orders targets by what can hold what: a country is the widest.
func width(t checks.Target) int {
	if t.Kind() == checks.KindPrefix {
		return int(checks.KindPrefix)<<8 + t.Prefix().Bits()
	}
	return int(t.Kind()) << 8
}

// least is the state from which on a level tells of an incident.
func least(l chat.Level) checks.State {
	if l == chat.LevelDown {
		return checks.Down
	}
	return checks.Degraded
}

// incident tells one channel of one change of an incident.
func (p *plan) incident(s *scene, sub *Subscription, c *Change) {
	i := &c.Incident
	if !s.knows(i.ID) && (c.Quiet || c.Kind == chat.Resolved || i.Worst < least(sub.Level)) {
		return // nothing was said of it here, and this is no time to begin
	}
	t := s.thread(i)
	s.keep(t)
	if t.Within == "" && (t.Told == 0 || t.Closed) && c.Kind != chat.Resolved {
		if t.Within = p.holder(s, i); t.Within != "" && t.Told > 0 {
			p.goOn(sub, t, c)
		}
	}
	if t.Within != "" {
		if p.inside(s, t, c) {
			return
		}
		t.Within = ""
	}
	why := p.hold(s, sub, i)
	if why == holdMute && c.Kind == chat.Resolved {
		why = holdNone // the closing notice always comes
	}
	switch {
	case c.Quiet:
		p.edit(sub, t, c, why)
	case why != holdNone:
		p.keepBack(sub, t, c, why)
	default:
		p.tell(s, sub, t, c)
	}
}

// tell says a change in a channel where nothing holds it back.
func (p *plan) tell(s *scene, sub *Subscription, t *Thread, c *Change) {
	if t.Told == 0 && p.arrives(s, sub, t, c, "") {
		return
	}
	m := p.message(c, sub)
	was := p.before(t.Incident)
	over, again, worse := c.Kind == chat.Resolved, t.Closed, was.Worst < c.Incident.Worst
	p.correct(t, c)
	switch {
	case t.Told == 0:
		p.root(t, c, m, "")
	case over:
		p.deliver(t, c, Announce, "", m).Chart = p.chart(*c)
		p.deliver(t, c, Edit, "", m)
	case again, worse:
		p.deliver(t, c, Announce, "", m)
		p.deliver(t, c, Edit, "", m)
	default:
		p.deliver(t, c, Reply, "", m)
		p.deliver(t, c, Edit, "", m)
	}
	if !over && (t.Told == 0 || again) {
		p.takeOver(s, sub, c)
	}
	t.Told, t.Held, t.Later, t.Closed = c.Incident.Revision, 0, nil, over
}

// root opens the thread of an incident: the message, and the picture as its first
// reply. What begins with the end carries its picture itself.
func (p *plan) root(t *Thread, c *Change, m chat.Message, suffix string) {
	t.Begun = p.now
	d := p.deliver(t, c, Root, suffix, m)
	data := p.chart(*c)
	switch {
	case data == nil:
	case c.Kind == chat.Resolved:
		d.Chart = data
	default:
		p.deliver(t, c, Reply, suffix+"/chart", chat.Message{
			Headline: data.Title, Footer: c.Incident.ID,
		}).Chart = data
	}
}

// edit brings the root up to date without a message: nobody is disturbed by it,
// so only a channel that cannot be reached at all is left out.
func (p *plan) edit(sub *Subscription, t *Thread, c *Change, why holdReason) {
	over := c.Kind == chat.Resolved
	if why != holdSuspended && t.Told > 0 {
		m := p.message(c, sub)
		if why == holdNone {
			p.correct(t, c)
		} else {
			m.Parts = append(m.Parts, p.corrected(c)...)
		}
		p.deliver(t, c, Edit, "", m)
		t.Told = c.Incident.Revision
	}
	switch {
	case t.Held == 0 && why != holdSuspended, over && c.Incident.FollowedBy != "" && t.Told == 0:
		t.Held, t.Later, t.Closed = 0, nil, over
	case over:
		p.remember(sub, t, c)
		t.Held = c.Incident.Revision
	default:
		t.Held, t.Later = c.Incident.Revision, nil
	}
}

// correct says what the channel was told and does not hold any more, with the
// old figure, as a numbered reply.
func (p *plan) correct(t *Thread, c *Change) {
	if t.Told == 0 {
		return
	}
	was := p.before(t.Incident)
	for n, text := range corrections(figuresOf(&was), figuresOf(&c.Incident)) {
		m := correction(p.corrections(t.Incident)+n+1, t.Incident, text)
		p.deliver(t, c, Reply, "/correction-"+number(n+1), m)
	}
}

// corrected is the same for a channel that is not to be disturbed: as a part of
// the root.
func (p *plan) corrected(c *Change) []chat.Part {
	was := p.before(c.Incident.ID)
	var parts []chat.Part
	for _, text := range corrections(figuresOf(&was), figuresOf(&c.Incident)) {
		parts = append(parts, chat.Part{Label: "Corrected", Text: text})
	}
	return parts
}

// upstream tells of a change of upstream, which belongs to no incident.
func (p *plan) upstream(s *scene, sub *Subscription, c *Change) {
	if sub.Level != chat.LevelAny {
		return
	}
	id := upstreamThread(c.Verdict.Target)
	m := p.message(c, sub)
	switch p.hold(s, sub, &Incident{Target: c.Verdict.Target}) {
	case holdQuiet, holdMute:
		// Kept like an incident that is over: the last change counts.
		t := s.thread(&Incident{ID: id, Target: c.Verdict.Target})
		if t.Later != nil {
			m.Parts = append(m.Parts, chat.Part{Label: "Before", Text: "It had changed before, while notices were held back: " + t.Later.Headline})
		}
		t.Held, t.Later, t.LaterAt, t.Closed = 1, &m, c.At, false
		s.keep(t)
	case holdNone:
		p.plain(sub.Channel, id+"/"+stampKey(c.At), m, c.At)
	}
}

// upstreamThread names what stands for the incident that a change of upstream
// does not have.
func upstreamThread(t checks.Target) string { return idText(t) + "-upstream" }

// deliver adds one message of a thread. The pointer is good until the next call.
func (p *plan) deliver(t *Thread, c *Change, op Op, suffix string, m chat.Message) *Delivery {
	p.deliveries = append(p.deliveries, Delivery{
		Key:     DeliveryKey(t.Channel, t.Incident, c.Incident.Revision, op) + suffix,
		Channel: t.Channel, Incident: t.Incident, Revision: c.Incident.Revision, Op: op,
		Message: m, Observed: c.At, Queued: p.queued,
	})
	return &p.deliveries[len(p.deliveries)-1]
}

// plain adds one message that belongs to no thread.
func (p *plan) plain(c chat.Channel, what string, m chat.Message, observed time.Time) {
	p.deliveries = append(p.deliveries, Delivery{
		Key:     c.String() + "/" + what + "/" + Plain.String(),
		Channel: c, Op: Plain, Message: m, Observed: observed, Queued: p.queued,
	})
}
