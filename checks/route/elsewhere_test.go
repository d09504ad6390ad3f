package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// networksOf makes n networks, AS5001 and on, announce a /24 of 30.0.0.0/16 each at the
// peers, behind what path says.
func networksOf(at, peers, path string, from, n int) string {
	var b strings.Builder
	for k := from; k < from+n; k++ {
		fmt.Fprintf(&b, "%s announce %s 30.0.%d.0/24 path %s %d\n", at, peers, k, path, 5000+k)
	}
	return b.String()
}

// goneOf withdraws what they announced.
func goneOf(at, peers string, from, n int) string {
	var b strings.Builder
	for k := from; k < from+n; k++ {
		fmt.Fprintf(&b, "%s withdraw %s 30.0.%d.0/24\n", at, peers, k)
	}
	return b.String()
}

// elsewhere asks after a script, as a check does.
func (d *desk) elsewhere(offset string) checks.Elsewhere {
	now := began.Add(duration(d.t, offset))
	d.watch.Observe(now)
	return d.watch.Elsewhere(now)
}

func survival(e checks.Elsewhere, of checks.Element) string {
	for _, p := range e.Passages {
		if p.Element == of {
			return fmt.Sprintf("%d: %d/%d", p.Origins, p.Still, p.Before)
		}
	}
	return "none"
}

func siblings(e checks.Elsewhere, of checks.ASN) string {
	i := slices.IndexFunc(e.Siblings, func(s checks.Siblings) bool { return s.Upstream == of })
	if i < 0 {
		return "none"
	}
	return fmt.Sprintf("%d/%d", e.Siblings[i].Lost, e.Siblings[i].Networks)
}

// steadyOthers is the target behind AS4837 and AS4837 behind AS3356 or AS1299, with ten
// others behind it, and ten that only AS1299 has.
var steadyOthers = "0s dump 1-20 k1 k2 k3 k4 via 4837\n" +
	"1m announce 1-10 k1 k2 k3 k4 via 3356 4837\n1m announce 11-20 k1 k2 k3 k4 via 1299 4837\n" +
	networksOf("1m", "1-10", "3356 4837", 1, 10) + networksOf("1m", "11-20", "1299 4837", 1, 10) +
	networksOf("1m", "1-20", "1299", 21, 10) + "3h beat 1-20\n"

func TestElsewhere(t *testing.T) {
	up, above, last := checks.Element{AS: 4837}, checks.Element{AS: 3356, To: 4837}, checks.Element{AS: 4837, To: home}
	const lost = "4h withdraw 1-20 k1 k2 k3 k4\n"
	tests := []struct {
		name, script string
		at           string
		up, above    string
		behind       string // lost of the networks behind AS4837
	}{
		{"the others stay", lost, "4h10m", "10: 200/200", "10: 100/100", "0/10"},
		{"the others go too", goneOf("4h", "1-20", 1, 10) + lost, "4h10m", "10: 0/200", "10: 0/100", "10/10"},
		{"most of the others go, a little later", lost + goneOf("4h2m", "1-20", 1, 7), "4h10m", "10: 60/200", "10: 30/100", "7/10"},
		{"the others go an hour later", lost + goneOf("5h", "1-20", 1, 10), "5h10m", "10: 0/200", "10: 0/100", "0/10"},
		{"the others find another way", lost + networksOf("4h", "1-20", "1299", 1, 10), "4h10m", "10: 0/200", "10: 0/100", "0/10"},
		{
			"the others were searching their way before the loss was half",
			networksOf("3h59m", "1-20", "1299", 1, 10) + lost, "4h10m", "10: 0/200", "10: 0/100", "0/10",
		},
		{
			"half of the others are back", goneOf("4h", "1-20", 1, 10) + lost + networksOf("4h30m", "1-10", "3356 4837", 1, 10),
			"5h", "10: 100/200", "10: 100/100", "10/10",
		},
		{"a path to another origin is not theirs", lost + "4h announce 1-20 30.0.1.0/24 path 3356 4837 666\n", "4h10m", "10: 180/200", "10: 90/100", "1/10"},
		{"sessions that end are no loss", lost + "4h down 1-5\n", "4h10m", "10: 150/150", "10: 50/50", "0/10"},
		{
			"sessions that end before and come back are not asked",
			"3h58m down 1-5\n3h59m up 1-5\n" + networksOf("3h59m", "1-5", "3356 4837", 1, 10) + "3h59m eor 1-5\n" + lost,
			"4h10m", "10: 150/150", "10: 50/50", "0/10",
		},
		{"a session that is back whole is compared", lost + "4h10m down 1-5\n4h11m up 1-5\n" +
			networksOf("4h12m", "1-5", "3356 4837", 1, 10) + "4h13m resend 1-5 20.1.0.0/24 fill 120\n4h14m eor 1-5\n", "5h", "10: 200/200", "10: 100/100", "0/10"},
		{"asked a day later", lost + goneOf("4h2m", "1-20", 1, 4) + "28h beat 1-20\n", "28h", "10: 120/200", "10: 60/100", "4/10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t, wholePaths).play(steadyOthers)
			updates := d.updates(tt.script)
			slices.SortStableFunc(updates, func(a, b *Update) int { return a.At.Compare(b.At) })
			for _, u := range updates {
				d.apply(u)
			}
			e := d.elsewhere(tt.at)
			if e.Missing != "" {
				t.Fatalf("missing: %s", e.Missing)
			}
			if got := survival(e, up); got != tt.up {
				t.Errorf("through AS4837: got %s, want %s", got, tt.up)
			}
			if got := survival(e, above); got != tt.above {
				t.Errorf("through %v: got %s, want %s", above, got, tt.above)
			}
			if got := survival(e, last); got != "0: 0/0" {
				t.Errorf("through %v: got %s, want nobody else", last, got)
			}
			if got := siblings(e, 4837); got != tt.behind {
				t.Errorf("networks behind AS4837: got %s lost, want %s", got, tt.behind)
			}
			if first := began.Add(4 * time.Hour); !e.From.Before(first) || e.From.Before(first.Add(-10*time.Minute)) {
				t.Errorf("got from %s, want shortly before %s", e.From, first)
			}
		})
	}
}

// Where nothing is lost nothing is compared; where it cannot be told a sentence says why.
func TestElsewhereMissing(t *testing.T) {
	const lost = "4h withdraw 1-20 k1 k2 k3 k4\n"
	tests := []struct {
		name   string
		change func(*Rules)
		script string
		want   string
	}{
		{"nothing lost", wholePaths, steadyOthers, ""},
		{"ends of paths alone", func(*Rules) {}, steadyOthers + lost, noFullPaths},
		{
			"a journal that is too short", func(r *Rules) { r.FullPaths, r.JournalSize = true, 5 }, steadyOthers + lost + networksOf("4h1m", "1-5", "9", 21, 5),
			"is no longer known: changes are kept back to 04:00:00",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t, tt.change).play(tt.script)
			e := d.elsewhere("4h10m")
			if !strings.Contains(e.Missing, tt.want) || (e.Missing == "") != (tt.want == "") {
				t.Errorf("got %q, want %q", e.Missing, tt.want)
			}
			if len(e.Passages) > 0 || len(e.Siblings) > 0 {
				t.Errorf("got %d passages and %d upstreams all the same", len(e.Passages), len(e.Siblings))
			}
		})
	}
}
