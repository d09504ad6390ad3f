package chart

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxSpan is the longest time that a chart shows: about three years.
const MaxSpan = 1100 * 24 * time.Hour

// What a chart cannot be drawn from.
var (
	errSpan  = errors.New("the end of the chart is not after its beginning")
	errYears = errors.New("times outside the years 1970 to 9999")
)

// check says why d cannot be drawn.
func (d *Data) check() error {
	switch {
	case d.From.Year() < 1970 || d.To.Year() > 9999:
		return errYears
	case d.To.Sub(d.From) < time.Second:
		return errSpan
	case d.To.Sub(d.From) > MaxSpan:
		return fmt.Errorf("%d days are more than a chart shows (%d)", int(d.To.Sub(d.From).Hours()/24), int(MaxSpan.Hours()/24))
	}
	return nil
}

// span is a part of the time shown in which nothing changed.
type span struct {
	from, to time.Time
	seen, of uint64
	known    bool
	counted  bool // within a spell: neither line nor gap
}

// same reports whether nothing changed between s and t.
func (s span) same(t span) bool {
	return s.known == t.known && s.counted == t.counted && (!s.known || s.seen == t.seen && s.of == t.of)
}

// spans cuts the time shown at the steps: together the spans cover it without a hole.
// Nothing is known before the first step. Steps that are out of order are put in it;
// of several at one moment the last counts. One at the very end gives a span that
// lasts no time.
func (d *Data) spans() []span {
	steps := slices.Clone(d.Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	list := []span{{from: d.From, to: d.To}}
	for _, s := range steps {
		if s.At.After(d.To) {
			break
		}
		last := &list[len(list)-1]
		next := span{from: s.At, to: d.To, seen: s.Seen, of: s.Of, known: s.Known}
		if !s.At.After(last.from) {
			next.from = last.from
			*last = next
			continue
		}
		last.to = s.At
		list = append(list, next)
	}
	for _, b := range d.spells() {
		list = count(list, b, d.To)
	}
	return join(list)
}

// count cuts the spans at the ends of a spell, and marks those within.
func count(list []span, b Band, end time.Time) []span {
	if !b.End.IsZero() && b.End.Before(end) {
		end = b.End
	}
	var out []span
	for _, s := range list {
		if s.from.Equal(s.to) {
			out = append(out, s)
			continue
		}
		before, in, after := s, s, s
		before.to, after.from = earlier(s.to, b.Start), later(s.from, end)
		in.from, in.to = later(s.from, b.Start), earlier(s.to, end)
		in.known, in.counted = false, true
		for _, part := range []span{before, in, after} {
			if part.from.Before(part.to) {
				out = append(out, part)
			}
		}
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// join makes one span of neighbours between which nothing changed.
func join(list []span) []span {
	joined := list[:1]
	for _, s := range list[1:] {
		if last := &joined[len(joined)-1]; last.same(s) {
			last.to = s.to
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// outages and spells give the bands as far as they are shown, in order, those that
// touch joined. The End of one that lasts is zero.
func (d *Data) outages() []Band { return d.shown(d.Bands) }
func (d *Data) spells() []Band  { return d.shown(d.Spells) }

func (d *Data) shown(bands []Band) []Band {
	bands = slices.Clone(bands)
	slices.SortStableFunc(bands, func(a, b Band) int { return a.Start.Compare(b.Start) })
	var list []Band
	for _, b := range bands {
		lasts := b.End.IsZero()
		if !b.Start.Before(d.To) || !lasts && (!b.End.After(b.Start) || !b.End.After(d.From)) {
			continue
		}
		if n := len(list); n > 0 {
			last := &list[n-1]
			if last.End.IsZero() {
				continue
			}
			if !b.Start.After(last.End) {
				if lasts || b.End.After(last.End) {
					last.End = b.End
				}
				continue
			}
		}
		list = append(list, b)
	}
	return list
}

// blind gives the times without data, those that touch joined.
func blind(spans []span) []Band {
	var list []Band
	for _, s := range spans {
		switch n := len(list); {
		case s.known, s.counted:
		case n > 0 && list[n-1].End.Equal(s.from):
			list[n-1].End = s.to
		default:
			list = append(list, Band{s.from, s.to})
		}
	}
	return list
}
