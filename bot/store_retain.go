package bot

import (
	"bytes"
	"cmp"
	"time"

	"isitdown/checks"
)

// Retention is for how many days the store keeps what is over. A field that is
// zero stands for its default; what is open, waiting or asked for is always kept.
type Retention struct {
	Incidents  int // incidents with their evidence, notes and threads, lives that nobody subscribed to: 365
	Deliveries int // deliveries that were sent, parked or skipped: 30
	Digests    int // the same for digests: 90
	Audit      int // 365
}

func (r Retention) orDefault() Retention {
	r.Incidents = cmp.Or(r.Incidents, 365)
	r.Deliveries = cmp.Or(r.Deliveries, 30)
	r.Digests = cmp.Or(r.Digests, 90)
	r.Audit = cmp.Or(r.Audit, 365)
	return r
}

// Removed is how many entries Retain has deleted.
type Removed struct{ Incidents, Evidence, Deliveries, Audit, Seen, Lives, Answers int }

// retainBatch bounds what one transaction deletes, so that nobody waits for long.
const retainBatch = 1000

// Retain deletes what is older than the retention says, by the time of the
// wall at which it was written. New entries use the space again: the file does not grow
// for what is replaced, and does not shrink. Run it a few times a day.
func (s *Store) Retain(now time.Time, r Retention) (Removed, error) {
	r = r.orDefault()
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	var n Removed
	sweeps := []struct {
		count *int
		old   func(tx *Tx) ([]stale, error)
	}{
		{&n.Deliveries, func(tx *Tx) ([]stale, error) { return tx.oldDeliveries(days(r.Deliveries), days(r.Digests)) }},
		{&n.Incidents, func(tx *Tx) ([]stale, error) { return tx.oldIncidents(days(r.Incidents)) }},
		{&n.Evidence, func(tx *Tx) ([]stale, error) { return tx.oldEvidence(days(r.Incidents)) }},
		{&n.Lives, func(tx *Tx) ([]stale, error) { return tx.oldLives(days(r.Incidents)) }},
		{&n.Audit, func(tx *Tx) ([]stale, error) { return tx.oldAudit(days(r.Audit)) }},
		{&n.Seen, func(tx *Tx) ([]stale, error) { return tx.oldSeen(now) }},
		{&n.Answers, func(tx *Tx) ([]stale, error) { return tx.oldAnswers(now) }},
	}
	for _, sweep := range sweeps {
		if err := s.sweep(sweep.count, sweep.old); err != nil {
			return n, err
		}
	}
	return n, nil
}

// stale is something to delete: keys, and all keys under some prefixes.
type stale struct{ keys, prefixes []place }

type place struct {
	bucket string
	key    []byte
}

