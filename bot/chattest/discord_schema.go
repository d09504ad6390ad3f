package chattest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// dataFolder is the folder of real data, "" where there is none.
func dataFolder() string { return os.Getenv("ISITDOWN_TESTDATA") }

// DiscordSchemas hold calls against what Discord published of its API, and
// against what is true but not in there.
type DiscordSchemas struct{ byName map[string]*Schema }

// discordBodies say which schema the body of a call is held against.
var discordBodies = []struct {
	method string
	path   *regexp.Regexp
	schema string
}{
	{"POST", regexp.MustCompile(`/channels/\d+/messages$`), "MessageCreateRequest"},
	{"PATCH", regexp.MustCompile(`/channels/\d+/messages/\d+$`), "MessageEditRequestPartial"},
	{"POST", regexp.MustCompile(`/channels/\d+/messages/\d+/threads$`), "CreateTextThreadWithMessageRequest"},
	{"POST", regexp.MustCompile(`/interactions/\d+/[^/]+/callback$`), "callback"},
	{"PATCH", regexp.MustCompile(`/webhooks/\d+/[^/]+/messages/(@original|\d+)$`), "IncomingWebhookUpdateRequestPartial"},
	{"POST", regexp.MustCompile(`/webhooks/\d+/[^/]+$`), "IncomingWebhookRequestPartial"},
	{"PUT", regexp.MustCompile(`/applications/\d+(/guilds/\d+)?/commands$`), "commands"},
}

// LoadDiscordSchemas reads them from the folder of real data; the test is skipped
// where that is not there.
func LoadDiscordSchemas(t testing.TB) DiscordSchemas {
	t.Helper()
	s := DiscordSchemas{make(map[string]*Schema)}
	for _, name := range []string{
		"MessageCreateRequest", "MessageEditRequestPartial", "CreateTextThreadWithMessageRequest",
		"IncomingWebhookUpdateRequestPartial", "IncomingWebhookRequestPartial", "CreateMessageInteractionCallbackRequest",
		"ApplicationCommandAutocompleteCallbackRequest", "ApplicationCommandUpdateRequest",
	} {
		s.byName[name] = LoadSchema(t, "specs/discord-openapi.json", "#/components/schemas/"+name)
	}
	return s
}

// Check says what Discord would not take of a call, nil for nothing. Calls without a
// body are fine.
func (s DiscordSchemas) Check(c Call) error {
	if len(c.Body) == 0 {
		return nil
	}
	for _, b := range discordBodies {
		if b.method == c.Method && b.path.MatchString(c.Path) {
			return s.checkBody(b.schema, c)
		}
	}
	return errors.New("there is no rule for this call")
}

func (s DiscordSchemas) checkBody(schema string, c Call) error {
	switch schema {
	case "commands":
		return s.checkCommands(c.Body)
	case "callback":
		return s.checkCallback(c)
	}
	if err := s.byName[schema].Check(c.Body); err != nil {
		return err
	}
	if schema == "CreateTextThreadWithMessageRequest" {
		return nil
	}
	return CheckDiscordMessage(c)
}

func (s DiscordSchemas) checkCallback(c Call) error {
	var cb struct {
		Type int
		Data json.RawMessage
	}
	if err := json.Unmarshal(c.Body, &cb); err != nil {
		return err
	}
	if cb.Type == 8 {
		return s.byName["ApplicationCommandAutocompleteCallbackRequest"].Check(c.Body)
	}
	if err := s.byName["CreateMessageInteractionCallbackRequest"].Check(c.Body); err != nil {
		return err
	}
	if cb.Type != 4 {
		return nil
	}
	return CheckDiscordMessage(Call{Body: cb.Data, Files: c.Files})
}

// checkCommands holds a registration against the schema. That wants a number of
// default_member_permissions, for which Discord's documentation has a string.
func (s DiscordSchemas) checkCommands(body []byte) error {
	var list []map[string]any
	if err := json.Unmarshal(body, &list); err != nil {
		return err
	}
	names := make(map[string]bool)
	for _, cmd := range list {
		name, _ := cmd["name"].(string)
		if names[name] {
			return fmt.Errorf("command %s is there twice", name)
		}
		names[name] = true
		if p, ok := cmd["default_member_permissions"].(string); ok {
			cmd["default_member_permissions"] = json.Number(p)
		}
		b, err := json.Marshal(cmd)
		if err != nil {
			return err
		}
		if err := s.byName["ApplicationCommandUpdateRequest"].Check(b); err != nil {
			return fmt.Errorf("command %s: %w", name, err)
		}
		if err := checkCommandNames(cmd); err != nil {
			return err
		}
	}
	return nil
}

// commandName is what Discord takes for the name of a command or an option.
// https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming
var commandName = regexp.MustCompile(`^[-_'\p{Ll}\p{Lm}\p{Lo}\p{N}]{1,32}$`)

