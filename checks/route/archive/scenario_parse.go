package archive

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// scenarioParser reads a scenario line by line. Declarations come first, then
// events in the order of their times.
type scenarioParser struct {
	s     *Scenario
	words []word // of the line, not yet read
	line  int

	once       map[string]int // line of what may be said once
	networks   map[string]int // index by name
	collectors map[string]int
	bySession  map[sessionKey]int
	voters     map[checks.ASN]int
	space      map[netip.Prefix]bool // of all networks
	background []backgroundLine

	declared bool // the events have begun
	spent    int  // of limits.messages
	state    []networkState
	sessions []sessionState
	last     time.Time // of the last event
}

type sessionKey struct {
	collector int
	as        checks.ASN
}

type backgroundLine struct {
	count int
	way   way
}

func newScenarioParser(name string, limits scenarioLimits) *scenarioParser {
	s := &Scenario{
		Name: name, Title: name, limits: limits,
		transits: map[checks.ASN][]checks.ASN{}, names: map[checks.ASN]string{},
	}
	return &scenarioParser{
		s: s, once: map[string]int{}, networks: map[string]int{}, collectors: map[string]int{},
		bySession: map[sessionKey]int{}, voters: map[checks.ASN]int{}, space: map[netip.Prefix]bool{},
	}
}

func (p *scenarioParser) parse(text string) error {
	for line := range strings.Lines(text) {
		p.line++
		if err := p.parseLine(strings.TrimRight(line, "\r\n")); err != nil {
			return fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if !p.declared {
		if err := p.declarations(); err != nil {
			return fmt.Errorf("at the end: %w", err)
		}
	}
	return nil
}

func (p *scenarioParser) parseLine(line string) error {
	if !printableText(line) {
		return errors.New("there are characters in it that cannot be printed, or are not UTF-8: type it again")
	}
	var err error
	if p.words, err = splitWords(line); err != nil || len(p.words) == 0 {
		return err
	}
	first := p.words[0]
	if !first.quoted && first.text[0] >= '0' && first.text[0] <= '9' {
		err = p.event()
	} else {
		p.words = p.words[1:]
		err = p.declaration(first)
	}
	if err == nil && len(p.words) > 0 {
		return fmt.Errorf("%s is one word too many: leave it out, or see docs/scenarios.md", quoteWord(p.words[0].text))
	}
	return err
}

// declarationWords are what a line that is no event begins with.
var declarationWords = [...]string{
	"title", "note", "source", "start", "end", "watch", "registered", "as", "collector", "transit", "network", "background",
}

func (p *scenarioParser) declaration(first word) error {
	if first.quoted || !slices.Contains(declarationWords[:], first.text) {
		return fmt.Errorf("no line begins with %s: begin it with the time of an event, or with %s or %s", quoteWord(first.text),
			strings.Join(declarationWords[:len(declarationWords)-1], ", "), declarationWords[len(declarationWords)-1])
	}
	if p.declared {
		return fmt.Errorf("%s lines come before the first event: move it up", first.text)
	}
	switch first.text {
	case "title":
		return p.onceText("title", &p.s.Title)
	case "note":
		return p.text(&p.s.Notes)
	case "source":
		return p.text(&p.s.Sources)
	case "start":
		return p.onceTime("start", &p.s.Start)
	case "end":
		return p.onceTime("end", &p.s.End)
	case "watch":
		return p.watch()
	case "registered":
		return p.registered()
	case "as":
		return p.asName()
	case "collector":
		return p.collector()
	case "transit":
		return p.transit()
	case "network":
		return p.network()
	}
	return p.backgroundLine()
}

// next takes the next word, which must not be a text; what says what it should be.
func (p *scenarioParser) next(what string) (string, error) {
	if len(p.words) == 0 {
		return "", fmt.Errorf("the line ends where %s should be", what)
	}
	w := p.words[0]
	if w.quoted {
		return "", fmt.Errorf("there is the text %s where %s should be: leave out the quotation marks", quoteWord(w.text), what)
	}
	p.words = p.words[1:]
	return w.text, nil
}

// accept takes the next word if it is the given one.
func (p *scenarioParser) accept(text string) bool {
	if len(p.words) == 0 || p.words[0] != (word{text, false}) {
		return false
	}
	p.words = p.words[1:]
	return true
}

// expect takes the next word, which must be the given one.
func (p *scenarioParser) expect(text string) error {
	w, err := p.next(quoteWord(text))
	if err == nil && w != text {
		err = fmt.Errorf("there is %s where %q should be", quoteWord(w), text)
	}
	return err
}

func (p *scenarioParser) quoted() (string, error) {
	if len(p.words) == 0 || !p.words[0].quoted {
		return "", errors.New(`a text in quotation marks should be here: "..."`)
	}
	text := p.words[0].text
	p.words = p.words[1:]
	return text, nil
}

func (p *scenarioParser) text(to *[]string) error {
	text, err := p.quoted()
	if err == nil {
		*to = append(*to, text)
	}
	return err
}

// first notes what may be said once only.
func (p *scenarioParser) first(what string) error {
	if n := p.once[what]; n > 0 {
		return fmt.Errorf("%s was said in line %d already: keep one of the two", what, n)
	}
	p.once[what] = p.line
	return nil
}

func (p *scenarioParser) onceText(what string, to *string) error {
	if err := p.first(what); err != nil {
		return err
	}
	text, err := p.quoted()
	*to = text
	return err
}

func (p *scenarioParser) onceTime(what string, to *time.Time) error {
	if err := p.first(what); err != nil {
		return err
	}
	w, err := p.next("a time")
	if err == nil {
		*to, err = parseTime(w)
	}
	return err
}

// asList reads AS numbers up to a word that is none; at least one.
func (p *scenarioParser) asList(most int) ([]checks.ASN, error) {
	var list []checks.ASN
	for len(p.words) > 0 && !p.words[0].quoted {
		text, ends := strings.CutSuffix(p.words[0].text, ":")
		asn, err := parseAS(text)
		if err != nil {
			break
		}
		if slices.Contains(list, asn) {
			return nil, fmt.Errorf("%v is there twice: leave one out", asn)
		}
		if list = append(list, asn); len(list) > most {
			return nil, fmt.Errorf("there are more than %d AS numbers", most)
		}
		if ends {
			p.words[0].text = ":"
			break
		}
		p.words = p.words[1:]
	}
	if len(list) == 0 {
		w, err := p.next("an AS number")
		if err == nil {
			_, err = parseAS(w)
		}
		return nil, err
	}
	return list, nil
}

// as reads one AS number.
func (p *scenarioParser) as() (checks.ASN, error) {
	w, err := p.next("an AS number")
	if err != nil {
		return 0, err
	}
	return parseAS(w)
}

// spend counts routes and messages against the limit.
func (p *scenarioParser) spend(n int) error {
	if p.spent += n; p.spent > p.s.limits.messages {
		return fmt.Errorf("the scenario makes more than %d routes and messages up to here: take fewer vantage points, background networks or repetitions, or a shorter time", p.s.limits.messages)
	}
	return nil
}
