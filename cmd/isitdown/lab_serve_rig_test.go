package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
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

// noSources turns off what the routers of the lab stand for.
const noSources = "[sources]\nripestat = false\nris_live = \"off\"\nioda = false\nglobalping = false\nregistry_refresh = false\n[probe]\nenabled = false\n"

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
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("isitdown.toml", fmt.Sprintf(quickly, write("delegated-apnic", labRegistry), write("asnames.txt", labNames))+more)
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
	return s
}

// settings are those of a bot that this Slack reaches over HTTP.
func (p *slackStand) settings() string {
	return fmt.Sprintf("[serve]\nlisten = %q\n[slack]\nmode = \"http\"\nbot_token = %q\nsigning_secret = %q\n", p.address, chattest.SlackBotToken, p.secret)
}

// byService sends what is for a service to its stand-in; everything else goes where its
// address says, which is in the sandbox or nowhere.
type byService map[string]http.RoundTripper // by the end of the host's name

func (b byService) RoundTrip(r *http.Request) (*http.Response, error) {
	for name, to := range b {
		if strings.HasSuffix(r.URL.Host, name) {
			return to.RoundTrip(r)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// nothingRuns fails where a goroutine of the program is still there. Those of the test and of
// what supports it do not count.
func nothingRuns(t *testing.T) {
	t.Helper()
	left := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = stillRunning(); left == "" {
			return
		}
	}
	t.Errorf("when serve has ended, there still runs:\n%s", left)
}

var (
	ofTheProgram = regexp.MustCompile(`(?m)^(isitdown/\S*)\(.*\n\s+(\S+):\d+`)
	ofTheTest    = regexp.MustCompile(`_test\.go$|/(labtest|netlab|lab|chattest|rislivetest)/[^/]*$`)
)

// stillRunning gives the stacks of goroutines that are in the program's own code.
func stillRunning() string {
	buf := make([]byte, 1<<20)
	var list []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		frames := ofTheProgram.FindAllStringSubmatch(stack, -1)
		if len(frames) > 0 && !slices.ContainsFunc(frames, func(f []string) bool { return ofTheTest.MatchString(f[2]) }) {
			list = append(list, stack)
		}
	}
	return strings.Join(list, "\n\n")
}

// nobodyElse fails where any process is left beside this one in a sandbox of its own.
func nobodyElse(t *testing.T) {
	t.Helper()
	var left []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = others(t); len(left) == 0 {
			return
		}
	}
	t.Errorf("processes are left: %q", left)
}

// others gives the names of the other processes in our namespace.
func others(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if pid, err := strconv.Atoi(e.Name()); err != nil || pid == os.Getpid() {
			continue
		}
		if name, err := os.ReadFile("/proc/" + e.Name() + "/comm"); err == nil {
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}

// ofIncident is what the first message of an incident has: its name, and how far it has come.
var ofIncident = regexp.MustCompile(`KP-\d{8}-\d+ · (opened|update|resolved)`)

// roots gives the messages in a channel that are of incidents, not answers.
func roots(t *testing.T, p stand, in chat.Channel) (list []message) {
	t.Helper()
	for _, m := range p.channel(t, in) {
		if ofIncident.MatchString(m.text) {
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
		time.Sleep(20 * time.Millisecond)
	}
}

// settled waits until the bot has looked at what is watched, and sees nothing amiss.
func settled(t *testing.T, p stand, in chat.Channel) {
	t.Helper()
	said := ""
	eventually(t, "the bot sees that all is well", func() bool {
		now, _ := p.ask(t, in, "outages now")
		said = cmp.Or(now, said)
		return strings.Contains(now, "NOW: no incident open")
	})
}

// answers asks about North Korea until the answer begins so, and has something besides.
func answers(t *testing.T, p stand, in chat.Channel, begins, has string) (answer string) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last answer was:\n%s", answer)
		}
	})
	eventually(t, "the answer begins with "+begins, func() bool {
		answer, _ = p.ask(t, in, "isitdown KP")
		t.Log(answer)
		return strings.HasPrefix(answer, begins) && strings.Contains(answer, has)
	})
	return answer
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

// incidentID is the name of the incident that a message is of.
func incidentID(t *testing.T, text string) string {
	t.Helper()
	id, _, _ := strings.Cut(ofIncident.FindString(text), " ")
	if id == "" {
		t.Fatalf("no incident is named in:\n%s", text)
	}
	return id
}

// took tells how long a way was, from the fault to the message in the channel.
func took(t *testing.T, way string, from, to time.Time) {
	t.Helper()
	t.Logf("from the fault to the message, by %s: %.1f s (%s)", way, to.Sub(from).Seconds(), thresholds)
}

// lacks fails where a text has any of some parts.
func lacks(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s has %q:\n%s", what, part, text)
		}
	}
}
