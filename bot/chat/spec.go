package chat

import (
	"slices"
	"strings"
)

// Source says where suggestions for a parameter come from; it is what [Complete]
// is asked for.
type Source string

// The sources.
const (
	SourceNone     Source = ""
	SourceTarget   Source = "target"       // countries, networks
	SourceOwn      Source = "subscription" // what the channel is subscribed to
	SourceIncident Source = "incident"     // IDs of incidents that the channel knows
	SourceZone     Source = "zone"         // time zones
)

// Spec is one command of the grammar. The table of them makes the parser, help,
// and what platforms register.
type Spec struct {
	Command string // "isitdown", "outages"
	Name    string // the subcommand: "subscribe"; "" for a command without any
	Verb    Verb   // of a digest the one that Parameters turn into another
	Help    string // one line, at most MaxHelp characters
	// Parameters stand in the order of the line, required ones first.
	Parameters []Parameter
	// Manages: it changes what the channel gets to see, so it needs the right to
	// manage the channel wherever the platform has one.
	Manages  bool
	Examples []string // lines without the slash
}

// MaxHelp is how many characters a line of help has: Discord's descriptions.
const MaxHelp = 100

// Parameter is one part of a command's line.
type Parameter struct {
	Name     string // lower case, at most 32 characters: "target"
	Help     string // one line, at most MaxHelp characters
	Word     string // as usage shows it: "TARGET", "level:down|degraded|any"
	Required bool
	Source   Source
	Choices  []string // the only values; nil for any
	form     form
}

// form is how a parameter stands in a line.
type form int

const (
	formTarget form = iota // quoted where it must be
	formWord               // as it is
	formOption             // "level:down"
	formAt                 // "at 2014-12-22T17:00Z"
	formFree               // the rest of the line
)

// verbWords are the subcommands that verbs have; the digest's share one.
var verbWords = [...]string{
	Subscribe: "subscribe", Unsubscribe: "unsubscribe", List: "list", Mute: "mute", Unmute: "unmute", Acknowledge: "ack",
	Annotate: "note", DigestDaily: "digest", DigestWeekly: "digest", DigestOff: "digest", Now: "now", Why: "why",
	Details: "details", ShowTimeline: "timeline", Help: "help",
}

func verbWord(v Verb) string { return verbWords[v] }

func digestWord(v Verb) string {
	switch v {
	case DigestDaily:
		return "daily"
	case DigestWeekly:
		return "weekly"
	}
	return "off"
}

// Commands gives the table of commands, in the order in which help shows them.
func Commands() []Spec {
	return slices.Concat(askingCommands(), watchingCommands(), tellingCommands())
}

func targetParameter(source Source, help string) Parameter {
	return Parameter{Name: "target", Word: "TARGET", Required: true, Source: source, Help: help}
}

func incidentParameter() Parameter {
	return Parameter{
		Name: "id", Word: "ID", Required: true, Source: SourceIncident, form: formWord,
		Help: "ID of an incident, as in KP-20141222-1",
	}
}

func zoneParameter(help string) Parameter {
	return Parameter{Name: "tz", Word: "tz:Asia/Seoul", Source: SourceZone, form: formOption, Help: help}
}

// askingCommands is /isitdown.
func askingCommands() []Spec {
	return []Spec{{
		Command: "isitdown", Verb: Check, Help: "Tell whether a country, network, prefix or host is announced and answering",
		Parameters: []Parameter{
			targetParameter(SourceTarget, "A country, a network (AS4837), a prefix, an address, a host, a URL, or world"),
			{Name: "at", Word: "at TIME", form: formAt, Help: "The moment to answer for, in UTC, as in 2014-12-22T17:00Z; now without it"},
		},
		Examples: []string{
			"isitdown KP", "isitdown north korea", "isitdown AS131279 at 2014-12-22T17:00Z", "isitdown 175.45.176.0/22",
			"isitdown example.org", "isitdown world",
		},
	}}
}

// watchingCommands are those that change what a channel gets to see.
func watchingCommands() []Spec {
	return []Spec{
		{
			Command: "outages", Name: "subscribe", Verb: Subscribe, Manages: true, Help: "Tell this channel of outages of a target",
			Parameters: []Parameter{
				targetParameter(SourceTarget, "A country, a network (AS4837), a prefix, an address, a host, a URL, or world"),
				{
					Name: "level", Word: "level:down|degraded|any", form: formOption, Choices: []string{"down", "degraded", "any"},
					Help: "From which state on; any tells of changes of upstream too. Default: degraded",
				},
				{Name: "quiet", Word: "quiet:22-07", form: formOption, Help: "Hours without messages, local time; one catch-up follows them"},
				zoneParameter("Time zone of quiet hours and local times; default: that of this channel, else UTC"),
			},
			Examples: []string{
				"outages subscribe KP", "outages subscribe north korea level:down", "outages subscribe AS131279 quiet:22-07 tz:Asia/Seoul",
				"outages subscribe world level:down",
			},
		},
		{
			Command: "outages", Name: "unsubscribe", Verb: Unsubscribe, Manages: true, Help: "Stop telling this channel of a target",
			Parameters: []Parameter{targetParameter(SourceOwn, "A target of this channel, or the ID of an incident of it")},
			Examples:   []string{"outages unsubscribe KP"},
		},
		{
			Command: "outages", Name: "list", Verb: List, Help: "Show what this channel is subscribed to, and what of it is open now",
			Examples: []string{"outages list"},
		},
		{
			Command: "outages", Name: "mute", Verb: Mute, Manages: true,
			Help: "Hold updates on a target back for a time; the closing notice still comes",
			Parameters: []Parameter{
				targetParameter(SourceOwn, "A target of this channel, or the ID of an incident of it"),
				{Name: "duration", Word: "DURATION", Required: true, form: formWord, Help: "For how long, as in 90m, 6h, 2d or 1w; at most 30 days"},
				{Name: "reason", Word: "REASON", form: formFree, Help: "Why, in your words; shown with your name"},
			},
			Examples: []string{"outages mute KP 6h", "outages mute north korea 2d planned work at our carrier"},
		},
		{
			Command: "outages", Name: "unmute", Verb: Unmute, Manages: true, Help: "End a mute early",
			Parameters: []Parameter{{
				Name: "target", Word: "TARGET", Source: SourceOwn,
				Help: "A target of this channel, or the ID of an incident of it; everything that is muted without it",
			}},
			Examples: []string{"outages unmute KP", "outages unmute"},
		},
		digestCommand(),
	}
}

