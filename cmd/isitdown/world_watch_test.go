package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks/route/rislivetest"
)

// What is down now, from an archive and a stream that are ours: once, from the snapshot that the
// first run leaves, and change by change until it is interrupted.
func TestWorldOfThePresent(t *testing.T) {
	stand, scenario := newArchiveStand(t, "2026-11-22")
	peers := peersOf(t, scenario, "rrc00")
	dir := t.TempDir()
	lists := filepath.Join(dir, "delegated-apnic-20261122.txt")
	if err := os.WriteFile(lists, scenario.Delegated(), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 22, 12, 22, 0, 0, time.UTC)))
		ris := &rislivetest.Server{Collectors: []string{"rrc00.ripe.net"}}
		pipe, stopPipe := ris.Pipe()
		defer stopPipe()
		say := &liveShow{ris: ris}
		out, log := &lockedBuffer{}, &lockedBuffer{}
		program := func() *app {
			a := testApp()
			a.out, a.err = out, log
			a.http = &http.Client{Transport: byHost{"data.ris.ripe.net": handled{stand}, "127.0.0.1:1": pipe.Transport}}
			a.config.URLs.RISLive = "ws://127.0.0.1:1/v1/ws/"
			a.config.Sources.Cache, a.config.World.Snapshot = filepath.Join(dir, "cache"), filepath.Join(dir, "world.snapshot")
			a.config.World.MinAddresses, a.config.Serve.DB = 512, filepath.Join(dir, "none.db")
			return a
		}
		c := worldCommand{Registry: []string{lists}, JSON: true}
		code, err := c.run(t.Context(), program())
		var first chat.WorldRecord
		if e := json.Unmarshal([]byte(out.String()), &first); err != nil || e != nil || code != exitUp {
			t.Fatalf("exit code %d, %v, %v\n%s%s", code, err, e, out, log)
		}
		if first.State != "up" || first.Countries.Up != 1 || first.VantagePoints.Voting != len(peers) || !strings.Contains(first.Starting, "the archives have not published yet") {
			t.Errorf("got %+v", first)
		}

		// Another run follows the stream.
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		c.Watch = true
		running.Go(func() {
			if _, err := c.run(ctx, program()); !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: got %v", err)
			}
		})
		beat := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(30 * time.Second) {
				for _, p := range peers {
					ris.Deliver(rislivetest.Keepalive("rrc00", p.Addr, uint32(p.AS), time.Now().Unix()))
				}
			}
		}
		beat(15 * time.Minute)
		shown := len(out.String())
		s := &worldShow{liveShow: say, peers: peers}
		s.says(true)
		beat(2 * time.Minute)
		s.says(false)
		beat(2 * time.Minute)
		s.says(true)
		beat(2 * time.Minute)
		time.Sleep(10 * time.Minute) // nobody says anything
		stop()
		running.Wait()
		var changes []string
		for line := range strings.Lines(out.String()[shown:]) {
			var r chat.WorldChangeRecord
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			changes = append(changes, r.Verdict.Target+" "+r.Before+">"+r.Change)
		}
		if got, want := strings.Join(changes, ", "), "KP up>down, AS131279 up>down, KP down>up, AS131279 down>up, "+
			"KP up>down, AS131279 up>down, KP down>unknown, AS131279 down>unknown"; got != want {
			t.Errorf("told %s, want %s\n%s", got, want, log)
		}
	})
}
