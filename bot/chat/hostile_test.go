package chat

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"isitdown/checks"
)

// texts gives every string in a value, by where it stands.
func texts(v any) map[string]string {
	out := map[string]string{}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			out[path] = v.String()
		case reflect.Slice:
			for i := range v.Len() {
				walk(path+"["+strconv.Itoa(i)+"]", v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	walk("", reflect.ValueOf(v))
	return out
}

// harmlessText fails for characters that do more than show.
func harmlessText(t *testing.T, name string, m Message) {
	t.Helper()
	all := texts(m)
	all["as text"] = m.Text(Columns)
	for what, text := range all {
		for _, r := range text {
			if r == '\n' && (what == "as text" || strings.HasSuffix(what, "].Text")) {
				continue
			}
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == unicode.ReplacementChar && !strings.Contains(text, "31m\ufffd") {
				t.Errorf("%s: character %U in %s: %q", name, r, what, text)
				break
			}
		}
	}
	for line := range strings.Lines(m.Text(Columns)) {
		if strings.HasPrefix(line, "DOWN: all") {
			t.Errorf("%s: foreign text begins a line: %q", name, line)
		}
	}
}

// spoil puts hostile text wherever a value holds any, in a deep copy.
func spoil[T any](v T) T {
	var walk func(v reflect.Value) reflect.Value
	walk = func(v reflect.Value) reflect.Value {
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		switch v.Kind() {
		case reflect.String:
			if v.Type() == reflect.TypeFor[string]() {
				out.SetString(hostile)
			}
		case reflect.Slice:
			if v.Len() == 0 {
				break
			}
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(walk(v.Index(i)))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					out.Field(i).Set(walk(v.Field(i)))
				}
			}
		case reflect.Pointer:
			if !v.IsNil() && v.Type().Elem().Kind() != reflect.Struct {
				break
			}
			if !v.IsNil() {
				out.Set(reflect.New(v.Type().Elem()))
				out.Elem().Set(walk(v.Elem()))
			}
		}
		return out
	}
	return walk(reflect.ValueOf(v)).Interface().(T)
}

// Names, notes, reasons, hosts and records may say anything: no message lets it do
// anything.
func TestHostileTextInMessages(t *testing.T) {
	note := []Note{{At: utc("2014-12-22 17:05:00"), By: hostile, Text: hostile, Incident: hostile, Ack: true}}
	for _, s := range samples(t) {
		n := s.notice
		n.Notes, n.Caveats, n.Place.City = note, []string{hostile}, hostile
		v := &n.Verdict
		v.Name, v.Vantage.Source, v.Registered.Source = hostile, hostile, hostile
		v.Registered.Notes, v.Reasons, v.Raise = []string{hostile}, []string{hostile}, []string{hostile}
		v.Gaps = []checks.Gap{{Check: "route", Reason: hostile}, {Check: "reach", Reason: hostile}}
		v.Borders, v.LastHops = rename(v.Borders), rename(v.LastHops)
		n.Old, n.New = rename(n.Old), rename(n.New)
		probing := spoil(v.Probing)
		for _, void := range []string{"", hostile} {
			v.Probing = probing
			v.Probing.Guard.Void = void
			harmlessText(t, s.name+", probed", Compose(n))
		}
		harmlessText(t, s.name, Compose(n))
		harmlessText(t, s.name+", short", Compose(n).Short())
		record := spoil(told(s.notice))
		a := Account{ID: hostile, Tellings: []Telling{record, record}, Rules: []string{hostile}, Notes: note}
		harmlessText(t, s.name+", why", a.Why())
		harmlessText(t, s.name+", details", a.Details())
	}
	now := utc("2014-12-22 17:00:00")
	e := spoil(episode(outage(2), checks.Down, 0, 4))
	e.Acknowledged = []string{hostile}
	over, spell := e, e
	over.Incident.End, spell.Incident.Kind, spell.Incident.End, spell.Incident.FollowedBy = backAt, Unstable, backAt, hostile
	all := []Episode{e, over, spell}
	sub := Subscribed{
		Target: checks.Country("KP"), Subject: hostile, Zone: hostile, By: hostile, MutedUntil: now.Add(time.Hour), MuteReason: hostile,
		Suspended: hostile, Quiet: Hours{22, 7}, At: now,
	}
	for name, m := range map[string]Message{
		"digest": Digest{
			Channel: hostile, From: now, To: now.Add(24 * time.Hour), Outages: all, Unstable: all, Notes: note, Caveats: []string{hostile},
			NoOutage: []Watched{{Subject: hostile}, {hostile, time.Hour}, {hostile, 24 * time.Hour}},
			Blind:    []Blind{{now, now.Add(time.Hour), hostile}},
		}.Message(),
		"list": Listing{
			Channel: hostile, At: now, Subscriptions: []Subscribed{sub}, Open: all, Caveats: []string{hostile},
			Digest: &Plan{Zone: hostile, By: hostile},
		}.Message(),
		"now":       Current{At: now, Watched: 3, Open: all, Unknown: []string{hostile}, Caveats: []string{hostile}}.Message(),
		"subscribe": Confirmation{Subscription: sub, At: now, Open: all, Caveats: []string{hostile}}.Message(),
		"timeline": History{
			ID: hostile, Subject: hostile, Notes: note, Caveats: []string{hostile}, Moments: []Moment{{At: now, State: checks.Up, Note: hostile}},
		}.Message(),
		"plain": Plain(hostile, hostile, hostile),
		"help":  HelpOn(hostile),
	} {
		harmlessText(t, name, m)
	}
	// A message that somebody else made, or that a store gave back, is no safer.
	raw := Message{
		Headline: hostile, Parts: []Part{{Label: hostile, Text: hostile}, {Label: hostile, Text: hostile, Fixed: true}}, Notes: note,
		Quote: hostile, Footer: hostile,
	}
	for line := range strings.Lines(raw.Text(Columns)) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
				t.Errorf("character %U in %q", r, line)
			}
		}
	}
}

// What the bot says of its own names nobody and no cause; what people say is
// theirs.
func TestForbiddenWordsInMessages(t *testing.T) {
	for _, s := range everyMessage(t) {
		all := texts(s.message)
		all["as text"] = strings.Join(words(s.message.Text(Columns)), " ")
		for what, text := range all {
			for _, re := range slices.Concat(forbidden, []*regexp.Regexp{onePlural, manySingle}) {
				if m := re.FindString(text); m != "" {
					t.Errorf("%s: %s says %q", s.name, what, m)
				}
			}
		}
	}
}

// A person's words stay a person's: behind a name and a time, under the title, and
// nowhere else in the message.
func TestNotesStandApart(t *testing.T) {
	const claim = "they were hacked"
	n := Notice{Kind: Updated, Verdict: kpDown("2014-12-22 17:00:08"), Incident: outage(2)}
	n.Notes = []Note{{At: utc("2014-12-22 17:05:00"), By: "Ana", Text: claim, Ack: true}}
	m := Compose(n)
	for what, text := range texts(m) {
		if strings.Contains(text, claim) != (what == ".Notes[0].Text") {
			t.Errorf("%s is %q", what, text)
		}
	}
	for _, text := range []string{Text(n, Columns), m.Text(Columns)} {
		want := "\n" + NotesTitle + ":\n  22 Dec 2014 17:05 UTC · Ana (acknowledged): " + claim + "\n> As of "
		if !strings.Contains(text, want) {
			t.Errorf("got %s\nwant %s", text, want)
		}
	}
}
