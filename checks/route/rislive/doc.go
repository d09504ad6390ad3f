// Package rislive follows RIPE RIS as it happens: the WebSocket stream of RIS Live
// (https://ris-live.ripe.net/manual/), which sends each BGP message that a collector
// hears as one JSON object.
//
// It promises never to be silently incomplete. Whatever ends a connection, stalls it
// or makes a collector fall silent is a [route.Lost] that asks for a refresh, at the
// last moment at which delivery was proven, and after a reconnection nothing is delivered
// before all that is wanted is served again. A quiet stream is told from a dead one by the keepalives of the BGP
// sessions themselves, and by pings. A message that cannot be read is counted and is a
// [checks.Gap]; it is never taken for a withdrawal.
//
// Messages are read by a scanner that allocates nothing; what it does not know at
// sight goes to encoding/json, and a test holds that both say the same. Routes are
// taken from the BGP message itself (raw) where it is there.
//
// It leaves out the other stream of RIS Live (HTTP, without subscriptions), and what
// the sessions held before: that is a lookup's part.
package rislive
