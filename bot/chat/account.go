package chat

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// Account is everything that was kept about an incident.
type Account struct {
	ID       string
	Tellings []Telling // oldest first
	// Open is how the incident stands at At, while it lasts; nil when it is over.
	Open *Episode
	At   time.Time
	// Rules are the thresholds by which it opens and closes, as sentences.
	Rules []string
	Notes []Note
}

// Telling is what one telling of an incident rests on, as it was kept.
type Telling struct {
	At       time.Time
	Kind     Kind
	Revision int
	Quiet    bool
	Verdict  VerdictRecord
	Facts    *IncidentRecord // nil where there is no incident
	Seen     []Sight
}

// Sight is one observation in short: how many of the vantage points that were
// asked had a prefix.
type Sight struct {
	Check, Source string
	Prefix        netip.Prefix
	At            time.Time // of the newest thing it rests on, at the source
	Seen, Asked   int
	Link          string // to the evidence; "" where there is nothing to link to
}

// maxRecords bounds the lines of a list of records; how many more there are is
// said.
const maxRecords = 300

// Why says what the notices of the incident rest on, and what would add to it.
func (a Account) Why() Message {
	m := a.message("WHY")
	if len(a.Tellings) == 0 {
		return m
	}
	first, last := &a.Tellings[0], &a.Tellings[len(a.Tellings)-1]
	add := func(label, text string) { m.Parts = addPart(m.Parts, label, text) }
	if len(a.Tellings) > 1 {
		add("Opened", clean(first.Verdict.Sentence))
	}
	add("Present", a.nowText())
	add("Seen", seenRecord(&last.Verdict))
	if last.Verdict.Answering != nil {
		add("Probes", probesRecord(&last.Verdict))
	}
	m.Parts = addOthers(m.Parts, &last.Verdict)
	add("Evidence", evidenceRecord(&last.Verdict))
	m.Parts = a.addAttribution(m.Parts)
	add("Baseline", baselineRecord(last))
	add("Counted", countedRecord(&last.Verdict))
	add("Missing", missingRecord(&last.Verdict))
	add("Not known", notKnownRecord(&last.Verdict, last.Kind))
	add("Rules", strings.Join(cleaned(a.Rules), " "))
	m.Parts = addFixed(m.Parts, "Told so far (UTC)", tellingLines(a.Tellings))
	m.Parts = addFixed(m.Parts, "The newest rests on", sightLines(last.Seen))
	m.Parts = hostParts(m.Parts, a.Tellings)
	m.Parts = append(m.Parts, caveatParts(last.Verdict.Caveats)...)
	return m
}

// nowText says how an incident that lasts stands, and from when the rest is: what
// was told last may be hours old.
func (a *Account) nowText() string {
	if a.Open == nil || len(a.Tellings) == 0 {
		return ""
	}
	last := a.Tellings[len(a.Tellings)-1].At
	return a.Open.stand(a.At) + ", as of " + near(a.At, last) + ". What follows is as it was told last, at " + near(last, a.At) + "."
}

// message begins a message about the account: what it is of, and how it stands.
func (a Account) message(word string) Message {
	m := Message{
		Headline: word + " " + clean(a.ID),
		Notes:    cleanNotes(a.Notes, a.ID),
		More:     Command{Verb: Details, Incident: a.ID}.String(),
	}
	if len(a.Tellings) == 0 {
		m.Parts = []Part{{Text: "Nothing of this incident is kept any longer."}}
		return m
	}
	t := &a.Tellings[len(a.Tellings)-1]
	state := recordState(&t.Verdict)
	if m.Tone = stateTone(state); t.Kind == Resolved {
		m.Tone = ToneUp
	}
	subject := Subject(recordTarget(&t.Verdict), t.Verdict.Name)
	if subject == "" {
		subject = shorten(t.Verdict.Target, 80)
	}
	m.Headline = shorten(plain(m.Headline+": "+subject+", "+state.String()+" as of "+fullDated(t.At)), MaxHeadline)
	m.Quote = clean(t.Verdict.Sentence)
	m.Footer = plain(clean(a.ID) + dot + tellingWord(t) + dot + "evidence " + clean(t.Verdict.Evidence))
	return m
}

