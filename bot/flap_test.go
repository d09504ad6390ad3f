package bot

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// exporter compares lives and changes whole.
var exporter = cmp.Exporter(func(reflect.Type) bool { return true })

// maxMessages is how many new messages a channel may get from a target that flaps
// for 24 h.
const maxMessages = 6

func messages(changes []Change) int {
	n := 0
	for _, c := range changes {
		if !c.Quiet {
			n++
		}
	}
	return n
}

// One flap every 1 to 20 min for 24 h, whatever its duty cycle, makes at most
// six new messages, and all is resolved when the target has been up for two hours.
func TestFlapsDoNotFillAChannel(t *testing.T) {
	worst := 0
	for period := time.Minute; period <= 20*time.Minute; period += time.Minute {
		for duty := 5; duty <= 95; duty += 10 {
			down := (period * time.Duration(duty) / 100).Truncate(time.Second)
			events := upFrom(flaps(10*time.Minute, 24*time.Hour, period, down))
			l, changes := play(events, 27*time.Hour, 0, Policy{})
			n := messages(changes)
			worst = max(worst, n)
			if n > maxMessages {
				t.Errorf("period %v, down %v: %d messages:\n%s", period, down, n, logOf(changes))
			}
			checkLives(t, l, changes)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("at most %d messages", worst)
}

// A spell counts from its first loss, though the penalty of one alone has fallen
// below Leave by the time of the next.
func TestSpellCountsItsFirstLoss(t *testing.T) {
	_, changes := play(upFrom(flaps(10*time.Minute, 2*time.Hour, 7*time.Minute, 100*time.Second)), 2*time.Hour, 0, Policy{})
	if len(changes) == 0 || changes[0].Kind != chat.Opened {
		t.Fatalf("got %s, want a spell that opens", logOf(changes))
	}
	i := changes[0].Incident
	if want := day0.Add(10 * time.Minute); !i.Onset.Half.Equal(want) && !i.Onset.By.Equal(want) {
		t.Errorf("onset %v, want %v", i.Onset, want)
	}
	if want := 1 + int(changes[0].At.Sub(day0.Add(10*time.Minute))/(7*time.Minute)); i.Changes != want {
		t.Errorf("%d losses by %v, want %d", i.Changes, changes[0].At, want)
	}
}

// Flaps of changing length: what holds for regular ones holds for these too.
func TestIrregularFlaps(t *testing.T) {
	worst := 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		events := upFrom(irregular(r, 24*time.Hour))
		l, changes := play(events, 27*time.Hour, 0, Policy{})
		worst = max(worst, messages(changes))
		if n := messages(changes); n > maxMessages {
			t.Errorf("seed %d: %d messages:\n%s", seed, n, logOf(changes))
		}
		checkLives(t, l, changes)
		if t.Failed() {
			return
		}
	}
	t.Logf("at most %d messages", worst)
}

// irregular makes flaps with periods around one of 1 to 20 min.
func irregular(r *rand.Rand, until time.Duration) []event {
	var events []event
	period := time.Minute + time.Duration(r.Int64N(int64(19*time.Minute)))
	duty := .05 + .9*r.Float64()
	for at := 10 * time.Minute; at < until; {
		p := min(20*time.Minute, time.Duration(float64(period)*(.5+r.Float64()))).Truncate(time.Second)
		down := max(time.Second, time.Duration(float64(p)*duty).Truncate(time.Second))
		state, seen := checks.Down, uint64(0)
		if r.IntN(3) == 0 {
			state, seen = checks.Degraded, uint64(1+r.IntN(3))
		}
		events = append(events,
			event{at: at, state: state, seen: seen, via: []checks.ASN{4837}},
			event{at: at + down, state: checks.Up, seen: 4, via: []checks.ASN{4837}})
		at += max(p, down+time.Second)
	}
	return events
}

// checkLives holds changes against what must be true of every run that ends
// with a target that has been up for hours.
func checkLives(t *testing.T, l Life, changes []Change) {
	t.Helper()
	live := map[chat.IncidentKind]string{}
	revision := map[string]int{}
	for _, c := range changes {
		i := &c.Incident
		if c.Kind == chat.UpstreamChanged {
			continue
		}
		if revision[i.ID]++; revision[i.ID] != i.Revision {
			t.Errorf("%s: revision %d, want %d", logLine(c), i.Revision, revision[i.ID])
		}
		switch c.Kind {
		case chat.Opened:
			if id := live[i.Kind]; id != "" {
				t.Errorf("%s: %s is still open", logLine(c), id)
			}
			if i.Revision != 1 {
				t.Errorf("%s: opened twice", logLine(c))
			}
			live[i.Kind] = i.ID
		case chat.Updated:
			if live[i.Kind] == "" && i.Reopened > 0 {
				live[i.Kind] = i.ID
			}
			if live[i.Kind] != i.ID {
				t.Errorf("%s: updated, but not open", logLine(c))
			}
		case chat.Resolved:
			if live[i.Kind] != i.ID {
				t.Errorf("%s: resolved, but not open", logLine(c))
			}
			delete(live, i.Kind)
			if chat.Point(i.End).Before(chat.Point(i.Onset)) {
				t.Errorf("%s: ends before it begins", logLine(c))
			}
		}
		if i.Kind == chat.Unstable && i.Live() && live[chat.Outage] != "" {
			t.Errorf("%s: unstable while %s is open", logLine(c), live[chat.Outage])
		}
	}
	if len(live) > 0 || l.Outage.Live() || l.Unstable.Live() {
		t.Errorf("still open at the end: %v", live)
	}
}

// generated is any sequence of states at all, unknown ones and new upstreams
// included.
func generated(r *rand.Rand, until time.Duration) []event {
	events := []event{{state: checks.Up, seen: 4, via: []checks.ASN{4837}}}
	scale := []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}
	for at := time.Duration(0); at < until; {
		at += time.Second + time.Duration(r.Int64N(int64(scale[r.IntN(len(scale))]))).Truncate(time.Second)
		e := event{at: at, state: checks.State(r.IntN(4)), via: []checks.ASN{4837}}
		switch e.state {
		case checks.Up:
			e.seen = 4
			if r.IntN(4) == 0 {
				e.via = [][]checks.ASN{{20485}, {4837, 20485}, {22351}}[r.IntN(3)]
			}
		case checks.Degraded:
			e.seen = 1 + r.Uint64N(3)
		}
		if r.IntN(5) == 0 {
			e.losing, e.of = r.IntN(3), 2
		}
		events = append(events, e)
	}
	return append(events, event{at: until + 4*time.Hour, state: checks.Up, seen: 4, via: []checks.ASN{4837}})
}

