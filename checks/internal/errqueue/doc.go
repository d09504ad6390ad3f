// Package errqueue sends one packet and says who answered it: the host, or a router on
// the way that has something to say about it, as "administratively prohibited" or "ran
// out of hops". It needs no privileges: Linux keeps the ICMP errors that belong to a
// socket in the socket's error queue (ip(7) IP_RECVERR, ipv6(7) IPV6_RECVERR).
//
// It promises that an answer belongs to the packet that was sent: the kernel matches
// addresses and ports, or the identifier of an echo, and we what the answer quotes of our
// payload; that trouble of this machine's own is an error, never silence; and that the
// end of the context ends it, leaving no socket and no goroutine.
//
// Other systems have no such queue: there [Supported] is false and every call gives
// [ErrUnsupported]. It leaves out which addresses may be probed and how often, and what
// an answer says of a host.
package errqueue
