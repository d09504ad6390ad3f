package main

import (
	"context"
	"html"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
)

// The three renderings of a message, as plain text.

func onTerminal(m chat.Message) string {
	text := m.Text(80)
	text = regexp.MustCompile(`(?m)^> ?`).ReplaceAllString(text, "")
	return squeezed(text)
}

func onSlack(t *testing.T, m chat.Message) string {
	t.Helper()
	pages, err := slack.Pages(m, false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range pages {
		b.WriteString(blocksText(p) + "\n")
	}
	text := regexp.MustCompile(`<!date\^[^>]*>`).ReplaceAllString(b.String(), "") // stands beside the same in words
	return squeezed(html.UnescapeString(text))
}

func onDiscord(t *testing.T, m chat.Message) string {
	t.Helper()
	p := discord.Render(m, nil)
	parts := []string{p.Content}
	for _, e := range p.Embeds {
		parts = append(parts, e.Title, e.Description)
		for _, f := range e.Fields {
			parts = append(parts, f.Name+" "+f.Value)
		}
		if e.Footer != nil {
			parts = append(parts, e.Footer.Text)
		}
	}
	for _, f := range p.Files {
		text, err := io.ReadAll(f.Reader)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, string(text))
	}
	text := strings.Join(parts, "\n")
	text = regexp.MustCompile(`<t:\d+:\w>`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`(?m)^> ?`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`\\([[:punct:]])`).ReplaceAllString(text, "$1")
	return squeezed(strings.NewReplacer("**", "", "```", "", "\u200b", "").Replace(text))
}

// squeezed makes all white space one space: where a line breaks is no fact.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// isoDay is a day as some renderings write it beside one in words.
var isoDay = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)

func inWords(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("2 Jan 2006")
}

// factOf finds what can be right or wrong: incidents, networks, prefixes, times and dates,
// percentages and counts.
var factOf = regexp.MustCompile(strings.Join([]string{
	`\b[A-Z0-9._-]+-\d{8}-\d+\b`,
	`\bAS\d+\b`,
	`\b\d+\.\d+\.\d+\.\d+(?:/\d+)?\b`,
	`\b\d{2}:\d{2}(?::\d{2})?(?: UTC)?`,
	`\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b`, // the year is a fact of its own
	`\b\d[\d,.]* ?(?:%|of \d[\d,]*|h|min|s|losses|prefixes|networks|vantage points)?`,
}, "|"))

func factsOf(text string) map[string]bool {
	facts := map[string]bool{}
	for _, f := range factOf.FindAllString(isoDay.ReplaceAllStringFunc(text, inWords), -1) {
		facts[strings.TrimRight(f, ".,: ")] = true
	}
	return facts
}

// A message says the same on every platform: what the three renderings have in them of
// numbers, times, names and sentences is the same.
func TestSameFactsEverywhere(t *testing.T) {
	notShort(t)
	t.Parallel()
	messages := messagesOfKP2014(t)
	if len(messages) < 20 {
		t.Fatalf("got %d messages, want those of three days", len(messages))
	}
	kinds := map[string]int{}
	for key, m := range messages {
		word, _, _ := strings.Cut(m.Headline, " ")
		kinds[word]++
		m.Buttons = nil // a terminal writes the command, the others a label
		views := map[string]string{"terminal": onTerminal(m), "Slack": onSlack(t, m), "Discord": onDiscord(t, m)}
		want := factsOf(views["terminal"])
		if len(want) == 0 {
			t.Errorf("%s: no facts were found in %q", key, views["terminal"])
		}
		for _, platform := range []string{"Slack", "Discord"} {
			got := factsOf(views[platform])
			for _, f := range slices.Sorted(maps.Keys(want)) {
				if !got[f] {
					t.Errorf("%s: %s does not say %q, the terminal does:\n%s\n%s", key, platform, f, views[platform], views["terminal"])
				}
			}
			for _, f := range slices.Sorted(maps.Keys(got)) {
				if !want[f] {
					t.Errorf("%s: %s says %q, the terminal does not:\n%s\n%s", key, platform, f, views[platform], views["terminal"])
				}
			}
		}
		for platform, text := range views {
			for _, s := range sentencesOf(m) {
				if !strings.Contains(text, s) {
					t.Errorf("%s: %s lacks the sentence %q:\n%s", key, platform, s, text)
				}
			}
		}
	}
	for _, word := range []string{"DOWN:", "BACK:", "UNSTABLE:", "DIGEST"} {
		if kinds[word] == 0 {
			t.Errorf("there is no message that begins with %s: %v", word, kinds)
		}
	}
}

// sentencesOf gives what a message says in whole sentences or lines.
func sentencesOf(m chat.Message) []string {
	list := []string{}
	add := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			if line = squeezed(line); line != "" {
				list = append(list, line)
			}
		}
	}
	for _, p := range m.Parts {
		add(p.Text)
	}
	for _, n := range m.Notes {
		add(n.Text)
	}
	add(m.Quote)
	add(m.Footer)
	return list
}

// messagesOfKP2014 are all the messages of a rehearsal with a subscription to
// everything, by the key of their delivery.
func messagesOfKP2014(t *testing.T) map[string]chat.Message {
	t.Helper()
	a := testApp()
	a.in = strings.NewReader("digest daily 12:00\nsubscribe KP level:any tz:Asia/Seoul\nnote KP-20141222-1 1 of 2 <b>people</b> & *asterisks* answered\n")
	c := serveCommand{Rehearse: []string{"kp-2014"}, DB: filepath.Join(t.TempDir(), "facts.db")}
	if err := c.Speed.UnmarshalText([]byte("max")); err != nil {
		t.Fatal(err)
	}
	s := &server{app: a}
	if _, err := c.open(s); err != nil {
		t.Fatal(err)
	}
	defer s.store.Close()
	if err := c.build(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := s.serve(ctx); err != nil {
		t.Fatal(err)
	}
	messages := map[string]chat.Message{}
	err := s.store.View(func(tx *bot.Tx) error {
		for d, err := range tx.Deliveries() {
			if err != nil {
				return err
			}
			messages[d.Key] = d.Message
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return messages
}
