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
	byTarget map[checks.Target][]Subscription
	count    map[chat.Channel]int // subscriptions of a channel
}

// subscriptionChange is one write of a transaction.
type subscriptionChange struct {
	sub  Subscription
	gone bool
}

// load reads all subscriptions.
func (x *subscriberIndex) load(tx *Tx) error {
	x.byTarget, x.count = make(map[checks.Target][]Subscription), make(map[chat.Channel]int)
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
		x.count[s.Channel]++
	}
	return nil
}

// apply takes in what a transaction changed.
func (x *subscriberIndex) apply(changes []subscriptionChange) {
	byTarget := make(map[checks.Target][]subscriptionChange)
	for _, c := range changes {
		byTarget[c.sub.Target] = append(byTarget[c.sub.Target], c)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for t, changes := range byTarget {
		list := merged(x.byTarget[t], changes, func(c chat.Channel, n int) {
			if x.count[c] += n; x.count[c] == 0 {
				delete(x.count, c)
			}
		})
		if x.byTarget[t] = list; len(list) == 0 {
			delete(x.byTarget, t)
		}
	}
}

// merged gives a new list with the changes made in their order; count is told of
// each channel that comes (1) or goes (-1).
func merged(list []Subscription, changes []subscriptionChange, count func(c chat.Channel, n int)) []Subscription {
	out := make([]Subscription, len(list), len(list)+len(changes))
	copy(out, list)
	for _, c := range changes {
		i, found := slices.BinarySearchFunc(out, c.sub.Channel, func(s Subscription, ch chat.Channel) int {
			return compareChannels(s.Channel, ch)
		})
		switch {
		case c.gone && found:
			out = slices.Delete(out, i, i+1)
			count(c.sub.Channel, -1)
		case c.gone:
		case found:
			out[i] = c.sub
		default:
			out = slices.Insert(out, i, c.sub)
			count(c.sub.Channel, 1)
		}
	}
	return slices.Clip(out)
}

// compareChannels orders channels as their keys are ordered.
func compareChannels(a, b chat.Channel) int { return cmp.Compare(a.String(), b.String()) }

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
func (x *subscriberIndex) tenant(c chat.Channel) (n int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for other, count := range x.count {
		if other.Platform == c.Platform && other.Tenant == c.Tenant {
			n += count
		}
	}
	return n
}
