package chat

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// byName compares zones by their names.
var byName = cmp.Comparer(func(a, b *time.Location) bool {
	return a == nil && b == nil || a != nil && b != nil && a.String() == b.String()
})

func TestParseCommand(t *testing.T) {
	seoul, berlin := location(t, "Asia/Seoul"), location(t, "Europe/Berlin")
	night := utc("2014-12-22 17:00:00")
	for _, tc := range []struct {
		line string
		want Command
	}{
		{"isitdown KP", Command{Target: "KP"}},
		{"/isitdown KP", Command{Target: "KP"}},
		{"  /IsItDown\t north   korea ", Command{Target: "north korea"}},
		{`isitdown "north korea"`, Command{Target: "north korea"}},
		{"isitdown “north korea”", Command{Target: "north korea"}},
		{"isitdown côte d'ivoire", Command{Target: "côte d'ivoire"}},
		{"isitdown AS 4837", Command{Target: "AS 4837"}},
		{"isitdown 175.45.176.0/22", Command{Target: "175.45.176.0/22"}},
		{"isitdown 2001:db8::1", Command{Target: "2001:db8::1"}},
		{"isitdown dead:beef::1", Command{Target: "dead:beef::1"}},
		{"isitdown https://example.org:8443/a?b=c", Command{Target: "https://example.org:8443/a?b=c"}},
		{"isitdown check KP", Command{Target: "KP"}},
		{"isitdown check example.org at 2014-12-22T17:00Z", Command{Target: "example.org", At: night}},
		{"isitdown check at 2014-12-22T17:00Z", Command{Target: "check", At: night}},
		{`isitdown "check" KP`, Command{Target: "check KP"}},
		{"isitdown check", Command{Target: "check"}},
		{"isitdown KP at 2014-12-22T17:00Z", Command{Target: "KP", At: night}},
		{"isitdown KP AT 2014-12-22T18:00:00+01:00", Command{Target: "KP", At: night}},
		{"isitdown north korea at 2014-12-22 17:00", Command{Target: "north korea", At: night}},
		{"isitdown at", Command{Target: "at"}}, // Austria
		{"isitdown at at 2014-12-22 17:00:00", Command{Target: "at", At: night}},
		{`isitdown "somewhere at sea"`, Command{Target: "somewhere at sea"}},
		{`isitdown "help"`, Command{Target: "help"}},
		{"isitdown help", Command{Verb: Help}},
		{"outages", Command{Verb: Help}},
		{"help", Command{Verb: Help}},
		{"outages help mute", Command{Verb: Help, Text: "mute"}},

		{"outages subscribe KP", Command{Verb: Subscribe, Target: "KP"}},
		{
			"/outages subscribe north korea level:down quiet:22-07 tz:Asia/Seoul",
			Command{Verb: Subscribe, Target: "north korea", Level: LevelDown, Quiet: Hours{22, 7}, Zone: seoul},
		},
		{
			"outages SUBSCRIBE tz: asia/seoul north LEVEL:Any korea quiet: 22:00-7",
			Command{Verb: Subscribe, Target: "north korea", Level: LevelAny, Quiet: Hours{22, 7}, Zone: seoul},
		},
		{`outages subscribe "level:down"`, Command{Verb: Subscribe, Target: "level:down"}},
		{"outages subscribe KP quiet:0-24 ", Command{}},
		{"outages subscribe KP quiet:18-24", Command{Verb: Subscribe, Target: "KP", Quiet: Hours{18, 0}}},
		{"outages subscribe KP tz:utc", Command{Verb: Subscribe, Target: "KP", Zone: time.UTC}},
		{`outages subscribe KP tz:"Asia/Seoul"`, Command{Verb: Subscribe, Target: "KP", Zone: seoul}},
		{"outages unsubscribe KP-20141222-1", Command{Verb: Unsubscribe, Target: "KP-20141222-1"}},
		{"outages list", Command{Verb: List}},
		{"outages now ", Command{Verb: Now}},
		{"outages mute KP 6h", Command{Verb: Mute, Target: "KP", Duration: 6 * time.Hour}},
		{"outages mute KP-20141222-1 6h", Command{Verb: Mute, Target: "KP-20141222-1", Duration: 6 * time.Hour}},
		{"outages mute KP for 90 minutes", Command{Verb: Mute, Target: "KP", Duration: 90 * time.Minute}},
		{
			"outages mute north korea 1 d 12 h planned \"work\", see 2 d before",
			Command{Verb: Mute, Target: "north korea", Duration: 36 * time.Hour, Text: "planned \"work\", see 2 d before"},
		},
		{`outages mute KP 6h "2 days of work"`, Command{Verb: Mute, Target: "KP", Duration: 6 * time.Hour, Text: "2 days of work"}},
		{"outages mute AS 4837 1w 1 reason", Command{Verb: Mute, Target: "AS 4837", Duration: 7 * 24 * time.Hour, Text: "1 reason"}},
		{`outages mute "6h" 2h`, Command{Verb: Mute, Target: "6h", Duration: 2 * time.Hour}},
		{"outages unmute", Command{Verb: Unmute}},
		{"outages unmute north korea", Command{Verb: Unmute, Target: "north korea"}},
		{"outages ack KP-20141222-1", Command{Verb: Acknowledge, Incident: "KP-20141222-1"}},
		{
			"outages ack 175.45.176.0_22-20141222-12 it's 5\" of water, level:high \"here",
			Command{Verb: Acknowledge, Incident: "175.45.176.0_22-20141222-12", Text: `it's 5" of water, level:high "here`},
		},
		{"outages note KP-20141222-1\nfirst line\nsecond", Command{Verb: Annotate, Incident: "KP-20141222-1", Text: "first line second"}},
		{`outages note KP-20141222-1 "all of it"`, Command{Verb: Annotate, Incident: "KP-20141222-1", Text: "all of it"}},
		{`outages note KP-20141222-1 "a" and "b"`, Command{Verb: Annotate, Incident: "KP-20141222-1", Text: `"a" and "b"`}},
		{"outages digest daily 08:00", Command{Verb: DigestDaily, Hour: 8}},
		{"outages digest daily 8:05 Asia/Seoul", Command{Verb: DigestDaily, Hour: 8, Minute: 5, Zone: seoul}},
		{"outages digest weekly 09:30 europe/berlin FRI", Command{Verb: DigestWeekly, Hour: 9, Minute: 30, Day: time.Friday, Zone: berlin}},
		{"outages digest weekly 9:30 tz:Europe/Berlin", Command{Verb: DigestWeekly, Hour: 9, Minute: 30, Day: time.Monday, Zone: berlin}},
		{"outages digest off", Command{Verb: DigestOff}},
		{"outages why KP-20141222-1", Command{Verb: Why, Incident: "KP-20141222-1"}},
		{"outages details KP-20141222-1", Command{Verb: Details, Incident: "KP-20141222-1"}},
		{"outages timeline KP-20141222-1", Command{Verb: ShowTimeline, Incident: "KP-20141222-1"}},
	} {
		got, err := ParseCommand(tc.line, utc("2026-11-22 12:00:00"))
		if (err != nil) != (tc.want == Command{}) {
			t.Errorf("%q: %v", tc.line, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got, byName); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.line, diff)
		}
	}
}

