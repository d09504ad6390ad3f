package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// previewed are the groups of samples, as they are rendered.
func previewed(t *testing.T) []renderedGroup {
	t.Helper()
	a := &app{console: console{out: io.Discard, err: io.Discard}, config: defaultConfig()}
	played, err := a.playAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	groups, err := played.groups()
	if err != nil {
		t.Fatal(err)
	}
	list, err := renderAll(t.Context(), groups)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPreview(t *testing.T) {
	if testing.Short() { // hundreds of renderings by one goroutine
		t.Skip("looks at every preview: not in a short run")
	}
	t.Parallel()
	groups := previewed(t)
	t.Run("everything", func(t *testing.T) { previewShowsEverything(t, groups) })
	t.Run("pages", func(t *testing.T) { previewPages(t, groups) })
	t.Run("files", func(t *testing.T) { previewWords(t, groups) })
	t.Run("charts", func(t *testing.T) { previewCharts(t, groups) })
}

// Every state and every way to be shown has a sample.
func previewShowsEverything(t *testing.T, groups []renderedGroup) {
	seen := map[string]bool{}
	names := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.rendered {
			if names[r.name] {
				t.Errorf("two samples are called %s", r.name)
			}
			names[r.name] = true
			word, _, _ := strings.Cut(r.message.Headline, ":")
			seen[strings.Fields(word + " -")[0]] = true
			seen["shown as "+r.op.String()] = true
			seen["with a chart"] = seen["with a chart"] || r.chart != nil
			seen["with notes"] = seen["with notes"] || len(r.message.Notes) > 0
			seen["with buttons"] = seen["with buttons"] || len(r.message.Buttons) > 0
			seen["short"] = seen["short"] || r.short
			seen["repeat"] = seen["repeat"] || r.repeat
			for _, p := range r.message.Parts {
				seen["part "+p.Label] = true
			}
		}
	}
	for _, want := range []string{
		"DOWN", "DEGRADED", "UNKNOWN", "UP", "BACK", "UNSTABLE", "STABLE", "DIGEST", "SUBSCRIPTIONS", "NOW", "WHY", "DETAILS", "TIMELINE",
		"shown as plain", "shown as root", "shown as reply", "shown as announce", "shown as edit",
		"with a chart", "with notes", "with buttons", "short", "repeat", "part Late", "part Lost", "part Blind",
		"WORLD", "part Countries", "part Networks", "part Starting", "part Together", "part More",
	} {
		if !seen[want] {
			t.Errorf("no sample is %q", want)
		}
	}
}

// What a person would look at: every sample is on every page with its headline, the
// pages draw all that is in the JSON, and they fetch nothing.
func previewPages(t *testing.T, groups []renderedGroup) {
	html, err := pages(groups, []string{"page-slack-outage.png"})
	if err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`(?i)<script|<link|<iframe|@import|\bon[a-z]+=|(src|href|url)\s*[=(]\s*["']?(https?:)?//`)
	for name, data := range html {
		if found := outside.Find(data); found != nil {
			t.Errorf("%s holds %q: pages run nothing and fetch nothing", name, found)
		}
		if bytes.Contains(data, []byte("This page cannot draw")) {
			t.Errorf("%s does not draw all there is", name)
		}
	}
	for _, g := range groups {
		for _, r := range g.rendered {
			for _, platform := range []string{"slack", "discord", "terminal"} {
				article := article(t, html[platform+".html"], r.name)
				checkFacts(t, platform+" "+r.name, article, &r)
			}
			if !strings.Contains(string(html["index.html"]), "slack.html#"+r.name) {
				t.Errorf("the index does not lead to %s", r.name)
			}
		}
	}
}

