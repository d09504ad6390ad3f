package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// discordView is a message of Discord's, read back from its JSON.
// https://discord.com/developers/docs/resources/message#message-object
type discordView struct {
	Content     string              `json:"content"`
	Embeds      []discordEmbed      `json:"embeds"`
	Components  []discordComponent  `json:"components"`
	Attachments []discordAttachment `json:"attachments"`

	zone *time.Location
}

type discordEmbed struct {
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Color       int            `json:"color"`
	Fields      []discordField `json:"fields"`
	Footer      *struct {
		Text string `json:"text"`
	} `json:"footer"`

	zone *time.Location
}

type discordField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`

	zone *time.Location
}

// discordComponent is a row of buttons, or a button.
type discordComponent struct {
	Type       int                `json:"type"`
	Label      string             `json:"label"`
	CustomID   string             `json:"custom_id"`
	Components []discordComponent `json:"components"`
}

type discordAttachment struct {
	Filename    string `json:"filename"`
	Description string `json:"description"`
}

// readDiscord reads a message.
func readDiscord(payload []byte, zone *time.Location) (discordView, error) {
	var v discordView
	if err := json.Unmarshal(payload, &v); err != nil {
		return v, fmt.Errorf("reading a message for Discord: %w", err)
	}
	v.zone = zone
	for i := range v.Embeds {
		e := &v.Embeds[i]
		e.zone = zone
		for j := range e.Fields {
			e.Fields[j].zone = zone
		}
	}
	return v, nil
}

// Lines gives the content as it is shown.
func (v discordView) Lines() []textLine { return discordLines(v.Content, v.zone) }

// Lines gives the description as it is shown.
func (e discordEmbed) Lines() []textLine { return discordLines(e.Description, e.zone) }

// Colour gives the bar beside an embed; 0 is Discord's own grey.
func (e discordEmbed) Colour() string {
	if e.Color == 0 {
		return "var(--bar)"
	}
	return fmt.Sprintf("#%06x", e.Color)
}

// Lines gives the value of a field as it is shown.
func (f discordField) Lines() []textLine { return discordLines(f.Value, f.zone) }
