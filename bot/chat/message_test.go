package chat

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// messageSample is a message that is made of something else than a notice. Its
// golden file is message-NAME.golden.
type messageSample struct {
	name    string
	message Message
}

const northKorea = "North Korea (KP)"

func episode(i Incident, s checks.State, seen, of uint64) Episode {
	return Episode{Subject: northKorea, Incident: i, State: s, IPv4: checks.Count{Seen: seen, Of: of}}
}

// notesOfNight are the words of two people.
var notesOfNight = []Note{
	{At: utc("2014-12-22 16:31:00"), By: "Ana", Ack: true, Incident: "KP-20141222-1"},
	{At: utc("2014-12-22 17:05:00"), By: "Kim (NOC)", Text: "the carrier reports a fibre cut", Incident: "KP-20141222-1"},
}

func messageSamples(t *testing.T) []messageSample {
	t.Helper()
	return append(append(append(digestSamples(t), listSamples()...), worldSamples(t)...), append(append(accountSamples(t), helpSamples()...), probeMessages(t)...)...)
}

func digestSamples(t *testing.T) []messageSample {
	t.Helper()
	seoul := location(t, "Asia/Seoul")
	over, spell, open, back := outage(3), outage(9), outage(2), outage(2)
	over.End = backAt
	spell.ID, spell.Kind, spell.Changes, spell.Onset, spell.End = "KP-20141221-1", Unstable, 14, at("2014-12-21 15:10:00"), at("2014-12-22 15:52:00")
	back.End, back.Recovering, back.WatchUntil = backAt, true, utc("2014-12-23 02:06:20")
	lost := Blind{From: utc("2014-12-22 03:10:00"), To: utc("2014-12-22 03:20:00"), Why: "feed lost"}
	others := []Watched{{Subject: "China (CN)"}, {Subject: "Russia (RU)"}, {Subject: "South Korea (KR)"}}
	day := Digest{
		Channel: "#newsroom-asia", From: utc("2014-12-21 23:00:00"), To: utc("2014-12-22 23:00:00"), Zone: seoul,
		NoOutage: others, Blind: []Blind{lost},
	}
	quiet, later, blind, partly, empty, missed := day, day, day, day, day, day
	quiet.Blind, quiet.Zone = nil, nil
	later.From, later.To = utc("2014-12-22 23:00:00"), utc("2014-12-23 23:00:00")
	later.Outages, later.Unstable, later.Notes = []Episode{episode(over, checks.Up, 4, 4)}, []Episode{episode(spell, checks.Up, 4, 4)}, notesOfNight
	later.Caveats, later.Blind = []string{reconstruction}, nil
	day.Outages, day.Unstable = []Episode{episode(open, checks.Down, 0, 4)}, []Episode{episode(spell, checks.Up, 4, 4)}
	day.Outages[0].Acknowledged = []string{"Ana"}
	blind.Blind = []Blind{
		{From: utc("2014-12-20 00:00:00"), To: utc("2014-12-22 12:00:00"), Why: "feed lost"},
		{From: utc("2014-12-22 11:00:00"), To: utc("2014-12-24 00:00:00"), Why: "isitdown was not running"},
	}
	partly.NoOutage = append(others[:2:2],
		Watched{Subject: northKorea, Unknown: 20 * time.Minute}, Watched{Subject: "AS64500", Unknown: 23*time.Hour + 50*time.Minute})
	empty.NoOutage, empty.Blind = nil, nil
	missed.From, missed.Missed = utc("2014-12-19 23:00:00"), 2
	return []messageSample{
		{"digest-open", day.Message()},
		{"digest-resolved", later.Message()},
		{"digest-quiet", quiet.Message()},
		{"digest-blind", blind.Message()},
		{"digest-partly-known", partly.Message()},
		{"digest-empty", empty.Message()},
		{"digest-catch-up", missed.Message()},
	}
}

