package reach

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"isitdown/checks"
)

// TCP connects and closes at once, without a byte. A SYN-ACK is an answer, RST from the
// host a refusal; both prove that the host is there.
//
// The connection is closed in the ordinary way (FIN): RST would save us a minute of
// TIME_WAIT for a local port, and cost the other side a line in its logs that looks like
// a scan.
func (d *Dialers) TCP(ctx context.Context, p Probe) checks.Answer {
	return d.run(ctx, p, checks.MethodTCP, 1, func(ctx context.Context) finding {
		conn, f := d.dial(ctx, p.addrPort())
		if conn == nil {
			return f
		}
		conn.Close()
		return finding{Outcome: checks.Answered}
	})
}

// addrPort is where a probe goes.
func (p Probe) addrPort() netip.AddrPort { return netip.AddrPortFrom(p.Addr.Unmap(), p.Port) }

// dial connects over TCP where the shield allows it. Without a connection the finding
// says why.
func (d *Dialers) dial(ctx context.Context, to netip.AddrPort) (net.Conn, finding) {
	var e ear
	defer e.close()
	return d.dialHearing(ctx, "tcp", to, &e)
}

// dialHearing connects, or prepares a socket of UDP, and listens for ICMP errors.
func (d *Dialers) dialHearing(ctx context.Context, network string, to netip.AddrPort, e *ear) (net.Conn, finding) {
	dialer := net.Dialer{
		KeepAlive: -1, // no connection lives that long
		ControlContext: func(ctx context.Context, network, address string, c syscall.RawConn) error {
			if err := d.shield.Control(ctx, network, address, c); err != nil {
				return err
			}
			return e.attach(c, to.Addr().Is6())
		},
	}
	conn, err := dialer.DialContext(ctx, network, to.String())
	if err != nil {
		return nil, e.explain(ctx, err, to)
	}
	return conn, finding{}
}

// explain tells silence, a refusal, a router's word and trouble of our own apart.
//
// An errno alone does not: "no route to host" comes from a router on the way as well as
// from our own table. The kernel keeps the ICMP message for whoever asks (see [ear]);
// where it does not (other systems, Linux before 5.10), a route lookup tells whether it
// was our own side.
func (e *ear) explain(ctx context.Context, err error, to netip.AddrPort) finding {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return unmeasured(refused.Error())
	}
	if said, ok := e.heard(); ok {
		return judge(said, to.Addr())
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{Outcome: checks.Refused, detail: "connection refused"}
	case errors.Is(err, syscall.ECONNRESET):
		return finding{Outcome: checks.Refused, detail: "connection reset"}
	case timeUp(ctx, err):
		return over(ctx, finding{Outcome: checks.Silent})
	case isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EACCES) && routed(to):
		return finding{Outcome: checks.Unreachable, detail: "unreachable, says a router on the way"}
	}
	return unmeasured(ownTrouble(err))
}

// routed reports whether our own side has a way to an address: connecting a UDP socket
// looks it up and sends nothing.
func routed(to netip.AddrPort) bool {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// ownTrouble words an error of our own machine for a person.
func ownTrouble(err error) string {
	for _, known := range []struct {
		errno syscall.Errno
		words string
	}{
		{syscall.ENETUNREACH, "our own machine has no route to it"},
		{syscall.EHOSTUNREACH, "our own routing table says that it is unreachable"},
		{syscall.EACCES, "our own routing table or packet filter forbids sending to it"},
		{syscall.EPERM, "our own packet filter forbids sending to it"},
		{syscall.EINVAL, "our own routing table discards what is sent to it"},
		{syscall.EADDRNOTAVAIL, "our own machine has no free port or no address to send from"},
		{syscall.EMFILE, "our own program has too many files open"},
		{syscall.ENFILE, "our own machine has too many files open"},
		{syscall.ENOBUFS, "our own machine has no buffers left"},
		{syscall.ENOMEM, "our own machine has no memory left"},
		{syscall.EAFNOSUPPORT, "our own machine does not speak that kind of address"},
	} {
		if errors.Is(err, known.errno) {
			return known.words
		}
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return "our own side failed: " + checks.OneLine(err.Error(), 80)
}

func isAny(err error, list ...error) bool {
	for _, e := range list {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
