package chat

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	commandPage = filepath.Join("..", "..", "docs", "commands.md")
	// generated is the part of the page that the table of commands makes.
	generated = regexp.MustCompile(`(?s)(<!-- made from[^\n]*-->\n).*(<!-- end -->\n)`)
	// pageLines are the commands that the page shows, in code or in running text.
	pageLines = regexp.MustCompile("(?m)^    (/[a-z]+ .*)$|`(/(?:isitdown|outages) [^`]*)`")
)

// tablePage writes the table of commands as Markdown.
func tablePage() string {
	var b strings.Builder
	for _, s := range Commands() {
		b.WriteString("\n### " + s.Title() + "\n\n" + s.Help + ".")
		if s.Manages {
			b.WriteString(" *Changes what the channel gets.*")
		}
		b.WriteString("\n\n```\n" + s.Usage() + "\n```\n\n")
		for _, p := range s.Parameters {
			need := "optional"
			if p.Required {
				need = "required"
			}
			b.WriteString("- `" + p.Word + "` (" + need + "): " + p.Help + ".\n")
		}
		b.WriteString("\nAs in `/" + strings.Join(s.Examples, "`, `/") + "`.\n")
	}
	return strings.ReplaceAll(b.String(), "\n\n\n", "\n\n") + "\n"
}

func TestPage(t *testing.T) {
	data, err := os.ReadFile(commandPage)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if !generated.MatchString(text) {
		t.Fatal("docs/commands.md has no place for the table of commands")
	}
	want := generated.ReplaceAllStringFunc(text, func(old string) string {
		m := generated.FindStringSubmatch(old)
		return m[1] + tablePage() + m[2]
	})
	if *update {
		if err := os.WriteFile(commandPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		text = want
	}
	if text != want {
		t.Error("docs/commands.md and the table of commands differ: -update writes it anew")
	}
	lines := pageLines.FindAllStringSubmatch(text, -1)
	if len(lines) < 30 {
		t.Errorf("%d command lines on the page: the test looks for them in the wrong way", len(lines))
	}
	for _, m := range lines {
		line := m[1] + m[2]
		if _, err := ParseCommand(line, time.Time{}); err != nil {
			t.Errorf("docs/commands.md shows %q: %v", line, err)
		}
	}
}
