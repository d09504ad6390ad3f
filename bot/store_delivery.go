package bot

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// storedDelivery is what is to be said. It never changes, so that each step of a
// delivery writes a few bytes and not its message again.
type storedDelivery struct {
	Key      string       `json:"key"`
	Channel  string       `json:"channel"`
	Incident string       `json:"incident,omitempty"`
	Revision int          `json:"revision,omitempty"`
	Op       string       `json:"op"`
	Message  chat.Message `json:"message"`
	Chart    *chart.Data  `json:"chart,omitempty"`
	Observed time.Time    `json:"observed,omitzero"`
	Queued   time.Time    `json:"queued"`
	Digest   time.Time    `json:"digest,omitzero"`
}

// storedProgress is how far it has come.
type storedProgress struct {
	State     string     `json:"state"`
	Attempts  int        `json:"attempts,omitempty"`
	NotBefore time.Time  `json:"not_before,omitzero"`
	Unsure    bool       `json:"unsure,omitempty"`
	Doubts    int        `json:"doubts,omitempty"`
	Tried     time.Time  `json:"tried,omitzero"`
	Heir      storedHeir `json:"heir,omitzero"`
	Short     bool       `json:"short,omitempty"`
	Problem   string     `json:"problem,omitempty"`
	Trouble   string     `json:"trouble,omitempty"`
	Posted    string     `json:"posted,omitempty"`
	SentAt    time.Time  `json:"sent_at,omitzero"`
	Digest    bool       `json:"digest,omitempty"` // as in storedDelivery, for retention
}

type storedHeir struct {
	Wanted bool      `json:"wanted,omitempty"`
	Made   int       `json:"made,omitempty"`
	Unsure bool      `json:"unsure,omitempty"`
	Tried  time.Time `json:"tried,omitzero"`
}

// storedRoute is what the outbox has to know of a delivery while it waits.
type storedRoute struct {
	Channel  string    `json:"c"`
	Incident string    `json:"i,omitempty"`
	Op       string    `json:"o"`
	Queued   time.Time `json:"q"`
}

// route is a storedRoute in memory.
type route struct {
	seq      uint64
	channel  chat.Channel
	incident string
	op       Op
	queued   time.Time
}

// Enqueue puts a delivery into the outbox, as pending and with the next Seq. It gives
// false, and changes nothing, if there is or was one of the same key. An empty
// key of a delivery that belongs to an incident is filled in; a zero Queued is now.
func (tx *Tx) Enqueue(d Delivery) (fresh bool, err error) {
	if err := channelError(d.Channel); err != nil {
		return false, fmt.Errorf("queueing a delivery: %w", err)
	}
	if d.Op != Plain && d.Incident == "" {
		return false, fmt.Errorf("queueing a delivery to %s: a %s belongs to an incident", d.Channel, d.Op)
	}
	if d.Key == "" && d.Incident != "" {
		d.Key = DeliveryKey(d.Channel, d.Incident, d.Revision, d.Op)
	}
	if d.Key == "" {
		return false, fmt.Errorf("queueing a delivery to %s: it has no key", d.Channel)
	}
	if d.Queued.IsZero() {
		d.Queued = time.Now()
	}
	if tx.tx.Bucket([]byte(bucketKeys)).Get([]byte(d.Key)) != nil {
		return false, nil
	}
	if d.Seq, err = tx.next(bucketDeliveries); err != nil {
		return false, err
	}
	return true, tx.putNew(d)
}

// putNew writes all the records of a new delivery.
func (tx *Tx) putNew(d Delivery) error {
	k := seqKey(nil, d.Seq)
	for _, name := range []string{bucketDeliveries, bucketProgress, bucketQueue} {
		// Their keys only grow: pages that leave room would leave it for good.
		tx.tx.Bucket([]byte(name)).FillPercent = 0.9
	}
	d.Observed, d.Queued, d.Digest = utc(d.Observed), utc(d.Queued), utc(d.Digest)
	err := errors.Join(
		tx.put(bucketDeliveries, k, storedDelivery{
			d.Key, d.Channel.String(), d.Incident, d.Revision, d.Op.String(), d.Message, d.Chart, d.Observed, d.Queued, d.Digest,
		}),
		tx.write(bucketKeys, []byte(d.Key), k),
		tx.putProgress(Delivery{Seq: d.Seq, Digest: d.Digest}),
		tx.putRoute(route{d.Seq, d.Channel, d.Incident, d.Op, d.Queued}),
	)
	if err == nil && (d.Op == Root || d.Op == Edit) {
		err = tx.write(bucketThreadHeads, key(d.Incident, d.Channel.String()), k)
	}
	if err != nil {
		return fmt.Errorf("queueing delivery %s: %w", d.Key, err)
	}
	return nil
}

