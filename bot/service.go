package bot

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Config is what a [Bot] is made of. Funcs that are not said to be optional must
// be there; they are called from several goroutines, but Follow and what it gives
// only from the one that calls [Bot.Step].
type Config struct {
	Store  *Store
	Policy Policy
	// Settle is how long the effect of a change in the routes may be delayed.
	Settle time.Duration
	Logger *slog.Logger

	// Resolve reads a target as people write it. Its error is one sentence that
	// a person can act on.
	Resolve func(text string) (checks.Target, error)
	// Assess answers a question about a target, with place and caveats; the zero
	// time means now. It may take seconds, and an error is for the operator.
	Assess func(ctx context.Context, t checks.Target, at time.Time) (chat.Notice, error)
	// May reports why a person may not ask about a target now, in one sentence for
	// them; nil if they may. Who asks is a key that stays the same for a person. It is
	// asked before Assess, for questions about the present alone, and is quick. nil lets
	// everybody.
	May func(who string, t checks.Target) error
	// Follow begins to follow a target that a channel subscribed to.
	Follow func(t checks.Target) (Followed, error)
	// World gives how everything stands that is watched whether or not anybody subscribed
	// to it. It is asked at each Step while a channel is subscribed to the world, and by
	// commands, so it answers at once. nil where no such table is kept: nobody can
	// subscribe to the world then, and NoWorld says what to set.
	World func(now time.Time) checks.World
	// WorldVerdict assesses one country or network of those that World watches; ok is
	// false for any other target. It must be there where World is.
	WorldVerdict func(t checks.Target, now time.Time) (v checks.Verdict, ok bool)
	// NoWorld is what the operator has to do to have the world watched, as the end of a
	// sentence: "set world.enabled in the configuration". "" leaves it out.
	NoWorld string
	// Within gives what holds a target, the widest first: of a prefix its
	// country and its network, of a network its country. nil for nothing ever.
	Within func(t checks.Target) []checks.Target
	// Finish adds to a notice what the reader's surroundings know: place, caveats
	// and the channel's zone, nil for UTC. nil adds the zone alone.
	Finish func(n chat.Notice, zone *time.Location) chat.Notice
	// Name writes a target for a list: "North Korea (KP)". nil writes the target.
	Name func(t checks.Target) string
	// Targets suggests targets for what was typed so far. nil suggests none.
	Targets func(typed string) []chat.Choice
	// Now is the clock of the data: in a rehearsal the recording's. nil is
	// time.Now.
	Now func() time.Time

	// AdminsOnly leaves changes to those who may manage the channel.
	AdminsOnly bool
	Limits     Limits
}

// Limits bound what people may ask for. A field that is zero stands for its
// default.
type Limits struct {
	Subscriptions int // a channel, 200
	Tenant        int // subscriptions of all channels of a tenant, 5,000
	Note          int // characters of a note, 1,000
	PerMinute     int // requests of one person, 30
}

// orDefault fills in the fields that are zero.
func (l Limits) orDefault() Limits {
	l.Subscriptions = cmp.Or(l.Subscriptions, 200)
	l.Tenant = cmp.Or(l.Tenant, 5000)
	l.Note = cmp.Or(l.Note, 1000)
	l.PerMinute = cmp.Or(l.PerMinute, 30)
	return l
}

// Followed is a target that is being followed: what a [Watch] needs.
type Followed struct {
	// Assess makes the verdict of a moment.
	Assess func(now time.Time) checks.Verdict
	// Revision grows when there is something new to assess.
	Revision func() int
	// Freeze holds or releases the baseline.
	Freeze func(hold bool, now time.Time)
	// Baseline gives what "before" means at present, to be kept with what is
	// told. nil for none.
	Baseline func(now time.Time) checks.Baseline
	// Seen gives the observations that the last Assess rests on. nil for none.
	Seen func() []checks.Observation
	// Close ends the following. nil for nothing to end.
	Close func()
}
