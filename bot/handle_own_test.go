package bot

import (
	"strings"
	"testing"

	"isitdown/bot/chat"
)

// Outside any channel, a person sees what they subscribed themselves, and nobody else's.
func TestListOutsideChannels(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := botOn(t, s, newSky())
		run(t, b)
		ben := chat.Person{ID: "U2", Name: "Ben"}
		other := chat.Channel{Platform: newsroom.Platform, Tenant: newsroom.Tenant, ID: "C99"}
		say(t, b, newsroom, "outages subscribe KP")
		say(t, b, other, "outages subscribe KP")
		sayAs(t, b, chat.Request{Channel: other, Person: ben, Line: "outages subscribe AS4837"})
		for who, want := range map[chat.Person][2]string{ana: {"KP", "AS4837"}, ben: {"AS4837", "KP"}} {
			home := chat.Channel{Platform: newsroom.Platform, Tenant: newsroom.Tenant, ID: who.ID}
			text := sayAs(t, b, chat.Request{Channel: home, Person: who, Line: "outages list", Private: true}).Message.Text(200)
			head, list, _ := strings.Cut(text, "\n")
			list, _, _ = strings.Cut(list, "Digest")
			if !strings.Contains(head, "1 target") || !strings.Contains(list, want[0]) || strings.Contains(list, want[1]) {
				t.Errorf("%s sees\n%s", who.Name, text)
			}
		}
	})
}
