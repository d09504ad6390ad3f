package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// A picture shows no line where losses were only counted, and the loss of an outage
// that a spell gives way to where the notice says that it was.
func TestChartAfterSpell(t *testing.T) {
	at := func(clock string) time.Time {
		m, err := time.Parse("2006-01-02 15:04", "2014-12-22 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	up, gone := checks.Count{Seen: 4, Of: 4}, checks.Count{Of: 4}
	l := Life{Timeline: []chat.Moment{
		{At: at("14:00"), State: checks.Up, IPv4: up},
		{At: at("15:30"), State: checks.Down, IPv4: gone, Note: "KP-20141222-1 opened (unstable)"},
		{At: at("16:18"), State: checks.Down, IPv4: gone, Note: "KP-20141222-2 opened (outage); KP-20141222-1 resolved"},
		{At: at("17:00"), State: checks.Unknown},
		{At: at("17:10"), State: checks.Up, IPv4: up},
	}}
	i := Incident{Onset: checks.Interval{Half: at("16:15")}, IPv4: checks.Counts{Prefixes: gone}, End: checks.Interval{Half: at("17:08")}}
	n := chat.Notice{Verdict: checks.Verdict{Target: checks.Country("KP"), Name: "North Korea", At: at("17:30")}}
	want := &chart.Data{
		Title: "North Korea (KP): visible IPv4 prefixes", Unit: "IPv4 prefixes", From: at("15:15"), To: at("17:30"),
		Steps: []chart.Step{
			{At: at("15:15"), Seen: 4, Of: 4, Known: true},
			{At: at("15:30"), Of: 4, Known: true},
			{At: at("16:15"), Of: 4, Known: true},
			{At: at("17:00")},
			{At: at("17:10"), Seen: 4, Of: 4, Known: true},
		},
		Bands:  []chart.Band{{Start: at("16:15"), End: at("17:08")}},
		Spells: []chart.Band{{Start: at("15:30"), End: at("16:15")}},
	}
	if diff := cmp.Diff(want, Chart(l, i, n)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if alt := want.Alt(); !strings.Contains(alt, "in and out too often to draw from 22 Dec 2014 15:30 to 22 Dec 2014 16:15") {
		t.Errorf("alt text %q", alt)
	}
	spell := Incident{Kind: chat.Unstable, Onset: checks.Interval{Half: at("15:20")}, End: checks.Interval{Half: at("16:10")}, IPv4: i.IPv4}
	l.Timeline = append(l.Timeline[:2:2], chat.Moment{At: at("16:40"), State: checks.Up, IPv4: up, Note: "KP-20141222-1 resolved"})
	n.Verdict.At = at("16:40")
	want = &chart.Data{
		Title: want.Title, Unit: want.Unit, From: at("14:20"), To: at("16:40"),
		Steps: []chart.Step{
			{At: at("14:20"), Seen: 4, Of: 4, Known: true},
			{At: at("15:30"), Of: 4, Known: true},
			{At: at("16:10"), Seen: 4, Of: 4, Known: true},
		},
		Spells: []chart.Band{{Start: at("15:30"), End: at("16:10")}},
	}
	if diff := cmp.Diff(want, Chart(l, spell, n)); diff != "" {
		t.Errorf("of the spell (-want +got):\n%s", diff)
	}
	if c := Chart(Life{}, i, n); c != nil {
		t.Errorf("a life that remembers nothing has a chart: %+v", c)
	}
}

// Where a service fails there is nothing to be counted, and no picture of nothing.
func TestNoChartOfNothing(t *testing.T) {
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	target, err := checks.ParseTarget("https://example.org")
	if err != nil {
		t.Fatal(err)
	}
	l := Life{Timeline: []chat.Moment{{At: began.Add(-time.Hour), State: checks.Up}, {At: began, State: checks.Degraded}}}
	i := Incident{Target: target, Onset: checks.Interval{By: began}}
	n := chat.Notice{Verdict: checks.Verdict{Target: target, At: began.Add(time.Hour)}}
	if d := Chart(l, i, n); d != nil {
		t.Errorf("got a picture of %s", d.Unit)
	}
}