func listSamples() []messageSample {
	now := utc("2014-12-22 17:00:00")
	open, back, spell := outage(2), outage(3), outage(1)
	back.ID, back.End, back.Recovering, back.WatchUntil = "SY-20141222-1", at("2014-12-22 16:50:00"), true, utc("2014-12-22 17:10:00")
	spell.ID, spell.Kind, spell.Changes = "AS64500-20141222-1", Unstable, 5
	episodes := []Episode{
		episode(open, checks.Down, 0, 4), episode(back, checks.Up, 98, 98), episode(spell, checks.Degraded, 3, 4),
		episode(open, checks.Unknown, 0, 0),
	}
	episodes[0].Acknowledged = []string{"Ana", "Kim (NOC)"}
	episodes[1].Subject, episodes[2].Subject = "Syria (SY)", "AS64500"
	sub := Subscribed{Target: checks.Country("KP"), Subject: northKorea, By: "Ana", At: utc("2014-12-20 10:00:00")}
	muted, lost, any := sub, sub, sub
	muted.Level, muted.Quiet, muted.Zone, muted.MutedUntil, muted.MuteReason = LevelDown, Hours{22, 7}, "Asia/Seoul", utc("2014-12-23 06:00:00"), "planned work"
	lost.Target, lost.Subject, lost.Suspended = target("AS64500"), "", "the bot is not a member of the channel"
	any.Target, any.Subject, any.Level, any.Zone = checks.Country("SY"), "Syria (SY)", LevelAny, "Europe/Berlin"
	plan := Plan{Weekly: true, Day: time.Friday, Hour: 9, Minute: 30, Zone: "Europe/Berlin", By: "Ana", Next: utc("2014-12-26 08:30:00")}
	lately := Lately{From: utc("2014-11-22 17:00:00"), To: now, Outages: 2, Unstable: 1}
	confirm := Confirmation{Subscription: sub, At: now, State: checks.Up, Lately: lately, Caveats: []string{reconstruction}}
	fresh, busy := confirm, confirm
	fresh.Lately, fresh.State, fresh.Subscription = Lately{}, checks.Unknown, lost
	busy.Open, busy.State, busy.Replaced, busy.Subscription = episodes[:1], checks.Down, true, muted
	busy.Lately.Outages, busy.Lately.Unstable = 0, 0
	return []messageSample{
		{"list", Listing{Channel: "#newsroom-asia", At: now, Subscriptions: []Subscribed{muted, any, lost}, Digest: &plan, Open: episodes[:1]}.Message()},
		{"list-empty", Listing{At: now}.Message()},
		{"list-quiet", Listing{At: now, Subscriptions: []Subscribed{sub}, Digest: &Plan{Hour: 8}}.Message()},
		{"now", Current{At: now, Watched: 12, Open: episodes, Unknown: []string{"Tonga (TO)"}, Caveats: []string{reconstruction}}.Message()},
		{"now-quiet", Current{At: now, Watched: 12}.Message()},
		{"now-new", Current{At: now, Watched: 2, New: []string{"Tonga (TO)", northKorea}}.Message()},
		{"now-unknown", Current{At: now, Watched: 1, Unknown: []string{"Tonga (TO)"}}.Message()},
		{"now-empty", Current{At: now}.Message()},
		{"subscribed", confirm.Message()},
		{"subscribed-fresh", fresh.Message()},
		{"subscribed-again", busy.Message()},
	}
}

// told gives the record of a notice as it is kept.
func told(n Notice) Telling {
	r := ChangeJSON(n)
	return Telling{At: n.Verdict.At, Kind: n.Kind, Revision: n.Incident.Revision, Quiet: n.Quiet, Verdict: r.Verdict, Facts: r.Facts}
}

