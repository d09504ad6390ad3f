package discord

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

// samples are the messages of the golden files.
func samples() map[string]Payload {
	return map[string]Payload{
		"down":              Render(down(), nil),
		"down-short":        Short(down()),
		"back":              Render(back(), &chat.Picture{Name: "KP-20141222-1.png", PNG: []byte("png"), Alt: "Four prefixes until 16:15 UTC, none after it."}),
		"back-announcement": Announcement(back(), "111"),
		"timeline-short":    Render(timeline(8), nil),
		"timeline-long":     Render(timeline(500), nil),
		"hostile":           Render(hostileMessage(), nil),
		"hostile-short":     Short(hostileMessage()),
		"world":             Render(world(), nil),
		"world-short":       Short(world()),
	}
}

func TestGolden(t *testing.T) {
	for name, p := range samples() {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range p.Files {
				b, err := io.ReadAll(f.Reader)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("\n%s %s %d bytes", f.Name, f.ContentType, len(b))...)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update)", err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
			}
		})
	}
}

// call is the payload as it would be posted.
func call(t testing.TB, p Payload) chattest.Call {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	c := chattest.Call{Method: "POST", Path: "/api/v9/channels/1/messages", Body: b, Files: make(map[string]int)}
	for _, f := range p.Files {
		c.Files[f.Name] = 1
	}
	return c
}

