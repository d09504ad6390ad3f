package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/bot/chattest"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
)

// The crash test's script: incidents that are told from opening to end, in
// channels of both platforms, all in the order in which they are queued.
const (
	crashChannels = 40 // half of them Slack's
	crashSpan     = 10 // deliveries a transaction
)

func crashChannel(n int) chat.Channel {
	if n%2 == 0 {
		return chat.Channel{Platform: slack.Platform, Tenant: "T1", ID: fmt.Sprintf("C%03d", n)}
	}
	return chat.Channel{Platform: discord.Platform, Tenant: strconv.Itoa(700 + n%10), ID: strconv.Itoa(9000 + n)}
}

// crashScript gives the deliveries, five to an incident: opened, updated and ended, with
// edits of the root.
func crashScript(deliveries int) (list []bot.Delivery) {
	tell := []struct {
		revision int
		op       bot.Op
	}{{1, bot.Root}, {2, bot.Reply}, {2, bot.Edit}, {3, bot.Announce}, {3, bot.Edit}}
	for round := 0; len(list) < deliveries; round++ {
		for revision := 1; revision <= 3; revision++ {
			for c := range crashChannels {
				for _, t := range tell {
					if t.revision != revision {
						continue
					}
					list = append(list, bot.Delivery{
						Channel: crashChannel(c), Incident: fmt.Sprint("KP-", round), Revision: revision, Op: t.op,
						Message: chat.Message{Headline: "DOWN: " + crashToken(c, round, revision, t.op)},
					})
				}
			}
		}
	}
	return list
}

func crashToken(channel, incident, revision int, op bot.Op) string {
	return fmt.Sprintf("Q%dI%dR%d%sQ", channel, incident, revision, op)
}

