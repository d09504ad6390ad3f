package archive

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/internal/mrt"
)

var kpPrefixes = [...]string{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"}

func kp2014(t *testing.T) *Scenario {
	t.Helper()
	s, err := EmbeddedScenario("kp-2014")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKP2014Declarations(t *testing.T) {
	s := kp2014(t)
	if diff := cmp.Diff(s.Notes, []string{"Reconstruction from published times, not recorded BGP."}); diff != "" {
		t.Errorf("notes (got, want):\n%s", diff)
	}
	if diff := cmp.Diff(s.Watch, []string{"KP"}); diff != "" {
		t.Errorf("watch (got, want):\n%s", diff)
	}
	if diff := cmp.Diff(s.Collectors(), []string{"rrc00", "rrc01", "route-views2"}); diff != "" {
		t.Errorf("collectors (got, want):\n%s", diff)
	}
	if got := s.VantagePoints(); got != 40 {
		t.Errorf("%d vantage points, want 40", got)
	}
	sources := strings.Join(s.Sources, "\n")
	for _, who := range []string{"Dyn Research", "@DynResearch", "Reuters", "ZDNet", "SC Magazine UK", "NPR", "APNIC"} {
		if !strings.Contains(sources, who) {
			t.Errorf("%s is not among the sources", who)
		}
	}
	behind := 0
	for _, o := range s.others {
		if o.way.via[0] == 4837 {
			behind++
		}
	}
	if behind != 61 {
		t.Errorf("%d other networks behind AS4837, want 61", behind)
	}
}

func TestKP2014Outages(t *testing.T) {
	s := kp2014(t)
	streams := mustStreams(t, s)
	want := []string{
		"16:15:00 on the 22nd, for 9h31m0s", // Dyn Research, Reuters
		"07:57:00 on the 23rd, for 55s",     // ZDNet: just before 08:00
		"15:41:00 on the 23rd, for 31m0s",   // Dyn Research, USA Today
	}
	for _, prefix := range kpPrefixes {
		list := swings(hear(t, streams, prefix), 40)
		if list[0].lost || !list[0].last.Equal(s.Start) {
			t.Fatalf("%s: not in all tables at the start: %+v", prefix, list[0])
		}
		var got []string
		for i := len(list) - 6; i < len(list); i += 2 {
			lost, back := list[i], list[i+1]
			got = append(got, lost.half.Format("15:04:05 on the 2")+map[int]string{22: "nd", 23: "rd"}[lost.half.Day()]+", for "+back.half.Sub(lost.half).String())
			if d := lost.half.Sub(lost.first); d > 45*time.Second {
				t.Errorf("%s: the first vantage point lost it %v before half of them", prefix, d)
			}
			if d := lost.ninety.Sub(lost.half); d > time.Minute {
				t.Errorf("%s: nine in ten lost it %v after half of them", prefix, d)
			}
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (got, want):\n%s", prefix, diff)
		}
	}
}

// The day before the outage is to be one unstable incident: no loss long enough
// for an outage of its own, and never a pause in which the penalty dies down.
func TestKP2014Instability(t *testing.T) {
	const half, enter, leave = 15 * time.Minute, 3000, 750
	list := swings(hear(t, mustStreams(t, kp2014(t)), kpPrefixes[0]), 40)
	flaps := list[1 : len(list)-6]
	penalty, last := 0.0, flaps[0].half
	var entered time.Time
	for i := 0; i < len(flaps); i += 2 {
		lost, back := flaps[i], flaps[i+1]
		if d := back.last.Sub(lost.first); d >= 150*time.Second {
			t.Errorf("the loss of %v lasts %v from the first vantage point to the last", lost.half, d)
		}
		if d := back.half.Sub(lost.half); d < 95*time.Second {
			t.Errorf("the loss of %v lasts %v: too short to be seen for 60 s once it has settled", lost.half, d)
		}
		penalty *= math.Exp2(-float64(lost.half.Sub(last)) / float64(half))
		if !entered.IsZero() && penalty < leave {
			t.Fatalf("the penalty has fallen to %.0f by %v", penalty, lost.half)
		}
		penalty, last = penalty+1000, lost.half
		if penalty >= enter && entered.IsZero() {
			entered = lost.half
		}
	}
	if entered.IsZero() || entered.Sub(flaps[0].half) > time.Hour {
		t.Errorf("the penalty of %d is reached at %v, the flaps began at %v", enter, entered, flaps[0].half)
	}
	outage := list[len(list)-6].half
	if rest := penalty * math.Exp2(-float64(outage.Sub(last))/float64(half)); rest < leave {
		t.Errorf("the penalty has fallen to %.0f when the outage begins", rest)
	}
	if d := outage.Sub(flaps[0].half); d < 24*time.Hour || flaps[0].half.Day() != 21 {
		t.Errorf("the flaps begin at %v, %v before the outage; want more than 24 h, on the 21st", flaps[0].half, d)
	}
	if n := len(flaps) / 2; n < 200 {
		t.Errorf("%d flaps, want some 240", n)
	}
}

// Every path to the networks goes through AS4837, no session is silent for long,
// and some session always speaks.
func TestKP2014Messages(t *testing.T) {
	var times []time.Time
	for _, st := range mustStreams(t, kp2014(t)) {
		r := mrt.NewReader(bytes.NewReader(st.Data))
		spoke := map[string]time.Time{}
		for e, err := range r.Elements() {
			if err != nil {
				t.Fatal(err)
			}
			peer := e.PeerAddr.String()
			if was, ok := spoke[peer]; ok && e.Time.Sub(was) > repeatEvery {
				t.Errorf("%s: %s is silent from %v to %v", st.Collector, peer, was, e.Time)
			}
			spoke[peer] = e.Time
			times = append(times, e.Time)
			if strings.HasPrefix(e.Prefix.String(), "175.45.") && e.Attributes != nil &&
				!strings.HasSuffix(e.Attributes.Path.String(), " 4837 131279") {
				t.Errorf("%s: path %v", st.Collector, e.Attributes.Path)
			}
		}
		if n, first := r.Problems(); n > 0 {
			t.Errorf("%s: %d problems, the first %v", st.Collector, n, first)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	for i := range times[1:] {
		if d := times[i+1].Sub(times[i]); d > 10*time.Second {
			t.Fatalf("all sessions are silent for %v from %v", d, times[i])
		}
	}
}

func TestKP2014Registered(t *testing.T) {
	s := kp2014(t)
	want := `2|apnic|20141221|2|19830101|20141221|+0000
apnic|*|asn|*|1|summary
apnic|*|ipv4|*|1|summary
apnic|*|ipv6|*|0|summary
apnic|KP|asn|131279|1|20091221|allocated
apnic|KP|ipv4|175.45.176.0|1024|20091221|allocated
`
	if diff := cmp.Diff(string(s.Delegated()), want); diff != "" {
		t.Errorf("delegated statistics (got, want):\n%s", diff)
	}
	var names map[string]string
	if err := json.Unmarshal(s.ASNames(), &names); err != nil {
		t.Fatal(err)
	}
	if got, want := names["4837"], "China Unicom"; got != want {
		t.Errorf("AS4837 is called %q, want %q", got, want)
	}
}
