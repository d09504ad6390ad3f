package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// quickly are the settings of whoever has a minute: every length of time is the least that
// makes sense while the bot looks every five seconds. Two vantage points are all that there
// are, both full.
const quickly = `
registry = [%q]
asnames = %q
[assess]
min_full_feed_peers = 2
declared_full_feeds = ["AS3356", "AS1299"]
[route]
settle = "1s"
baseline_stable = "2s"
sync_after = "1s"
full_paths = "all"
[incident]
suspect = "1s"
open = "1s"
recover = "1s"
resolve = "2s"
edit_every = "1s"
[outbox]
channel_every = "10ms"
channel_burst = 100
[limits]
requests_per_minute = 1000
`

// thresholds is what is said of them beside a time that was measured.
const thresholds = "settle 1 s, suspect 1 s, open 1 s, the bot looks every 5 s"

// Who is who in the lab, as the registries and the list of names have it.
const (
	labRegistry = "2|apnic|20261122|5|19850701|20261122|+1000\napnic|*|asn|*|2|summary\napnic|*|ipv4|*|2|summary\n" +
		"apnic|KP|asn|131279|1|20091221|allocated\napnic|KP|ipv4|175.45.176.0|1024|20091221|allocated\n" +
		"apnic|CN|asn|4837|1|20021105|allocated\napnic|CN|ipv4|219.158.0.0|32768|20021105|allocated\n"
	labNames = "131279 STAR-KP Ryugyong-dong\n4837 China Unicom\n3356 Level 3\n1299 Arelion\n"
)

// serveSettings writes a file of settings, with what comes after those for everybody.
func serveSettings(t *testing.T, more string) (path string) {
	t.Helper()
	dir := t.TempDir()
	return labFile(t, dir, "isitdown.toml", fmt.Sprintf(quickly, labFile(t, dir, "delegated-apnic", labRegistry), labFile(t, dir, "asnames.txt", labNames))+more)
}

