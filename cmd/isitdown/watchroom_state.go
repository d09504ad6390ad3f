package main

import (
	"fmt"
	"time"
)

// age is how old the newest routing data is, by the clock of the data.
func (w *watchroom) age() (time.Duration, bool) {
	if w.live != nil {
		return w.live.age()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	newest := w.rib.Newest()
	return w.nowLocked().Sub(newest), !newest.IsZero()
}

// finding says whether there is anything to answer from.
func (w *watchroom) finding() finding {
	w.mu.Lock()
	missing := w.missing
	w.mu.Unlock()
	if w.live != nil {
		return w.live.finding()
	}
	f := finding{Name: "feed", OK: missing == "", Reason: missing}
	age, known := w.age()
	switch most := w.app.config.Assess.MaxFeedAge.Duration; {
	case !f.OK:
	case !known:
		f.Reason = "a recording that has not begun"
	case age > most:
		f.OK, f.Reason = false, fmt.Sprintf("the newest routing data is %s old, more than the %s of assess.max_feed_age", age.Round(time.Second), most)
	default:
		f.Reason = "a recording, as of " + clock(w.now())
	}
	return f
}

// describe says what the answers rest on.
func (w *watchroom) describe(rehearsed bool) string {
	lists := []string{}
	for _, l := range w.lists().Lists() {
		lists = append(lists, l.Registry+" "+l.Date.Format(time.DateOnly))
	}
	space := "no registry lists, so countries are not known (give them with --registry FILE; docs/registry.md)"
	if len(lists) > 0 {
		space = "registry lists " + firstFew(lists)
	}
	if w.live != nil {
		if len(lists) == 0 {
			space = "no registry lists yet, so countries are looked up"
		}
		return w.live.describe() + "; " + space
	}
	if w.rec == nil {
		return "no routing data, so every answer is unknown (start with --routes FILE, or --rehearse kp-2014); " + space
	}
	text := fmt.Sprintf("a recording (%s) as of %s, %s ago; %s", firstFew(w.rec.Names()), clock(w.now()), age(time.Since(w.now())), space)
	if !rehearsed {
		text += "; it does not go on, so no subscription and no digest comes due (--rehearse plays one)"
	}
	return text
}

// age writes how long ago something was, in its largest unit.
func age(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days >= 2*365:
		return fmt.Sprintf("%d years", days/365)
	case days >= 2:
		return fmt.Sprintf("%d days", days)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
