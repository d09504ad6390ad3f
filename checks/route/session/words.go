package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"isitdown/checks/internal/bgp"
)

// The sentences of Status: what is wrong, and what to do about it where that is known.
// They begin with "it", the router, and end without a stop.

// String names the families, "IPv4 and IPv6".
func (f Families) String() string {
	return [...]string{"no", "IPv4", "IPv6", "IPv4 and IPv6"}[f&Both]
}

// byeError is the notification with which the other side ended the session.
type byeError struct{ bgp.Notification }

// farewell reads a NOTIFICATION. One that cannot be read ends the session as well.
func farewell(msg []byte) error {
	n, err := bgp.ParseNotification(msg)
	if err != nil {
		return err
	}
	return &byeError{*n}
}

func (e *byeError) Error() string { return e.Name() }

// unreachable says why a call came to nothing.
func unreachable(n *Neighbor, err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("it refuses connections at %v: is BGP running there, and is this host configured as its neighbour?", n.target())
	case timedOut(err) && n.Password != "":
		return fmt.Sprintf("it does not answer at %v: is the password the same on both sides, and does no firewall stand between?", n.target())
	case timedOut(err) && n.TTLSecurity > 0:
		return fmt.Sprintf("it does not answer at %v: is TTL security on there too, and is it no more than %d hops away?", n.target(), n.TTLSecurity)
	case timedOut(err):
		return fmt.Sprintf("it does not answer at %v: is it on, does it want a password, and does no firewall stand between?", n.target())
	}
	return fmt.Sprintf("it cannot be called at %v: %v", n.target(), root(err))
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// root leaves out which call failed and between which addresses.
func root(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}

// ended says why a session is over.
func ended(l *link, err error) string {
	if bye, ok := errors.AsType[*byeError](err); ok {
		return refused(l, &bye.Notification)
	}
	if n, ok := errors.AsType[*bgp.Notification](err); ok {
		if n.Code == bgp.HoldTimerExpired && l.theirs == nil && l.p.n.TTLSecurity > 0 {
			return fmt.Sprintf("it connects, and nothing that it sends arrives: is TTL security on there too, and is it no more than %d hops away?", l.p.n.TTLSecurity)
		}
		return n.Error()
	}
	if bad, ok := errors.AsType[*bgp.Error](err); ok {
		return fmt.Sprintf("it sent a message that makes no sense (%v)", bad)
	}
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	switch {
	case closed && l.established:
		return "it closed the connection without a word: a restart, or a failure on the way"
	case closed && l.theirs == nil:
		return fmt.Sprintf("it closed the connection before it said who it is: is %v configured there as a neighbour at this host's address?", l.p.n.LocalAS)
	case closed:
		return "it closed the connection before the session was established"
	}
	return fmt.Sprintf("the connection failed: %v", root(err))
}

// refused puts the notification of the other side into words.
func refused(l *link, n *bgp.Notification) string {
	local, as := l.p.n.LocalAS, n.Name()
	switch {
	case n.Code == bgp.OpenError && n.Subcode == bgp.BadPeerAS:
		return fmt.Sprintf("it expects another AS number than %v of this host: local AS here and remote AS there must be the same", local)
	case n.Code == bgp.OpenError && n.Subcode == bgp.BadIdentifier:
		return fmt.Sprintf("it does not accept the router id %v: another one must be set here", l.ours.ID)
	case n.Code == bgp.Cease && n.Subcode == bgp.ConnectionRejected:
		return fmt.Sprintf("it rejects the connection: is %v configured there as a neighbour at this host's address?", local)
	}
	if text := n.Text(); text != "" {
		return fmt.Sprintf("it ended the session: %s, with the words “%s”", as, strings.Join(strings.Fields(text), " "))
	}
	return "it ended the session: " + as
}
