package bot

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// A bot that is killed at any moment, again and again, tells the same as one that
// is not: what it knows is in the store with what it told.
func TestKilledAtAnyMoment(t *testing.T) {
	course := func(kill func() bool) (told []string) {
		inBubble(t, func(t *testing.T, s *Store) { told = courseOf(t, s, kill) })
		return told
	}
	whole := course(func() bool { return false })
	if len(whole) < 20 {
		t.Fatalf("only %d deliveries: %q", len(whole), whole)
	}
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		if diff := cmp.Diff(course(func() bool { return r.IntN(20) == 0 }), whole); diff != "" {
			t.Fatalf("seed %d: killed and not killed differ (-killed +not)\n%s", seed, diff)
		}
	}
}

// courseOf lets a day and more pass, and gives what was told. Kill says whether the
// bot dies after a step.
func courseOf(t *testing.T, s *Store, kill func() bool) []string {
	see := newSky()
	b := botOn(t, s, see)
	say(t, b, newsroom, "outages subscribe KP quiet:03-05")
	say(t, b, newsroom, "outages subscribe AS131279")
	say(t, b, noc, "outages subscribe AS131279 level:down")
	say(t, b, noc, "outages digest daily 08:00")
	kp, net := checks.Country("KP"), checks.Network(131279)
	start := time.Now()
	at := func(minute int, f func()) func() {
		return func() {
			if time.Since(start) == time.Duration(minute)*time.Minute {
				f()
			}
		}
	}
	set := func(t checks.Target, state checks.State) func() {
		return func() { see.patch(t).set(state, time.Now()) }
	}
	events := []func(){
		at(30, set(net, checks.Down)), at(33, set(kp, checks.Degraded)), at(60, set(kp, checks.Down)),
		at(100, func() { say(t, b, newsroom, "outages mute AS131279 2h") }),
		at(200, set(kp, checks.Up)), at(230, set(net, checks.Up)), at(250, set(kp, checks.Down)), at(270, set(kp, checks.Up)),
		at(400, set(net, checks.Degraded)), at(420, set(kp, checks.Unknown)), at(430, set(net, checks.Down)), at(470, set(kp, checks.Up)),
		at(500, set(net, checks.Up)),
	}
	for i := range 30 { // a spell of flaps
		events = append(events, at(700+5*i, set(kp, checks.Down)), at(701+5*i, set(kp, checks.Up)))
	}
	for time.Since(start) < 30*time.Hour {
		for _, e := range events {
			e()
		}
		if err := b.Step(time.Now()); err != nil {
			t.Fatal(err)
		}
		if kill() {
			b = botOn(t, s, see) // the old one writes nothing more
		}
		time.Sleep(20 * time.Second)
	}
	var told []string
	for _, d := range deliveries(t, s) {
		line := d.Observed.Sub(start).String() + " " + d.Channel.ID + " " + d.Op.String() + " " + d.Incident
		if d.Message.Tone != chat.ToneNone {
			line += " " + d.Message.Headline[:4]
		}
		told = append(told, line)
	}
	return told
}
