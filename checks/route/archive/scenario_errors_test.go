package archive

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The first event behind the lines of small is line 13.
func TestScenarioErrors(t *testing.T) {
	edit := func(old, with string) string {
		if !strings.Contains(small, old) {
			t.Fatalf("small does not hold %q", old)
		}
		return strings.Replace(small, old, with, 1) + "2024-05-01T02:00Z withdraw a\n"
	}
	events := func(lines ...string) string { return small + strings.Join(lines, "\n") + "\n" }
	const withdraw = "2024-05-01T02:00Z withdraw a"
	tests := []struct {
		text, want string
	}{
		{edit("watch AS900", "whatch AS900"), `line 4: no line begins with "whatch"`},
		{edit("watch AS900", `watch "`), "line 4: the text has no closing quotation mark"},
		{edit("watch AS900", `watch ""`), "line 4: there is nothing between the quotation marks"},
		{edit("watch AS900", "watch"), "line 4: the line ends where a target should be"},
		{edit("watch AS900", "watch 1.2.3.0/33"), "line 4: "},
		{edit("watch AS900", "watch AS900\x00"), "line 4: there are characters in it that cannot be printed"},
		{edit("watch AS900", "# watch AS900"), "line 13: a line is missing: watch TARGET"},
		{edit("start 2024-05-01T00:00Z", "start 2024-05-01"), `line 2: "2024-05-01" is no time: write it as`},
		{edit("start 2024-05-01T00:00Z", "start 2024-05-01T00:00"), "line 2: "},
		{edit("start 2024-05-01T00:00Z", "start 1812-05-01T00:00Z"), "line 2: the year"},
		{edit("start 2024-05-01T00:00Z", "start 2024-05-01T00:00Z 7"), `line 2: "7" is one word too many`},
		{edit("start 2024-05-01T00:00Z", ""), "line 13: a line is missing: start TIME"},
		{edit("end 2024-05-01T06:00Z", "end 2024-05-01T00:00Z"), "line 13: the end is not after the start"},
		{edit("end 2024-05-01T06:00Z", "end 2024-05-01T06:00Z\nend 2024-05-01T07:00Z"), "line 4: end was said in line 3 already"},
		{edit("collector one 10", "collector one x"), `line 5: "x" is no AS number`},
		{edit("collector one 10", "collector one 10 10"), "line 5: AS10 is there twice"},
		{edit("collector two 20", "collector one 20"), "line 6: AS20 has a session with one already"},
		{edit("collector one", "collector o/e"), `line 5: "o/e" cannot name a collector`},
		{edit("transit 700 behind", "transit 700 behinds"), `line 7: there is "behinds" where "behind" should be`},
		{edit("transit 600 behind", "transit 700 behind"), "line 8: the transit of AS700 was said in line 7 already"},
		{edit("transit 600 behind 22", "transit 600 behind 700"), "line 13: the transit lines of AS700 lead round in a circle"},
		{edit("network a origin", "network a from"), `line 9: there is "from" where "origin" should be`},
		{edit("network a origin 900 via 700 :", "network a origin 900 via 700"), `line 9: there is "198.51.100.0/24" where ":" should be`},
		{edit("198.51.100.0/24", ""), "line 9: the line ends where a prefix should be"},
		{edit("198.51.100.0/24", "198.51.100.1/24"), "line 9: \"198.51.100.1/24\" has bits set beyond its length: did you mean 198.51.100.0/24?"},
		{edit("198.51.100.0/24", "203.0.113.0/24"), "line 10: 203.0.113.0/24 is there already"},
		{edit("198.51.100.0/24", "240.1.0.0/16"), "line 9: 240.1.0.0/16 lies in the space of the background"},
		{edit("198.51.100.0/24", "0.0.0.0/0"), "line 9: 0.0.0.0/0 is shorter than /8"},
		{edit("network b", "network a"), "line 10: network a was said in line 9 already"},
		{edit("background 5", "background 0"), `line 12: "0" is no number of networks`},
		{edit("background 5", "background 19999"), `line 12: "19999" is no number of networks`},
		{edit("background 12 via 700\nbackground 5\n", "background 11\n"), "line 12: 3 prefixes need a background of at least 12 networks"},
		{edit("background 5", "background 5\nas 900 Name"), "line 13: a text in quotation marks should be here"},
		{edit("background 5", "registered apnic kp 1.0.0.0/8 2001-01-01"), `line 12: "kp" is no country code`},
		{edit("background 5", "registered nic KP 1.0.0.0/8 2001-01-01"), `line 12: "nic" is no registry`},
		{edit("background 5", "registered apnic KP 2001:db8::/65 2001-01-01"), "line 12: 2001:db8::/65 is longer than the /64"},
		{edit("background 5", "registered apnic KP AS5 20010101"), `line 12: "20010101" is no date`},

		{events("2024-05-01T02:00Z"), "line 13: the line ends where withdraw, announce"},
		{events("2024-05-01T02:00Z explode a"), `line 13: "explode" is no event`},
		{events("2024-05-01T02:00Z withdraw c"), `line 13: there is no network "c"`},
		{events("2024-05-01T07:00Z withdraw a"), "line 13: the event is not between the start"},
		{events("2024-05-01T00:00Z withdraw a"), "line 13: the event is not between the start"},
		{events("2024-05-01T00:00:10Z withdraw a over 60s"), "which is not inside the scenario"},
		{events(withdraw, "2024-05-01T01:00Z announce a"), "line 14: the event is earlier than the one above it"},
		{events(withdraw, "2024-05-01T03:00Z withdraw a"), "line 14: a was withdrawn in line 13 already: announce it first"},
		{events(withdraw, "2024-05-01T03:00Z move a via 600"), "line 14: a was withdrawn in line 13 already"},
		{events(withdraw, "2024-05-01T03:00Z flap a every 7m down 90s until 2024-05-01T04:00Z"), "line 14: a was withdrawn in line 13: announce it before it flaps"},
		{events("2024-05-01T02:00Z announce a"), "line 13: a is announced already: to change how it is reached write move"},
		{events("2024-05-01T02:00Z move a"), "line 13: a moves to where it is"},
		{events(withdraw, "2024-05-01T02:00:30Z announce a"), "line 14: the event of a begins at 2024-05-01T02:00:07Z, 40s before that of line 13 is over"},
		{events(withdraw, "title \"late\""), "line 14: title lines come before the first event"},
		{events(withdraw + " over 2h"), "line 13: over: 2h0m0s is not between 0s and 1h0m0s"},
		{events(withdraw + " over soon"), `line 13: over: "soon" is no duration`},
		{events(withdraw + " except 7"), `line 13: except "7" is not possible: of 12 vantage points 1 to 6 may be left out`},
		{events(withdraw + " via 700"), `line 13: "via" is one word too many`},
		{events("2024-05-01T02:00Z flap a every 7m down 8m until 2024-05-01T03:00Z"), "line 13: down: 8m0s is not between 1s and 7m0s"},
		{events("2024-05-01T02:00Z flap a every 2m down 110s until 2024-05-01T03:00Z"), "line 13: down 1m50s every 2m0s is too quick"},
		{events("2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T01:00Z"), "line 13: until is not after"},
		{events("2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T02:01Z"), "line 13: until comes before the end of the first loss"},
		{events("2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T09:00Z"), "line 13: until is after the end"},
		{events("2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T03:00Z", "2024-05-01T02:20Z withdraw a"), "line 14: the event of a begins"},
		{events("2024-05-01T02:00Z session up one 10"), "line 13: the session of AS10 is up already"},
		{events("2024-05-01T02:00Z session down one 10", "2024-05-01T02:30Z session down one 10"), "line 14: the session of AS10 went down in line 13 already"},
		{events("2024-05-01T02:00Z session down one 10", "2024-05-01T02:00Z session up one 10"), "line 14: the session of AS10 changes twice at one time"},
		{events("2024-05-01T02:00Z session down two 10"), `line 13: AS10 has no session with a collector "two"`},
		{events("2024-05-01T02:00Z session left one 10"), `line 13: a session goes down or up, not "left"`},
		{strings.Replace(small, "end 2024", "end 2090", 1), "at the end: the scenario makes more than 2000000 routes and messages"},
		{"", "at the end: a line is missing: start TIME"},
	}
	for _, tt := range tests {
		_, err := ParseScenario("bad", strings.NewReader(tt.text))
		if err == nil {
			t.Errorf("no error, want %q", tt.want)
			continue
		}
		if got := err.Error(); !strings.HasPrefix(got, "reading scenario bad: ") || !strings.Contains(got, tt.want) {
			t.Errorf("error %q, want %q in it", got, tt.want)
		}
	}
}

