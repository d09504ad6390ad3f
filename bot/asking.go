package bot

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// How many questions may be worked on at the same time: of one person, of one
// tenant, and in all. One about the past plays a recording, which takes a while,
// and those who ask after it wait: nobody may keep everybody else waiting.
const (
	maxAskingPerson = 3
	maxAskingTenant = 12
	maxAsking       = 48
)

// asking counts the questions that are being worked on.
type asking struct {
	mu    sync.Mutex
	count map[string]int // in all under "", of a tenant, of a person
}

// begin takes a place for a question; end gives it back. The error is a sentence
// for whoever asks too much.
func (a *asking) begin(r *request) (end func(), err error) {
	tenant, person := tenantOf(r.Channel), r.who()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.count[person] >= maxAskingPerson:
		return nil, refusef("%d of your questions are still being worked on: wait for their answers, and ask again", maxAskingPerson)
	case a.count[tenant] >= maxAskingTenant || a.count[""] >= maxAsking:
		return nil, refusef("too many questions are being worked on at the moment: ask again in a minute")
	}
	if a.count == nil {
		a.count = map[string]int{}
	}
	names := []string{"", tenant, person}
	for _, name := range names {
		a.count[name]++
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, name := range names {
			if a.count[name]--; a.count[name] == 0 {
				delete(a.count, name)
			}
		}
	}, nil
}

// who is a key for the person who asks; for the channel where nobody knows who it is.
func (r *request) who() string {
	if r.Person.ID == "" {
		return r.Channel.String()
	}
	return tenantOf(r.Channel) + "/ /" + r.Person.ID
}

// may refuses a question that whoever answers it does not want of this person now.
func (b *Bot) may(r *request, t checks.Target, at time.Time) error {
	if b.c.May == nil || !at.IsZero() {
		return nil
	}
	if err := b.c.May(r.who(), t); err != nil {
		return refusal(err.Error())
	}
	return nil
}

// survive makes an error of a panic: what one person asks must not end the program for all.
func survive(notice *chat.Notice, err *error) {
	if p := recover(); p != nil {
		*notice, *err = chat.Notice{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
