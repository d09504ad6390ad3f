package chat

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
)

// Subscribed is a subscription as its channel reads it.
type Subscribed struct {
	Target  checks.Target
	Subject string // as the function of that name writes it; "" for the target alone
	Level   Level
	Quiet   Hours
	Zone    string // IANA name; "" for UTC
	By      string // who made it, foreign text
	At      time.Time
	// MutedUntil is zero while it is not muted; MuteReason is a person's word for it.
	MutedUntil time.Time
	MuteReason string
	// Suspended says why nothing can be posted; "" while it can.
	Suspended string
}

func (s *Subscribed) subject() string {
	if s.Subject == "" {
		return Subject(s.Target, "")
	}
	return shorten(s.Subject, maxSubject)
}

// settings writes "level degraded · quiet 22-07 Asia/Seoul".
func (s *Subscribed) settings() string {
	zone := clean(s.Zone)
	if zone == "" {
		zone = "UTC"
	}
	quiet := ""
	switch {
	case s.Quiet != (Hours{}):
		quiet = "quiet " + s.Quiet.String() + " " + zone
	case zone != "UTC":
		quiet = "local time of " + zone
	}
	return joinNonEmpty(dot, levelText(s.Level), hold(quiet))
}

// levelText says from which state on a subscription tells.
func levelText(l Level) string {
	switch l {
	case LevelDown:
		return "down"
	case LevelAny:
		return "down, degraded and changes of upstream"
	}
	return "down and degraded"
}

// text writes the whole line of a subscription.
func (s *Subscribed) text(now time.Time) string {
	muted := ""
	if s.MutedUntil.After(now) {
		muted = "muted until " + near(s.MutedUntil, now)
		if reason := clean(s.MuteReason); reason != "" {
			muted += " (reason given: “" + reason + "”)"
		}
	}
	by := ""
	if name := shorten(s.By, maxAuthor); name != "" {
		by = "by " + name
	}
	if !s.At.IsZero() {
		by = joinNonEmpty(", ", by, hold(s.At.UTC().Format("2 Jan 2006")))
	}
	suspended := ""
	if why := clean(s.Suspended); why != "" {
		suspended = "SUSPENDED: " + why
	}
	return joinNonEmpty(dot, s.subject(), s.settings(), by, muted, suspended)
}

// Plan is when a channel gets its digest.
type Plan struct {
	Weekly       bool
	Day          time.Weekday
	Hour, Minute int
	Zone         string // IANA name; "" for UTC
	By           string
	Next         time.Time // zero leaves it out
}

// String writes "weekly on Friday at 09:30 Europe/Berlin".
func (p Plan) String() string {
	when := "daily"
	if p.Weekly {
		when = "weekly on " + p.Day.String()
	}
	zone := clean(p.Zone)
	if zone == "" {
		zone = "UTC"
	}
	return fmt.Sprintf("%s at %02d:%02d %s", when, p.Hour, p.Minute, zone)
}

func (p *Plan) text(now time.Time) string {
	text := p.String()
	if !p.Next.IsZero() {
		text += dot + "next " + near(p.Next, now)
	}
	if by := shorten(p.By, maxAuthor); by != "" {
		text += dot + "by " + by
	}
	return text
}

// Listing is what a channel is subscribed to, and what of it is open.
type Listing struct {
	Channel       string // "#newsroom-asia"; "" for "this channel"
	At            time.Time
	Subscriptions []Subscribed // in the order to show
	Digest        *Plan        // nil for none
	Open          []Episode
	// OpenInWorld counts the incidents open of what the channel hears of because it is
	// subscribed to the world.
	OpenInWorld int
	Caveats     []string
}

