package chat

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Digest is what happened to the targets of a channel in a window of time.
type Digest struct {
	Channel  string // as its people know it: "#newsroom-asia"; "" leaves it out
	From, To time.Time
	Zone     *time.Location // of the times people read; nil for UTC
	// Missed counts the digests before this one whose windows it covers too, because
	// they could not be delivered.
	Missed int
	// Outages and Unstable are the incidents that were open at some time in the window,
	// by their onset.
	Outages, Unstable []Episode
	// NoOutage are the targets that had none.
	NoOutage []Watched
	// World is what happened everywhere else; nil where the channel is not subscribed to it.
	World *DigestWorld
	// Blind are the times in which nothing could be seen of any target; they may
	// overlap and reach out of the window.
	Blind []Blind
	// Notes are what people said in the window, with the ID of their incident.
	Notes   []Note
	Caveats []string
}

// Watched is a target, and how much of a window nothing was known of it, the times
// in which nothing was known of any left out.
type Watched struct {
	Subject string // as [Subject] writes it
	Unknown time.Duration
}

// Blind is a time in which nothing could be seen, and why: "feed lost".
type Blind struct {
	From, To time.Time
	Why      string
}

// Message writes the digest. It says that no outage was seen only of targets
// that could be seen, and when they could not.
func (d Digest) Message() Message {
	blind := d.blindSpans()
	m := Message{
		Headline: shorten(plain(d.headline(blind)), MaxHeadline),
		Notes:    cleanNotes(d.Notes, ""),
		More:     Command{Verb: Now}.String(),
	}
	add := func(label, text string) {
		if text != "" {
			m.Parts = append(m.Parts, Part{Label: label, Text: plain(text)})
		}
	}
	add("Window", inZone(d.From, d.Zone)+" - "+inZone(d.To, d.Zone)+d.inUTC())
	if d.Missed > 0 {
		before := "The digest before this one"
		if d.Missed > 1 {
			before = "The " + thousands(uint64(d.Missed)) + " digests before this one"
		}
		add("Catch-up", before+" could not be delivered: this one covers their time too.")
	}
	m.Parts = append(m.Parts, episodeParts("Outage", d.Outages, d.To)...)
	m.Parts = append(m.Parts, episodeParts("Unstable", d.Unstable, d.To)...)
	if d.World != nil {
		m.Parts = append(m.Parts, d.World.parts(d.To, d.window()-total(blind))...)
	}
	seen, partly, unseen := d.sort(d.window() - total(blind))
	if len(seen) > 0 {
		add("", "No outage seen: "+subjects(seen)+".")
	}
	if len(partly) > 0 {
		add("", "No outage seen as far as could be told: "+listSome(partly, maxSubjects)+".")
	}
	if len(unseen) > 0 {
		add("", "Nothing can be said of "+subjects(unseen)+": nothing was known in all of this time.")
	}
	if len(seen)+len(partly)+len(unseen)+len(d.Outages)+len(d.Unstable) == 0 && d.World == nil {
		add("", "This channel was subscribed to nothing.")
	}
	for _, b := range blind {
		add("Blind", b.text())
	}
	m.Parts = append(m.Parts, caveatParts(d.Caveats)...)
	return m
}

func (d *Digest) window() time.Duration { return max(0, d.To.Sub(d.From)) }

// headline is "DIGEST #newsroom-asia · Tue 23 Dec 2014 08:00 Asia/Seoul · covers
// 24 h (coverage 99.3 %): 1 outage, 1 unstable".
func (d *Digest) headline(blind []Blind) string {
	head := joinNonEmpty(" ", "DIGEST", shorten(d.Channel, maxName))
	sep := dot
	if d.Channel == "" {
		sep = " "
	}
	head += sep + inZone(d.To, d.Zone) + dot + "covers " + span(d.window()) + " (coverage " + coverage(total(blind), d.window()) + ")"
	var what []string
	if n := len(d.Outages); n > 0 {
		what = append(what, count(n, "outage", "outages"))
	}
	if n := len(d.Unstable); n > 0 {
		what = append(what, strconv.Itoa(n)+nbsp+"unstable")
	}
	seen, partly, unseen := d.sort(d.window() - total(blind))
	if d.World != nil {
		return head + ": " + joinNonEmpty("; ", strings.Join(what, ", "), d.World.lead(d.window()-total(blind)))
	}
	switch {
	case len(what)+len(seen)+len(partly)+len(unseen) == 0:
		return head + ": subscribed to nothing"
	case len(what) > 0:
		return head + ": " + strings.Join(what, ", ")
	case len(seen)+len(partly) == 0:
		return head + ": nothing could be seen"
	}
	return head + ": no outage seen"
}

// inUTC adds the window in UTC where it is not written in it.
func (d *Digest) inUTC() string {
	if z := d.Zone; z == nil || z == time.UTC || z.String() == "UTC" {
		return ""
	}
	return " (" + dated(d.From) + " - " + near(d.To, d.From) + ")"
}

// sort tells the targets that could be seen all the time, in part, and not at all.
// Open is how much of the window anything could be seen in.
func (d *Digest) sort(open time.Duration) (seen, partly, unseen []string) {
	for _, w := range d.NoOutage {
		switch {
		case w.Unknown >= open:
			unseen = append(unseen, w.Subject)
		case w.Unknown > 0:
			partly = append(partly, shorten(w.Subject, maxSubject)+" (not known for "+span(w.Unknown)+")")
		default:
			seen = append(seen, w.Subject)
		}
	}
	return seen, partly, unseen
}

// blindSpans gives the blind spans within the window, in order and without
// overlaps.
func (d *Digest) blindSpans() []Blind {
	list := slices.Clone(d.Blind)
	slices.SortStableFunc(list, func(a, b Blind) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	var out []Blind
	for _, b := range list {
		if b.From.Before(d.From) {
			b.From = d.From
		}
		if b.To.After(d.To) {
			b.To = d.To
		}
		b.Why = clean(b.Why)
		if !b.To.After(b.From) {
			continue
		}
		if n := len(out) - 1; n >= 0 && !b.From.After(out[n].To) {
			if b.To.After(out[n].To) {
				out[n].To = b.To
			}
			if !strings.Contains(out[n].Why, b.Why) {
				out[n].Why = joinNonEmpty("; ", out[n].Why, b.Why)
			}
			continue
		}
		out = append(out, b)
	}
	return out
}

func total(list []Blind) (sum time.Duration) {
	for _, b := range list {
		sum += b.To.Sub(b.From)
	}
	return sum
}

func (b *Blind) text() string {
	from := hold(b.From.UTC().Format("2 Jan")) + " " + clock(b.From)
	if b.From.UTC().Year() != b.To.UTC().Year() {
		from = dated(b.From)
	}
	return joinNonEmpty(": ", from+" - "+near(b.To, b.From)+" ("+elapsed(b.From, b.To)+")", b.Why)
}

// coverage writes the part of the window in which something could be seen, never
// rounded up.
func coverage(blind, window time.Duration) string {
	switch {
	case window <= 0 || blind >= window:
		return "0" + nbsp + "%"
	case blind <= 0:
		return "100" + nbsp + "%"
	}
	part := math.Floor(float64(window-blind)/float64(window)*1000) / 10
	return strconv.FormatFloat(part, 'f', 1, 64) + nbsp + "%"
}
