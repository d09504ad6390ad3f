package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
	"isitdown/checks/route/world"
	"isitdown/checks/route/worldtest"
)

// startTable is a process that starts from the table in a cache: its folder is the argument.
func startTable() {
	began := time.Now()
	fetcher := archive.NewFetcher(archive.FetchOptions{Dir: os.Args[1], RIS: "http://127.0.0.1:1", Attempts: 1})
	s := world.Begin(startOptions(), world.StartOptions{Archive: tableAlone{fetcher}, Collectors: []string{"rrc00"}})
	if err := s.Run(context.Background()); err != nil {
		panic(err)
	}
	sayStart(s.State(), began)
}

// startLoad is a process that starts from a snapshot: its file is the argument.
func startLoad() {
	began := time.Now()
	s, _, err := world.Load(os.Args[1], startOptions())
	if err != nil {
		panic(err)
	}
	sayStart(s, began)
}

// startSave is a process that makes a world and saves it: arguments are the file, and how many
// prefixes and full feeds there are.
func startSave() {
	prefixes, _ := strconv.Atoi(os.Args[2])
	full, _ := strconv.Atoi(os.Args[3])
	w, err := worldtest.Make(worldtest.Config{Prefixes: prefixes, Full: full, Seed: 1})
	if err != nil {
		panic(err)
	}
	s := world.New(startOptions())
	w.Load(s.Apply)
	if err := s.Restore(nil); err != nil {
		panic(err)
	}
	saved, err := s.Save(context.Background(), os.Args[1])
	if err != nil {
		panic(err)
	}
	f := startFigures{Held: saved.Held, Ready: saved.Took, File: int(saved.Bytes)}
	json.NewEncoder(os.Stdout).Encode(f)
}

func startOptions() world.Options {
	return world.Options{
		Rules: route.DefaultRules(), Assess: checks.DefaultRules(), MinAddresses: 4096,
		Locate:  func(p netip.Prefix) string { return [...]string{"DE", "US", "KP", "SY"}[p.Addr().AsSlice()[1]&3] },
		Network: func(a checks.ASN) (string, string) { return "", "" },
		Country: func(code string) string { return code },
	}
}

// sayStart asks a state for everything at once and for one country, and says what it took.
func sayStart(s *world.State, began time.Time) {
	now := worldtest.Began.Add(time.Minute)
	s.Tick(now)
	all := s.World(now)
	v, _ := s.Verdict(checks.Country("KP"), now)
	f := startFigures{Ready: time.Since(began)}
	if st := s.Stats(); st.Routes > 0 && (all.Countries.Watched == 0 || v.IPv4.Prefixes.Of == 0) {
		panic(fmt.Sprintf("%d routes, and no answer: %+v", st.Routes, all.Countries))
	}
	f.Routes = s.Stats().Routes
	debug.FreeOSMemory()
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		f.RSS, f.Peak = statusOf(status, "VmRSS:"), statusOf(status, "VmHWM:")
	}
	json.NewEncoder(os.Stdout).Encode(f)
	runtime.KeepAlive(s)
}

// statusOf finds a line of what Linux says of a process.
func statusOf(status []byte, name string) int {
	_, rest, _ := bytes.Cut(status, []byte(name))
	n, _ := strconv.Atoi(strings.Fields(string(rest))[0])
	return n
}

// startFigures is what a process that starts says of itself, once it has answered.
type startFigures struct {
	Routes          int
	Ready, CPU      time.Duration // until the first answer; CPU is that of the whole process
	Held            time.Duration // how long updates waited for a snapshot
	RSS, Peak, File int           // KiB, KiB, bytes
}

// tableAlone is the cache as an archive of one table.
type tableAlone struct{ *archive.Fetcher }

func (a tableAlone) PlayTable(ctx context.Context, collector string, _ time.Time, dump int, emit func(*route.Update) error, heard archive.Heard) (time.Time, []checks.Gap, error) {
	return a.Fetcher.PlayTable(ctx, collector, worldtest.Began, dump, emit, heard)
}

func (a tableAlone) PlayChanges(_ context.Context, since map[string]time.Time, _ time.Time, _ func(*route.Update) error, _ archive.Heard) (map[string]time.Time, []checks.Gap, error) {
	return since, nil, nil
}