func accountSamples(t *testing.T) []messageSample {
	t.Helper()
	byName := map[string]Notice{}
	for _, s := range samples(t) {
		byName[s.name] = s.notice
	}
	a := Account{
		ID: "KP-20141222-1", Notes: notesOfNight,
		Rules:    []string{"an outage opens when the loss has held for 3 min and at least 2 collectors saw it"},
		Tellings: []Telling{told(byName["kp-opened"]), told(byName["kp-degraded"]), told(byName["kp-stuck"])},
	}
	last := &a.Tellings[2]
	for i, seen := range []int{2, 2, 3, 2} {
		last.Seen = append(last.Seen, Sight{
			Check: "route", Source: "RIPE RIS rrc21", Prefix: netip.MustParsePrefix([]string{
				"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24",
			}[i]), At: utc("2014-12-22 16:59:52"), Seen: seen, Asked: 40, Link: []string{"", "", "https://example.org/e/1", ""}[i],
		})
	}
	over := a
	over.Notes, over.Tellings = nil, append(a.Tellings[:1:1], told(byName["kp-resolved-elsewhere"]))
	open, stands := a, episode(outage(2), checks.Down, 0, 4)
	open.Open, open.At = &stands, utc("2014-12-22 21:40:00")
	open.Tellings = []Telling{told(byName["kp-opened"])}
	v6 := Account{ID: "SY-20140520-1", Tellings: []Telling{told(Notice{Kind: Opened, Verdict: bothFamilies(40), Incident: Incident{
		ID: "SY-20140520-1", Revision: 1, Onset: at("2014-05-20 09:26:00"), Worst: checks.Degraded, Changes: 1,
	}})}}
	moments := []Moment{
		{At: utc("2014-12-22 16:00:00"), State: checks.Up, IPv4: checks.Count{Seen: 4, Of: 4}, Upstreams: []checks.ASN{4837}},
		{At: utc("2014-12-22 16:15:03"), State: checks.Down, IPv4: checks.Count{Of: 4}},
		{At: utc("2014-12-22 16:18:00"), State: checks.Down, IPv4: checks.Count{Of: 4}, Note: "KP-20141222-1 opened (outage)"},
		{At: utc("2014-12-22 18:20:00")},
	}
	return []messageSample{
		{"why", a.Why()},
		{"why-open", open.Why()},
		{"details-open", open.Details()},
		{"why-resolved", over.Why()},
		{"why-forgotten", Account{ID: "KP-20141222-1"}.Why()},
		{"details", a.Details()},
		{"details-resolved", over.Details()},
		{"details-both-families", v6.Details()},
		{"timeline", History{
			ID: "KP-20141222-1", Subject: northKorea, Onset: at("2014-12-22 16:15:00"), End: at("2014-12-23 01:46:00"),
			Moments: moments, Dropped: 12, Notes: notesOfNight, Caveats: []string{reconstruction},
		}.Message()},
		{"timeline-empty", History{ID: "KP-20141222-1", Subject: northKorea}.Message()},
	}
}

func helpSamples() []messageSample {
	list := []messageSample{{"help", HelpOn("")}, {"help-unknown", HelpOn("frobnicate")}}
	for _, s := range Commands() {
		name := s.Name
		if name == "" {
			name = s.Command
		}
		list = append(list, messageSample{"help-" + name, HelpOn(name)})
	}
	_, err := ParseCommand("outages subscribe KP tz:Seoul", time.Time{})
	return append(list, messageSample{"refused", Refused(err)})
}

// encode writes a value as indented JSON with its own characters.
func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldenMessages(t *testing.T) {
	for _, s := range messageSamples(t) {
		t.Run(s.name, func(t *testing.T) {
			text := s.message.Text(Columns) + "---\n" + string(encode(t, s.message))
			golden(t, "message-"+s.name+".golden", []byte(text))
		})
	}
}

func TestGoldenComposed(t *testing.T) {
	for _, s := range samples(t) {
		if !jsonSamples[s.name] {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			n := s.notice
			n.Notes = notesOfNight
			m := Compose(n)
			golden(t, "composed-"+s.name+".golden", []byte(m.Text(Columns)+"---\n"+m.Short().Text(Columns)+"---\n"+string(encode(t, m))))
		})
	}
}

// words gives the words of a text, without the marks of its layout.
func words(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		list = append(list, strings.Fields(strings.TrimPrefix(line, "> "))...)
	}
	return list
}

