package live

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Lookup asks a service for what is known of a target. Both functions emit updates in
// the order of time, valid until emit returns, and return the time as of which the last
// state holds, what is missing as gaps, and an error where the lookup failed. They obey
// the context. Without State a hub looks nothing up, without History a target begins
// with the state alone.
type Lookup struct {
	// History gives what a verdict at the given time rests on, now where that is zero:
	// Size for every session and Table records a baseline's window before, the changes
	// since, and the state at the end.
	History func(ctx context.Context, f checks.Footprint, at time.Time, emit func(*route.Update)) (asOf time.Time, gaps []checks.Gap, err error)
	// State gives the present state: Size for every session and Table records, all of
	// one dump, and Refreshed.
	State func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (asOf time.Time, gaps []checks.Gap, err error)
	// Elsewhere says how the routes of other networks fared since those of the case were
	// lost, until its Now; nil for nobody to ask. Its error is for the log.
	Elsewhere func(ctx context.Context, in checks.Case) (checks.Elsewhere, []checks.Gap, error)
	// Past says who carried the routes of origins, the largest first, in the time before
	// until; nil for nobody to ask. Its error is for the log.
	Past func(ctx context.Context, origins []checks.ASN, until time.Time) (checks.Past, []checks.Gap, error)
}

// Filter is one wish of what the streams are to deliver: the routes inside and over a
// prefix, or those that a network originates. The other field is zero.
type Filter struct {
	Prefix netip.Prefix
	Origin checks.ASN
}

// Options says what a hub is made of. Where Rules.MaxHolds is zero it is 4 million.
type Options struct {
	Rules  route.Rules
	Lookup Lookup
	// Streamed says that a stream is expected to carry on from the lookups, by
	// [Hub.Apply]. Without it targets are as the last lookup left them.
	Streamed bool
	// Cover asks the streams to deliver all that the filters, sorted, wish for, and
	// returns when they do; it is called again with all filters after a change, never
	// twice at once. Where it is nil the streams deliver everything anyway.
	Cover func(ctx context.Context, filters []Filter) error
	// WholePaths keeps the whole path of every route of the feeds of whole tables, so that
	// what other networks' routes did is told from them. See [route.Rules].FullPaths.
	WholePaths bool
	Log        *slog.Logger // required
	// Timeout ends a lookup (2 minutes).
	Timeout time.Duration

	limits
}

// limits are those that tests set lower.
type limits struct {
	parallel      int           // lookups at once
	retryMin      time.Duration // the shortest time between two tries of a lookup
	holdUpdates   int           // of what is held back for one target
	lookupBytes   int           // that one lookup may deliver
	wholePrefixes int           // of the table that own routers fill; what they announce besides is left out
}

const (
	retryMax = 10 * time.Minute
	// pollEvery is how often a target that no stream carries on is looked up again,
	// knownFor how long the sizes of the sessions' tables are good.
	pollEvery = 5 * time.Minute
	knownFor  = 24 * time.Hour
	// holdBytes bounds what is held back for one target, holdTotal for all of them.
	// Beyond them everything held back for the target is dropped and a newer state
	// asked for.
	holdBytes = 4 << 20
	holdTotal = 256 << 20
)

func (o *Options) defaults() {
	set(&o.Timeout, 2*time.Minute)
	set(&o.parallel, 4)
	set(&o.retryMin, 15*time.Second)
	set(&o.holdUpdates, 20_000)
	set(&o.lookupBytes, 256<<20)
	set(&o.wholePrefixes, 4_000_000)
	set(&o.Rules.MaxHolds, 4_000_000)
}

func set[T comparable](v *T, otherwise T) {
	if *v == *new(T) {
		*v = otherwise
	}
}

// looksUp reports whether there is anybody to ask.
func (o *Options) looksUp() bool { return o.Lookup.State != nil }

// Hub dispatches what the streams say to the targets that it concerns, and looks up
// what they cannot say. Its methods may be called from any goroutine.
//
// The order of its locks is whole.mu, mu, then those of a target: Target.mu, which an
// assessment may hold for long, is only tried while mu is held.
type Hub struct {
	o Options

	mu         sync.Mutex
	index      route.Index[*Target]
	origins    map[checks.ASN][]*Target
	targets    map[*Target]struct{}
	collectors []*collector // by number
	byName     map[string]*collector
	last       *collector // that was named last
	touched    []*Target  // by the update at hand
	turn       uint64     // number of the update at hand
	lag        time.Duration
	wishes     int // grows when what the streams are to cover changes

	alive   atomic.Pointer[[]life]
	held    atomic.Int64 // bytes held back for all targets
	wake    chan struct{}
	asks    chan struct{} // a target has lost routes
	uncover chan struct{}
	whole   whole
}

// New makes a hub. Nothing is looked up until [Hub.Run].
func New(o Options) *Hub {
	o.defaults()
	h := &Hub{
		o: o, origins: map[checks.ASN][]*Target{}, targets: map[*Target]struct{}{}, byName: map[string]*collector{},
		wake: make(chan struct{}, 1), asks: make(chan struct{}, 1), uncover: make(chan struct{}, 1),
	}
	rules := o.Rules
	rules.FullPaths = o.WholePaths
	h.whole.rib, h.whole.paths = route.NewRIB(rules), o.WholePaths
	h.alive.Store(&[]life{})
	return h
}

// Follow begins to keep a target current. What own routers say of it is there at once;
// the rest comes when [Hub.Run] has looked it up. The target is closed by its Close.
func (h *Hub) Follow(f checks.Footprint) *Target {
	t := newTarget(h, f)
	h.whole.mu.Lock()
	defer h.whole.mu.Unlock()
	h.enter(t)
	h.extract(t)
	h.whole.follow(t)
	if !h.o.looksUp() {
		t.ready.open()
	}
	nudge(h.wake)
	return t
}

// enter makes a target known to the dispatch.
func (h *Hub) enter(t *Target) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.targets[t] = struct{}{}
	for _, p := range t.wishes() {
		t.known[p] = struct{}{}
		h.index.Add(p, t)
	}
	if t.byOrigin() {
		a := t.footprint.Target.ASN()
		h.origins[a] = append(h.origins[a], t)
	}
	for _, c := range h.collectors {
		t.meet(c)
	}
	t.due = time.Now()
	h.wish(t)
}

// leave takes a target out of the dispatch.
func (h *Hub) leave(t *Target) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.targets, t)
	for p := range t.known {
		h.index.Remove(p, t)
	}
	if t.byOrigin() {
		a := t.footprint.Target.ASN()
		h.origins[a] = slices.DeleteFunc(h.origins[a], func(o *Target) bool { return o == t })
		if len(h.origins[a]) == 0 {
			delete(h.origins, a)
		}
	}
	h.wish(nil)
}

// nudge wakes whoever waits for a channel of one element.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