// sweep deletes what old finds, a batch at a time. It looks in a transaction
// that holds nobody up.
func (s *Store) sweep(count *int, old func(tx *Tx) ([]stale, error)) error {
	for {
		var list []stale
		err := s.View(func(tx *Tx) (err error) {
			list, err = old(tx)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		err = s.Update(func(tx *Tx) error {
			for _, e := range list {
				if err := tx.remove(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		*count += len(list)
		if len(list) < retainBatch {
			return nil
		}
	}
}

func (tx *Tx) remove(e stale) error {
	for _, p := range e.prefixes {
		for x := range tx.scan(p.bucket, p.key) {
			e.keys = append(e.keys, place{p.bucket, bytes.Clone(x.key)})
		}
	}
	for _, p := range e.keys {
		if err := tx.drop(p.bucket, p.key); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) oldDeliveries(before, digestsBefore time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketProgress, nil) {
		p, err := read[storedProgress](bucketProgress, e)
		if err != nil {
			continue // it is kept for a person to look at
		}
		cut := before
		if p.Digest {
			cut = digestsBefore
		}
		if p.SentAt.IsZero() || !p.SentAt.Before(cut) {
			continue
		}
		k := bytes.Clone(e.key)
		s := stale{keys: []place{{bucketProgress, k}, {bucketDeliveries, k}}}
		if d, ok, err := get[storedDelivery](tx, bucketDeliveries, k); err != nil {
			continue // the same
		} else if ok {
			s.keys = append(s.keys, place{bucketKeys, []byte(d.Key)}, place{bucketParked, append(under(d.Channel), k...)})
			head := key(d.Incident, d.Channel)
			if bytes.Equal(tx.tx.Bucket([]byte(bucketThreadHeads)).Get(head), k) {
				s.keys = append(s.keys, place{bucketThreadHeads, head})
			}
		}
		if list = append(list, s); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

// oldIncidents finds incidents that are over, and those that nobody follows any
// more and that will never be.
func (tx *Tx) oldIncidents(before time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketIncidents, nil) {
		r, err := read[storedIncident](bucketIncidents, e)
		if err != nil {
			return nil, err
		}
		if !r.Kept.Before(before) || r.Stage != Resolved.String() && tx.followed(r.Target) {
			continue
		}
		s := stale{
			keys: []place{{bucketIncidents, bytes.Clone(e.key)}},
			prefixes: []place{
				{bucketEvidence, under(r.ID)}, {bucketNotes, under(r.ID)}, {bucketThreads, under(r.ID)}, {bucketThreadHeads, under(r.ID)},
			},
		}
		threads, err := tx.Threads(r.ID)
		if err != nil {
			return nil, err
		}
		for _, t := range threads {
			s.keys = append(s.keys, place{bucketThreadsBy, key(t.Channel.String(), r.ID)})
		}
		if list = append(list, s); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

// wanted reports whether anybody subscribed to a target.
func (tx *Tx) wanted(target string) bool {
	t, err := checks.ParseTarget(target)
	return err != nil || len(tx.s.index.subscribers(t)) > 0
}

// followed is wanted of what is open: whoever subscribed to the world may wait for its end.
func (tx *Tx) followed(target string) bool {
	t, err := checks.ParseTarget(target)
	return tx.wanted(target) || err == nil && watchable(t) && len(tx.s.index.subscribers(checks.Worldwide())) > 0
}

// oldEvidence finds evidence that belongs to no incident: that of one goes with it.
func (tx *Tx) oldEvidence(before time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketEvidence, nil) {
		r, err := read[struct {
			Kept     time.Time `json:"kept"`
			Incident string    `json:"incident"`
		}](bucketEvidence, e)
		if err != nil {
			return nil, err
		}
		if r.Incident != "" || !r.Kept.Before(before) {
			continue
		}
		if list = append(list, stale{keys: []place{{bucketEvidence, bytes.Clone(e.key)}}}); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

// oldLives finds targets that nobody subscribed to any more.
func (tx *Tx) oldLives(before time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketLives, nil) {
		r, err := read[struct {
			Kept   time.Time `json:"kept"`
			Target string    `json:"target"`
		}](bucketLives, e)
		if err != nil {
			return nil, err
		}
		if !r.Kept.Before(before) || tx.wanted(r.Target) {
			continue
		}
		list = append(list, stale{
			keys:     []place{{bucketLives, key(r.Target)}, {bucketBaselines, key(r.Target)}},
			prefixes: []place{{bucketAnswers, under(r.Target)}},
		})
		if len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

func (tx *Tx) oldAudit(before time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketAudit, nil) {
		r, err := read[storedAudit](bucketAudit, e)
		if err != nil {
			return nil, err
		}
		if !r.At.Before(before) {
			continue
		}
		if list = append(list, stale{keys: []place{{bucketAudit, bytes.Clone(e.key)}}}); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

func (tx *Tx) oldSeen(now time.Time) ([]stale, error) {
	var list []stale
	for e := range tx.scan(bucketSeen, nil) {
		r, err := read[storedSeen](bucketSeen, e)
		if err != nil {
			return nil, err
		}
		if now.Before(r.Until) {
			continue
		}
		if list = append(list, stale{keys: []place{{bucketSeen, bytes.Clone(e.key)}}}); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}

// oldAnswers finds the days of hosts that no rate counts any more: whoever is asked about
// once is not kept for ever.
func (tx *Tx) oldAnswers(now time.Time) ([]stale, error) {
	oldest := firstAnswerDay(now)
	var list []stale
	for e := range tx.scan(bucketAnswers, nil) {
		if day := e.key[bytes.LastIndexByte(e.key, 0)+1:]; string(day) >= oldest {
			continue
		}
		if list = append(list, stale{keys: []place{{bucketAnswers, bytes.Clone(e.key)}}}); len(list) == retainBatch {
			break
		}
	}
	return list, nil
}
