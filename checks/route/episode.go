package route

import (
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Episode is a burst of route changes of a target, without a pause longer than
// episodePause in it. It is what a timeline shows of changes that are no outage.
type Episode struct {
	From, To time.Time
	// Announcements and Withdrawals count changes, one a session and prefix.
	Announcements, Withdrawals int
	Prefixes                   []netip.Prefix // ascending
	// Peers counts the vantage points that changed something.
	Peers int
}

const (
	episodePause = 2 * time.Minute
	maxEpisodes  = 1000
)

type openEpisode struct {
	from, to                   stamp
	announcements, withdrawals int
	prefixes                   map[netip.Prefix]bool
	peers                      map[checks.ASN]bool
}

// note takes one change into the present episode, or opens one.
func (w *Watch) note(prefix netip.Prefix, i int, withdrawal bool, at stamp) {
	if w.open != nil && at.since(w.open.to) > episodePause {
		w.closeEpisode()
	}
	if w.open == nil {
		w.open = &openEpisode{from: at, prefixes: map[netip.Prefix]bool{}, peers: map[checks.ASN]bool{}}
	}
	e := w.open
	e.to = at
	if withdrawal {
		e.withdrawals++
	} else {
		e.announcements++
	}
	e.prefixes[prefix] = true
	e.peers[w.rib.sessions[i].peer.AS] = true
}

func (w *Watch) closeEpisode() {
	if len(w.episodes) == maxEpisodes {
		w.episodes = slices.Delete(w.episodes, 0, maxEpisodes/10)
	}
	w.episodes = append(w.episodes, w.open.episode())
	w.open = nil
}

func (e *openEpisode) episode() Episode {
	prefixes := make([]netip.Prefix, 0, len(e.prefixes))
	for p := range e.prefixes {
		prefixes = append(prefixes, p)
	}
	checks.SortPrefixes(prefixes)
	return Episode{
		From: e.from.time(), To: e.to.time(),
		Announcements: e.announcements, Withdrawals: e.withdrawals,
		Prefixes: prefixes, Peers: len(e.peers),
	}
}

// Episodes gives the bursts of changes so far, oldest first, the present one
// last; of very many the oldest are dropped.
func (w *Watch) Episodes() []Episode {
	list := slices.Clone(w.episodes)
	if w.open != nil {
		list = append(list, w.open.episode())
	}
	return list
}
