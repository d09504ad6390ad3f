package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The bot measures and attributes; it does not blame, and it knows no causes.
// These are the words that would. They may stand in a quotation only, next to
// who said it. A space stands for any white space, a line's end included.
var forbidden = compileWords(
	`attack(s|ed|er|ers|ing)?`,
	`hack(s|ed|er|ers|ing)?`,
	`shut(s|ting)? down`, `shut-?down(s)?`,
	`cut(s|ting)? off`, `cut-?off(s)?`,
	`black-?out(s)?`, `black(ed)? out(s)?`,
	`censor(s|ed|ing|ship)?`,
	`kill-?switch(es)?`, `kill switch(es)?`,
	`blam(e|es|ed|ing)`,
	`responsib(le|ility)`,
	`caused by`,
	`culprit(s)?`,
	`the Internet`,
	`confirmed`,
)

// harmless are uses of those words that claim nothing: a confirmation with its
// object, the name of a publication.
var harmless = compileWords(`the Internet Health Report`, `confirmed (that|by|the|its|their)`)

// quotation is what somebody else said, sourced says that it is told who did.
var (
	quotation = regexp.MustCompile(`“[^”]*”|"[^"]*"`)
	sourced   = regexp.MustCompile(`(?i)according\s+to|https?://|\bsource:`)
)

func compileWords(patterns ...string) []*regexp.Regexp {
	var list []*regexp.Regexp
	for _, p := range patterns {
		list = append(list, regexp.MustCompile(`(?i)\b(`+strings.ReplaceAll(p, " ", `[\s\x{a0}]+`)+`)\b`))
	}
	return list
}

// lintWords lists the forbidden words in text. Paragraphs are looked at one by
// one: a source covers the quotations of its own paragraph.
func lintWords(text string) (found []string) {
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if sourced.MatchString(paragraph) {
			paragraph = quotation.ReplaceAllString(paragraph, "“…”")
		}
		for _, re := range harmless {
			paragraph = re.ReplaceAllString(paragraph, "…")
		}
		for _, re := range forbidden {
			found = append(found, re.FindAllString(paragraph, -1)...)
		}
	}
	return found
}

// lintFile lists the forbidden words in a golden file: in the values of JSON, in
// the files of a txtar archive (its script is no output), or in text.
func lintFile(name string, data []byte) (found []string) {
	switch ext := filepath.Ext(name); {
	case ext == ".txtar":
		for _, f := range txtar.Parse(data).Files {
			if ext := filepath.Ext(f.Name); ext != ".scenario" && ext != ".toml" { // these are input
				found = append(found, lintFile(f.Name, f.Data)...)
			}
		}
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")), bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")):
		values, whole := jsonStrings(data)
		for _, v := range values {
			found = append(found, lintWords(v)...)
		}
		if !whole { // not JSON after all: nothing in it is a quotation
			found = lintWords(quotation.ReplaceAllStringFunc(string(data), func(s string) string { return strings.Trim(s, `"`) }))
		}
	default:
		found = lintWords(string(data))
	}
	return found
}

// jsonStrings gives every string value of a stream of JSON values, and whether
// it could be read to its end.
func jsonStrings(data []byte) (values []string, whole bool) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			values = append(values, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		if err := d.Decode(&v); err != nil {
			return values, err == io.EOF
		}
		walk(v)
	}
}

// renderedBlocks gives the blocks of a Markdown page that show output: fenced
// ones and indented ones.
func renderedBlocks(page string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
			b.WriteString("\n")
		case fenced, strings.HasPrefix(line, "    "), strings.HasPrefix(line, "\t"), strings.TrimSpace(line) == "":
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestWordsOfGoldenFiles(t *testing.T) {
	kinds := []string{".golden", ".html", ".json", ".jsonl", ".md", ".txt", ".txtar"}
	looked := 0
	err := filepath.WalkDir(moduleRoot, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != moduleRoot && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() && d.Name() == "fuzz" && strings.Contains(name, "testdata"):
			return fs.SkipDir // inputs that a machine made up
		case d.IsDir(), !strings.Contains(filepath.ToSlash(name), "/testdata/"), !slices.Contains(kinds, filepath.Ext(name)):
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		looked++
		for _, word := range lintFile(name, data) {
			t.Errorf("%s says %q", name, word)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked == 0 {
		t.Error("found no golden file: either there is none, or this test looks in the wrong place")
	}
	readme, err := os.ReadFile(filepath.Join(moduleRoot, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range lintWords(renderedBlocks(string(readme))) {
		t.Errorf("a notice in README.md says %q", word)
	}
}

func TestLintWords(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"DOWN: North Korea (KP): 4 of 4 networks withdrawn", 0},
		{"An attack.", 1},
		{"HACKED by hackers", 2},
		{"they shut down; a shutdown; shutting\ndown; shut\u00a0down", 4},
		{"was cut off, a cutoff", 2},
		{"blackout, blacked out", 2},
		{"censored, censorship", 2},
		{"kill switch, kill-switch, killswitch", 3},
		{"to blame, not responsible; caused\n  by the culprit", 4},
		{"the outage is confirmed.", 1},
		{"RIPE RIS confirmed that 4 prefixes are gone", 0},
		{"the Internet of Syria is gone", 1},
		{"values of the Internet Health Report", 0},
		{"attackers' heartattack counterattack", 1}, // whole words only
		{"Upstream is who carried the routes, not who caused the outage.", 0},
		{"cut in half, shut the door, the hackney carriage", 0},
		{`"It was an attack", according to the ministry (https://example.org)`, 0},
		{`“It was an attack” (source: the ministry)`, 0},
		{`"It was an attack"`, 1},
		{"\"It was an attack\"\n\naccording to nobody", 1},
		{`It was an attack, according to the ministry`, 1},
	}
	for _, tt := range tests {
		if got := lintWords(tt.text); len(got) != tt.want {
			t.Errorf("%q: got %q, want %d words", tt.text, got, tt.want)
		}
	}
}

func TestLintFile(t *testing.T) {
	tests := []struct {
		name, data string
		want       int
	}{
		{"a.json", `{"sentence": "an attack", "link": "https://example.org"}`, 1},
		{"a.json", `{"a": [{"b": "\"an attack\", according to X"}]}`, 0},
		{"a.golden", "{\"a\":\"blackout\"}\n{\"a\":\"culprit\"}\n", 2},
		{"a.json", `{"a": "an attack" https://example.org`, 1}, // not JSON
		{"a.txt", "no fault of ours\n", 0},
		{"a.txtar", "! stdout attack\n-- want.txt --\na blackout\n-- my.scenario --\n# attack\n-- want.json --\n{\"a\":\"hacked\"}\n", 2},
	}
	for _, tt := range tests {
		if got := lintFile(tt.name, []byte(tt.data)); len(got) != tt.want {
			t.Errorf("%s %q: got %q, want %d words", tt.name, tt.data, got, tt.want)
		}
	}
	page := "Not an attack.\n\n```\nblackout\n```\nhacked\n\n    culprit\n"
	if got := fmt.Sprint(lintWords(renderedBlocks(page))); got != "[blackout culprit]" {
		t.Errorf("blocks of a page: got %s, want [blackout culprit]", got)
	}
}
