package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route"
)

// What is kept for questions: so many targets that nobody follows, for so long
// after they were last asked about; and answers about the past.
const (
	maxAsked = 32
	keptFor  = 10 * time.Minute
	maxPast  = 32
	pastFor  = time.Minute
)

// followWait is how long a step waits for a target that has just been subscribed
// to. Longer, and it begins as unknown.
const followWait = 5 * time.Second

// answer assesses a target at a moment, the data's now where that is zero.
func (w *watchroom) answer(ctx context.Context, t checks.Target, at time.Time) (chat.Notice, error) {
	e, err := w.lookUp(t, 0)
	now := w.now()
	if err != nil {
		return w.reply(w.unknown(checks.Footprint{Target: t, Name: nameOf(t)}, now, err.Error(), probesOfWhat)), nil
	}
	switch present := at.IsZero() || at.Equal(now); {
	case present && w.live != nil:
		v, err := w.question(ctx, e)
		return w.reply(v), err
	case present:
		select {
		case <-e.ready:
		case <-ctx.Done():
			return chat.Notice{}, ctx.Err()
		}
		return w.reply(w.assess(e, w.now())), nil
	}
	v, err := w.before(ctx, e, at, now)
	return w.reply(v), err
}

func (w *watchroom) reply(v checks.Verdict) chat.Notice {
	return w.finish(chat.Notice{Kind: chat.Answer, Verdict: v}, w.app.config.Output.TimeZone.Location)
}

// lookUp gives the entry of a target, and has it caught up with where it is new.
func (w *watchroom) lookUp(t checks.Target, pins int) (*watched, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, known := w.targets[t]
	if !known && pins == 0 && !w.makeRoom() {
		return nil, errNoRoom
	}
	e := w.enter(t)
	e.pins += pins
	w.attend(e)
	switch {
	case known:
	case w.live != nil: // what is not in the lists may be looked up
		if e.refusal != "" {
			e.refusal, e.ready = "", make(chan struct{})
		}
		w.pending = append(w.pending, e)
		w.nudge()
	case e.refusal != "":
	case w.rec == nil:
		e.watch = w.nobody
		close(e.ready)
	case len(e.footprint.Prefixes)+len(e.footprint.Origins) == 0: // a host: there are no routes to look for
		e.watch = w.nobody
		close(e.ready)
	default:
		w.pending = append(w.pending, e)
		w.nudge()
	}
	return e, nil
}

// nudge wakes whoever serves the targets that are pending.
func (w *watchroom) nudge() {
	select {
	case w.waiting <- struct{}{}:
	default:
	}
}

// makeRoom drops what was asked about long ago, and the oldest where there are too
// many, and reports whether there is room for one more.
func (w *watchroom) makeRoom() bool {
	idle := make([]checks.Target, 0, len(w.targets))
	for t, e := range w.targets {
		if e.pins > 0 || !closed(e.ready) {
			continue
		}
		if time.Since(e.used) > keptFor {
			w.drop(t)
			continue
		}
		idle = append(idle, t)
	}
	slices.SortFunc(idle, func(a, b checks.Target) int { return w.targets[a].used.Compare(w.targets[b].used) })
	for len(idle) > 0 && len(idle)+len(w.pending) >= maxAsked {
		w.drop(idle[0])
		idle = idle[1:]
	}
	return len(idle)+len(w.pending) < maxAsked
}

func (w *watchroom) drop(t checks.Target) {
	e := w.targets[t]
	e.leave()
	switch watch, ok := e.watch.(*route.Watch); {
	case e.live != nil:
		e.live.Close()
	case ok && watch != w.nobody:
		w.rib.Forget(watch)
	}
	delete(w.targets, t)
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// follow begins to follow a target: the bot's [bot.Config] asks for it.
func (w *watchroom) follow(t checks.Target) (bot.Followed, error) {
	e, err := w.lookUp(t, 1)
	if err != nil {
		return bot.Followed{}, err
	}
	wait := time.NewTimer(w.patience)
	defer wait.Stop()
	select {
	case <-e.ready:
	case <-wait.C:
	}
	return bot.Followed{
		Assess:   func(now time.Time) checks.Verdict { return w.assess(e, now) },
		Revision: func() int { return w.revision(e) },
		Freeze:   func(on bool, now time.Time) { w.freeze(e, on, now) },
		Baseline: func(now time.Time) checks.Baseline { return w.baseline(e, now) },
		Close:    sync.OnceFunc(func() { w.unfollow(t, e) }),
	}, nil
}

func (w *watchroom) unfollow(t checks.Target, e *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.pins--; e.pins > 0 {
		return
	}
	e.leave()
	if w.targets[t] == e && closed(e.ready) {
		w.drop(t)
	}
}

// revision is 0 until there is something to look at.
func (w *watchroom) revision(e *watched) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.watch == nil {
		return 0
	}
	revision := 1 + e.watch.Revision() + e.heard
	if e.probes != nil {
		revision += e.probes.Revision()
	}
	return revision
}

// freeze takes in whether the bot wants the baseline held.
func (w *watchroom) freeze(e *watched, on bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.asked = on
	e.settle(now)
}

func (w *watchroom) baseline(e *watched, now time.Time) checks.Baseline {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.watch == nil {
		return checks.Baseline{}
	}
	base, _, _ := e.watch.Observe(now)
	return base
}

// mostSuggestions is how many a platform shows.
const mostSuggestions = 25

// suggest gives targets for what was typed so far.
func (w *watchroom) suggest(typed string) []chat.Choice {
	var list []chat.Choice
	for _, s := range w.lists().Suggest(typed, mostSuggestions) {
		list = append(list, chat.Choice{Name: s.Name + " (" + s.Target.String() + ")", Value: s.Target.String()})
	}
	return list
}
