package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"isitdown/checks"
)

// Options are those of a [Collector].
type Options struct {
	Neighbors []Neighbor
	Log       *slog.Logger // nil logs nothing
	// Dial opens a connection to a neighbour; nil is TCP. It gets the neighbour for
	// its address, password and TTL.
	Dial func(ctx context.Context, n *Neighbor) (net.Conn, error)
	// Retry is the first wait before a neighbour is called again, RetryMax the
	// longest: each is twice the one before, give or take a quarter. Zero: 2 s and
	// 2 min (RFC 4271 section 10 suggests 120 s).
	Retry, RetryMax time.Duration
	// DialTimeout is how long a router may take to answer a call; zero is 10 s.
	DialTimeout time.Duration
}

// Neighbor is one router, or several behind one prefix.
type Neighbor struct {
	// Name is the collector's in every update: what the operator calls it.
	Name string
	// Address is from where it comes. A prefix of one address can be called; from a
	// wider one sessions are accepted alone.
	Address netip.Prefix
	// Port is that on which it is called; zero is 179.
	Port uint16
	// Local is our address of the connection; zero is the system's choice.
	Local netip.Addr
	// Listen is where it is waited for, as in ":179" or "192.0.2.9:1790"; empty is
	// nowhere. Neighbours may share one.
	Listen string
	// Passive: it is never called.
	Passive bool
	// AS is its number; zero is any. LocalAS is ours towards it. Where they are the
	// same the session is internal, and paths do not begin with its number.
	AS, LocalAS checks.ASN
	// RouterID is our BGP identifier, IPv4 and not its own; zero takes our address of
	// the connection, which has to be IPv4 then.
	RouterID netip.Addr
	// Password is that of TCP MD5 (RFC 2385), at most 80 bytes; empty is none.
	Password Secret
	// TTLSecurity is the number of hops, at most 254, that it may be away (RFC 5082):
	// 1 is a direct neighbour, 0 does not check.
	TTLSecurity int
	// HoldTime is offered: the silence after which a session is dead, 3 s at least;
	// zero is 90 s. A router may take as long for its first message.
	HoldTime time.Duration
	// Families are what is asked for; zero is both.
	Families Families
	// AddPath asks for every path that it has for a prefix, not the best alone.
	AddPath bool
	// MaxPrefixes ends a session that holds more, of both families; zero is 4
	// million, below zero no limit. Counting takes 20 to 40 bytes for each.
	MaxPrefixes int
}

// Families is a set of address families; unicast.
type Families uint8

// The families.
const (
	IPv4 Families = 1 << iota
	IPv6
	Both = IPv4 | IPv6
)

// Secret is a text that is never printed.
type Secret string

const redacted = "[redacted]"

// Format prints that there is something, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		f.Write([]byte(redacted))
	}
}

// MarshalText is Format for encoders and for log/slog.
func (s Secret) MarshalText() ([]byte, error) { return fmt.Append(nil, s), nil }

const (
	bgpPort       = 179
	defaultHold   = 90 * time.Second
	leastHold     = 3 * time.Second  // RFC 4271 section 4.2
	defaultDial   = 10 * time.Second // three SYNs' worth
	defaultRetry  = 2 * time.Second
	longestRetry  = 2 * time.Minute
	defaultLimit  = 4_000_000
	longestSecret = 80 // TCP_MD5SIG_MAXKEYLEN of Linux
)

func (o *Options) complete() error {
	var errs []error
	for i := range o.Neighbors {
		n := &o.Neighbors[i]
		n.complete()
		if err := n.check(); err != nil {
			errs = append(errs, fmt.Errorf("neighbour %q: %w", n.Name, err))
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Retry <= 0 {
		o.Retry = defaultRetry
	}
	if o.RetryMax <= 0 {
		o.RetryMax = longestRetry
	}
	o.RetryMax = max(o.RetryMax, o.Retry)
	if o.DialTimeout <= 0 {
		o.DialTimeout = defaultDial
	}
	if o.Dial == nil {
		o.Dial = dialTCP
	}
	return errors.Join(errs...)
}

func (n *Neighbor) complete() {
	if n.Address.IsValid() && n.Address.Addr().Is4In6() && n.Address.Bits() >= 96 {
		n.Address = netip.PrefixFrom(n.Address.Addr().Unmap(), n.Address.Bits()-96)
	}
	n.Address = n.Address.Masked()
	n.Local = n.Local.Unmap()
	if n.Port == 0 {
		n.Port = bgpPort
	}
	if n.HoldTime == 0 {
		n.HoldTime = defaultHold
	}
	if n.Families == 0 {
		n.Families = Both
	}
	if n.MaxPrefixes == 0 {
		n.MaxPrefixes = defaultLimit
	}
	if !n.Address.IsSingleIP() {
		n.Passive = true
	}
}

func (n *Neighbor) check() error {
	switch {
	case n.Name == "":
		return errors.New("it has no name")
	case !n.Address.IsValid():
		return errors.New("it has no address")
	case n.Passive && n.Listen == "":
		return errors.New("it is never called, and waited for nowhere: set Listen")
	case n.LocalAS == 0:
		return errors.New("LocalAS is not set")
	case n.RouterID.IsValid() && (!n.RouterID.Is4() || n.RouterID.IsUnspecified()):
		return fmt.Errorf("RouterID %v is not an IPv4 address", n.RouterID)
	case len(n.Password) > longestSecret:
		return fmt.Errorf("the password is longer than %d bytes", longestSecret)
	case n.TTLSecurity < 0 || n.TTLSecurity > 254:
		return fmt.Errorf("TTLSecurity %d is not between 0 and 254", n.TTLSecurity)
	case n.HoldTime < leastHold || n.HoldTime > 65535*time.Second:
		return fmt.Errorf("HoldTime %v is not between 3 s and 65535 s", n.HoldTime)
	}
	return nil
}

// target is where the neighbour is called.
func (n *Neighbor) target() netip.AddrPort { return netip.AddrPortFrom(n.Address.Addr(), n.Port) }
