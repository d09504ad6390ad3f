package bot

import (
	"cmp"
	"errors"
	"hash/fnv"
	"reflect"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// following is a target that somebody subscribed to, or that the world shows.
type following struct {
	Watch
	target checks.Target
	source Followed
	shown  bool      // nobody subscribed to it: the world shows it
	saved  time.Time // on the wall: when the life was last kept
	before Watch     // as it was before the step that is going on
	begun  bool      // it has yet to be seen for the first time
}

// saveEvery is how often, on the wall, a life is kept in which nothing happened.
const saveEvery = time.Minute

// saveEvery is that of a target: those that the world shows may be many.
func (f *following) saveEvery() time.Duration {
	if f.shown {
		return idleEvery
	}
	return saveEvery
}

// longPause is how long nobody may have looked at a target before that time
// counts as unseen.
const longPause = 2*idleEvery + saveEvery

// pausedNote stands in a timeline where nobody looked at the target.
const pausedNote = "not watched from here on"

// Step does what is due at now, in the time of the data: it assesses the targets
// whose routes moved or whose turn it is, and puts what there is to tell into
// the store and its outbox, all of it or nothing. Calls come in order of time.
func (b *Bot) Step(now time.Time) error {
	b.stepping.Lock()
	defer b.stepping.Unlock()
	err := b.follow(now)
	fresh, failed := b.surveyWorld(now)
	err = errors.Join(err, failed)
	w := b.look(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.catchUpShown(&w, fresh)
	if minute := now.Truncate(time.Minute); !minute.Equal(b.looked) {
		b.looked = minute
		w.channels = append(w.channels, b.waiting()...)
	}
	if failed := b.commit(&w); failed != nil {
		for _, f := range b.followed {
			f.Watch = f.before
		}
		err = errors.Join(err, failed)
	}
	return errors.Join(err, b.sendDigests(now))
}

// follow begins to follow what was subscribed to and ends what nobody wants any
// longer.
func (b *Bot) follow(now time.Time) error {
	if !b.changed.Swap(false) && (b.retry.IsZero() || time.Now().Before(b.retry)) {
		return nil
	}
	b.retry = time.Time{}
	wanted := map[checks.Target]bool{}
	var failed error
	for _, t := range b.c.Store.Targets() {
		wanted[t] = true
		if f := b.followed[t]; f != nil && !f.shown {
			continue
		} else if f != nil { // from now on by more than the world shows
			if err := b.endShown([]*following{f}); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
		}
		f, err := b.begin(t, now)
		if err != nil {
			b.c.Logger.Error("a target cannot be followed and will be tried again", "target", t.String(), "error", err)
			b.retry = time.Now().Add(time.Minute)
			continue
		}
		b.followed[t] = f
	}
	for t, f := range b.followed {
		if !wanted[t] && !f.shown {
			failed = errors.Join(failed, b.end(f))
			delete(b.followed, t)
			b.mu.Lock()
			if len(b.standing[t].open()) > 0 && b.shown[t] {
				b.survey.adopted = append(b.survey.adopted, t) // others were told of it
			}
			b.stand(t, nil)
			b.mu.Unlock()
		}
	}
	return failed
}

// begin follows one target that somebody subscribed to.
func (b *Bot) begin(t checks.Target, now time.Time) (*following, error) {
	if t == checks.Worldwide() {
		return b.beginWith(t, b.worldSource(), now)
	}
	source, err := b.c.Follow(t)
	if err != nil {
		return nil, err
	}
	f, err := b.beginWith(t, source, now)
	if err != nil && source.Close != nil {
		source.Close()
	}
	return f, err
}

// beginWith follows one target, from where its life was left.
func (b *Bot) beginWith(t checks.Target, source Followed, now time.Time) (*following, error) {
	var life Life
	var known bool
	err := b.c.Store.View(func(tx *Tx) (err error) {
		life, known, err = tx.Life(t)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := &following{target: t, source: source, begun: true, Watch: Watch{
		Assess: source.Assess, Revision: source.Revision, Freeze: source.Freeze,
		Policy: b.c.Policy, Settle: b.c.Settle, Phase: phase(t),
	}}
	switch {
	case !known:
		return f, nil
	case life.At.After(now):
		b.c.Logger.Warn("what is kept of a target is newer than the data: nothing is told of it until the data is newer; give a rehearsal a database of its own",
			"target", t.String(), "kept", life.At, "data", now)
	case now.Sub(life.At) > longPause:
		life = life.resumed(now, pausedNote)
	}
	f.Resume(life, now)
	return f, nil
}

// phase spreads the looks at idle targets by their names.
func phase(t checks.Target) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(t.String())) // never fails
	return time.Duration(h.Sum64() % uint64(idleEvery))
}

// end stops following a target and keeps its life.
func (b *Bot) end(f *following) error {
	life := f.Life()
	if f.source.Close != nil {
		f.source.Close()
	}
	if life.Target == (checks.Target{}) {
		return nil
	}
	return b.c.Store.Update(func(tx *Tx) error { return tx.PutLife(life) })
}

// Close ends the following of all targets, and keeps how they stand. Run does it
// too; a Step after it begins anew.
func (b *Bot) Close() {
	b.stepping.Lock()
	defer b.stepping.Unlock()
	for t, f := range b.followed {
		if err := b.end(f); err != nil {
			b.c.Logger.Error("how a target stands was not kept", "target", t.String(), "error", err)
		}
		if f.shown {
			b.survey.adopted = append(b.survey.adopted, t)
		}
		delete(b.followed, t)
	}
	b.surveyed = 0
	b.changed.Store(true)
}

// look assesses what is due and gives what there is to write.
func (b *Bot) look(now time.Time) work {
	w := work{now: now, stands: map[checks.Target]*standing{}}
	for t, f := range b.followed {
		f.before = f.Watch
		changes := f.Step(now)
		if f.assessed.Equal(f.before.assessed) {
			continue
		}
		life := f.Life()
		w.stands[t] = &standing{life, f.Verdict()}
		w.changes = append(w.changes, changes...)
		b.catchUp(&w, f)
		if len(changes) > 0 || time.Since(f.saved) >= f.saveEvery() || moved(f.before.life, life) {
			w.lives = append(w.lives, life)
			f.saved = time.Now()
		}
		for _, c := range changes {
			w.note(f, &c)
		}
	}
	// The order of a map would make the order of what is said a matter of chance.
	slices.SortStableFunc(w.changes, func(a, b Change) int {
		return cmp.Compare(a.Verdict.Target.String(), b.Verdict.Target.String())
	})
	return w
}

// catchUp has the channels told of an incident that was open before they subscribed,
// while nobody followed its target, and that still is.
func (b *Bot) catchUp(w *work, f *following) {
	v := f.Verdict()
	if !f.begun || v.State == checks.Unknown {
		return
	}
	f.begun = false
	if v.State == checks.Up {
		return
	}
	for _, i := range f.before.life.Open() {
		b.openIn(w, &i, b.c.Store.Subscribers(i.Target))
		if f.shown {
			b.openIn(w, &i, b.c.Store.Subscribers(checks.Worldwide()))
		}
	}
}

// catchUpShown has the channels that subscribed to the world told of what is open of the
// targets that it shows from now on. b.mu is held.
func (b *Bot) catchUpShown(w *work, fresh []checks.Target) {
	for _, t := range fresh {
		for _, i := range b.standing[t].open() {
			b.openIn(w, &i, b.c.Store.Subscribers(checks.Worldwide()))
		}
	}
}

// openIn has subscribers told of an incident that is open.
func (b *Bot) openIn(w *work, i *Incident, subs []Subscription) {
	for _, s := range subs {
		if i.told.worst < least(s.Level) {
			continue
		}
		if w.open == nil {
			w.open = map[chat.Channel][]Incident{}
		}
		w.open[s.Channel] = append(w.open[s.Channel], *i)
		w.channels = append(w.channels, s.Channel)
	}
}

// note takes along what a change rests on, as long as it is at hand.
func (w *work) note(f *following, c *Change) {
	if f.source.Seen != nil {
		if w.seen == nil {
			w.seen = map[checks.Target][]checks.Observation{}
		}
		w.seen[c.Verdict.Target] = f.source.Seen()
	}
	if f.source.Baseline != nil && c.Kind == chat.Opened {
		if w.baselines == nil {
			w.baselines = map[checks.Target]checks.Baseline{}
		}
		w.baselines[c.Verdict.Target] = f.source.Baseline(c.At)
	}
}

// moved reports whether more has happened between two lives than that the target
// was looked at again.
func moved(a, b Life) bool {
	a.At, b.At = time.Time{}, time.Time{}
	a.lastKnown.At, b.lastKnown.At = time.Time{}, time.Time{}
	return !reflect.DeepEqual(a, b)
}
