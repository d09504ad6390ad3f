package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// room plays scripts to a plan. A line of a script is what happens, and after a
// bar what the channel is told:
//
//	16:18 opened KP-1 down | root KP-1, chart KP-1
//	16:40 updated KP-1 degraded quiet | edit KP-1
//	17:00 mute KP 2h |
//	18:00 tick |
//
// The day is 22 December 2014, or the one after it from "+" on.
type room struct {
	t       *testing.T
	now     time.Time
	subs    map[checks.Target]Subscription
	threads map[string]Thread
	targets map[string]checks.Target
	open    map[string]Change   // by incident
	told    map[string]Incident // as last told
	fixed   map[string]int      // corrections
	suspect map[checks.Target]bool
	posts   []Delivery // all of them
}

var here = chat.Channel{Platform: "slack", Tenant: "T1", ID: "C1"}

// newRoom subscribes a channel as commands do: "KP level:down quiet:22-07".
func newRoom(t *testing.T, subscriptions ...string) *room {
	b := &room{
		t: t, subs: map[checks.Target]Subscription{}, threads: map[string]Thread{}, targets: map[string]checks.Target{},
		open: map[string]Change{}, told: map[string]Incident{}, fixed: map[string]int{}, suspect: map[checks.Target]bool{},
	}
	for _, s := range subscriptions {
		c, err := chat.ParseCommand("outages subscribe "+s, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		target := target(t, c.Target)
		sub := Subscription{Channel: here, Target: target, Level: c.Level, Quiet: c.Quiet}
		if c.Zone != nil {
			sub.Zone = c.Zone.String()
		}
		b.subs[target] = sub
	}
	return b
}

// holders says what is within what in these tests.
func holders(t checks.Target) []checks.Target {
	kp, net := checks.Country("KP"), checks.Network(131279)
	switch {
	case t == net:
		return []checks.Target{kp}
	case t.Kind() == checks.KindPrefix:
		return []checks.Target{kp, net}
	}
	return nil
}

// play plays a script and compares what it tells.
func (b *room) play(script string) {
	b.t.Helper()
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		what, want, ok := strings.Cut(line, "|")
		if !ok {
			b.t.Fatalf("no bar in %q", line)
		}
		got := strings.Join(b.step(strings.Fields(what)), ", ")
		if want = strings.TrimSpace(want); got != want {
			b.t.Errorf("%s\n got %s\nwant %s", strings.TrimSpace(what), got, want)
		}
	}
}

func (b *room) step(f []string) []string {
	b.t.Helper()
	b.now = time.Date(2014, 12, 22, 0, 0, 0, 0, time.UTC)
	if strings.HasPrefix(f[0], "+") {
		b.now = b.now.AddDate(0, 0, 1)
	}
	var h, m int
	if _, err := fmt.Sscanf(strings.TrimPrefix(f[0], "+"), "%d:%d", &h, &m); err != nil {
		b.t.Fatalf("time %q: %v", f[0], err)
	}
	b.now = b.now.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
	var changes []Change
	for one := range strings.SplitSeq(strings.Join(f[1:], " "), " & ") {
		if c, ok := b.change(strings.Fields(one)); ok {
			changes = append(changes, c)
		}
	}
	return b.run(changes)
}