// putRoute puts a delivery in the queue and tells the outbox of it once the
// transaction is kept.
func (tx *Tx) putRoute(r route) error {
	err := tx.put(bucketQueue, seqKey(nil, r.seq), storedRoute{r.channel.String(), r.incident, r.op.String(), r.queued})
	if err == nil {
		tx.in.queued = append(tx.in.queued, r)
	}
	return err
}

// putProgress writes how far d has come.
func (tx *Tx) putProgress(d Delivery) error {
	return tx.put(bucketProgress, seqKey(nil, d.Seq), storedProgress{
		State: d.State.String(), Attempts: d.Attempts, NotBefore: utc(d.NotBefore),
		Unsure: d.Unsure, Doubts: d.Doubts, Tried: utc(d.Tried), Short: d.Short,
		Heir:    storedHeir{d.Heir.Wanted, d.Heir.Made, d.Heir.Unsure, utc(d.Heir.Tried)},
		Problem: d.Problem, Trouble: d.Trouble, Posted: d.Posted, SentAt: utc(d.SentAt), Digest: !d.Digest.IsZero(),
	})
}

// finish writes a delivery that has come to its end: sent, parked or skipped.
func (tx *Tx) finish(d Delivery) error {
	if err := tx.drop(bucketQueue, seqKey(nil, d.Seq)); err != nil {
		return err
	}
	if d.State == Parked {
		if err := tx.mark(bucketParked, seqKey(under(d.Channel.String()), d.Seq)); err != nil {
			return err
		}
	}
	return tx.putProgress(d)
}

// unpark puts what was parked for the channels that a prefix stands for, and
// queued since a time, back into the queue. What cannot be read stays parked.
func (tx *Tx) unpark(prefix []byte, since time.Time) (n int, err error) {
	var keys [][]byte
	for e := range tx.scan(bucketParked, prefix) {
		keys = append(keys, bytes.Clone(e.key))
	}
	for _, k := range keys {
		seq := keySeq(k)
		d, ok, err := tx.delivery(seq)
		if err != nil && !damaged(err) {
			return n, err
		}
		if !ok || d.Queued.Before(since) {
			continue
		}
		d.State, d.NotBefore, d.SentAt, d.Attempts = Pending, time.Time{}, time.Time{}, 0
		d.Doubts = min(d.Doubts, 1)
		err = errors.Join(
			tx.drop(bucketParked, k),
			tx.putProgress(d),
			tx.putRoute(route{seq, d.Channel, d.Incident, d.Op, d.Queued}),
		)
		if err != nil {
			return n, fmt.Errorf("taking up delivery %s again: %w", d.Key, err)
		}
		n++
	}
	return n, nil
}

// Delivery gives the delivery of a key; ok is false where there is none.
func (tx *Tx) Delivery(key string) (d Delivery, ok bool, err error) {
	k := tx.tx.Bucket([]byte(bucketKeys)).Get([]byte(key))
	if k == nil {
		return Delivery{}, false, nil
	}
	return tx.delivery(keySeq(k))
}

