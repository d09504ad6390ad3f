package bot

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// SendRate is a token bucket: so many messages a second, and so many at once
// after a silence. Zero of either stands for the default.
type SendRate struct {
	PerSecond float64
	Burst     int
}

// OutboxSettings say how the outbox sends. A field that is zero stands for its
// default.
type OutboxSettings struct {
	Workers int      // calls of platforms at the same time: 32
	Channel SendRate // of one channel: 1 a second, 3 at once (Slack's limit for a channel)
	Tenant  SendRate // of one workspace or guild: 20 a second, 20 at once
	// Platform limits platforms that have one token for all their tenants. One that
	// is named here also pauses as a whole when it asks for it. Discord: 45
	// a second of the 50 that it allows.
	Platform map[string]SendRate

	// OneAtATime are the platforms that cannot tell a repeated message from a new
	// one: each of their tenants has one call under way, so that a crash leaves one
	// message in doubt and no more. Slack.
	OneAtATime map[string]bool

	Timeout time.Duration // of one call: 30 s
	Grace   time.Duration // for calls under way when the program ends: 10 s
	Late    time.Duration // from which on a message says that it is late: 5 min
	// Wait is the first pause after a failure, doubled with each until it is
	// MaxWait: 1 s, 5 min. A platform that says how long to wait is heeded.
	Wait, MaxWait time.Duration
	// Doubts is after how many attempts that may have been shown a delivery is
	// left to a person: 8, which is an hour or so, as the pauses between these
	// grow fivefold, up to six times MaxWait.
	Doubts int
	// GiveUp is after how long a delivery that still fails is left to a person: 24 h.
	GiveUp time.Duration

	// Draw makes the picture of a chart: [chart.PNG].
	Draw func(chart.Data) ([]byte, error)
	// Parked is called for each delivery that is left to a person. nil for nobody.
	Parked func(Delivery)
}

func (s OutboxSettings) orDefault() OutboxSettings {
	s.Workers = cmp.Or(s.Workers, 32)
	s.Channel = s.Channel.or(SendRate{1, 3})
	s.Tenant = s.Tenant.or(SendRate{20, 20})
	platform := map[string]SendRate{"discord": {45, 10}}
	maps.Copy(platform, s.Platform)
	s.Platform = platform
	if s.OneAtATime == nil {
		s.OneAtATime = map[string]bool{"slack": true}
	}
	s.Timeout = cmp.Or(s.Timeout, 30*time.Second)
	s.Grace = cmp.Or(s.Grace, 10*time.Second)
	s.Late = cmp.Or(s.Late, 5*time.Minute)
	s.Wait = cmp.Or(s.Wait, time.Second)
	s.MaxWait = cmp.Or(s.MaxWait, 5*time.Minute)
	s.Doubts = cmp.Or(s.Doubts, 8)
	s.GiveUp = cmp.Or(s.GiveUp, 24*time.Hour)
	if s.Draw == nil {
		s.Draw = chart.PNG
	}
	if s.Parked == nil {
		s.Parked = func(Delivery) {}
	}
	return s
}

func (r SendRate) or(d SendRate) SendRate {
	return SendRate{cmp.Or(r.PerSecond, d.PerSecond), cmp.Or(r.Burst, d.Burst)}
}

// Outbox sends what the store's queue holds. Per channel it sends in the order of
// queueing, one message at a time; channels do not wait for each other, but for
// those of a platform that cannot dedupe. It promises that what was queued is sent or parked, where a person is told of
// it, and that nothing is posted twice unless the first post may have failed: then it
// is sent with the same key, and marked as a repeat.
//
// An outbox is the only writer of a delivery's progress. There is one a store.
type Outbox struct {
	store *Store
	send  map[string]chat.Send
	set   OutboxSettings
	log   *slog.Logger
	kick  chan struct{}

	// Of Run's goroutine alone.
	due       laneHeap
	turns     turns
	limits    limits
	flying    int      // calls under way
	unsettled []result // calls that have ended, not yet written down
	results   chan result
	homeless  homeless

	mu    sync.Mutex // over what Stats reads too
	lanes map[chat.Channel]*lane
	posts map[Post]uint64
}

// Post is what became of attempts to send.
type Post struct {
	Platform string
	Result   string // sent, skipped, parked, or the word of a [chat.Trouble]
}

// OutboxStats are figures for the operator.
type OutboxStats struct {
	Depth  int             // deliveries that are neither sent nor parked
	Oldest time.Time       // when the oldest of them was queued; zero where there is none
	Posts  map[Post]uint64 // since the start
	Parked int             // that the store still keeps
}

// NewOutbox makes an outbox for the queue of a store. The senders are by platform; what
// is queued for a platform that has none waits until there is one, and is parked where
// that takes longer than GiveUp.
func NewOutbox(s *Store, senders map[string]chat.Send, settings OutboxSettings, log *slog.Logger) *Outbox {
	settings = settings.orDefault()
	return &Outbox{
		store: s, send: maps.Clone(senders), set: settings, log: log,
		kick:     make(chan struct{}, 1),
		limits:   newLimits(settings),
		turns:    newTurns(settings.OneAtATime),
		results:  make(chan result, settings.Workers),
		homeless: homeless{platforms: make(map[string]*forsaken)},
		lanes:    make(map[chat.Channel]*lane),
		posts:    make(map[Post]uint64),
	}
}

// Kick has the outbox look at what came in. The store does it after each
// transaction that queued something; nobody else has to.
func (o *Outbox) Kick() {
	select {
	case o.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// Stats gives the figures of now.
func (o *Outbox) Stats() (OutboxStats, error) {
	var s OutboxStats
	o.mu.Lock()
	for _, l := range o.lanes {
		s.Depth += len(l.waiting)
		if len(l.waiting) > 0 {
			s.Oldest = sooner(s.Oldest, l.waiting[0].queued)
		}
	}
	s.Posts = maps.Clone(o.posts)
	o.mu.Unlock()
	err := o.store.View(func(tx *Tx) error {
		s.Parked = tx.tx.Bucket([]byte(bucketParked)).Stats().KeyN
		// What was queued this moment has perhaps not yet come to our notice.
		s.Depth = max(s.Depth, tx.tx.Bucket([]byte(bucketQueue)).Stats().KeyN)
		return nil
	})
	return s, err
}

// report tells the operator what is left to a person.
func (o *Outbox) report(e ending) {
	parked := slices.DeleteFunc(slices.Clone(e.over), func(d Delivery) bool { return d.State != Parked })
	if len(parked) > 0 && !e.homeless {
		first := parked[0]
		o.log.Error("deliveries are parked: look at the channel, then resume it",
			"channel", first.Channel, "deliveries", len(parked), "key", first.Key, "attempts", first.Attempts, "problem", first.Problem)
	}
	for _, d := range parked {
		o.set.Parked(d)
	}
	for _, d := range e.lost {
		o.log.Error("a delivery cannot be read: it is parked, and stays in the database for a person to look at",
			"seq", d.Seq, "key", d.Key, "channel", d.Channel, "incident", d.Incident, "op", d.Op, "problem", d.Problem)
		o.set.Parked(d)
	}
	if e.warn != "" {
		o.log.Warn(e.warn, "channel", e.lane.channel, "key", e.key, "problem", e.problem)
	}
	if e.bug != "" {
		o.log.Error(e.bug, "channel", e.lane.channel, "key", e.key, "problem", e.problem)
	}
}