// Message writes the list.
func (l Listing) Message() Message {
	where := shorten(l.Channel, maxName)
	if where == "" {
		where = "this channel"
	}
	m := Message{Tone: ToneNone, More: Command{Verb: List}.String()}
	head := "SUBSCRIPTIONS of " + where + ": " + count(len(l.Subscriptions), "target", "targets")
	if n := len(l.Open); n > 0 {
		head += ", " + count(n, "incident", "incidents") + " open"
		m.Tone = worstTone(l.Open)
	} else if len(l.Subscriptions) > 0 {
		head += ", no incident open"
	}
	if l.OpenInWorld > 0 {
		head += ", " + count(l.OpenInWorld, "other incident", "other incidents") + " open in the world"
	}
	m.Headline = plain(head)
	m.Parts = episodeParts("Open", l.Open, l.At)
	for i := range l.Subscriptions {
		m.Parts = append(m.Parts, Part{Text: plain(l.Subscriptions[i].text(l.At))})
	}
	if len(l.Subscriptions) == 0 {
		m.Parts = append(m.Parts, Part{Text: "Nothing yet. Begin with: /outages subscribe KP"})
	}
	digest := "none; for one say /outages digest daily 08:00"
	if l.Digest != nil {
		digest = l.Digest.text(l.At)
	}
	m.Parts = append(m.Parts, Part{Label: "Digest", Text: plain(digest)})
	m.Parts = append(m.Parts, caveatParts(l.Caveats)...)
	return m
}

// Current is how all that is watched stands at a moment.
type Current struct {
	At      time.Time
	Watched int // targets
	Open    []Episode
	// Unknown are the targets of which nothing is known, and that have no incident
	// open.
	Unknown []string // subjects
	// New are the targets that nobody has looked at yet.
	New []string
	// Worldwide: the channel is subscribed to the world, too.
	Worldwide bool
	// World is how everything else stands; nil leaves it out.
	World   *World
	Caveats []string
}

// Message writes what is open now.
func (c Current) Message() Message {
	m := Message{More: Command{Verb: Now}.String()}
	head := "NOW: no incident open"
	switch n := len(c.Open); {
	case n > 0:
		head = "NOW: " + count(n, "incident", "incidents") + " open"
		m.Tone = worstTone(c.Open)
	case c.Watched == 0 && c.World != nil && c.World.Off == "":
		head, m.Tone = "NOW: in the world "+c.World.lead(), c.World.tone()
	case c.Watched == 0:
		head = "NOW: nothing is watched yet"
	case len(c.New) >= c.Watched:
		head, m.Tone = "NOW: no target has been looked at yet", ToneUnknown
	case len(c.Unknown)+len(c.New) >= c.Watched:
		head, m.Tone = "NOW: nothing is known of any target", ToneUnknown
	default:
		m.Tone = ToneUp
	}
	m.Headline = cutTo(plain(head+", as of "+fullDated(c.At)), MaxHeadline)
	m.Parts = episodeParts("", c.Open, c.At)
	if n := len(c.Unknown); n > 0 {
		m.Parts = append(m.Parts, Part{Label: "Unknown", Text: plain("nothing is known of " + subjects(c.Unknown))})
	}
	if n := len(c.New); n > 0 {
		m.Parts = append(m.Parts, Part{Label: "New", Text: plain("not looked at yet: " + subjects(c.New))})
	}
	m.Parts = append(m.Parts, Part{Text: plain(c.watched())})
	if c.World != nil {
		m.Parts = append(m.Parts, Part{Label: "World", Text: plain(sentence(c.World.lead()))})
		m.Parts = append(m.Parts, c.World.parts()...)
	}
	m.Parts = append(m.Parts, caveatParts(c.Caveats)...)
	m.Buttons = episodeButtons(c.Open)
	return m
}

// watched says what the channel is subscribed to.
func (c *Current) watched() string {
	switch {
	case c.Watched == 0 && c.Worldwide:
		return "This channel is subscribed to the world, and to nothing else."
	case c.Watched == 0:
		return "Begin with: /outages subscribe KP"
	case c.Worldwide:
		return count(c.Watched, "target", "targets") + " and the world are watched."
	}
	return count(c.Watched, "target is", "targets are") + " watched."
}

// maxEpisodeButtons is how many open incidents have a button of their own.
const maxEpisodeButtons = 5

