package chat

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The least and the most that a target can be muted for: without an end nobody
// would notice that it is.
const (
	MinMute = time.Minute
	MaxMute = 30 * 24 * time.Hour
)

var (
	durations = regexp.MustCompile(`^(?:\d{1,9}[a-z]+)+$`)
	pieces    = regexp.MustCompile(`(\d+)([a-z]+)`)
)

// unitOf gives the length of a unit of time; zero for what is none.
func unitOf(word string) time.Duration {
	switch strings.ToLower(word) {
	case "s", "sec", "second", "seconds":
		return time.Second
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return 24 * time.Hour
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour
	}
	return 0
}

// aeon is where durations stop growing: far beyond anything that is allowed.
const aeon = 1000 * 24 * time.Hour

// parseDuration reads "90m", "6h", "1d12h"; ok is false for what is no duration.
func parseDuration(s string) (d time.Duration, ok bool) {
	s = strings.ToLower(s)
	if len(s) > 40 || !durations.MatchString(s) {
		return 0, false
	}
	for _, p := range pieces.FindAllStringSubmatch(s, -1) {
		unit := unitOf(p[2])
		n, err := strconv.ParseInt(p[1], 10, 64)
		if unit == 0 || err != nil {
			return 0, false
		}
		d = min(aeon, d+time.Duration(min(n, int64(aeon/unit)))*unit)
	}
	return d, true
}

// takeDuration takes a duration in one token or more from s: "6h", "6 h",
// "1 day 12 hours".
func takeDuration(s *scanner) (d time.Duration, ok bool) {
	for {
		ahead := *s
		t, more := ahead.next()
		if !more || t.quoted || t.key != "" {
			return d, ok
		}
		part, whole := parseDuration(t.text)
		if !whole {
			unit, _ := ahead.next()
			if unit.quoted || unit.key != "" {
				return d, ok
			}
			if part, whole = parseDuration(t.text + unit.text); !whole || unitOf(unit.text) == 0 {
				return d, ok
			}
		}
		d, ok = min(aeon, d+part), true
		s.rest = ahead.rest
	}
}

