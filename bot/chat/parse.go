package chat

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// ParseCommand reads a line of the grammar (docs/commands.md), with or without the
// slash. Now is what times are compared with: none may lie after it; the zero
// time compares with nothing. The error is one sentence that tells a person what
// to do.
func ParseCommand(line string, now time.Time) (Command, error) {
	s, err := newScanner(line)
	if err != nil {
		return Command{}, err
	}
	p := parser{s: s, now: now, said: map[string]bool{}}
	c, err := p.command()
	if err = cmp.Or(s.err, err); err != nil {
		return Command{}, err
	}
	return c, nil
}

// parser reads one line.
type parser struct {
	s    *scanner
	spec Spec
	now  time.Time
	said map[string]bool // options, to refuse the second of a kind
	c    Command
}

func (p *parser) command() (Command, error) {
	word, ok := p.s.next()
	name := strings.ToLower(strings.TrimPrefix(word.text, "/"))
	switch {
	case !ok:
		return Command{}, errors.New("say what to do, as in \"/isitdown KP\"; \"/outages help\" shows every command")
	case word.quoted:
	case name == "isitdown":
		p.spec = Commands()[0]
		return p.check()
	case name == "outages":
		return p.outages()
	case name == "help" && word.key == "":
		return Command{Verb: Help, Text: p.s.free()}, nil
	}
	if _, known := specOf(name); known && !word.quoted {
		return Command{}, fmt.Errorf("did you mean \"/outages %s\"?", name)
	}
	if near := nearest(name, []string{"isitdown", "outages"}); near != "" {
		return Command{}, fmt.Errorf("%s is no command: did you mean %q?", quoted(word.text), "/"+near)
	}
	return Command{}, fmt.Errorf("%s is no command: ask \"/isitdown %s\", or say \"/outages help\"",
		quoted(word.text), shorten(strings.Trim(word.text, quotes), 40))
}

func (p *parser) outages() (Command, error) {
	word, ok := p.s.next()
	if !ok {
		return Command{Verb: Help}, nil
	}
	spec, known := specOf(word.text)
	if !known || word.quoted || word.key != "" {
		hint := "\"/outages help\" shows them all"
		if near := nearest(word.text, subcommands()); near != "" {
			hint = fmt.Sprintf("did you mean \"/outages %s\"?", near)
		}
		return Command{}, fmt.Errorf("%s is nothing that /outages can do: %s", quoted(word.text), hint)
	}
	p.spec, p.c.Verb = spec, spec.Verb
	err := p.parameters()
	return p.c, err
}

// parameters reads what stands behind the subcommand.
func (p *parser) parameters() error {
	switch p.spec.Verb {
	case Subscribe, Unsubscribe, Unmute:
		return p.target(p.spec.Parameters[0].Required)
	case Mute:
		return p.mute()
	case Acknowledge, Annotate, Why, Details, ShowTimeline:
		return p.incident()
	case DigestDaily:
		return p.digest()
	case Help:
		p.c.Text = p.s.free()
		return nil
	}
	return p.end()
}

// example gives the first line that shows how it is done.
func (p *parser) example() string { return "/" + p.spec.Examples[0] }

// end refuses what is left over.
func (p *parser) end() error {
	if t, ok := p.s.next(); ok {
		return fmt.Errorf("%s is too much for %s: leave it out, as in %q", quoted(t.text), p.spec.Title(), p.example())
	}
	return nil
}

// check reads "TARGET [at TIME]". The last "at" begins the time, but the first
// word may be Austria.
func (p *parser) check() (Command, error) {
	var words []token
	at := 0
	for t, ok := p.s.next(); ok; t, ok = p.s.next() {
		if err := p.noOption(t); err != nil {
			return Command{}, err
		}
		if t.is("at") && len(words) > 0 {
			at = len(words)
		}
		words = append(words, t)
	}
	if len(words) == 0 {
		return Command{}, errors.New("say what to look at, as in \"/isitdown KP\", \"/isitdown AS4837\" or \"/isitdown example.org\"")
	}
	if words[0].is("check") && len(words) > 1 && at != 1 { // as it is said to the program
		words, at = words[1:], max(0, at-1)
	}
	if spec, ok := specOf(words[0].text); ok && !words[0].quoted {
		if spec.Verb == Help && len(words) == 1 {
			return Command{Verb: Help}, nil
		}
		return Command{}, fmt.Errorf("did you mean \"/outages %s\"?", spec.Name)
	}
	c := Command{Verb: Check}
	if at == 0 {
		c.Target = joined(words)
		return c, nil
	}
	c.Target = joined(words[:at])
	text := joined(words[at+1:])
	if text == "" {
		return Command{}, errors.New("a time is missing after \"at\": write it as in 2014-12-22T17:00Z")
	}
	when, err := ParseTime(text)
	if err != nil {
		return Command{}, err
	}
	if !p.now.IsZero() && when.After(p.now) {
		return Command{}, fmt.Errorf("%s is still to come: give a time before now, which is %s",
			quoted(text), p.now.UTC().Format("2006-01-02T15:04Z"))
	}
	c.At = when
	return c, nil
}

func joined(words []token) string {
	var list []string
	for _, w := range words {
		list = append(list, w.text)
	}
	return strings.Join(list, " ")
}

// target reads "TARGET" and the options anywhere beside it.
func (p *parser) target(required bool) error {
	var words []token
	for t, ok := p.s.next(); ok; t, ok = p.s.next() {
		if t.key != "" && p.spec.Verb == Subscribe {
			if err := p.option(t); err != nil {
				return err
			}
			continue
		}
		if err := p.noOption(t); err != nil {
			return err
		}
		words = append(words, t)
	}
	p.c.Target = joined(words)
	if p.c.Target == "" && required {
		return p.noTarget()
	}
	return nil
}

