package route

import (
	"net/netip"
	"time"

	"isitdown/checks"
)

// background counts how many prefixes go missing in ordinary times: those that at least
// half of the full feeds had at the beginning of a bin and fewer at its end. It says what
// is no surprise when others are lost at the same time. A network loses a prefix more
// easily than all it has, so of networks this is the upper bound.
type background struct {
	at    stamp                 // where the present bin begins, zero for none
	half  [2]int                // sessions from which a prefix counts as there, by family; zero where not known
	known int                   // prefixes that are there
	lost  map[netip.Prefix]bool // in the present bin, and not back
	bins  []bin                 // a ring, once it is full
	next  int
	stale bool // tables came or went without being counted
}

// bin is what a time of [checks.SiblingWindow] has shown.
type bin struct {
	at          stamp
	known, lost uint32
}

const (
	binsKept = int(7 * 24 * time.Hour / checks.SiblingWindow)
	// maxBinLost bounds the prefixes that are told apart within one bin.
	maxBinLost = 1 << 17
)

// changed takes in that the sessions with a route for a prefix have become more or fewer.
func (b *background) changed(prefix netip.Prefix, family, before, now int) {
	half := b.half[family]
	if half == 0 || before >= half == (now >= half) {
		return
	}
	if now >= half {
		b.known++
		delete(b.lost, prefix)
		return
	}
	b.known--
	if len(b.lost) < maxBinLost {
		b.lost[prefix] = true
	}
}

// roll ends the bin at hand when its time is over.
func (r *RIB) rollBackground(at stamp) {
	b := &r.background
	if at < b.at.add(checks.SiblingWindow) {
		return
	}
	if b.at != 0 && b.half != [2]int{} && b.known > 0 {
		b.push(bin{at: b.at, known: uint32(b.known + len(b.lost)), lost: uint32(len(b.lost))})
	}
	b.at = at - at%stamp(checks.SiblingWindow)
	b.lost = map[netip.Prefix]bool{}
	half := [2]int{r.halfOfFeeds(0, at), r.halfOfFeeds(1, at)}
	if b.stale || far(half[0], b.half[0]) || far(half[1], b.half[1]) {
		b.half, b.stale = half, false
		b.known = 0
		for prefix, row := range r.table.All() {
			if half := b.half[familyOf(prefix)]; half > 0 && r.table.Count(r.table.Ref(row)) >= half {
				b.known++
			}
		}
	}
}

// far reports whether two numbers of feeds differ by more than one in ten.
func far(a, b int) bool { return max(a, b)-min(a, b) > max(a, b)/10 }

// push keeps a bin, in place of the oldest where there are enough.
func (b *background) push(n bin) {
	if len(b.bins) < binsKept {
		b.bins = append(b.bins, n)
		return
	}
	b.bins[b.next] = n
	b.next = (b.next + 1) % binsKept
}

// halfOfFeeds gives half of the sessions with a full table, rounded up.
func (r *RIB) halfOfFeeds(family int, now stamp) (n int) {
	full := r.fullTable(family, now)
	if full == 0 {
		return 0
	}
	for i := range r.sessions {
		if s := &r.sessions[i]; s.live() && float64(s.size(family)) >= full {
			n++
		}
	}
	return (n + 1) / 2
}

// usual gives the part of the prefixes that is lost in a bin, over the bins that end
// before a time, and how long these are together.
func (b *background) usual(before stamp) (share float64, history time.Duration) {
	known, lost := 0.0, 0.0
	oldest := before.add(-time.Duration(binsKept) * checks.SiblingWindow)
	for _, n := range b.bins {
		if n.at.add(checks.SiblingWindow) <= before && n.at >= oldest {
			known, lost = known+float64(n.known), lost+float64(n.lost)
			history += checks.SiblingWindow
		}
	}
	if known == 0 {
		return 0, 0
	}
	return lost / known, history
}
