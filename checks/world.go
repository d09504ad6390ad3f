package checks

import "time"

// World is how everything stands that the table of the whole world shows, whether or not
// anybody asked for it: what is down now, and how much of it is known. The zero value
// claims nothing.
type World struct {
	// At is the time, at the source, of the newest routing data that this rests on.
	At time.Time
	// Missing says why nothing can be said of the present, as one sentence; "" where
	// something can.
	Missing string
	// Starting says how far the start has come while parts of the tables are still being
	// read ("1 of 3 collectors read"); "" once it is over.
	Starting string
	Vantage  Vantage
	// Countries and Networks count what is watched. Networks are those of MinAddresses
	// IPv4 addresses or MinPrefixes6 IPv6 prefixes and more.
	Countries, Networks Census
	MinAddresses        uint64
	MinPrefixes6        int
	// Registered says which lists tell what belongs to which country, and of when they are;
	// "" where that is not known.
	Registered string
	// Outages is everything that is Down or Degraded: countries before networks, what is
	// Down before what is Degraded, and those that lost most addresses first. What they
	// hold prefix by prefix is bounded to some of the prefixes that are lost.
	Outages []Verdict
	Gaps    []Gap
}

// Census counts targets by their state.
type Census struct {
	Watched, Up, Degraded, Down, Unknown int
}

// Add counts one more target.
func (c *Census) Add(s State) {
	c.Watched++
	switch s {
	case Up:
		c.Up++
	case Degraded:
		c.Degraded++
	case Down:
		c.Down++
	default:
		c.Unknown++
	}
}
