package checks

import "fmt"

const (
	// MinPings is the least from which it is told how many are lost: of fewer, one or two
	// make a share that says nothing.
	MinPings = 20
	// lossyFrom is the percentage of lost pings from which reachability is called degraded.
	// It decides no state: who answers is reached, and some routers drop pings alone.
	lossyFrom = 20
)

// pings counts those that hosts which answer have lost, where there are enough to tell
// and many of them. Each host is counted by its own losses of late: its usual rate is that of
// questions, which are asked twice so that most losses do not count.
func (f *finding) pings(h *hearing, all []witness) {
	sent, lost := 0, 0
	for i := range all {
		if all[i].standing != answering {
			continue
		}
		for _, k := range all[i].entries {
			x := &h.reach.Hosts[k]
			sent += x.Pings
			lost += x.PingsLost
		}
	}
	if sent >= MinPings && lost*100 >= lossyFrom*sent {
		f.Pings, f.PingsLost = sent, lost
	}
}

// losses writes "degraded reachability: 14 of 40 pings of the last half hour were lost",
// "" for none.
func (f *finding) losses() string {
	if f.PingsLost == 0 {
		return ""
	}
	return fmt.Sprintf("degraded reachability: %d of %d pings of the last half hour to hosts that answer were lost", f.PingsLost, f.Pings)
}
