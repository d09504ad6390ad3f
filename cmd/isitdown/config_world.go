package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"isitdown/checks/route/archive"
)

// worldConfig says whether and how the whole world is kept. What each setting means
// stands in config.example.toml, and docs/operating.md says what it takes.
type worldConfig struct {
	On             bool     `toml:"on"`
	Collectors     []string `toml:"collectors"`
	Snapshot       string   `toml:"snapshot"`
	SnapshotEvery  duration `toml:"snapshot_every"`
	SnapshotMaxAge duration `toml:"snapshot_max_age"`
	MinAddresses   int      `toml:"min_addresses"`
	MinPrefixes6   int      `toml:"min_prefixes6"`
	Inbox          int      `toml:"inbox_mib"`
	Paths          bool     `toml:"paths"`
}

func defaultWorld() worldConfig {
	return worldConfig{
		Collectors:    []string{"rrc00"},
		SnapshotEvery: duration{10 * time.Minute}, SnapshotMaxAge: duration{3 * time.Hour},
		MinAddresses: 4096, MinPrefixes6: 16,
		Inbox: 64,
	}
}

func (c *worldConfig) validate(s *sourcesConfig) error {
	var collectors, stream error
	for _, name := range c.Collectors {
		if err := archive.Known(name); err != nil {
			collectors = errors.Join(collectors, fmt.Errorf("world.collectors: %w", err))
		}
	}
	if c.On && len(c.Collectors) == 0 {
		collectors = errors.New("world.collectors is empty: name a public collector whose table the world begins with, as in [\"rrc00\"]")
	}
	if c.On && s.RISLive == risOff && !s.Offline {
		stream = errors.New("world.on needs the stream of RIPE RIS: set sources.ris_live to \"targets\" or \"all\"")
	}
	return errors.Join(
		collectors, stream,
		positive("world.snapshot_every", c.SnapshotEvery),
		positive("world.snapshot_max_age", c.SnapshotMaxAge),
		atLeastOne("world.min_addresses", c.MinAddresses),
		atLeastOne("world.min_prefixes6", c.MinPrefixes6),
		atLeastOne("world.inbox_mib", c.Inbox),
	)
}

// worldSnapshot gives the file that the world is kept in between two runs: as set, or
// beside the database.
func (a *app) worldSnapshot(db string) string {
	return cmp.Or(a.config.World.Snapshot, filepath.Join(filepath.Dir(db), "world.snapshot"))
}