// Every refusal is one sentence that says what to do.
func TestParseCommandRefuses(t *testing.T) {
	for line, say := range map[string]string{
		"":                                         `"/outages help" shows every command`,
		"/":                                        `"/outages help"`,
		"KP":                                       `ask "/isitdown KP"`,
		"isitdwon KP":                              `did you mean "/isitdown"?`,
		"outage list":                              `did you mean "/outages"?`,
		"subscribe KP":                             `did you mean "/outages subscribe"?`,
		"isitdown":                                 `as in "/isitdown KP"`,
		"isitdown list":                            `did you mean "/outages list"?`,
		"isitdown subscribe KP":                    `did you mean "/outages subscribe"?`,
		"isitdown KP at":                           "a time is missing",
		"isitdown KP at noon":                      `"noon" is no time: write it as in 2014-12-22T17:00Z`,
		"isitdown KP at 1970-01-01":                "give a time from 1980",
		"isitdown KP at 2026-11-23":                `"2026-11-23" is still to come: give a time before now, which is 2026-11-22T12:00Z`,
		"isitdown KP level:down":                   "isitdown takes no level",
		`isitdown "north korea`:                    "a quote has no end",
		"outages sbscribe KP":                      `did you mean "/outages subscribe"?`,
		"outages unsub KP":                         `did you mean "/outages unsubscribe"?`,
		"outages acknowledge KP-20141222-1":        `did you mean "/outages ack"?`,
		"outages frobnicate":                       `"/outages help" shows them all`,
		"outages subscribe":                        `say which target, as in "/outages subscribe KP"`,
		"outages subscribe level:down":             "say which target",
		"outages subscribe KP level:dwon":          "did you mean level:down?",
		"outages subscribe KP level:":              "write level:down, level:degraded or level:any",
		"outages subscribe KP lvl:down":            "did you mean level:?",
		"outages subscribe KP colour:red":          "the options are level:, quiet: and tz:",
		"outages subscribe KP level:any level:x":   "level stands there twice",
		"outages subscribe KP quiet:night":         "as in quiet:22-07",
		"outages subscribe KP quiet:22-22":         "must end at another hour",
		"outages subscribe KP quiet:22-25":         "the hours 0 to 24",
		"outages subscribe KP quiet:22:30-07:00":   "two whole hours",
		"outages subscribe KP tz:Seoul":            "did you mean Asia/Seoul?",
		"outages subscribe KP tz:new_york":         "did you mean America/New_York?",
		"outages subscribe KP tz:Local":            "no time zone that is known here",
		"outages subscribe KP tz:../../etc/hosts":  "no time zone that is known here",
		"outages subscribe KP tz:KST":              "as in tz:Asia/Seoul",
		"outages unsubscribe":                      `as in "/outages unsubscribe KP"`,
		"outages unsubscribe KP level:down":        "takes no level",
		"outages list all":                         `"all" is too much for outages list`,
		"outages mute":                             "say which target",
		"outages mute KP":                          "say for how long",
		"outages mute 6h":                          "say for how long",
		"outages mute KP 30s":                      "at least 1 minute",
		"outages mute KP 31d":                      "at most 30 days",
		"outages mute KP 999999999w999999999w":     "at most 30 days",
		"outages mute KP 0h":                       "at least 1 minute",
		"outages ack":                              "say which incident by its ID",
		"outages ack KP":                           `"/outages now" lists those that are open`,
		"outages note KP-20141222-1":               "say what to note",
		"outages why KP-20141222-1 now":            `"now" is too much`,
		"outages digest":                           "say when",
		"outages digest hourly 08:00":              "daily, weekly or off",
		"outages digest daily":                     "at what local time",
		"outages digest daily 8":                   "write hour and minute, as in 08:00",
		"outages digest daily 24:00":               "no time of day",
		"outages digest daily 08:00 09:00":         "twice",
		"outages digest daily 08:00 friday":        "a daily digest has no weekday",
		"outages digest weekly 08:00 Mars/Base":    "no time zone that is known here",
		"outages digest off 08:00":                 "too much",
		"isitdown K\x00P":                          "invisible control characters",
		"isitdown K\x1b[2JP":                       "invisible control characters",
		"isitdown \u202eKP":                        "invisible control characters",
		"outages note KP-20141222-1 a\u2066b":      "invisible control characters",
		"isitdown K\xffP":                          "not valid UTF-8",
		"isitdown " + strings.Repeat("x", 100_000): "too long",
	} {
		c, err := ParseCommand(line, utc("2026-11-22 12:00:00"))
		switch {
		case err == nil:
			t.Errorf("%.60q is read as %+v", line, c)
		case !strings.Contains(err.Error(), say):
			t.Errorf("%.60q: %q does not say %q", line, err, say)
		case strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 300:
			t.Errorf("%.60q: not a sentence: %q", line, err)
		case c != Command{}:
			t.Errorf("%.60q: a command beside an error: %+v", line, c)
		}
	}
}

func TestMeant(t *testing.T) {
	for line, want := range map[string]string{
		"subscrib KP": "/outages subscribe KP", "lst": "/outages list", "hlep": "/outages help", "sub north korea": "/outages subscribe north korea",
		"": "", "KP": "", "x y z": "", "Ruritania": "", "mute\u202e KP": "/outages mute KP",
	} {
		if got := Meant(line); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}
