package checks

import (
	"slices"
	"time"
)

// times finds the onset of a silence, or the end of the last one: those of the host that
// made the difference between all and less. Where what was asked about answers and fails
// the onset is that of the failure.
func (f *finding) times(h *hearing, all []witness) {
	switch f.extent {
	case ExtentAll:
		if f.torn { // silent still, from where we are
			return
		}
		f.End = h.returned(all)
		if h.single() {
			f.failure(h, &all[0])
		}
	case ExtentNone, ExtentPart:
		f.Onset = h.fell(all)
	}
}

// failure dates the failure of the service that was asked about, or the end of the last one.
func (f *finding) failure(h *hearing, w *witness) {
	if w.failing {
		f.Onset = w.broke
		return
	}
	for _, i := range w.entries {
		if s := h.reach.Hosts[i].Mended; s.Back.After(f.End.By) {
			f.End = Interval{After: s.Last, By: s.Back}
		}
	}
}

// fell gives when the host fell silent that, in the order of time, made the target less
// than answering. Nothing where only other vantage points make the difference.
func (h *hearing) fell(all []witness) Interval {
	var quiet []int
	for i := range all {
		if all[i].standing == silent {
			quiet = append(quiet, i)
		}
	}
	slices.SortStableFunc(quiet, func(x, y int) int { return all[x].lost.By.Compare(all[y].lost.By) })
	then := slices.Clone(all)
	for _, i := range quiet {
		then[i].standing = answering
	}
	for _, i := range quiet {
		then[i].standing = silent
		if e, _ := h.extent(then); e == ExtentNone || e == ExtentPart {
			return all[i].lost
		}
	}
	return Interval{}
}

// returned gives when the host answered again that, in the order of time, made the target
// answer as a whole.
func (h *hearing) returned(all []witness) (end Interval) {
	for i := range all {
		for _, s := range all[i].ended {
			if !s.Back.After(end.By) {
				continue
			}
			then := slices.Clone(all)
			for k := range then {
				if then[k].silentAt(s.Back) {
					then[k].standing = silent
				}
			}
			if e, _ := h.extent(then); e == ExtentNone || e == ExtentPart {
				end = Interval{After: s.Last, By: s.Back}
			}
		}
	}
	return end
}

// silentAt reports whether a host was silent, in all the ways in which it is asked, just
// before t.
func (w *witness) silentAt(t time.Time) bool {
	n := 0
	for _, s := range w.ended {
		if s.First.Before(t) && !s.Back.Before(t) {
			n++
		}
	}
	return n > 0 && n == w.ways
}
