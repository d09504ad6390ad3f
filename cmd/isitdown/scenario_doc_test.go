package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"isitdown/bot/chat"
)

// The example of docs/scenarios.md is a network without registered space, and is
// played as the page says: one outage of half an hour.
func TestScenarioOfThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "```scenario\n")
	text, _, closed := strings.Cut(text, "```")
	if !found || !closed {
		t.Fatal("docs/scenarios.md holds no scenario")
	}
	file := filepath.Join(t.TempDir(), "page.scenario")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := replayLines(t, file)
	incidents := map[string]chat.IncidentRecord{}
	for _, l := range lines {
		if l.Incident != nil {
			incidents[*l.Incident] = *l.Facts
		}
	}
	i, ok := incidents["AS1000001-20240501-1"]
	if !ok || len(incidents) != 1 {
		t.Fatalf("got incidents %v, want AS1000001-20240501-1 alone", incidents)
	}
	if i.Worst != "down" || i.Seconds == nil || *i.Seconds != 1800 {
		t.Errorf("got %+v, want down for 1,800 s", i)
	}
}
