package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks/lab"
)

// envLabTimes names a file that times are added to, a JSON object a line.
const envLabTimes = "LAB_TIMES"

// labTimes are those of one loss by one feed.
type labTimes struct {
	Scenario string `json:"scenario"`
	Feed     string `json:"feed"`
	// First and Last are from the fault to the first and the last withdrawal that the feed
	// delivered, as it happened.
	First time.Duration `json:"first_ns"`
	Last  time.Duration `json:"last_ns"`
	// Notice is from the fault to the notice, in the time of the scenario.
	Notice time.Duration `json:"notice_ns"`
}

// measure notes how long the loss of a scenario took to be heard and to be told.
func (s *labScenario) measure(t *testing.T, rec *lab.Recording, plays map[string]*played) {
	t.Helper()
	i := slices.IndexFunc(rec.Moments, func(m lab.Moment) bool { return m.Name == s.times })
	if i < 0 {
		return
	}
	var list []labTimes
	for _, k := range lab.Kinds() {
		p := plays[k.Name]
		if p == nil {
			continue
		}
		times := labTimes{Scenario: s.id, Feed: k.Name}
		times.First, times.Last, _ = rec.Moments[i].Withdrawn(k.Name)
		if n := slices.IndexFunc(p.told, func(told labTold) bool { return told.moment == i && told.kind == "opened" }); n >= 0 {
			times.Notice = p.told[n].after
		}
		list = append(list, times)
	}
	t.Logf("from the fault\n%s", tableOf(list))
	if name := os.Getenv(envLabTimes); name != "" {
		addTimes(t, name, list)
	}
}

// addTimes adds to a file that other processes add to as well: in one piece.
func addTimes(t *testing.T, name string, list []labTimes) {
	t.Helper()
	var text []byte
	for _, times := range list {
		line, err := json.Marshal(times)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, line...), '\n')
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatalf("%s: %v", envLabTimes, err)
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		t.Fatalf("%s: %v", envLabTimes, err)
	}
}

// labTimesTable sums up all runs that are in a file.
func labTimesTable(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatalf("%s: %v", envLabTimes, err)
	}
	defer f.Close()
	var list []labTimes
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var times labTimes
		if err := json.Unmarshal(lines.Bytes(), &times); err != nil {
			t.Fatalf("%s: %q: %v", envLabTimes, lines.Text(), err)
		}
		list = append(list, times)
	}
	return tableOf(list)
}

// tableOf writes the median and the worst of each scenario and feed, as Markdown.
func tableOf(list []labTimes) string {
	type key struct{ scenario, feed string }
	by := map[key][]labTimes{}
	var keys []key
	for _, times := range list {
		k := key{times.Scenario, times.Feed}
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], times)
	}
	slices.SortStableFunc(keys, func(a, b key) int {
		return strings.Compare(fmt.Sprintf("%3s %s", a.scenario, a.feed), fmt.Sprintf("%3s %s", b.scenario, b.feed))
	})
	var b strings.Builder
	b.WriteString("| scenario | feed | runs | first withdrawal, p50 / worst | last withdrawal, p50 / worst | notice, p50 / worst |\n|---|---|---|---|---|---|\n")
	for _, k := range keys {
		runs := by[k]
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", k.scenario, k.feed, len(runs),
			spread(runs, time.Millisecond, func(l labTimes) time.Duration { return l.First }),
			spread(runs, time.Millisecond, func(l labTimes) time.Duration { return l.Last }),
			spread(runs, time.Second, func(l labTimes) time.Duration { return l.Notice }))
	}
	return b.String()
}

// spread writes the median and the worst of something.
func spread(runs []labTimes, unit time.Duration, of func(labTimes) time.Duration) string {
	var all []time.Duration
	for _, r := range runs {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return fmt.Sprintf("%v / %v", all[len(all)/2].Round(unit), all[len(all)-1].Round(unit))
}

func TestTableOfLabTimes(t *testing.T) {
	ms := time.Millisecond
	got := tableOf([]labTimes{
		{"E13", "bgp", 70 * ms, 80 * ms, 210 * time.Second},
		{"E1", "bgp", 90 * ms, 120 * ms, 210 * time.Second},
		{"E1", "bgp", 70 * ms, 110 * ms, 215 * time.Second},
		{"E1", "bgp", 80 * ms, 300 * ms, 210 * time.Second},
	})
	_, rows, _ := strings.Cut(got, "|---|\n")
	if want := "| E1 | bgp | 3 | 80ms / 90ms | 120ms / 300ms | 3m30s / 3m35s |\n| E13 | bgp | 1 | 70ms / 70ms | 80ms / 80ms | 3m30s / 3m30s |\n"; rows != want {
		t.Errorf("got\n%swant\n%s", rows, want)
	}
}
