package bot

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// work is what goes into the store in one transaction.
type work struct {
	now       time.Time // of the data
	changes   []Change
	stands    map[checks.Target]*standing // of the targets that were looked at
	lives     []Life                      // those of them to keep
	baselines map[checks.Target]checks.Baseline
	seen      map[checks.Target][]checks.Observation
	// channels are to be looked at besides those that the changes concern.
	channels []chat.Channel
	// first is what a command changes; what is planned is planned after it. nil
	// for nothing.
	first func(tx *Tx) error
	// forget is what channels do not hear of any more.
	forget map[chat.Channel]map[checks.Target]bool
	// open are incidents that a channel is to be told of from now on.
	open map[chat.Channel][]Incident
}

// errNothing ends a transaction that has nothing to write.
var errNothing = errors.New("nothing to write")

// commit plans what is told and writes it, with everything that it rests on.
// b.mu is held. After an error all is as it was.
func (b *Bot) commit(w *work) error {
	was := make(map[checks.Target]*standing, len(w.stands))
	for t, s := range w.stands {
		was[t] = b.standing[t]
		b.stand(t, s)
	}
	if w.first == nil && len(w.lives)+len(w.changes)+len(w.channels) == 0 {
		return nil
	}
	var p *plan
	err := b.c.Store.Update(func(tx *Tx) error {
		if w.first != nil {
			if err := w.first(tx); err != nil {
				return err
			}
		}
		var err error
		if p, err = b.plan(tx, w); err != nil {
			return err
		}
		threads := p.changedThreads()
		if w.first == nil && len(w.lives)+len(w.changes)+len(threads)+len(p.deliveries) == 0 {
			return errNothing
		}
		return b.write(tx, w, p, threads)
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case err != nil:
		for t, s := range was {
			b.stand(t, s)
		}
		return err
	}
	for c, gone := range w.forget {
		maps.DeleteFunc(b.threads[c], func(_ string, o openThread) bool { return gone[o.target] })
	}
	for _, s := range p.scenes {
		if s.rooted != nil {
			b.roots[s.channel] = s.rooted
		}
		for id := range s.changed {
			b.remember(*s.threads[id], s.targets[id])
		}
	}
	return nil
}

// write puts all of it into the store.
func (b *Bot) write(tx *Tx, w *work, p *plan, threads []Thread) error {
	for _, l := range w.lives {
		if err := tx.PutLife(l); err != nil {
			return err
		}
	}
	for t, base := range w.baselines {
		if err := tx.PutBaseline(t, base); err != nil {
			return err
		}
	}
	for _, i := range p.gathered {
		if err := tx.PutIncident(i); err != nil {
			return err
		}
	}
	for i := range w.changes {
		if err := b.record(tx, w, &w.changes[i]); err != nil {
			return err
		}
	}
	for _, t := range threads {
		if err := tx.PutThread(t); err != nil {
			return err
		}
	}
	for _, d := range p.deliveries {
		if _, err := tx.Enqueue(d); err != nil {
			return err
		}
	}
	return nil
}

// maxPrefixRecords bounds the prefixes that the evidence of one change lists one
// by one: those that are not as usual come first. The counts are always whole.
const maxPrefixRecords = 2000

// record keeps what a change rests on.
func (b *Bot) record(tx *Tx, w *work, c *Change) error {
	r := chat.ChangeJSON(b.finish(c.Notice(), ""))
	r.Verdict.Prefixes = unusualFirst(r.Verdict.Prefixes)
	seen := Sights(w.seen[c.Verdict.Target])
	err := tx.AppendEvidence(Evidence{
		Incident: c.Incident.ID, Target: c.Verdict.Target, At: c.At, Kind: c.Kind, Revision: c.Incident.Revision, Quiet: c.Quiet,
		Verdict: r.Verdict, Facts: r.Facts, Seen: seen[:min(len(seen), maxPrefixRecords)],
	})
	if err != nil || c.Incident.ID == "" {
		return err
	}
	return tx.PutIncident(c.Incident)
}

// unusualFirst cuts a long list of prefixes so that what is cut is what is there.
func unusualFirst(list []chat.PrefixRecord) []chat.PrefixRecord {
	if len(list) <= maxPrefixRecords {
		return list
	}
	usual := func(p *chat.PrefixRecord) int {
		if p.Visible && p.Seen == p.Of {
			return 1
		}
		return 0
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b chat.PrefixRecord) int { return cmp.Compare(usual(&a), usual(&b)) })
	return list[:maxPrefixRecords]
}