func digestCommand() Spec {
	return Spec{
		Command: "outages", Name: "digest", Verb: DigestDaily, Manages: true, Help: "Send this channel a summary every day or every week",
		Parameters: []Parameter{
			{
				Name: "when", Word: "daily|weekly|off", Required: true, form: formWord, Choices: []string{"daily", "weekly", "off"},
				Help: "How often; off stops it",
			},
			{Name: "time", Word: "TIME", form: formWord, Help: "Local time of day, as in 08:00; needed unless it is off"},
			{
				Name: "day", Word: "DAY", form: formWord, Choices: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"},
				Help: "Weekday of a weekly one; default: mon",
			},
			{Name: "tz", Word: "TZ", Source: SourceZone, form: formWord, Help: "Time zone, as in Asia/Seoul; default: that of this channel, else UTC"},
		},
		Examples: []string{
			"outages digest daily 08:00 Asia/Seoul", "outages digest weekly 09:30 fri Europe/Berlin", "outages digest off",
		},
	}
}

// tellingCommands are those about incidents.
func tellingCommands() []Spec {
	id := incidentParameter()
	about := func(v Verb, help string) Spec {
		name := verbWord(v)
		return Spec{
			Command: "outages", Name: name, Verb: v, Help: help, Parameters: []Parameter{id},
			Examples: []string{"outages " + name + " KP-20141222-1"},
		}
	}
	return []Spec{
		{
			Command: "outages", Name: "ack", Verb: Acknowledge, Help: "Say in the thread that you have taken notice of an incident",
			Parameters: []Parameter{id, {Name: "note", Word: "NOTE", form: formFree, Help: "In your words; shown with your name and the time"}},
			Examples:   []string{"outages ack KP-20141222-1", "outages ack KP-20141222-1 calling our carrier"},
		},
		{
			Command: "outages", Name: "note", Verb: Annotate, Help: "Add your words to an incident: thread, timeline and digest show them as yours",
			Parameters: []Parameter{
				id,
				{Name: "text", Word: "TEXT", Required: true, form: formFree, Help: "In your words; shown with your name and the time"},
			},
			Examples: []string{"outages note KP-20141222-1 the carrier reports a fibre cut"},
		},
		{
			Command: "outages", Name: "now", Verb: Now, Help: "Show every incident that is open now, and what is down in the world",
			Examples: []string{"outages now"},
		},
		about(Why, "Show what the notices of an incident rest on, and what would add to it"),
		about(Details, "Show everything that is known of an incident, prefix by prefix"),
		about(ShowTimeline, "Show what could be seen in the course of an incident"),
		{
			Command: "outages", Name: "help", Verb: Help, Help: "Explain the commands",
			Parameters: []Parameter{{Name: "topic", Word: "COMMAND", form: formFree, Help: "One command, as in subscribe; all of them without it"}},
			Examples:   []string{"outages help", "outages help subscribe"},
		},
	}
}

// Title gives the command as it is called: "outages subscribe", "isitdown".
func (s Spec) Title() string {
	if s.Name == "" {
		return s.Command
	}
	return s.Command + " " + s.Name
}

// Usage gives the form of the whole line: "/outages mute TARGET DURATION [REASON]".
func (s Spec) Usage() string {
	words := []string{"/" + s.Title()}
	for _, p := range s.Parameters {
		word := p.Word
		if !p.Required {
			word = "[" + word + "]"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// Line writes the command line, without the slash, for values given one by one
// by the names of the parameters, as forms and option pickers give them.
// [ParseCommand] reads from it what was meant, or says what is wrong.
func (s Spec) Line(values map[string]string) string {
	l := line{words: []string{s.Title()}}
	for _, p := range s.Parameters {
		v := strings.TrimSpace(values[p.Name])
		if v == "" {
			continue
		}
		switch p.form {
		case formTarget:
			v = quoteTarget(v)
		case formWord:
			v = quoteWord(v)
		case formOption:
			v = p.Name + ":" + quoteWord(v)
		case formAt:
			v = "at " + v
		case formFree:
			v = quoteFree(v)
		}
		l.add(v)
	}
	return l.String()
}

// isOption reports whether key is that of an option, in either case.
func isOption(key string) bool {
	switch strings.ToLower(key) {
	case "level", "quiet", "tz":
		return true
	}
	return false
}

// specOf finds a subcommand of /outages.
func specOf(name string) (Spec, bool) {
	all := Commands()
	i := slices.IndexFunc(all, func(s Spec) bool { return s.Name != "" && strings.EqualFold(s.Name, name) })
	if i < 0 {
		return Spec{}, false
	}
	return all[i], true
}

// subcommands are the names of those of /outages.
func subcommands() []string {
	var names []string
	for _, s := range Commands() {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}