// article gives what a page shows of a sample, as text.
func article(t *testing.T, page []byte, name string) string {
	t.Helper()
	_, after, ok := strings.Cut(string(page), `<article id="`+name+`"`)
	inside, _, ended := strings.Cut(after, "</article>")
	if !ok || !ended {
		t.Fatalf("a page has nothing of %s", name)
	}
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(inside, "")
	text = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// checkFacts holds a page against the message: its headline, every paragraph, the
// words of people, the quote.
func checkFacts(t *testing.T, where, got string, r *rendered) {
	t.Helper()
	m := &r.message
	want := []string{m.Headline, m.Quote, m.Footer}
	for _, n := range m.Notes {
		want = append(want, n.By, n.Text)
	}
	for _, p := range m.Parts {
		want = append(want, p.Text)
	}
	terminalEdit := strings.HasPrefix(where, "terminal") && r.op == bot.Edit
	if r.short || terminalEdit { // these say less, and say so
		want = []string{m.Headline}
	}
	flat := strings.NewReplacer(" ", "", "\n", "", ">", "").Replace // where lines end is the platform's matter
	got = flat(got)
	for _, w := range want {
		if w = flat(w); strings.HasPrefix(where, "terminal") {
			if word, rest, ok := strings.Cut(w, ":"); ok && strings.ToUpper(word) == word { // "DOWN  Ruritania"
				got, w = strings.ReplaceAll(got, word+":", word), word+rest
			}
		}
		if !strings.Contains(got, w) {
			t.Errorf("%s does not show %q", where, w)
		}
	}
}

func previewWords(t *testing.T, groups []renderedGroup) {
	for _, g := range groups {
		for _, r := range g.rendered {
			files, err := r.files()
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range files {
				switch filepath.Ext(name) {
				case ".json":
					if !json.Valid(data) {
						t.Errorf("%s is no JSON", name)
					}
					fallthrough
				case ".txt":
					for _, word := range lintFile(name, data) {
						t.Errorf("%s says %q", name, word)
					}
				case ".png":
					if _, err := png.DecodeConfig(bytes.NewReader(data)); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			text := string(files[r.name+".txt"])
			if strings.Contains(text, "Ruritania") && r.op != bot.Edit && !strings.Contains(strings.Join(strings.Fields(text), " "), "does not exist") {
				t.Errorf("%s does not say that Ruritania is invented:\n%s", r.name, text)
			}
		}
	}
}

func TestPreviewCommand(t *testing.T) {
	if testing.Short() { // hundreds of renderings by one goroutine
		t.Skip("looks at every preview: not in a short run")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"preview", "--out", dir, "--no-shots"}, console{out: &out, err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	for _, name := range []string{"index.html", "slack.html", "discord.html", "terminal.html", "outage-opened.txt", "outage-opened.slack.json", "outage-resolved.png"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(out.String(), filepath.Join(dir, "index.html")) {
		t.Errorf("it does not say where to look: %q", out.String())
	}
	// A file where the folder should be.
	if code := run(t.Context(), []string{"preview", "--out", filepath.Join(dir, "index.html"), "--no-shots"}, console{out: &out, err: &errs}); code != exitData {
		t.Errorf("exit code %d for a folder that cannot be made, want %d", code, exitData)
	}
}

// Without a browser there are no pictures of pages, and a sentence says why.
func TestPreviewWithoutBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c := previewCommand{Out: t.TempDir()}
	names, say, err := c.shots(t.Context(), nil)
	if err != nil || len(names) != 0 || !strings.Contains(say, "install Chromium") {
		t.Errorf("names %v, sentence %q, error %v", names, say, err)
	}
}

// A browser that does not work is told of, and costs nothing but the pictures.
func TestPreviewWithBrokenBrowser(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(dir, "chromium"), []byte("#!/bin/sh\necho no display\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := previewCommand{Out: t.TempDir()}
	names, say, err := c.shots(t.Context(), []renderedGroup{{sampleGroup: sampleGroup{id: "answers"}}})
	if err != nil || len(names) != 0 || !strings.Contains(say, "no display") {
		t.Errorf("names %v, sentence %q, error %v", names, say, err)
	}
}

func TestTrimmed(t *testing.T) {
	red, white := color.RGBA{200, 0, 0, 255}, color.RGBA{255, 255, 255, 255}
	src := image.NewRGBA(image.Rect(0, 0, 300, 400))
	for y := range 400 {
		for x := range 300 {
			c := white
			switch {
			case y < 100: // more colours than a palette holds
				c = color.RGBA{uint8(x), uint8(y * 2), uint8(x + y), 255}
			case y >= 140 && y <= 150 && x < 20:
				c = red
			}
			src.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, src); err != nil {
		t.Fatal(err)
	}
	data, err := trimmed(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if h := got.Bounds().Dy(); h < 151 || h > 180 {
		t.Errorf("the picture is %d high, want what is not empty and a little more", h)
	}
	if got := color.RGBAModel.Convert(got.At(5, 150)); got != red {
		t.Errorf("a small red mark is %v", got)
	}
	if _, err := trimmed([]byte("no picture")); err == nil {
		t.Error("what is no picture was cut")
	}
}

// The pictures in the README are there, light enough, and described.
func TestReadmePictures(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(moduleRoot, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range readmePictures() {
		file := "docs/img/" + p.name
		info, err := os.Stat(filepath.Join(moduleRoot, file))
		if err != nil {
			t.Errorf("%v (isitdown preview makes it)", err)
			continue
		}
		if info.Size() > 120<<10 {
			t.Errorf("%s has %d bytes", file, info.Size())
		}
		if !regexp.MustCompile(`<img src="` + regexp.QuoteMeta(file) + `"[^>]* alt="[^"]{40,}"`).Match(readme) {
			t.Errorf("README.md does not show %s with a sentence about it", file)
		}
	}
}

// The charts of the recording say what happened, in the words that a reader gets who
// does not see them.
func previewCharts(t *testing.T, groups []renderedGroup) {
	want := map[string]string{
		"outage-resolved": "0 of 4 IPv4 prefixes from 22 Dec 2014 16:15 on, 4 of 4 at the end; outage from 22 Dec 2014 16:15 to 23 Dec 2014 01:46; " +
			"in and out too often to draw until 22 Dec 2014 16:15",
		"blind-resolved":  "no data from 3 Mar 2026 06:3",
		"unstable-stable": "in and out too often to draw from 3 Mar 2026 18:24",
	}
	for _, g := range groups {
		for _, r := range g.rendered {
			if w, ok := want[r.name]; ok {
				delete(want, r.name)
				if !strings.Contains(r.picture.Alt, w) {
					t.Errorf("%s: alt text %q, want %q in it", r.name, r.picture.Alt, w)
				}
			}
			if r.picture != nil && len([]rune(r.picture.Alt)) > chart.MaxAlt {
				t.Errorf("%s: alt text of %d characters", r.name, len([]rune(r.picture.Alt)))
			}
		}
	}
	for name := range want {
		t.Errorf("%s has no chart", name)
	}
}

func TestMarkup(t *testing.T) {
	slack := func(s string) []textSpan { return textSpans(s, mrkdwn(time.UTC), unescapeSlack) }
	tests := []struct {
		name string
		got  []textSpan
		want string
	}{
		{
			"slack", slack("since <!date^1419264900^{date_short_pretty} {time}|2014-12-22 16:15 UTC> (x) &lt;b&gt; *bold* `code` a_b_c"),
			"since |t:Dec 22, 2014 16:15| (x) <b> |b:bold| |c:code| a_b_c",
		},
		{"slack entities stay text", slack("&lt;!channel&gt; &amp;lt;"), "<!channel> &lt;"},
		{
			"discord", discordLines(`**Seen** 4 \*of\* 4, <t:1419264900:f> <#123> \<@1\>`, time.UTC)[0].Spans,
			"b:Seen| 4 |*|of|*| 4, |t:22 December 2014 16:15| |t:# thread| |<|@1|>",
		},
	}
	for _, tt := range tests {
		var parts []string
		for _, s := range tt.got {
			mark := ""
			switch {
			case s.Stamp:
				mark = "t:"
			case s.Bold:
				mark = "b:"
			case s.Code:
				mark = "c:"
			}
			parts = append(parts, mark+s.Text)
		}
		if got := strings.Join(parts, "|"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	lines := discordLines("a\n```\nx  y\n```\n> quoted", time.UTC)
	if len(lines) != 3 || !lines[1].Fixed || lines[1].Spans[0].Text != "x  y" || !lines[2].Quote {
		t.Errorf("lines %+v", lines)
	}
}

// A part that the page does not know is shown as such, never left out.
func TestPreviewSaysWhatItCannotDraw(t *testing.T) {
	r := rendered{sample: sample{name: "odd", message: chat.Plain("x")}, slack: []json.RawMessage{[]byte(`{"text":"x","blocks":[{"type":"video"}]}`)}}
	html, err := pages([]renderedGroup{{rendered: []rendered{r}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(html["slack.html"], []byte("This page cannot draw a video")) {
		t.Error("a block of a kind that nobody knows is left out")
	}
}
