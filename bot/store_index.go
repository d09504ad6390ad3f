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

// subscriberIndex knows the subscribers of each target without reading the
// file. A list is sorted by channel and never changed once it is in the map: who
// has got hold of one may go on reading it.
type subscriberIndex struct {
	mu       sync.RWMutex
	byTarget map[checks.Target][]*Subscription
	count    map[chat.Channel]int // subscriptions of a channel
}

// subscriptionChange is one write of a transaction.
type subscriptionChange struct {
	sub  Subscription
	gone bool
}

// load reads all subscriptions.
func (x *subscriberIndex) load(tx *Tx) error {
	x.byTarget, x.count = make(map[checks.Target][]*Subscription), make(map[chat.Channel]int)
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
		x.byTarget[s.Target] = append(x.byTarget[s.Target], &s)
		x.count[s.Channel]++
	}
	return nil
}

// apply takes in what a transaction changed.
func (x *subscriberIndex) apply(changes []subscriptionChange) {
	if len(changes) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range changes {
		t, ch := c.sub.Target, c.sub.Channel
		before := x.byTarget[t]
		after := c.into(before)
		if len(after) == 0 {
			delete(x.byTarget, t)
		} else {
			x.byTarget[t] = after
		}
		if x.count[ch] += len(after) - len(before); x.count[ch] == 0 {
			delete(x.count, ch)
		}
	}
}

// into gives list with the change made; list stays as it is.
func (c *subscriptionChange) into(list []*Subscription) []*Subscription {
	i, found := slices.BinarySearchFunc(list, c.sub.Channel, func(s *Subscription, ch chat.Channel) int {
		return compareChannels(s.Channel, ch)
	})
	switch {
	case c.gone && !found:
		return list
	case c.gone:
		return slices.Concat(list[:i], list[i+1:])
	case found:
		list = slices.Clone(list)
		list[i] = &c.sub
		return list
	}
	return slices.Concat(list[:i], []*Subscription{&c.sub}, list[i:])
}

// compareChannels orders channels as their keys are ordered.
func compareChannels(a, b chat.Channel) int { return cmp.Compare(a.String(), b.String()) }

func (x *subscriberIndex) list(t checks.Target) []*Subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byTarget[t]
}

func (x *subscriberIndex) subscribers(t checks.Target) []Subscription { return values(x.list(t)) }

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

func values(list []*Subscription) []Subscription {
	out := make([]Subscription, len(list))
	for i, s := range list {
		out[i] = *s
	}
	return out
}
