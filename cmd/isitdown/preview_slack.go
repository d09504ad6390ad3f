package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// slackView is a message of Slack's, read back from its JSON: what the page draws
// is what Slack would get.
type slackView struct {
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

// slackBlock is a block, or an element of one: all have a type and some of the rest.
// https://docs.slack.dev/reference/block-kit/blocks
type slackBlock struct {
	Type     string       `json:"type"`
	Text     slackText    `json:"text"`
	Elements []slackBlock `json:"elements"`
	Fields   []slackText  `json:"fields"`
	Value    string       `json:"value"`
	AltText  string       `json:"alt_text"`
	Style    slackStyle   `json:"style"`

	zone *time.Location
}

// slackText is a text object, or the bare text of an element of rich text.
type slackText struct {
	Type, Text string
}

// UnmarshalJSON reads either form.
func (t *slackText) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		t.Type = "bare"
		return json.Unmarshal(data, &t.Text)
	}
	var object struct{ Type, Text string }
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*t = slackText(object)
	return nil
}

// slackStyle is how text looks, or the name of a button's style.
type slackStyle struct {
	Bold, Italic, Code bool
}

// UnmarshalJSON reads the style of text, and passes over that of a button.
func (s *slackStyle) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return nil
	}
	var object struct{ Bold, Italic, Code bool }
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*s = slackStyle(object)
	return nil
}

// readSlack reads the pages of a message.
func readSlack(pages []json.RawMessage, zone *time.Location) ([]slackView, error) {
	var views []slackView
	for _, p := range pages {
		var v slackView
		if err := json.Unmarshal(p, &v); err != nil {
			return nil, fmt.Errorf("reading a message for Slack: %w", err)
		}
		inZone(v.Blocks, zone)
		views = append(views, v)
	}
	return views, nil
}

func inZone(blocks []slackBlock, zone *time.Location) {
	for i := range blocks {
		blocks[i].zone = zone
		inZone(blocks[i].Elements, zone)
	}
}

// Spans gives the text of a block as it is shown: marked up where Slack reads
// markup, as it is elsewhere.
func (b slackBlock) Spans() []textSpan {
	switch {
	case b.Type == "mrkdwn", b.Text.Type == "mrkdwn":
		return textSpans(b.Text.Text, mrkdwn(b.zone), unescapeSlack)
	case b.Text.Type == "bare" && b.Type != "plain_text":
		return []textSpan{{Text: b.Text.Text, Bold: b.Style.Bold, Italic: b.Style.Italic, Code: b.Style.Code}}
	}
	return []textSpan{{Text: b.Text.Text}}
}

// Lines gives what a message without blocks shows: its text, which is markup.
func (v slackView) Lines() []textLine {
	if len(v.Blocks) > 0 {
		return nil
	}
	return []textLine{{Spans: textSpans(v.Text, mrkdwn(time.UTC), unescapeSlack)}}
}
