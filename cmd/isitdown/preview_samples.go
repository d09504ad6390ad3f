package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"isitdown/bot"
	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route/archive"
)

// sample is one message to look at, and how it comes to a channel.
type sample struct {
	name    string // of its files
	title   string // when it is sent
	op      bot.Op
	message chat.Message
	chart   *chart.Data
	short   bool // shown in the form that fits anywhere
	repeat  bool // may have been shown before
}

// sampleGroup is a list of samples that belong together: a thread, or answers.
type sampleGroup struct {
	id, title string
	thread    bool // the first is the root of the rest
	samples   []sample
}

//go:embed preview/ruritania.scenario
var ruritaniaScenario []byte

//go:embed preview/onlooker.scenario
var onlookerScenario []byte

// The moments that the recordings are asked about.
var (
	kpBefore = time.Date(2014, 12, 21, 13, 0, 0, 0, time.UTC)
	kpIn     = time.Date(2014, 12, 22, 17, 0, 0, 0, time.UTC)
	xxPartly = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	xxAfter  = time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	xxBlind  = time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC)
)

// played are the scenes that the samples are taken from.
type playedScenes struct{ kp, xx, few *scene }

// playAll plays what the samples are taken from: North Korea's days of December
// 2014, and for the states that they lack a country that does not exist.
func (a *app) playAll(ctx context.Context) (p playedScenes, err error) {
	kp, err := archive.EmbeddedScenario("kp-2014")
	if err != nil {
		return p, fmt.Errorf("reading the scenario kp-2014: %w", err)
	}
	xx, err := archive.ParseScenario("ruritania", bytes.NewReader(ruritaniaScenario))
	if err != nil {
		return p, fmt.Errorf("reading the scenario ruritania: %w", err)
	}
	few, err := archive.ParseScenario("onlooker", bytes.NewReader(onlookerScenario))
	if err != nil {
		return p, fmt.Errorf("reading the scenario onlooker: %w", err)
	}
	if p.kp, err = a.playScene(ctx, kp, checks.Country("KP"), "", kpBefore, kpIn); err != nil {
		return p, err
	}
	const name = "Ruritania"
	if p.xx, err = a.playScene(ctx, xx, checks.Country("XX"), name, xxPartly, xxAfter, xxBlind); err != nil {
		return p, err
	}
	p.few, err = a.playScene(ctx, few, checks.Country("XX"), name)
	return p, err
}

// groups gives every kind of message in every state.
func (p *playedScenes) groups() ([]sampleGroup, error) {
	g := gatherer{p: p}
	groups := []sampleGroup{
		{id: "answers", title: "Answers", samples: g.answers()},
		{id: "lost", title: "What disappeared", samples: g.lost()},
		{id: "probes", title: "Answers of probes", samples: g.probes()},
		{id: "silence", title: "A loss of answers, while the routes stay", thread: true, samples: g.silence()},
		{id: "outage", title: "An outage from its opening to its end", thread: true, samples: g.outage()},
		{id: "relapse", title: "A loss in two steps, and a relapse", thread: true, samples: g.relapse()},
		{id: "blind", title: "Nobody to see how it goes on", thread: true, samples: g.blind()},
		{id: "unstable", title: "In and out", thread: true, samples: g.unstable()},
		{id: "followed", title: "In and out, until it stays away", thread: true, samples: g.followed()},
		{id: "upstream", title: "Another way", samples: g.upstream()},
		{id: "delivery", title: "Late, again, and short", samples: g.delivery()},
		{id: "commands", title: "Commands", samples: g.commands()},
		{id: "digests", title: "Digests", samples: g.digests()},
		{id: "world", title: "The world", samples: worldGroup()},
	}
	return groups, g.err
}

// gatherer takes samples out of scenes and keeps the first error.
type gatherer struct {
	p   *playedScenes
	err error
}

// tell gives a sample of what was told in the course of a scene.
func (g *gatherer) tell(s *scene, id string, kind chat.Kind, quiet bool, nth int, name, title string, op bot.Op, notes ...chat.Note) sample {
	t, err := s.find(id, kind, quiet, nth)
	if err != nil && g.err == nil {
		g.err = fmt.Errorf("looking for the sample %s: %w", name, err)
	}
	t.notice.Notes = notes
	out := sample{name: name, title: title, op: op, message: chat.Compose(t.notice)}
	if op == bot.Announce {
		out.chart = t.chart()
	}
	return out
}

