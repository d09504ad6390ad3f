package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// The life of a loss of answers: it opens and ends as a loss of routes does, and nothing
// but an answer ends it.
func TestApplySilence(t *testing.T) {
	for _, tc := range []struct {
		name, script string
		end          time.Duration
		want         string
	}{
		{"a silence", "0s up 4/4 hosts 34/34 \n 10m degraded 4/4 hosts 3/34 \n 30m up 4/4 hosts 33/34", 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			35m0s updated KP-20141222-1 outage recovering r2 up 4/4
			50m0s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-30m0s degraded 4/4 x1`},
		{"collectors have no say in it", "0s up hosts 34/34 \n 10m degraded 4/4 hosts 3/34 collectors 1/3", time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4`},
		{"they have in a loss of routes, silent or not", "0s up hosts 34/34 \n 10m degraded 3/4 hosts 3/34 collectors 1/3", time.Hour, ""},
		{"that nothing can be probed any more ends nothing", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 3/34
			30m up unprobed
			5h degraded 4/4 hosts 3/34
			6h up hosts 34/34`, 8 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			31m0s updated KP-20141222-1 outage open r2 unknown 4/4
			5h1m0s updated KP-20141222-1 outage open r3 degraded 4/4
			6h5m0s updated KP-20141222-1 outage recovering r4 up 4/4 quiet
			6h20m0s resolved KP-20141222-1 outage resolved r5 up 4/4 10m0s-6h0m0s degraded 4/4 x1`},
		{"nor is it forgotten in between", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 3/34
			30m unknown
			40m up unprobed
			1h up hosts 34/34 undated`, 3 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			31m0s updated KP-20141222-1 outage open r2 unknown 0/4
			1h5m0s updated KP-20141222-1 outage recovering r3 up 4/4
			1h20m0s resolved KP-20141222-1 outage resolved r4 up 4/4 10m0s-1h0m0s degraded 4/4 x1`},
		{"a service that fails is not back either", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 34/34 failing
			30m up unprobed
			1h up hosts 34/34 undated`, 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			31m0s updated KP-20141222-1 outage open r2 unknown 4/4
			1h5m0s updated KP-20141222-1 outage recovering r3 up 4/4
			1h20m0s resolved KP-20141222-1 outage resolved r4 up 4/4 10m0s-1h0m0s degraded 4/4 x1`},
		{"routes that are back are, probed or not", `
			0s up hosts 34/34
			10m down hosts 0/34
			30m up unprobed`, 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 down 0/4
			35m0s updated KP-20141222-1 outage recovering r2 up 4/4
			50m0s resolved KP-20141222-1 outage resolved r3 up 4/4 10m0s-30m0s down 0/4 x1`},
		{"hosts that come and go are no news, more or less of it is", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 20/34
			20m degraded 4/4 hosts 15/34
			30m degraded 4/4 hosts 21/34
			40m degraded 4/4 hosts 1/34
			50m degraded 4/4 unprobed`, 70 * time.Minute, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			41m0s updated KP-20141222-1 outage open r2 degraded 4/4`},
		{"each fact changes by itself", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 1/34
			20m degraded 2/4 hosts 1/34
			30m degraded 2/4 hosts 33/34
			2h up hosts 33/34`, 150 * time.Minute, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			21m0s updated KP-20141222-1 outage open r2 degraded 2/4
			31m0s updated KP-20141222-1 outage open r3 degraded 2/4
			2h5m0s updated KP-20141222-1 outage recovering r4 up 4/4 quiet
			2h20m0s resolved KP-20141222-1 outage resolved r5 up 4/4 10m0s-2h0m0s degraded 2/4 x1`},
		{"announced, silent, withdrawn, back and answering", `
			0s up hosts 34/34
			10m degraded 4/4 hosts 1/34
			20m down hosts 0/34
			30m degraded 4/4 hosts 1/34
			40m up hosts 34/34`, 2 * time.Hour, `
			13m0s opened KP-20141222-1 outage open r1 degraded 4/4
			21m0s updated KP-20141222-1 outage open r2 down 0/4
			31m0s updated KP-20141222-1 outage open r3 degraded 4/4
			45m0s updated KP-20141222-1 outage recovering r4 up 4/4
			1h0m0s resolved KP-20141222-1 outage resolved r5 up 4/4 10m0s-40m0s down 0/4 x1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, step := range []time.Duration{0, 13 * time.Second} {
				_, changes := play(parse(t, tc.script), tc.end, step, DefaultPolicy())
				if step > 0 { // which only must not say more
					if got, want := len(changes), strings.Count(strings.TrimSpace(tc.want), "KP-"); got != want {
						t.Errorf("asked every %s there are %d changes, want %d:\n%s", step, got, want, logOf(changes))
					}
					continue
				}
				var want []string
				for line := range strings.Lines(strings.TrimSpace(tc.want)) {
					want = append(want, strings.TrimSpace(line))
				}
				if diff := cmp.Diff(strings.Join(want, "\n"), logOf(changes)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// What an incident keeps of answers and routes is what its end speaks of.
func TestSilenceDepth(t *testing.T) {
	for _, tc := range []struct {
		script, want string
		routes       bool
		hosts        uint64
	}{
		{"0s up hosts 34/34 \n 10m degraded 4/4 hosts 5/34 \n 20m degraded 4/4 hosts 2/34 \n 30m up hosts 34/34", "answering again after 20 min", false, 2},
		{"0s up hosts 34/34 \n 10m degraded 4/4 hosts 20/34 \n 30m up hosts 34/34", "answering again after 20 min (at worst 20 of 34 usual hosts answered)", false, 20},
		{"0s up hosts 34/34 \n 10m degraded 4/4 hosts 33/34 failing \n 30m up hosts 34/34", "serving again after 20 min", false, 33},
		{
			"0s up hosts 34/34 \n 10m degraded 4/4 hosts 2/34 \n 20m down hosts 0/34 \n 30m up hosts 34/34",
			"all 4 networks visible again and answering again after 20 min", true, 0,
		},
		{"0s up hosts 34/34 \n 10m degraded 3/4 hosts 34/34 \n 30m up hosts 34/34", "all 4 networks visible again after 20 min (at worst 3 of 4 IPv4 prefixes visible)", true, 0},
	} {
		life, changes := play(parse(t, tc.script), 2*time.Hour, 0, DefaultPolicy())
		last := changes[len(changes)-1]
		i := life.Outage
		if i.Routes != tc.routes || i.Answers.Hosts.Seen != tc.hosts {
			t.Errorf("%s: routes %t and %d hosts at worst, want %t and %d", tc.script, i.Routes, i.Answers.Hosts.Seen, tc.routes, tc.hosts)
		}
		if got, want := chat.Headline(last.Notice()), "BACK: North Korea (KP): "+tc.want; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.script, got, want)
		}
	}
}

// The end of a silence is not that of a loss of routes days before it.
func TestSilenceEndsAfterItBegan(t *testing.T) {
	l, _ := Life{}.Apply((&world{events: parse(t, "0s up hosts 34/34")}).at(0), DefaultPolicy())
	bad := (&world{events: parse(t, "0s degraded 4/4 hosts 1/34 undated")}).at(10 * time.Minute)
	l, _ = l.Apply(bad, DefaultPolicy())
	back := (&world{events: parse(t, "0s up hosts 34/34 undated")}).at(30 * time.Minute)
	back.End = checks.Interval{Half: day0.Add(-48 * time.Hour)}
	l, _ = l.Apply(back, DefaultPolicy())
	want := checks.Interval{After: day0.Add(10 * time.Minute), By: day0.Add(30 * time.Minute)}
	if l.LastReturn != want {
		t.Errorf("it came back %+v, want %+v", l.LastReturn, want)
	}
}

// A timeline has the silence, but not each host that comes and goes, nor each round of
// probes that does not count.
func TestSilenceTimeline(t *testing.T) {
	life, _ := play(parse(t, `
		0s up hosts 34/34
		5m up hosts 33/34
		7m up unprobed
		10m degraded 4/4 hosts 3/34
		11m degraded 4/4 hosts 2/34
		20m up hosts 31/34`), 30*time.Minute, 0, DefaultPolicy())
	var lines []string
	for line := range strings.Lines(chat.Timeline(life.Timeline, 0, 100)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	want := []string{
		"Timeline (UTC)",
		"2014-12-22 10:00:00  up        4 of 4 IPv4 prefixes, 34 of 34 hosts answer, via AS4837",
		"2014-12-22 10:10:00  degraded  4 of 4 IPv4 prefixes, 3 of 34 hosts answer, via AS4837",
		"2014-12-22 10:13:00  degraded  4 of 4 IPv4 prefixes, 2 of 34 hosts answer, via AS4837 ·",
		"KP-20141222-1 opened (outage)",
		"2014-12-22 10:20:00  up        4 of 4 IPv4 prefixes, 31 of 34 hosts answer, via AS4837",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The picture of a silence draws hosts: the prefixes stayed.
func TestChartOfSilence(t *testing.T) {
	life, changes := play(parse(t, `
		0s up hosts 34/34
		10m degraded 4/4 hosts 3/34
		30m up hosts 33/34`), time.Hour, 0, DefaultPolicy())
	last := changes[len(changes)-1]
	got := Chart(life, last.Incident, last.Notice())
	want := &chart.Data{
		Title: "North Korea (KP): usual hosts that answer", Unit: "hosts", From: day0, To: day0.Add(50 * time.Minute),
		Bands: []chart.Band{{Start: day0.Add(10 * time.Minute), End: day0.Add(30 * time.Minute)}},
	}
	var steps []chart.Step
	if got != nil {
		steps, got.Steps = got.Steps, nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	seen := map[uint64]bool{}
	for _, s := range steps {
		seen[s.Seen] = true
		if !s.Known || s.Of != 34 {
			t.Errorf("a step of %+v, want one of 34 hosts", s)
		}
	}
	if !seen[34] || !seen[3] || !seen[33] {
		t.Errorf("the line has %v, want 34, 3 and 33 hosts", seen)
	}
}

// The rules name the figures that a silence goes by, those of the test itself.
func TestRulesOfSilence(t *testing.T) {
	text := strings.Join((&Bot{c: Config{Policy: DefaultPolicy()}}).rules(), " ")
	for _, want := range []string{
		"20 s apart", "1 min apart", "6.90 (alpha 0.001, beta 0.01", "2 probes where 2 % usually go unanswered", "3 probes where 10 %", "5 probes where 20 %",
		"10 probes where 50 %", "3 vantage points in 3 networks on 2 continents", "80 % of them agree", "6 control hosts in 3 networks", "where 40 % of them",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the rules lack %q: %s", want, text)
		}
	}
}

// A digest says what was missing when nothing was known.
func TestBlindForWantOfProbes(t *testing.T) {
	all := checks.Count{Seen: 4, Of: 4}
	for _, tc := range []struct {
		m    chat.Moment
		want string
	}{
		{chat.Moment{At: day0, IPv4: all}, "no probes that say enough"},
		{chat.Moment{At: day0, IPv4: checks.Count{Of: 4}}, "no routing data that says enough"},
		{chat.Moment{At: day0}, "no routing data that says enough"},
	} {
		l := Life{Target: checks.Country("KP"), At: day0.Add(time.Hour), Timeline: []chat.Moment{tc.m}}
		want := []chat.Blind{{From: day0, To: day0.Add(time.Hour), Why: tc.want}}
		if diff := cmp.Diff(want, unseenIn(&l, day0, day0.Add(time.Hour), day0.Add(time.Hour))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.m, diff)
		}
	}
}
