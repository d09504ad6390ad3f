package chat

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"isitdown/checks"
)

// forbidden are the words that no notice may say of its own.
var forbidden = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\battack`),
	regexp.MustCompile(`(?i)\bhack(ed|er|ing)?\b`),
	regexp.MustCompile(`(?i)\bshut ?down`),
	regexp.MustCompile(`(?i)\bcut off\b`),
	regexp.MustCompile(`(?i)\bblack-?out`),
	regexp.MustCompile(`(?i)\bcensor`),
	regexp.MustCompile(`(?i)\bkill.?switch`),
	regexp.MustCompile(`(?i)\bblam(e|ed|ing)\b`),
	regexp.MustCompile(`(?i)\bresponsib(le|ility)\b`),
	regexp.MustCompile(`(?i)\bcaused by\b`),
	regexp.MustCompile(`(?i)\bculprit`),
	regexp.MustCompile(`(?i)\bconfirm(ed|s)?\b`),
	regexp.MustCompile(`(?i)\bthe internet\b|'s internet\b`),
	regexp.MustCompile(`(?i)\bddos\b|\bsabotage\b`),
}

var (
	likelihood = regexp.MustCompile(`(?i)\b(un)?likely\b|\bprobabl[ey]|\balmost certain|\bchances?\b|\bremote\b`)
	grade      = regexp.MustCompile(`(?i)\b(weak|moderate|strong)\b|\bevidence\b|\bconfidence\b`)
	onePlural  = regexp.MustCompile(`\b1 (prefixes|networks|addresses|vantage points|peers|collectors|losses|times|partial feeds|full feeds|days|others|moments)\b`)
	manySingle = regexp.MustCompile(`\b(0|[2-9]|[1-9][0-9,]*[0-9]) (prefix|network|vantage point|collector|loss|time|partial feed|full feed|moment)\b`)
	aPercent   = regexp.MustCompile(`[0-9] %`)
)

// rendered gives everything that is made of a notice, each piece on one line.
func rendered(t *testing.T, n Notice) map[string]string {
	t.Helper()
	record, err := json.Marshal(ChangeJSON(n))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, width := range []int{0, 40, 60, 80, 132} {
		text.WriteString(Text(n, width) + "\n")
	}
	return map[string]string{
		"headline": Headline(n),
		"quote":    Quote(n),
		"text":     strings.Join(strings.Fields(text.String()), " "),
		"record":   strings.Join(recordTexts(t, record), ". "),
	}
}

// recordTexts gives every text of a record, each on one line.
func recordTexts(t *testing.T, record []byte) []string {
	t.Helper()
	var all any
	if err := json.Unmarshal(record, &all); err != nil {
		t.Fatal(err)
	}
	var texts []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, strings.Join(strings.Fields(v), " "))
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(v[k])
			}
		}
	}
	walk(all)
	return texts
}

func TestForbiddenWords(t *testing.T) {
	for _, s := range samples(t) {
		for what, text := range rendered(t, s.notice) {
			for _, word := range forbidden {
				if m := word.FindString(text); m != "" {
					t.Errorf("%s: the %s says %q", s.name, what, m)
				}
			}
			for _, re := range []*regexp.Regexp{onePlural, manySingle} {
				if m := re.FindString(text); m != "" {
					t.Errorf("%s: the %s says %q", s.name, what, m)
				}
			}
			for sentence := range strings.SplitSeq(text, ". ") {
				if likelihood.MatchString(sentence) && grade.MatchString(sentence) {
					t.Errorf("%s: the %s mixes likelihood and evidence: %q", s.name, what, sentence)
				}
			}
		}
	}
}

// The golden files are linted as they are on disk: a file that nobody renders
// any more still must not say it.
func TestForbiddenWordsInGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.ReplaceAll(string(data), "\n> ", " ")), " ")
		for _, word := range forbidden {
			if m := word.FindString(text); m != "" {
				t.Errorf("%s says %q", f, m)
			}
		}
	}
}

