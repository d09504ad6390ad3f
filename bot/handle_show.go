package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// patience is how long somebody waits before they hear that work goes on: the
// platforms want a word within three seconds.
const patience = 1500 * time.Millisecond

// longest is how long an answer may take in all: after that nobody waits for it.
const longest = 5 * time.Minute

// ask assesses a target, and says so if it takes long. Who asks too much at a time is
// refused.
func (b *Bot) ask(ctx context.Context, r *request, t checks.Target, at time.Time) (chat.Notice, error) {
	if err := b.may(r, t, at); err != nil {
		return chat.Notice{}, err
	}
	over, err := b.asking.begin(r)
	if err != nil {
		return chat.Notice{}, err
	}
	defer over()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	type result struct {
		notice chat.Notice
		err    error
	}
	done := make(chan result, 1)
	go func() {
		var got result
		defer func() { done <- got }()
		defer survive(&got.notice, &got.err)
		got.notice, got.err = b.c.Assess(ctx, t, at)
	}()
	slow := time.NewTimer(patience)
	defer slow.Stop()
	for {
		select {
		case got := <-done:
			return got.notice, got.err
		case <-slow.C:
			if err := r.partial("Checking " + b.name(t) + " …"); err != nil {
				b.c.Logger.Warn("a word in between was not taken", "channel", r.Channel.String(), "error", err)
			}
		case <-ctx.Done():
			// Whoever assesses keeps to the context; its result is not waited for
			// longer than the asking person would.
			return (<-done).notice, ctx.Err()
		}
	}
}

// check answers what the channel asks about a target, at a moment or now.
func (b *Bot) check(ctx context.Context, r *request) (chat.Reply, error) {
	t, err := b.resolve(r.command.Target)
	if no, ok := errors.AsType[refusal](err); ok && !strings.Contains(string(no), "did you mean") {
		if meant := chat.Meant(r.command.Target); meant != "" {
			return chat.Reply{}, refusef("%s. Or did you mean %q?", strings.TrimSuffix(string(no), "."), meant)
		}
	}
	if err != nil {
		return chat.Reply{}, err
	}
	if t == checks.Worldwide() {
		return b.checkWorld(r)
	}
	n, err := b.ask(ctx, r, t, r.command.At)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("assessing %v: %w", t, err)
	}
	n.Kind = chat.Answer
	s := b.stands()[t]
	err = b.c.Store.View(func(tx *Tx) (err error) {
		n.ChannelZone, err = channelZone(tx, r.Channel, t)
		if err != nil || !r.command.At.IsZero() {
			return err
		}
		open := s.open()
		if len(open) == 0 {
			return nil
		}
		i := open[0]
		if ok, err := knows(tx, r.Channel, &i); err != nil || !ok {
			return err
		}
		n.Incident = i.said(s.change(i, b.c.Policy).WatchUntil)
		n.Notes, err = tx.Notes(r.Channel, i.ID)
		return err
	})
	m := chat.Compose(n)
	if id := n.Incident.ID; id != "" {
		more := chat.Command{Verb: chat.Details, Incident: id}
		m.Parts = append(m.Parts, chat.Part{Label: "Incident", Text: id + " is open; more of it: /" + more.String()})
	}
	return chat.Reply{Message: m}, err
}

// channelZone gives the zone that a channel reads times in: that of its
// subscription to the target, else of any other; nil for none.
func channelZone(tx *Tx, c chat.Channel, t checks.Target) (*time.Location, error) {
	subs, err := tx.Subscriptions(c)
	zone := ""
	for _, s := range subs {
		if s.Zone != "" && (zone == "" || s.Target == t) {
			zone = s.Zone
		}
	}
	if zone == "" {
		return nil, err
	}
	return location(zone), err
}

// ownSubscriptions gives what a person subscribed channels of a tenant to, each target once. What
// others subscribed stays out: their channels may be private.
func ownSubscriptions(tx *Tx, c chat.Channel, who chat.Person) ([]Subscription, error) {
	all, err := tx.TenantSubscriptions(c.Platform, c.Tenant)
	if err != nil {
		return nil, err
	}
	var own []Subscription
	for _, s := range all {
		again := func(o Subscription) bool { return o.Target == s.Target }
		if s.By.ID == who.ID && !slices.ContainsFunc(own, again) {
			own = append(own, s)
		}
	}
	return own, nil
}

// listed gives a subscription as lists have it.
func (b *Bot) listed(s *Subscription) chat.Subscribed {
	return chat.Subscribed{
		Target: s.Target, Subject: b.name(s.Target), Level: s.Level, Quiet: s.Quiet, Zone: s.Zone,
		By: s.By.Name, At: s.At, MutedUntil: s.MutedUntil, MuteReason: s.MuteReason, Suspended: s.Suspended,
	}
}

