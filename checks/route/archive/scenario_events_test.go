package archive

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/mrt"
)

// small is a scenario without events: 12 vantage points of which AS20 and AS21
// have two sessions each.
const small = `
start 2024-05-01T00:00Z
end 2024-05-01T06:00Z
watch AS900
collector one 10 11 12 13 14 15 20 21
collector two 20 21 22 23 24 25
transit 700 behind 10 600 601
transit 600 behind 22 602
network a origin 900 via 700 : 198.51.100.0/24
network b origin 901 via 700 800 : 203.0.113.0/24 2001:db8::/32
background 12 via 700
background 5
`

// docExample is the scenario that the documentation shows.
func docExample(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "```scenario\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("docs/scenarios.md shows no scenario")
	}
	return text
}

func TestScenarioOfTheDocumentation(t *testing.T) {
	s := mustParse(t, docExample(t))
	streams := mustStreams(t, s)
	for _, prefix := range []string{"198.51.100.0/24", "2001:db8::/32"} {
		list := swings(hear(t, streams, prefix), s.VantagePoints())
		got := make([]string, 0, 3)
		for _, sw := range list {
			got = append(got, fmt.Sprint(sw.lost, " ", sw.half.Format("15:04:05.000"), " ", sw.last.Sub(sw.first)))
		}
		want := []string{"false 00:00:00.000 0s", "true 02:00:00.000 1m30s"}
		if diff := cmp.Diff(got[:2], want); diff != "" {
			t.Errorf("%s (got, want):\n%s", prefix, diff)
		}
		if got, want := list[2].half.Format("15:04:05.000"), "02:30:00.000"; len(list) != 3 || got != want {
			t.Errorf("%s: back at %s, want %s", prefix, got, want)
		}
	}
}

func TestScenarioIsTheSameTwice(t *testing.T) {
	text := small + "2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T03:00Z\n"
	one, two := mustStreams(t, mustParse(t, text)), mustStreams(t, mustParse(t, text))
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}

func TestPaths(t *testing.T) {
	s := mustParse(t, small)
	tests := []struct {
		as   checks.ASN
		way  way
		want string
	}{
		{10, way{[]checks.ASN{700}, 900}, "10 700 900"}, // is a transit itself
		{22, way{[]checks.ASN{600}, 900}, "22 600 900"},
		{23, way{[]checks.ASN{600, 700}, 900}, "23 602 600 700 900"},       // one of two in front
		{10, way{[]checks.ASN{700, 800}, 901}, "10 700 800 901"},           // far to near
		{10, way{[]checks.ASN{750}, 900}, "10 750 900"},                    // no transit line: next to everybody
		{10, way{nil, 900}, "10 900"},                                      //
		{10, way{nil, 10}, "10"},                                           // its own route
		{700, way{[]checks.ASN{700}, 900}, "700 900"},                      //
		{800, way{[]checks.ASN{700, 800}, 901}, "800 901"},                 // no loop
		{10, way{[]checks.ASN{700, 800, 801, 800}, 901}, "10 700 800 901"}, //
	}
	for _, tt := range tests {
		if got := checks.MakePath(s.path(tt.as, tt.way)...).String(); got != tt.want {
			t.Errorf("path from %v by %v is %q, want %q", tt.as, tt.way, got, tt.want)
		}
	}
	for as := checks.ASN(1); as < 200; as++ {
		p := s.path(as, way{[]checks.ASN{700}, 900})
		if longer := s.longerPath(as, way{[]checks.ASN{700}, 900}); longer != nil && len(longer) <= len(p) {
			t.Errorf("the longer path %v from %v is no longer than %v", longer, as, p)
		}
		if next := p[1]; next != 10 && next != 600 && next != 601 && as != 10 && next != 602 && next != 22 {
			t.Errorf("path from %v is %v: not through a transit", as, p)
		}
	}
}

