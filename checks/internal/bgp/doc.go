// Package bgp is the wire format of BGP-4: it decodes UPDATE messages into structs
// that are used again for every message, and writes them; and it reads and writes
// what opens, ends and refreshes a session.
//
// It reads RFC 4271 with multiprotocol reachability (RFC 4760), four-octet AS
// numbers and the reconstruction of paths from AS4_PATH (RFC 6793), additional
// paths (RFC 7911), confederations (RFC 5065), communities (RFC 1997, RFC 8092;
// RFC 4360 raw) and Only-to-Customer (RFC 9234).
//
// Decoding does not allocate once the buffers have grown to the size of the
// largest message. What a message cannot be trusted to say is an [Error] with
// the byte and the reason. RFC 7606 lets a router treat a malformed
// announcement as a withdrawal; an observer must not, since nobody withdrew
// anything. Where RFC 7606 and RFC 6793 let a router drop one attribute and go
// on, so does this package.
//
// It leaves out the life of a session, and every address family but IPv4 and IPv6
// unicast: routes of other families are counted and not decoded.
package bgp
