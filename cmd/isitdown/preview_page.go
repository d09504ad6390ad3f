package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"

	"isitdown/bot"
	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
	"isitdown/bot/terminal"
)

//go:embed preview/page.html.tmpl preview/style.css
var previewFiles embed.FS

// previewPage is everything of one HTML page.
type previewPage struct {
	Platform, Name, Zone string
	Style                template.CSS
	Groups               []previewGroup
	Shots                []string
}

type previewGroup struct {
	ID, Title string
	Items     []previewItem
}

// previewItem is one sample on one page: what of Slack, Discord and Terminal is set
// is drawn.
type previewItem struct {
	Name, Title string
	Op          bot.Op
	Files       []string
	Slack       []slackMessage
	Discord     []discordMessage
	Terminal    string
}

type slackMessage struct {
	View    slackView
	Clock   string
	Edited  bool
	Picture *previewPicture
}

type discordMessage struct {
	View        discordView
	Clock       string
	Edited      bool
	Picture     *previewPicture
	PictureName string
}

// previewPicture is a chart within a page.
type previewPicture struct {
	Name, Alt string
	URL       template.URL
}

// rendered is a sample as each platform gets it.
type rendered struct {
	sample
	text    string
	slack   []json.RawMessage
	discord []json.RawMessage // the second is what the channel sees of an announcement
	picture *chat.Picture
}

// render gives a sample to the renderers of the platforms.
func (s sample) render(ctx context.Context) (rendered, error) {
	r := rendered{sample: s}
	if s.chart != nil {
		png, err := chart.PNG(*s.chart)
		if err != nil {
			return r, err
		}
		r.picture = &chat.Picture{Name: s.name + ".png", PNG: png, Alt: s.chart.Alt()}
	}
	var err error
	if r.text, err = s.terminalText(ctx, r.picture); err != nil {
		return r, err
	}
	if r.slack, err = slack.Pages(s.message, s.short); err != nil {
		return r, err
	}
	payloads := []discord.Payload{discord.Render(s.message, r.picture)}
	if s.short {
		payloads[0] = discord.Short(s.message)
	}
	if s.op == bot.Announce {
		payloads = append(payloads, discord.Announcement(s.message, "100000000000000001"))
	}
	for _, p := range payloads {
		data, err := json.Marshal(p)
		if err != nil {
			return r, fmt.Errorf("encoding a message for Discord: %w", err)
		}
		r.discord = append(r.discord, data)
	}
	return r, nil
}

// terminalText is what a terminal shows.
func (s sample) terminalText(ctx context.Context, picture *chat.Picture) (string, error) {
	var b strings.Builder
	out := chat.Outgoing{
		Channel: terminal.Here(), Message: s.message, Picture: picture, Short: s.short, Repeat: s.repeat, Announce: s.op == bot.Announce,
	}
	switch s.op {
	case bot.Reply, bot.Announce:
		out.Thread = "root"
	case bot.Edit:
		out.Edit = "root"
	}
	_, err := (&terminal.Terminal{W: &b}).Send(ctx, out)
	return b.String(), err
}

// files are those that a sample is written to, by their names.
func (r *rendered) files() (map[string][]byte, error) {
	files := map[string][]byte{r.name + ".txt": []byte(r.text)}
	if r.picture != nil {
		files[r.picture.Name] = r.picture.PNG
	}
	for suffix, list := range map[string][]json.RawMessage{".slack.json": r.slack, ".discord.json": r.discord} {
		var v any = list
		if len(list) == 1 {
			v = list[0]
		}
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("writing the JSON of %s: %w", r.name, err)
		}
		files[r.name+suffix] = append(data, '\n')
	}
	return files, nil
}

// item gives what a page shows of a sample.
func (r *rendered) item(platform string, zone *time.Location) (previewItem, error) {
	i := previewItem{Name: r.name, Title: r.title, Op: r.op}
	for _, suffix := range []string{".txt", ".slack.json", ".discord.json"} {
		if platform == "index" || suffix == "."+platform+".json" || suffix == ".txt" && platform == "terminal" {
			i.Files = append(i.Files, r.name+suffix)
		}
	}
	var picture *previewPicture
	if r.picture != nil {
		picture = &previewPicture{
			Name: r.picture.Name, Alt: r.picture.Alt,
			URL: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(r.picture.PNG)),
		}
	}
	const clock, edited = "09:41", bot.Edit
	switch platform {
	case "terminal":
		i.Terminal = r.text
	case "slack":
		views, err := readSlack(r.slack, zone)
		if err != nil {
			return i, err
		}
		for n, v := range views {
			m := slackMessage{View: v, Clock: clock, Edited: r.op == edited}
			if n == len(views)-1 {
				m.Picture = picture
			}
			i.Slack = append(i.Slack, m)
		}
	case "discord":
		for n, payload := range r.discord {
			v, err := readDiscord(payload, zone)
			if err != nil {
				return i, err
			}
			m := discordMessage{View: v, Clock: clock, Edited: r.op == edited}
			if n == 0 && picture != nil {
				m.Picture, m.PictureName = picture, picture.Name
			}
			i.Discord = append(i.Discord, m)
		}
	}
	return i, nil
}

// readerZone is where the reader of the pages is.
const readerZone = "Asia/Seoul"

// pages writes the HTML pages by their names.
func pages(groups []renderedGroup, shots []string) (map[string][]byte, error) {
	zone, err := time.LoadLocation(readerZone)
	if err != nil {
		return nil, fmt.Errorf("loading a time zone: %w", err)
	}
	t, err := template.ParseFS(previewFiles, "preview/page.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading the templates of the pages: %w", err)
	}
	style, err := previewFiles.ReadFile("preview/style.css")
	if err != nil {
		return nil, fmt.Errorf("reading the style of the pages: %w", err)
	}
	out := map[string][]byte{}
	for platform, name := range map[string]string{"slack": "Slack", "discord": "Discord", "terminal": "a terminal", "index": ""} {
		page := previewPage{Platform: platform, Name: name, Zone: readerZone, Style: template.CSS(style), Shots: shots}
		for _, g := range groups {
			pg := previewGroup{ID: g.id, Title: g.title}
			for _, r := range g.rendered {
				item, err := r.item(platform, zone)
				if err != nil {
					return nil, err
				}
				pg.Items = append(pg.Items, item)
			}
			page.Groups = append(page.Groups, pg)
		}
		kind := "page"
		if platform == "index" {
			kind = "index"
		}
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, kind, page); err != nil {
			return nil, fmt.Errorf("writing the page of %s: %w", platform, err)
		}
		out[platform+".html"] = b.Bytes()
	}
	return out, nil
}
