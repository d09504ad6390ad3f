package bot

import (
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Subscription is a channel's wish to hear of a target. There is one a channel
// and target.
type Subscription struct {
	Channel chat.Channel
	Target  checks.Target
	Level   chat.Level
	Quiet   chat.Hours
	Zone    string // IANA name for quiet hours and local times; "" for UTC
	By      chat.Person
	At      time.Time
	// MutedUntil holds updates back, never the closing notice; MuteReason is a
	// person's word for it.
	MutedUntil time.Time
	MuteReason string
	// Suspended says why nothing can be posted to the channel at present, as a
	// sentence for the operator; "" while it can.
	Suspended string
}

// DigestPlan is when a channel gets its digest.
type DigestPlan struct {
	Channel      chat.Channel
	Weekly       bool
	Day          time.Weekday // of a weekly one
	Hour, Minute int          // local time
	Zone         string
	By           chat.Person
	At           time.Time
	// Delivered ends the window of the last digest that was delivered; the next
	// window begins there.
	Delivered time.Time
}

// Thread is what a channel has seen of an incident.
type Thread struct {
	Channel  chat.Channel
	Incident string
	// Root is the platform's id of the root message; "" until it is posted.
	Root string
	// Told is the revision that the channel was last told, edits included; Held
	// the newest that was held back by a mute or by quiet hours, zero for none.
	Told, Held int
	// Closed: the channel was told that the incident is over.
	Closed bool
	// Within names the incident that holds this one in this channel: a country's
	// holds its networks'. "" for none.
	Within string
	// Later is what was held back and cannot be said anew when the time has come,
	// for it is over by then: the newest of it, observed at LaterAt. nil for nothing.
	Later   *chat.Message
	LaterAt time.Time
	// Begun is when the channel was first told; zero in those of earlier versions.
	Begun time.Time
}

// open reports whether there may be more to say in the thread.
func (t *Thread) open() bool { return !t.Closed || t.Held != 0 }