func checkCommandNames(o map[string]any) error {
	name, _ := o["name"].(string)
	if !commandName.MatchString(name) {
		return fmt.Errorf("%q is no name for a command or an option", name)
	}
	if d, _ := o["description"].(string); d == "" || units(d) > 100 {
		return fmt.Errorf("%s has a description of %d characters", name, units(d))
	}
	options, _ := o["options"].([]any)
	optional := false
	for _, v := range options {
		option, _ := v.(map[string]any)
		if err := checkCommandNames(option); err != nil {
			return err
		}
		if required, _ := option["required"].(bool); required && optional {
			return fmt.Errorf("%s: a required option stands behind one that is not", name)
		} else if !required {
			optional = true
		}
		if choices, _ := option["choices"].([]any); len(choices) > 0 && option["autocomplete"] == true {
			return fmt.Errorf("%s: choices and autocomplete exclude each other", name)
		}
	}
	return nil
}

// CheckDiscordMessage says what Discord would refuse of a message, or show in
// another way than meant: what no schema says, or says wrongly.
func CheckDiscordMessage(c Call) error {
	var m struct {
		DiscordMessage
		AllowedMentions *struct{ Parse []string } `json:"allowed_mentions"`
		Attachments     []struct {
			ID, Filename, Description string
		}
		Nonce   string
		Enforce bool `json:"enforce_nonce"`
	}
	if err := json.Unmarshal(c.Body, &m); err != nil {
		return err
	}
	if n := units(m.Content); n > 2000 {
		return fmt.Errorf("the content has %d characters, more than 2,000", n)
	}
	if m.AllowedMentions == nil || m.AllowedMentions.Parse == nil || len(m.AllowedMentions.Parse) > 0 {
		return errors.New("the message may ping somebody")
	}
	if m.Content == "" && len(m.Embeds) == 0 && len(c.Files) == 0 {
		return errors.New("the message is empty")
	}
	if m.Nonce != "" && !m.Enforce || units(m.Nonce) > 25 {
		return errors.New("the nonce is not enforced, or too long")
	}
	if len(m.Attachments) != len(c.Files) {
		return fmt.Errorf("%d attachments are described, and %d sent", len(m.Attachments), len(c.Files))
	}
	for i, a := range m.Attachments {
		if _, sent := c.Files[a.Filename]; !sent || a.ID != strconv.Itoa(i) || strings.TrimSpace(a.Description) == "" || units(a.Description) > 1024 {
			return fmt.Errorf("attachment %s (%s) is not sent, or has no alt text", a.ID, a.Filename)
		}
	}
	if err := checkEmbeds(m.DiscordMessage); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, row := range m.Components {
		for _, b := range row.Components {
			if b.CustomID == "" || seen[b.CustomID] || units(b.CustomID) > 100 || strings.TrimSpace(b.Label) == "" {
				return fmt.Errorf("button %q: its id %q is missing, too long or not its own", b.Label, b.CustomID)
			}
			seen[b.CustomID] = true
		}
	}
	return checkMarkup(m.DiscordMessage)
}

func checkEmbeds(m DiscordMessage) error {
	sum := 0
	for _, e := range m.Embeds {
		sum += units(e.Title) + units(e.Description) + units(e.Footer.Text)
		if e.Title == "" && e.Description == "" && len(e.Fields) == 0 && e.Footer.Text == "" {
			return errors.New("an embed is empty")
		}
		for _, f := range e.Fields {
			sum += units(f.Name) + units(f.Value)
			if strings.TrimSpace(f.Name) == "" || strings.TrimSpace(f.Value) == "" {
				return errors.New("a field is empty")
			}
		}
	}
	if sum > 6000 {
		return fmt.Errorf("the embeds have %d characters, more than 6,000", sum)
	}
	return nil
}

// ours is the markup that we write: a time stamp, the link to a thread.
var ours = regexp.MustCompile(`<t:\d+:f>|<#\d+>`)

// foreign is markup that only foreign text can have brought along.
var foreign = regexp.MustCompile(`(^|[^\\])(<[@#:/tia]|@everyone|@here|\[[^\]]*\]\()`)

func checkMarkup(m DiscordMessage) error {
	texts := []string{m.Content}
	for _, e := range m.Embeds {
		texts = append(texts, e.Title, e.Description)
		for _, f := range e.Fields {
			texts = append(texts, f.Name, f.Value)
		}
	}
	for _, s := range texts {
		s = ours.ReplaceAllString(codeBlock.ReplaceAllString(s, ""), "")
		if found := foreign.FindString(s); found != "" {
			return fmt.Errorf("there is markup that is not ours: %q in %q", found, s)
		}
	}
	return nil
}

// codeBlock shows everything in it as it is.
var codeBlock = regexp.MustCompile("(?s)```.*?```")

// units counts UTF-16 code units.
func units(s string) int { return len(utf16.Encode([]rune(s))) }
