package chat

import "time"

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
	// stands for is for the registries to say.
	Target string
	At     time.Time // Check: the moment asked about; zero for now
	Level  Level     // Subscribe
	Quiet  Hours     // Subscribe
	// Zone is the time zone given, nil for none.
	Zone     *time.Location // Subscribe, digests
	Duration time.Duration  // Mute
	Incident string         // Acknowledge, Annotate, Why, Details, ShowTimeline
	Text     string         // Mute's reason, Acknowledge's and Annotate's note
	// Hour and Minute are the local time of a digest, Day its weekday.
	Hour, Minute int
	Day          time.Weekday
}