// Deliveries goes through all deliveries, whatever their state, the newest first. It
// ends at an error.
func (tx *Tx) Deliveries() iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		for e := range tx.scanBack(bucketDeliveries, nil) {
			d, ok, err := tx.delivery(keySeq(e.key))
			if !ok && err == nil {
				continue
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// ParkedDeliveries gives what a person has to look at, by channel and age. One that
// cannot be read has its Seq and a Problem that says so, and little else.
func (tx *Tx) ParkedDeliveries() ([]Delivery, error) {
	var list []Delivery
	for e := range tx.scan(bucketParked, nil) {
		d, ok, err := tx.delivery(keySeq(e.key))
		switch {
		case damaged(err):
			list = append(list, tx.unreadable(route{seq: keySeq(e.key)}, err))
		case err != nil:
			return nil, err
		case ok:
			list = append(list, d)
		}
	}
	return list, nil
}

// delivery reads a delivery by its number.
func (tx *Tx) delivery(seq uint64) (d Delivery, ok bool, err error) {
	r, ok, err := get[storedDelivery](tx, bucketDeliveries, seqKey(nil, seq))
	if !ok {
		return Delivery{}, false, err
	}
	p, ok, err := get[storedProgress](tx, bucketProgress, seqKey(nil, seq))
	if !ok {
		return Delivery{}, false, err
	}
	if d, err = r.delivery(seq, p); err != nil {
		return Delivery{}, false, &damage{bucketDeliveries, seqKey(nil, seq), err}
	}
	return d, true, nil
}

func (r storedDelivery) delivery(seq uint64, p storedProgress) (d Delivery, err error) {
	d = Delivery{
		Key: r.Key, Seq: seq, Incident: r.Incident, Revision: r.Revision, Message: r.Message, Chart: r.Chart,
		Observed: r.Observed, Queued: r.Queued, Digest: r.Digest,
		Attempts: p.Attempts, NotBefore: p.NotBefore, Unsure: p.Unsure, Doubts: p.Doubts, Tried: p.Tried, Heir: Heir(p.Heir),
		Short: p.Short, Problem: p.Problem, Trouble: p.Trouble, Posted: p.Posted, SentAt: p.SentAt,
	}
	var ok bool
	if d.Channel, ok = chat.ParseChannel(r.Channel); !ok {
		return d, fmt.Errorf("%q is no channel", r.Channel)
	}
	if d.Op, err = fromWord(r.Op, Edit); err != nil {
		return d, err
	}
	d.State, err = fromWord(p.State, Skipped)
	return d, err
}

// routes reads the whole queue, in order. Where a route cannot be read the delivery
// itself says it; without that either it is among the lost, with its seq alone.
func (tx *Tx) routes() (list []route, lost map[uint64]error) {
	lost = make(map[uint64]error)
	for e := range tx.scan(bucketQueue, nil) {
		r, err := readRoute(e)
		if err != nil {
			d, ok, _ := tx.delivery(r.seq)
			if !ok {
				lost[r.seq] = err
				continue
			}
			r = route{r.seq, d.Channel, d.Incident, d.Op, d.Queued}
		}
		list = append(list, r)
	}
	return list, lost
}

// readRoute reads a route; its seq is there in spite of an error.
func readRoute(e entry) (route, error) {
	r := route{seq: keySeq(e.key)}
	s, err := read[storedRoute](bucketQueue, e)
	if err != nil {
		return r, err
	}
	r.incident, r.queued = s.Incident, s.Queued
	var ok bool
	if r.channel, ok = chat.ParseChannel(s.Channel); !ok {
		return r, &damage{bucketQueue, bytes.Clone(e.key), fmt.Errorf("%q is no channel", s.Channel)}
	}
	if r.op, err = fromWord(s.Op, Edit); err != nil {
		return r, &damage{bucketQueue, bytes.Clone(e.key), err}
	}
	return r, nil
}

// setAside parks a delivery that cannot be read. Its records stay as they are, for a
// person to look at, and are kept for good.
func (tx *Tx) setAside(r route, why error) (Delivery, error) {
	var prefix []byte
	if r.channel != (chat.Channel{}) {
		prefix = under(r.channel.String())
	}
	d := tx.unreadable(r, why)
	return d, errors.Join(tx.drop(bucketQueue, seqKey(nil, r.seq)), tx.mark(bucketParked, seqKey(prefix, r.seq)))
}

// unreadable says of a delivery that cannot be read what is known all the same.
func (tx *Tx) unreadable(r route, why error) Delivery {
	d := Delivery{Seq: r.seq, Channel: r.channel, Incident: r.incident, Op: r.op, Queued: r.queued, State: Parked}
	d.Problem = "it cannot be read: " + why.Error()
	s, _, _ := get[storedDelivery](tx, bucketDeliveries, seqKey(nil, r.seq)) // perhaps another of its records is harmed
	d.Key = s.Key
	if d.Channel == (chat.Channel{}) {
		d.Channel, _ = chat.ParseChannel(s.Channel)
	}
	return d
}

// threadHead gives the newest delivery that says all that the root of a thread
// should say; ok is false where that is no longer kept.
func (tx *Tx) threadHead(c chat.Channel, incident string) (d Delivery, ok bool, err error) {
	k := tx.tx.Bucket([]byte(bucketThreadHeads)).Get(key(incident, c.String()))
	if k == nil {
		return Delivery{}, false, nil
	}
	return tx.delivery(keySeq(bytes.Clone(k)))
}

// announce tells the outbox what a transaction has put into the queue.
func (s *Store) announce(queued []route) {
	s.queue.Lock()
	kick := s.queue.kick
	if kick != nil {
		s.queue.arrived = append(s.queue.arrived, queued...)
	}
	s.queue.Unlock()
	if kick != nil {
		kick()
	}
}

// arrivals gives what came into the queue since it was last called.
func (s *Store) arrivals() []route {
	s.queue.Lock()
	defer s.queue.Unlock()
	list := s.queue.arrived
	s.queue.arrived = nil
	return list
}
