package bot

import (
	"bytes"
	"fmt"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

type storedPerson struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Admin bool   `json:"admin,omitempty"`
	Guest bool   `json:"guest,omitempty"`
}

// storedSubscription leaves channel and target to its key.
type storedSubscription struct {
	Level      string       `json:"level"`
	Quiet      [2]int       `json:"quiet,omitzero"`
	Zone       string       `json:"zone,omitempty"`
	By         storedPerson `json:"by,omitzero"`
	At         time.Time    `json:"at,omitzero"`
	MutedUntil time.Time    `json:"muted_until,omitzero"`
	MuteReason string       `json:"mute_reason,omitempty"`
	Suspended  string       `json:"suspended,omitempty"`
}

func subscriptionKey(c chat.Channel, t checks.Target) []byte { return key(c.String(), t.String()) }

// PutSubscription writes a subscription over the one of the same channel and
// target, if there is one.
func (tx *Tx) PutSubscription(s Subscription) error {
	if err := channelError(s.Channel); err != nil {
		return fmt.Errorf("writing a subscription: %w", err)
	}
	if s.Target == (checks.Target{}) {
		return fmt.Errorf("writing a subscription of %s: it has no target", s.Channel)
	}
	s.At, s.MutedUntil = utc(s.At), utc(s.MutedUntil)
	k := subscriptionKey(s.Channel, s.Target)
	more := 1
	if tx.tx.Bucket([]byte(bucketSubscriptions)).Get(k) != nil {
		more = 0
	}
	err := tx.put(bucketSubscriptions, k, storedSubscription{
		Level: s.Level.String(), Quiet: [2]int{s.Quiet.From, s.Quiet.To}, Zone: s.Zone,
		By: storedPerson(s.By), At: s.At,
		MutedUntil: s.MutedUntil, MuteReason: s.MuteReason, Suspended: s.Suspended,
	})
	if err == nil {
		tx.in.subscribed = append(tx.in.subscribed, subscriptionChange{s, false, more})
	}
	return err
}

// DeleteSubscription ends a subscription; it is no error if there is none.
func (tx *Tx) DeleteSubscription(c chat.Channel, t checks.Target) error {
	k := subscriptionKey(c, t)
	if tx.tx.Bucket([]byte(bucketSubscriptions)).Get(k) == nil {
		return nil
	}
	if err := tx.drop(bucketSubscriptions, k); err != nil {
		return err
	}
	tx.in.subscribed = append(tx.in.subscribed, subscriptionChange{Subscription{Channel: c, Target: t}, true, -1})
	return nil
}

// Subscription gives a channel's subscription to a target; ok is false where
// there is none.
func (tx *Tx) Subscription(c chat.Channel, t checks.Target) (s Subscription, ok bool, err error) {
	k := subscriptionKey(c, t)
	value := tx.tx.Bucket([]byte(bucketSubscriptions)).Get(k)
	if value == nil {
		return Subscription{}, false, nil
	}
	s, err = readSubscription(entry{k, value})
	return s, err == nil, err
}

// Subscriptions gives the subscriptions of a channel, by target.
func (tx *Tx) Subscriptions(c chat.Channel) ([]Subscription, error) {
	return tx.subscriptionsUnder(under(c.String()))
}

// TenantSubscriptions gives the subscriptions of all channels of a tenant, by
// channel and target.
func (tx *Tx) TenantSubscriptions(platform, tenant string) ([]Subscription, error) {
	return tx.subscriptionsUnder([]byte(platform + "/" + tenant + "/"))
}

