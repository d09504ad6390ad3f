// Package reach answers whether hosts answer: it sends probes (ICMP, TCP, TLS, HTTP,
// DNS), tells silence from loss, from a refusal and from trouble of our own, and keeps
// what was found as a [checks.Reach].
//
// It promises that no packet goes where the [Shield] forbids, checked at the moment of
// dialling and at each hop of a redirect; that no host and no /24 is probed more often
// than [Manners] allow, whoever asks; that nothing is called silent in a round in which
// our own network fails; and that a deadline ends every probe.
//
// It leaves out verdicts, which are [checks.Assess]'s, storage, and choosing what to
// follow. It never sweeps: only hosts that it is told of are probed.
package reach