// crashingOutbox is the program that is killed: a store, an outbox and the real
// clients of the platforms. It queues the script up to a delivery, from where the
// store has it, and ends when everything is sent.
// Arguments: store, address of the proxy, number of the run, deliveries of the script, last to queue.
func crashingOutbox() {
	if err := crashRun(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func crashRun(path, proxy, run, of, upTo string) error {
	total, err := strconv.Atoi(of)
	if err != nil {
		return err
	}
	last, err := strconv.Atoi(upTo)
	if err != nil {
		return err
	}
	store, err := bot.OpenStore(path)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	senders, err := crashClients(proxy, run, log)
	if err != nil {
		return err
	}
	fast := bot.SendRate{PerSecond: 1e6, Burst: 1e6}
	outbox := bot.NewOutbox(store, senders, bot.OutboxSettings{
		Workers: 16, Channel: fast, Tenant: fast, Platform: map[string]bot.SendRate{discord.Platform: fast},
		Wait: 10 * time.Millisecond, MaxWait: 200 * time.Millisecond, Doubts: 1000, Timeout: 10 * time.Second,
	}, log)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- outbox.Run(ctx) }()
	fmt.Println("ready")
	if err := crashQueue(store, crashScript(total)[:last]); err != nil {
		return err
	}
	for {
		s, err := outbox.Stats()
		if err != nil {
			return err
		}
		if s.Depth == 0 {
			fmt.Println("done, parked:", s.Parked)
			cancel()
			return <-ended
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// crashQueue queues what the store does not have yet, a few at a time.
func crashQueue(store *bot.Store, script []bot.Delivery) error {
	begin := 0
	err := store.View(func(tx *bot.Tx) (err error) {
		begin = sort.Search(len(script), func(i int) bool {
			d := script[i]
			_, ok, e := tx.Delivery(bot.DeliveryKey(d.Channel, d.Incident, d.Revision, d.Op))
			if e != nil {
				err = e
			}
			return !ok
		})
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(script[begin:], crashSpan) {
		err := store.Update(func(tx *bot.Tx) error {
			for _, d := range some {
				if fresh, err := tx.Enqueue(d); err != nil || !fresh {
					return fmt.Errorf("%s: fresh %v, %w", d.Message.Headline, fresh, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// crashClients are the real clients; all that they ask goes to the proxy.
func crashClients(proxy, run string, log *slog.Logger) (map[string]chat.Send, error) {
	to, err := url.Parse(proxy)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: detour{to, run, &http.Transport{MaxIdleConnsPerHost: 32}}}
	s, err := slack.New(slack.Options{
		HTTP: client, APIURL: proxy + "/slack/", Logger: log, BotToken: "xoxb-1",
		Handle: func(context.Context, chat.Request, func(chat.Reply) error) error { return nil },
		Event:  func(context.Context, chat.Event) error { return nil },
	})
	if err != nil {
		return nil, err
	}
	d, err := discord.New(discord.Options{Token: "token", Application: "1", HTTP: client, Logger: log})
	if err != nil {
		return nil, err
	}
	return map[string]chat.Send{slack.Platform: s.Send, discord.Platform: d.Send}, nil
}

// detour sends requests to the proxy, with the number of the run.
type detour struct {
	to   *url.URL
	run  string
	next http.RoundTripper
}

// RoundTrip is for http.Client.
func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = d.to.Scheme, d.to.Host
	r.Header.Set("Crash-Run", d.run)
	return d.next.RoundTrip(r)
}

// kill -9 at random moments while thousands of notices go out through everything
// that goes wrong on the way: nothing is lost, the order of each channel is kept, and
// what is posted twice says so.
func TestCrash(t *testing.T) {
	t.Parallel()
	kills, deliveries := 210, 10_000
	if testing.Short() {
		kills, deliveries = 15, 1000
	}
	platforms := newRecorder()
	server := httptest.NewServer(platforms)
	defer server.Close()
	faults := &crashFaults{rng: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)), cutAfter: make(map[string]int)}
	proxy := chattest.NewFaultProxy(t, server.URL, faults.choose)
	path := filepath.Join(t.TempDir(), "isitdown.db")

	start := time.Now()
	for run := range kills {
		after := 5*time.Millisecond + rand.N(150*time.Millisecond)
		crashOnce(t, path, proxy.URL, run, deliveries, (run+1)*deliveries/(kills+1), after)
		time.Sleep(proxy.Delay + 5*time.Millisecond) // what stalls on its way from the dead is there before the living begin
	}
	crashed := time.Since(start)
	crashOnce(t, path, proxy.URL, kills, deliveries, deliveries, 0)
	t.Logf("%d kills in %v, %d deliveries in %v; faults %v", kills, crashed.Round(time.Second), deliveries, time.Since(start).Round(time.Second), proxy.Counts())

	platforms.mu.Lock()
	defer platforms.mu.Unlock()
	for _, wrong := range platforms.wrong {
		t.Error(wrong)
	}
	script := crashScript(deliveries)
	platforms.checkShown(t, script)
	platforms.checkRepeats(t, faults.cutAfter)
	platforms.checkEdits(t, script)
	for _, f := range []chattest.Fault{chattest.TooMany, chattest.Unavailable, chattest.UnavailableHTML, chattest.Slow, chattest.CutBefore, chattest.CutAfter} {
		if proxy.Counts()[f] == 0 && !testing.Short() {
			t.Errorf("no %v ever happened: this shows less than it says", f)
		}
	}
}

// crashOnce starts the program and kills it so long after it is ready; zero lets it
// end by itself.
func crashOnce(t *testing.T, path, proxy string, run, deliveries, upTo int, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "crashing-outbox", path, proxy, strconv.Itoa(run), strconv.Itoa(deliveries), strconv.Itoa(upTo))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("run %d says %q, want ready", run, lines.Text())
	}
	if after > 0 {
		time.Sleep(after)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		return
	}
	if !lines.Scan() || lines.Text() != "done, parked: 0" {
		t.Errorf("the last run says %q, want that everything is sent", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// crashFaults says what goes wrong on the way.
type crashFaults struct {
	mu       sync.Mutex
	rng      *rand.Rand
	cutAfter map[string]int // by token and run: shown, and the answer lost
}

func (x *crashFaults) choose(r *http.Request, body []byte) chattest.Fault {
	if strings.HasSuffix(r.URL.Path, "/auth.test") {
		return chattest.Pass
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch n := x.rng.IntN(2000); {
	case n < 6:
		return chattest.TooMany
	case n == 6 && strings.HasPrefix(r.URL.Path, "/slack/"): // for Discord it is a ban of ten minutes
		return chattest.TooManyHTML
	case n < 30:
		return chattest.Unavailable
	case n < 40:
		return chattest.UnavailableHTML
	case n < 100:
		return chattest.Slow
	case n < 120:
		return chattest.CutBefore
	case n < 140:
		x.cutAfter[crashTokens.FindString(string(body))+" "+r.Header.Get("Crash-Run")]++
		return chattest.CutAfter
	}
	return chattest.Pass
}

// checkShown: everything that is no edit was shown, and first in the order of the
// script, channel by channel.
func (x *recorder) checkShown(t *testing.T, script []bot.Delivery) {
	t.Helper()
	first := make(map[string]int)
	places := make(map[string]map[string]bool)
	for i, p := range x.posts {
		if _, ok := first[p.token]; !ok {
			first[p.token], places[p.token] = i, make(map[string]bool)
		}
		places[p.token][p.place] = true
	}
	lost, swapped := 0, 0
	last := make(map[chat.Channel]int)
	for _, d := range script {
		if d.Op == bot.Edit {
			continue
		}
		name := crashTokens.FindString(d.Message.Headline)
		at, ok := first[name]
		// Discord shows an announcement in the thread and in the channel.
		if !ok || d.Op == bot.Announce && d.Channel.Platform == discord.Platform && (len(places[name]) != 2 || !places[name][d.Channel.ID]) {
			lost++
			continue
		}
		if at < last[d.Channel] {
			swapped++
		}
		last[d.Channel] = max(last[d.Channel], at)
	}
	if lost > 0 || swapped > 0 {
		t.Errorf("%d of %d deliveries were lost, %d were shown before what was queued before them", lost, len(script), swapped)
	}
}

// checkRepeats: what was shown twice says so where the platform cannot dedupe. A crash
// leaves at most one message in doubt; all others are the work of cuts.
func (x *recorder) checkRepeats(t *testing.T, cuts map[string]int) {
	t.Helper()
	before := make(map[string]shown)
	crashes, byCut := make(map[int]int), 0
	for _, p := range x.posts {
		onSlack := strings.HasPrefix(p.place, "C") || strings.HasPrefix(x.in[p.place], "C")
		key := p.token
		if !onSlack {
			key += " " + p.place // Discord shows an announcement in two places
		}
		earlier, again := before[key]
		before[key] = p
		cut := fmt.Sprint(p.token, " ", earlier.run) // the answer to the earlier copy was lost
		switch {
		case !again:
		case !p.repeat:
			t.Errorf("%s was shown again in %s and does not say so", p.token, p.place)
		case !onSlack:
			t.Errorf("%s was shown twice at Discord, which dedupes", p.token)
		case cuts[cut] > 0:
			cuts[cut]--
			byCut++
		case earlier.run == p.run:
			t.Errorf("%s was shown twice by run %d, and no answer was lost", p.token, p.run)
		default:
			crashes[earlier.run]++
		}
	}
	repeats := 0
	for run, n := range crashes {
		if repeats += n; n > 1 {
			t.Errorf("the crash of run %d led to %d repeats", run, n)
		}
	}
	t.Logf("shown %d messages and %d edits; %d repeats after crashes, one each at most, and %d after lost answers, all marked",
		len(x.posts), len(x.edits), repeats, byCut)
}

// checkEdits: a root never goes back to an older text, and in the end says the newest.
func (x *recorder) checkEdits(t *testing.T, script []bot.Delivery) {
	t.Helper()
	newest := make(map[string]bool)
	for _, says := range x.content {
		newest[says] = true
	}
	missing := 0
	for _, d := range script {
		if d.Op == bot.Edit && d.Revision == 3 && !newest[crashTokens.FindString(d.Message.Headline)] {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d roots do not say how it ended", missing)
	}
	last := make(map[string]string)
	for _, e := range x.edits {
		incident := e.token[:strings.Index(e.token, "R")]
		if e.token < last[incident] {
			t.Errorf("a root went back from %s to %s", last[incident], e.token)
		}
		last[incident] = e.token
		if e.repeat {
			t.Errorf("the edit %s says that it is a repeat", e.token)
		}
	}
}
