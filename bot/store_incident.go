package bot

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// storedIncident is all of an [Incident]; in a [storedLife] it has no Kept.
type storedIncident struct {
	Kept       time.Time        `json:"kept,omitzero"` // when it was written, in the time of the wall
	ID         string           `json:"id"`
	Target     string           `json:"target"`
	Kind       string           `json:"kind"`
	Stage      string           `json:"stage"`
	Onset      storedInterval   `json:"onset,omitzero"`
	End        storedInterval   `json:"end,omitzero"`
	ResolvedAt time.Time        `json:"resolved_at,omitzero"`
	Worst      string           `json:"worst"`
	IPv4       storedCounts     `json:"ipv4,omitzero"`
	IPv6       storedCounts     `json:"ipv6,omitzero"`
	Answers    storedAnswering  `json:"answers,omitzero"`
	Routes     bool             `json:"routes,omitempty"`
	Revision   int              `json:"revision"`
	Changes    int              `json:"changes,omitempty"`
	Reopened   int              `json:"reopened,omitempty"`
	FollowedBy string           `json:"followed_by,omitempty"`
	Before     []storedUpstream `json:"before,omitempty"`
	After      []storedUpstream `json:"after,omitempty"`
	Told       storedTelling    `json:"told,omitzero"`
}

type storedTelling struct {
	Now      storedWords `json:"now,omitzero"`
	Since    time.Time   `json:"since,omitzero"`
	Stale    time.Time   `json:"stale,omitzero"`
	Loud     storedWords `json:"loud,omitzero"`
	Shown    storedWords `json:"shown,omitzero"`
	At       time.Time   `json:"at,omitzero"`
	Worst    string      `json:"worst"`
	Messages int         `json:"messages,omitempty"`
	Open     bool        `json:"open,omitempty"`
}

type storedWords struct {
	State string      `json:"state"`
	IPv4  storedCount `json:"ipv4,omitzero"`
	IPv6  storedCount `json:"ipv6,omitzero"`
	// Answers has no hosts here.
	Answers storedAnswering `json:"answers,omitzero"`
	Count   int             `json:"count,omitempty"`
}

// storedAnswering is a [chat.Answers]; its zero value is what was kept before there were any.
type storedAnswering struct {
	Extent  string      `json:"extent,omitempty"`
	Hosts   storedCount `json:"hosts,omitzero"`
	Failing bool        `json:"failing,omitempty"`
	World   bool        `json:"world,omitempty"`
}

func storeAnswering(a chat.Answers) storedAnswering {
	r := storedAnswering{Hosts: storeCount(a.Hosts), Failing: a.Failing, World: a.World}
	if a.Extent != checks.ExtentUnknown {
		r.Extent = a.Extent.String()
	}
	return r
}

func (r storedAnswering) answers() (a chat.Answers, err error) {
	a = chat.Answers{Hosts: r.Hosts.count(), Failing: r.Failing, World: r.World}
	if r.Extent != "" {
		a.Extent, err = fromWord(r.Extent, checks.ExtentAll)
	}
	return a, err
}

// PutIncident writes an incident as it now is.
func (tx *Tx) PutIncident(i Incident) error {
	if i.ID == "" {
		return errors.New("writing an incident: it has no ID")
	}
	r := storeIncident(i)
	r.Kept = time.Now().UTC()
	return tx.put(bucketIncidents, key(i.ID), r)
}

// Incident gives the incident of an ID; ok is false where there is none.
func (tx *Tx) Incident(id string) (i Incident, ok bool, err error) {
	r, ok, err := get[storedIncident](tx, bucketIncidents, key(id))
	if !ok {
		return Incident{}, false, err
	}
	if i, err = r.incident(); err != nil {
		return Incident{}, false, fmt.Errorf("reading incident %s: %w", id, err)
	}
	return i, true, nil
}