func TestPayloadsAreDiscords(t *testing.T) {
	schemas := chattest.LoadDiscordSchemas(t)
	for name, p := range samples() {
		if err := schemas.Check(call(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The checks can fail.
func TestPayloadsThatAreNot(t *testing.T) {
	schemas := chattest.LoadDiscordSchemas(t)
	for name, spoil := range map[string]func(*Payload){
		"long content": func(p *Payload) { p.Content = strings.Repeat("x", 2001) },
		"a ping":       func(p *Payload) { p.AllowedMentions.Parse = []string{"everyone"} },
		"a mention":    func(p *Payload) { p.Content = "see <@1>" },
		"much":         func(p *Payload) { p.Embeds[0].Description = strings.Repeat("x", 6001) },
		"no name":      func(p *Payload) { p.Embeds[0].Fields[0].Name = "" },
		"no alt text":  func(p *Payload) { p.Attachments[0].Description = "" },
		"same button":  func(p *Payload) { p.Components = append(p.Components, p.Components[0]) },
		"long nonce":   func(p *Payload) { p.Nonce, p.EnforceNonce = strings.Repeat("x", 26), true },
	} {
		p := Render(back(), &chat.Picture{Name: "a.png", PNG: []byte("x"), Alt: "x"})
		if err := schemas.Check(call(t, p)); err != nil {
			t.Fatalf("before it was spoilt: %v", err)
		}
		if spoil(&p); schemas.Check(call(t, p)) == nil {
			t.Errorf("%s: got no complaint", name)
		}
	}
}

func TestEscape(t *testing.T) {
	tests := []struct{ in, text, links string }{
		{"AS4837 CHINA169_BACKBONE", `AS4837 CHINA169\_BACKBONE`, ""},
		{"@everyone @here", `\@everyone \@here`, ""},
		{"<@1> <t:0:R>", `\<\@1\> \<t:0:R\>`, ""},
		{"[x](http://y.example)", `\[x\](http\://y.example)`, `\[x\](http://y.example)`},
		{"see https://a.example/b_c.", `see https\://a.example/b\_c.`, `see https://a.example/b_c.`},
		{"https://bank.example@evil.example", `https\://bank.example\@evil.example`, ""},
		{"xhttps://a.example", `xhttps\://a.example`, ""},
		{"discord.gg/abc", `discord.gg\/abc`, `discord.gg/abc`},
		{"# a", `\# a`, ""},
		{"-# a", `\-# a`, ""},
		{"  - a\n1. b\n12) c", "  \\- a\n1\\. b\n12\\) c", ""},
		{"1.5 Gbit/s - fine", "1.5 Gbit/s - fine", ""},
		{"a\u202eb\u2066c\x1b[0m\x00", `abc\[0m`, ""},
		{"||a|| `b` ~~c~~ > d", "\\|\\|a\\|\\| \\`b\\` \\~\\~c\\~\\~ \\> d", ""},
		{`\*`, `\\\*`, ""},
		{"175.45.176.0/22 2001:db8::/32 16:15", "175.45.176.0/22 2001:db8::/32 16:15", ""},
		{"bad \xff", "bad \ufffd", ""},
	}
	for _, tt := range tests {
		if got := escape(tt.in, false); got != tt.text {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.text)
		}
		want := tt.links
		if want == "" {
			want = tt.text
		}
		if got := escape(tt.in, true); got != want {
			t.Errorf("%q with links: got %q, want %q", tt.in, got, want)
		}
	}
}

// Nothing is cut silently: what is not in the message is in the file, and the
// message says so.
func TestNothingIsLost(t *testing.T) {
	long := strings.Repeat("word ", 400)
	for name, m := range map[string]chat.Message{
		"timeline":      timeline(2000),
		"many parts":    {Headline: "UP: x", Parts: parts(300, "part %d says something of no weight at all")},
		"long headline": {Headline: strings.Repeat("UP x ", 900)},
		"long part":     {Headline: "UP: x", Parts: []chat.Part{{Label: "Much", Text: strings.Repeat(long, 5)}}},
		"many notes":    {Headline: "UP: x", Notes: notes(80)},
		"long words":    {Headline: "UP: x", Parts: []chat.Part{{Text: strings.Repeat("x_", 9000)}}},
		"long footer":   {Headline: "UP: x", Footer: long + long},
		"just fits":     {Headline: "UP: x", Parts: parts(25, "part %d says something of no weight at all")},
	} {
		p := Render(m, nil)
		if err := chattest.CheckDiscordMessage(call(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen, _ := json.Marshal(p)
		if len(p.Files) == 0 {
			for _, part := range m.Parts {
				if !strings.Contains(string(seen), part.Text) {
					t.Errorf("%s: %q is gone", name, part.Text)
				}
			}
			if name != "just fits" {
				t.Errorf("%s: there is no file", name)
			}
			continue
		}
		if !strings.Contains(string(seen), "whole message is in the attached file") {
			t.Errorf("%s: the message does not say that there is more", name)
		}
		file, err := io.ReadAll(p.Files[0].Reader)
		if err != nil {
			t.Fatal(err)
		}
		// Line breaks are the file's own.
		if got, want := squeeze(string(file)), squeeze(m.Headline); !strings.Contains(got, want) {
			t.Errorf("%s: the file lacks the headline", name)
		}
		for _, part := range m.Parts {
			if !strings.Contains(squeeze(string(file)), squeeze(part.Text)) {
				t.Errorf("%s: the file lacks %.80q", name, part.Text)
			}
		}
		for _, n := range m.Notes {
			if !strings.Contains(squeeze(string(file)), squeeze(n.Text)) {
				t.Errorf("%s: the file lacks the note %q", name, n.Text)
			}
		}
	}
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == ':' { // a headline's colon is a gap in plain text
			return -1
		}
		return r
	}, s)
}

func parts(n int, format string) (list []chat.Part) {
	for i := range n {
		list = append(list, chat.Part{Text: fmt.Sprintf(format, i)})
	}
	return list
}

func notes(n int) (list []chat.Note) {
	for i := range n {
		list = append(list, chat.Note{At: utc("2014-12-22 17:03:00"), By: "Kim", Text: fmt.Sprintf("note %d is of a length that people do write", i)})
	}
	return list
}

func TestButtonsThatAreNone(t *testing.T) {
	var m chat.Message
	m.Headline = "UP: x"
	for i := range 30 {
		m.Buttons = append(m.Buttons, chat.Button{Label: fmt.Sprint(i), Line: fmt.Sprintf("outages why KP-20141222-%d", i)})
	}
	m.Buttons = append(m.Buttons, m.Buttons[0], chat.Button{Label: "long", Line: "outages unsubscribe " + strings.Repeat("x", 100)})
	p := Render(m, nil)
	if err := chattest.CheckDiscordMessage(call(t, p)); err != nil {
		t.Error(err)
	}
	seen := p.Embeds[0].Description
	for _, want := range []string{"25: /outages why KP-20141222-25", "29: /outages why KP-20141222-29", "long: /outages unsubscribe xxx"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is not told", want)
		}
	}
	if len(p.Components) != maxRows {
		t.Errorf("got %d rows, want %d", len(p.Components), maxRows)
	}
}

func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		s, after string
		most     int
		want     []string
	}{
		{"", " ", 3, []string{""}},
		{"a b c", " ", 3, []string{"a b", "c"}},
		{"abcdef", " ", 3, []string{"abc", "def"}},
		{"abcdef gh", " ", 4, []string{"abcd", "ef", "gh"}},
		{"\U0001f600\U0001f600", " ", 2, []string{"\U0001f600", "\U0001f600"}},
	} {
		if diff := cmp.Diff(tt.want, pieces(tt.s, tt.most, tt.after)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.s, diff)
		}
	}
}

// FuzzRender: whatever people and registries write, the message is one that Discord
// takes, and has no markup that is not ours.
func FuzzRender(f *testing.F) {
	f.Add(hostile, "Kim", false)
	f.Add(strings.Repeat("0123456789\n", 60), "@here", true)
	f.Add("\\<@1>", "\\", true)
	f.Fuzz(func(t *testing.T, s, by string, fixed bool) {
		m := chat.Message{
			Headline: "DOWN: " + s, Parts: []chat.Part{{Label: by, Text: s, Fixed: fixed}, {Text: by}}, Quote: s, Footer: s,
			Notes:  []chat.Note{{At: utc("2014-12-22 17:03:00"), By: by, Text: s}},
			Stamps: []chat.Stamp{{Label: by, At: utc("2014-12-22 16:15:00")}},
		}
		for _, p := range []Payload{Render(m, nil), Short(m), Announcement(m, "1")} {
			if err := chattest.CheckDiscordMessage(call(t, p)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