// serveInLab runs the whole program on a file of settings, as `isitdown serve --config` does,
// until the test ends; then nothing of it is left. It reaches platforms by client.
func serveInLab(t *testing.T, settings string, client *http.Client, slackAPI string) *show {
	t.Helper()
	s := &show{log: &lockedBuffer{}}
	t.Cleanup(func() { nothingRuns(t) }) // last, when serve has ended
	a, err := newApp(&console{in: strings.NewReader(""), out: io.Discard, err: s.log}, settings, false)
	if err != nil {
		t.Fatal(err)
	}
	a.http, a.slackAPI = client, slackAPI
	s.begin(t, a, &serveCommand{DB: filepath.Join(t.TempDir(), "serve.db")}, func() {})
	eventually(t, "it listens", func() bool {
		resp, err := http.Get("http://" + a.config.Serve.Listen + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	eventually(t, "the platforms are connected", func() bool {
		return !slices.ContainsFunc(s.platforms, func(p *platform) bool { return !p.finding().OK })
	})
	return s
}

// listening are the settings of a bot that is reached nowhere but by who looks how it does.
func listening(t *testing.T) string { return fmt.Sprintf("[serve]\nlisten = %q\n", freeAddress(t)) }

// ofIncident is what the first message of an incident has: its name, and how far it has come.
var ofIncident = regexp.MustCompile(`[A-Z0-9]+-\d{8}-\d+ · (opened|update|resolved)`)

// ofTheEnd stands in what Discord's channel is told at the end, beside the root: a reply to a
// thread cannot be shown in the channel there.
const ofTheEnd = "Details in the thread: "

// roots gives the messages in a channel that are of incidents, not answers, and not the end
// of one.
func roots(t *testing.T, p stand, in chat.Channel) (list []message) {
	t.Helper()
	for _, m := range p.channel(t, in) {
		if ofIncident.MatchString(m.text) && !strings.Contains(m.text, ofTheEnd) {
			list = append(list, m)
		}
	}
	return list
}

// root waits until the only message of an incident in a channel begins so, and says when
// it was there.
func root(t *testing.T, p stand, in chat.Channel, begins string) (message, time.Time) {
	t.Helper()
	var list []message
	end := time.Now().Add(60 * time.Second)
	for {
		list = roots(t, p, in)
		at := time.Now()
		if len(list) == 1 && strings.HasPrefix(list[0].text, begins) {
			return list[0], at
		}
		if len(list) > 1 || at.After(end) {
			t.Fatalf("in %s %s there are %d messages of incidents, want one that begins with %q:\n%s\nin all:\n%s",
				in.Platform, in.ID, len(list), begins, texts(list), texts(p.channel(t, in)))
		}
		time.Sleep(lookAgain)
	}
}

// lookAgain is how often people look: a stand-in need not bear more.
const lookAgain = 250 * time.Millisecond

// asks asks something until the answer is good.
func asks(t *testing.T, p stand, in chat.Channel, line string, good func(answer string) bool) (answer string) {
	t.Helper()
	for end := time.Now().Add(150 * time.Second); ; time.Sleep(lookAgain) { // what is normal is worked out once a minute
		if answer, _ = p.ask(t, in, line); good(answer) {
			return answer
		}
		if time.Now().After(end) {
			t.Fatalf("in %s %s the answer to %q is not what it should be in the end:\n%s", in.Platform, in.ID, line, answer)
		}
	}
}

// subscribes subscribes a channel.
func subscribes(t *testing.T, p stand, in chat.Channel, what string) {
	t.Helper()
	answer, _ := p.ask(t, in, "outages subscribe "+what)
	wants(t, "the subscription", answer, "Subscribed to ")
}

// looks waits until the bot has looked at what it watches as often again, while nobody
// asks: once when something changed, and once when that had settled.
func looks(t *testing.T, s *show, times int) {
	t.Helper()
	before := assessed(t, s)
	eventually(t, "the bot looks", func() bool { return assessed(t, s) >= before+times })
}

var assessments = regexp.MustCompile(`(?m)^isitdown_assess_seconds_count (\d+)$`)

// assessed counts the verdicts that were made so far, by the metrics.
func assessed(t *testing.T, s *show) int {
	t.Helper()
	_, body := fetch(t, "http://"+s.app.config.Serve.Listen+"/metrics")
	m := assessments.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the metrics count no verdicts:\n%s", body)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// settled waits until the bot has looked at what is watched, and sees nothing amiss.
func settled(t *testing.T, p stand, in chat.Channel) {
	t.Helper()
	asks(t, p, in, "outages now", func(answer string) bool { return strings.Contains(answer, "NOW: no incident open") })
}

// bothVote is said where both vantage points have a say, bothKnown where both have had the
// routes for long enough to know what is normal: who loses them sooner has lost nothing.
const (
	bothVote  = "weak: 2 full-feed vantage points, enough by this installation's own rule"
	bothKnown = "visible at 2 of 2 vantage points"
)

// isUp asks about North Korea until it is up at both vantage points.
func isUp(t *testing.T, p stand, in chat.Channel) (answer string) {
	t.Helper()
	return asks(t, p, in, "isitdown KP", func(answer string) bool {
		return strings.HasPrefix(answer, "UP: North Korea (KP)") && strings.Contains(answer, bothVote) && strings.Contains(answer, bothKnown)
	})
}

// fit fails where anything that stands in a channel or under its messages says what no
// notice may say.
func fit(t *testing.T, p stand, in chat.Channel) {
	t.Helper()
	list := p.channel(t, in)
	for _, m := range list {
		list = append(list, p.thread(t, in, m.id)...)
	}
	for _, m := range list {
		for _, word := range lintWords(m.text) {
			t.Errorf("in %s there stands %q: %s", in.Platform, word, m.text)
		}
	}
}

// took tells how long a way was, from the fault to the message in the channel.
func took(t *testing.T, way string, from, to time.Time) {
	t.Helper()
	t.Logf("from the fault to the message, by %s: %.1f s (%s)", way, to.Sub(from).Seconds(), thresholds)
}
