package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

// golden compares got with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
	}
}

func samples() map[string]chat.Message {
	return map[string]chat.Message{
		"opened": opened(), "claimed": claimed(), "hostile": shouting(), "long": long(), "list": list(), "empty": {}, "world": world(),
	}
}

func TestGolden(t *testing.T) {
	for name, m := range samples() {
		for kind, short := range map[string]bool{"": false, "-short": true} {
			pages, err := Pages(m, short)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			for _, p := range pages {
				if err := json.Indent(&b, p, "", "  "); err != nil {
					t.Fatal(err)
				}
				b.WriteByte('\n')
			}
			golden(t, name+kind+".json", b.Bytes())
		}
	}
}

// Whatever is said, Slack takes it, and every text of it is somewhere.
func TestPagesAreTaken(t *testing.T) {
	schema := chattest.LoadSchema(t, "specs/slack-blockkit.schema.json", "#/definitions/SlackMessage")
	all := samples()
	for _, unit := range []string{"a", "<", "\"", "漢", "🔥", "a b ", "line\n", "&lt;", "\u202e", hostile} {
		for _, n := range []int{1, 151, 3001, 20_000} {
			s := strings.Repeat(unit, n/len(unit)+1)
			all[unit+s[:1]] = chat.Message{
				Headline: "UP: " + s, Quote: s, Footer: s, More: s,
				Parts:   []chat.Part{{Label: s, Text: s}, {Label: "x", Text: s, Fixed: true}},
				Notes:   []chat.Note{{By: s, Text: s}},
				Buttons: []chat.Button{{Label: s, Line: s}},
			}
			checkPages(t, schema, all[unit+s[:1]])
		}
	}
	var many chat.Message
	for i := range 200 {
		many.Parts = append(many.Parts, chat.Part{Label: "n", Text: strings.Repeat("word ", i)})
		many.Stamps = append(many.Stamps, chat.Stamp{Label: "since", At: at("2014-12-22T16:15:00Z")})
		many.Buttons = append(many.Buttons, chat.Button{Label: "Why", Line: "outages why KP-20141222-1"})
	}
	all["many"] = many
	for _, m := range all {
		checkPages(t, schema, m)
	}
}

func checkPages(t *testing.T, schema *chattest.Schema, m chat.Message) {
	t.Helper()
	for _, f := range []form{{}, {repeat: true}, {short: true}, {edit: true}} {
		pages, err := render(m, f)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pages {
			if !f.short && len(p.blocks) == 0 {
				t.Errorf("page %d has no blocks", i)
			}
			if i > 2 && i < len(pages)-2 { // the schema is slow; its size is what may go wrong in between
				if n := len(p.json(t)); n > 10_000 || len(p.blocks) > maxBlocks {
					t.Errorf("%.60q, page %d of %d: %d bytes, %d blocks", m.Headline, i+1, len(pages), n, len(p.blocks))
				}
				continue
			}
			if err := chattest.CheckSlackMessage(schema, p.json(t)); err != nil {
				t.Errorf("%.60q, page %d of %d: %v", m.Headline, i+1, len(pages), err)
			}
		}
	}
}

func (p page) json(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(struct {
		Text   string      `json:"text"`
		Blocks []api.Block `json:"blocks,omitempty"`
	}{p.text, p.blocks})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// texts gives every text that a reader sees in blocks, in order.
func texts(t *testing.T, pages []page) string {
	t.Helper()
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				b.WriteString(s + "\n")
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if k != "text" || v["type"] == "header" || v["type"] == "button" {
					walk(v[k])
				}
			}
		}
	}
	for _, p := range pages {
		var v struct {
			Blocks []any `json:"blocks"`
		}
		if err := json.Unmarshal(p.json(t), &v); err != nil {
			t.Fatal(err)
		}
		walk(v.Blocks)
	}
	return b.String()
}

