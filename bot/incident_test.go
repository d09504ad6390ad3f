package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

func TestApply(t *testing.T) {
	for _, tc := range []struct {
		name, script string
		end          time.Duration
		want         string
	}{
		{"all is well", "0s up", 24 * time.Hour, ""},
		{"a loss of 179 s", "0s up \n 10m down \n 12m59s up", 2 * time.Hour, ""},
		{"a loss of 180 s", "0s up \n 10m down \n 13m0s down \n 13m1s up", 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			18m1s updated KP-20141222-1 outage recovering r2 up 4/4
			33m1s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-13m1s down 0/4 x1`},
		{"down from the first look", "0s down", time.Hour, `
			3m0s opened KP-20141222-1 outage open r1 down 0/4`},
		{"the night of 22 December", "0s up \n 6h15m down \n 15h46m up", 24 * time.Hour, `
			6h18m0s opened KP-20141222-1 outage open r1 down 0/4
			15h51m0s updated KP-20141222-1 outage recovering r2 up 4/4
			16h6m0s resolved KP-20141222-1 outage resolved r3 up 4/4 6h15m0s-15h46m0s down 0/4 x1`},
		{"one of two collectors sees it", "0s up \n 10m down collectors 1/2 \n 1h up", 2 * time.Hour, ""},
		{"then the second does", "0s up \n 10m down collectors 1/3 \n 15m down collectors 2/3", time.Hour, `
			15m0s opened KP-20141222-1 outage open r1 down 0/4`},
		{"there is but one collector", "0s up \n 10m down collectors 1/1", time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4`},

		{"degraded, then down, then degraded", "0s up \n 10m degraded \n 20m down \n 30m degraded \n 40m up", 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 3/4
			21m0s updated KP-20141222-1 outage open r2 down 0/4
			31m0s updated KP-20141222-1 outage open r3 degraded 3/4
			45m0s updated KP-20141222-1 outage recovering r4 up 4/4
			1h0m0s resolved KP-20141222-1 outage resolved r5 up 4/4 10m0s-40m0s down 0/4 x1`},
		{"counts that do not hold are not told", `
			0s up
			10m degraded 3/4
			15m degraded 2/4
			15m30s degraded 1/4
			16m degraded 2/4
			16m20s degraded 3/4
			30m degraded 3/4`, time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 3/4`},
		{"counts that hold are told, later ones when they hold for long", `
			0s up
			10m degraded 3/4
			20m degraded 2/4
			30m degraded 1/4
			40m degraded 3/4
			50m degraded 2/4
			90m down`, 110 * time.Minute, `
			13m0s opened KP-20141222-1 outage open r1 degraded 3/4
			21m0s updated KP-20141222-1 outage open r2 degraded 2/4
			31m0s updated KP-20141222-1 outage open r3 degraded 1/4
			1h20m0s updated KP-20141222-1 outage open r4 degraded 2/4
			1h31m0s updated KP-20141222-1 outage open r5 down 0/4`},

		{"a relapse while recovering", "0s up \n 10m down \n 30m up \n 40m down \n 50m up", 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			35m0s updated KP-20141222-1 outage recovering r2 up 4/4
			41m0s updated KP-20141222-1 outage open r3 down 0/4
			1h10m0s resolved KP-20141222-1 outage resolved r4 up 4/4 10m0s-50m0s down 0/4 x2`},
		{"up for less than 5 min is nothing", "0s up \n 10m down \n 30m up \n 34m59s down", time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4`},
		{"it reopens within the hour", "0s up \n 10m down \n 20m up \n 1h40m down \n 2h up", 4 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			25m0s updated KP-20141222-1 outage recovering r2 up 4/4
			40m0s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-20m0s down 0/4 x1
			1h43m0s updated KP-20141222-1 outage open r4 down 0/4
			2h20m0s resolved KP-20141222-1 outage resolved r5 up 4/4 10m0s-2h0m0s down 0/4 x2`},
		{"after the hour it is another one", "0s up \n 10m down \n 20m up \n 1h40m1s down \n 2h up", 4 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			25m0s updated KP-20141222-1 outage recovering r2 up 4/4
			40m0s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-20m0s down 0/4 x1
			1h43m1s opened KP-20141222-2 outage open r1 down 0/4
			2h5m0s updated KP-20141222-2 outage recovering r2 up 4/4
			2h20m0s resolved KP-20141222-2 outage resolved r3 up 4/4 1h40m1s-2h0m0s down 0/4 x1`},

		{"unknown opens nothing", "0s up \n 10m unknown", 24 * time.Hour, ""},
		{"unknown resolves nothing and is told once", "0s up \n 10m down \n 1h unknown \n 20h down", 22 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			1h1m0s updated KP-20141222-1 outage open r2 unknown 0/4
			20h1m0s updated KP-20141222-1 outage open r3 down 0/4`},
		{"unknown, then up", "0s up \n 10m down \n 1h unknown \n 2h up undated", 22 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			1h1m0s updated KP-20141222-1 outage open r2 unknown 0/4
			2h5m0s updated KP-20141222-1 outage recovering r3 up 4/4
			2h20m0s resolved KP-20141222-1 outage resolved r4 up 4/4 10m0s-2h0m0s down 0/4 x1`},
		{"unknown stops the clock of a loss", "0s up \n 10m down \n 12m unknown \n 1h down", 2 * time.Hour, `
			1h1m0s opened KP-20141222-1 outage open r1 down 0/4`},
		{"unknown stops the clock of a return", "0s up \n 10m down \n 20m up \n 30m unknown \n 1h up", 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			25m0s updated KP-20141222-1 outage recovering r2 up 4/4
			31m0s updated KP-20141222-1 outage recovering r3 unknown 0/4
			1h10m0s resolved KP-20141222-1 outage resolved r4 up 4/4 10m0s-20m0s down 0/4 x1`},
		{"a feed that comes and goes", `
			0s up
			10m down
			20m unknown
			25m down
			30m unknown
			35m down
			40m unknown
			45m down`, 60 * time.Minute, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			21m0s updated KP-20141222-1 outage open r2 unknown 0/4
			26m0s updated KP-20141222-1 outage open r3 down 0/4`},

		{"a new upstream", "0s up \n 10m up via 4837,20485", 24 * time.Hour, `
			13m0s upstream_changed [AS4837]->[AS4837 AS20485]`},
		{"a new upstream for 179 s", "0s up \n 10m up via 20485 \n 12m59s up", 24 * time.Hour, ""},
		{"no upstream visible is no new upstream", "0s up \n 10m up via 0", 24 * time.Hour, ""},
		{"a new upstream during an outage is told at its end", "0s up \n 10m down \n 20m up via 20485", 24 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			25m0s updated KP-20141222-1 outage recovering r2 up 4/4
			40m0s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-20m0s down 0/4 x1`},
		{"upstreams that take turns", `
			0s up
			10m up via 20485
			20m up
			30m up via 20485
			40m up
			50m up via 20485
			60m up
			70m up via 20485`, 3 * time.Hour, `
			13m0s upstream_changed [AS4837]->[AS20485]
			23m0s upstream_changed [AS20485]->[AS4837]
			1h40m0s upstream_changed [AS4837]->[AS20485]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, changes := play(parse(t, tc.script), tc.end, 0, Policy{})
			want := strings.TrimSpace(strings.ReplaceAll(tc.want, "\t", ""))
			if diff := cmp.Diff(want, logOf(changes)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnstable(t *testing.T) {
	quick := upFrom(flaps(10*time.Minute, 3*time.Hour, 5*time.Minute, time.Minute))
	held := append(quick, event{at: 3 * time.Hour, state: checks.Down}, event{at: 5 * time.Hour, state: checks.Up, seen: 4, via: []checks.ASN{4837}})
	again := append(quick, flaps(4*time.Hour, 5*time.Hour, 5*time.Minute, time.Minute)...)
	for _, tc := range []struct {
		name   string
		events []event
		want   string
	}{
		{"every five minutes", quick, `
			30m0s opened KP-20141222-1 unstable open r1 down 0/4
			1h30m0s updated KP-20141222-1 unstable open r2 down 0/4 quiet
			2h30m0s updated KP-20141222-1 unstable open r3 down 0/4 quiet
			3h30m0s updated KP-20141222-1 unstable open r4 up 4/4 quiet
			3h35m23s resolved KP-20141222-1 unstable resolved r5 up 4/4 10m0s-2h56m0s down 0/4 x34`},
		{"then a loss that holds", held, `
			30m0s opened KP-20141222-1 unstable open r1 down 0/4
			1h30m0s updated KP-20141222-1 unstable open r2 down 0/4 quiet
			2h30m0s updated KP-20141222-1 unstable open r3 down 0/4 quiet
			3h3m0s opened KP-20141222-2 outage open r1 down 0/4
			3h3m0s resolved KP-20141222-1 unstable resolved r4 down 0/4 quiet 10m0s-2h56m0s down 0/4 x34 then KP-20141222-2
			5h5m0s updated KP-20141222-2 outage recovering r2 up 4/4
			5h20m0s resolved KP-20141222-2 outage resolved r3 up 4/4 3h0m0s-5h0m0s down 0/4 x1`},
		{"again within the hour", again, `
			30m0s opened KP-20141222-1 unstable open r1 down 0/4
			1h30m0s updated KP-20141222-1 unstable open r2 down 0/4 quiet
			2h30m0s updated KP-20141222-1 unstable open r3 down 0/4 quiet
			3h30m0s updated KP-20141222-1 unstable open r4 up 4/4 quiet
			3h35m23s resolved KP-20141222-1 unstable resolved r5 up 4/4 10m0s-2h56m0s down 0/4 x34
			4h15m0s updated KP-20141222-1 unstable open r6 down 0/4
			5h15m0s updated KP-20141222-1 unstable open r7 up 4/4 quiet
			5h34m5s resolved KP-20141222-1 unstable resolved r8 up 4/4 10m0s-4h56m0s down 0/4 x46`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, changes := play(tc.events, 12*time.Hour, 0, Policy{})
			want := strings.TrimSpace(strings.ReplaceAll(tc.want, "\t", ""))
			if diff := cmp.Diff(want, logOf(changes)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// The penalty is capped so that a target is stable at most an hour after its
// last loss, however often it was lost.
func TestUnstableEndsWithinTheHour(t *testing.T) {
	events := upFrom(flaps(10*time.Minute, 3*time.Hour, 10*time.Second, 5*time.Second))
	last := events[len(events)-2].at
	_, changes := play(events, 12*time.Hour, 0, Policy{})
	end := changes[len(changes)-1]
	if end.Kind != chat.Resolved {
		t.Fatalf("the last change is %s, want a resolution", logLine(end))
	}
	if after := end.At.Sub(day0) - last; after > time.Hour+time.Second || after < 59*time.Minute {
		t.Errorf("stable %v after the last loss, want the hour that the cap allows", after)
	}
}

func TestIncidentFacts(t *testing.T) {
	_, changes := play(parse(t, "0s up \n 6h15m degraded 1/4 \n 7h down \n 15h46m up via 4837,20485"), 24*time.Hour, 0, Policy{})
	last := changes[len(changes)-1]
	i := last.Incident
	if got, want := numbers(i.Before), []checks.ASN{4837}; !cmp.Equal(got, want) {
		t.Errorf("upstreams before: got %v, want %v", got, want)
	}
	if got, want := numbers(i.After), []checks.ASN{4837, 20485}; !cmp.Equal(got, want) {
		t.Errorf("upstreams after: got %v, want %v", got, want)
	}
	if got, want := i.IPv4.Addresses, (checks.Count{Seen: 0, Of: 1024}); got != want {
		t.Errorf("addresses at worst: got %v, want %v", got, want)
	}
	for _, c := range changes {
		if back := c.Incident.Stage == Recovering; back != !c.WatchUntil.IsZero() {
			t.Errorf("%s: WatchUntil %v", logLine(c), c.WatchUntil)
		}
	}
	if got, want := changes[len(changes)-2].WatchUntil, last.At; !got.Equal(want) {
		t.Errorf("watched until %v, resolved at %v", got, want)
	}
	n := last.Notice()
	if n.Incident.ID != i.ID || n.Incident.Onset != i.Onset || n.Incident.Revision != i.Revision || n.Kind != chat.Resolved {
		t.Errorf("notice %+v does not say what the incident %+v does", n.Incident, i)
	}
}

// An undated loss lies between the last time that the target was seen up and the
// first time that it was not.
func TestUndatedLoss(t *testing.T) {
	_, changes := play(parse(t, "0s up \n 4m up \n 10m down undated"), time.Hour, 0, Policy{})
	want := checks.Interval{After: day0.Add(4 * time.Minute), By: day0.Add(10 * time.Minute)}
	if len(changes) != 1 || changes[0].Incident.Onset != want {
		t.Errorf("got %s, want one incident with onset %v", logOf(changes), want)
	}
}

// Nine in ten vantage points lose a route after half of them did: the onset that
// the incident opened with is completed by later verdicts, its time is not moved.
func TestOnsetIsCompleted(t *testing.T) {
	v := checks.Verdict{Target: checks.Country("KP"), State: checks.Down, At: day0}
	v.Onset.Half = day0
	l, _ := Life{}.Apply(v, Policy{})
	v.At = day0.Add(3 * time.Minute)
	l, _ = l.Apply(v, Policy{})
	v.At, v.Onset.Ninety = day0.Add(4*time.Minute), day0.Add(200*time.Second)
	l, _ = l.Apply(v, Policy{})
	if got := l.Outage.Onset; got != v.Onset {
		t.Errorf("onset %v, want %v", got, v.Onset)
	}
	moved := v
	moved.At, moved.Onset = day0.Add(5*time.Minute), checks.Interval{Half: day0.Add(5 * time.Minute)}
	l, _ = l.Apply(moved, Policy{})
	if got := l.Outage.Onset; got != v.Onset {
		t.Errorf("onset moved to %v, want %v", got, v.Onset)
	}
}

func TestApplyRefusesThePastAndOthers(t *testing.T) {
	l, _ := play(parse(t, "0s up \n 10m down"), time.Hour, 0, Policy{})
	old := checks.Verdict{Target: checks.Country("KP"), State: checks.Up, At: day0}
	other := checks.Verdict{Target: checks.Country("SY"), State: checks.Up, At: day0.Add(2 * time.Hour)}
	for _, v := range []checks.Verdict{old, other} {
		got, changes := l.Apply(v, Policy{})
		if diff := cmp.Diff(l, got, exporter); diff != "" || len(changes) > 0 {
			t.Errorf("%v at %v changed the life (-want +got):\n%s", v.Target, v.At, diff)
		}
	}
}

func TestNumber(t *testing.T) {
	s := step{}
	for _, tc := range []struct {
		target checks.Target
		day    int
		want   string
	}{
		{checks.Country("KP"), 0, "KP-20141222-1"},
		{checks.Country("KP"), 0, "KP-20141222-2"},
		{checks.Country("KP"), 1, "KP-20141223-1"},
		{checks.Country("KP"), 0, "KP-20141222-3"},
		{checks.Network(36867), 1, "AS36867-20141223-2"},
		{target(t, "175.45.176.0/22"), 2, "175.45.176.0_22-20141224-1"},
		{target(t, "2001:db8::/32"), 3, "2001_db8___32-20141225-1"},
	} {
		s.Target = tc.target
		if got := s.number(day0.AddDate(0, 0, tc.day)); got != tc.want {
			t.Errorf("number for %v: got %s, want %s", tc.target, got, tc.want)
		}
	}
}

func target(t *testing.T, s string) checks.Target {
	t.Helper()
	tg, err := checks.ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

func TestTimeline(t *testing.T) {
	l, _ := play(parse(t, "0s up \n 10m degraded 3/4 \n 10m51s up \n 20m up via 20485 \n 25m unknown \n 26m unknown \n 30m up via 20485"), time.Hour, time.Minute, Policy{})
	var got []string
	for _, m := range l.Timeline {
		got = append(got, strings.TrimSpace(m.At.Sub(day0).String()+" "+m.State.String()+" "+m.Note))
	}
	want := []string{"0s up", "10m0s degraded", "10m51s up", "20m0s up", "23m0s up upstream changed", "25m0s unknown", "30m0s up"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// The counter of an unstable spell stands for its losses.
func TestTimelineLeavesOutSpells(t *testing.T) {
	l, _ := play(upFrom(flaps(time.Minute, 10*time.Hour, 5*time.Minute, time.Minute)), 14*time.Hour, 0, Policy{})
	var notes []string
	for _, m := range l.Timeline {
		if m.Note != "" {
			notes = append(notes, m.Note)
		}
	}
	// One moment at the start, two for each of the four losses before it opened.
	if len(l.Timeline) > 11 || len(notes) != 2 || l.Unstable.Changes < 100 {
		t.Errorf("%d moments with notes %q for %d losses, want those before the spell, and that it opened and was resolved",
			len(l.Timeline), notes, l.Unstable.Changes)
	}
}

func TestTimelineIsBounded(t *testing.T) {
	events := upFrom(nil)
	for at := time.Minute; at < 10*time.Hour; at += time.Minute {
		events = append(events, event{at: at, state: checks.Degraded, seen: 1 + uint64(at/time.Minute)%3})
	}
	l, _ := play(events, 10*time.Hour, 0, Policy{})
	if len(l.Timeline) != MaxTimeline || l.Dropped == 0 {
		t.Errorf("%d moments kept, %d dropped; want %d kept and some dropped", len(l.Timeline), l.Dropped, MaxTimeline)
	}
	for i := 1; i < len(l.Timeline); i++ {
		if l.Timeline[i].At.Before(l.Timeline[i-1].At) {
			t.Fatalf("moment %d at %v comes after %v", i, l.Timeline[i].At, l.Timeline[i-1].At)
		}
	}
}
