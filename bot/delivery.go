package bot

import (
	"strconv"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// DeliveryState is how far a delivery has come.
type DeliveryState int

// The states. Sending is written before the platform is called, so that a
// delivery which is found in it after a crash may have been posted.
const (
	Pending DeliveryState = iota
	Sending
	Sent
	Parked
	// Skipped: what it would have said was said otherwise, by a newer edit or
	// by a reply. Problem says how.
	Skipped
)

// String gives the lower-case word used in metrics.
func (s DeliveryState) String() string {
	return [...]string{"pending", "sending", "sent", "parked", "skipped"}[s]
}

// Op is how a delivery shows in a channel.
type Op int

// The ops of an incident's thread, and Plain, a message that belongs to none: a
// digest, a change of upstream, an answer that came too late for its request.
const (
	Plain Op = iota
	Root
	Reply
	Announce // a reply that the channel sees too
	Edit     // of the root
)

// String gives the lower-case word used in keys and logs.
func (o Op) String() string { return [...]string{"plain", "root", "reply", "announce", "edit"}[o] }

// Delivery is one message on its way to one channel. The outbox keeps it until it is
// sent, or until a person has to look.
type Delivery struct {
	// Key names it once and for all: platform/tenant/channel/incident/revision/op.
	Key     string
	Seq     uint64 // order of enqueueing, given by the store
	Channel chat.Channel
	// Incident and Revision are what it tells of; empty for Plain.
	Incident string
	Revision int
	Op       Op
	Message  chat.Message
	// Chart is drawn when the message is sent; nil for none.
	Chart *chart.Data
	// Observed is when what it tells of was seen, Queued when it was put here: a
	// delivery much later than Queued says so.
	Observed, Queued time.Time
	// Digest is the window's end that counts as delivered once this is sent; zero for
	// anything but a digest.
	Digest time.Time

	State     DeliveryState
	Attempts  int
	NotBefore time.Time
	// Unsure: an earlier attempt may have been shown. Doubts counts those that
	// may, Tried is when the first of them was made.
	Unsure bool
	Doubts int
	Tried  time.Time
	Heir   Heir
	// Short: the platform refused the whole message as too long.
	Short bool
	// Problem is what went wrong last, for the operator; Trouble is the same in
	// one word, "" while nothing did.
	Problem, Trouble string
	// Posted is the platform's id once it is sent. SentAt is when that was, or when it
	// was parked or skipped.
	Posted string
	SentAt time.Time
}

// Heir is about the new root that a thread gets before a reply can be sent,
// because the old one is gone. It is a message of its own, with doubts of its own.
type Heir struct {
	Wanted bool // it is what is being sent
	Made   int  // heirs that were posted for this delivery
	// Unsure and Tried are the same as a delivery's.
	Unsure bool
	Tried  time.Time
}

// DeliveryKey gives the key of what a channel is told by a revision of an incident.
func DeliveryKey(c chat.Channel, incident string, revision int, op Op) string {
	return c.String() + "/" + incident + "/" + strconv.Itoa(revision) + "/" + op.String()
}
