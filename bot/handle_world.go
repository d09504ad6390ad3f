package bot

import (
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// noWorld is why nobody can be told of the world here, and what to do about it.
func (b *Bot) noWorld() string {
	text := "the table of the whole world is not kept by this isitdown"
	if b.c.NoWorld != "" {
		text += "; for that, " + b.c.NoWorld
	}
	return text
}

// worldNow gives how the world stands, with the incidents that are open in it.
func (b *Bot) worldNow(now time.Time, stands map[checks.Target]*standing) chat.World {
	if b.c.World == nil {
		return chat.World{At: now, Off: b.noWorld()}
	}
	w := chat.World{At: now, World: b.c.World(now), Incidents: map[checks.Target]string{}}
	for i := range w.World.Outages {
		t := w.World.Outages[i].Target
		if open := stands[t].open(); len(open) > 0 {
			w.Incidents[t] = open[0].ID
		}
	}
	w.Caveats = b.caveats(checks.Worldwide())
	return w
}

// checkWorld answers a question about the world.
func (b *Bot) checkWorld(r *request) (chat.Reply, error) {
	if !r.command.At.IsZero() {
		return chat.Reply{}, refusef("the world can be asked about the present alone: leave the time out, or name a country, a network or a prefix")
	}
	return chat.Reply{Message: b.worldNow(r.now, b.stands()).Message()}, nil
}
