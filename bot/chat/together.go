package chat

import (
	"cmp"
	"slices"
	"time"

	"isitdown/checks"
)

// Together is several outages that a channel is told of in one message: too many went at
// once, or too many have been told of already. The message is edited as they end.
type Together struct {
	ID       string
	Revision int
	At       time.Time
	Onset    time.Time // of the first loss
	// End is the last return, when all are over; zero while one lasts.
	End time.Time
	// Countries and Networks count all of them, Lasting are those that last.
	Countries, Networks int
	Lasting             []Episode
	// Upstreams carried more than half of the paths of several of them before.
	Upstreams []Shared
	// Hourly is how many new messages an hour a channel gets of the world.
	Hourly  int
	Caveats []string
}

// Shared is an upstream that several outages have in common.
type Shared struct {
	Upstream checks.Upstream
	Of       int // how many of the outages
}

const (
	// maxTogether is how many outages the message lists one by one.
	maxTogether = 20
	// maxShared is how many upstreams it names.
	maxShared = 5
)

// Message writes all of them.
func (g Together) Message() Message {
	m := Message{
		Headline: cutTo(plain(g.headline()), MaxHeadline), Tone: worstTone(g.Lasting),
		Footer: plain(joinNonEmpty(dot, clean(g.ID), revisionText(g.Revision))), More: Command{Verb: Now}.String(),
	}
	if !g.Onset.IsZero() {
		m.Stamps = append(m.Stamps, Stamp{"since", g.Onset.UTC()})
	}
	add := func(label, text string) {
		if text != "" {
			m.Parts = append(m.Parts, Part{Label: label, Text: plain(text)})
		}
	}
	add("Together", g.why())
	add("Before", g.upstreams())
	shown := g.Lasting[:min(len(g.Lasting), maxTogether)]
	m.Parts = append(m.Parts, episodeParts("", shown, g.At)...)
	if more := len(g.Lasting) - len(shown); more > 0 {
		add("More", "and "+count(more, "more", "more")+": /outages now lists what lost most")
	}
	if !g.End.IsZero() {
		m.Stamps = append(m.Stamps, Stamp{"until", g.End.UTC()})
	}
	add("Not known", "the cause of any of it; whether they have one in common; how many people are affected.")
	m.Parts = append(m.Parts, caveatParts(g.Caveats)...)
	m.Buttons = worldButtons()
	return m
}

// revisionText writes which telling of a message this is.
func revisionText(n int) string {
	if n < 2 {
		return ""
	}
	return "update " + thousands(uint64(n-1))
}

func (g *Together) headline() string {
	all := both(g.Countries, g.Networks, "told together: ")
	if !g.End.IsZero() {
		return "BACK: " + all + "all visible again, lost from " + dated(g.Onset) + " on, the last back " + near(g.End, g.Onset)
	}
	tally := map[checks.State]int{}
	recovering := 0
	for i := range g.Lasting {
		if e := &g.Lasting[i]; e.Incident.Recovering {
			recovering++
		} else {
			tally[e.State]++
		}
	}
	word, parts := "", []string{}
	for _, s := range []checks.State{checks.Down, checks.Degraded, checks.Unknown} {
		if n := tally[s]; n > 0 {
			word = cmp.Or(word, upperState(s))
			parts = append(parts, thousands(uint64(n))+nbsp+s.String())
		}
	}
	if n := recovering + g.Countries + g.Networks - len(g.Lasting); n > 0 {
		parts = append(parts, thousands(uint64(n))+nbsp+"back")
	}
	text := cmp.Or(word, "BACK") + ": " + all + joinNonEmpty(", ", parts...)
	if g.Onset.IsZero() {
		return text
	}
	return text + ", the first since " + dated(g.Onset)
}

// why says why they have one message, and where each of them is.
func (g *Together) why() string {
	return "several at once, or more than " + count(g.Hourly, "new message", "new messages") + " an hour about the world, are told in one message. " +
		"It is edited as they end; each has an ID of its own, and /outages details ID tells more of it."
}

// upstreams says who carried several of them.
func (g *Together) upstreams() string {
	list := slices.Clone(g.Upstreams)
	slices.SortStableFunc(list, func(a, b Shared) int {
		return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(a.Upstream.ASN, b.Upstream.ASN))
	})
	var parts []string
	for i, u := range list {
		of := " of " + thousands(uint64(u.Of))
		if i == 0 {
			of = " carried more than half of the observed paths" + of + " of them"
		}
		parts = append(parts, asName(u.Upstream)+of)
	}
	if len(parts) == 0 {
		return ""
	}
	return listSome(parts, maxShared) + ". " + notCulprits
}

// Gathered lists the outages that one message told of together, those that are over too.
type Gathered struct {
	ID       string
	At       time.Time
	Episodes []Episode
	Caveats  []string
}

// maxGathered is how many of them it lists.
const maxGathered = 25

// Message writes the list: what lasts first.
func (g Gathered) Message() Message {
	list := slices.Clone(g.Episodes)
	slices.SortStableFunc(list, func(a, b Episode) int { return cmp.Or(lastingFirst(&a, &b), cmp.Compare(b.State, a.State)) })
	m := Message{
		Headline: cutTo(plain("TOGETHER: "+clean(g.ID)+" tells of "+count(len(list), "outage", "outages")), MaxHeadline), Tone: worstTone(list),
		More: Command{Verb: Now}.String(),
	}
	shown := list[:min(len(list), maxGathered)]
	m.Parts = episodeParts("", shown, g.At)
	if more := len(list) - len(shown); more > 0 {
		m.Parts = append(m.Parts, Part{Label: "More", Text: plain("and " + count(more, "more", "more") + ", not listed here")})
	}
	m.Parts = append(m.Parts, Part{Text: "Each has an ID of its own: /outages why, details and timeline tell more of it."})
	m.Parts = append(m.Parts, caveatParts(g.Caveats)...)
	return m
}

// worldMute is for how long the button mutes the world.
const worldMute = muteFor

// worldButtons are those of a subscription to the world.
func worldButtons() []Button {
	world := checks.Worldwide().String()
	return []Button{
		{"Mute the world 6 h", Command{Verb: Mute, Target: world, Duration: worldMute}.String()},
		{"Now", Command{Verb: Now}.String()},
		{"Unsubscribe from the world", Command{Verb: Unsubscribe, Target: world}.String()},
	}
}

// Worldwide gives a message as a channel gets it that subscribed to the world, and not to
// what it is about: what can be muted and ended is that subscription.
func (m Message) Worldwide() Message {
	instead := map[Verb]Button{Mute: worldButtons()[0], Unsubscribe: worldButtons()[2]}
	buttons := slices.Clone(m.Buttons)
	for i, b := range buttons {
		c, err := ParseCommand(b.Line, time.Time{})
		if w, ok := instead[c.Verb]; ok && err == nil {
			buttons[i] = w
		}
	}
	m.Buttons = buttons
	return m
}