// change reads what happens; ok is false where that is no change of an incident.
func (b *room) change(f []string) (c Change, ok bool) {
	b.t.Helper()
	if len(f) > 1 {
		switch t := f[1]; f[0] {
		case "mute":
			d, err := time.ParseDuration(f[2])
			if err != nil {
				b.t.Fatal(err)
			}
			b.set(t, func(s *Subscription) { s.MutedUntil = b.now.Add(d) })
			return c, false
		case "suspend", "resume": // all of the channel
			for target := range b.subs {
				b.set(target.String(), func(s *Subscription) {
					if s.Suspended = ""; f[0] == "suspend" {
						s.Suspended = "archived"
					}
				})
			}
			return c, false
		case "suspect":
			b.suspect[target(b.t, t)] = true
			return c, false
		case "calm":
			delete(b.suspect, target(b.t, t))
			return c, false
		}
	}
	kinds := map[string]chat.Kind{"opened": chat.Opened, "updated": chat.Updated, "resolved": chat.Resolved, "upstream": chat.UpstreamChanged}
	kind, ok := kinds[f[0]]
	if !ok {
		if f[0] != "tick" {
			b.t.Fatalf("what is %q?", f)
		}
		return c, false
	}
	c = Change{At: b.now, Kind: kind}
	id := f[1]
	at, _, _ := strings.Cut(id, "-")
	c.Verdict = checks.Verdict{Target: target(b.t, at), At: b.now, State: checks.Down}
	if kind == chat.UpstreamChanged {
		return c, true
	}
	i := b.told[id]
	if i.ID == "" {
		i = Incident{ID: id, Target: c.Verdict.Target, Onset: checks.Interval{Half: b.now}}
	}
	i.Revision++
	i.Stage = Open
	if kind == chat.Resolved {
		i.Stage = Resolved
	}
	for _, word := range f[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "down", "degraded", "unknown", "up":
			c.Verdict.State, _ = stateOf(key)
			i.Worst = max(i.Worst, c.Verdict.State)
		case "recovering":
			i.Stage, c.Verdict.State = Recovering, checks.Up
		case "quiet":
			c.Quiet = true
		case "losses":
			fmt.Sscan(value, &i.Changes)
		case "then":
			i.FollowedBy = value
		case "onset":
			var h, m int
			fmt.Sscanf(value, "%d:%d", &h, &m)
			i.Onset.Half = time.Date(2014, 12, 22, h, m, 0, 0, time.UTC)
		default:
			b.t.Fatalf("what is %q?", word)
		}
	}
	c.Incident = i
	return c, true
}

func (b *room) set(text string, f func(*Subscription)) {
	t := target(b.t, text)
	s, ok := b.subs[t]
	if !ok {
		b.t.Fatalf("no subscription to %s", text)
	}
	f(&s)
	b.subs[t] = s
}

// run plans one step and gives what it tells.
func (b *room) run(changes []Change) []string {
	s := newScene(here)
	for id, t := range b.threads {
		s.threads[id], s.targets[id] = &t, b.targets[id]
	}
	p := &plan{
		now: b.now, policy: DefaultPolicy(), within: holders, scenes: []*scene{s},
		compose: func(n chat.Notice, zone string) chat.Message {
			return chat.Message{Headline: n.Kind.String() + " " + n.Verdict.State.String(), Footer: zone}
		},
		chart:        func(Change) *chart.Data { return &chart.Data{Title: "chart"} },
		fresh:        func(id string) (Change, bool) { c, ok := b.open[id]; c.Kind = chat.Updated; return c, ok },
		gone:         func(id string, _ checks.Target) bool { _, ok := b.open[id]; return !ok },
		suspect:      func(t checks.Target, _ time.Time) bool { return b.suspect[t] },
		before:       func(id string) Incident { return b.told[id] },
		corrections:  func(id string) int { return b.fixed[id] },
		subscription: func(_ chat.Channel, t checks.Target) (Subscription, bool) { s, ok := b.subs[t]; return s, ok },
	}
	for _, c := range changes {
		switch c.Kind {
		case chat.UpstreamChanged:
		case chat.Resolved:
			delete(b.open, c.Incident.ID)
		default:
			b.open[c.Incident.ID] = c
		}
	}
	p.add(changes)
	p.surface()
	p.release()
	for _, c := range changes {
		if c.Incident.ID != "" {
			b.told[c.Incident.ID] = c.Incident
		}
	}
	for _, t := range p.changedThreads() {
		b.targets[t.Incident] = s.targets[t.Incident]
		b.threads[t.Incident] = t
	}
	b.posts = append(b.posts, p.deliveries...)
	var lines []string
	for _, d := range p.deliveries {
		lines = append(lines, b.line(&d))
	}
	return lines
}

// line writes a delivery as scripts have it.
func (b *room) line(d *Delivery) string {
	_, suffix, _ := strings.Cut(d.Key, "/"+d.Op.String())
	switch {
	case d.Op == Plain:
		return "plain " + d.Message.Headline
	case strings.Contains(suffix, "/chart"):
		return "chart " + d.Incident
	case strings.Contains(suffix, "/correction"):
		b.fixed[d.Incident]++
		return d.Message.Headline
	case strings.Contains(suffix, "/within") && d.Op == Reply:
		return "goes on " + d.Incident
	}
	return d.Op.String() + " " + d.Incident
}

