package checks

import (
	"net/netip"
	"time"
)

// foreboding is how long before the loss of its routes a host may fall silent and that be
// the same event: a link that died without a word takes its routes along when the hold
// time has passed, and withdrawals take minutes to go everywhere.
const foreboding = 5 * time.Minute

// wayTo is what became of the routes to a host: when they were lost, and when they came
// back, as half of the vantage points saw it. Lost is zero where they never were, or where
// it is not known; back while they are.
type wayTo struct{ lost, back time.Time }

// ways finds what became of the routes to the addresses of hosts, from what was seen of
// the prefixes that they lie in.
func ways(hosts []Host, list []Observation) map[netip.Addr]wayTo {
	var moved []*Observation
	for i := range list {
		if !list[i].Lost.Half.IsZero() {
			moved = append(moved, &list[i])
		}
	}
	if len(moved) == 0 {
		return nil
	}
	found := map[netip.Addr]wayTo{}
	for i := range hosts {
		var longest netip.Prefix
		for _, o := range moved {
			if o.Prefix.Contains(hosts[i].Addr.Unmap()) && (!longest.IsValid() || o.Prefix.Bits() > longest.Bits()) {
				longest = o.Prefix
				found[hosts[i].Addr] = wayTo{o.Lost.Half, o.Back.Half}
			}
		}
	}
	return found
}

// overtaken reports whether the routes to a host went after it answered last: that it did
// does not contradict their loss.
func (h *hearing) overtaken(x *Host) bool {
	w := h.ways[x.Addr]
	return !w.lost.IsZero() && w.back.IsZero() && !x.Newest.At.After(w.lost)
}

// excused reports whether a host fell silent when its routes went, and has not been missed
// for long enough since they are back. Nobody could answer in between, and of the time
// since then nothing is known yet.
func (h *hearing) excused(x *Host) bool {
	w := h.ways[x.Addr]
	if w.back.IsZero() || x.Silence.Last.Sub(w.back) >= RoundSpacing {
		return false
	}
	return !x.Silence.First.Before(w.lost.Add(-foreboding))
}

// rerouted says that hosts have not been asked since the routes to them went, or came
// back; "" where it is not for that that nothing is known.
func (h *hearing) rerouted() string {
	for i := range h.reach.Hosts {
		switch x := &h.reach.Hosts[i]; {
		case !h.home(x):
		case x.Newest.There() && h.overtaken(x):
			return "nothing was asked since the routes went"
		case x.Silence.Proven() && h.excused(x):
			return "nothing was asked for long enough since the routes are back"
		}
	}
	return ""
}
