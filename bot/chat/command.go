package chat

import (
	"fmt"
	"strings"
	"time"
)

// Verb is what a command asks for.
type Verb int

// The verbs, in the order in which help shows them. Check is /isitdown; the rest
// are subcommands of /outages.
const (
	Check Verb = iota
	Subscribe
	Unsubscribe
	List
	Mute
	Unmute
	Acknowledge
	Annotate
	DigestDaily
	DigestWeekly
	DigestOff
	Now
	Why
	Details
	ShowTimeline
	Help
)

// Level is from which state on a subscription tells of an incident.
type Level int

// The levels. Any also tells of changes of upstream.
const (
	LevelDegraded Level = iota // the default: degraded and down
	LevelDown
	LevelAny
)

// String gives the word of the grammar: "degraded", "down", "any".
func (l Level) String() string { return [...]string{"degraded", "down", "any"}[l] }

// Hours is a part of the day, in the subscription's time zone: from From to To,
// whole hours, over midnight where To is before From. The zero value is none.
type Hours struct{ From, To int }

// Command is a line of the grammar, read. Which fields are set depends on the verb.
type Command struct {
	Verb Verb
	// Target is what was typed for one: a name, a number, an incident's id. What it
	// stands for is for the registries to say. Unmute without one is of everything
	// that is muted in the channel.
	Target string
	At     time.Time // Check: the moment asked about; zero for now
	Level  Level     // Subscribe
	Quiet  Hours     // Subscribe
	// Zone is the time zone given, nil for none.
	Zone     *time.Location // Subscribe, digests
	Duration time.Duration  // Mute
	Incident string         // Acknowledge, Annotate, Why, Details, ShowTimeline
	Text     string         // Mute's reason, Acknowledge's and Annotate's note, Help's topic
	// Hour and Minute are the local time of a digest, Day the weekday of a weekly
	// one.
	Hour, Minute int
	Day          time.Weekday
}

// String writes the command as one line without the slash, in the form that
// [ParseCommand] reads back as the same command, zones by their name.
func (c Command) String() string {
	var l line
	switch c.Verb {
	case Check:
		l.add("isitdown", quoteTarget(c.Target))
		if !c.At.IsZero() {
			l.add("at", c.At.UTC().Format(time.RFC3339Nano))
		}
		return l.String()
	case DigestDaily, DigestWeekly, DigestOff:
		l.add("outages digest", digestWord(c.Verb))
	default:
		l.add("outages", verbWord(c.Verb))
	}
	switch c.Verb {
	case Subscribe:
		l.add(quoteTarget(c.Target))
		if c.Level != LevelDegraded {
			l.add("level:" + c.Level.String())
		}
		if c.Quiet != (Hours{}) {
			l.add("quiet:" + c.Quiet.String())
		}
		if c.Zone != nil {
			l.add("tz:" + quoteWord(c.Zone.String()))
		}
	case Unsubscribe, Unmute:
		l.add(quoteTarget(c.Target))
	case Mute:
		l.add(quoteTarget(c.Target), durationWord(c.Duration), quoteFree(c.Text))
	case Acknowledge, Annotate:
		l.add(quoteTarget(c.Incident), quoteFree(c.Text))
	case Why, Details, ShowTimeline:
		l.add(quoteTarget(c.Incident))
	case DigestWeekly:
		l.add(strings.ToLower(c.Day.String()[:3]))
		fallthrough
	case DigestDaily:
		l.add(fmt.Sprintf("%02d:%02d", c.Hour, c.Minute))
		if c.Zone != nil {
			l.add(quoteWord(c.Zone.String()))
		}
	case Help:
		l.add(quoteFree(c.Text))
	}
	return l.String()
}

// line joins words, leaving out empty ones.
type line struct{ words []string }

func (l *line) add(words ...string) {
	for _, w := range words {
		if w != "" {
			l.words = append(l.words, w)
		}
	}
}

func (l *line) String() string { return strings.Join(l.words, " ") }

// String gives the form of the grammar: "22-07"; "" for none.
func (h Hours) String() string {
	if h == (Hours{}) {
		return ""
	}
	return fmt.Sprintf("%02d-%02d", h.From, h.To)
}