func TestScenarioLimits(t *testing.T) {
	if _, err := ParseScenario("long", strings.NewReader(strings.Repeat("# nothing\n", 200_000))); err == nil || !strings.Contains(err.Error(), "longer than 1024 KiB") {
		t.Errorf("error for a long text: %v", err)
	}
	flaps := small + "2024-05-01T02:00Z flap a every 7m down 90s until 2024-05-01T05:00Z\n"
	limits := defaultLimits()
	limits.messages = 2000
	if _, err := parseScenario("many", strings.NewReader(flaps), limits); err == nil || !strings.Contains(err.Error(), "line 13: the scenario makes more than 2000") {
		t.Errorf("error for many messages: %v", err)
	}
	limits = defaultLimits()
	limits.bytes = 100_000
	s, err := parseScenario("large", strings.NewReader(flaps), limits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Streams(); !errors.Is(err, errScenarioSize) {
		t.Errorf("error for much data: %v", err)
	}
}

func TestScenariosOfTheProgram(t *testing.T) {
	names := Scenarios()
	if len(names) == 0 {
		t.Fatal("there is no embedded scenario")
	}
	for _, name := range names {
		if s, err := EmbeddedScenario(name); err != nil || s.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"kp-2015", "", "../scenario", "kp-2014.scenario"} {
		if _, err := EmbeddedScenario(name); !errors.Is(err, ErrNoScenario) || !strings.Contains(fmt.Sprint(err), "kp-2014") {
			t.Errorf("error for %q: %v", name, err)
		}
	}
}

// A text without a note still says what it is.
func TestScenarioNote(t *testing.T) {
	s := mustParse(t, small)
	if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "not recorded BGP") {
		t.Errorf("notes %q", s.Notes)
	}
	if s.Title != "test" || s.Delegated() != nil || s.ASNames() != nil {
		t.Errorf("a scenario that says little has title %q, list %q, names %q", s.Title, s.Delegated(), s.ASNames())
	}
}

func FuzzScenario(f *testing.F) {
	f.Add(small)
	f.Add(small + "2024-05-01T02:00Z withdraw a over 60s except 3\n2024-05-01T03:00Z announce a via 600 origin 902\n2024-05-01T04:00Z move a via 700\n")
	f.Add(small + "2024-05-01T02:00Z flap b every 10m down 2m over 1m until 2024-05-01T04:00Z\n")
	f.Add(small + "2024-05-01T02:00Z session down one 20\n2024-05-01T02:05Z session up one 20\n")
	f.Add("registered apnic KP 1.0.0.0/8 2001-01-01\nas 5 \"a \\\"b\\\"\" # c\nnote \"n\"\nsource \"s\"\ntitle \"t\"" + small)
	limits := scenarioLimits{text: 1 << 14, messages: 20_000, bytes: 4 << 20}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseScenario("fuzz", strings.NewReader(text), limits)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error is no single line: %q", err)
			}
			return
		}
		streams, err := s.Streams()
		if err != nil {
			if !errors.Is(err, errScenarioSize) {
				t.Fatal(err)
			}
			return
		}
		hear(t, streams, s.networks[0].prefixes[0].String()) // fails on a record that makes no sense
		s.Delegated()
		s.ASNames()
	})
}
