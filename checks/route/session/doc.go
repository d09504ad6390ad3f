// Package session is a feed: it is the far end of BGP sessions with an operator's own
// routers, as a route collector is, and emits what they say as updates.
//
// A neighbour is called, waited for, or both. A session speaks RFC 4271 with 4-byte AS
// numbers (RFC 6793), IPv4 and IPv6 unicast (RFC 4760), route refresh (RFC 2918,
// RFC 7313), End-of-RIB (RFC 4724; nothing is preserved over a restart, of theirs or
// of ours), messages of 64 KiB (RFC 8654) and, where it is asked for, several paths
// for a prefix (RFC 7911). TCP MD5 (RFC 2385) and the TTL check of RFC 5082 are there
// where the system has them, which is Linux.
//
// It promises:
//   - Nothing is ever advertised. No code here writes an UPDATE, and the one function
//     that sends refuses to.
//   - A message that makes no sense takes no route away. Where RFC 7606 lets the
//     session stand it stands, and the router is asked to say it all again.
//   - A session that ends is not a withdrawal: what it held is unknown.
//   - What is wrong is one sentence for a person, in Status.
//   - A slow reader slows the router down, and never the keepalives.
//
// It leaves out every other family, policy, and who may vote: that is package route's.
package session