// A replay that is driven by events and deadlines tells the same as one that
// asks every second, and so does a second run.
func TestDeadlinesMissNothing(t *testing.T) {
	for seed := range uint64(12) {
		events := generated(rand.New(rand.NewPCG(seed, 2)), 5*time.Hour)
		end := 12 * time.Hour
		l, driven := play(events, end, 0, Policy{})
		_, asked := play(events, end, time.Second, Policy{})
		if diff := cmp.Diff(logOf(asked), logOf(driven)); diff != "" {
			t.Fatalf("seed %d: every second (-) and by deadlines (+) differ:\n%s", seed, diff)
		}
		_, again := play(events, end, 0, Policy{})
		if !reflect.DeepEqual(driven, again) {
			t.Fatalf("seed %d: two runs differ:\n%s", seed, cmp.Diff(driven, again, exporter))
		}
		checkLives(t, l, driven)
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, logOf(driven))
		}
	}
}

// Unknown verdicts open nothing and resolve nothing.
func TestUnknownClaimsNothing(t *testing.T) {
	for seed := range uint64(200) {
		_, changes := play(generated(rand.New(rand.NewPCG(seed, 3)), 24*time.Hour), 30*time.Hour, 0, Policy{})
		for _, c := range changes {
			if c.Verdict.State == checks.Unknown && c.Kind != chat.Updated {
				t.Fatalf("seed %d: %s", seed, logLine(c))
			}
		}
	}
}

// Apply leaves the life that it is called on as it was, so that two futures of
// one life do not touch each other.
func TestApplyIsPure(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 4))
		w := world{events: generated(r, 6*time.Hour)}
		var l Life
		for now := time.Duration(0); now < 6*time.Hour; now += 20 * time.Second {
			v := w.at(now)
			a, first := l.Apply(v, Policy{})
			fork := v
			fork.State, fork.IPv4.Prefixes.Seen, fork.Borders = checks.Degraded, 1, nil
			l.Apply(fork, Policy{})
			b, second := l.Apply(v, Policy{})
			if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(first, second) {
				t.Fatalf("seed %d at %v: the same verdict twice gives %s and %s", seed, now, logOf(first), logOf(second))
			}
			l = a
		}
	}
}

// A deadline lies after the life's time, and two in a row without news end.
func TestDeadlinesEnd(t *testing.T) {
	for seed := range uint64(40) {
		events := generated(rand.New(rand.NewPCG(seed, 5)), 3*time.Hour)
		l, _ := play(events, 3*time.Hour, 0, Policy{})
		v := (&world{events: events}).at(3 * time.Hour)
		steps := 0
		for d := l.Deadline(Policy{}); !d.IsZero(); d = l.Deadline(Policy{}) {
			if !d.After(l.At) {
				t.Fatalf("seed %d: deadline %v is not after %v", seed, d, l.At)
			}
			v.At = d
			l, _ = l.Apply(v, Policy{})
			if steps++; steps > 100 {
				t.Fatalf("seed %d: no end of deadlines at %v in state %v", seed, d, l.State)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	w := world{events: upFrom(nil)}
	v := w.at(0)
	var l Life
	l, _ = l.Apply(v, Policy{})
	b.ReportAllocs()
	for b.Loop() {
		v.At = v.At.Add(time.Second)
		l, _ = l.Apply(v, Policy{})
	}
}