// The lint must find what it looks for.
func TestLintFinds(t *testing.T) {
	for _, bad := range []string{
		"a DDoS attack", "was hacked", "shut down", "the shutdown", "is cut off", "a blackout", "censored", "kill switch",
		"to blame", "is responsible", "caused by", "the culprit", "was confirmed", "the Internet of Syria", "Syria's Internet",
	} {
		if !slices.ContainsFunc(forbidden, func(re *regexp.Regexp) bool { return re.MatchString(bad) }) {
			t.Errorf("%q passes", bad)
		}
	}
	for _, bad := range []string{"1 prefixes", "seen by 1 vantage points"} {
		if !onePlural.MatchString(bad) {
			t.Errorf("%q passes", bad)
		}
	}
	for _, bad := range []string{"2 prefix visible", "1,024 vantage point"} {
		if !manySingle.MatchString(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}

// Where there are fewer than 20 prefixes, no line of counts holds a percentage.
func TestNoPercentageOfFew(t *testing.T) {
	for _, s := range samples(t) {
		v := &s.notice.Verdict
		if v.IPv4.Prefixes.Of >= minPercent || v.IPv6.Prefixes.Of >= minPercent {
			continue
		}
		for line := range strings.Lines(Text(s.notice, 500)) {
			counts := strings.HasPrefix(line, "IPv") || strings.HasPrefix(line, "Depth")
			if counts && aPercent.MatchString(line) {
				t.Errorf("%s: a percentage of few: %q", s.name, line)
			}
		}
	}
}

// Every notice begins with its state word and has what none may lack.
func TestEveryNotice(t *testing.T) {
	for _, s := range samples(t) {
		text := Text(s.notice, Columns)
		word, _, _ := strings.Cut(text, " ")
		if !slices.Contains([]string{"DOWN", "DEGRADED", "UP", "UNKNOWN", "BACK", "UNSTABLE", "STABLE"}, word) {
			t.Errorf("%s begins with %q, want a state word", s.name, word)
		}
		head := Headline(s.notice)
		if !strings.HasPrefix(head, word+": ") {
			t.Errorf("%s: headline %q and text differ in the state word", s.name, head)
		}
		if n := len([]rune(head)); n > MaxHeadline {
			t.Errorf("%s: headline of %d characters", s.name, n)
		}
		for _, part := range []string{"\nNot known ", "\n> As of ", "\nEvidence "} {
			if part == "\nEvidence " && strings.Contains(text, "· evidence ") {
				continue
			}
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", s.name, part, text)
			}
		}
		for _, c := range s.notice.Caveats {
			if !strings.Contains(head+Quote(s.notice), c) || !strings.Contains(text, c) {
				t.Errorf("%s: the caveat %q is not in the quote and the text", s.name, c)
			}
		}
		if s.notice.Incident.ID != "" && !strings.Contains(text, s.notice.Incident.ID) {
			t.Errorf("%s does not name its incident", s.name)
		}
	}
}

func TestWidths(t *testing.T) {
	for _, s := range samples(t) {
		for _, width := range []int{40, 72, 80, 200} {
			for line := range strings.Lines(Text(s.notice, width)) {
				line = strings.TrimSuffix(line, "\n")
				if n := display(line); n > width {
					t.Errorf("%s at %d columns: a line of %d: %q", s.name, width, n, line)
				}
				if strings.HasSuffix(line, " ") || strings.Contains(line, nbsp) {
					t.Errorf("%s at %d columns: stray spaces in %q", s.name, width, line)
				}
			}
		}
	}
}

// hostile is foreign text that tries to reach the terminal or to break a line.
const hostile = "Evil\x1b[2J\x1b]0;owned\a NET\r\nDOWN: all\u202e\u200b \x9b31m\xff end\u2028x"

func TestForeignTextIsHarmless(t *testing.T) {
	for _, s := range samples(t) {
		n := s.notice
		v := &n.Verdict
		v.Name, v.Vantage.Source, v.Registered.Source = hostile, hostile, hostile
		v.Registered.Notes, v.Reasons, v.Raise = []string{hostile}, []string{hostile}, []string{hostile}
		v.Gaps = []checks.Gap{{Check: "route", Reason: hostile}, {Check: "reach", Reason: hostile}}
		v.Borders, v.LastHops = rename(v.Borders), rename(v.LastHops)
		n.Incident.UpstreamBefore, n.Incident.UpstreamAfter = rename(n.Incident.UpstreamBefore), rename(n.Incident.UpstreamAfter)
		n.Old, n.New = rename(n.Old), rename(n.New)
		n.Caveats = []string{hostile}
		n.Place.City = hostile
		lines := strings.Split(Text(n, Columns), "\n")
		for _, line := range append(lines, Headline(n), Quote(n)) {
			for _, r := range line {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
					t.Fatalf("%s: character %U in %q", s.name, r, line)
				}
			}
			if strings.HasPrefix(line, "DOWN: all") {
				t.Fatalf("%s: foreign text begins a line: %q", s.name, line)
			}
		}
		record, err := json.Marshal(ChangeJSON(n))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(record), `\u001b`) {
			t.Errorf("%s: an escape sequence in the record", s.name)
		}
	}
}

func rename(us []checks.Upstream) []checks.Upstream {
	us = slices.Clone(us)
	for i := range us {
		us[i].Name = hostile
		us[i].Behind = rename(us[i].Behind)
	}
	return us
}

// Long and wide names are cut, not the facts after them.
func TestLongAndWideNames(t *testing.T) {
	for _, name := range []string{strings.Repeat("very long name ", 40), strings.Repeat("朝鮮民主主義人民共和国", 9)} {
		v := kpDown("2014-12-22 17:00:08")
		v.Name = name
		n := Notice{Verdict: v}
		head := Headline(n)
		if len([]rune(head)) > MaxHeadline || !strings.Contains(head, "4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC") {
			t.Errorf("headline %q", head)
		}
		for line := range strings.Lines(Text(n, 40)) {
			if w := display(strings.TrimSuffix(line, "\n")); w > 40 {
				t.Errorf("a line of %d columns: %q", w, line)
			}
		}
	}
	v := checks.Verdict{Target: target("https://example.org/" + strings.Repeat("a-long-path/", 60)), At: utc("2026-11-22 11:16:00")}
	if n := len([]rune(Headline(Notice{Verdict: v}))); n > MaxHeadline {
		t.Errorf("headline of %d characters for a long URL", n)
	}
}
