package lab

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// The networks.
const (
	Home       checks.ASN = 131279 // North Korea's: 175.45.176.0/24 to 175.45.179.0/24
	Carrier    checks.ASN = 4837   // its only upstream
	Left       checks.ASN = 3356   // transit of Carrier and Dual, and a vantage point
	Right      checks.ASN = 1299   // the same; peers with Left
	Dual       checks.ASN = 64500  // 198.51.100.0/24, 203.0.113.0/24, 2001:db8:64::/48
	Collectors checks.ASN = 12654
)

// Heard is what a feed delivered, and when that was. Its slices are its own.
type Heard struct {
	Update  route.Update
	Arrived time.Time
}

// Recording is a scenario as it happened. The first moment is the beginning: sessions
// come up and tables are sent.
type Recording struct {
	Moments []Moment
}

// line tells it in a line.
func (h *Heard) line() string {
	u := &h.Update
	parts := []string{u.Peer.Collector}
	if u.Peer.AS != 0 {
		parts[0] += " " + u.Peer.AS.String()
	}
	if u.Kind != route.Routes {
		parts = append(parts, word(u.Kind))
	}
	if len(u.Withdrawn) > 0 {
		parts = append(parts, "withdrawn "+joined(u.Withdrawn))
	}
	if len(u.Announced) > 0 {
		parts = append(parts, fmt.Sprintf("announced %s by %v", joined(u.Announced), u.Path))
	}
	return strings.Join(parts, ": ")
}

func word(k route.Kind) string {
	return [...]string{
		"?", "routes", "session up", "session down", "has sent its whole table", "table",
		"feed lost", "size of the table", "dump is whole", "alive",
	}[k]
}

func joined(prefixes []route.NLRI) string {
	var words []string
	for _, n := range prefixes {
		words = append(words, n.Prefix.String())
	}
	return strings.Join(words, " ")
}

// Moment is one thing that happened, and what followed from it.
type Moment struct {
	Name  string
	Began time.Time          // just before it was done
	Heard map[string][]Heard // by the name of the feed, in the order of arrival
	// Outside and Inside are what probes find from then on: from behind AS1299, and from
	// inside AS4837. Nil where nothing was probed in this scenario.
	Outside, Inside *Sample
	// Tables are what the archives of public collectors have at its end, by the name of the
	// feed: a [route.Table] for each prefix, all of dump 1. There are none of other feeds,
	// whose sessions say all again after a hole.
	Tables map[string][]route.Update
	// Pass is how long all stays so, in the time of the scenario.
	Pass time.Duration
}

// Withdrawn is how long after the moment began a feed told the first and the last
// withdrawal of it, in real time, and how many there were: one for each prefix and session.
func (m *Moment) Withdrawn(feed string) (first, last time.Duration, n int) {
	for _, h := range m.Heard[feed] {
		if len(h.Update.Withdrawn) == 0 {
			continue
		}
		last = h.Arrived.Sub(m.Began)
		if n == 0 {
			first = last
		}
		n += len(h.Update.Withdrawn)
	}
	return first, last, n
}

// Said tells what a feed delivered in the moment besides signs of life, a line each: how long
// after the moment began, in real time, and what.
func (m *Moment) Said(feed string) string {
	var b strings.Builder
	for _, h := range m.Heard[feed] {
		if h.Update.Kind != route.Alive {
			fmt.Fprintf(&b, "%7.0f ms  %s\n", float64(h.Arrived.Sub(m.Began))/float64(time.Millisecond), h.line())
		}
	}
	if b.Len() == 0 {
		return "           nothing\n"
	}
	return b.String()
}
