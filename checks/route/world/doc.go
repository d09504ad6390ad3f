// Package world keeps the routing table of the whole world and says how every country and
// every network stands in it, whether or not anybody asked.
//
// It promises that a change finds its country, its network and its upstream without a sweep,
// that a session which ends takes its vote along and no routes, and that what is normal is
// worked out from what stood, never from an outage. It leaves out whole paths, the history
// of single vantage points and others' routes beside the target's: who follows a target
// gets these from a watch of package route. See docs/world.md for what is approximate.
//
// It knows no feed and no registry: updates, and functions that name things, come from
// whoever makes a [State]. Time is what the updates and the caller say; the clock bounds only how
// long one call of [State.Tick] works.
package world
