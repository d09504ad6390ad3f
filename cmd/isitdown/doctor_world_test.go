package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/world"
)

// The doctor says what the world begins from, and whether there is room for it.
func TestDoctorLooksAtTheWorld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "not", "there", "yet.db")
	a := testApp()
	if d := a.diagnoseWorld(db); len(d) != 1 || d[0].mark != note || !strings.Contains(d[0].text, "world.on") {
		t.Errorf("switched off: got %v", d)
	}
	a.config.World.On = true
	if d := a.diagnoseWorld(db)[0]; d.mark != fine || !strings.Contains(d.text, "no snapshot in "+filepath.Join(dir, "not", "there", "world.snapshot")) || !strings.Contains(d.text, "rrc00") {
		t.Errorf("without a snapshot: got %+v", d)
	}
	file := filepath.Join(dir, "kept")
	a.config.World.Snapshot = file
	if err := os.WriteFile(file, []byte("this is none"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d := a.diagnoseWorld(db)[0]; d.mark != note || !strings.Contains(d.text, "damaged") || !strings.Contains(d.text, "tables of rrc00") {
		t.Errorf("a damaged snapshot: got %+v", d)
	}
	if _, err := world.New(world.Options{}).Save(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if d := a.diagnoseWorld(db)[0]; d.mark != fine || !strings.Contains(d.text, "too old to begin from") {
		t.Errorf("a snapshot of nothing, which is of no time: got %+v", d)
	}
	g := a.newRecordedGlobe(emptyRegistry(t), nil)
	g.state.Apply(&route.Update{Kind: route.PeerUp, At: time.Now(), Peer: route.Peer{Collector: "rrc00", AS: 64500, Addr: netip.MustParseAddr("192.0.2.1")}})
	if _, err := g.state.Save(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if d := a.diagnoseWorld(db)[0]; d.mark != fine || !strings.Contains(d.text, "begins from "+file) {
		t.Errorf("a snapshot: got %+v", d)
	}
	a.config.Sources.Offline = true
	if d := a.diagnoseWorld(db); len(d) != 1 || d[0].mark != note {
		t.Errorf("offline: got %v", d)
	}
}

func TestAvailableMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"MemTotal:  8 kB\nMemAvailable:    1234 kB\nBuffers: 1 kB\n": 1234 << 10,
		"MemTotal:  8 kB\n":     0,
		"MemAvailable: many kB": 0,
	} {
		got, known := availableMemory(func(string) ([]byte, error) { return []byte(text), nil })
		if got != want || known != (want > 0) {
			t.Errorf("%q: got %d, %v, want %d", text, got, known, want)
		}
	}
	if _, known := availableMemory(func(string) ([]byte, error) { return nil, os.ErrNotExist }); known {
		t.Error("it is known where the system does not say it")
	}
}
