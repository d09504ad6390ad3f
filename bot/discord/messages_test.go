package discord

import (
	"fmt"
	"strings"
	"time"

	"isitdown/bot/chat"
)

func utc(s string) time.Time {
	at, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return at
}

// down is the opening of an incident.
func down() chat.Message {
	return chat.Message{
		Tone:     chat.ToneDown,
		Headline: "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC",
		Parts: []chat.Part{
			{Text: "Mon 22 Dec 2014 16:15 UTC · Tue 23 Dec 01:15 in Pyongyang · 45 min so far"},
			{Label: "IPv4", Text: "0 of 4 prefixes visible, 0 of 1,024 addresses (addresses, not people)"},
			{Label: "IPv6", Text: "none registered"},
			{Label: "Seen", Text: "withdrawn at 36 of 36 vantage points (RIPE RIS) · https://stat.ripe.net/AS131279#tabId=routing"},
			{Label: "Before", Text: "AS4837 CHINA169_BACKBONE carried 100 % of observed paths in the 24 h before"},
			{Text: "Reconstruction from published times, not recorded BGP.", Caveat: true},
		},
		Quote:  "As of 17:00 UTC on 22 December 2014, all four networks registered to North Korea were absent from the routing table at all 36 vantage points, according to RIPE RIS data analysed by isitdown.",
		Footer: "KP-20141222-1 · update 1",
		More:   "outages details KP-20141222-1",
		Stamps: []chat.Stamp{{Label: "since", At: utc("2014-12-22 16:15:00")}},
		Buttons: []chat.Button{
			{Label: "Mute 6 h", Line: "outages mute KP-20141222-1 6h"},
			{Label: "Why", Line: "outages why KP-20141222-1"},
			{Label: "Details", Line: "outages details KP-20141222-1"},
			{Label: "Unsubscribe", Line: "outages unsubscribe KP-20141222-1"},
		},
	}
}

// back is its resolution, with what people said.
func back() chat.Message {
	m := down()
	m.Tone, m.Headline = chat.ToneUp, "BACK: North Korea (KP): all 4 networks visible again after 9 h 31 min"
	m.Parts = []chat.Part{m.Parts[len(m.Parts)-1], {Text: "22 Dec 16:15 UTC - 23 Dec 01:46 UTC. Depth: 4 of 4 prefixes, 1,024 addresses."}}
	m.Stamps = append(m.Stamps, chat.Stamp{Label: "until", At: utc("2014-12-23 01:46:00")})
	m.Quote, m.Buttons = "", m.Buttons[1:]
	m.Notes = []chat.Note{
		{At: utc("2014-12-22 17:03:00"), By: "Kim", Ack: true},
		{At: utc("2014-12-22 17:20:00"), By: "Ana_Maria", Text: "carrier says *maintenance*, see <https://example.org>"},
	}
	return m
}

// timeline has more lines than an embed takes.
func timeline(lines int) chat.Message {
	var rows []string
	for i := range lines {
		at := utc("2014-12-22 00:00:00").Add(time.Duration(i) * time.Minute)
		rows = append(rows, fmt.Sprintf("%s UTC  degraded  %d of 4 prefixes  AS4837, AS20485", at.Format("2 Jan 15:04"), i%4))
	}
	return chat.Message{
		Headline: "TIMELINE: KP-20141222-1", Parts: []chat.Part{{Label: "Moments", Text: strings.Join(rows, "\n"), Fixed: true}},
		Footer: "KP-20141222-1",
	}
}

// hostile is what the worst registry, host name and colleague could say.
const hostile = "@everyone <@1> <@&2> <#3> [free](http://evil.example) `code` ```block``` ||spoiler|| **bold** _it_ ~~no~~ " +
	"<t:0:R> <:x:1> </cmd:1> https://user@evil.example/x https://good.example/a_b?c=d discord.gg/abc \u202eltr\u2066 \x1b[31m\n" +
	"# heading\n-# small\n- item\n1. item\n> quote\n>>> all\n* star"

// hostileMessage has it everywhere.
func hostileMessage() chat.Message {
	m := down()
	m.Headline = "DOWN: " + hostile
	m.Parts = []chat.Part{{Label: hostile, Text: hostile}, {Label: "Fixed", Text: hostile, Fixed: true}, {Text: hostile}}
	m.Notes = []chat.Note{{At: utc("2014-12-22 17:03:00"), By: hostile, Text: hostile}}
	m.Quote, m.Footer = hostile, hostile
	m.Stamps = []chat.Stamp{{Label: hostile, At: utc("2014-12-22 16:15:00")}}
	m.Buttons = []chat.Button{{Label: hostile, Line: "outages why KP-20141222-1"}, {Label: "Too long", Line: strings.Repeat("x", 101)}}
	return m
}