func TestPlan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		subs   []string
		script string
	}{
		{"a life", []string{"KP"}, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			17:00 updated KP-1 degraded | reply KP-1, edit KP-1
			17:30 updated KP-1 down quiet | edit KP-1
			18:00 updated KP-1 unknown | reply KP-1, edit KP-1
			19:00 updated KP-1 recovering | reply KP-1, edit KP-1
			19:15 resolved KP-1 up | announce KP-1, edit KP-1
			19:20 tick |`},
		{"worse is for all to see", []string{"KP"}, `
			16:18 opened KP-1 degraded | root KP-1, chart KP-1
			17:00 updated KP-1 down | announce KP-1, edit KP-1
			17:10 updated KP-1 degraded | reply KP-1, edit KP-1
			17:20 updated KP-1 down | reply KP-1, edit KP-1
			18:00 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"open again", []string{"KP"}, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			17:00 resolved KP-1 up | announce KP-1, edit KP-1
			17:10 updated KP-1 down | announce KP-1, edit KP-1
			17:30 resolved KP-1 up | announce KP-1, edit KP-1
			17:40 updated KP-1 down quiet | edit KP-1
			17:50 resolved KP-1 up quiet | edit KP-1`},
		{"not subscribed to", []string{"AS4837"}, `
			16:18 opened KP-1 down |
			17:00 resolved KP-1 up |`},
		{"only down", []string{"KP level:down"}, `
			16:18 opened KP-1 degraded |
			16:30 updated KP-1 degraded |
			17:00 updated KP-1 down | root KP-1, chart KP-1
			17:10 updated KP-1 degraded | reply KP-1, edit KP-1
			18:00 resolved KP-1 up | announce KP-1, edit KP-1
			19:00 opened KP-2 degraded |
			20:00 resolved KP-2 up |
			20:30 upstream KP |`},
		{"anything", []string{"KP level:any"}, `
			16:18 upstream KP | plain upstream_changed down
			17:00 opened KP-1 degraded | root KP-1, chart KP-1`},
		{"muted", []string{"KP"}, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			16:20 mute KP 6h |
			17:00 updated KP-1 degraded | edit KP-1
			18:00 updated KP-1 down quiet | edit KP-1
			19:00 resolved KP-1 up | announce KP-1, edit KP-1
			22:30 tick |`},
		{"muted before it opened", []string{"KP"}, `
			16:00 mute KP 6h |
			16:18 opened KP-1 down |
			17:00 updated KP-1 degraded |
			19:00 resolved KP-1 up | root KP-1
			22:30 tick |`},
		{"a mute that ends first", []string{"KP"}, `
			16:00 mute KP 1h |
			16:18 opened KP-1 down |
			16:59 tick |
			17:00 tick | root KP-1, chart KP-1
			17:01 mute KP 1h |
			17:30 updated KP-1 degraded | edit KP-1
			18:01 tick | reply KP-1, edit KP-1
			18:02 tick |
			19:00 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"quiet hours", []string{"KP quiet:22-07"}, `
			21:00 opened KP-1 down | root KP-1, chart KP-1
			22:30 updated KP-1 degraded | edit KP-1
			23:30 updated KP-1 down | edit KP-1
			+06:59 tick |
			+07:00 tick | reply KP-1, edit KP-1
			+07:01 tick |
			+08:00 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"over at the end of the quiet hours", []string{"KP quiet:22-07"}, `
			21:00 opened KP-1 down | root KP-1, chart KP-1
			22:30 resolved KP-1 up | edit KP-1
			+07:00 tick | announce KP-1, edit KP-1
			+07:01 tick |`},
		{"opened and over within the quiet hours", []string{"KP quiet:22-07"}, `
			22:10 opened KP-1 down |
			23:30 resolved KP-1 up |
			+07:00 tick | root KP-1
			+07:01 tick |`},
		{"several within the quiet hours", []string{"KP quiet:22-07", "AS4837 quiet:22-07", "AS20485 quiet:22-07"}, `
			22:10 opened KP-1 down |
			22:30 resolved KP-1 up |
			23:10 opened AS4837-1 down |
			23:30 resolved AS4837-1 up |
			23:40 opened AS20485-1 down |
			+07:00 tick | root AS20485-1, chart AS20485-1, plain 2 notices were held back; what they tell of is over
			+07:01 tick |`},
		{"opened in the quiet hours, and goes on", []string{"KP quiet:22-07"}, `
			22:10 opened KP-1 down |
			23:30 updated KP-1 degraded |
			+07:00 tick | root KP-1, chart KP-1
			+08:00 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"open again at the end of the quiet hours", []string{"KP quiet:22-07"}, `
			21:00 opened KP-1 down | root KP-1, chart KP-1
			22:30 resolved KP-1 up | edit KP-1
			23:00 updated KP-1 down | edit KP-1
			+07:00 tick | reply KP-1, edit KP-1`},
		{"an upstream in the quiet hours", []string{"KP level:any quiet:22-07"}, `
			22:10 upstream KP |
			23:10 upstream KP |
			+07:00 tick | plain upstream_changed down
			+07:01 tick |
			+22:10 upstream KP |`},
		{"muted after the quiet hours", []string{"KP quiet:22-07"}, `
			21:00 opened KP-1 down | root KP-1, chart KP-1
			+06:00 mute KP 6h |
			+06:30 resolved KP-1 up | edit KP-1
			+07:00 tick | announce KP-1, edit KP-1`},
		{"suspended", []string{"KP"}, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			16:30 suspend all |
			17:00 updated KP-1 degraded |
			17:10 updated KP-1 down quiet |
			18:00 resolved KP-1 up |
			18:30 opened KP-2 down |
			20:00 resume all | announce KP-1, edit KP-1, root KP-2, chart KP-2
			20:01 tick |`},
		{"a spell that an outage follows", []string{"KP"}, `
			10:00 opened KP-1 degraded losses=3 | root KP-1, chart KP-1
			11:00 updated KP-1 degraded losses=14 quiet | edit KP-1
			16:18 opened KP-2 down & resolved KP-1 quiet losses=20 then=KP-2 | root KP-2, chart KP-2, edit KP-1`},
		{"a spell that an outage follows in the quiet hours", []string{"KP quiet:22-07"}, `
			22:10 opened KP-1 degraded losses=3 |
			23:18 opened KP-2 down & resolved KP-1 quiet losses=4 then=KP-2 |
			+07:00 tick | root KP-2, chart KP-2`},
		{"corrections", []string{"KP"}, `
			10:00 opened KP-1 degraded losses=3 | root KP-1, chart KP-1
			10:03 resolved KP-1 quiet losses=2 then=KP-2 | Correction 1: KP-1, edit KP-1
			10:04 opened KP-2 down | root KP-2, chart KP-2
			10:30 updated KP-2 down onset=09:58 | Correction 1: KP-2, reply KP-2, edit KP-2
			11:30 resolved KP-2 up onset=09:57 | Correction 2: KP-2, announce KP-2, edit KP-2`},
	} {
		t.Run(tt.name, func(t *testing.T) { newRoom(t, tt.subs...).play(tt.script) })
	}
}