// episodeButtons gives a button for the details of each of a few incidents.
func episodeButtons(list []Episode) []Button {
	var buttons []Button
	for i := range list[:min(len(list), maxEpisodeButtons)] {
		id := list[i].Incident.ID
		b := Button{"Details of " + clean(id), Command{Verb: Details, Incident: id}.String()}
		if len(b.Line) <= MaxButtonLine && len(b.Label) <= maxButtonLabel {
			buttons = append(buttons, b)
		}
	}
	return buttons
}

// maxButtonLabel is how long the label of a button may be: Slack shows 75
// characters.
const maxButtonLabel = 75

// Confirmation is the answer to a new subscription: what it will tell, what is
// open now, and how often it would have fired.
type Confirmation struct {
	Subscription Subscribed
	// Replaced: there was one of the same target, with other settings.
	Replaced bool
	At       time.Time
	// State is how the target stands now, and Lacking what is missing where that is
	// not known: "no routing data was given".
	State   checks.State
	Lacking string
	// World is how it stands, where that is what was subscribed to; then State and Open
	// say nothing.
	World   *World
	Open    []Episode
	Lately  Lately
	Caveats []string
}

// Lately counts what a subscription would have told of in a time that is past. The
// zero value says that nothing is known of that.
type Lately struct {
	From, To                    time.Time
	Outages, Unstable, Upstream int
}

// Message writes the confirmation.
func (c Confirmation) Message() Message {
	s := &c.Subscription
	head := "Subscribed to "
	if c.Replaced {
		head = "Subscription changed: "
	}
	m := Message{Headline: plain(head + s.subject()), Tone: stateTone(c.State), More: Command{Verb: List}.String()}
	add := func(label, text string) {
		if text != "" {
			m.Parts = append(m.Parts, Part{Label: label, Text: plain(text)})
		}
	}
	add("Tells of", s.settings())
	if c.World != nil {
		m.Tone = c.World.tone()
		add("Now", c.World.lead()+", as of "+fullDated(c.At)+". What is open is told in a moment; /outages now lists it.")
		add("Watched", joinNonEmpty(" ", "every country, and networks", networksText(&c.World.World)))
	} else {
		add("Now", presentText(c.State, c.Lacking, len(c.Open))+", as of "+fullDated(c.At)+".")
	}
	m.Parts = append(m.Parts, episodeParts("Open", c.Open, c.At)...)
	add("Lately", c.Lately.text(s.Level))
	m.Parts = append(m.Parts, caveatParts(c.Caveats)...)
	if b := (Button{"Unsubscribe", Command{Verb: Unsubscribe, Target: s.Target.String()}.String()}); len(b.Line) <= MaxButtonLine {
		m.Buttons = []Button{b}
	}
	return m
}

// presentText says how a target stands.
func presentText(s checks.State, lacking string, open int) string {
	text, sep := s.String(), ", "
	switch lacking = clean(lacking); {
	case s == checks.Unknown && lacking != "":
		text, sep = "nothing is known of it: "+lacking, "; "
	case s == checks.Unknown:
		text = "nothing is known of it yet"
	}
	if open == 0 {
		return text + sep + "no incident open"
	}
	return text + sep + count(open, "incident", "incidents") + " open"
}

func (l *Lately) text(level Level) string {
	if !l.To.After(l.From) {
		return "how often it would have fired is not known: this target is watched from now on."
	}
	var what []string
	for _, c := range []struct {
		n         int
		one, many string
	}{
		{l.Outages, "outage", "outages"},
		{l.Unstable, "unstable spell", "unstable spells"},
		{l.Upstream, "change of upstream", "changes of upstream"},
	} {
		if c.n > 0 {
			what = append(what, count(c.n, c.one, c.many))
		}
	}
	told := list(what)
	if told == "" {
		told = "nothing"
	}
	return "in the " + span(l.To.Sub(l.From)) + " before it would have told of " + strings.TrimSpace(told) + "."
}
