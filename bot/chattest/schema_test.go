package chattest

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{`^https?:\/\/`, "https://example.org", true},
		{`^https?:\/\/`, "ftp://example.org", false},
		{`^(?![\.\-])([-a-z0-9\.])+([a-z0-9])$`, "a.b", true},
		{`^(?![\.\-])([-a-z0-9\.])+([a-z0-9])$`, ".ab", false},
		{`^(?![\.\-])([-a-z0-9\.])+([a-z0-9])$`, "a.", false},
	}
	for _, tt := range tests {
		p, err := compilePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MatchString(tt.text); got != tt.want {
			t.Errorf("%s with %q: got %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
	if _, err := compilePattern(`^(?!(a|b))c`); err == nil {
		t.Error("a look ahead that is not understood was compiled")
	}
}

// What holds messages against the rules can fail.
func TestCheckSlackMessageRefuses(t *testing.T) {
	s := LoadSchema(t, "specs/slack-blockkit.schema.json", "#/definitions/SlackMessage")
	good := `{"text":"UP","blocks":[{"type":"header","text":{"type":"plain_text","text":"UP"}}]}`
	block := func(b string) string { return `{"text":"UP","blocks":[` + b + `]}` }
	link := func(to, text string) string {
		return block(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"` + to + `","text":"` + text + `"}]}]}`)
	}
	for _, payload := range []string{good, link("https://example.org/a?b=1", "https://example.org/a?b=1")} {
		if err := CheckSlackMessage(s, []byte(payload)); err != nil {
			t.Errorf("%s: %v, want nothing", payload, err)
		}
	}
	for name, payload := range map[string]string{
		"no text":          `{"text":" ","blocks":[]}`,
		"markup":           `{"text":"<!channel>"}`,
		"a long head":      block(`{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("a", 151) + `"}}`),
		"nothing said":     block(`{"type":"header","text":{"type":"plain_text","text":""}}`),
		"a mention":        block(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U1"}]}]}`),
		"a hidden link":    link("https://example.net", "https://example.org"),
		"a link elsewhere": link("slack://open", "slack://open"),
		"bold":             block(`{"type":"context","elements":[{"type":"mrkdwn","text":"*a*"}]}`),
		"no alt text":      block(`{"type":"image","image_url":"https://example.org/a.png","alt_text":""}`),
		"much text":        `{"text":"` + strings.Repeat("a", slackTotal) + `"}`,
		"many blocks":      block(strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 51), ",")),
		"no block":         block(`{"type":"banner"}`),
	} {
		if err := CheckSlackMessage(s, []byte(payload)); err == nil {
			t.Errorf("%s: got nothing, want a complaint", name)
		}
	}
}