// holders gives who has a prefix at a time, by the last thing each session said.
func holders(list []heard, at time.Time) map[checks.ASN]string {
	has := map[checks.ASN]string{}
	for _, h := range list {
		if !h.at.After(at) {
			has[h.as] = h.path
		}
	}
	for as, path := range has {
		if path == "" {
			delete(has, as)
		}
	}
	return has
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	out, err := parseTime("2024-05-01T" + text + "Z")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestHalfAndExcept(t *testing.T) {
	s := mustParse(t, small+`
2024-05-01T02:00Z withdraw a over 60s except 3
2024-05-01T03:00Z announce a over 40s except 2
2024-05-01T05:00Z withdraw a over 0s
`)
	list := hear(t, mustStreams(t, s), "198.51.100.0/24")
	for _, tt := range []struct {
		at   string
		want int
	}{
		{"00:00:00", 12},
		{"01:59:41", 12},
		{"01:59:42", 11},
		{"01:59:59.999999", 7},
		{"02:00:00", 6},
		{"02:01:00", 3},
		{"02:59:59.999999", 5},
		{"03:00:00", 6}, // the three that kept it are half of the half
		{"03:01:00", 10},
		{"04:59:59.999999", 10},
		{"05:00:00", 0},
	} {
		if got := len(holders(list, at(t, tt.at))); got != tt.want {
			t.Errorf("%d vantage points have it at %s, want %d", got, tt.at, tt.want)
		}
	}
}

func TestNewWays(t *testing.T) {
	s := mustParse(t, small+`
2024-05-01T02:00Z withdraw a
2024-05-01T03:00Z announce a via 600 origin 902
2024-05-01T04:00Z move a via 700 except 4
2024-05-01T05:00Z move a origin 903
`)
	list := hear(t, mustStreams(t, s), "198.51.100.0/24")
	for _, tt := range []struct {
		at   string
		want map[string]int
	}{
		{"01:59:00", map[string]int{"700 900": 12}},
		{"02:01:00", map[string]int{}},
		{"02:59:59.999999", map[string]int{"600 902": 5}},
		{"03:01:00", map[string]int{"600 902": 12}},
		{"04:00:00", map[string]int{"600 902": 6, "700 902": 6}},
		{"04:01:00", map[string]int{"600 902": 4, "700 902": 8}},
		{"05:01:00", map[string]int{"700 903": 12}},
	} {
		got := map[string]int{}
		for _, path := range holders(list, at(t, tt.at)) {
			fields := strings.Fields(path)
			got[strings.Join(fields[len(fields)-2:], " ")]++
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("ends of paths at %s (got, want):\n%s", tt.at, diff)
		}
	}
}

// Some vantage points try a longer path first, for a few seconds, and all end
// with the usual one.
func TestHunting(t *testing.T) {
	s := kp2014(t)
	list := hear(t, mustStreams(t, s), kpPrefixes[0])
	usual, longer, since := map[checks.ASN]string{}, map[checks.ASN]bool{}, map[checks.ASN]time.Time{}
	hunts := map[checks.ASN]int{}
	for _, h := range list {
		switch {
		case usual[h.as] == "":
			usual[h.as] = h.path
		case longer[h.as]:
			if d := h.at.Sub(since[h.as]); d < time.Second || d > 4*time.Second {
				t.Errorf("AS%d has a longer path for %v at %v", h.as, d, h.at)
			}
			if h.path != "" && h.path != usual[h.as] {
				t.Errorf("AS%d goes from one longer path to another at %v", h.as, h.at)
			}
			longer[h.as] = false
		case h.path != "" && h.path != usual[h.as]:
			if len(strings.Fields(h.path)) <= len(strings.Fields(usual[h.as])) {
				t.Errorf("AS%d: %s is no longer than %s", h.as, h.path, usual[h.as])
			}
			longer[h.as], since[h.as] = true, h.at
			hunts[h.as]++
		}
	}
	if len(hunts) < 35 {
		t.Errorf("%d of 40 vantage points ever try a longer path", len(hunts))
	}
	for as, n := range hunts {
		if n > len(s.events)/2 {
			t.Errorf("AS%d tries a longer path %d times in %d events", as, n, len(s.events))
		}
	}
}

// sessionLog tells what one session of a stream did, routes counted.
func sessionLog(t *testing.T, st Stream, as checks.ASN, from time.Time) []string {
	t.Helper()
	r := mrt.NewReader(bytes.NewReader(st.Data))
	var log []string
	routes := 0
	flush := func() {
		if routes > 0 {
			log = append(log, fmt.Sprint(routes, " routes"))
		}
		routes = 0
	}
	for {
		rec, err := r.Next()
		if err != nil {
			flush()
			return log
		}
		if rec.PeerAS != as || rec.Time.Before(from) {
			continue
		}
		switch {
		case rec.Kind == mrt.KindStateChange:
			flush()
			log = append(log, fmt.Sprintf("%d to %d at %s", rec.OldState, rec.NewState, rec.Time.Format("15:04:05")))
		case rec.Kind == mrt.KindUpdate && rec.Update.EndOfRIB:
			flush()
			log = append(log, fmt.Sprint("end of ", rec.Update.EndOfRIBFamily.AFI))
		case rec.Kind == mrt.KindUpdate:
			routes += len(rec.Update.Announced) - 100*len(rec.Update.Withdrawn)
		}
	}
}

func TestSessions(t *testing.T) {
	s := mustParse(t, small+`
2024-05-01T05:40Z session down one 11
2024-05-01T05:45Z withdraw a
2024-05-01T05:50:00Z session up one 11
`)
	streams := mustStreams(t, s)
	got := sessionLog(t, streams[0], 11, at(t, "05:40:00"))
	// 17 background networks of 2 prefixes and network b; a was withdrawn unheard.
	want := []string{"6 to 1 at 05:40:00", "5 to 6 at 05:50:00", "36 routes", "end of 1", "end of 2", "4 routes"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("session of AS11 (got, want):\n%s", diff)
	}
	if has := holders(hear(t, streams, "198.51.100.0/24"), s.End); len(has) != 1 || has[11] == "" {
		t.Errorf("%v have not withdrawn the network, want AS11 alone, which was not there", has)
	}
}

// An AS with two sessions does the same on both, and is one vantage point.
func TestOneVote(t *testing.T) {
	s := mustParse(t, small+"2024-05-01T02:00Z withdraw a\n")
	if got := s.VantagePoints(); got != 12 {
		t.Errorf("%d vantage points, want 12", got)
	}
	for _, as := range []checks.ASN{20, 21} {
		var lost []time.Time
		for _, st := range mustStreams(t, s) {
			for _, h := range hear(t, []Stream{st}, "198.51.100.0/24") {
				if h.as == as && h.path == "" {
					lost = append(lost, h.at)
				}
			}
		}
		if len(lost) != 2 || !lost[0].Equal(lost[1]) {
			t.Errorf("AS%d withdraws at %v, want one time twice", as, lost)
		}
	}
}

func TestLargeNetwork(t *testing.T) {
	var b strings.Builder
	b.WriteString(strings.Replace(small, "background 5", "background 4000", 1))
	b.WriteString("network big origin 903 :")
	for i := range 400 {
		fmt.Fprintf(&b, " 100.%d.%d.0/24 2001:db8:%x::/48", 64+i/256, i%256, i+1)
	}
	b.WriteString("\n2024-05-01T02:00Z withdraw big\n")
	s := mustParse(t, b.String())
	if got, want := s.networks[2].messages(), 6; got != want {
		t.Errorf("the network takes %d messages, want %d", got, want)
	}
	streams := mustStreams(t, s)
	for _, prefix := range []string{"100.64.0.0/24", "100.65.143.0/24", "2001:db8:1::/48", "2001:db8:190::/48"} {
		list := swings(hear(t, streams, prefix), 12)
		if len(list) != 2 || !list[1].lost || !list[1].half.Equal(at(t, "02:00:00")) {
			t.Errorf("%s: %+v, want one loss at 02:00", prefix, list)
		}
	}
}

func TestFlap(t *testing.T) {
	s := mustParse(t, small+"2024-05-01T02:00Z flap b every 10m down 2m over 1m until 2024-05-01T04:00Z\n")
	list := swings(hear(t, mustStreams(t, s), "2001:db8::/32"), 12)[1:]
	if len(list) != 24 {
		t.Fatalf("%d losses and returns, want 24", len(list))
	}
	start := at(t, "02:00:00")
	late := make([]time.Duration, 0, 12)
	for i := 0; i < len(list); i += 2 {
		lost, back := list[i], list[i+1]
		if d := back.half.Sub(lost.half); !lost.lost || back.lost || d != 2*time.Minute {
			t.Errorf("loss %d lasts %v, want 2m", i/2, d)
		}
		late = append(late, lost.half.Sub(start.Add(time.Duration(i/2)*10*time.Minute)))
	}
	if late[0] != 0 || slices.Min(late) < 0 || slices.Max(late) >= 10*time.Minute/jitterPart {
		t.Errorf("the losses are late by %v, want 0 first and less than an eighth of 10m", late)
	}
	if slices.Max(late) == 0 {
		t.Error("no loss is late")
	}
}
