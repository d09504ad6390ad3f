// Package chart draws the history of a target's visibility as one PNG.
//
// It draws a step line, because visibility changes in steps and a slope would
// claim what nobody saw; the times without data are gaps, the outage is a band,
// a spell of losses that were only counted is one of another pattern, the axis is
// UTC. It promises the same bytes for the same [Data], and an alt text with
// the numbers and times, for the picture is an extra: every fact in it stands in
// the message as well.
package chart

import "time"

// Data is what a chart shows. It is a plain value that can be stored.
type Data struct {
	Title string    `json:"title"` // "North Korea (KP): visible IPv4 prefixes"
	Unit  string    `json:"unit"`  // "IPv4 prefixes"
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Steps []Step    `json:"steps"` // ascending
	// Bands are the outages; an End of zero lasts.
	Bands []Band `json:"bands,omitempty"`
	// Spells are times in which the target came and went too often for a line: the
	// losses were counted, and the steps of these times are not drawn.
	Spells []Band `json:"spells,omitempty"`
	// Caveats stand below the picture, as in the notice.
	Caveats []string `json:"caveats,omitempty"`
}

// Step is a moment from which on so many of so many were visible, until the next
// step. Known is false from where nothing was known.
type Step struct {
	At    time.Time `json:"at"`
	Seen  uint64    `json:"seen"`
	Of    uint64    `json:"of"`
	Known bool      `json:"known"`
}

// Band is a time in which the target was down or degraded.
type Band struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
}
