package chat

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// probeMessages are the messages about losses of answers that are no notices.
func probeMessages(t *testing.T) []messageSample {
	t.Helper()
	byName := map[string]Notice{}
	for _, s := range samples(t) {
		byName[s.name] = s.notice
	}
	opened, over := byName["silent-opened"], byName["silent-resolved"]
	a := Account{ID: opened.Incident.ID, Tellings: []Telling{told(opened), told(over)}, Rules: []string{"a host that has answered before is silent when its evidence passes 6.90"}}
	lasts := a
	lasts.Tellings = a.Tellings[:1]
	all := checks.Count{Seen: 4, Of: 4}
	e := Episode{Subject: northKorea, Incident: opened.Incident, State: checks.Degraded, IPv4: all, Answers: opened.Incident.Answers}
	lasts.Open, lasts.At = &e, utc("2025-06-07 11:40:00")
	back, ended, host, failing := e, e, e, e
	back.Incident, ended.Incident, ended.State = byName["silent-back"].Incident, over.Incident, checks.Up
	host.Subject, host.State, host.IPv4, host.Answers = "example.org", checks.Down, checks.Count{}, Answers{Extent: checks.ExtentNone, Hosts: checks.Count{Of: 1}}
	failing.Subject, failing.IPv4 = "https://example.org/status", checks.Count{}
	failing.Answers = Answers{Extent: checks.ExtentAll, Hosts: checks.Count{Seen: 1, Of: 1}, Failing: true}
	unknown := host
	unknown.State = checks.Unknown
	moments := []Moment{
		{At: utc("2025-06-07 10:00:00"), State: checks.Up, IPv4: all, Answers: Answers{Extent: checks.ExtentAll, Hosts: checks.Count{Seen: 34, Of: 34}}},
		{At: utc("2025-06-07 10:23:20"), State: checks.Degraded, IPv4: all, Answers: opened.Incident.Answers, Note: "KP-20250607-1 opened (outage)"},
		{At: utc("2025-06-07 10:26:00")},
		{At: utc("2025-06-07 10:31:20"), State: checks.Up, IPv4: all, Answers: Answers{Extent: checks.ExtentAll, Hosts: checks.Count{Seen: 33, Of: 34}}},
	}
	return []messageSample{
		{"why-silent", a.Why()},
		{"why-silent-open", lasts.Why()},
		{"details-silent", a.Details()},
		{"now-silent", Current{At: utc("2025-06-07 10:41:00"), Watched: 5, Open: []Episode{e, back, host, failing, unknown}}.Message()},
		{"digest-silent", Digest{
			From: utc("2025-06-06 23:00:00"), To: utc("2025-06-07 23:00:00"), Outages: []Episode{ended, host},
		}.Message()},
		{"timeline-silent", History{
			ID: opened.Incident.ID, Subject: northKorea, Onset: opened.Incident.Onset, End: over.Incident.End, Moments: moments,
		}.Message()},
	}
}

// What is kept of the probes says the same as they did.
func TestProbesAreReadBack(t *testing.T) {
	for _, s := range probeSamples() {
		v := s.notice.Verdict
		data, err := json.Marshal(VerdictJSON(v))
		if err != nil {
			t.Fatal(err)
		}
		var r VerdictRecord
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		back := verdictOf(&r)
		for _, f := range []func(*checks.Verdict) string{probesText, pathText, askedText, place} {
			if diff := cmp.Diff(f(&v), f(back)); diff != "" {
				t.Errorf("%s (-said +kept):\n%s", s.name, diff)
			}
		}
		if diff := cmp.Diff(AnswersOf(&v), r.Answers()); diff != "" {
			t.Errorf("%s in short (-said +kept):\n%s", s.name, diff)
		}
	}
}

