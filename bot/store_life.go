package bot

import (
	"fmt"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// storedLife is all of a [Life]; a test fails for a field that is forgotten here.
type storedLife struct {
	// Kept is when it was written, in the time of the wall: in a rehearsal the
	// times of a life are years old.
	Kept         time.Time        `json:"kept"`
	Target       string           `json:"target"`
	At           time.Time        `json:"at,omitzero"`
	State        string           `json:"state"`
	Since        time.Time        `json:"since,omitzero"`
	UnknownSince time.Time        `json:"unknown_since,omitzero"`
	Outage       storedIncident   `json:"outage,omitzero"`
	Unstable     storedIncident   `json:"unstable,omitzero"`
	Penalty      float64          `json:"penalty,omitempty"`
	PenaltyAt    time.Time        `json:"penalty_at,omitzero"`
	FirstLoss    storedInterval   `json:"first_loss,omitzero"`
	Losses       int              `json:"losses,omitempty"`
	LastLoss     storedInterval   `json:"last_loss,omitzero"`
	LastReturn   storedInterval   `json:"last_return,omitzero"`
	Upstreams    []storedUpstream `json:"upstreams,omitempty"`
	Timeline     []storedMoment   `json:"timeline,omitempty"`
	Dropped      int              `json:"dropped,omitempty"`
	LastKnown    storedLastKnown  `json:"last_known,omitzero"`
	Candidate    storedCandidate  `json:"candidate,omitzero"`
	Issued       []storedIssue    `json:"issued,omitempty"`
}

type storedLastKnown struct {
	At    time.Time   `json:"at,omitzero"`
	State string      `json:"state"`
	IPv4  storedCount `json:"ipv4,omitzero"`
	IPv6  storedCount `json:"ipv6,omitzero"`

	Answers storedAnswering `json:"answers,omitzero"`
}

type storedCandidate struct {
	Set   []checks.ASN `json:"set,omitempty"`
	Since time.Time    `json:"since,omitzero"`
	Told  [2]time.Time `json:"told,omitzero"`
}

type storedIssue struct {
	Day string `json:"day"`
	N   int    `json:"n"`
}

type storedMoment struct {
	At        time.Time       `json:"at"`
	State     string          `json:"state"`
	IPv4      storedCount     `json:"ipv4,omitzero"`
	IPv6      storedCount     `json:"ipv6,omitzero"`
	Answers   storedAnswering `json:"answers,omitzero"`
	Upstreams []checks.ASN    `json:"upstreams,omitempty"`
	Note      string          `json:"note,omitempty"`
}

// PutLife writes what is remembered about a target.
func (tx *Tx) PutLife(l Life) error {
	if l.Target == (checks.Target{}) {
		return fmt.Errorf("writing a life: it has no target")
	}
	return tx.put(bucketLives, key(l.Target.String()), storeLife(l))
}

// Life gives what is remembered about a target; ok is false where that is
// nothing.
func (tx *Tx) Life(t checks.Target) (l Life, ok bool, err error) {
	r, ok, err := get[storedLife](tx, bucketLives, key(t.String()))
	if !ok {
		return Life{}, false, err
	}
	if l, err = r.life(); err != nil {
		return Life{}, false, fmt.Errorf("reading the life of %v: %w", t, err)
	}
	return l, true, nil
}

// Lives gives all that is remembered, by target.
func (tx *Tx) Lives() ([]Life, error) {
	return readAll(tx, bucketLives, nil, storedLife.life)
}

func storeLife(l Life) storedLife {
	r := storedLife{
		Kept: time.Now().UTC(), Target: l.Target.String(), At: utc(l.At), State: l.State.String(), Since: utc(l.Since), UnknownSince: utc(l.UnknownSince),
		Outage: storeIncident(l.Outage), Unstable: storeIncident(l.Unstable),
		Penalty: l.Penalty, PenaltyAt: utc(l.PenaltyAt), FirstLoss: storeInterval(l.FirstLoss), Losses: l.Losses,
		LastLoss: storeInterval(l.LastLoss), LastReturn: storeInterval(l.LastReturn),
		Upstreams: storeUpstreams(l.Upstreams), Dropped: l.Dropped,
		LastKnown: storedLastKnown{utc(l.lastKnown.At), l.lastKnown.State.String(), storeCount(l.lastKnown.IPv4), storeCount(l.lastKnown.IPv6), storeAnswering(l.lastKnown.Answers)},
		Candidate: storedCandidate{l.candidate.set, utc(l.candidate.since), [2]time.Time{utc(l.candidate.told[0]), utc(l.candidate.told[1])}},
	}
	for _, m := range l.Timeline {
		r.Timeline = append(r.Timeline, storedMoment{
			utc(m.At), m.State.String(), storeCount(m.IPv4), storeCount(m.IPv6), storeAnswering(m.Answers), m.Upstreams, m.Note,
		})
	}
	for _, i := range l.issued {
		r.Issued = append(r.Issued, storedIssue{i.day, i.n})
	}
	return r
}

func (r storedLife) life() (l Life, err error) {
	l = Life{
		At: r.At, Since: r.Since, UnknownSince: r.UnknownSince,
		Penalty: r.Penalty, PenaltyAt: r.PenaltyAt, FirstLoss: r.FirstLoss.interval(), Losses: r.Losses,
		LastLoss: r.LastLoss.interval(), LastReturn: r.LastReturn.interval(),
		Upstreams: upstreamsOf(r.Upstreams), Dropped: r.Dropped,
		lastKnown: chat.LastKnown{At: r.LastKnown.At, IPv4: r.LastKnown.IPv4.count(), IPv6: r.LastKnown.IPv6.count()},
		candidate: candidate{set: r.Candidate.Set, since: r.Candidate.Since, told: r.Candidate.Told},
	}
	if l.Target, err = storedTarget(r.Target); err != nil {
		return l, err
	}
	if l.State, err = fromWord(r.State, checks.Down); err != nil {
		return l, err
	}
	if l.lastKnown.State, err = fromWord(r.LastKnown.State, checks.Down); err != nil {
		return l, err
	}
	if l.lastKnown.Answers, err = r.LastKnown.Answers.answers(); err != nil {
		return l, err
	}
	if l.Outage, err = r.Outage.incident(); err != nil {
		return l, err
	}
	if l.Unstable, err = r.Unstable.incident(); err != nil {
		return l, err
	}
	for _, m := range r.Timeline {
		state, err := fromWord(m.State, checks.Down)
		if err != nil {
			return l, err
		}
		answers, err := m.Answers.answers()
		if err != nil {
			return l, err
		}
		l.Timeline = append(l.Timeline, chat.Moment{
			At: m.At, State: state, IPv4: m.IPv4.count(), IPv6: m.IPv6.count(), Answers: answers, Upstreams: m.Upstreams, Note: m.Note,
		})
	}
	for _, i := range r.Issued {
		l.issued = append(l.issued, issue{i.Day, i.N})
	}
	return l, nil
}

type storedInterval struct {
	After  time.Time `json:"after,omitzero"`
	By     time.Time `json:"by,omitzero"`
	Half   time.Time `json:"half,omitzero"`
	Ninety time.Time `json:"ninety,omitzero"`
}

func storeInterval(i checks.Interval) storedInterval {
	return storedInterval{utc(i.After), utc(i.By), utc(i.Half), utc(i.Ninety)}
}

func (r storedInterval) interval() checks.Interval { return checks.Interval(r) }

// storedCount is k and n.
type storedCount [2]uint64

func storeCount(c checks.Count) storedCount { return storedCount{c.Seen, c.Of} }

func (r storedCount) count() checks.Count { return checks.Count{Seen: r[0], Of: r[1]} }

type storedCounts struct {
	Prefixes  storedCount `json:"prefixes,omitzero"`
	Slash24s  storedCount `json:"slash24s,omitzero"`
	Addresses storedCount `json:"addresses,omitzero"`
}

func storeCounts(c checks.Counts) storedCounts {
	return storedCounts{storeCount(c.Prefixes), storeCount(c.Slash24s), storeCount(c.Addresses)}
}

func (r storedCounts) counts() checks.Counts {
	return checks.Counts{Prefixes: r.Prefixes.count(), Slash24s: r.Slash24s.count(), Addresses: r.Addresses.count()}
}

type storedUpstream struct {
	ASN         checks.ASN       `json:"asn"`
	Name        string           `json:"name,omitempty"`
	Share       float64          `json:"share,omitempty"`
	ShareBefore float64          `json:"share_before,omitempty"`
	Unseen      float64          `json:"unseen,omitempty"`
	Hegemony    float64          `json:"hegemony,omitempty"`
	Behind      []storedUpstream `json:"behind,omitempty"`
}

func storeUpstreams(us []checks.Upstream) []storedUpstream {
	var rs []storedUpstream
	for _, u := range us {
		rs = append(rs, storedUpstream{u.ASN, u.Name, u.Share, u.ShareBefore, u.Unseen, u.Hegemony, storeUpstreams(u.Behind)})
	}
	return rs
}

func upstreamsOf(rs []storedUpstream) []checks.Upstream {
	var us []checks.Upstream
	for _, r := range rs {
		us = append(us, checks.Upstream{
			ASN: r.ASN, Name: r.Name, Share: r.Share, ShareBefore: r.ShareBefore, Unseen: r.Unseen, Hegemony: r.Hegemony,
			Behind: upstreamsOf(r.Behind),
		})
	}
	return us
}
