// Package route answers "announced?". It keeps the routing tables of all
// sessions that any feed delivers ([RIB]), and for each watched target the
// history from which its baseline, its visibility and the times of a loss come
// ([Watch]).
//
// It promises that a session that ends is not a withdrawal, that a vantage point
// is a peer AS and votes once, and that outage values never enter a baseline. It
// knows no feed: a feed turns what it receives into [Update] values. It reads no
// clock: time is what the updates say, or what the caller passes.
package route
