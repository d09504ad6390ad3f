package checks

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// standing is what a host, or one way of asking it, tells at the moment.
type standing int

// The standings, the least telling first.
const (
	outside   standing = iota // it is no witness
	unsure                    // it missed probes and is not silent yet, or could not be asked
	silent                    // by the sequential test
	answering                 // the newest probe was answered
)

// witness is one host, whatever its addresses and however many ways it is asked in: any
// answer makes it answer.
type witness struct {
	standing
	weight  int            // in tenths: what its answer, or the want of one, proves
	places  []netip.Prefix // where its usable addresses are
	entries []int          // in Reach.Hosts
	ways    int            // those of them that are witnesses
	failing bool
	lost    Interval // of the present silence
	broke   Interval // of the present failure of its service
	ended   []Spell  // the last silence of each way of asking
}

// hearing is the probes of a target, being judged.
type hearing struct {
	target Target
	reach  *Reach
	now    time.Time
	maxAge time.Duration
	past   bool // what was last known is asked for, whether or not it holds now
	ways   map[netip.Addr]wayTo
}

// single reports whether the target is one host, and what was asked about is all of it.
func (h *hearing) single() bool {
	k := h.target.Kind()
	return k == KindHost || k == KindURL || k == KindAddress
}

// current reports whether what happened at t still speaks for now.
func (h *hearing) current(t time.Time) bool {
	age := h.now.Sub(t)
	return !t.IsZero() && age <= h.maxAge && age >= -h.maxAge
}

// home reports whether a host belongs to the target.
func (h *hearing) home(x *Host) bool {
	if h.single() {
		return x.Role == RoleAsked
	}
	return x.Home
}

// tells gives the standing of one way of asking a host. Who is heard for the first time
// is a witness, for an answer proves itself; of a single host, whose share is not
// counted, so is one that answers rarely. A silence has to be judged by what is usual.
func (h *hearing) tells(x *Host) standing {
	s := unsure
	switch {
	case x.Newest.There() && h.current(x.Newest.At) && !h.overtaken(x):
		s = answering
	case h.excused(x):
	case h.past && x.WasSilent && h.home(x):
		return silent
	case x.Newest.Outcome == Nonexistent:
		return outside
	case x.Silence.Proven() && h.current(x.Silence.Last) && !x.Heard.After(x.Silence.First):
		s = silent
	case x.Newest.Outcome == Unmeasured && x.Missing.IsZero() && h.current(x.Heard) && !h.overtaken(x):
		s = answering // it did at the round before, and was not asked in this one
	}
	usual := x.Before && mayTestify(x.Rate)
	if !h.home(x) || !usual && (s != answering || !h.single() && x.Before) {
		return outside
	}
	return s
}

// witnesses puts the ways of asking together by host.
func (h *hearing) witnesses() []witness {
	var all []witness
	at := make(map[string]int)
	for i := range h.reach.Hosts {
		x := &h.reach.Hosts[i]
		key := x.Name
		switch {
		case h.single() && h.home(x):
			key = "" // all of it is the one host
		case key == "":
			key = x.Addr.String()
		}
		k, ok := at[key]
		if !ok {
			k = len(all)
			at[key] = k
			all = append(all, witness{})
		}
		all[k].entries = append(all[k].entries, i)
	}
	for i := range all {
		h.judge(&all[i])
	}
	return all
}

// judge finds what a host tells by all the ways in which it is asked. Of a URL something
// of the service itself must be known: that its host answers pings is no answer.
func (h *hearing) judge(w *witness) {
	var ways []*Host // that are witnesses
	service, known := false, false
	for _, i := range w.entries {
		x := &h.reach.Hosts[i]
		s := h.tells(x)
		service = service || x.Method != MethodICMP
		if s == outside {
			continue
		}
		known = known || x.Method != MethodICMP
		ways = append(ways, x)
		if s == answering && w.standing != answering || w.standing == outside {
			w.standing, w.weight = s, 0
		}
		if s == unsure && w.standing == silent {
			w.standing = unsure
		}
		if s == answering || w.standing != answering {
			w.weight = max(w.weight, proof(x))
		}
		w.standAt(x)
	}
	if h.target.Kind() == KindURL && service && !known {
		w.standing = outside
		return
	}
	w.ways = len(ways)
	w.lost = lostBetween(ways)
	if w.failing = w.standing == answering && h.fails(ways); w.failing {
		w.broke = brokeBetween(ways)
	}
}

