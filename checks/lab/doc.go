// Package lab is a small Internet for tests: five networks with real routers, links that
// break, collectors that look on through every feed that the program knows, and probes
// from two places. It runs inside a sandbox of package netlab, so nothing of it touches
// the machine's own network.
//
//	AS131279 --- AS4837 --- AS3356 --- collectors (AS12654)
//	 (KP)         |   \        |  \         |
//	            inside  \---- AS1299 -------/ --- this process, which probes
//	                           |    \
//	                         AS64500 (to AS3356 too)
//
// A scenario is played once, in real time, and recorded: what each feed delivered, and
// what probes found, moment by moment ([Recording]). What the program makes of it is then
// found out feed by feed, with a clock that jumps over the hours in between, and with the
// program's own rules. So a scenario takes seconds, and a busy machine changes no verdict.
//
// It promises that every fault was there before anything is recorded of it, that each
// feed has delivered what the scenario waits for, and that nothing is left behind. It
// leaves out what the program says, which is judged where the program is, and latency.
// No program has it in it. docs/lab.md says how scenarios are run, added and looked into.
package lab
