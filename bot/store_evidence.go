package bot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Evidence is what one telling of an incident rests on, so that each sentence
// of a notice can be traced to what was seen. It is written once and never changed.
type Evidence struct {
	Seq uint64 // the order of writing, given by the store
	// Incident is the ID; "" for a change that belongs to none, which is kept
	// under its target.
	Incident string
	Target   checks.Target
	At       time.Time // of the verdict
	Kind     chat.Kind
	Revision int
	Quiet    bool
	Verdict  chat.VerdictRecord
	// Facts is the incident as it was told; nil for a change that belongs to none.
	Facts *chat.IncidentRecord
	// Seen are the observations that the verdict was made of.
	Seen []Sight
}

// Sight is one observation in short: how many vantage points had a prefix.
type Sight struct {
	Check, Source string
	Prefix        netip.Prefix
	At            time.Time // of the newest thing it rests on, at the source
	Seen, Asked   int
	Link          string // to the evidence; "" where there is nothing to link to
}

// Sights gives observations in short.
func Sights(observations []checks.Observation) []Sight {
	var list []Sight
	for _, o := range observations {
		list = append(list, Sight{o.Check, o.Source, o.Prefix, o.At, o.Seen, o.Asked, o.Link})
	}
	return list
}

// storedEvidence holds the records of [chat.VerdictJSON] as they are: they are a
// contract of their own, whose fields are only ever added.
type storedEvidence struct {
	Seq      uint64               `json:"seq"`
	Kept     time.Time            `json:"kept"` // when it was written, in the time of the wall
	Incident string               `json:"incident,omitempty"`
	Target   string               `json:"target"`
	At       time.Time            `json:"at"`
	Kind     string               `json:"kind"`
	Revision int                  `json:"revision,omitempty"`
	Quiet    bool                 `json:"quiet,omitempty"`
	Verdict  chat.VerdictRecord   `json:"verdict"`
	Facts    *chat.IncidentRecord `json:"facts,omitempty"`
	Seen     []storedSight        `json:"seen,omitempty"`
}

type storedSight struct {
	Check  string       `json:"check"`
	Source string       `json:"source"`
	Prefix netip.Prefix `json:"prefix"`
	At     time.Time    `json:"at,omitzero"`
	Seen   int          `json:"seen"`
	Asked  int          `json:"asked"`
	Link   string       `json:"link,omitempty"`
}

// AppendEvidence adds to the evidence of an incident, or of a target where the
// change belongs to no incident.
func (tx *Tx) AppendEvidence(e Evidence) error {
	if e.Target == (checks.Target{}) {
		return errors.New("writing evidence: it has no target")
	}
	seq, err := tx.next(bucketEvidence)
	if err != nil {
		return err
	}
	r := storedEvidence{
		Seq: seq, Kept: time.Now().UTC(), Incident: e.Incident, Target: e.Target.String(), At: utc(e.At), Kind: e.Kind.String(),
		Revision: e.Revision, Quiet: e.Quiet, Verdict: e.Verdict, Facts: e.Facts,
	}
	for _, s := range e.Seen {
		s.At = utc(s.At)
		r.Seen = append(r.Seen, storedSight(s))
	}
	subject := e.Incident
	if subject == "" {
		subject = r.Target
	}
	return tx.put(bucketEvidence, seqKey(under(subject), seq), r)
}

// Evidence gives all evidence of an incident, oldest first.
func (tx *Tx) Evidence(incident string) ([]Evidence, error) {
	return readAll(tx, bucketEvidence, under(incident), storedEvidence.evidence)
}

// TargetEvidence gives the evidence of the changes of a target that belong to no
// incident, oldest first.
func (tx *Tx) TargetEvidence(t checks.Target) ([]Evidence, error) {
	return readAll(tx, bucketEvidence, under(t.String()), storedEvidence.evidence)
}

func (r storedEvidence) evidence() (e Evidence, err error) {
	e = Evidence{
		Seq: r.Seq, Incident: r.Incident, At: r.At, Revision: r.Revision, Quiet: r.Quiet, Verdict: r.Verdict, Facts: r.Facts,
	}
	for _, s := range r.Seen {
		e.Seen = append(e.Seen, Sight(s))
	}
	if e.Target, err = storedTarget(r.Target); err != nil {
		return e, err
	}
	e.Kind, err = fromWord(r.Kind, chat.UpstreamChanged)
	return e, err
}

type storedNote struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text,omitempty"`
	Ack  bool      `json:"ack,omitempty"`
}

