package main

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// textSpan is a piece of text as a platform shows it.
type textSpan struct {
	Text               string
	Bold, Italic, Code bool
	Stamp              bool // a time in the reader's own zone
}

// textLine is one line of text as a platform shows it.
type textLine struct {
	Quote, Fixed bool
	Spans        []textSpan
}

// markup reads what is marked up in a line; each pattern gives a span.
type markup struct {
	pattern *regexp.Regexp
	span    func(groups []string) textSpan
}

// textSpans splits text at the markup in it. What is left is plain text, unescaped.
func textSpans(text string, all []markup, unescape func(string) string) (out []textSpan) {
	plain := func(s string) {
		if s != "" {
			out = append(out, textSpan{Text: unescape(s)})
		}
	}
	for text != "" {
		first, found := len(text), markup{}
		var groups []int
		for _, m := range all {
			if at := m.pattern.FindStringSubmatchIndex(text); at != nil && at[0] < first {
				first, found, groups = at[0], m, at
			}
		}
		if groups == nil {
			break
		}
		plain(text[:first])
		var parts []string
		for i := 0; i < len(groups); i += 2 {
			part := ""
			if groups[i] >= 0 {
				part = text[groups[i]:groups[i+1]]
			}
			parts = append(parts, part)
		}
		s := found.span(parts)
		s.Text = unescape(s.Text)
		out = append(out, s)
		text = text[groups[1]:]
	}
	plain(text)
	return out
}

// readerStamp writes a moment as a platform shows it to a reader in zone.
func readerStamp(unix, layout string, zone *time.Location) string {
	n, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		return unix
	}
	return time.Unix(n, 0).In(zone).Format(layout)
}

// mrkdwn is Slack's markup: https://docs.slack.dev/messaging/formatting-message-text
func mrkdwn(zone *time.Location) []markup {
	return []markup{
		{regexp.MustCompile(`<!date\^(-?\d+)\^[^|>]*\|[^>]*>`), func(g []string) textSpan {
			return textSpan{Text: readerStamp(g[1], "Jan 2, 2006 15:04", zone), Stamp: true}
		}},
		{regexp.MustCompile("`([^`\n]+)`"), func(g []string) textSpan { return textSpan{Text: g[1], Code: true} }},
		{regexp.MustCompile(`\*([^*\n]+)\*`), func(g []string) textSpan { return textSpan{Text: g[1], Bold: true} }},
		{regexp.MustCompile(`\b_([^_\n]+)_\b`), func(g []string) textSpan { return textSpan{Text: g[1], Italic: true} }},
	}
}

func unescapeSlack(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// markdown is Discord's markup, as far as bots use it. Escaped characters are taken
// as they are: they are the first of the patterns that fit a place.
func markdown(zone *time.Location) []markup {
	return []markup{
		{regexp.MustCompile(`\\([^A-Za-z0-9\s])`), func(g []string) textSpan { return textSpan{Text: g[1]} }},
		{regexp.MustCompile(`<t:(-?\d+)(?::[a-zA-Z])?>`), func(g []string) textSpan {
			return textSpan{Text: readerStamp(g[1], "2 January 2006 15:04", zone), Stamp: true}
		}},
		{regexp.MustCompile(`<#(\d+)>`), func([]string) textSpan { return textSpan{Text: "# thread", Stamp: true} }},
		{regexp.MustCompile("`([^`\n]+)`"), func(g []string) textSpan { return textSpan{Text: g[1], Code: true} }},
		{regexp.MustCompile(`\*\*((?:[^*\\]|\\.)+)\*\*`), func(g []string) textSpan { return textSpan{Text: unescapeDiscord(g[1]), Bold: true} }},
		{regexp.MustCompile(`\*((?:[^*\\]|\\.)+)\*`), func(g []string) textSpan { return textSpan{Text: unescapeDiscord(g[1]), Italic: true} }},
	}
}

// escaped is a character that has lost its meaning.
var escaped = regexp.MustCompile(`\\([^A-Za-z0-9\s])`)

func unescapeDiscord(s string) string { return escaped.ReplaceAllString(s, "$1") }

// discordLines gives the lines of a text of Discord's, fenced blocks as one each.
func discordLines(text string, zone *time.Location) (lines []textLine) {
	const fence = "```"
	for i, part := range strings.Split(text, fence) {
		if i%2 == 1 {
			_, body, hasLanguage := strings.Cut(part, "\n")
			if !hasLanguage {
				body = part
			}
			lines = append(lines, textLine{Fixed: true, Spans: []textSpan{{Text: strings.TrimSuffix(body, "\n")}}})
			continue
		}
		if i > 0 {
			part = strings.TrimPrefix(part, "\n")
		}
		if part == "" {
			continue
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(part, "\n"), "\n") {
			rest, quote := strings.CutPrefix(l, "> ")
			lines = append(lines, textLine{Quote: quote, Spans: textSpans(rest, markdown(zone), func(s string) string { return s })})
		}
	}
	return lines
}
