// Package bmp is the station that routers report to by the BGP Monitoring Protocol:
// one feed of route updates out of the tables of one's own routers.
//
// Each router is a collector and each of its monitored peers a session. Of the
// tables that a router reports for a peer one counts, the pre-policy Adj-RIB-In
// where there is one, then the post-policy one; the Loc-RIB counts as a single
// session, the router's own, and only where the router reports nothing else. What
// the router tells its peers (Adj-RIB-Out) never counts.
//
// It promises that nothing which happens to a report is taken for an event in the
// world: a router that is cut off or restarts makes its sessions unknown, a session
// counts from the first route that it announces after it came up, and a report that
// makes no sense is a fault with a sentence. Faults of real routers that it knows
// are in fault.go. Routers are slowed down by TCP where what they send is not taken
// fast enough.
//
// It sends nothing, keeps no routes, and leaves out Route Mirroring and the values
// of statistics. It listens without encryption, as BMP does: let nobody but the
// routers reach it.
package bmp
