package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"isitdown/bot/chat"
)

// Event takes in what happened to a place where the bot is. A channel that is
// gone gets nothing any more; one that is back gets what is open, and what was
// over in the meantime and it had been told of.
func (b *Bot) Event(_ context.Context, e chat.Event) error {
	b.c.Logger.Info("a place has changed", "channel", e.Channel.String(), "event", eventWord(e.Kind), "why", e.Why)
	w := work{now: b.c.Now()}
	w.first = func(tx *Tx) error {
		channels, err := eventChannels(tx, &e)
		if err != nil {
			return err
		}
		if e.Kind == chat.TenantBack {
			// A platform may say so with every start: it is news only where it was gone.
			if t, _, err := tx.Tenant(e.Channel.Platform, e.Channel.Tenant); err != nil || t.Stopped == "" {
				return err
			}
		}
		if e.Kind == chat.TenantGone || e.Kind == chat.TenantBack {
			if err := stopTenant(tx, &e); err != nil {
				return err
			}
		}
		for _, c := range channels {
			if err := b.moveChannel(tx, &e, c); err != nil {
				return err
			}
		}
		if e.Kind == chat.TenantBack || e.Kind == chat.ChannelBack {
			w.channels = channels
		}
		return nil
	}
	if err := b.change(&w); err != nil {
		return fmt.Errorf("taking in that %s of %s: %w", eventWord(e.Kind), e.Channel, err)
	}
	return nil
}

func eventWord(k chat.EventKind) string {
	return [...]string{"the tenant is gone", "the tenant is back", "the channel is gone", "the channel is back"}[k]
}

// eventChannels gives the channels that an event is about.
func eventChannels(tx *Tx, e *chat.Event) ([]chat.Channel, error) {
	if e.Kind == chat.ChannelGone || e.Kind == chat.ChannelBack {
		subs, err := tx.Subscriptions(e.Channel)
		if len(subs) == 0 {
			return nil, err
		}
		return []chat.Channel{e.Channel}, err
	}
	subs, err := tx.TenantSubscriptions(e.Channel.Platform, e.Channel.Tenant)
	var channels []chat.Channel
	for _, s := range subs {
		if !slices.Contains(channels, s.Channel) {
			channels = append(channels, s.Channel)
		}
	}
	return channels, err
}

// stopTenant notes whether a tenant works.
func stopTenant(tx *Tx, e *chat.Event) error {
	t, _, err := tx.Tenant(e.Channel.Platform, e.Channel.Tenant)
	if err != nil {
		return err
	}
	t.Platform, t.ID, t.Stopped = e.Channel.Platform, e.Channel.Tenant, ""
	if e.Kind == chat.TenantGone {
		t.Stopped = because(e)
	}
	return tx.PutTenant(t)
}

func because(e *chat.Event) string {
	if e.Why == "" {
		return eventWord(e.Kind)
	}
	return e.Why
}

// moveChannel suspends a channel, or takes that back.
func (b *Bot) moveChannel(tx *Tx, e *chat.Event, c chat.Channel) error {
	err := tx.AppendAudit(Audit{At: time.Now(), Channel: c, What: "the platform reports: " + because(e)})
	if err != nil {
		return err
	}
	if e.Kind == chat.TenantGone || e.Kind == chat.ChannelGone {
		return tx.SuspendChannel(c, because(e))
	}
	_, err = tx.ResumeChannel(c, time.Now().Add(-resumeFor))
	return err
}