// Nothing is cut: each word of a message that is far too long is on one of its pages.
func TestNothingIsCut(t *testing.T) {
	var words []string
	for i := range 20_000 {
		words = append(words, "w"+strings.Repeat("x", i%7)+string(rune('a'+i%26)))
	}
	body := strings.Join(words, " ")
	pages, err := render(chat.Message{Headline: "UP: x", Parts: []chat.Part{{Label: "All", Text: body}}, Footer: "the end"}, form{})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 10 {
		t.Fatalf("got %d pages, want many", len(pages))
	}
	got := strings.Fields(texts(t, pages))
	i := 0
	for _, w := range got {
		if i < len(words) && w == words[i] {
			i++
		}
	}
	if i != len(words) {
		t.Errorf("%d of %d words are there in order", i, len(words))
	}
	if !strings.Contains(texts(t, pages[:1]), continued) || !strings.Contains(texts(t, pages[:1]), "the end") {
		t.Error("the first page does not say that it goes on, or lacks its footer")
	}
}

// An address can be followed where the bot put it into the text, and is shown in
// full; any other is text.
func TestLinks(t *testing.T) {
	const own, foreign = "https://ioda.inetintel.cc.gatech.edu/country/KP?from=1&until=2", "https://evil.example/"
	tests := []struct{ name, text, want string }{
		{"in the middle", "IODA: x " + own + " · Other: y", "[IODA: x ][link " + own + "][ · Other: y]"},
		{"at both ends", own + " and " + own, "[link " + own + "][ and ][link " + own + "]"},
		{"a foreign one", "see " + foreign + " " + own, "[see " + foreign + " ][link " + own + "]"},
		{"not quite the same", "see " + own + "3", "[see " + own + "3]"},
		{"none", "no address", "[no address]"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		var got strings.Builder
		for _, e := range linked(tt.text, []string{own}) {
			switch e := e.(type) {
			case *api.RichTextSectionTextElement:
				got.WriteString("[" + e.Text + "]")
			case *api.RichTextSectionLinkElement:
				got.WriteString("[link " + e.URL + "]")
				if e.Text != e.URL {
					t.Errorf("%s: the link to %s is shown as %q", tt.name, e.URL, e.Text)
				}
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got.String(), tt.want)
		}
	}
}

// A short form still has headline, caveat, quote and footer; a repeat says so, and the state
// word stays first.
func TestForms(t *testing.T) {
	m := opened()
	pages, err := render(m, form{short: true, repeat: true})
	if err != nil {
		t.Fatal(err)
	}
	got := pages[0].text
	for _, want := range []string{m.Quote, m.Footer, "Reconstruction", "(repeat)", "/" + m.More} {
		if !strings.Contains(got, want) {
			t.Errorf("the short form lacks %q:\n%s", want, got)
		}
	}
	if len(pages) != 1 || len(pages[0].blocks) > 0 || !strings.HasPrefix(got, "DOWN") {
		t.Errorf("got %d pages, %d blocks, text %q", len(pages), len(pages[0].blocks), got)
	}
	whole, err := render(m, form{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(whole[0].text, m.Headline+"\nReconstruction") {
		t.Errorf("the text of notifications begins %.150q, want the headline and the caveat", whole[0].text)
	}
	edit, err := render(long(), form{edit: true})
	if err != nil {
		t.Fatal(err)
	}
	if shown := texts(t, edit[:1]); !strings.Contains(shown, elsewhere) || strings.Contains(shown, continued) {
		t.Error("an edit that leaves something out does not say where the rest is")
	}
}

// FuzzRender holds that foreign text stays text.
func FuzzRender(f *testing.F) {
	f.Add(hostile, hostile, true)
	f.Add("", "\xff\xfe", false)
	f.Fuzz(func(t *testing.T, head, body string, fixed bool) {
		m := chat.Message{
			Headline: head, Quote: body, Footer: head, Parts: []chat.Part{{Label: head, Text: body, Fixed: fixed}},
			Notes: []chat.Note{{By: head, Text: body}}, Stamps: []chat.Stamp{{Label: body}}, Buttons: []chat.Button{{Label: body, Line: "outages why x"}},
		}
		pages, err := render(m, form{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			b := p.json(t)
			if len(b) > 10_000 || len(p.blocks) > maxBlocks || strings.TrimSpace(p.text) == "" || strings.ContainsAny(p.text, "<>") {
				t.Fatalf("a page of %d bytes and %d blocks, text %q", len(b), len(p.blocks), p.text)
			}
			for _, r := range texts(t, []page{p}) {
				if r != '\n' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("%U is shown", r)
				}
			}
		}
	})
}