// standAt notes where a host is, and its last silence.
func (w *witness) standAt(x *Host) {
	if place := placeOf(x.Addr); place.IsValid() && !slices.Contains(w.places, place) {
		w.places = append(w.places, place)
	}
	if x.Silence.Ended != (Spell{}) {
		w.ended = append(w.ended, x.Silence.Ended)
	}
}

// lostBetween gives when a host fell silent: after it was last heard in any way, and by
// the first probe known to have been missed after that.
func lostBetween(ways []*Host) (i Interval) {
	var missed []time.Time
	for _, x := range ways {
		heard, first := x.Heard, x.Missing
		if heard.IsZero() {
			heard = x.Silence.Heard
		}
		if first.IsZero() {
			first = x.Silence.First
		}
		if heard.After(i.After) {
			i.After = heard
		}
		if !first.IsZero() {
			missed = append(missed, first)
		}
	}
	slices.SortFunc(missed, time.Time.Compare)
	for _, t := range missed {
		if t.After(i.After) {
			i.By = t
			return i
		}
	}
	return Interval{}
}

// brokeBetween gives when a service began to fail: after it last worked in the ways that
// fail now, and by the first answer that it does not.
func brokeBetween(ways []*Host) (i Interval) {
	for _, x := range ways {
		if x.Faulty.IsZero() {
			continue
		}
		if x.Served.After(i.After) {
			i.After = x.Served
		}
		if i.By.IsZero() || x.Faulty.Before(i.By) {
			i.By = x.Faulty
		}
	}
	if !i.By.After(i.After) { // one way began to fail while another still worked
		i.After = time.Time{}
	}
	return i
}

// fails reports whether a host that answers does not serve what is asked of it. Of a
// URL that is also one whose server refuses, or says nothing, while the host answers
// something else.
func (h *hearing) fails(ways []*Host) bool {
	asked, served := 0, false
	for _, x := range ways {
		s := h.tells(x)
		switch {
		case s == answering && x.Newest.Outcome == Failing:
			return true
		case h.target.Kind() != KindURL || x.Method == MethodICMP:
		case s == answering && x.Newest.Outcome != Refused, s == unsure:
			served = true // or may be
		default:
			asked++
		}
	}
	return asked > 0 && !served
}

// proof gives the weight in tenths of what a host answers, or usually answers.
func proof(x *Host) int {
	m := x.Method
	if x.Newest.There() && x.Newest.Method != MethodNone {
		m = x.Newest.Method
	}
	switch {
	case m == MethodICMP || m == MethodNone:
		return 7
	case m == MethodDNS:
		return 8
	case x.Newest.Outcome == Refused:
		return 9
	}
	return 10
}

// placeOf gives the block that an address shares its fate with: its /24, in IPv6 its /48.
func placeOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a = a.Unmap(); a.Is6() {
		bits = 48
	}
	p, _ := a.WithZone("").Prefix(bits) // invalid for an invalid address
	return p
}

// telling sorts the hosts for a reader: first those that make the difference.
func telling(all []witness, r *Reach) []Host {
	order := slices.Clone(all)
	rank := func(w *witness) int {
		switch {
		case w.failing:
			return 0
		case w.standing == silent:
			return 1
		case w.standing == unsure:
			return 2
		case w.standing == answering:
			return 3
		}
		return 4
	}
	slices.SortStableFunc(order, func(a, b witness) int { return cmp.Compare(rank(&a), rank(&b)) })
	var hosts []Host
	for _, w := range order {
		for _, i := range w.entries {
			if len(hosts) < MaxProbed {
				hosts = append(hosts, r.Hosts[i])
			}
		}
	}
	return hosts
}