// episode gives an open incident as lists have it.
func (b *Bot) episode(s *standing, i Incident) chat.Episode {
	c := s.change(i, b.c.Policy)
	v := &s.verdict
	return chat.Episode{
		Subject: b.name(i.Target), Incident: i.said(c.WatchUntil),
		State: v.State, IPv4: v.IPv4.Prefixes, IPv6: v.IPv6.Prefixes, Answers: chat.AnswersOf(v),
	}
}

// openOf gives the open incidents of the targets, those that began first before
// the others, with who has taken notice of them.
func (b *Bot) openOf(
	tx *Tx, c chat.Channel, targets []checks.Target, stands map[checks.Target]*standing,
) ([]chat.Episode, error) {
	var list []listedIncident
	for _, t := range targets {
		for _, i := range stands[t].open() {
			e := b.episode(stands[t], i)
			notes, err := tx.Notes(c, i.ID)
			if err != nil {
				return nil, err
			}
			for _, n := range notes {
				if n.Ack && !slices.Contains(e.Acknowledged, n.By) {
					e.Acknowledged = append(e.Acknowledged, n.By)
				}
			}
			list = append(list, listedIncident{e, i})
		}
	}
	return b.fold(list), nil
}

// caveats gives the sentences that stand on everything said of a target.
func (b *Bot) caveats(targets ...checks.Target) []string {
	var list []string
	for _, t := range targets {
		for _, c := range b.finish(chat.Notice{Verdict: checks.Verdict{Target: t}}, "").Caveats {
			if !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list
}

// list shows what the channel is subscribed to, and what of it is open.
func (b *Bot) list(ctx context.Context, r *request) (chat.Reply, error) {
	if err := b.wakeIfWell(ctx, r); err != nil {
		return chat.Reply{}, err
	}
	l, stands := chat.Listing{At: r.now, OpenInWorld: b.openByWorld(r.Channel)}, b.stands()
	err := b.c.Store.View(func(tx *Tx) error {
		subs, err := tx.Subscriptions(r.Channel)
		if r.Private && r.Channel.ID == r.Person.ID { // asked outside any channel
			l.Channel = "the channels that you subscribed"
			subs, err = ownSubscriptions(tx, r.Channel, r.Person)
		}
		if err != nil {
			return err
		}
		var targets []checks.Target
		for _, s := range subs {
			l.Subscriptions = append(l.Subscriptions, b.listed(&s))
			targets = append(targets, s.Target)
			l.OpenInWorld -= len(stands[s.Target].open()) // they are told of by themselves
		}
		l.OpenInWorld = max(0, l.OpenInWorld)
		if l.Open, err = b.openOf(tx, r.Channel, targets, stands); err != nil {
			return err
		}
		l.Caveats = b.caveats(targets...)
		p, ok, err := tx.DigestPlan(r.Channel)
		if ok {
			plan := said(&p, r.now)
			l.Digest = &plan
		}
		return err
	})
	return chat.Reply{Message: l.Message(), Private: true}, err
}

// current shows what is open of what the channel is subscribed to; where that is
// nothing, of what the person subscribed elsewhere.
func (b *Bot) current(r *request) (chat.Reply, error) {
	c, stands := chat.Current{At: r.now}, b.stands()
	if b.c.World != nil {
		w := b.worldNow(r.now, stands)
		c.World = &w
	}
	err := b.c.Store.View(func(tx *Tx) error {
		subs, err := tx.Subscriptions(r.Channel)
		if err == nil && len(subs) == 0 {
			subs, err = ownSubscriptions(tx, r.Channel, r.Person)
		}
		if err != nil {
			return err
		}
		var targets []checks.Target
		for _, s := range subs {
			switch {
			case s.Target == checks.Worldwide():
				c.Worldwide = true
			case !slices.Contains(targets, s.Target):
				targets = append(targets, s.Target)
			}
		}
		c.Watched, c.Caveats = len(targets), b.caveats(targets...)
		for _, t := range targets {
			v, seen := stands[t].known()
			switch {
			case len(stands[t].open()) > 0 || v.State != checks.Unknown:
			case seen:
				c.Unknown = append(c.Unknown, b.name(t))
			default:
				c.New = append(c.New, b.name(t))
			}
		}
		c.Open, err = b.openOf(tx, r.Channel, targets, stands)
		return err
	})
	return chat.Reply{Message: c.Message(), Private: true}, err
}
