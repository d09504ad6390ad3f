package main

import (
	"strings"
	"testing"
)

func TestWorldSettings(t *testing.T) {
	for text, want := range map[string]string{
		"collectors = [\"nowhere\"]":           "world.collectors: ",
		"on = true\ncollectors = []":           "world.collectors is empty",
		"on = true\n[sources]\nris_live='off'": "world.on needs the stream of RIPE RIS",
		"snapshot_every = \"0s\"":              "world.snapshot_every is 0s",
		"snapshot_max_age = \"-1h\"":           "world.snapshot_max_age is -1h",
		"min_addresses = 0":                    "world.min_addresses is 0",
		"min_prefixes6 = 0":                    "world.min_prefixes6 is 0",
		"inbox_mib = 0":                        "world.inbox_mib is 0",
	} {
		if _, err := parseConfig([]byte("[world]\n" + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	c, err := parseConfig([]byte("[world]\non = true\ncollectors = [\"rrc12\", \"route-views2\"]\nmin_addresses = 65536"))
	if err != nil {
		t.Fatal(err)
	}
	if w := c.World; !w.On || len(w.Collectors) != 2 || w.MinAddresses != 65536 || w.Inbox != 64 {
		t.Errorf("got %+v", w)
	}
}
