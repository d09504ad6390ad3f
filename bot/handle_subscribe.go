package bot

import (
	"context"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// subscribe makes a subscription, or changes the settings of the one that is
// there.
func (b *Bot) subscribe(ctx context.Context, r *request) (chat.Reply, error) {
	t, err := b.resolve(r.command.Target)
	if err != nil {
		return chat.Reply{}, err
	}
	if err := b.maySubscribe(r, t); err != nil {
		return chat.Reply{}, err
	}
	if err := r.ready(ctx); err != nil {
		return chat.Reply{}, err
	}
	verdict, err := b.present(ctx, r, t)
	if err != nil {
		return chat.Reply{}, err
	}
	answer := chat.Confirmation{At: r.now, State: verdict.Verdict.State, Caveats: verdict.Caveats, Lacking: lacking(&verdict.Verdict)}
	w := work{now: r.now, channels: []chat.Channel{r.Channel}, open: map[chat.Channel][]Incident{}}
	stands := b.stands()
	if t == checks.Worldwide() {
		world := b.worldNow(r.now, stands)
		answer.World, w.open[r.Channel] = &world, b.openShown(r.command.Level)
	}
	for _, i := range stands[t].open() {
		if i.Worst >= least(r.command.Level) {
			w.open[r.Channel] = append(w.open[r.Channel], i)
		}
		answer.Open = append(answer.Open, b.episode(stands[t], i))
	}
	changed := false
	w.first = func(tx *Tx) error {
		s, was, err := b.putSubscription(tx, r, t)
		if err != nil {
			return err
		}
		changed = s != was
		answer.Subscription, answer.Replaced = b.listed(&s), changed && was != (Subscription{})
		if answer.Lately, err = b.lately(tx, &s, r.now); err != nil || !changed {
			return err
		}
		return r.audit(tx, "subscribed to %v, level %v, quiet %q, zone %q", t, s.Level, s.Quiet.String(), s.Zone)
	}
	if err := b.change(&w); err != nil {
		return chat.Reply{}, err
	}
	m := answer.Message()
	if !changed {
		m.Headline = "Already subscribed to " + b.name(t) + ": nothing has changed"
	}
	return chat.Reply{Message: m}, nil
}

// maySubscribe reports why a channel cannot subscribe to a target; nil if it can.
func (b *Bot) maySubscribe(r *request, t checks.Target) error {
	switch t.Kind() {
	case checks.KindWorld:
		return b.mayWorld(r)
	case checks.KindHost, checks.KindURL, checks.KindAddress: // it is probed now, and from now on
		return b.may(r, t, time.Time{})
	}
	return nil
}

// lacking says why nothing is known of a target; "" where nobody knows why.
func lacking(v *checks.Verdict) string {
	for _, g := range v.Gaps {
		if g.Check == "route" && v.State == checks.Unknown {
			return g.Reason
		}
	}
	return ""
}

// putSubscription writes what the command asks for, and gives what there was; both
// are equal where nothing has changed.
func (b *Bot) putSubscription(tx *Tx, r *request, t checks.Target) (s, was Subscription, err error) {
	was, had, err := tx.Subscription(r.Channel, t)
	if err != nil {
		return s, was, err
	}
	others, err := tx.Subscriptions(r.Channel)
	if err != nil {
		return s, was, err
	}
	if !had && len(others) >= b.c.Limits.Subscriptions {
		return s, was, refusef("this channel has %d subscriptions, and more are not allowed: end one of them first, with /outages unsubscribe", len(others))
	}
	if !had && tx.tenantSubscriptions(r.Channel) >= b.c.Limits.Tenant {
		return s, was, refusef("the channels here have %d subscriptions altogether, and more are not allowed: end some of them first, with /outages unsubscribe", b.c.Limits.Tenant)
	}
	if err := wake(tx, r.Channel, others); err != nil {
		return s, was, err
	}
	was.Suspended = ""
	if s = r.subscription(t, &was, others); s == was {
		return s, was, nil
	}
	s.By, s.At = r.Person, r.now
	return s, was, tx.PutSubscription(s)
}

// subscription gives what the command asks for. A zone that was not given is that
// of the subscription it replaces, else that of the channel's others.
func (r *request) subscription(t checks.Target, was *Subscription, others []Subscription) Subscription {
	s := Subscription{
		Channel: r.Channel, Target: t, Level: r.command.Level, Quiet: r.command.Quiet, Zone: was.Zone,
		By: was.By, At: was.At, MutedUntil: was.MutedUntil, MuteReason: was.MuteReason, Suspended: was.Suspended,
	}
	if r.command.Zone != nil {
		s.Zone = r.command.Zone.String()
	}
	for _, o := range others {
		if s.Zone == "" && r.command.Zone == nil {
			s.Zone = o.Zone
		}
	}
	return s
}

// wake takes a suspension back, for the channel was found to be well.
func wake(tx *Tx, c chat.Channel, subs []Subscription) error {
	for _, s := range subs {
		if s.Suspended != "" {
			_, err := tx.ResumeChannel(c, time.Now().Add(-resumeFor))
			return err
		}
	}
	return nil
}

// wakeIfWell takes the suspension of a channel back if it can be posted to by now:
// not every platform says so of itself.
func (b *Bot) wakeIfWell(ctx context.Context, r *request) error {
	if r.Ready == nil {
		return nil
	}
	suspended := false
	err := b.c.Store.View(func(tx *Tx) error {
		subs, err := tx.Subscriptions(r.Channel)
		suspended = len(subs) > 0 && subs[0].Suspended != ""
		return err
	})
	if err != nil || !suspended || r.Ready(ctx) != nil {
		return err
	}
	w := work{now: r.now, channels: []chat.Channel{r.Channel}}
	w.first = func(tx *Tx) error {
		_, err := tx.ResumeChannel(r.Channel, time.Now().Add(-resumeFor))
		return err
	}
	return b.change(&w)
}

// resumeFor is how old what could not be delivered may be, on the wall, to be
// delivered when the channel is back.
const resumeFor = 24 * time.Hour

// present gives how a target stands now: as it was last assessed, else by asking.
// Where even that fails, nothing is known.
func (b *Bot) present(ctx context.Context, r *request, t checks.Target) (chat.Notice, error) {
	if t == checks.Worldwide() {
		return b.finish(chat.Notice{Verdict: checks.Verdict{Target: t}}, ""), nil
	}
	if v, ok := b.stands()[t].known(); ok {
		return b.finish(chat.Notice{Verdict: v}, ""), nil
	}
	n, err := b.ask(ctx, r, t, time.Time{})
	if err != nil && ctx.Err() == nil {
		b.c.Logger.Warn("how a target stands is not known at the time of its subscription", "target", t.String(), "error", err)
		return chat.Notice{}, nil
	}
	return n, err
}

// latelyFor is how far back a new subscription looks.
const latelyFor = 30 * day

// lately counts what a subscription would have told of.
func (b *Bot) lately(tx *Tx, s *Subscription, now time.Time) (l chat.Lately, err error) {
	life, ok, err := tx.Life(s.Target)
	if !ok || len(life.Timeline) == 0 || err != nil {
		return l, err
	}
	l.From, l.To = now.Add(-latelyFor), now
	if first := life.Timeline[0].At; life.Dropped == 0 && first.After(l.From) {
		l.From = first
	}
	list, err := tx.IncidentsOf(s.Target)
	if s.Target == checks.Worldwide() {
		list, err = worldIncidents(tx)
	}
	if err != nil {
		return l, err
	}
	for i := range list {
		in := &list[i]
		switch {
		case in.Worst < least(s.Level) || chat.Point(in.Onset).Before(l.From):
		case in.Kind == chat.Unstable:
			l.Unstable++
		default:
			l.Outages++
		}
	}
	if s.Level != chat.LevelAny {
		return l, nil
	}
	changes, err := tx.TargetEvidence(s.Target)
	for i := range changes {
		if changes[i].Kind == chat.UpstreamChanged && !changes[i].At.Before(l.From) {
			l.Upstream++
		}
	}
	return l, err
}

// unsubscribe ends a subscription. Its threads end without a word.
func (b *Bot) unsubscribe(r *request) (chat.Reply, error) {
	var t checks.Target
	open := false
	w := work{now: r.now, channels: []chat.Channel{r.Channel}}
	w.first = func(tx *Tx) (err error) {
		if t, err = b.own(tx, r); err != nil {
			return err
		}
		if err := tx.DeleteSubscription(r.Channel, t); err != nil {
			return err
		}
		if w.forget, err = b.forgotten(tx, r.Channel, t); err != nil {
			return err
		}
		for _, o := range b.threads[r.Channel] {
			if !w.forget[r.Channel][o.target] {
				continue
			}
			open = true
			o.Closed, o.Held, o.Later = true, 0, nil
			if err := tx.PutThread(o.Thread); err != nil {
				return err
			}
		}
		return r.audit(tx, "unsubscribed from %v", t)
	}
	if err := b.change(&w); err != nil {
		return chat.Reply{}, err
	}
	text := "Nothing more is posted about it here."
	switch {
	case open:
		text = "Nothing more is posted about it here, not even the end of what is open now."
	case !w.forget[r.Channel][t]:
		text = "It is down or degraded now, and this channel is subscribed to the world: what is open is told to its end."
	}
	return chat.Reply{Message: chat.Plain("Unsubscribed from "+b.name(t)+", by "+r.by(), text)}, nil
}

// own finds the target of one of the channel's subscriptions.
func (b *Bot) own(tx *Tx, r *request) (checks.Target, error) {
	t, err := b.target(tx, r.Channel, r.command.Target)
	if err != nil {
		return t, err
	}
	if _, ok, err := tx.Subscription(r.Channel, t); err != nil || ok {
		return t, err
	}
	_, world, err := tx.Subscription(r.Channel, checks.Worldwide())
	switch {
	case err != nil:
		return t, err
	case world && watchable(t):
		return t, refusef("this channel hears of %s because it is subscribed to the world: say world instead, or subscribe to %s itself first", b.name(t), t)
	}
	return t, refusef("this channel is not subscribed to %s: /outages list shows what it is subscribed to", b.name(t))
}
