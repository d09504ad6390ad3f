package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// watchroom is where the bot's facts come from: what is registered, and one table of
// routes with a watch for each target that is followed or was asked about lately.
//
// Its routes come from a recording, which is read to its end at the start, or is
// played with its own clock in a rehearsal; or from live sources. The two differ in
// where the history of a target comes from that nobody asked about from the start,
// and the answers of past moments: a recording is played once more, live sources
// look it up. With neither every answer is unknown, and says what to give.
//
// Its methods may be called from several goroutines.
type watchroom struct {
	app      *app
	registry atomic.Pointer[registry.Registry]
	live     *current           // nil for a recording, or nothing
	globe    *globe             // nil where the whole world is not kept
	rec      *archive.Recording // nil for none
	again    archive.Recording  // the same, to be played by whoever catches up
	caveats  []string

	position atomic.Int64  // updates applied
	waiting  chan struct{} // somebody is pending
	asked    past
	patience time.Duration       // how long a step waits for a new target
	assessed func(time.Duration) // is told how long each assessment took

	mu      sync.Mutex // over what follows, and every use of rib and its watches
	rib     *route.RIB
	nobody  *route.Watch // watches nothing
	clock   time.Time    // of the data; zero stands for the newest update
	gaps    []checks.Gap // of the recording
	missing string       // why nothing is known at all; "" where something is
	targets map[checks.Target]*watched
	pending []*watched // to be caught up with
}

// noData tells an operator and everybody who asks what to do about it.
const noData = "this bot was given no routing data: start it with --routes FILE, or set routes in its settings"

// newWatchroom makes a watchroom of a source, which may have no recording. Nothing is
// known before it was played.
func (a *app) newWatchroom(s source) *watchroom {
	w := &watchroom{
		app: a, rec: s.rec, caveats: s.caveats,
		rib: route.NewRIB(a.config.recordedRules()), targets: map[checks.Target]*watched{},
		waiting: make(chan struct{}, 1), asked: past{turn: make(chan struct{}, 1)},
		patience: followWait, assessed: func(time.Duration) {},
	}
	w.registry.Store(s.registry)
	w.nobody = w.rib.Watch(checks.Footprint{})
	if s.rec == nil {
		w.missing = noData
		return w
	}
	w.again, w.missing = *s.rec, "the recorded routing data is being read; ask again in a moment"
	return w
}

// lists gives what is registered, as far as it is known at present.
func (w *watchroom) lists() *registry.Registry { return w.registry.Load() }

// now is the clock of the data: the time of a recording, or the wall's where there
// is none.
func (w *watchroom) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nowLocked()
}

func (w *watchroom) nowLocked() time.Time {
	switch {
	case !w.clock.IsZero():
		return w.clock
	case w.rec == nil:
		return time.Now()
	case w.rib.Newest().IsZero():
		return w.rec.Start()
	}
	return w.rib.Newest()
}

// tell sets the clock of the data, and what is wrong with the recording as far as
// it has been played.
func (w *watchroom) tell(now time.Time, gaps []checks.Gap) {
	w.mu.Lock()
	w.clock, w.gaps = now, gaps
	now = w.nowLocked()
	w.mu.Unlock()
	w.globe.rest(now)
}

// apply takes in one update of the recording.
func (w *watchroom) apply(u *route.Update) {
	w.globe.record(u)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rib.Apply(u)
	w.position.Add(1)
}

// begin prepares the table for a recording: targets are those to watch from its
// first moment. Of updates alone it looks through the recording once.
func (w *watchroom) begin(ctx context.Context, targets []checks.Target) ([]*watched, error) {
	entries := w.enrol(targets)
	err := survey(w.rec, append(watchesOf(entries), w.nobody), func(emit func(*route.Update) error) error {
		return w.rec.Play(ctx, time.Time{}, emit)
	})
	if err != nil {
		return nil, fmt.Errorf("looking through the recording: %w", err)
	}
	w.lack("")
	return entries, nil
}

// lack says why nothing is known, or with "" that something is.
func (w *watchroom) lack(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missing = why
}

// enrol makes the watches of the targets that are watched from the first moment.
func (w *watchroom) enrol(targets []checks.Target) (list []*watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range targets {
		e := w.enter(t)
		if e.refusal == "" && e.watch == nil {
			e.watch = w.rib.Watch(e.footprint)
			close(e.ready)
			list = append(list, e)
		}
	}
	return list
}

func watchesOf(list []*watched) []*route.Watch {
	watches := make([]*route.Watch, len(list))
	for i, e := range list {
		watches[i] = e.watch.(*route.Watch) // a recording has no other
	}
	return watches
}

// load reads the whole recording, or that before a moment. It comes before anybody asks.
func (w *watchroom) load(ctx context.Context, targets []checks.Target, until time.Time) error {
	entries, err := w.begin(ctx, targets)
	if err != nil {
		return err
	}
	p := newProgress(&w.app.console, "reading")
	defer p.clear()
	w.rec.OnProgress = p.show
	k := w.app.keep(w.lists(), w.rec, w.rib, watchesOf(entries))
	err = w.rec.Play(ctx, until, func(u *route.Update) error {
		if err := k.ticks.before(u); err != nil {
			return err
		}
		w.apply(u)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the recording: %w", err)
	}
	if w.position.Load() == 0 {
		return fail(exitData, "the recording holds no routing data")
	}
	for i, life := range k.lives() {
		entries[i].life = life
	}
	w.tell(until, w.rec.Gaps())
	return nil
}

// enter gives the entry of a target, a new one where it is new.
func (w *watchroom) enter(t checks.Target) *watched {
	e := w.targets[t]
	if e == nil {
		e = &watched{ready: make(chan struct{})}
		var err error
		if e.footprint, err = w.lists().Footprint(t); err != nil {
			e.refusal = err.Error()
			e.footprint = checks.Footprint{Target: t, Name: nameOf(t)}
			close(e.ready)
		}
		w.targets[t] = e
	}
	e.used = time.Now()
	return e
}

// nameOf gives the name of a country, which needs no list.
func nameOf(t checks.Target) string {
	if t.Kind() == checks.KindCountry {
		return registry.CountryName(t.Text())
	}
	return ""
}

// finish adds to a notice what the reader's surroundings know.
func (w *watchroom) finish(n chat.Notice, zone *time.Location) chat.Notice {
	n.Caveats = w.caveats
	n.Place = place(n.Verdict.Registered.Country)
	if zone != nil && zone != time.UTC {
		n.ChannelZone = zone
	}
	return n
}

// within gives what holds a target, the widest first.
func (w *watchroom) within(t checks.Target) []checks.Target {
	var country string
	var list []checks.Target
	switch t.Kind() {
	case checks.KindASN:
		country = w.lists().Country(t.ASN())
	case checks.KindPrefix, checks.KindAddress:
		w.mu.Lock()
		if e := w.targets[t]; e != nil {
			country = e.footprint.Country
			for _, a := range e.origins {
				list = append(list, checks.Network(a))
			}
		}
		w.mu.Unlock()
	}
	if country != "" {
		list = append([]checks.Target{checks.Country(country)}, list...)
	}
	return list
}

// title writes a target for a list: "North Korea (KP)".
func (w *watchroom) title(t checks.Target) string {
	name := nameOf(t)
	if t.Kind() == checks.KindASN {
		name = w.lists().ASName(t.ASN())
	}
	return chat.Subject(t, name)
}

// errNoRoom says that too many targets are being asked about at once.
var errNoRoom = errors.New("too many targets are being asked about at once; ask again in a minute")
