// Package live keeps targets current: it joins lookups, which know the past and what
// every session holds, with streams, which know what changes now ([Hub], [Target]).
//
// Each target has a routing table of its own, which holds the routes that concern it
// and nothing else. A lookup fills it as of some time T; what the streams said
// meanwhile was held back, and what of it is later than T follows; from then on the
// streams go straight in. A hole in a stream makes the sessions behind it unknown until
// a lookup whose T is later than the return of the stream. Feeds that deliver whole
// tables, an operator's own routers, go into one table for all besides, from which a
// new target takes what concerns it. docs/dd-004-live.md says why.
//
// It promises that what was not seen is never a withdrawal, that an assessment of one
// target does not keep the streams or another target waiting, that memory is bounded,
// and that a lookup that fails leaves a gap and is tried again. It leaves out where
// lookups and streams come from: they are functions, and updates that are applied.
package live
