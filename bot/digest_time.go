package bot

import "time"

// digestOn gives when the digest of one day, in the plan's zone, is due. A local
// time that exists twice on that day means the first of them; one that does not
// exist means the moment at which the clocks would have shown it, had they not
// been put forward.
func (p *DigestPlan) digestOn(year int, month time.Month, date int) time.Time {
	loc := location(p.Zone)
	utc := time.Date(year, month, date, p.Hour, p.Minute, 0, 0, time.UTC)
	// No zone is further than 14 h from UTC; no two changes are within two days.
	before, after := offsetAt(utc.Add(-day), loc), offsetAt(utc.Add(day), loc)
	early, late := utc.Add(-max(before, after)), utc.Add(-min(before, after))
	for _, t := range []time.Time{early, late} {
		if offsetAt(t, loc) == utc.Sub(t) {
			return t
		}
	}
	return utc.Add(-before)
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// next gives the first time after t at which a digest is due.
func (p *DigestPlan) next(t time.Time) time.Time {
	return p.seek(t, 1, func(due time.Time) bool { return due.After(t) })
}

// last gives the last time at which one was due, t included.
func (p *DigestPlan) last(t time.Time) time.Time {
	return p.seek(t, -1, func(due time.Time) bool { return !due.After(t) })
}

// seek looks through the days around t, in either direction, for the first that
// has a digest at a time that is right.
func (p *DigestPlan) seek(t time.Time, step int, right func(time.Time) bool) time.Time {
	local := t.In(location(p.Zone))
	// A week has every weekday; a day more at each end is for a zone that skips one.
	for i := -2; i <= 9; i++ {
		noon := time.Date(local.Year(), local.Month(), local.Day()+i*step, 12, 0, 0, 0, time.UTC)
		if p.Weekly && noon.Weekday() != p.Day {
			continue
		}
		if due := p.digestOn(noon.Year(), noon.Month(), noon.Day()); right(due) {
			return due
		}
	}
	return time.Time{} // not reached: of ten days in a row one is right
}

// window gives the time that the digest due at now covers; ok is false while
// none is due. It begins where the last one that was delivered ended, or one
// period before the first; however many were missed, one covers them all.
func (p *DigestPlan) window(now time.Time) (from, to time.Time, missed int, ok bool) {
	start := p.Delivered
	if start.Before(p.At) {
		start = p.At
	}
	first := p.next(start)
	if now.Before(first) {
		return from, to, 0, false
	}
	to = p.last(now)
	from = p.Delivered
	if from.IsZero() {
		from = p.last(first.Add(-time.Second))
	}
	for due := first; due.Before(to); due = p.next(due) {
		missed++
	}
	return from, to, missed, true
}