// A channel is told what the terminal is told: behind the headline, which each has
// its own form of, word for word.
func TestComposeSaysWhatTextSays(t *testing.T) {
	for _, s := range samples(t) {
		n := s.notice
		n.Notes = notesOfNight
		whole, composed := body(Text(n, 10_000)), body(Compose(n).Text(10_000))
		if diff := cmp.Diff(whole, composed); diff != "" {
			t.Errorf("%s (-text +message):\n%s", s.name, diff)
		}
	}
}

// body gives the words behind the first line.
func body(text string) []string {
	_, text, _ = strings.Cut(text, "\n")
	return words(text)
}

// A message is stored as JSON and compared: it comes back as it was.
func TestMessageIsStored(t *testing.T) {
	for _, m := range everyMessage(t) {
		var back Message
		if err := json.Unmarshal(encode(t, m.message), &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.message, back); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m.name, diff)
		}
	}
}

// everyMessage gives all samples, those of notices included.
func everyMessage(t *testing.T) []messageSample {
	t.Helper()
	list := messageSamples(t)
	for _, s := range samples(t) {
		n := s.notice
		n.Notes = notesOfNight
		list = append(list, messageSample{"composed " + s.name, Compose(n)}, messageSample{"short " + s.name, Compose(n).Short()})
	}
	return list
}

func TestEveryMessage(t *testing.T) {
	for _, s := range everyMessage(t) {
		m := s.message
		if n := len([]rune(m.Headline)); n == 0 || n > MaxHeadline {
			t.Errorf("%s: a headline of %d characters: %q", s.name, n, m.Headline)
		}
		for _, b := range m.Buttons {
			if len(b.Line) > MaxButtonLine || b.Label == "" || len(b.Label) > maxButtonLabel {
				t.Errorf("%s: button %q %q", s.name, b.Label, b.Line)
			}
			if _, err := ParseCommand(b.Line, time.Time{}); err != nil {
				t.Errorf("%s: button %q: %v", s.name, b.Line, err)
			}
		}
		if _, err := ParseCommand(m.More, time.Time{}); m.More != "" && err != nil {
			t.Errorf("%s: more is %q: %v", s.name, m.More, err)
		}
		for _, p := range m.Parts {
			if p.Text == "" || !p.Fixed && strings.Contains(p.Text, "\n") {
				t.Errorf("%s: part %q: %q", s.name, p.Label, p.Text)
			}
		}
		for _, width := range []int{40, 80, 200} {
			for line := range strings.Lines(m.Text(width)) {
				line = strings.TrimSuffix(line, "\n")
				if display(line) > width || strings.HasSuffix(line, " ") || strings.Contains(line, nbsp) {
					t.Errorf("%s at %d columns: %q", s.name, width, line)
				}
			}
		}
		for what, text := range texts(m) {
			if strings.Contains(text, nbsp) {
				t.Errorf("%s: a no-break space in %s: %q", s.name, what, text)
			}
		}
	}
}

// The short form keeps what must not be missing, and says that it is short.
func TestShort(t *testing.T) {
	for _, s := range samples(t) {
		n := s.notice
		n.Caveats, n.Notes = []string{reconstruction}, notesOfNight
		m := Compose(n)
		short := m.Short()
		text := short.Text(Columns)
		parts := []string{reconstruction, "2 notes by people"}
		if m.More != "" {
			parts = append(parts, "All of it: /"+m.More)
		}
		for _, part := range parts {
			if !strings.Contains(strings.Join(words(text), " "), part) {
				t.Errorf("%s: the short form lacks %q:\n%s", s.name, part, text)
			}
		}
		if short.Headline != m.Headline || short.Quote != m.Quote || short.Footer != m.Footer || len(short.Buttons) != len(m.Buttons) {
			t.Errorf("%s: the short form changes what it keeps:\n%s", s.name, text)
		}
	}
}