// Incidents goes through all incidents by ID, which is by target and day. It
// ends at an error.
func (tx *Tx) Incidents() iter.Seq2[Incident, error] {
	return func(yield func(Incident, error) bool) {
		for e := range tx.scan(bucketIncidents, nil) {
			r, err := read[storedIncident](bucketIncidents, e)
			var i Incident
			if err == nil {
				i, err = r.incident()
			}
			if !yield(i, err) || err != nil {
				return
			}
		}
	}
}

// IncidentsOf gives the incidents of a target, by day.
func (tx *Tx) IncidentsOf(t checks.Target) ([]Incident, error) {
	list, err := readAll(tx, bucketIncidents, []byte(idText(t)+"-"), storedIncident.incident)
	return slices.DeleteFunc(list, func(i Incident) bool { return i.Target != t }), err
}

func storeIncident(i Incident) storedIncident {
	if i.ID == "" {
		return storedIncident{}
	}
	t := &i.told
	return storedIncident{
		ID: i.ID, Target: i.Target.String(), Kind: i.Kind.String(), Stage: i.Stage.String(),
		Onset: storeInterval(i.Onset), End: storeInterval(i.End), ResolvedAt: utc(i.ResolvedAt),
		Worst: i.Worst.String(), IPv4: storeCounts(i.IPv4), IPv6: storeCounts(i.IPv6), Answers: storeAnswering(i.Answers), Routes: i.Routes,
		Revision: i.Revision, Changes: i.Changes, Reopened: i.Reopened, FollowedBy: i.FollowedBy,
		Before: storeUpstreams(i.Before), After: storeUpstreams(i.After),
		Told: storedTelling{
			Now: storeWords(t.now), Since: utc(t.since), Stale: utc(t.stale), Loud: storeWords(t.loud), Shown: storeWords(t.shown),
			At: utc(t.at), Worst: t.worst.String(), Messages: t.messages, Open: t.open,
		},
	}
}

func (r storedIncident) incident() (i Incident, err error) {
	if r.ID == "" {
		return Incident{}, nil
	}
	i = Incident{
		ID: r.ID, Onset: r.Onset.interval(), End: r.End.interval(), ResolvedAt: r.ResolvedAt,
		IPv4: r.IPv4.counts(), IPv6: r.IPv6.counts(), Routes: r.Routes,
		Revision: r.Revision, Changes: r.Changes, Reopened: r.Reopened, FollowedBy: r.FollowedBy,
		Before: upstreamsOf(r.Before), After: upstreamsOf(r.After),
	}
	if i.Target, err = storedTarget(r.Target); err != nil {
		return i, err
	}
	if i.Kind, err = fromWord(r.Kind, chat.Unstable); err != nil {
		return i, err
	}
	if i.Stage, err = fromWord(r.Stage, Resolved); err != nil {
		return i, err
	}
	if i.Worst, err = fromWord(r.Worst, checks.Down); err != nil {
		return i, err
	}
	if i.Answers, err = r.Answers.answers(); err != nil {
		return i, err
	}
	i.told, err = r.Told.telling()
	return i, err
}

func (r storedTelling) telling() (t telling, err error) {
	t = telling{since: r.Since, stale: r.Stale, at: r.At, messages: r.Messages, open: r.Open}
	if t.worst, err = fromWord(r.Worst, checks.Down); err != nil {
		return t, err
	}
	for _, w := range []struct {
		words *words
		r     storedWords
	}{{&t.now, r.Now}, {&t.loud, r.Loud}, {&t.shown, r.Shown}} {
		if *w.words, err = w.r.words(); err != nil {
			return t, err
		}
	}
	return t, nil
}

func storeWords(w words) storedWords {
	a := chat.Answers{Extent: w.answers.silent, Failing: w.answers.failing, World: w.answers.world}
	return storedWords{w.state.String(), storeCount(w.ipv4), storeCount(w.ipv6), storeAnswering(a), w.count}
}

func (r storedWords) words() (words, error) {
	state, err := fromWord(r.State, checks.Down)
	if err != nil {
		return words{}, err
	}
	a, err := r.Answers.answers()
	return words{state, r.IPv4.count(), r.IPv6.count(), answerWords{a.Extent, a.Failing, a.World}, r.Count}, err
}
