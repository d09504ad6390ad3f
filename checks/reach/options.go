package reach

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"isitdown/checks"
)

// Options are what a [Monitor] works with. Ask is needed; what else is missing is left
// out of the rounds.
type Options struct {
	// Ask sends what is to be asked; [Asker.Ask] keeps the limits.
	Ask Ask
	// Shield says what may be asked about; nil refuses everything.
	Shield *Shield
	// Resolve looks names up: [Resolver.Lookup]. Its errors are [*ResolveError].
	Resolve func(ctx context.Context, host string) (Resolution, error)
	// Delegation gives the name servers of a zone, "kp."; nil leaves them out.
	Delegation func(ctx context.Context, zone string) ([]NameServer, error)
	// Controls are the hosts of the own-network guard. Without six in three ASes the
	// guard cannot run, and no silence is believed.
	Controls []Control
	// Gateway asks the router next to us, and Resolver our name server. Unmeasured says
	// that there is none to ask, and so does nil.
	Gateway, Resolver func(ctx context.Context) checks.Outcome
	// Listed gives the operator's hosts of a target.
	Listed func(t checks.Target) []Listed
	// Belongs reports whether an address belongs to a network, whose space is what it
	// announces; nil where nobody knows.
	Belongs func(t checks.Target, a netip.Addr) bool
	// Trace and Origin find the last router on the way to a host that went silent, and
	// the AS that announces its address.
	Trace  func(ctx context.Context, to netip.Addr) ([]checks.Router, error)
	Origin func(ctx context.Context, a netip.Addr) (checks.ASN, string, error)
	// Load gives the days of the hosts of a target; Save is given, about once a minute
	// and for many targets at once, what is to be added to them.
	Load func(t checks.Target) ([]HostRate, error)
	Save func(added []HostRate) error
	// Every is the time between two rounds of a target, by default 2 minutes.
	Every time.Duration
	// Log takes what went wrong at our side; nil drops it.
	Log *slog.Logger
}

// HostRate is how often a host of a target was asked on a day, and how often it answered.
type HostRate struct {
	Target checks.Target
	// Host says what was asked, and how: one line, the same for ever.
	Host            string
	Day             time.Time // midnight, UTC
	Asked, Answered int
}

// Control is a host of the own-network guard: one that as good as always answers.
type Control struct {
	Addr netip.Addr
	ASN  checks.ASN
}

// Listed is a host that the operator names for a target.
type Listed struct {
	Host   string        // an address, a name or a URL
	Method checks.Method // none for the usual of such a host
	Port   uint16        // zero for the usual of the method
}

// State is what a monitor is doing, for metrics and health.
type State struct {
	// IPv4 and IPv6 are what the guard found last.
	IPv4, IPv6 checks.Guard
	Gateway    string // "answers", "does not answer", "not known", "has never answered"
	Resolver   string // the same words
	// Targets are followed, with so many hosts, of which so many are silent or not sure.
	Targets, Hosts, Silent, Unsure int
	// Rounds of the guard so far, and those that were void.
	Rounds, Void uint64
	// Unsaved counts the days of hosts that wait to be saved.
	Unsaved int
}
