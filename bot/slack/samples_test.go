package slack

import (
	"strings"
	"time"

	"isitdown/bot/chat"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// opened is a notice as a channel gets it.
func opened() chat.Message {
	return chat.Message{
		Tone:     chat.ToneDown,
		Headline: "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC",
		Parts: []chat.Part{
			{Label: "Since", Text: "Mon 22 Dec 2014 16:15 UTC · Tue 23 Dec 01:15 in Pyongyang · 45 min so far"},
			{Label: "IPv4", Text: "0 of 4 prefixes visible, 0 of 1,024 addresses (addresses, not people)"},
			{Label: "Seen", Text: "withdrawn at 40 of 40 vantage points, 3 collectors · feed 8 s old"},
			{Label: "Before", Text: "AS4837 China Unicom carried 100 % of observed paths in the 24 h before"},
			{Label: "Lost", Text: "cannot tell from outside whether AS131279 withdrew its routes, the link to AS4837 failed, or AS4837 filtered them"},
			{Label: "Not known", Text: "the cause; whether anything inside the country still works; how many people are affected."},
			{Text: "Reconstruction from published times, not recorded BGP.", Caveat: true},
		},
		Notes: []chat.Note{
			{At: at("2014-12-22T16:40:00Z"), By: "Ana (NOC)", Text: "calling our carrier", Ack: true},
			{At: at("2014-12-22T16:50:00Z"), By: "Ben", Text: "carrier knows nothing yet\nasking again at five"},
		},
		Quote: "As of 17:00 UTC on 22 December 2014, all four networks registered to North Korea were absent from the " +
			"routing table at all 40 vantage points observed, according to route-collector data analysed by isitdown.",
		Footer:  "KP-20141222-1 · update 2",
		More:    "outages details KP-20141222-1",
		Stamps:  []chat.Stamp{{Label: "since", At: at("2014-12-22T16:15:00Z")}},
		Buttons: []chat.Button{{Label: "Mute 6 h", Line: "outages mute KP-20141222-1 6h"}, {Label: "Why", Line: "outages why KP-20141222-1"}},
	}
}

// claimed has addresses that can be followed.
func claimed() chat.Message {
	const ioda, globalping = "https://ioda.inetintel.cc.gatech.edu/country/KP?from=1419177600&until=1419267600", "https://globalping.io/?measurement=nzGzfAGL7sZfUs3c"
	return chat.Message{
		Headline: "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC",
		Parts: []chat.Part{{
			Label: "Others",
			Text:  "IODA: BGP signal at 0 % of its value 24 h before, as of 16:55 UTC " + ioda + " · Globalping: answered from 0 of 10 places " + globalping,
			Links: []string{ioda, globalping},
		}},
	}
}

// hostile is what somebody might write who wants to be heard by everybody.
const hostile = "<!channel> <@U024BE7LH> <#C024BE7LR> <!subteam^S1> <!date^0^{date}^https://evil.example|now> " +
	"<https://evil.example|our bank> *bold* _it_ ~gone~ `code` ```more``` > said & &lt;!here&gt; @here @channel #general " +
	":rotating_light: \u202eesrever\u202c \u200fright\u200e \u2066isolated\u2069 \x00\x07\x1b[31mred\x1b[0m mailto:a@evil.example https://evil.example"

// shouting is a message whose every text is foreign.
func shouting() chat.Message {
	return chat.Message{
		Tone:     chat.ToneUnknown,
		Headline: "UNKNOWN: " + hostile,
		Parts: []chat.Part{
			{Label: hostile, Text: hostile},
			{Label: "List", Text: "a   1\n  b " + hostile + "\nc   3", Fixed: true},
			{Text: hostile, Caveat: true},
		},
		Notes:   []chat.Note{{At: at("2014-12-22T16:40:00Z"), By: hostile, Text: hostile, Incident: hostile}},
		Quote:   hostile,
		Footer:  hostile,
		More:    hostile,
		Stamps:  []chat.Stamp{{Label: hostile, At: at("2014-12-22T16:15:00Z")}},
		Buttons: []chat.Button{{Label: hostile, Line: "outages why " + hostile}},
	}
}

// long is a timeline that takes several messages.
func long() chat.Message {
	m := opened()
	m.Headline = "TIMELINE: " + strings.Repeat("a name that goes on and on ", 8)
	var b strings.Builder
	for i := range 160 {
		b.WriteString(at("2014-12-22T16:15:00Z").Add(time.Duration(i)*time.Minute).Format("15:04 UTC") + "  DOWN  0 of 4 prefixes, \"no upstream\"\n")
	}
	m.Parts = append(m.Parts, chat.Part{Label: "Timeline", Text: b.String(), Fixed: true})
	return m
}

// list is what a command shows in columns.
func list() chat.Message {
	return chat.Message{
		Headline: "LIST: this channel is subscribed to 2 targets",
		Parts:    []chat.Part{{Text: "KP        North Korea     degraded  quiet 22-07 Asia/Seoul\nAS131279  Star JV         any       by Ana", Fixed: true}},
		Footer:   "outages help",
	}
}
