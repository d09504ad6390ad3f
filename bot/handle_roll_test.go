package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// seen gives the messages of a channel that its readers cannot miss: "root KP-1 DOWN".
func (p *platform) seen(c chat.Channel) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.calls {
		switch {
		case o.Channel != c, o.Edit != "", o.Thread != "" && !o.Announce:
		case o.Announce:
			list = append(list, "end "+o.Message.Headline[:14])
		default:
			list = append(list, "root "+o.Message.Headline[:14])
		}
	}
	return list
}

// Who ends the subscription to a country still hears of the network that it
// spoke for, and who comes back hears of the country again.
func TestUnsubscribeFromWhatSpokeForAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, newsroom, "outages subscribe KP")
		say(t, b, newsroom, "outages subscribe AS131279")
		after(time.Hour)
		see.set(t, "KP", "down", time.Now())
		see.set(t, "AS131279", "down", time.Now())
		after(10 * time.Minute)
		say(t, b, newsroom, "outages unsubscribe KP")
		after(time.Minute)
		say(t, b, newsroom, "outages subscribe KP") // which nobody has followed for a minute
		after(time.Minute)
		for range 3 { // before the next step
			time.Sleep(time.Millisecond)
			say(t, b, newsroom, "outages unsubscribe KP")
			say(t, b, newsroom, "outages subscribe KP")
		}
		after(time.Minute)
		see.set(t, "AS131279", "up", time.Now())
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		kp, net := "root DOWN: North Ko", "root DOWN: AS131279"
		want := []string{kp, net, kp, kp, kp, kp, "end BACK: North Ko"}
		if got := p.seen(newsroom); !slices.Equal(got, want) {
			t.Errorf("the channel sees %q, want %q", got, want)
		}
	})
}

// A channel that a platform refuses is suspended by the outbox; the next command
// there, when all is well again, brings what is open.
func TestSuspendedByTheOutbox(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, newsroom, "outages subscribe KP")
		after(time.Hour)
		forbidden := &chat.Refusal{Trouble: chat.Forbidden, Say: "/invite @isitdown and run this again", Err: errors.New("not_in_channel")}
		p.mu.Lock()
		p.answer = func(int, chat.Outgoing) (error, bool) { return forbidden, false }
		p.mu.Unlock()
		see.set(t, "KP", "down", time.Now())
		after(time.Hour)
		p.mu.Lock()
		p.answer, p.calls = nil, nil
		p.mu.Unlock()
		after(time.Hour)
		if got := p.seen(newsroom); len(got) != 0 {
			t.Errorf("a suspended channel sees %q", got)
		}
		list := chat.Request{Channel: newsroom, Person: ana, Line: "outages list", Ready: func(context.Context) error { return nil }}
		text := sayAs(t, b, list).Message.Text(300)
		expect(t, text, "1 incident open")
		after(time.Minute)
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		got := p.seen(newsroom)
		if fmt.Sprint(got) != "[root DOWN: North Ko end BACK: North Ko]" {
			t.Errorf("when it is well again, the channel sees %q", got)
		}
	})
}
