package bot

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// subscriberIndex knows the subscribers of each target without reading the file. A list is
// sorted by channel and never changed once it is in the map: who has got hold of one may go
// on reading it.
type subscriberIndex struct {
	mu       sync.RWMutex
	byTarget map[checks.Target][]Subscription
	count    map[chat.Channel]int // subscriptions of a channel
	tenants  map[chat.Channel]int // subscriptions of a tenant: a channel without its ID
}

// subscriptionChange is one write of a transaction.
type subscriptionChange struct {
	sub  Subscription
	gone bool
	more int // how many subscriptions there are more: 1, 0 or -1
}

// load reads all subscriptions.
func (x *subscriberIndex) load(tx *Tx) error {
	x.byTarget = make(map[checks.Target][]Subscription)
	x.count, x.tenants = make(map[chat.Channel]int), make(map[chat.Channel]int)
	words := make(map[string]string) // one copy of what is the same in thousands
	for e := range tx.scan(bucketSubscriptions, nil) {
		s, err := readSubscription(e)
		if err != nil {
			return err
		}
		for _, w := range []*string{&s.Channel.Platform, &s.Channel.Tenant, &s.Channel.ID, &s.Zone, &s.By.ID, &s.By.Name} {
			known, ok := words[*w]
			if !ok {
				known = strings.Clone(*w)
				words[known] = known
			}
			*w = known
		}
		// The file is sorted by channel, so every list is too.
		x.byTarget[s.Target] = append(x.byTarget[s.Target], s)
		x.counted(s.Channel, 1)
	}
	for t, list := range x.byTarget {
		x.byTarget[t] = slices.Clone(list) // without the room to grow
	}
	return nil
}

// counted takes in that a channel has n subscriptions more.
func (x *subscriberIndex) counted(c chat.Channel, n int) {
	add := func(m map[chat.Channel]int, c chat.Channel) {
		if m[c] += n; m[c] == 0 {
			delete(m, c)
		}
	}
	add(x.count, c)
	c.ID = ""
	add(x.tenants, c)
}

// apply takes in what a transaction changed.
func (x *subscriberIndex) apply(changes []subscriptionChange) {
	if len(changes) == 0 {
		return
	}
	byTarget := make(map[checks.Target][]*subscriptionChange)
	for i := range changes {
		c := &changes[i]
		byTarget[c.sub.Target] = append(byTarget[c.sub.Target], c)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range changes {
		if c := &changes[i]; c.more != 0 {
			x.counted(c.sub.Channel, c.more)
		}
	}
	for t, changes := range byTarget {
		list := merged(x.byTarget[t], changes)
		if x.byTarget[t] = list; len(list) == 0 {
			delete(x.byTarget, t)
		}
	}
}

// merged gives a new list with the changes, of which the last of a channel counts. It sorts
// the changes.
func merged(list []Subscription, changes []*subscriptionChange) []Subscription {
	slices.SortStableFunc(changes, func(a, b *subscriptionChange) int { return compareChannels(a.sub.Channel, b.sub.Channel) })
	more := 0
	for _, c := range changes {
		more += max(0, c.more)
	}
	out := make([]Subscription, 0, len(list)+more)
	for i, c := range changes {
		if i+1 < len(changes) && changes[i+1].sub.Channel == c.sub.Channel {
			continue
		}
		at, found := slices.BinarySearchFunc(list, c.sub.Channel, func(s Subscription, ch chat.Channel) int {
			return compareChannels(s.Channel, ch)
		})
		out = append(out, list[:at]...)
		if list = list[at:]; found {
			list = list[1:]
		}
		if !c.gone {
			out = append(out, c.sub)
		}
	}
	return append(out, list...)
}

// compareChannels orders channels as their keys are ordered.
func compareChannels(a, b chat.Channel) int {
	if a.Platform == b.Platform && a.Tenant == b.Tenant {
		return cmp.Compare(a.ID, b.ID)
	}
	return cmp.Compare(a.String(), b.String())
}

func (x *subscriberIndex) subscribers(t checks.Target) []Subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byTarget[t]
}

func (x *subscriberIndex) targets() []checks.Target {
	x.mu.RLock()
	list := slices.Collect(maps.Keys(x.byTarget))
	x.mu.RUnlock()
	slices.SortFunc(list, func(a, b checks.Target) int { return cmp.Compare(a.String(), b.String()) })
	return list
}

func (x *subscriberIndex) channels() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.count)
}

// tenant gives how many subscriptions the channels of c's tenant have.
func (x *subscriberIndex) tenant(c chat.Channel) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.tenants[chat.Channel{Platform: c.Platform, Tenant: c.Tenant}]
}
