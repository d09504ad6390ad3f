package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/reach"
)

// played is what the program said and thought while a recording of the lab was played.
type played struct {
	text string // everything on the terminal
	// after are the verdicts at the end of each moment, states all that the targets were in
	// during it, one after the other: both by target, as it was given.
	after  []map[string]checks.Verdict
	states []map[string][]checks.State
	// told is what channels were told without having asked: one message for each change. Edits
	// of what was said, and charts, are besides.
	told, besides []labTold
	log           string
	began         []time.Time // of the moments, in the time of the scenario
}

// labTold is one message of the program that nobody had asked for.
type labTold struct {
	moment int // in which it was shown
	after  time.Duration
	target string
	// kind is "opened", "updated", "resolved" or "upstream_changed"; op is how it was shown:
	// "root", "reply", "announce", which the channel sees too, "edit" of the root, or "plain",
	// which belongs to no incident.
	kind, op       string
	incident       string // "" for none
	headline, text string
}

// labShow is the program, with what is its watchroom in the lab.
type labShow struct {
	*server
	t       *testing.T
	rec     *lab.Recording
	feed    string
	from    vantage
	targets []string
	began   []time.Time  // of the moments, in the bubble; the last is their end
	moment  atomic.Int32 // that probes are answered from
	typing  *io.PipeWriter
	screen  lockedBuffer
	stderr  lockedBuffer
}

// playLab plays one feed of a recording to the program itself, as serve makes it, with its
// own thresholds and a clock that jumps: settings, store, hub, table, verdicts, incidents,
// outbox and terminal are all real. Probes come from one of the vantage points.
func playLab(t *testing.T, rec *lab.Recording, feed string, from vantage, targets ...string) *played {
	t.Helper()
	dir := t.TempDir()
	out := &played{}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(labBegin.Add(-time.Second)))
		s := &labShow{t: t, rec: rec, feed: feed, from: from, targets: targets, began: schedule(rec, feed)}
		out.began = s.began
		end := s.begin(dir)
		defer func() {
			out.text, out.log = s.screen.String(), s.stderr.String()
			if t.Failed() {
				t.Logf("log:\n%s", out.log)
			}
		}()
		defer end()
		s.play(out)
		out.told, out.besides = s.tellings()
		s.askAll(out)
	})
	if len(out.after) < len(rec.Moments) {
		t.FailNow() // what there is was not played to its end
	}
	return out
}

// begin starts the program. What it gives ends it.
func (s *labShow) begin(dir string) (end func()) {
	t := s.t
	in, typing := io.Pipe()
	s.typing = typing
	file := labFile(t, dir, "settings.toml", labSettings(t, dir, s.rec, s.from, s.targets))
	a, err := newApp(&console{in: in, out: &s.screen, err: &s.stderr}, file, false)
	if err != nil {
		t.Fatal(err)
	}
	a.http = &http.Client{Transport: byHost{}} // nothing is asked of anybody
	a.routers = newLabFeed(s.rec, s.feed, s.began).feeds(a)
	a.ask = func(ctx context.Context, p reach.Probe) checks.Answer { return s.sample().Ask(ctx, p) }
	a.way = way{trace: s.trace, origin: labOrigin(s.rec, s.feed)}
	s.server = &server{app: a}
	// No socket fits beside a database of so long a name: whoever waits at one is not in the bubble.
	c := serveCommand{DB: filepath.Join(dir, strings.Repeat("x", 120)+".db")}
	if err := c.settings(a); err != nil {
		t.Fatal(err)
	}
	if _, err := c.open(s.server); err != nil {
		t.Fatal(err)
	}
	if err := c.build(t.Context(), s.server); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.serve(t.Context()) }()
	return func() {
		if err := typing.Close(); err != nil { // as Ctrl-D does
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("serve ended with %v", err)
		}
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (s *labShow) sample() *lab.Sample {
	return s.from.sample(&s.rec.Moments[s.moment.Load()])
}

// play lets the moments pass, and keeps what is thought of them.
func (s *labShow) play(out *played) {
	s.until(s.began[0].Add(labWarm))
	for _, target := range s.targets {
		s.typed("/outages subscribe " + target + " level:any")
	}
	for i := range s.rec.Moments {
		s.until(s.began[i])
		s.moment.Store(int32(i))
		states, known := map[string][]checks.State{}, map[string]checks.Verdict{}
		for now := range s.steps(s.began[i+1].Add(-time.Millisecond)) {
			for target, v := range s.verdicts(now) {
				if seen := states[target]; len(seen) == 0 || seen[len(seen)-1] != v.State {
					states[target] = append(seen, v.State)
				}
				if v.Answering != checks.ExtentUnknown && s.began[i+1].Sub(now) < labDice {
					known[target] = v
				}
			}
		}
		after := s.verdicts(time.Now())
		if s.byDice() {
			maps.Copy(after, known)
		}
		out.after = append(out.after, after)
		out.states = append(out.states, states)
	}
	s.until(s.began[len(s.began)-1])
}

// labDice is how long before the end of a moment a verdict counts where the dice decide which
// packets are lost. Both pings of a question are lost so often then that at one time or
// another hardly a host has answered last, and that whether they answer is not known is the
// right thing to say.
const labDice = 10 * time.Minute

// byDice reports whether some packets to a host are answered at the moment, and some are not.
func (s *labShow) byDice() bool {
	sample := s.sample()
	if sample == nil {
		return false
	}
	for _, list := range sample.Answers {
		there := slices.ContainsFunc(list, checks.Answer.There)
		if there && slices.ContainsFunc(list, func(a checks.Answer) bool { return !a.There() }) {
			return true
		}
	}
	return false
}

// labStep is how often the targets are looked at.
const labStep = 10 * time.Second

// steps are the times at which to look, until a moment ends.
func (s *labShow) steps(end time.Time) func(yield func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		for time.Now().Before(end) {
			time.Sleep(min(labStep, time.Until(end)))
			if !yield(time.Now()) {
				return
			}
		}
	}
}

func (s *labShow) until(at time.Time) { time.Sleep(time.Until(at)) }

// typed gives a command at the terminal, and waits for its answer.
func (s *labShow) typed(line string) {
	before := len(s.screen.String())
	if _, err := io.WriteString(s.typing, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(labTyped)
	if len(s.screen.String()) == before {
		s.t.Errorf("%q was not answered", line)
	}
}

// verdicts gives what is known of the targets now, without asking anybody.
func (s *labShow) verdicts(now time.Time) map[string]checks.Verdict {
	out := map[string]checks.Verdict{}
	for _, text := range s.targets {
		target, err := checks.ParseTarget(text)
		if err != nil {
			s.t.Fatal(err)
		}
		s.watchroom.mu.Lock()
		e := s.watchroom.targets[target]
		s.watchroom.mu.Unlock()
		if e == nil {
			s.t.Fatalf("%s is not followed at %s: %s", text, clock(now), s.screen.String())
		}
		out[text] = s.watchroom.assess(e, now)
	}
	return out
}

// askAll asks the targets once more, and why and when of each incident.
func (s *labShow) askAll(out *played) {
	for _, target := range s.targets {
		s.typed("/isitdown " + target)
	}
	var ids []string
	for _, told := range out.told {
		if told.incident != "" && !slices.Contains(ids, told.incident) {
			ids = append(ids, told.incident)
		}
	}
	for _, id := range ids {
		s.typed("/outages why " + id)
		s.typed("/outages timeline " + id)
	}
}