func addPart(parts []Part, label, text string) []Part {
	if text == "" {
		return parts
	}
	return append(parts, Part{Label: label, Text: plain(text)})
}

func addOthers(parts []Part, v *VerdictRecord) []Part {
	text, links := othersRecord(v)
	if text == "" {
		return parts
	}
	return append(parts, Part{Label: "Others", Text: plain(text), Links: links})
}

func addFixed(parts []Part, label string, lines []string) []Part {
	if len(lines) == 0 {
		return parts
	}
	return append(parts, Part{Label: label, Text: plain(strings.Join(lines, "\n")), Fixed: true})
}

func cleaned(list []string) []string {
	var out []string
	for _, s := range list {
		if s = sentence(clean(s)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// recordState reads the state of a record; Unknown for what is none.
func recordState(r *VerdictRecord) checks.State {
	for s := checks.Unknown; s <= checks.Down; s++ {
		if s.String() == r.State {
			return s
		}
	}
	return checks.Unknown
}

func recordTarget(r *VerdictRecord) checks.Target {
	t, err := checks.ParseTarget(r.Target)
	if err != nil {
		return checks.Target{} // the caller writes the text instead
	}
	return t
}

// tellingWord writes "opened", "update 2", "update 3 (edit)".
func tellingWord(t *Telling) string {
	word := t.Kind.String()
	if t.Kind == Updated {
		word = "update " + thousands(uint64(max(0, t.Revision-1)))
	}
	if t.Quiet {
		word += " (edit)"
	}
	return word
}

// tellingLines gives a line for each telling, oldest first.
func tellingLines(list []Telling) []string {
	var lines []string
	if n := len(list) - maxRecords; n > 0 {
		lines, list = []string{count(n, "older one", "older ones") + " not listed"}, list[n:]
	}
	word, state := 0, 0
	for i := range list {
		word, state = max(word, len(tellingWord(&list[i]))), max(state, display(clean(list[i].Verdict.State)))
	}
	for i := range list {
		t := &list[i]
		v := &t.Verdict
		line := t.At.UTC().Format(time.DateTime) + "  " + pad(tellingWord(t), word) + "  " + pad(clean(v.State), state)
		line += "  " + joinNonEmpty(", ", prefixCounts(checks.Count(v.Announced.IPv4.Prefixes), checks.Count(v.Announced.IPv6.Prefixes)),
			AnswersOf(verdictOf(v)).text())
		lines = append(lines, strings.TrimRight(line, " ")+", evidence "+clean(v.Evidence))
	}
	return lines
}

// sightLines gives a line for each observation: what was gone first.
func sightLines(list []Sight) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Sight) int {
		return cmp.Or(cmp.Compare(share(a.Seen, a.Asked), share(b.Seen, b.Asked)), a.Prefix.Addr().Compare(b.Prefix.Addr()),
			cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()))
	})
	var lines []string
	for _, s := range list[:min(len(list), maxRecords)] {
		what := "the target"
		if s.Prefix.IsValid() {
			what = s.Prefix.String()
		}
		line := pad(what, 18) + "  " + kOfN(uint64(max(0, s.Seen)), uint64(max(0, s.Asked))) + "  " + joinNonEmpty(" ", clean(s.Check), clean(s.Source))
		if !s.At.IsZero() {
			line += ", newest " + s.At.UTC().Format(time.DateTime)
		}
		lines = append(lines, joinNonEmpty("  ", line, clean(s.Link)))
	}
	if n := len(list) - len(lines); n > 0 {
		lines = append(lines, count(n, "more", "more")+" not listed")
	}
	return lines
}

func share(k, n int) float64 { return float64(k) / float64(max(1, n)) }
