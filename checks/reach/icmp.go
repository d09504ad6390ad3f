package reach

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/errqueue"
)

// ICMPOptions say how echoes are sent. The zero value sends none: there is no [Shield].
type ICMPOptions struct {
	// Shield says where they may go; a nil one allows nothing.
	Shield *Shield
	// Privileged uses raw sockets (CAP_NET_RAW) in place of those that need no privilege
	// where the system allows them, as [ICMPPermission] tells.
	Privileged bool
	// Timeout bounds a probe, by default 3 s. A third of it is for asking, where an echo
	// stays unanswered, who on the way has something to say about it.
	Timeout time.Duration
	// InFlight bounds the probes under way, by default 100, and PerSecond those that are
	// started in a second, by default 200: with more at once replies are lost on this
	// machine, and hosts seem to be down that are not.
	InFlight, PerSecond int
	// Contact, a mail address or a page, is in the payload of what we send ourselves. That
	// of an echo is the library's: a time and a random number.
	Contact string
}

// ICMP asks hosts by ICMP echo (RFC 792, RFC 4443), and finds the routers on the way to
// them. It may be used by many goroutines.
type ICMP struct {
	options ICMPOptions
	slots   chan struct{}
	starts  *pace
	hopWait time.Duration // for the answer of a router
}

const (
	leastWait = 50 * time.Millisecond  // for less nothing is sent
	overrun   = 100 * time.Millisecond // of the library, past its timeout
	// tracePort is where traceroute sends to: nobody listens there, and those who look at
	// what arrives know what it is.
	tracePort = 33434
)

// NewICMP gives the ICMP of o. It opens nothing yet.
func NewICMP(o ICMPOptions) *ICMP {
	o.Timeout = either(o.Timeout, defaultTimeout)
	o.InFlight = either(o.InFlight, defaultInFlight)
	o.PerSecond = either(o.PerSecond, defaultRate)
	return &ICMP{
		options: o,
		slots:   make(chan struct{}, o.InFlight),
		starts:  &pace{gap: time.Second / time.Duration(o.PerSecond)},
		hopWait: traceWait,
	}
}

// Ask sends one echo, and counts the reply that has its identifier, sequence number and
// random number and comes from the address that was asked. Where none comes, and where
// the system permits no echoes, Linux asks once more with a datagram to a port where
// nobody listens: who answers that is there ([checks.Refused]), and a router that says why
// it does not pass it on is named ([checks.Unreachable]).
//
// What this machine itself does not let out, by its routes or its firewall, is
// [checks.Unmeasured], and the Detail says so. A context that ends before the timeout ends
// the probe; that nothing came till then says nothing of the host.
func (c *ICMP) Ask(ctx context.Context, p Probe) checks.Answer {
	a := checks.Answer{Host: p.Host, Addr: p.Addr.Unmap(), Method: checks.MethodICMP, At: time.Now()}
	if err := c.options.Shield.Addr(a.Addr); err != nil {
		a.Detail = err.Error()
		return a
	}
	release, err := c.begin(ctx)
	if err != nil {
		a.Detail = "nothing was sent: the time for it was over while others were asked"
		return a
	}
	defer release()
	a.At = time.Now()
	f := c.ask(ctx, a.Addr)
	a.Outcome, a.By, a.Detail = f.Outcome, f.by, f.detail
	if a.Took = f.took; a.Took == 0 {
		a.Took = time.Since(a.At)
	}
	return a
}

// begin waits until one more probe may be under way, and may start.
func (c *ICMP) begin(ctx context.Context) (release func(), err error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = func() { <-c.slots }
	if err := c.starts.wait(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func (c *ICMP) ask(ctx context.Context, to netip.Addr) finding {
	timed, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	end, _ := timed.Deadline()
	wait := time.Until(end)
	if wait < leastWait {
		return unmeasured("nothing was sent: the time for it was over")
	}
	if err := leaves(timed, to); err != nil {
		return unmeasured(ownTrouble(err))
	}
	explaining := max(wait/3, min(wait/2, 2*overrun))
	if !errqueue.Supported {
		explaining = min(wait/2, overrun)
	}
	f, err := ping(timed, to, c.options.Privileged, wait-explaining)
	switch permitted := !errors.Is(err, errNotPermitted); {
	case givenUp(ctx):
		return unmeasured("the probe was given up before its time was over")
	case err != nil && permitted:
		return unmeasured(ownTrouble(err))
	case f.There():
		return f
	case errqueue.Supported:
		f = c.explain(ctx, timed, to, permitted)
	case !permitted:
		return unmeasured("ICMP is not permitted here")
	}
	if f.late && wait < c.options.Timeout*9/10 {
		return tooSoon(f)
	}
	return f
}

// leaves says whether this machine lets packets to an address out, as far as its routes
// tell: connecting a UDP socket looks them up and sends nothing. The library must not be
// let loose on a route that prohibits.
func leaves(ctx context.Context, to netip.Addr) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", netip.AddrPortFrom(to, tracePort).String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// explain asks once more in a way that shows who answers. Asked is the context of who
// wants to know, timed the one that ends with the probe's timeout.
func (c *ICMP) explain(asked, timed context.Context, to netip.Addr, permitted bool) finding {
	r, err := errqueue.Send(timed, errqueue.Probe{To: to, Port: tracePort, Payload: c.payload()})
	switch {
	case givenUp(asked):
		return unmeasured("the probe was given up before its time was over")
	case errors.Is(err, context.DeadlineExceeded) && permitted:
		return finding{Outcome: checks.Silent, late: true} // the echo was sent; for more there was no time
	case err != nil:
		return unmeasured(ownTrouble(err))
	case r.Kind == errqueue.Nothing && !permitted:
		return finding{Outcome: checks.Silent, late: true, detail: "no answer to a UDP packet; ICMP is not permitted here"}
	}
	return judge(r, to)
}

// payload says who asks and why, behind a number that cannot be guessed.
func (c *ICMP) payload() []byte {
	const most = 96 // bytes of a contact
	b := fmt.Appendf(nil, "%.16s isitdown reachability check", rand.Text())
	if c.options.Contact != "" {
		b = fmt.Appendf(b, ", %s", checks.OneLine(c.options.Contact, most))
	}
	return b
}
