package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// worldShow is the program with the whole world on: an archive and a stream that are ours.
type worldShow struct {
	*liveShow
	peers []route.Peer // of rrc00
	file  string       // of the snapshot
}

// showWorld runs a test in a bubble, from 12:20 on of a day on which all is there.
func showWorld(t *testing.T, play func(t *testing.T, s *worldShow)) {
	stand, scenario := newArchiveStand(t, "2026-11-22")
	w := &worldShow{file: filepath.Join(t.TempDir(), "world.snapshot"), peers: peersOf(t, scenario, "rrc00")}
	lists := filepath.Join(t.TempDir(), "delegated-apnic-20261122.txt")
	if err := os.WriteFile(lists, scenario.Delegated(), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	with := func(a *app, services byHost) {
		services["data.ris.ripe.net"] = handled{stand}
		a.config.Registry, a.config.Sources.Cache = []string{lists}, cache
		a.config.World.On, a.config.World.Snapshot, a.config.World.MinAddresses = true, w.file, 512
	}
	showLiveWith(t, with, func(t *testing.T, s *liveShow) {
		w.liveShow = s
		play(t, w)
	})
}

// peersOf gives the sessions of a collector in a scenario.
func peersOf(t *testing.T, s *archive.Scenario, collector string) (peers []route.Peer) {
	t.Helper()
	streams, err := s.Streams()
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range streams {
		if stream.Collector != collector {
			continue
		}
		file := filepath.Join(t.TempDir(), collector+".mrt")
		if err := os.WriteFile(file, stream.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		rec, err := archive.Open([]string{collector + "=" + file})
		if err != nil {
			t.Fatal(err)
		}
		err = rec.Play(t.Context(), time.Time{}, func(u *route.Update) error {
			for i := range u.Entries {
				if !slices.Contains(peers, u.Entries[i].Peer) {
					peers = append(peers, u.Entries[i].Peer)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return peers
}

// says has every session say something of the routes of North Korea.
func (s *worldShow) says(withdrawn bool) {
	for _, r := range kpRoutes(time.Time{}) {
		for _, p := range s.peers {
			session := standSession{addr: p.Addr.String(), as: int(p.AS)}
			s.ris.Deliver(session.message(&r, withdrawn))
		}
	}
}

// stands fails the test where a country is in another state.
func (s *worldShow) stands(when string, want checks.State) checks.World {
	s.t.Helper()
	w := s.globe.world(time.Now())
	got := checks.Unknown
	switch {
	case len(w.Outages) > 0:
		got = w.Outages[0].State
	case w.Countries.Up > 0:
		got = checks.Up
	}
	if got != want {
		s.t.Errorf("%s: got %s, want %s: %+v", when, got, want, w)
	}
	return w
}

// The world begins from a table and what its archive has since, is joined by the stream, and
// shows what the stream tells of.
func TestGlobe(t *testing.T) {
	showWorld(t, func(t *testing.T, s *worldShow) {
		s.pass(time.Minute)
		w := s.stands("before the archive reaches the stream", checks.Up)
		if !strings.Contains(w.Starting, "the archives have not published yet") {
			t.Errorf("how far it is: %q", w.Starting)
		}
		s.pass(14 * time.Minute)
		w = s.stands("when it does", checks.Up)
		if w.Starting != "" || w.Countries.Watched != 1 || w.Vantage.Voting != len(s.peers) {
			t.Errorf("it is at %q with %+v and %d vantage points, want the end, a country and %d", w.Starting, w.Countries, w.Vantage.Voting, len(s.peers))
		}
		before := time.Now()
		s.says(true)
		s.pass(20 * time.Second)
		s.stands("before the loss has settled", checks.Up)
		s.pass(2 * time.Minute)
		w = s.stands("withdrawn", checks.Down)
		v, ok := s.globe.verdict(kp, time.Now())
		if on := w.Outages[0].Onset.Half; on.Sub(before).Abs() > 2*time.Second || !ok || v.State != checks.Down || len(v.Upstreams()) == 0 {
			t.Errorf("onset %v, want %v; in full: %+v", on, before, v)
		}
		if !strings.HasPrefix(v.Registered.Source, "RIR delegated statistics: apnic") {
			t.Errorf("it rests on the list %q", v.Registered.Source)
		}
		s.says(false)
		s.pass(time.Minute)
		s.stands("announced again", checks.Up)
		if saved := s.globe.snapshots(); saved.times == 0 || saved.failing != "" {
			t.Errorf("the snapshots: %+v", saved)
		}
	})
}

// While the stream is silent nothing is claimed, and what it says when it is back counts.
func TestGlobeStall(t *testing.T) {
	showWorld(t, func(t *testing.T, s *worldShow) {
		s.pass(15 * time.Minute)
		s.stands("before", checks.Up)
		s.dumb.Store(true)
		s.pass(10 * time.Minute)
		if w := s.stands("after ten minutes of silence", checks.Unknown); w.Missing == "" || w.Countries.Unknown != 1 {
			t.Errorf("got %q and %+v", w.Missing, w.Countries)
		}
		s.dumb.Store(false)
		s.pass(15 * time.Minute)
		s.stands("when it is back", checks.Up)
	})
}

// Metrics say how much is held, how it goes and how everything stands.
func TestGlobeMetrics(t *testing.T) {
	showWorld(t, func(t *testing.T, s *worldShow) {
		s.pass(15 * time.Minute)
		m := newMetrics(figures{
			feedAge: s.age, outbox: func() (o bot.OutboxStats, err error) { return o, nil }, bot: func() (b bot.Stats) { return b },
			storeBytes: func() (int64, error) { return 0, nil }, connected: func() map[string]bool { return nil }, log: s.app.log,
		})
		m.watchGlobe(s.globe)
		s.globe.save(t.Context())
		s.says(true)
		s.pass(2 * time.Minute)
		s.globe.world(time.Now())
		text := scraped(t, m)
		for _, want := range []string{
			`isitdown_world_targets{kind="country",state="down"} 1`, `isitdown_world_targets{kind="country",state="up"} 0`,
			`isitdown_world_prefixes{family="ipv4"} 40`, `isitdown_world_phase{phase="live"} 1`, `isitdown_world_inbox_left_out_total 0`,
			fmt.Sprintf("isitdown_world_sessions_live %d", len(s.peers)), "isitdown_world_lost_prefixes 4", "isitdown_world_snapshots_total 2",
			"isitdown_world_snapshot_bytes ", "isitdown_world_answer_seconds_count 1", "isitdown_world_updates_total ", "isitdown_world_tick_seconds ",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("there is no %s in\n%s", want, strings.Join(regexp.MustCompile(`(?m)^isitdown_world.*$`).FindAllString(text, -1), "\n"))
			}
		}
	})
}

// scraped reads the metrics as a monitoring does.
func scraped(t *testing.T, m *metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
