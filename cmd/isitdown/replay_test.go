package main

import (
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

const caveat = "Reconstruction from published times, not recorded BGP."

// What was published of 21 to 23 December 2014 (methods: docs/scenarios.md) must
// come out of the data that the scenario makes of it, in every run as the same bytes.
func TestReplayNorthKorea2014(t *testing.T) {
	notShort(t)
	t.Parallel()
	first, stderr, code := isitdown(t, "replay", "--json", "kp-2014")
	if code != exitUp {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	asPublishedOf2014(t, replayed(t, first))
	if second, _, _ := isitdown(t, "replay", "--json", "kp-2014"); second != first {
		t.Error("two runs differ")
	}
}

func asPublishedOf2014(t *testing.T, lines []line) {
	t.Helper()
	kinds := map[string]chat.IncidentRecord{}
	loud := 0
	for _, l := range lines {
		if !strings.Contains(l.Text, caveat) {
			t.Errorf("%s %s: the text does not say that it is a reconstruction", l.At, l.Change)
		}
		if l.Incident != nil {
			kinds[*l.Incident] = *l.Facts
			if !l.Quiet {
				loud++
			}
		}
	}
	if len(kinds) != 3 {
		t.Fatalf("%d incidents, want an unstable one and two outages", len(kinds))
	}
	night := kinds["KP-20141222-1"]
	around(t, "onset of the night", night.Onset.Half, "2014-12-22T16:15:00Z", time.Minute)
	around(t, "end of the night", night.End.Half, "2014-12-23T01:46:00Z", time.Minute)
	if minutes := *night.Seconds / 60; minutes < 569 || minutes > 573 {
		t.Errorf("the night took %d minutes, want 571 within 2", minutes)
	}
	if night.Worst != "down" || !*night.SameUpstream {
		t.Errorf("worst %s, same upstream as before %v, want down, true", night.Worst, *night.SameUpstream)
	}
	if u := night.UpstreamBefore; len(u) != 1 || u[0].ASN != "AS4837" || u[0].ShareBefore != 1 {
		t.Errorf("upstream before %+v, want AS4837 on all paths", u)
	}
	if got := night.Depth.IPv4; (got.Prefixes != chat.CountRecord{Seen: 0, Of: 4}) || (got.Addresses != chat.CountRecord{Seen: 0, Of: 1024}) {
		t.Errorf("depth %+v, want 4 of 4 prefixes and 1,024 addresses", got)
	}
	second := kinds["KP-20141223-1"]
	around(t, "onset of the second", second.Onset.Half, "2014-12-23T15:41:00Z", time.Minute)
	around(t, "end of the second", second.End.Half, "2014-12-23T16:12:00Z", time.Minute)

	unstable := kinds["KP-20141221-1"]
	if unstable.Kind != "unstable" || unstable.Losses < 100 || unstable.FollowedBy == nil || *unstable.FollowedBy != "KP-20141222-1" {
		t.Errorf("the day before: %+v, want one unstable incident with its count, followed by the outage", unstable)
	}
	if loud > 7 {
		t.Errorf("%d messages for three days, want at most 7", loud)
	}
}

// around checks a time against what it should be.
func around(t *testing.T, what string, got *time.Time, want string, within time.Duration) {
	t.Helper()
	w, err := time.Parse(time.RFC3339, want)
	if err != nil {
		t.Fatal(err)
	}
	if got == nil || got.Sub(w).Abs() > within {
		t.Errorf("%s: %v, want %s within %v", what, got, want, within)
	}
}

// The notices of the embedded scenario, as a person reads them.
func TestReplayGolden(t *testing.T) {
	notShort(t)
	t.Parallel()
	stdout, _, code := isitdown(t, "replay", "kp-2014")
	if code != exitUp {
		t.Fatalf("exit code %d", code)
	}
	golden(t, "testdata/replay-kp-2014.golden", stdout)
	for text := range strings.Lines(stdout) {
		if n := len([]rune(strings.TrimSuffix(text, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, text)
		}
	}
}

// A replay that stops in the midst of an incident says that it is open.
func TestReplayEndsWithAnOpenIncident(t *testing.T) {
	notShort(t)
	t.Parallel()
	stdout, _, _ := isitdown(t, "replay", "kp-2014", "--at", "2014-12-22T10:00Z")
	if want := "with KP-20141221-1 still open:"; !strings.Contains(stdout, want) {
		t.Errorf("the end does not say %q", want)
	}
}
