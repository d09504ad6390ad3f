// Package webtest is what tests of clients talk to: a server on loopback that
// stands before a handler that works and spoils what it says, in each way that
// the services of this world have been seen to. It is for tests alone.
//
// [Each] runs a client through all of [Faults] and holds it to what every client
// must keep: the fault becomes a gap, nothing panics, no goroutine stays behind,
// and memory is bounded. [NoLeaks] and [Memory] are the parts of it that other
// tests use.
package webtest
