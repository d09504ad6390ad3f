package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// account shows what an incident's notices rest on, or everything that is known of
// it. The facts are public, except that somebody follows a prefix or a host; notes
// are those of the own tenant.
func (b *Bot) account(r *request) (chat.Reply, error) {
	a, stands := chat.Account{Rules: b.rules(), At: r.now}, b.stands()
	var i Incident
	err := b.c.Store.View(func(tx *Tx) (err error) {
		if i, err = incidentOf(tx, r); err != nil || i.Target == checks.Worldwide() {
			return err
		}
		a.ID = i.ID
		if s := stands[i.Target]; s != nil {
			if now, ok := s.life.incident(i.ID); ok && now.Live() {
				e := b.episode(s, now)
				a.Open = &e
			}
		}
		told, err := tx.Evidence(i.ID)
		if err != nil {
			return err
		}
		for _, e := range told {
			t := chat.Telling{At: e.At, Kind: e.Kind, Revision: e.Revision, Quiet: e.Quiet, Verdict: e.Verdict, Facts: e.Facts}
			for _, s := range e.Seen {
				t.Seen = append(t.Seen, chat.Sight(s))
			}
			a.Tellings = append(a.Tellings, t)
		}
		a.Notes, err = tx.Notes(r.Channel, i.ID)
		return err
	})
	if err != nil {
		return chat.Reply{}, err
	}
	switch {
	case i.Target == checks.Worldwide():
		return b.gatheredMessage(r, &i)
	case r.command.Verb == chat.Why:
		return chat.Reply{Message: a.Why(), Private: true}, nil
	}
	return chat.Reply{Message: a.Details(), Private: true}, nil
}

// history shows the course of an incident.
func (b *Bot) history(r *request) (chat.Reply, error) {
	var h chat.History
	stands := b.stands()
	var i Incident
	err := b.c.Store.View(func(tx *Tx) (err error) {
		if i, err = incidentOf(tx, r); err != nil || i.Target == checks.Worldwide() {
			return err
		}
		h.ID, h.Subject, h.Caveats = i.ID, b.name(i.Target), b.caveats(i.Target)
		h.Onset, h.End = i.Onset, i.End
		if h.Notes, err = tx.Notes(r.Channel, i.ID); err != nil {
			return err
		}
		h.Moments, h.Dropped, err = course(tx, &i, stands[i.Target])
		return err
	})
	if err == nil && i.Target == checks.Worldwide() {
		return b.gatheredMessage(r, &i)
	}
	return chat.Reply{Message: h.Message(), Private: true}, err
}

// course gives the moments of an incident: from the life of its target where that
// still reaches back to it, else from what was told.
func course(tx *Tx, i *Incident, s *standing) (moments []chat.Moment, dropped int, err error) {
	life, _, err := tx.Life(i.Target)
	if err != nil {
		return nil, 0, err
	}
	if s != nil {
		life = s.life
	}
	from, to := chat.Point(i.Onset).Add(-chartMargin), i.ResolvedAt
	if kept := life.Timeline; len(kept) > 0 && (life.Dropped == 0 || !kept[0].At.After(chat.Point(i.Onset))) {
		for _, m := range kept {
			if !m.At.Before(from) && (to.IsZero() || !m.At.After(to)) {
				moments = append(moments, m)
			}
		}
		return moments, 0, nil
	}
	told, err := tx.Evidence(i.ID)
	for _, e := range told {
		moments = append(moments, momentOf(&e))
	}
	return moments, life.Dropped, err
}

// momentOf gives what was told as a moment.
func momentOf(e *Evidence) chat.Moment {
	v := &e.Verdict
	m := chat.Moment{
		At: e.At, Note: e.Kind.String(),
		IPv4: checks.Count(v.Announced.IPv4.Prefixes), IPv6: checks.Count(v.Announced.IPv6.Prefixes), Answers: v.Answers(),
	}
	for s := checks.Unknown; s <= checks.Down; s++ {
		if s.String() == v.State {
			m.State = s
		}
	}
	for _, u := range v.Upstreams {
		if a, err := checks.ParseASN(u.ASN); err == nil && u.Share > 0 {
			m.Upstreams = append(m.Upstreams, a)
		}
	}
	slices.Sort(m.Upstreams)
	return m
}

// rules says by which thresholds incidents open and close.
func (b *Bot) rules() []string {
	p := b.c.Policy
	return []string{
		fmt.Sprintf("An outage opens when a loss has lasted %s and at least %d route collectors saw it, where there are that many; a loss of answers needs no collectors.", spell(p.Open), p.MinCollectors),
		fmt.Sprintf("It counts as recovering after %s of being back, as resolved after %s more, and opens again if the next loss comes within %s.",
			spell(p.Recover), spell(p.Resolve), spell(p.Reopen)),
		fmt.Sprintf("Shorter losses make it unstable: each adds %.0f points, which halve every %s; from %.0f on it is unstable, below %.0f it is not any more.",
			p.Penalty, spell(p.HalfLife), p.Enter, p.Leave),
		probeRule(),
		"The silence of hosts speaks of the world when at least 3 vantage points in 3 networks on 2 continents were asked and at least 80 % of them agree; else it holds from our vantage point. " +
			"With 80 % or more of the hosts silent it is not answering, with 20 % or fewer it is answering, in between partly answering.",
		"Nothing is claimed from silence in a round in which our own network fails its test: at least 6 control hosts in 3 networks are asked, and it fails where 40 % of them are silent, where gateway and resolver are, or where our clock jumps.",
		fmt.Sprintf("News of an open incident is told after %s, and after %d such messages only when it has lasted %s; in between the first message is edited, at most every %s.",
			spell(p.Suspect), p.Burst, spell(p.Settle), spell(p.EditEvery)),
		fmt.Sprintf("A channel that is subscribed to the world gets at most %d new messages an hour because of it; more than %d networks at once, and what there is no room for, are told together in one message.",
			worldRoots, worldAlone),
	}
}

// probeRule says when a host is silent, in the figures of the sequential test.
func probeRule() string {
	var needed []string
	for _, rate := range []float64{.02, .1, .2, .5} {
		if n, ok := checks.ProbesNeeded(rate); ok {
			needed = append(needed, fmt.Sprintf("%d probes where %.0f %% usually go unanswered", n, 100*rate))
		}
	}
	return fmt.Sprintf("A host that has answered before is silent when its unanswered probes, at least %s apart and in two rounds at least %s apart, "+
		"pass an evidence of 6.90 (alpha 0.001, beta 0.01; each adds ln(1/l), l being its own no-answer rate over 7 days): %s. "+
		"One answer ends it; a host that leaves more than %.0f %% unanswered is no witness.",
		spell(checks.ProbeSpacing), spell(checks.RoundSpacing), strings.Join(needed, ", "), 100*checks.MaxRate)
}

// spell writes a duration as people say it: "3 min", "1 h 30 min".
func spell(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / u.unit; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.word))
			d -= n * u.unit
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
