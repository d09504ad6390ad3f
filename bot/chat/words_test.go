package chat

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 1024: "1,024", 65536: "65,536", 1062046: "1,062,046",
		math.MaxUint64: "18,446,744,073,709,551,615",
	} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, tc := range []struct {
		part float64
		want string
	}{
		{0, "0 %"},
		{1, "100 %"},
		{.1 + .2 + .7, "100 %"},
		{.1 + .1 + .1 + .1 + .1 + .1 + .1 + .1 + .1 + .1, "100 %"},
		{.75, "75 %"},
		{1.0 / 7, "14 %"},
		{.004, "0.4 %"},
		{.0004, "less than 0.1 %"},
		{.994, "99 %"},
		{.9967, "99.6 %"},
		{.9999, "more than 99.9 %"},
	} {
		if got := plain(percent(tc.part)); got != tc.want {
			t.Errorf("percent(%v) = %s, want %s", tc.part, got, tc.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                  "0 s",
		51 * time.Second:              "51 s",
		119 * time.Second:             "119 s",
		2 * time.Minute:               "2 min",
		59 * time.Minute:              "59 min",
		time.Hour:                     "1 h",
		571 * time.Minute:             "9 h 31 min",
		47*time.Hour + 59*time.Minute: "47 h 59 min",
		48 * time.Hour:                "2 days",
		75*time.Hour + time.Minute:    "3 days 3 h",
	} {
		if got := plain(span(d)); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}

// What is printed as elapsed fits the minutes that are printed beside it.
func TestElapsed(t *testing.T) {
	from := utc("2014-12-22 16:15:50")
	for to, want := range map[string]string{
		"2014-12-22 16:16:10": "20 s",
		"2014-12-22 16:18:10": "3 min",
		"2014-12-23 01:46:05": "9 h 31 min",
	} {
		if got := plain(elapsed(from, utc(to))); got != want {
			t.Errorf("from %v to %s: %s, want %s", from, to, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	five, quarter := utc("2014-12-22 16:05:00"), utc("2014-12-22 16:15:30")
	for _, tc := range []struct {
		name string
		i    checks.Interval
		want string
	}{
		{"nothing known", checks.Interval{}, ""},
		{"half", checks.Interval{Half: quarter}, "since 22 Dec 2014 16:15 UTC"},
		{"half within a wide interval", checks.Interval{After: five, By: quarter, Half: quarter}, "since 22 Dec 2014 16:15 UTC"},
		{"an interval", checks.Interval{After: five, By: quarter}, "since some time between 22 Dec 2014 16:05 and 16:15 UTC"},
		{"over midnight", checks.Interval{After: five, By: utc("2014-12-23 00:10:00")}, "since some time between 22 Dec 2014 16:05 UTC and 23 Dec 2014 00:10 UTC"},
		{"a short interval", checks.Interval{After: quarter.Add(-time.Minute), By: quarter}, "since 22 Dec 2014 16:15 UTC"},
		{"first seen so", checks.Interval{By: quarter}, "since at least 22 Dec 2014 16:15 UTC"},
		{"last seen otherwise", checks.Interval{After: five}, "since some time after 22 Dec 2014 16:05 UTC"},
	} {
		if got := plain(since(tc.i, dated)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// The zone rules of the day count: Pyongyang was at UTC+8:30 from 15 August 2015
// to 4 May 2018.
func TestLocalTimes(t *testing.T) {
	pyongyang := Place{Zone: location(t, "Asia/Pyongyang"), City: "Pyongyang"}
	for _, tc := range []struct {
		name    string
		place   Place
		channel string
		at      string
		want    string
	}{
		{"no zone", Place{}, "", "2014-12-22 16:15:00", ""},
		{"the next day", pyongyang, "", "2014-12-22 16:15:00", "Tue 23 Dec 01:15 in Pyongyang"},
		{"the same day", pyongyang, "", "2014-12-23 01:46:00", "10:46 in Pyongyang"},
		{"half an hour off", pyongyang, "", "2017-10-01 09:07:51", "17:37 in Pyongyang"},
		{"the day before that", pyongyang, "", "2015-08-14 14:00:00", "23:00 in Pyongyang"},
		{"after it", pyongyang, "", "2018-05-05 09:00:00", "18:00 in Pyongyang"},
		{"a channel elsewhere", pyongyang, "America/New_York", "2014-12-23 01:46:00", "10:46 in Pyongyang · Mon 22 Dec 20:46 in America/New_York"},
		{"a channel with the same time", pyongyang, "Asia/Seoul", "2014-12-23 01:46:00", "10:46 in Pyongyang and Asia/Seoul"},
		{"the channel's zone is the place's", pyongyang, "Asia/Pyongyang", "2014-12-23 01:46:00", "10:46 in Pyongyang"},
		{"a channel in UTC", pyongyang, "UTC", "2014-12-23 01:46:00", "10:46 in Pyongyang"},
		{"summer time", Place{}, "Europe/Berlin", "2014-07-01 12:00:00", "14:00 in Europe/Berlin"},
		{"a place without a city", Place{Zone: location(t, "Asia/Damascus")}, "", "2012-11-29 10:26:00", "12:26 in Asia/Damascus"},
	} {
		n := Notice{Place: tc.place}
		if tc.channel != "" {
			n.ChannelZone = location(t, tc.channel)
		}
		if got := plain(n.local(utc(tc.at))); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"CHINA169":                    "CHINA169",
		"  a \t b\n":                  "a b",
		"\x1b[31mred\x1b[0m":          "[31mred[0m",
		"bell\a, nul\x00, c1\u009b1m": "bell, nul, c11m",
		"turn\u202eed\u2066":          "turned",
		"bad \xff byte":               "bad \ufffd byte",
		"朝鮮":                          "朝鮮",
		"Côte d'Ivoire":               "Côte d'Ivoire",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"a 16:15" + nbsp + "UTC b", 8, []string{"a", "16:15", "UTC b"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"x abcdefghij y", 4, []string{"x", "abcd", "efgh", "ij y"}},
		{"朝鮮民主 共和国", 8, []string{"朝鮮民主", "共和国"}},
		{"朝鮮民主", 5, []string{"朝鮮", "民主"}},
	} {
		got := wrap(tc.text, tc.width)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", tc.text, tc.width, diff)
		}
	}
}

func TestLists(t *testing.T) {
	abc := []string{"a", "b", "c"}
	for got, want := range map[string]string{
		list(nil):          "",
		list(abc[:1]):      "a",
		list(abc[:2]):      "a and b",
		list(abc):          "a, b and c",
		listSome(abc, 3):   "a, b and c",
		listSome(abc, 2):   "a, b and 1 more",
		someOf(4, 4):       "all four",
		someOf(1, 1):       "the one",
		someOf(2, 2):       "both",
		someOf(3, 4):       "three of the four",
		someOf(3, 40):      "3 of the 40",
		someOf(12, 12):     "all 12",
		sentence("a b"):    "A b.",
		sentence("A b."):   "A b.",
		sentence(""):       "",
		shorten("abc", 3):  "abc",
		shorten("abcd", 3): "ab…",
	} {
		if plain(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithArticle(t *testing.T) {
	for name, want := range map[string]string{
		"North Korea": "North Korea", "Syria": "Syria", "United States": "the United States", "DR Congo": "the DR Congo",
		"Republic of the Congo": "the Republic of the Congo", "Marshall Islands": "the Marshall Islands",
		"Central African Republic": "the Central African Republic", "Netherlands": "the Netherlands", "KP": "KP", "": "",
	} {
		if got := withArticle(name); got != want {
			t.Errorf("withArticle(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAllOf(t *testing.T) {
	for n, want := range map[uint64]string{2: "both", 3: "all 3", 1024: "all 1,024"} {
		if got := allOf(n); got != want {
			t.Errorf("allOf(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTimelineText(t *testing.T) {
	ms := []Moment{
		{At: utc("2022-04-21 02:00:00"), State: checks.Up, IPv4: checks.Count{Seen: 4, Of: 4}, Upstreams: []checks.ASN{134544}},
		{At: utc("2022-04-21 02:02:47"), State: checks.Degraded, IPv4: checks.Count{Seen: 3, Of: 4}, Upstreams: []checks.ASN{134544}},
		{At: utc("2022-04-21 02:03:38"), State: checks.Up, IPv4: checks.Count{Seen: 4, Of: 4}, IPv6: checks.Count{Seen: 1, Of: 1}, Upstreams: []checks.ASN{4837, 134544}},
		{At: utc("2022-04-21 02:09:00"), State: checks.Unknown, IPv4: checks.Count{Seen: 0, Of: 4}},
		{At: utc("2022-04-21 02:20:00"), State: checks.Down, IPv4: checks.Count{Of: 4}, Note: "KP-20220421-1 opened (outage)\x1b[0m"},
	}
	golden(t, "timeline.golden", []byte(Timeline(ms, 12, Columns)))
}

// FuzzText: whatever a registry or a file name holds, the text stays within its
// width, is valid UTF-8 and holds no control character but the line end.
func FuzzText(f *testing.F) {
	f.Add("North Korea", "RIPE RIS", "AS-NAME", 80)
	f.Add(hostile, hostile, hostile, 40)
	f.Add("朝鮮", "e\u0301\u0301", "\xff\xfe", 7)
	f.Fuzz(func(t *testing.T, name, source, as string, width int) {
		v := kpDown("2014-12-22 17:00:08")
		v.Name, v.Vantage.Source, v.Borders[0].Name = name, source, as
		v.Reasons = []string{as}
		n := Notice{Verdict: v, Caveats: []string{source}}
		text := Text(n, width)
		most := max(minColumns, width)
		if width <= 0 {
			most = Columns
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			t.Fatalf("not printable: %q", text)
		}
		for line := range strings.Lines(text) {
			if w := display(strings.TrimSuffix(line, "\n")); w > most {
				t.Fatalf("a line of %d columns, want at most %d: %q", w, most, line)
			}
		}
		if len([]rune(Headline(n))) > MaxHeadline {
			t.Fatalf("headline too long: %q", Headline(n))
		}
	})
}
