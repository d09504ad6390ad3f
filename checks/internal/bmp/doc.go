// Package bmp is the wire format of the BGP Monitoring Protocol, in which a router
// tells a station what its peers tell it: it frames and decodes the messages, and
// writes them.
//
// It reads RFC 7854 with Adj-RIB-Out (RFC 8671), Loc-RIB (RFC 9069) and the
// information of Peer Up (RFC 9736), and of the BGP OPENs in a Peer Up what decides
// how the routes are coded: four-octet AS numbers (RFC 6793), additional paths
// (RFC 7911) and long optional parameters (RFC 9072).
//
// A [Message] is used again by the next call and refers to the bytes that were
// decoded; a Route Monitoring message allocates nothing. What cannot be read is an
// [Error] with the byte and the reason. A message type that is not known is no
// error: it is framed, and its body is left alone.
//
// It leaves out the BGP UPDATE inside a Route Monitoring message, which is package
// bgp's, and what a Route Mirroring message holds, which is only counted.
package bmp