func (tx *Tx) subscriptionsUnder(prefix []byte) ([]Subscription, error) {
	var list []Subscription
	for e := range tx.scan(bucketSubscriptions, prefix) {
		s, err := readSubscription(e)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// Subscribers gives who subscribed to a target, by channel, with what this
// transaction has changed. The list is shared: it is for reading only.
func (tx *Tx) Subscribers(t checks.Target) []Subscription {
	list := tx.s.index.subscribers(t)
	if tx.in == nil {
		return list
	}
	var own []*subscriptionChange
	for i := range tx.in.subscribed {
		if c := &tx.in.subscribed[i]; c.sub.Target == t {
			own = append(own, c)
		}
	}
	if len(own) == 0 {
		return list
	}
	return merged(list, own)
}

// tenantSubscriptions gives how many subscriptions the channels of c's tenant have, with what
// this transaction has changed.
func (tx *Tx) tenantSubscriptions(c chat.Channel) int {
	n := tx.s.index.tenant(c)
	if tx.in == nil {
		return n
	}
	for i := range tx.in.subscribed {
		if o := &tx.in.subscribed[i]; o.sub.Channel.Platform == c.Platform && o.sub.Channel.Tenant == c.Tenant {
			n += o.more
		}
	}
	return n
}

// SuspendChannel notes on all subscriptions of a channel why nothing can be
// posted there, as a sentence for the operator.
func (tx *Tx) SuspendChannel(c chat.Channel, why string) error {
	list, err := tx.Subscriptions(c)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Suspended == why {
			continue
		}
		s.Suspended = why
		if err := tx.PutSubscription(s); err != nil {
			return err
		}
	}
	return nil
}

// ResumeChannel takes the suspension back, and gives what was parked for the
// channel since a time another try, in its old order. A channel that is well says
// the same of its tenant. It says how many deliveries that is.
func (tx *Tx) ResumeChannel(c chat.Channel, since time.Time) (int, error) {
	if err := tx.SuspendChannel(c, ""); err != nil {
		return 0, err
	}
	if err := tx.startTenant(c.Platform, c.Tenant); err != nil {
		return 0, err
	}
	return tx.unpark(under(c.String()), since)
}

func readSubscription(e entry) (Subscription, error) {
	r, err := read[storedSubscription](bucketSubscriptions, e)
	if err != nil {
		return Subscription{}, err
	}
	channel, target, _ := bytes.Cut(e.key, []byte{0})
	s := Subscription{
		Quiet: chat.Hours{From: r.Quiet[0], To: r.Quiet[1]}, Zone: r.Zone, By: chat.Person(r.By), At: r.At,
		MutedUntil: r.MutedUntil, MuteReason: r.MuteReason, Suspended: r.Suspended,
	}
	var ok bool
	if s.Channel, ok = chat.ParseChannel(string(channel)); !ok {
		return s, fmt.Errorf("reading %s %q: it names no channel", bucketSubscriptions, e.key)
	}
	if s.Target, err = checks.ParseTarget(string(target)); err == nil {
		s.Level, err = fromWord(r.Level, chat.LevelAny)
	}
	if err != nil {
		return s, fmt.Errorf("reading %s %q: %w", bucketSubscriptions, e.key, err)
	}
	return s, nil
}

// storedDigestPlan leaves the channel to its key.
type storedDigestPlan struct {
	Weekly    bool         `json:"weekly,omitempty"`
	Day       int          `json:"day,omitempty"` // 0 is Sunday
	Hour      int          `json:"hour"`
	Minute    int          `json:"minute"`
	Zone      string       `json:"zone,omitempty"`
	By        storedPerson `json:"by,omitzero"`
	At        time.Time    `json:"at,omitzero"`
	Delivered time.Time    `json:"delivered,omitzero"`
}

// PutDigestPlan writes when a channel gets its digest, over the plan that it had.
func (tx *Tx) PutDigestPlan(p DigestPlan) error {
	if err := channelError(p.Channel); err != nil {
		return fmt.Errorf("writing a digest plan: %w", err)
	}
	return tx.put(bucketDigestPlans, key(p.Channel.String()), storedDigestPlan{
		Weekly: p.Weekly, Day: int(p.Day), Hour: p.Hour, Minute: p.Minute, Zone: p.Zone,
		By: storedPerson(p.By), At: utc(p.At), Delivered: utc(p.Delivered),
	})
}

// DeleteDigestPlan ends the digests of a channel; it is no error if it has none.
func (tx *Tx) DeleteDigestPlan(c chat.Channel) error {
	return tx.drop(bucketDigestPlans, key(c.String()))
}

// DigestPlan gives the plan of a channel; ok is false where it has none.
func (tx *Tx) DigestPlan(c chat.Channel) (p DigestPlan, ok bool, err error) {
	k := key(c.String())
	r, ok, err := get[storedDigestPlan](tx, bucketDigestPlans, k)
	if !ok {
		return DigestPlan{}, false, err
	}
	p, err = r.plan(k)
	return p, err == nil, err
}

// DigestPlans gives all plans, by channel.
func (tx *Tx) DigestPlans() ([]DigestPlan, error) {
	var list []DigestPlan
	for e := range tx.scan(bucketDigestPlans, nil) {
		r, err := read[storedDigestPlan](bucketDigestPlans, e)
		if err != nil {
			return nil, err
		}
		p, err := r.plan(e.key)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (r storedDigestPlan) plan(key []byte) (DigestPlan, error) {
	c, ok := chat.ParseChannel(string(key))
	if !ok {
		return DigestPlan{}, fmt.Errorf("reading %s %q: it names no channel", bucketDigestPlans, key)
	}
	return DigestPlan{
		Channel: c, Weekly: r.Weekly, Day: time.Weekday(r.Day), Hour: r.Hour, Minute: r.Minute, Zone: r.Zone,
		By: chat.Person(r.By), At: r.At, Delivered: r.Delivered,
	}, nil
}
