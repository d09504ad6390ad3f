package slack

import (
	"context"
	"sync"
	"time"

	"isitdown/bot/chat"
)

// peopleFor is how long it is believed what somebody may do.
const (
	peopleFor = 5 * time.Minute
	maxPeople = 5000
)

// people remembers who was looked up.
type people struct {
	mu    sync.Mutex
	known map[[2]string]looked
}

type looked struct {
	person chat.Person
	at     time.Time
}

func newPeople() *people { return &people{known: make(map[[2]string]looked)} }

func (p *people) find(key [2]string) (chat.Person, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.known[key]
	return l.person, ok && time.Since(l.at) < peopleFor
}

func (p *people) keep(key [2]string, who chat.Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPeople {
		clear(p.known)
	}
	p.known[key] = looked{who, time.Now()}
}

// person adds what Slack knows of somebody, where that is wanted. If it cannot be
// asked nobody is an admin.
func (c *Client) person(ctx context.Context, tenant, team string, who chat.Person) chat.Person {
	if !c.o.People || who.ID == "" {
		return who
	}
	key := [2]string{tenant, who.ID}
	if known, ok := c.people.find(key); ok {
		known.Guest = known.Guest || who.Guest
		return known
	}
	token, err := c.tokens.of(ctx, tenant)
	if err != nil {
		c.log.Warn("looking up who gave a command", "tenant", tenant, "err", err)
		return who
	}
	u, err := c.api(token).GetUserInfoContext(ctx, who.ID)
	if err != nil {
		c.log.Warn("looking up who gave a command; they count as nobody's admin", "tenant", tenant, "err", quiet(err))
		return who
	}
	who.Admin = u.IsAdmin || u.IsOwner || u.IsPrimaryOwner
	who.Guest = who.Guest || u.IsRestricted || u.IsUltraRestricted || u.IsStranger || team != "" && u.TeamID != "" && u.TeamID != team
	c.people.keep(key, who)
	return who
}
