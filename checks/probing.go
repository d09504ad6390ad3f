package checks

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Thresholds of docs/methods.md, section 8.
const (
	noneFrom    = 80 // per cent of the weight silent, from which nothing answers
	allUpTo     = 20 // up to which all does
	maxReachAge = 10 * time.Minute
	voteAge     = 10 * time.Minute // older than our own round
	clockSlack  = time.Minute      // between our clock and others'

	ownNetwork = "our own network"
)

// finding is what the probes of a target come to.
type finding struct {
	Probing
	extent Extent
	// answers counts hosts of the target that answer now, witnesses or not.
	answers int
	// torn is true where other vantage points find otherwise than ours.
	torn bool
	// was is what was found when the probes last told, where they tell nothing now.
	was struct {
		extent         Extent
		silent, usable int
	}
}

// probed judges the probes of a target, beside what was seen of its routes. The zero finding is "not probed".
func probed(t Target, r *Reach, list []Observation, now time.Time, maxAge time.Duration) finding {
	if r.At.IsZero() {
		return finding{}
	}
	if maxAge <= 0 {
		maxAge = maxReachAge
	}
	h := hearing{target: t, reach: r, now: now, maxAge: maxAge, ways: ways(r.Hosts, list)}
	all := h.witnesses()
	f := finding{Probing: Probing{At: r.At, Guard: r.Guard, Last: r.Last, Hosts: telling(all, r)}}
	f.count(all)
	f.Fault = h.fault(all)
	f.answers = h.answers()
	f.blocks(&h)
	own, why := h.extent(all)
	if void := h.void(); void != "" {
		own, why = ExtentUnknown, void
	}
	f.Why = why
	if why == "" {
		f.pings(&h, all)
	}
	f.extent = f.vote(&h, own)
	f.times(&h, all)
	if f.extent == ExtentUnknown {
		f.remember(&h)
	}
	return f
}

// remember finds what the hosts told when they were last asked in a round that counted.
func (f *finding) remember(h *hearing) {
	then := *h
	then.maxAge, then.past = math.MaxInt64, true
	all := then.witnesses()
	var g finding
	g.count(all)
	f.was.extent, _ = then.extent(all)
	f.was.silent, f.was.usable = g.Silent, g.Usable
}

// void says why the round counts for nothing; "" where it counts.
func (h *hearing) void() string {
	switch g := &h.reach.Guard; {
	case !h.current(h.reach.At):
		return "the newest probes are of " + clockText(h.reach.At) + ", too old to speak for now"
	case strings.HasPrefix(g.Void, ownNetwork):
		return OneLine(g.Void, maxClause)
	case g.Void != "":
		return ownNetwork + " is not known to work: " + OneLine(g.Void, maxClause)
	case g.At.IsZero():
		return ownNetwork + " was not tested, and without that nothing is claimed from probes"
	case !h.current(g.At):
		return ownNetwork + " was last tested at " + clockText(g.At) + ", too long ago to vouch for the probes"
	}
	return ""
}

// count counts the hosts by what they tell.
func (f *finding) count(all []witness) {
	for i := range all {
		switch all[i].standing {
		case answering:
			f.Answering++
		case silent:
			f.Silent++
		case unsure:
			f.Unsure++
		default:
			f.Excluded++
		}
		if all[i].failing {
			f.Failing++
		}
	}
	f.Usable = f.Answering + f.Silent + f.Unsure
}

// answers counts the hosts of the target that answer now: one is enough to contradict
// that nothing is there, whatever its own rate and whatever our own network does.
func (h *hearing) answers() int {
	var names []string
	for i := range h.reach.Hosts {
		x := &h.reach.Hosts[i]
		if h.home(x) && x.Newest.There() && h.current(x.Newest.At) && !h.overtaken(x) && !slices.Contains(names, x.Name) {
			names = append(names, x.Name)
		}
	}
	return len(names)
}

// extent gives how much of the target answers, by our own probes alone, and where that
// cannot be told why.
func (h *hearing) extent(all []witness) (Extent, string) {
	usable, decided, quiet := 0, 0, 0
	weight, missing := 0, 0
	var where, gone []netip.Prefix
	for i := range all {
		w := &all[i]
		if w.standing == outside {
			continue
		}
		usable++
		where = append(where, w.places...)
		if w.standing == unsure {
			continue
		}
		decided++
		weight += w.weight
		if w.standing == silent {
			quiet++
			missing += w.weight
			gone = append(gone, w.places...)
		}
	}
	switch {
	case usable == 0:
		return ExtentUnknown, h.noWitness()
	case decided*2 < usable || decided == 0:
		return ExtentUnknown, h.undecided(usable, decided)
	case missing*100 <= allUpTo*weight:
		return ExtentAll, ""
	case usable == 1 && h.wide():
		return ExtentUnknown, "the one usual host is silent, too little to speak for all of it"
	case usable > 1 && places(where) > 1 && places(gone) < 2:
		return ExtentUnknown, fmt.Sprintf("%d of %d usual hosts %s silent, all in one place: it takes two in different /24s", quiet, usable, plural(quiet, "is", "are"))
	case missing*100 >= noneFrom*weight:
		return ExtentNone, ""
	}
	return ExtentPart, ""
}

// wide reports whether the target is more than one host can stand for.
func (h *hearing) wide() bool {
	k := h.target.Kind()
	return k == KindCountry || k == KindASN
}

// places counts different ones.
func places(all []netip.Prefix) int {
	slices.SortFunc(all, netip.Prefix.Compare)
	return len(slices.Compact(all))
}