// Records from before there were probes still read, and say that there were none.
func TestRecordsWithoutProbes(t *testing.T) {
	for data, want := range map[string]string{
		`{"target":"KP","state":"down","answering":null,"gaps":[{"check":"reach","reason":"this version does not probe"}]}`: "not run: this version does not probe",
		`{"target":"KP","state":"degraded","announced":{"extent":"all"},"answering":{"extent":"none"}}`:                     `no usual host answers; routing alone would say "up"`,
		`{"target":"KP","state":"up","announced":{"extent":"all"},"answering":{"extent":"all"}}`:                            "usual hosts answer",
	} {
		var r VerdictRecord
		if err := json.Unmarshal([]byte(data), &r); err != nil {
			t.Fatal(err)
		}
		if got := probesRecord(&r); got != want {
			t.Errorf("%s: got %q, want %q", data, got, want)
		}
	}
	var i IncidentRecord
	if err := json.Unmarshal([]byte(`{"kind":"outage","depth":{"ipv4":{"prefixes":{"seen":1,"of":4}}}}`), &i); err != nil {
		t.Fatal(err)
	}
	if got, want := depthRecordText(&i), "at worst 3 of 4 IPv4 prefixes not visible"; plain(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// However many hosts and however long their names: the headline is one, lines are
// bounded, and JSON has at most MaxProbed of them.
func TestManyHosts(t *testing.T) {
	long := strings.Repeat("a-very-long-label-of-a-name.", 8) + "example"
	for _, name := range []string{"KP", "https://" + long + "/" + strings.Repeat("path/", 30)} {
		v := silentSpace(34, checks.ExtentNone)
		if v.Target = target(name); name != "KP" {
			v.Name = ""
		}
		v.Probing.Hosts = nil
		for i := range 3 * checks.MaxProbed {
			h := probedHost(long, netip.AddrFrom4([4]byte{175, 45, 176, byte(i)}).String(), checks.MethodHTTP, 443, checks.Unreachable, strings.Repeat("no way ", 100))
			h.Newest.By = h.Addr
			h.Newest.Redirects = []string{name, name, name, name, name}
			v.Probing.Hosts = append(v.Probing.Hosts, h)
		}
		v.Probing.Fault, v.Probing.Guard.Void = strings.Repeat("fault ", 100), strings.Repeat("void ", 100)
		m := Compose(Notice{Verdict: v})
		if n := len([]rune(m.Headline)); n > MaxHeadline {
			t.Errorf("%s: a headline of %d characters", name, n)
		}
		for _, p := range m.Parts {
			if n := len([]rune(p.Text)); n > 4000 {
				t.Errorf("%s: %s has %d characters", name, p.Label, n)
			}
		}
		if r := VerdictJSON(v); len(r.Answering.Probes) != checks.MaxProbed {
			t.Errorf("%s: %d probes in JSON, want %d", name, len(r.Answering.Probes), checks.MaxProbed)
		}
	}
}

// A claim of silence is the world's only where enough vantage points make it.
func TestWhoSaysSo(t *testing.T) {
	for _, s := range probeSamples() {
		v := &s.notice.Verdict
		if !AnswersOf(v).Silent() || v.State == checks.Unknown || s.notice.Incident.ID != "" {
			continue
		}
		ours := strings.Contains(Headline(s.notice), "from our vantage point")
		if ours == v.Probing.World {
			t.Errorf("%s: from our vantage point is %t, though enough others agree is %t: %s", s.name, ours, v.Probing.World, Headline(s.notice))
		}
		const ask = "silent, from 4 networks"
		if text := plain(probesText(v)); v.Answering == checks.ExtentPart && strings.Contains(text, ask) {
			t.Errorf("%s: one of the four gets an answer: %s", s.name, text)
		}
		if quote := Quote(s.notice); v.Answering == checks.ExtentNone && strings.Contains(quote, "vantage point") == v.Probing.World && len(v.Prefixes) == 0 {
			t.Errorf("%s: %s", s.name, quote)
		}
	}
}

// What probes found some time ago is not said of now.
func TestQuoteIsOfTheProbes(t *testing.T) {
	for ago, want := range map[time.Duration]string{2 * time.Second: "As of 10:40 UTC", 5 * time.Minute: "As of 10:35 UTC"} {
		v := namedTarget("example.org", checks.Down, asked(probedHost("example.org", "192.0.2.10", checks.MethodICMP, 0, checks.Silent, "")))
		v.Probing.At = v.At.Add(-ago)
		if got := Quote(Notice{Verdict: v}); !strings.HasPrefix(got, want) {
			t.Errorf("probed %s ago: %s", ago, got)
		}
	}
}
