// Package checks holds what is known: the target of a question, the footprint
// it has in the registries, what was observed, and the verdict that follows.
//
// Everything here is pure. Nothing reads a clock, a file or the network, and
// nothing outside the standard library is imported, so that a verdict can be
// made again from the same facts and argued about. The packages below this one
// gather the facts; package bot says them.
//
// Two facts make a verdict, and stay two: what is announced, from the [Observation] of
// routes, and what answers, from the probes in [Reach]. A host is silent by [Silence], a
// sequential test; hosts testify and other vantage points vote, which gives [Probing];
// [Assess] joins both by a table. docs/methods.md has the thresholds and their sources.
//
// It promises that no data is never "down", that an unknown is an answer, and
// that every number in a [Verdict] carries its unit. It leaves out words: how a
// verdict is worded belongs to package bot/chat.
package checks