func answer(name, title string, n chat.Notice) sample {
	return sample{name: name, title: title, message: chat.Compose(n)}
}

// answers is what /isitdown says in each state.
func (g *gatherer) answers() []sample {
	if g.err != nil {
		return nil
	}
	kp, xx := g.p.kp, g.p.xx
	return []sample{
		answer("answer-up", "Up: good news is short", kp.asked[0]),
		answer("answer-down", "Down", kp.asked[1]),
		answer("answer-degraded", "Degraded: a part is withdrawn, in both families", xx.asked[0]),
		answer("answer-others", "Degraded, and what others say beside it", withOthers(xx.asked[0])),
		answer("answer-unknown", "Unknown: too few to see it", xx.asked[2]),
		answer("answer-weak", "Up, seen by one onlooker alone", g.p.few.end),
	}
}

// withOthers adds what outside services might say of Ruritania.
func withOthers(n chat.Notice) chat.Notice {
	v := &n.Verdict
	link := fmt.Sprintf("https://ioda.inetintel.cc.gatech.edu/country/XX?from=%d&until=%d", v.At.Add(-25*time.Hour).Unix(), v.At.Unix())
	yes, no := true, false
	v.Claims = []checks.Claim{
		{
			Service: "IODA", Text: "BGP signal at 62 % of its value 24 h before (2,640 of 4,258 /24s)", At: v.At.Add(-10 * time.Minute),
			Link: link, Rests: checks.RestsCollectors, Loss: &yes,
		},
		{
			Service: "IODA", Text: "active probing signal at 58 % of its value 24 h before (1,804 of 3,110 /24s)", At: v.At.Add(-20 * time.Minute),
			Link: link, Rests: checks.RestsProbing, Loss: &yes,
		},
		{
			Service: "Globalping", Text: "ping of 203.0.113.10 answered from 8 of 10 places on 4 continents (median 180 ms); no answer in Tokyo (JP) and Lagos (NG)",
			At: v.At.Add(-40 * time.Second), Link: "https://globalping.io/?measurement=example", Rests: "Globalping's probes", Loss: &no,
		},
	}
	n.Caveats = append(slices.Clone(n.Caveats), "What IODA and Globalping say here is invented, as an example.")
	return n
}

// outage is the night of 22 December 2014.
func (g *gatherer) outage() []sample {
	const id = "KP-20141222-1"
	opened := g.tell(g.p.kp, id, chat.Opened, false, 0, "outage-opened", "Opened: the root message, seen in the channel", bot.Root)
	t, err := g.p.kp.find(id, chat.Opened, false, 0)
	if err != nil {
		return nil
	}
	pictured := sample{
		name: "outage-chart", title: "Its chart, in the thread", op: bot.Reply, chart: t.chart(),
		message: chat.Plain(chat.Headline(t.notice), t.chart().Alt()),
	}
	notes := people(t.notice.Verdict.At)
	noted := sample{name: "outage-note", title: "Somebody added a note, in the thread", op: bot.Reply, message: noteMessage(id, notes[1])}
	return []sample{
		opened, pictured, noted,
		g.tell(g.p.kp, id, chat.Updated, false, 0, "outage-recovering", "Back, and watched for a relapse: in the thread", bot.Reply, notes...),
		g.tell(g.p.kp, id, chat.Resolved, false, 0, "outage-resolved", "Resolved: in the thread and in the channel, with the chart", bot.Announce, notes...),
		g.tell(g.p.kp, id, chat.Resolved, false, 0, "outage-root-edited", "The root message is edited to say how it ended", bot.Edit, notes...),
	}
}

// invented says of a sample that people and what else is not of the recording are.
const invented = "Ruritania (XX) does not exist; it, the people and their words are invented, as an example."

// people is what a newsroom and a NOC might have to say. What they say of a real
// incident says itself that it is an example.
func people(at time.Time) []chat.Note {
	return []chat.Note{
		{At: at.Add(4 * time.Minute), By: "Ana (example)", Ack: true},
		{At: at.Add(19 * time.Minute), By: "Min-jun (example)", Text: "An example of what people add: our correspondent sees it as well."},
	}
}

