package chat

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// Whatever is typed, the answer is a command that reads back as itself, or a
// sentence that is safe to show.
func FuzzParseCommand(f *testing.F) {
	for _, s := range Commands() {
		for _, e := range s.Examples {
			f.Add(e)
			f.Add("/" + strings.ToUpper(e))
		}
	}
	for _, s := range []string{
		`isitdown "a \"b\" \\" at 2014-12-22`, "outages mute “north korea” 1 d 12 h \"2 d\" x", `outages ack KP-20141222-1 "`,
		"outages subscribe quiet: 22-07 tz:\"Asia/Seoul\" KP level :any", "outages digest weekly tz:utc 9:05 sun", hostile,
		"outages note KP-20141222-1 \u200b\u00ad", "isitdown at at", "outages help \"level:down", "isitdown «a» at",
	} {
		f.Add(s)
	}
	now := utc("2026-11-22 12:00:00")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := ParseCommand(line, now)
		if err != nil {
			for _, r := range err.Error() {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
					t.Fatalf("%q: character %U in %q", line, r, err)
				}
			}
			if utf8.RuneCountInString(err.Error()) > 400 {
				t.Fatalf("%q: an error of %d bytes", line, len(err.Error()))
			}
			return
		}
		text := c.String()
		if len(text) > MaxLine {
			return // quoting has made it longer than may be typed
		}
		again, err := ParseCommand(text, now)
		if err != nil {
			t.Fatalf("%q is %+v, and that is %q: %v", line, c, text, err)
		}
		if diff := cmp.Diff(c, again, byName); diff != "" {
			t.Fatalf("%q is %q (-first +again):\n%s", line, text, diff)
		}
		if last := again.String(); last != text {
			t.Fatalf("%q is %q, then %q", line, text, last)
		}
	})
}

// pick gives one of list.
func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// Options that are given one by one, as a form gives them, make the line that says
// the same.
func TestSpecLine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	targets := []string{
		"KP", "at", "AT", "north korea", "AS 4837", "AS4837", "2001:db8::/32", "https://example.org/a?at=b", "6h", "level:down", "tz:", "help",
		`quo"te`, `back\slash`, `\"`, "“curly”", "a at 2014-12-22", "list", "for", "côte d'ivoire", "KP-20141222-1", "dead:beef::1", "x:y",
	}
	frees := []string{"", "6h", "2 d more", "plain words", `"quoted"`, `"a" and "b"`, `\`, "level:any", "“", "at 2014", "日本語 text"}
	for range 500 {
		for _, s := range Commands() {
			values, want := map[string]string{}, Command{Verb: s.Verb}
			for _, p := range s.Parameters {
				if !p.Required && r.IntN(2) == 0 {
					continue
				}
				choose(r, p, values, &want, targets, frees)
			}
			if values["when"] == "off" {
				values, want = map[string]string{"when": "off"}, Command{Verb: DigestOff}
			}
			line := s.Line(values)
			got, err := ParseCommand(line, time.Time{})
			if err != nil {
				t.Fatalf("%v make %q: %v", values, line, err)
			}
			if diff := cmp.Diff(want, got, byName); diff != "" {
				t.Fatalf("%v make %q (-want +got):\n%s", values, line, diff)
			}
		}
	}
}

// choose sets a value of a parameter and what it stands for.
func choose(r *rand.Rand, p Parameter, values map[string]string, want *Command, targets, frees []string) {
	switch p.Name {
	case "target":
		values["target"] = pick(r, targets...)
		want.Target = values["target"]
	case "at":
		values["at"], want.At = "2014-12-22 17:00", utc("2014-12-22 17:00:00")
	case "level":
		want.Level = Level(r.IntN(3))
		values["level"] = want.Level.String()
	case "quiet":
		values["quiet"], want.Quiet = " 22-07", Hours{22, 7}
	case "tz":
		values["tz"], want.Zone = "utc", time.UTC
	case "duration":
		values["duration"], want.Duration = "36h", 36*time.Hour
	case "reason", "note", "text", "topic":
		v := pick(r, frees...)
		if v == "" && p.Required {
			v = "x"
		}
		values[p.Name], want.Text = v, v
	case "id":
		values["id"], want.Incident = "KP-20141222-1", "KP-20141222-1"
	case "when":
		values["when"] = pick(r, p.Choices...)
		values["time"], want.Hour, want.Minute = "8:05", 8, 5
		if values["when"] == "weekly" {
			want.Verb, want.Day = DigestWeekly, time.Monday
		}
	case "day":
		if values["when"] == "weekly" {
			values["day"], want.Day = "sat", time.Saturday
		}
	}
}

// Values that no honest form sends make a sentence, or a target that is harmless.
func TestSpecLineHostile(t *testing.T) {
	for _, v := range []string{hostile, "a\nb", "\u202eKP", strings.Repeat("x", 100_000), `"`, `\`, "\x00"} {
		for _, s := range Commands() {
			values := map[string]string{}
			for _, p := range s.Parameters {
				values[p.Name] = v
			}
			c, err := ParseCommand(s.Line(values), time.Time{})
			if err == nil && (c.Target != "" && c.Target != clean(v) || c.Text != "" && c.Text != clean(v)) {
				t.Errorf("%s of %.40q is read as %+v", s.Title(), v, c)
			}
		}
	}
}

// The table is what platforms register: within their limits, and one with the
// parser.
func TestCommands(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Commands() {
		if seen[s.Title()] || s.Command != strings.ToLower(s.Command) || len(s.Name) > 32 {
			t.Errorf("%s: stands there twice, or has no name to register", s.Title())
		}
		seen[s.Title()] = true
		if s.Name != "" && verbWord(s.Verb) != s.Name {
			t.Errorf("%s: the verb says %q", s.Title(), verbWord(s.Verb))
		}
		helps := []string{s.Help}
		optional := false
		for _, p := range s.Parameters {
			helps = append(helps, p.Help)
			if p.Required && optional {
				t.Errorf("%s: %s is required and stands behind one that is not", s.Title(), p.Name)
			}
			optional = !p.Required
			if p.Name == "" || len(p.Name) > 32 || p.Name != strings.ToLower(p.Name) || p.Word == "" || len(p.Choices) > 25 {
				t.Errorf("%s: parameter %+v", s.Title(), p)
			}
			if p.form == formOption && !isOption(p.Name) {
				t.Errorf("%s: the parser does not know the option %s", s.Title(), p.Name)
			}
		}
		for _, h := range helps {
			if n := utf8.RuneCountInString(h); n == 0 || n > MaxHelp {
				t.Errorf("%s: help of %d characters: %q", s.Title(), n, h)
			}
		}
		if len(s.Examples) == 0 {
			t.Errorf("%s has no example", s.Title())
		}
		for _, e := range s.Examples {
			c, err := ParseCommand(e, time.Time{})
			if err != nil || verbWord(c.Verb) != s.Name {
				t.Errorf("%s: the example %q is %+v, %v", s.Title(), e, c, err)
			}
		}
	}
	for v := Check; v <= Help; v++ {
		if _, ok := specOf(verbWord(v)); !ok && v != Check {
			t.Errorf("verb %d (%s) is in no table", v, verbWord(v))
		}
	}
}
