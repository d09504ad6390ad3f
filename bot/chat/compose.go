package chat

import (
	"slices"
	"time"

	"isitdown/checks"
)

// page is what a message is made of before it is set: what Text lays out and what
// Compose hands to the platforms, so that nobody is told more or less than others.
type page struct {
	head   string
	body   []block
	notes  []Note
	quote  string
	footer string
}

// newPage gives the page of a notice without its headline, which each medium has
// its own form of.
func newPage(n *Notice) page {
	body := bodyBlocks(n)
	for _, c := range n.Caveats {
		body = append(body, block{text: sentence(clean(c)), caveat: true})
	}
	return page{
		body:   slices.DeleteFunc(body, func(b block) bool { return b.text == "" }),
		notes:  cleanNotes(n.Notes, n.Incident.ID),
		quote:  quoteText(n),
		footer: footer(n),
	}
}

// bodyBlocks is what stands between the headline and the caveats.
func bodyBlocks(n *Notice) []block {
	v, i := &n.Verdict, &n.Incident
	switch {
	case n.Kind == UpstreamChanged:
		return changedBlocks(n)
	case i.ID != "" && i.Kind == Unstable && n.Kind != Answer:
		return unstableBlocks(n)
	case isBack(n):
		return backBlocks(n)
	case v.State == checks.Unknown:
		return unknownBlocks(n)
	case v.State == checks.Up:
		return upBlocks(n)
	}
	return lossBlocks(n)
}

// isBack reports whether the notice tells of a return.
func isBack(n *Notice) bool {
	return n.Kind == Resolved || n.Incident.Recovering && n.Verdict.State == checks.Up
}

// blocks gives the page in the order in which it is read.
func (p page) blocks() []block {
	blocks := append([]block{{text: p.head}}, p.body...)
	blocks = append(blocks, noteBlocks(p.notes)...)
	return append(blocks, block{prefix: "> ", text: p.quote}, block{text: p.footer})
}

// Compose gives the notice as a message for a channel: the facts, words and order
// of [Text], in parts. An incident that can be told of again has buttons.
func Compose(n Notice) Message {
	p := newPage(&n)
	m := Message{
		Tone:     toneOf(&n),
		Headline: Headline(n),
		Notes:    p.notes,
		Quote:    plain(p.quote),
		Footer:   plain(p.footer),
		Stamps:   stamps(&n),
		Buttons:  buttons(&n),
	}
	for _, b := range p.body {
		m.Parts = append(m.Parts, Part{Label: b.label, Text: plain(b.text), Links: b.links, Caveat: b.caveat})
	}
	if n.Incident.ID != "" && n.Kind != UpstreamChanged {
		m.More = Command{Verb: Details, Incident: n.Incident.ID}.String()
	}
	return m
}

// toneOf says the same as the state word of the headline.
func toneOf(n *Notice) Tone {
	v, i := &n.Verdict, &n.Incident
	switch {
	case n.Kind == UpstreamChanged:
		return stateTone(v.State)
	case i.ID != "" && i.Kind == Unstable && n.Kind != Answer:
		switch {
		case n.Kind == Resolved && i.FollowedBy == "":
			return ToneUp
		case n.Kind != Resolved && v.State == checks.Unknown:
			return ToneUnknown
		}
		return ToneDegraded
	case isBack(n):
		return ToneUp
	}
	return stateTone(v.State)
}

func stateTone(s checks.State) Tone {
	switch s {
	case checks.Down:
		return ToneDown
	case checks.Degraded:
		return ToneDegraded
	case checks.Up:
		return ToneUp
	}
	return ToneUnknown
}

// stamps gives the moments of the incident, or of the loss that was asked about.
func stamps(n *Notice) []Stamp {
	v, i := &n.Verdict, &n.Incident
	onset, end, watch := i.Onset, i.End, time.Time{}
	switch {
	case n.Kind == UpstreamChanged:
		return []Stamp{{"as of", v.At.UTC()}}
	case i.ID == "" && (v.State == checks.Down || v.State == checks.Degraded):
		onset, end = v.Onset, checks.Interval{}
	case i.ID == "":
		return []Stamp{{"as of", v.At.UTC()}}
	case i.Recovering:
		watch = i.WatchUntil
	}
	var list []Stamp
	for _, s := range []Stamp{{"since", Point(onset)}, {"until", Point(end)}, {"watched until", watch}} {
		if !s.At.IsZero() {
			list = append(list, Stamp{s.Label, s.At.UTC()})
		}
	}
	return list
}

// muteFor is how long the button mutes.
const muteFor = 6 * time.Hour

// buttons gives what can be done about an incident. A command that is too long for
// a button is left to be typed: the footer has the ID.
func buttons(n *Notice) []Button {
	id := n.Incident.ID
	if id == "" || n.Kind == UpstreamChanged || n.Kind == Answer {
		return nil
	}
	list := []Button{
		{"Mute 6 h", Command{Verb: Mute, Target: id, Duration: muteFor}.String()},
		{"Why", Command{Verb: Why, Incident: id}.String()},
		{"Details", Command{Verb: Details, Incident: id}.String()},
		{"Unsubscribe", Command{Verb: Unsubscribe, Target: id}.String()},
	}
	if n.Kind == Resolved {
		list = list[1:] // nothing is left to mute
	}
	return slices.DeleteFunc(list, func(b Button) bool { return len(b.Line) > MaxButtonLine })
}
