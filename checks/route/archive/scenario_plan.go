package archive

import (
	"cmp"
	"slices"
	"time"
)

// step is one thing that a vantage point does about a network.
type step struct {
	at      int64 // microseconds since 1970
	network int
	way     int  // withdrawn where it is noWay
	long    bool // by a longer path, for a few seconds
}

const noWay = -1

// steps says for each vantage point what it does, in the order of time.
func (s *Scenario) steps() [][]step {
	out := make([][]step, len(s.voters))
	holds := make([][]int, len(s.networks)) // way by network and vantage point
	for i := range holds {
		holds[i] = slices.Repeat([]int{s.networks[i].way}, len(s.voters))
	}
	up := make([]int, len(s.voters)) // sessions by vantage point
	for _, v := range s.sessions {
		up[v.voter]++
	}
	events := slices.Clone(s.events)
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	for i := range events {
		switch e := &events[i]; e.kind {
		case eventSessionDown:
			up[s.sessions[e.session].voter]--
		case eventSessionUp:
			up[s.sessions[e.session].voter]++
		default:
			s.follow(e, holds[e.network], up, out)
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	}
	return out
}

// follower is a vantage point in the order in which all follow an event.
type follower struct {
	voter int
	done  bool // it is where the event leads already
	key   uint64
}

// follow adds the steps of one event. Half of those whose sessions are up have
// followed at its time; those who are where it leads already count among them.
func (s *Scenario) follow(e *event, holds, up []int, out [][]step) {
	target := e.way
	if e.kind == eventWithdraw {
		target = noWay
	}
	order := make([]follower, 0, len(s.voters))
	for v, as := range s.voters {
		f := follower{v, holds[v] == target, mix(e.seed, uint64(as))}
		switch {
		case up[v] > 0:
			order = append(order, f)
		case !f.done: // it will be found so when its session is back
			out[v] = append(out[v], step{at: e.at.UnixMicro(), network: e.network, way: target})
			holds[v] = target
		}
	}
	slices.SortFunc(order, func(a, b follower) int {
		switch {
		case a.done != b.done && a.done:
			return -1
		case a.done != b.done:
			return 1
		}
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.voter, b.voter))
	})
	for rank, f := range order[:max(0, len(order)-e.except)] {
		if f.done {
			continue
		}
		at := e.at.UnixMicro() + spread(rank, len(order), e.over)
		out[f.voter] = append(out[f.voter], s.turn(e, f, at, holds[f.voter], target)...)
		holds[f.voter] = target
	}
}

// turn gives what one vantage point does about an event at its time. Every third
// one hunts for other paths: it tries a longer one for one to four seconds before
// it gives up, or before it comes to the usual one.
func (s *Scenario) turn(e *event, f follower, at int64, from, target int) []step {
	out := make([]step, 0, 2)
	pause := int64(time.Second/time.Microsecond) + int64(f.key>>8%3_000_000)
	hunts := f.key%3 == 0
	switch {
	case hunts && target == noWay && s.longerPath(s.voters[f.voter], s.ways[from]) != nil:
		out = append(out, step{at: at - pause, network: e.network, way: from, long: true})
	case hunts && target != noWay && s.longerPath(s.voters[f.voter], s.ways[target]) != nil:
		out = append(out, step{at: at, network: e.network, way: target, long: true})
		at += pause
	}
	return append(out, step{at: at, network: e.network, way: target})
}

// spread is how long after the event's time, in microseconds, the vantage point
// of a rank (from 0) among n follows: exactly then for the one that makes half of
// them, earlier for those before it, and ever later towards the last.
func spread(rank, n int, over time.Duration) int64 {
	half, us := int64((n+1)/2-1), over.Microseconds()
	r := int64(rank)
	switch {
	case r < half:
		return -us * 3 * (half - r) * (half - r) / (10 * half * half)
	case r > half:
		last := int64(n-1) - half
		return us * 7 * (r - half) * (r - half) / (10 * last * last)
	}
	return 0
}

// mix makes a number of several, the same on every machine, that looks as if it
// were random (the finalizer of SplitMix64, Steele, Lea and Flood, 2014).
func mix(numbers ...uint64) uint64 {
	h := uint64(0)
	for _, n := range numbers {
		h += 0x9e3779b97f4a7c15 + n
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
