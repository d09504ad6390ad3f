package globalping

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// present is how far from now a moment may be to be measured now.
const present = 5 * time.Minute

// most is the share of the places that have to answer for a claim of no loss.
const most = 0.8

// Asks reports whether Globalping can measure a kind of target: one host.
func Asks(t checks.Target) bool {
	_, ok := questionOf(t)
	return ok
}

// Claims has an address, a host or a URL measured from the default places and gives
// the claim that is made of it. Of any other target, and of a moment that is not
// the present, it gives nothing: Globalping measures what it is told to, now. The zero
// time stands for now.
//
// The claim may be set beside an error; see [Client.Measure]. [Gap] makes a sentence
// of the error.
func (c *Client) Claims(ctx context.Context, f *checks.Footprint, at time.Time) ([]checks.Claim, error) {
	q, ok := questionOf(f.Target)
	if !ok || !at.IsZero() && time.Since(at).Abs() > present {
		return nil, nil
	}
	m, err := c.Measure(ctx, q)
	if m == nil {
		return nil, err
	}
	return m.Claims(), err
}

// Claims words a measurement: how many of the places that could tell got an answer,
// which did not. Where no place could tell there is nothing to claim.
func (m *Measurement) Claims() []checks.Claim {
	t := m.tally()
	if t.told() == 0 {
		return nil
	}
	c := checks.Claim{Service: Service, At: m.At, Link: m.Link(), Rests: Rests}
	c.Text = fmt.Sprintf("%s answered from %d of %s on %s", m.what(), t.answered, count(t.told(), "place", "places"),
		count(len(t.continents), "continent", "continents"))
	if len(t.times) > 0 {
		c.Text += " (median " + milliseconds(median(t.times)) + ")"
	}
	if s := statuses(t.status); s != "" {
		c.Text += ", " + s
	}
	if len(t.silent) > 0 && t.answered > 0 {
		c.Text += "; no answer in " + some(t.silent, 3)
	}
	if n := t.failed + t.pending; n > 0 {
		c.Text += "; " + count(n, "place", "places") + " more could not tell"
	}
	if t.answered == 0 && m.Kind != HTTP {
		c.Text += "; some hosts never answer these"
	}
	switch {
	case float64(t.answered) >= most*float64(t.told()):
		c.Loss = new(false)
	case t.answered == 0 && m.Kind == HTTP:
		c.Loss = new(true)
	}
	return []checks.Claim{c}
}

// what names the kind of measurement in the plural.
func (m *Measurement) what() string {
	switch m.Kind {
	case HTTP:
		return "HTTP requests"
	case Traceroute:
		return "traceroutes"
	}
	return "pings"
}

// tally counts a measurement.
type tally struct {
	answered, failed, pending int
	silent                    []string // where there was no answer
	continents                map[string]bool
	times                     []time.Duration
	status                    map[int]int
}

// told is how many places could tell.
func (t *tally) told() int { return t.answered + len(t.silent) }

func (m *Measurement) tally() tally {
	t := tally{continents: map[string]bool{}, status: map[int]int{}}
	for i := range m.Vantages {
		v := &m.Vantages[i]
		switch v.Result {
		case Answered:
			t.answered++
			if v.RTT > 0 {
				t.times = append(t.times, v.RTT)
			}
			if v.Status > 0 {
				t.status[v.Status]++
			}
		case Silent:
			t.silent = append(t.silent, v.place())
		case Failed:
			t.failed++
			continue
		default:
			t.pending++
			continue
		}
		t.continents[v.Continent] = true
	}
	return t
}

// place writes where a probe is: "Tokyo (JP, AS2516)".
func (v *Vantage) place() string {
	inner := v.Country
	if v.ASN != 0 {
		inner = strings.TrimPrefix(inner+", "+v.ASN.String(), ", ")
	}
	return strings.TrimSpace(v.City + " (" + inner + ")")
}

// statuses writes how often each status came: "status 200 at 7, 503 at 1".
func statuses(n map[int]int) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d at %d", code, n[code]))
	}
	if len(parts) == 0 {
		return ""
	}
	return "status " + some(parts, 4)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some lists at most most of the parts and says how many more there are.
func some(parts []string, most int) string {
	if n := len(parts) - most; n > 0 {
		return strings.Join(parts[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(parts, ", ")
}

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}