// AppendNote adds what a person said of an incident, in channel c. It is for the
// tenant of that channel and nobody else: a workspace does not read another's notes.
func (tx *Tx) AppendNote(c chat.Channel, incident string, n chat.Note) error {
	if incident == "" {
		return errors.New("writing a note: it belongs to no incident")
	}
	if err := tenantError(c.Platform, c.Tenant); err != nil {
		return fmt.Errorf("writing a note: %w", err)
	}
	seq, err := tx.next(bucketNotes)
	if err != nil {
		return err
	}
	k := seqKey(under(incident, c.Platform+"/"+c.Tenant), seq)
	return tx.put(bucketNotes, k, storedNote{utc(n.At), n.By, n.Text, n.Ack})
}

// Notes gives what people of the tenant of channel c said of an incident, oldest
// first. Their Incident is left empty: all are of the same.
func (tx *Tx) Notes(c chat.Channel, incident string) ([]chat.Note, error) {
	prefix := under(incident, c.Platform+"/"+c.Tenant)
	return readAll(tx, bucketNotes, prefix, func(r storedNote) (chat.Note, error) {
		return chat.Note{At: r.At, By: r.By, Text: r.Text, Ack: r.Ack}, nil
	})
}

type storedThread struct {
	Channel  string        `json:"channel"`
	Incident string        `json:"incident"`
	Root     string        `json:"root,omitempty"`
	Told     int           `json:"told,omitempty"`
	Held     int           `json:"held,omitempty"`
	Closed   bool          `json:"closed,omitempty"`
	Within   string        `json:"within,omitempty"`
	Later    *chat.Message `json:"later,omitempty"`
	LaterAt  time.Time     `json:"later_at,omitzero"`
	Begun    time.Time     `json:"begun,omitzero"`
}

// PutThread writes what a channel has seen of an incident. The root is the
// outbox's: one that is there stays, whatever t says.
func (tx *Tx) PutThread(t Thread) error {
	if err := channelError(t.Channel); err != nil {
		return fmt.Errorf("writing a thread: %w", err)
	}
	if t.Incident == "" {
		return fmt.Errorf("writing a thread of %s: it has no incident", t.Channel)
	}
	before, _, err := tx.Thread(t.Channel, t.Incident)
	if err != nil {
		return err
	}
	t.Root = cmp.Or(before.Root, t.Root)
	return tx.putThread(t)
}

func (tx *Tx) putThread(t Thread) error {
	c := t.Channel.String()
	err := tx.put(bucketThreads, key(t.Incident, c), storedThread{
		c, t.Incident, t.Root, t.Told, t.Held, t.Closed, t.Within, t.Later, utc(t.LaterAt), utc(t.Begun),
	})
	if err != nil {
		return err
	}
	var open []byte
	if t.open() {
		open = []byte(threadOpen)
	}
	if err := tx.write(bucketThreadsBy, key(c, t.Incident), open); err != nil {
		return fmt.Errorf("writing the thread of %s in %s: %w", t.Incident, c, err)
	}
	return nil
}

// threadOpen marks the way to a thread of which there may be more to say.
const threadOpen = "open"

// OpenThreads gives the threads of which there may be more to say, by channel.
func (tx *Tx) OpenThreads() ([]Thread, error) {
	var list []Thread
	for e := range tx.scan(bucketThreadsBy, nil) {
		if string(e.value) != threadOpen {
			continue
		}
		channel, incident, _ := bytes.Cut(e.key, []byte{0})
		r, ok, err := get[storedThread](tx, bucketThreads, key(string(incident), string(channel)))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		t, err := r.thread()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// Thread gives what a channel has seen of an incident; ok is false where that is
// nothing.
func (tx *Tx) Thread(c chat.Channel, incident string) (t Thread, ok bool, err error) {
	r, ok, err := get[storedThread](tx, bucketThreads, key(incident, c.String()))
	if !ok {
		return Thread{}, false, err
	}
	t, err = r.thread()
	return t, err == nil, err
}

// Threads gives the threads of an incident, by channel.
func (tx *Tx) Threads(incident string) ([]Thread, error) {
	return readAll(tx, bucketThreads, under(incident), storedThread.thread)
}

// ChannelThreads gives the threads of a channel, by incident.
func (tx *Tx) ChannelThreads(c chat.Channel) ([]Thread, error) {
	prefix := under(c.String())
	var list []Thread
	for e := range tx.scan(bucketThreadsBy, prefix) {
		t, ok, err := tx.Thread(c, string(e.key[len(prefix):]))
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, t)
		}
	}
	return list, nil
}

func (r storedThread) thread() (Thread, error) {
	c, ok := chat.ParseChannel(r.Channel)
	if !ok {
		return Thread{}, fmt.Errorf("thread of %q: that is no channel", r.Channel)
	}
	return Thread{c, r.Incident, r.Root, r.Told, r.Held, r.Closed, r.Within, r.Later, r.LaterAt, r.Begun}, nil
}
