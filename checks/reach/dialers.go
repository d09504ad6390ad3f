package reach

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"time"

	"isitdown/checks"
)

// DialerOptions are what [NewDialers] needs.
type DialerOptions struct {
	// Shield says where packets may go. Without one nothing is dialled.
	Shield *Shield
	// Lookup finds the hosts that redirects lead to; a resolver does. Without it
	// redirects to other names are shown and not followed.
	Lookup func(ctx context.Context, host string) (Resolution, error)
	// Agent is the User-Agent of HTTP. It has to say who asks, and where to complain.
	Agent string
	// Timeout ends a probe, and each hop of an HTTP probe; 3 s where it is zero. What
	// HTTP does may take three times as long in all.
	Timeout time.Duration
	// Hop is asked before a redirect is followed to an address, so that manners hold
	// there too; it may wait for their sake. Its error is a sentence for a person; nil lets
	// every hop pass. [Asker.Hop] is one.
	Hop func(ctx context.Context, to netip.AddrPort) error
}

// Dialers ask over TCP, TLS, HTTP and DNS: each of its methods is an [Ask]. It may be
// used by many at once, and holds nothing between two probes.
type Dialers struct {
	shield  *Shield
	lookup  func(ctx context.Context, host string) (Resolution, error)
	agent   string
	timeout time.Duration
	roots   *x509.CertPool // certificate authorities that are trusted; nil means the system's
	hop     func(ctx context.Context, to netip.AddrPort) error
	// question is the port that name servers are asked at for a delegation.
	question uint16
}

// Defaults that several options have.
const (
	defaultTimeout  = 3 * time.Second
	defaultInFlight = 100 // probes under way
	defaultRate     = 200 // probes that start in a second
)

// httpTimeouts is how many timeouts an HTTP probe may take in all.
const httpTimeouts = 3

// NewDialers gives what asks over TCP, TLS, HTTP and DNS.
func NewDialers(o DialerOptions) *Dialers {
	d := &Dialers{
		shield: o.Shield, lookup: o.Lookup, agent: o.Agent,
		timeout: either(o.Timeout, defaultTimeout), hop: o.Hop, question: dnsPort,
	}
	if d.agent == "" {
		d.agent = "isitdown (reachability check)"
	}
	if d.hop == nil {
		d.hop = func(context.Context, netip.AddrPort) error { return nil }
	}
	return d
}

// finding is what an answer is made of, beside what was asked.
type finding struct {
	checks.Outcome
	by        netip.Addr
	detail    string
	redirects []string
	took      time.Duration // until the answer, where that is not the whole time
	late      bool          // it stands for the time that was waited in vain
}

func unmeasured(detail string) finding {
	return finding{Outcome: checks.Unmeasured, detail: detail}
}

// run asks within so many timeouts and makes an answer of what was found.
func (d *Dialers) run(ctx context.Context, p Probe, m checks.Method, timeouts time.Duration, ask func(context.Context) finding) checks.Answer {
	a := checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: m, At: time.Now()}
	var f finding
	switch {
	case ctx.Err() != nil:
		f = unmeasured("nothing was sent: the time for it was over")
	case !p.Addr.IsValid() || p.Port == 0:
		f = unmeasured("nothing was sent: there is no address and port to ask")
	default:
		bounded, cancel := context.WithTimeout(ctx, timeouts*d.timeout)
		f = ask(bounded)
		cancel()
	}
	a.Took = time.Since(a.At)
	if f.late && a.Took < d.timeout*9/10 {
		f = tooSoon(f)
	}
	a.Outcome, a.By, a.Detail, a.Redirects = f.Outcome, f.by, f.detail, f.redirects
	return a
}

// timeUp reports whether it was for want of time that a connection gave an error. The
// deadline of a socket may be noticed a moment before the context's.
func timeUp(ctx context.Context, err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ctx.Err() != nil || ok && timeout.Timeout()
}

// givenUp reports whether a probe ended because somebody wanted it to, rather than
// because time was up: that says nothing of the host.
func givenUp(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// over is what to say where a host was waited for until the end of the time.
func over(ctx context.Context, late finding) finding {
	if givenUp(ctx) {
		return unmeasured("the probe was given up before its time was over")
	}
	late.late = true
	return late
}

// tooSoon is what to say where whoever asked had less time than a host has to answer:
// not that it is silent, nor, where it had let us connect, that its service fails.
func tooSoon(f finding) finding {
	if f.Outcome == checks.Failing {
		return finding{Outcome: checks.Answered, detail: "connected, and cut short before more could come"}
	}
	return unmeasured("the probe was cut short")
}
