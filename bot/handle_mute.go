package bot

import (
	"fmt"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// maxReason is how many characters of the reason for a mute are kept.
const maxReason = 200

// mute holds the updates on a target back for a time. The closing notice still
// comes.
func (b *Bot) mute(r *request) (chat.Reply, error) {
	reason := chat.Clean(r.command.Text)
	if n := len([]rune(reason)); n > maxReason {
		return chat.Reply{}, refusef("the reason has %d characters, and %d is the most: say it shorter", n, maxReason)
	}
	until := r.now.Add(r.command.Duration).UTC()
	var t checks.Target
	w := work{now: r.now}
	w.first = func(tx *Tx) (err error) {
		if t, err = b.own(tx, r); err != nil {
			return err
		}
		s, _, err := tx.Subscription(r.Channel, t)
		if err != nil {
			return err
		}
		s.MutedUntil, s.MuteReason = until, reason
		if err := tx.PutSubscription(s); err != nil {
			return err
		}
		return r.audit(tx, "muted %v until %v, reason %q", t, until.Format(time.RFC3339), reason)
	}
	if err := b.change(&w); err != nil {
		return chat.Reply{}, err
	}
	m := chat.Plain("Muted "+b.name(t)+" until "+minute(until)+", by "+r.by(),
		"Updates are held back until then, and one message then says how things stand. The closing notice of an incident still comes.",
		"To end it early: /outages unmute "+t.String())
	if reason != "" {
		m.Notes = []chat.Note{{At: r.now, By: r.by(), Text: reason}}
	}
	return chat.Reply{Message: m}, nil
}

// unmute ends the mute of a target, or all of the channel's.
func (b *Bot) unmute(r *request) (chat.Reply, error) {
	var ended []checks.Target
	w := work{now: r.now, channels: []chat.Channel{r.Channel}}
	w.first = func(tx *Tx) error {
		subs, err := tx.Subscriptions(r.Channel)
		if err != nil {
			return err
		}
		var only checks.Target
		if r.command.Target != "" {
			if only, err = b.own(tx, r); err != nil {
				return err
			}
		}
		for _, s := range subs {
			if only != (checks.Target{}) && s.Target != only || !r.now.Before(s.MutedUntil) {
				continue
			}
			s.MutedUntil, s.MuteReason = time.Time{}, ""
			if err := tx.PutSubscription(s); err != nil {
				return err
			}
			if err := r.audit(tx, "unmuted %v", s.Target); err != nil {
				return err
			}
			ended = append(ended, s.Target)
		}
		return nil
	}
	if err := b.change(&w); err != nil {
		return chat.Reply{}, err
	}
	switch len(ended) {
	case 0:
		return chat.Reply{Message: chat.Plain("Nothing of that is muted here"), Private: true}, nil
	case 1:
		return chat.Reply{Message: chat.Plain("Unmuted "+b.name(ended[0])+", by "+r.by(), "What was held back, if anything, follows.")}, nil
	}
	return chat.Reply{Message: chat.Plain(fmt.Sprintf("Unmuted %d targets, by %s", len(ended), r.by()), "What was held back, if anything, follows.")}, nil
}
