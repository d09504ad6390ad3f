package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// previewCommand writes every message in every state, for somebody to look at.
type previewCommand struct {
	Out     string `placeholder:"DIR" default:"preview" help:"Where to write to. Files of the same names are replaced."`
	NoShots bool   `help:"Make no pictures of the pages, though there is a Chromium to make them with."`
}

// renderedGroup is a group of samples as the platforms get them.
type renderedGroup struct {
	sampleGroup
	rendered []rendered
}

func (c *previewCommand) run(ctx context.Context, a *app) error {
	played, err := a.playAll(ctx)
	if err != nil {
		return err
	}
	groups, err := played.groups()
	if err != nil {
		return err
	}
	all, err := renderAll(ctx, groups)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	count := 0
	for _, g := range all {
		for _, r := range g.rendered {
			more, err := r.files()
			if err != nil {
				return err
			}
			maps.Copy(files, more)
			count++
		}
	}
	if err := c.write(all, files, nil); err != nil {
		return err
	}
	shots, say, err := c.shots(ctx, all)
	if err != nil {
		return err
	}
	if len(shots) > 0 { // once more, with links to them
		if err := c.write(all, nil, shots); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%d messages, each for Slack, Discord and the terminal, and %d pictures of pages: look at %s\n%s",
		count, len(shots), filepath.Join(c.Out, "index.html"), say)
	if err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return nil
}

// renderAll gives every sample to the renderers.
func renderAll(ctx context.Context, groups []sampleGroup) ([]renderedGroup, error) {
	var all []renderedGroup
	for _, g := range groups {
		rg := renderedGroup{sampleGroup: g}
		for _, s := range g.samples {
			r, err := s.render(ctx)
			if err != nil {
				return nil, fmt.Errorf("rendering %s: %w", s.name, err)
			}
			rg.rendered = append(rg.rendered, r)
		}
		all = append(all, rg)
	}
	return all, nil
}

// write writes files and the pages.
func (c *previewCommand) write(groups []renderedGroup, files map[string][]byte, shots []string) error {
	html, err := pages(groups, shots)
	if err != nil {
		return err
	}
	if files == nil {
		files = map[string][]byte{}
	}
	maps.Copy(files, html)
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return &failure{exitData, fmt.Errorf("making the folder of the preview: %w", err)}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(c.Out, name), files[name], 0o644); err != nil {
			return &failure{exitData, fmt.Errorf("writing the preview: %w", err)}
		}
	}
	return nil
}

// shots makes pictures of the pages, Slack's light and Discord's dark as most people
// have them, and says what kept it from it.
func (c *previewCommand) shots(ctx context.Context, groups []renderedGroup) (names []string, say string, err error) {
	if c.NoShots {
		return nil, "", nil
	}
	b, ok := findBrowser()
	if !ok {
		return nil, "No pictures of the pages were made: for those install Chromium and run this again.\n", nil
	}
	var shots []shot
	for _, platform := range []string{"slack", "discord"} {
		for _, g := range groups {
			s := shot{page: filepath.Join(c.Out, platform+".html"), anchor: g.id, dark: platform == "discord"}
			s.out = filepath.Join(c.Out, "page-"+platform+"-"+g.id+".png")
			shots, names = append(shots, s), append(names, filepath.Base(s.out))
		}
	}
	for _, p := range readmePictures() {
		s := shot{page: filepath.Join(c.Out, p.platform+".html"), anchor: p.sample, dark: p.dark, out: filepath.Join(c.Out, p.name)}
		shots, names = append(shots, s), append(names, p.name)
	}
	switch err := b.shootAll(ctx, shots); {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		return nil, "The browser made no pictures of the pages: " + err.Error() + "\n", nil
	}
	return names, "", nil
}

// readmePicture is a picture that README.md shows, from docs/img.
type readmePicture struct {
	name, platform, sample string
	dark                   bool
}

func readmePictures() []readmePicture {
	return []readmePicture{
		{"readme-slack.png", "slack", "outage-opened", false},
		{"readme-discord.png", "discord", "outage-resolved", true},
	}
}
