// Package rislivetest is RIS Live for tests: a WebSocket server that answers and
// filters as the service does (https://ris-live.ripe.net/manual/), or misbehaves as a
// test wants it, and messages converted from MRT files. A converted message is not a
// recorded one, and whoever shows it says so.
//
// The server writes the frames of RFC 6455 itself, so that it shares no mistake with
// the library that the client is built on. It leaves out compression and TLS.
package rislivetest
