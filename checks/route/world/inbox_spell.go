package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// leave notes that an update of a collector is left out, and tells the table where that
// begins; mu is held.
func (b *Inbox) leave(f *inflow, u *route.Update) {
	if f.spell.from.IsZero() {
		now := time.Now()
		f.spell, f.gone = spell{from: now.UTC()}, f.newest
		b.full++
		b.stats.Spells++
		b.lose(f, u)
		b.o.Log.Warn("more routing messages come than can be worked off; those of a collector are left out",
			"collector", f.name, "waiting_bytes", b.waiting)
	}
	f.spell.left++
	b.stats.LeftOut++
	if u.At.After(f.gone) {
		f.gone = u.At
	}
}

// lose has a hole told to the table, behind everything that waits; mu is held. u is what
// made it, for a collector of which nothing was kept yet.
func (b *Inbox) lose(f *inflow, u *route.Update) {
	at := f.gone
	if at.IsZero() && u != nil {
		at = u.At
	}
	b.add(&route.Update{Kind: route.Lost, At: at, Peer: route.Peer{Collector: f.name}}, f)
}

// recover ends all spells, now that half of the room is free. What a collector said in the
// spell may have brought sessions up or ended them, so the hole is told again, as of its end.
// mu is held.
func (b *Inbox) recover() {
	now := time.Now().UTC()
	for _, f := range b.feeds {
		if f.spell.from.IsZero() {
			continue
		}
		b.lose(f, nil)
		f.spell.until = now
		if f.merges(now) { // a flutter is one spell
			f.spell.from, f.spell.left = f.ended.from, f.spell.left+f.ended.left
		}
		f.ended, f.spell = f.spell, spell{}
		b.full--
		b.o.Log.Warn("routing messages are worked off again; what sessions of a collector hold is not known yet",
			"collector", f.name, "left_out", f.ended.left, "since", f.ended.from)
	}
}

// byTime gives an update as it is for a table that nobody reads again from files: time alone
// makes sessions whole after a hole, as [route.Lost] has it.
func byTime(u *route.Update) *route.Update {
	if u.Kind != route.Lost || !u.Refresh {
		return u
	}
	lost := *u
	lost.Refresh = false
	return &lost
}

// toldFor is how long after a spell an answer mentions it: until sessions vote again, by the
// rules' ten minutes.
const toldFor = 10 * time.Minute

// merges reports whether the spell that ends now goes on from the last one.
func (f *inflow) merges(now time.Time) bool {
	return !f.ended.until.IsZero() && now.Sub(f.ended.until) < toldFor
}

// Hole is a time in which updates of a collector were left out; times are of our clock, and
// Until is zero while it lasts.
type Hole struct {
	Collector   string
	From, Until time.Time
	LeftOut     int
}

// Holes gives those that answers still mention, sorted by collector.
func (b *Inbox) Holes(now time.Time) (list []Hole) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.feeds {
		s := f.spell
		switch {
		case s.from.IsZero():
			s = f.ended
			if s.from.IsZero() || now.Sub(s.until) >= toldFor {
				continue
			}
		case f.merges(now):
			s.from, s.left = f.ended.from, s.left+f.ended.left
		}
		list = append(list, Hole{f.name, s.from, s.until, s.left})
	}
	slices.SortFunc(list, func(a, b Hole) int { return strings.Compare(a.Collector, b.Collector) })
	return list
}

// clockFormat is how times of the day stand in sentences.
const clockFormat = "15:04:05"

// Gaps says what was left out, for the reader of an answer.
func (b *Inbox) Gaps(now time.Time) []checks.Gap {
	holes := b.Holes(now)
	if len(holes) == 0 {
		return nil
	}
	all := holes[0]
	names := make([]string, len(holes))
	left, lasts := 0, false
	for i, h := range holes {
		names[i] = h.Collector
		left += h.LeftOut
		lasts = lasts || h.Until.IsZero()
		if h.From.Before(all.From) {
			all.From = h.From
		}
		if h.Until.After(all.Until) {
			all.Until = h.Until
		}
	}
	when := fmt.Sprintf("since %s UTC", all.From.Format(clockFormat))
	if !lasts {
		when = fmt.Sprintf("from %s to %s UTC", all.From.Format(clockFormat), all.Until.Format(clockFormat))
	}
	return []checks.Gap{{Check: "route", Reason: fmt.Sprintf(
		"the stream brought more than could be worked off %s: %s messages of %s were left out; what its sessions hold is not known until they have said it again",
		when, thousands(left), listed(names))}}
}

// listMost is how many names stand in a sentence.
const listMost = 4

// listed joins names, some of them where they are many.
func listed(names []string) string {
	if n := len(names); n > listMost {
		return fmt.Sprintf("%s and %d more collectors", strings.Join(names[:listMost-1], ", "), n-listMost+1)
	}
	return strings.Join(names, ", ")
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