func noteMessage(id string, n chat.Note) chat.Message {
	return chat.Message{Headline: "Note on " + id, Notes: []chat.Note{n}, Footer: id}
}

// relapse is Ruritania's 2 March.
func (g *gatherer) relapse() []sample {
	const id = "XX-20260302-1"
	xx := g.p.xx
	return []sample{
		g.tell(xx, id, chat.Opened, false, 0, "relapse-degraded", "Opened: a part is withdrawn", bot.Root),
		g.tell(xx, id, chat.Updated, false, 0, "relapse-down", "Updated: all of it is", bot.Announce),
		g.tell(xx, id, chat.Updated, false, 1, "relapse-recovering", "Updated: back", bot.Reply),
		g.tell(xx, id, chat.Resolved, false, 0, "relapse-resolved", "Resolved", bot.Announce),
		g.tell(xx, id, chat.Updated, false, 2, "relapse-reopened", "Open again within the hour", bot.Announce),
		g.tell(xx, id, chat.Resolved, false, 1, "relapse-resolved-again", "Resolved again", bot.Announce),
	}
}

// blind is an outage during which the vantage points went away.
func (g *gatherer) blind() []sample {
	const id = "XX-20260303-1"
	xx := g.p.xx
	return []sample{
		g.tell(xx, id, chat.Opened, false, 0, "blind-opened", "Opened", bot.Root),
		g.tell(xx, id, chat.Updated, false, 0, "blind-unknown", "Unknown while it is open: nothing is claimed", bot.Reply),
		g.tell(xx, id, chat.Updated, false, 1, "blind-degraded", "Seen again", bot.Reply),
		g.tell(xx, id, chat.Updated, true, 0, "blind-back", "Back, as an edit of the root: enough was said", bot.Edit),
		g.tell(xx, id, chat.Resolved, false, 0, "blind-resolved", "Resolved, with the hole in the chart", bot.Announce),
	}
}

// unstable is a spell that ends well, followed one that does not.
func (g *gatherer) unstable() []sample {
	const id = "XX-20260303-2"
	xx := g.p.xx
	return []sample{
		g.tell(xx, id, chat.Opened, false, 0, "unstable-opened", "Opened: one message for all of it", bot.Root),
		g.tell(xx, id, chat.Updated, true, 0, "unstable-counter", "Its counter grows by edits", bot.Edit),
		g.tell(xx, id, chat.Resolved, false, 0, "unstable-stable", "Stable again", bot.Announce),
	}
}

func (g *gatherer) followed() []sample {
	const id = "KP-20141221-1"
	return []sample{
		g.tell(g.p.kp, id, chat.Opened, false, 0, "followed-opened", "Opened", bot.Root),
		g.tell(g.p.kp, id, chat.Updated, true, 20, "followed-counter", "After a day of it", bot.Edit),
		g.tell(g.p.kp, id, chat.Resolved, true, 0, "followed-by-outage", "An outage takes over", bot.Edit),
	}
}

func (g *gatherer) upstream() []sample {
	return []sample{
		g.tell(g.p.xx, "", chat.UpstreamChanged, false, 0, "upstream-changed", "Told where the level is any", bot.Plain),
	}
}

// delivery is what becomes of an opening that has a hard way.
func (g *gatherer) delivery() []sample {
	late := g.tell(g.p.kp, "KP-20141223-1", chat.Opened, false, 0, "delivery-late", "Late, and says so", bot.Root)
	late.message.Parts = append(late.message.Parts, chat.Part{
		Label: "Late", Text: "observed 15:44 UTC, delivered 16:11 UTC: the platform was unavailable",
	})
	again := g.tell(g.p.kp, "KP-20141223-1", chat.Resolved, false, 0, "delivery-repeat", "May have been shown before: marked where the platform cannot tell", bot.Announce)
	again.repeat = true
	short := g.tell(g.p.kp, "KP-20141223-1", chat.Opened, false, 0, "delivery-short", "The short form, where the whole was refused as too long", bot.Root)
	short.short = true
	return []sample{late, again, short}
}
