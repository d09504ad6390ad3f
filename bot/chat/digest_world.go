package chat

import (
	"cmp"
	"slices"
	"time"
)

// DigestWorld is what happened in a window of what a channel hears of because it is
// subscribed to the world.
type DigestWorld struct {
	// Countries and Networks had an outage; Unstable counts the spells of losses that kept
	// coming back.
	Countries, Networks, Unstable int
	// Outages are those of them, without those that are part of another.
	Outages []Episode
	// Unknown is how much of the window nothing was known of the world, without the times
	// in which nothing was known of any target.
	Unknown time.Duration
}

// maxDigestWorld is how many outages of the world a digest lists: those that last, and of
// the others the longest.
const maxDigestWorld = 10

// lead says in one clause what happened; open is how much of the window anything could be
// seen in.
func (w *DigestWorld) lead(open time.Duration) string {
	switch {
	case w.Countries+w.Networks > 0:
		return "world: outages of " + both(w.Countries, w.Networks, "")
	case w.Unknown >= open:
		return "world: nothing could be seen"
	}
	return "world: no outage told"
}

// parts writes what happened: a count, the outages that matter most, and how long nothing
// was known.
func (w *DigestWorld) parts(now time.Time, open time.Duration) []Part {
	if w.Unknown >= open && w.Countries+w.Networks+w.Unstable == 0 {
		return []Part{{Label: "World", Text: "nothing was known of the world in all of this time."}}
	}
	lasting := 0
	for i := range w.Outages {
		if w.Outages[i].lasts() {
			lasting++
		}
	}
	text := "no outage of a country or network of the size that is watched was told."
	if w.Countries+w.Networks > 0 {
		text = "outages of " + both(w.Countries, w.Networks, "") + "; " + count(lasting, "of them lasts", "of them last") + "."
	}
	if w.Unstable > 0 {
		text += " Unstable " + count(w.Unstable, "time", "times") + "."
	}
	if w.Unknown > 0 {
		text += " Nothing was known of the world for " + span(w.Unknown) + " of it."
	}
	parts := []Part{{Label: "World", Text: plain(text)}}
	list := slices.Clone(w.Outages)
	slices.SortStableFunc(list, func(a, b Episode) int {
		return cmp.Or(lastingFirst(&a, &b), cmp.Compare(b.length(now)/time.Second, a.length(now)/time.Second))
	})
	shown := list[:min(len(list), maxDigestWorld)]
	parts = append(parts, episodeParts("", shown, now)...)
	if more := len(list) - len(shown); more > 0 {
		parts = append(parts, Part{Label: "More", Text: plain("and " + count(more, "more outage", "more outages") + "; /outages now lists what is down now.")})
	}
	return parts
}

// length is how long an outage lasted, or has lasted so far.
func (e *Episode) length(now time.Time) time.Duration {
	if e.lasts() {
		return now.Sub(Point(e.Incident.Onset))
	}
	return Point(e.Incident.End).Sub(Point(e.Incident.Onset))
}
