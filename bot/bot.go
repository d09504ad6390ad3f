package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Bot is everything that decides what is said, and to whom. Its methods may be
// called from several goroutines.
type Bot struct {
	c Config

	// stepping is held for a Step: it guards what follows up to mu.
	stepping sync.Mutex
	followed map[checks.Target]*following
	retry    time.Time // on the wall: when to try again what could not be followed
	survey   survey
	surveyed int // targets that are followed because the world shows them

	// changed is set when what is subscribed to may have changed.
	changed atomic.Bool
	nudge   chan struct{} // that somebody changed it
	rates   rates
	asking  asking

	// mu guards the rest. It is taken before a transaction that writes, never in one.
	mu       sync.Mutex
	standing map[checks.Target]*standing // never changed, only replaced
	incident map[string]checks.Target    // of the incidents that are open
	threads  map[chat.Channel]map[string]openThread
	looked   time.Time                  // the minute at which held threads were last looked at
	digests  map[chat.Channel]time.Time // when to look at the next one
	// shown are the targets that whoever subscribed to the world hears of, and roots when
	// a channel got the root messages that it has of them, of the last hour.
	shown map[checks.Target]bool
	roots map[chat.Channel][]time.Time
}

// standing is how a target stands, as far as the bot has told of it. That of a
// target which is not followed yet is nil, and has nothing open.
type standing struct {
	life    Life
	verdict checks.Verdict // the zero Verdict until it is assessed for the first time
}

// open gives the incidents that are open.
func (s *standing) open() []Incident {
	if s == nil {
		return nil
	}
	return s.life.Open()
}

// known gives the last verdict; ok is false where there is none yet.
func (s *standing) known() (v checks.Verdict, ok bool) {
	if s == nil || s.verdict.Target == (checks.Target{}) {
		return checks.Verdict{}, false
	}
	return s.verdict, true
}

// openThread is a thread of which there may be more to say. Its Root is not kept
// up to date.
type openThread struct {
	Thread
	target checks.Target
}

// New makes a bot from what its store remembers.
func New(c Config) (*Bot, error) {
	if c.Store == nil || c.Resolve == nil || c.Assess == nil || c.Follow == nil {
		return nil, errors.New("a bot needs Store, Resolve, Assess and Follow")
	}
	if c.World != nil && c.WorldVerdict == nil {
		return nil, errors.New("a bot that watches the world needs WorldVerdict")
	}
	c.Limits, c.Policy = c.Limits.orDefault(), c.Policy.orDefault()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	b := &Bot{
		c: c, followed: map[checks.Target]*following{}, nudge: make(chan struct{}, 1),
		standing: map[checks.Target]*standing{}, incident: map[string]checks.Target{},
		threads: map[chat.Channel]map[string]openThread{}, digests: map[chat.Channel]time.Time{},
		shown: map[checks.Target]bool{}, roots: map[chat.Channel][]time.Time{},
	}
	b.changed.Store(true)
	if err := c.Store.View(b.load); err != nil {
		return nil, fmt.Errorf("taking up what the store remembers: %w", err)
	}
	return b, nil
}

// load reads what is kept in memory.
func (b *Bot) load(tx *Tx) error {
	for _, t := range b.c.Store.Targets() {
		l, ok, err := tx.Life(t)
		if err != nil {
			return err
		}
		if ok {
			b.stand(t, &standing{life: l})
		}
	}
	threads, err := tx.OpenThreads()
	if err != nil {
		return err
	}
	for _, t := range threads {
		target, err := b.targetOf(tx, &t)
		if err != nil {
			return err
		}
		if target != (checks.Target{}) {
			b.remember(t, target)
		}
		if err := b.adopt(tx, &t, target); err != nil {
			return err
		}
	}
	plans, err := tx.DigestPlans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		b.digests[p.Channel] = time.Time{}
	}
	return nil
}

// targetOf finds out what a thread is about; the zero Target if nobody knows any
// more.
func (b *Bot) targetOf(tx *Tx, t *Thread) (checks.Target, error) {
	i, ok, err := tx.Incident(t.Incident)
	if ok || err != nil {
		return i.Target, err
	}
	subs, err := tx.Subscriptions(t.Channel)
	for _, s := range subs {
		if upstreamThread(s.Target) == t.Incident {
			return s.Target, nil
		}
	}
	return checks.Target{}, err
}

// stand notes how a target stands now; nil for one that is not followed any more.
func (b *Bot) stand(t checks.Target, s *standing) {
	if was := b.standing[t]; was != nil {
		for _, i := range was.life.Open() {
			delete(b.incident, i.ID)
		}
	}
	if s == nil {
		delete(b.standing, t)
		return
	}
	b.standing[t] = s
	for _, i := range s.life.Open() {
		b.incident[i.ID] = t
	}
}

// remember notes a thread as it is now.
func (b *Bot) remember(t Thread, target checks.Target) {
	in := b.threads[t.Channel]
	if !t.open() {
		if delete(in, t.Incident); len(in) == 0 {
			delete(b.threads, t.Channel)
		}
		return
	}
	if in == nil {
		in = map[string]openThread{}
		b.threads[t.Channel] = in
	}
	in[t.Incident] = openThread{t, target}
}

// beat is how often Run looks whether something is due.
const beat = 5 * time.Second

// Run calls Step on the clock of the data until the context ends, and then
// closes what it follows. What goes wrong is logged, and tried again.
func (b *Bot) Run(ctx context.Context) error {
	defer b.Close()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if err := b.Step(b.c.Now()); err != nil {
			b.c.Logger.Error("a step of the bot failed and will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-b.nudge: // whoever has just subscribed may ask at once how things stand
		}
	}
}

// Stats are figures for the operator.
type Stats struct {
	Targets, Subscriptions, Channels, Open int
}

// Stats counts what the bot is about at present.
func (b *Bot) Stats() Stats {
	s := Stats{Channels: b.c.Store.Channels()}
	for _, t := range b.c.Store.Targets() {
		s.Targets++
		s.Subscriptions += len(b.c.Store.Subscribers(t))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Open = len(b.incident)
	return s
}

// stands gives how all targets stand. A command takes it before it reads the
// store: b.mu is never waited for in a transaction.
func (b *Bot) stands() map[checks.Target]*standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.standing)
}

// finish adds to a notice what the reader's surroundings know.
func (b *Bot) finish(n chat.Notice, zone string) chat.Notice {
	var loc *time.Location
	if zone != "" {
		loc = location(zone)
	}
	if b.c.Finish != nil {
		return b.c.Finish(n, loc)
	}
	n.ChannelZone = loc
	return n
}

// name writes a target for a list.
func (b *Bot) name(t checks.Target) string {
	switch {
	case t == checks.Worldwide():
		return "the world"
	case b.c.Name == nil:
		return t.String()
	}
	return b.c.Name(t)
}
