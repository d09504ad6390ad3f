// Package ripestat is the feed of lookups: it asks RIPEstat, the public data
// service of the RIPE NCC (https://stat.ripe.net/docs/02.data-api/), what the
// collectors of RIPE RIS see of one target, now or at a past moment, and what is
// registered to whom. No key is needed.
//
// [Client.History] delivers what a watch needs to judge a target at a time: what
// every session held a day before, every change since, and what they hold at the
// end. [Client.State] delivers the end alone, to heal a hole in a stream.
//
// # What "now" is
//
// The data calls that hold routes, bgp-state and bgp-updates, end a few seconds
// before a full hour, one to three hours ago, by what their answers say of
// themselves. The looking glass is a minute old, but knows only who holds a prefix
// at present. So an answer about now is made of a history with exact times and of
// the present state; what changed in between changed at some time in between.
// Where the looking glass cannot be had, or the target has too many prefixes for
// it, the answer ends where the history does, and a gap says when. The time that
// [Client.History] and [Client.State] return is what their answers stand for; a
// verdict is to be made for that time.
//
// # What an answer is not taken for
//
// An answer that moved the time that was asked, that is empty where it cannot be,
// or that contradicts itself says nothing. Every question about routes also asks
// for control routes, which are there always (defaultControls): a session that has none
// of them is not known to be up, and what it does not hold of the target is
// unknown, not withdrawn. RIPEstat reports no session's ups and downs; a session
// that loses all control routes within a minute counts as down from then on, and
// what it withdraws of the target then as part of that. Where more than a tenth of
// the sessions lack a route at the end that nobody saw them withdraw, they are
// unknown: an index with a hole looks the same as an outage.
//
// It leaves out drawing conclusions: registered space, verdicts and incidents are
// made elsewhere. routing-status and visibility, which RIPEstat makes every eight
// hours, are not asked.
package ripestat