func TestRollUp(t *testing.T) {
	all := []string{"KP", "AS131279", "175.45.176.0/22"}
	for _, tt := range []struct {
		name   string
		subs   []string
		script string
	}{
		{"at once", all, `
			16:18 opened 175.45.176.0/22-1 down & opened AS131279-1 down & opened KP-1 down | root KP-1, chart KP-1
			16:30 updated AS131279-1 degraded |
			19:15 resolved KP-1 up & resolved AS131279-1 up & resolved 175.45.176.0/22-1 up | announce KP-1, edit KP-1`},
		{"the wider one is about to open", all, `
			16:17 suspect KP |
			16:18 opened AS131279-1 down |
			16:19 calm KP & opened KP-1 down | root KP-1, chart KP-1
			19:15 resolved AS131279-1 up |
			19:16 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"the wider one was about to open, and did not", all, `
			16:17 suspect KP |
			16:18 opened AS131279-1 down |
			16:19 calm KP | root AS131279-1, chart AS131279-1
			16:40 resolved AS131279-1 up | announce AS131279-1, edit AS131279-1`},
		{"the wider one opens later", all, `
			16:18 opened AS131279-1 down | root AS131279-1, chart AS131279-1
			16:40 opened KP-1 down | root KP-1, chart KP-1, goes on AS131279-1, edit AS131279-1
			17:00 updated AS131279-1 degraded |
			19:10 resolved AS131279-1 up | edit AS131279-1
			19:15 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"it outlasts the wider one", all, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			16:19 opened AS131279-1 down |
			19:15 resolved KP-1 up | announce KP-1, edit KP-1, root AS131279-1, chart AS131279-1
			19:40 resolved AS131279-1 up | announce AS131279-1, edit AS131279-1`},
		{"it recovers when the wider one is over", all, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			16:19 opened AS131279-1 down |
			19:14 updated AS131279-1 recovering |
			19:15 resolved KP-1 up | announce KP-1, edit KP-1
			19:16 resolved AS131279-1 up |`},
		{"a relapse when the wider one is over", all, `
			16:18 opened KP-1 down | root KP-1, chart KP-1
			16:19 opened AS131279-1 down |
			19:14 updated AS131279-1 recovering |
			19:15 resolved KP-1 up | announce KP-1, edit KP-1
			19:20 updated AS131279-1 down | root AS131279-1, chart AS131279-1
			19:40 resolved AS131279-1 up | announce AS131279-1, edit AS131279-1`},
		{"another event", all, `
			10:00 opened KP-1 degraded | root KP-1, chart KP-1
			16:18 opened AS131279-1 down | root AS131279-1, chart AS131279-1
			16:40 resolved AS131279-1 up | announce AS131279-1, edit AS131279-1
			18:00 resolved KP-1 up | announce KP-1, edit KP-1`},
		{"the wider one is down altogether", all, `
			10:00 opened KP-1 down | root KP-1, chart KP-1
			16:18 opened AS131279-1 down |
			18:00 resolved AS131279-1 up & resolved KP-1 up | announce KP-1, edit KP-1`},
		{"the wider one is below its level", []string{"KP level:down", "AS131279"}, `
			16:17 opened KP-1 degraded |
			16:18 opened AS131279-1 down | root AS131279-1, chart AS131279-1
			16:30 updated KP-1 down | root KP-1, chart KP-1, goes on AS131279-1, edit AS131279-1
			18:00 resolved AS131279-1 up & resolved KP-1 up | edit AS131279-1, announce KP-1, edit KP-1`},
		{"the wider one is quiet", []string{"KP quiet:22-07", "AS131279"}, `
			22:17 opened KP-1 down & opened AS131279-1 down | root AS131279-1, chart AS131279-1
			+07:00 tick | root KP-1, chart KP-1, goes on AS131279-1, edit AS131279-1`},
		{"both are quiet", []string{"KP quiet:22-07", "AS131279 quiet:22-07"}, `
			22:17 opened KP-1 down & opened AS131279-1 down |
			+07:00 tick | root KP-1, chart KP-1
			+08:00 resolved AS131279-1 up & resolved KP-1 up | announce KP-1, edit KP-1`},
		{"networks side by side", []string{"AS4837", "AS131279"}, `
			16:18 opened AS4837-1 down & opened AS131279-1 down | root AS4837-1, chart AS4837-1, root AS131279-1, chart AS131279-1`},
	} {
		t.Run(tt.name, func(t *testing.T) { newRoom(t, tt.subs...).play(tt.script) })
	}
}

// No two deliveries of a channel have the same key, or the second would be
// dropped as already said.
func TestPlanKeys(t *testing.T) {
	b := newRoom(t, "KP quiet:22-07", "AS131279")
	b.play(`
		16:18 opened KP-1 degraded losses=3 | root KP-1, chart KP-1
		16:19 opened AS131279-1 down |
		17:00 updated KP-1 down losses=2 | Correction 1: KP-1, announce KP-1, edit KP-1
		22:00 updated KP-1 degraded | edit KP-1
		+07:00 tick | reply KP-1, edit KP-1
		+08:00 resolved KP-1 up & upstream KP | announce KP-1, edit KP-1, root AS131279-1, chart AS131279-1`)
	var keys []string
	for _, d := range b.posts {
		if !strings.HasPrefix(d.Key, here.String()+"/") {
			t.Errorf("key %q does not begin with the channel", d.Key)
		}
		keys = append(keys, d.Key)
	}
	slices.Sort(keys)
	if n := len(slices.Compact(slices.Clone(keys))); n != len(keys) {
		t.Errorf("%d of %d keys are different: %q", n, len(keys), keys)
	}
}
