package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// A channel that is gone for a while: nothing while it is gone, then what was
// over in the meantime and what is open now.
func TestChannelGoneAndBack(t *testing.T) {
	for _, tt := range []struct {
		name       string
		gone, back chat.EventKind
		place      chat.Channel
	}{
		{"channel", chat.ChannelGone, chat.ChannelBack, newsroom},
		{"tenant", chat.TenantGone, chat.TenantBack, chat.Channel{Platform: "slack", Tenant: "T1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				see, p := newSky(), new(platform)
				outboxOn(t, s, p, OutboxSettings{})
				b := botOn(t, s, see)
				run(t, b)
				say(t, b, newsroom, "outages subscribe KP")
				say(t, b, newsroom, "outages subscribe AS4837")
				say(t, b, guild, "outages subscribe KP")
				after(time.Hour)
				see.set(t, "KP", "down", time.Now())
				after(10 * time.Minute)
				event := func(k chat.EventKind) {
					t.Helper()
					if err := b.Event(t.Context(), chat.Event{Kind: k, Channel: tt.place, Why: "it was archived"}); err != nil {
						t.Fatal(err)
					}
				}
				event(tt.gone)
				seen := func() (list []string) {
					for _, o := range p.calls {
						if o.Channel == newsroom && o.Edit == "" && (o.Thread == "" || o.Announce) {
							list = append(list, strings.Fields(o.Message.Headline)[0])
						}
					}
					return list
				}
				see.set(t, "KP", "up", time.Now())
				after(time.Hour)
				see.set(t, "AS4837", "down", time.Now())
				after(time.Hour)
				if got := fmt.Sprint(seen()); got != "[DOWN:]" {
					t.Errorf("while it was gone, it got %s", got)
				}
				if text := say(t, b, newsroom, "outages list").Message.Text(200); !strings.Contains(text, "SUSPENDED: it was archived") {
					t.Errorf("the list does not say why nothing comes:\n%s", text)
				}
				event(tt.back)
				after(time.Minute)
				if got := fmt.Sprint(seen()); got != "[DOWN: DOWN: BACK:]" && got != "[DOWN: BACK: DOWN:]" {
					t.Errorf("when it was back, it had %s", got)
				}
				event(tt.back) // twice is no more
				see.set(t, "AS4837", "up", time.Now())
				after(time.Hour)
				if n := len(seen()); n != 4 {
					t.Errorf("in all %v, want 4 messages", seen())
				}
				view(t, s, func(tx *Tx) error {
					lines, err := tx.Audit(newsroom, 3)
					// Being back twice is news once for a tenant: Slack says so with every start.
					if len(lines) != 3 || !strings.Contains(lines[1].What, "it was archived") {
						t.Errorf("audit log: %+v", lines)
					}
					return err
				})
			})
		})
	}
}

// An event about a place that nobody knows changes nothing.
func TestEventOfAnUnknownPlace(t *testing.T) {
	s := newStore(t)
	b := botOn(t, s, newSky())
	say(t, b, newsroom, "outages subscribe KP")
	for k := chat.TenantGone; k <= chat.ChannelBack; k++ {
		if err := b.Event(t.Context(), chat.Event{Kind: k, Channel: chat.Channel{Platform: "slack", Tenant: "T7", ID: "C7"}}); err != nil {
			t.Errorf("event %d: %v", k, err)
		}
	}
	if text := say(t, b, newsroom, "outages list").Message.Text(200); strings.Contains(text, "SUSPENDED") {
		t.Errorf("another place is suspended:\n%s", text)
	}
}