// durationWord writes d in its largest whole unit: "90m", "6h", "2d".
func durationWord(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{7 * 24 * time.Hour, "w"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d%u.unit == 0 && d > 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.word
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// The years that may be asked about: MRT knows none after lastYear (its 32 bits of
// seconds end in 2106), and none of its data is older than firstYear.
const firstYear, lastYear = 1980, 2105

// ParseTime reads a moment in RFC 3339, where seconds and zone may be left out;
// without a zone it is UTC. The error is one sentence that can be shown to a
// person.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
		"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() < firstYear || t.Year() > lastYear {
			return time.Time{}, fmt.Errorf("no routing data is of the year %d: give a time from %d to %d", t.Year(), firstYear, lastYear)
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%s is no time: write it as in 2014-12-22T17:00Z", quoted(text))
}

// quoted gives foreign text as it stands in a sentence.
func quoted(s string) string { return strconv.Quote(shorten(s, 80)) }

func parseLevel(s string) (Level, error) {
	words := []string{LevelDegraded.String(), LevelDown.String(), LevelAny.String()}
	for i, w := range words {
		if strings.EqualFold(s, w) {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("%s is no level: write level:down, level:degraded or level:any%s", quoted(s), meant(s, words, "level:"))
}

var hours = regexp.MustCompile(`^(\d{1,2})(?::00)?\s*[-–]\s*(\d{1,2})(?::00)?$`)

func parseHours(s string) (Hours, error) {
	m := hours.FindStringSubmatch(s)
	if m == nil {
		return Hours{}, fmt.Errorf("%s are no quiet hours: write two whole hours, as in quiet:22-07", quoted(s))
	}
	from, _ := strconv.Atoi(m[1]) // two digits always fit
	to, _ := strconv.Atoi(m[2])
	if from > 24 || to > 24 {
		return Hours{}, fmt.Errorf("%s are no quiet hours: a day has the hours 0 to 24, as in quiet:22-07", quoted(s))
	}
	if from %= 24; from == to%24 {
		return Hours{}, errors.New("quiet hours must end at another hour than they begin: write them as in quiet:22-07, or mute the target")
	}
	return Hours{From: from, To: to % 24}, nil
}

var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// regions are what the names of time zones of cities begin with.
var regions = [...]string{"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}

// parseZone reads the IANA name of a time zone, in either case.
func parseZone(s string) (*time.Location, error) {
	for _, name := range []string{s, strings.ToUpper(s), cityCase(s)} {
		if z := loadZone(name); z != nil {
			return z, nil
		}
	}
	hint := "write it as in tz:Asia/Seoul or tz:UTC"
	city := cityCase(s[strings.LastIndex(s, "/")+1:])
	for _, r := range regions {
		if z := loadZone(r + "/" + city); z != nil {
			hint = "did you mean " + z.String() + "?"
			break
		}
	}
	return nil, fmt.Errorf("%s is no time zone that is known here: %s", quoted(s), hint)
}

func loadZone(name string) *time.Location {
	if len(name) > 60 || !zoneName.MatchString(name) || strings.EqualFold(name, "local") {
		return nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return z
}

// cityCase writes the name of a zone as it is usually spelt: "America/New_York".
func cityCase(s string) string {
	begins := true
	return strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '_' || r == ' ' || r == '-':
			begins = true
			if r == ' ' {
				return '_'
			}
		case begins:
			begins = false
			return []rune(strings.ToUpper(string(r)))[0]
		default:
			return []rune(strings.ToLower(string(r)))[0]
		}
		return r
	}, s)
}

var clockTime = regexp.MustCompile(`^(\d{1,2}):(\d{2})$`)

// parseClock reads a time of day; ok is false for what is none.
func parseClock(s string) (hour, minute int, ok bool) {
	m := clockTime.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, false
	}
	hour, _ = strconv.Atoi(m[1])
	minute, _ = strconv.Atoi(m[2])
	return hour, minute, hour < 24 && minute < 60
}

// parseDay reads a weekday, at least its first three letters.
func parseDay(s string) (day time.Weekday, ok bool) {
	s = strings.ToLower(s)
	for d := time.Sunday; d <= time.Saturday; d++ {
		if len(s) >= 3 && strings.HasPrefix(strings.ToLower(d.String()), s) {
			return d, true
		}
	}
	return 0, false
}

var incidentID = regexp.MustCompile(`^[A-Za-z0-9._-]+-\d{8}-\d{1,6}$`)

// isIncident reports whether s has the form of an incident's ID.
func isIncident(s string) bool { return incidentID.MatchString(s) }

// meant gives ": did you mean ..?" for the word that is nearest to s, "" where
// none is near.
func meant(s string, words []string, prefix string) string {
	if w := nearest(s, words); w != "" {
		return "; did you mean " + prefix + w + "?"
	}
	return ""
}

// Meant gives the command that a line, asked as a target, was most likely meant to
// be, as it is typed: "/outages subscribe KP" for "subscrib KP". It is "" for none.
func Meant(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 || len(words[0]) < 3 {
		return ""
	}
	near := nearest(words[0], subcommands())
	if near == "" {
		return ""
	}
	return plain("/outages " + joinNonEmpty(" ", near, shorten(strings.Join(words[1:], " "), 60)))
}

// nearest gives the word that s was most likely meant to be, "" for none.
func nearest(s string, words []string) string {
	s = strings.ToLower(s)
	if len(s) > 20 || len(s) < 2 {
		return ""
	}
	best, least := "", 3
	for _, w := range words {
		d := distance(s, w)
		switch {
		case strings.HasPrefix(w, s) || strings.HasPrefix(s, w) && len(w) >= 3:
			d = min(d, 1)
		case d > len(w)/2:
			continue
		}
		if d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is the least number of characters to add, drop, replace or swap to
// make a from b.
func distance(a, b string) int {
	prev2, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev = prev, row
	}
	return prev[len(b)]
}
