package main

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/bot"
	"isitdown/checks"
)

// trace gives the way to a host at the moment.
func (s *labShow) trace(ctx context.Context, to netip.Addr) ([]checks.Router, error) {
	return s.sample().Trace(ctx, to)
}

// tellings gives what was sent to the terminal, oldest first, from the store.
func (s *labShow) tellings() (told, besides []labTold) {
	err := s.store.View(func(tx *bot.Tx) error {
		for d, err := range tx.Deliveries() {
			if err != nil {
				return err
			}
			if d.State != bot.Sent {
				if d.State != bot.Skipped {
					s.t.Errorf("%s is %s: %s", d.Key, d.State, d.Problem)
				}
				continue
			}
			one, err := s.telling(tx, &d)
			if err != nil {
				return err
			}
			if d.Op == bot.Edit || strings.HasSuffix(d.Key, "/chart") {
				besides = append(besides, one)
			} else {
				told = append(told, one)
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(told) // the store has the newest first
	slices.Reverse(besides)
	return told, besides
}

// telling is what a delivery told, and of what. A delivery that belongs to no incident names
// its target in its key.
func (s *labShow) telling(tx *bot.Tx, d *bot.Delivery) (labTold, error) {
	told := labTold{
		op: d.Op.String(), incident: d.Incident,
		headline: d.Message.Headline, text: d.Message.Text(labWide),
	}
	told.moment, told.after = s.place(d.SentAt)
	if d.Incident == "" {
		told.kind = "upstream_changed"
		for _, target := range s.targets {
			if strings.Contains(d.Key, "/"+strings.NewReplacer("/", "_", ":", "_").Replace(target)+"-upstream/") {
				told.target = target
			}
		}
		return told, nil
	}
	i, ok, err := tx.Incident(d.Incident)
	if !ok || err != nil {
		return told, err
	}
	told.target = i.Target.String()
	evidence, err := tx.Evidence(d.Incident)
	for _, e := range evidence {
		if e.Revision == d.Revision {
			told.kind = e.Kind.String()
		}
	}
	return told, err
}

// labWide is a line that nothing is broken at.
const labWide = 10_000

// place says in which moment a time lies, and how long after its beginning.
func (s *labShow) place(at time.Time) (moment int, after time.Duration) {
	for i := range s.rec.Moments {
		if !at.Before(s.began[i]) {
			moment = i
		}
	}
	return moment, at.Sub(s.began[moment])
}