// The longest targets leave buttons out rather than have them too long.
func TestButtonsOfLongTargets(t *testing.T) {
	for id, want := range map[string]int{
		"KP-20141222-1": 4,
		"2001_db8_1234_5678_9abc_def0_1234_5678_128-20141222-123": 4,
		strings.Repeat("a", 60) + ".example.org-20141222-1":       3, // unsubscribe does not fit
		strings.Repeat("a", 69) + "-20141222-1":                   4, // unsubscribe is of 100 bytes
		strings.Repeat("a", 70) + "-20141222-1":                   3, // of 101
		strings.Repeat("a.", 120) + "example.org-20141222-1":      0,
		"https___" + strings.Repeat("a-", 900) + "-20141222-1":    0,
	} {
		i := outage(1)
		i.ID = id
		m := Compose(Notice{Kind: Opened, Verdict: kpDown("2014-12-22 16:18:00"), Incident: i})
		for _, b := range m.Buttons {
			if len(b.Line) > MaxButtonLine {
				t.Errorf("a button of %d bytes: %q", len(b.Line), b.Line)
			}
		}
		if len(m.Buttons) != want {
			t.Errorf("%.40s: %d buttons, want %d", id, len(m.Buttons), want)
		}
		if !strings.HasPrefix(m.Footer, id) {
			t.Errorf("%.40s: the footer is %.60q", id, m.Footer)
		}
	}
}

func TestStamps(t *testing.T) {
	for _, s := range samples(t) {
		var got []string
		for _, st := range Compose(s.notice).Stamps {
			got = append(got, st.Label+" "+st.At.Format(time.DateTime))
		}
		want, ok := map[string][]string{
			"kp-down":          {"since 2014-12-22 16:15:00"},
			"kp-opened":        {"since 2014-12-22 16:15:00"},
			"kp-back":          {"since 2014-12-22 16:15:00", "until 2014-12-23 01:46:00", "watched until 2014-12-23 02:06:20"},
			"kp-resolved":      {"since 2014-12-22 16:15:00", "until 2014-12-23 01:46:00"},
			"upstream-changed": {"as of 2017-10-01 09:11:00"},
			"kp-up-one":        {"as of 2015-10-23 02:01:37"},
		}[s.name]
		if diff := cmp.Diff(want, got); ok && diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
		if len(got) == 0 {
			t.Errorf("%s has no stamp", s.name)
		}
	}
}

// Nothing is cut without a trace: a sentence that is too long for a headline stands
// below it.
func TestPlain(t *testing.T) {
	long := strings.Repeat("word ", 60) + "end"
	for _, tc := range []struct {
		got  Message
		want []Part
	}{
		{Plain("short", "", "then this"), []Part{{Text: "then this"}}},
		{Plain(long, "then this"), []Part{{Text: long}, {Text: "then this"}}},
	} {
		if diff := cmp.Diff(tc.want, tc.got.Parts); diff != "" || len([]rune(tc.got.Headline)) > MaxHeadline {
			t.Errorf("headline %q, parts (-want +got):\n%s", tc.got.Headline, diff)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	n := Notice{Kind: Opened, Verdict: kpDown("2014-12-22 16:18:00"), Incident: outage(1), Caveats: []string{reconstruction}}
	for b.Loop() {
		Compose(n)
	}
}

func BenchmarkParseCommand(b *testing.B) {
	now := utc("2026-11-22 12:00:00")
	for b.Loop() {
		if _, err := ParseCommand("outages subscribe north korea level:down quiet:22-07 tz:Asia/Seoul", now); err != nil {
			b.Fatal(err)
		}
	}
}

// A list that is too long says what it leaves out.
func TestLongLists(t *testing.T) {
	v := told(Notice{Kind: Opened, Verdict: bothFamilies(40), Incident: outage(1)})
	for len(v.Verdict.Prefixes) < 1000 {
		v.Verdict.Prefixes = append(v.Verdict.Prefixes, v.Verdict.Prefixes...)
	}
	for range 1000 {
		v.Seen = append(v.Seen, Sight{Check: "route", Seen: 1, Asked: 2})
	}
	a := Account{ID: "SY-20140520-1"}
	for range 400 {
		a.Tellings = append(a.Tellings, v)
	}
	for text, want := range map[string]string{
		a.Details().Text(200): "\n1,300 more not listed: 628 not visible, 0 not known, 672 visible\n",
		a.Why().Text(200):     "\n100 older ones not listed\n",
		a.Why().Text(201):     "\n700 more not listed\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %.3000s", want, text)
		}
	}
}