func (p *parser) noTarget() error {
	return fmt.Errorf("say which target, as in %q", p.example())
}

// optionLike is a word that was meant as an option, though there is none of its
// name. Addresses and URLs look different.
var optionLike = regexp.MustCompile(`^[A-Za-z]{2,12}:[^/:]`)

// noOption refuses options where there are none, and those that do not exist.
func (p *parser) noOption(t token) error {
	switch {
	case t.quoted:
		return nil
	case t.key != "":
		return fmt.Errorf("%s takes no %s: leave it out, as in %q", p.spec.Title(), t.key, p.example())
	case !optionLike.MatchString(t.text):
		return nil
	}
	if _, err := netip.ParseAddr(t.text); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(t.text); err == nil {
		return nil
	}
	key, _, _ := strings.Cut(t.text, ":")
	hint := "the options are level:, quiet: and tz:"
	if near := nearest(key, []string{"level", "quiet", "tz"}); near != "" {
		hint = "did you mean " + near + ":?"
	}
	return fmt.Errorf("there is no option %s: %s", quoted(key+":"), hint)
}

// once refuses the second of a kind.
func (p *parser) once(what string) error {
	if p.said[what] {
		return fmt.Errorf("%s stands there twice: say it once", what)
	}
	p.said[what] = true
	return nil
}

func (p *parser) option(t token) (err error) {
	if err := p.once(t.key); err != nil {
		return err
	}
	switch t.key {
	case "level":
		p.c.Level, err = parseLevel(t.text)
	case "quiet":
		p.c.Quiet, err = parseHours(t.text)
	case "tz":
		p.c.Zone, err = parseZone(t.text)
	}
	return err
}

// mute reads "TARGET DURATION [REASON]"; the first duration ends the target.
func (p *parser) mute() error {
	var words []token
	for {
		if len(words) > 0 {
			if d, ok := takeDuration(p.s); ok {
				if n := len(words) - 1; n > 0 && words[n].is("for") {
					words = words[:n]
				}
				p.c.Target, p.c.Duration, p.c.Text = joined(words), d, p.s.free()
				return durationAllowed(d)
			}
		}
		t, ok := p.s.next()
		if !ok {
			break
		}
		if err := p.noOption(t); err != nil {
			return err
		}
		words = append(words, t)
	}
	if len(words) == 0 {
		return p.noTarget()
	}
	return fmt.Errorf("say for how long after the target (90m, 6h, 2d, 1w), as in %q", p.example())
}

func durationAllowed(d time.Duration) error {
	switch {
	case d < MinMute:
		return errors.New("a mute lasts at least 1 minute: write it as in 90m, 6h or 2d")
	case d > MaxMute:
		return errors.New("a mute lasts at most 30 days: write 30d, or unsubscribe")
	}
	return nil
}

// incident reads "ID" and, for those that take them, a person's words.
func (p *parser) incident() error {
	t, ok := p.s.next()
	const open = "\"/outages now\" lists those that are open"
	switch {
	case !ok:
		return fmt.Errorf("say which incident by its ID, as in %q; %s", p.example(), open)
	case !isIncident(t.text):
		return fmt.Errorf("%s is no ID of an incident: it looks like KP-20141222-1; %s", quoted(t.text), open)
	}
	p.c.Incident = t.text
	if p.c.Verb != Acknowledge && p.c.Verb != Annotate {
		return p.end()
	}
	p.c.Text = p.s.free()
	if p.c.Verb == Annotate && p.c.Text == "" {
		return fmt.Errorf("say what to note after the ID, as in %q", p.example())
	}
	return nil
}

// digest reads "daily|weekly TIME [DAY] [TZ]", in any order behind the first, or
// "off".
func (p *parser) digest() error {
	t, ok := p.s.next()
	switch {
	case !ok:
		return fmt.Errorf("say when, as in %q or \"/outages digest off\"", p.example())
	case t.is("daily"):
		p.c.Verb = DigestDaily
	case t.is("weekly"):
		p.c.Verb, p.c.Day = DigestWeekly, time.Monday
	case t.is("off"):
		p.c.Verb = DigestOff
		return p.end()
	default:
		return fmt.Errorf("a digest is daily, weekly or off, not %s: write it as in %q", quoted(t.text), p.example())
	}
	for t, ok := p.s.next(); ok; t, ok = p.s.next() {
		if err := p.digestWord(t); err != nil {
			return err
		}
	}
	if !p.said["the time"] {
		return fmt.Errorf("say at what local time, as in %q", p.example())
	}
	return nil
}

func (p *parser) digestWord(t token) (err error) {
	hour, minute, isClock := parseClock(t.text)
	day, isDay := parseDay(t.text)
	switch {
	case t.key != "" && t.key != "tz":
		return p.noOption(t)
	case t.key == "tz":
	case isClock:
		p.c.Hour, p.c.Minute = hour, minute
		return p.once("the time")
	case t.text[0] >= '0' && t.text[0] <= '9':
		return fmt.Errorf("%s is no time of day: write hour and minute, as in 08:00", quoted(t.text))
	case isDay && p.c.Verb == DigestDaily:
		return fmt.Errorf("a daily digest has no weekday: leave out %s, or say weekly", quoted(t.text))
	case isDay:
		p.c.Day = day
		return p.once("the weekday")
	}
	if err := p.once("the time zone"); err != nil {
		return err
	}
	p.c.Zone, err = parseZone(t.text)
	return err
}
