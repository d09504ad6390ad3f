package chattest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is one schema of a platform's own description of what it takes.
type Schema struct{ compiled *jsonschema.Schema }

// LoadSchema reads a file of the folder of real data, "specs/x.json", and compiles the schema at
// pointer in it: "#/definitions/SlackMessage", or "" for the whole file. The test is
// skipped where the folder is not there.
func LoadSchema(t testing.TB, file, pointer string) *Schema {
	t.Helper()
	data, err := os.ReadFile(Data(t, file))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(compilePattern)
	url := "file:///" + file
	if err := c.AddResource(url, doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	s, err := c.Compile(url + pointer)
	if err != nil {
		t.Fatalf("%s%s: %v", file, pointer, err)
	}
	return &Schema{s}
}

// Check says what in a JSON document breaks the schema; nil for nothing.
func (s *Schema) Check(document []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("reading what is to be checked: %w", err)
	}
	return s.compiled.Validate(v)
}

// pattern is a regular expression of a schema. Those are JavaScript's: the
// platforms use one thing that Go has not got, a look ahead at the start.
type pattern struct {
	text    string
	yes, no *regexp.Regexp
}

var _ jsonschema.Regexp = (*pattern)(nil)

func compilePattern(s string) (jsonschema.Regexp, error) {
	p := &pattern{text: s}
	var err error
	if rest, ok := strings.CutPrefix(s, "^(?!"); ok {
		inside, after, ok := strings.Cut(rest, ")")
		if !ok || strings.ContainsAny(inside, "()") {
			return nil, fmt.Errorf("pattern %q looks ahead in a way that is not known here", s)
		}
		if p.no, err = regexp.Compile("^(?:" + inside + ")"); err != nil {
			return nil, err
		}
		s = "^" + after
	}
	if p.yes, err = regexp.Compile(s); err != nil {
		return nil, err
	}
	return p, nil
}

// MatchString reports whether s has a match.
func (p *pattern) MatchString(s string) bool {
	return (p.no == nil || !p.no.MatchString(s)) && p.yes.MatchString(s)
}

// String gives the pattern as the schema has it.
func (p *pattern) String() string { return p.text }

// slackDate is the only markup that our messages have.
var slackDate = regexp.MustCompile(`<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>`)

// slackTotal is what text and blocks may take together: Slack refuses a message near
// 13,200 characters and documents no limit.
const slackTotal = 10_000

// CheckSlackMessage says what Slack would refuse of a message, or show in another
// way than as text: it holds the payload against the schema that was made from
// Slack's own types, #/definitions/SlackMessage, and against what no schema says.
func CheckSlackMessage(s *Schema, payload []byte) error {
	if err := s.Check(payload); err != nil {
		return err
	}
	if n := len(payload); n > slackTotal {
		return fmt.Errorf("the message takes %d bytes, more than %d", n, slackTotal)
	}
	var m struct {
		Text   string `json:"text"`
		Blocks []any  `json:"blocks"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return err
	}
	if strings.TrimSpace(m.Text) == "" {
		return fmt.Errorf("there is no text for notifications")
	}
	if strings.ContainsAny(m.Text, "<>") {
		return fmt.Errorf("the text has markup in it: %q", m.Text)
	}
	return checkSlackBlocks(m.Blocks)
}

// checkSlackBlocks walks everything in blocks.
func checkSlackBlocks(v any) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := checkSlackBlocks(e); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := checkSlackObject(v); err != nil {
			return err
		}
		for _, e := range v {
			if err := checkSlackBlocks(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkSlackObject(o map[string]any) error {
	words, _ := o["text"].(string)
	switch o["type"] {
	case "plain_text", "text", "mrkdwn":
		if strings.TrimSpace(words) == "" {
			return fmt.Errorf("there is an empty text in the blocks")
		}
	case "user", "usergroup", "channel", "broadcast", "team":
		return fmt.Errorf("there is a mention in the blocks: %v", o)
	case "link":
		if to, _ := o["url"].(string); to != words || !strings.HasPrefix(to, "https://") {
			return fmt.Errorf("there is a link in the blocks that does not show where it leads: %v", o)
		}
	case "image":
		if alt, _ := o["alt_text"].(string); strings.TrimSpace(alt) == "" {
			return fmt.Errorf("there is a picture without alternative text")
		}
	}
	if o["type"] == "mrkdwn" && strings.ContainsAny(slackDate.ReplaceAllString(words, ""), "<>*_~`") {
		return fmt.Errorf("there is markup other than a date in %q", words)
	}
	return nil
}
