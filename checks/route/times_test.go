package route

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// onset and end give the times of an interval as a script would say them.
func interval(i checks.Interval) string {
	return strings.Join([]string{clock(i.After), clock(i.By), clock(i.Half), clock(i.Ninety)}, " ")
}

// oneByOne has vantage points do something one after another, step apart.
func oneByOne(start, step time.Duration, verb string, from, to int, rest string) string {
	var b strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&b, "%s %s %d %s\n", start+time.Duration(n-from)*step, verb, n, rest)
	}
	return b.String()
}

func TestOnsetAndEnd(t *testing.T) {
	const all = "k1 k2 k3 k4"
	lose := oneByOne(2*time.Hour, time.Second, "withdraw", 1, 40, all)
	regain := oneByOne(3*time.Hour, 2*time.Second, "announce", 1, 40, all)
	tests := []struct {
		name, script, at string
		state            checks.State
		onset, end       string
	}{
		{
			"one vantage point a second", steady + lose, "2h2m", checks.Down,
			"2h0m0s 2h0m19s 2h0m19s 2h0m35s", "   ",
		},
		{
			"the times do not wait for the settle window", steady + lose, "2h51s", checks.Degraded, // 22 of 40 settled
			"2h0m0s 2h0m19s 2h0m19s ", "   ",
		},
		{
			"and return", steady + lose + "179m beat 1-40\n" + regain, "3h2m", checks.Up,
			"   ", "3h0m0s 3h0m38s 3h0m38s 3h1m10s",
		},
		{
			"half of them are back", steady + lose + "179m beat 1-40\n" + regain, "3h38s", checks.Up,
			"   ", "3h0m0s 3h0m38s 3h0m38s ",
		},
		{
			"one moment", steady + "2h withdraw 1-40 " + all, "2h1m", checks.Down,
			"2h0m0s 2h0m0s 2h0m0s 2h0m0s", "   ",
		},
		{
			"stuck at four: nine in ten is the last", steady + oneByOne(2*time.Hour, time.Second, "withdraw", 1, 36, all), "2h2m", checks.Down,
			"2h0m0s 2h0m19s 2h0m19s 2h0m35s", "   ",
		},
		{
			"stuck at eight: nine in ten never came", steady + oneByOne(2*time.Hour, time.Second, "withdraw", 1, 32, all), "2h2m", checks.Down,
			"2h0m0s 2h0m19s 2h0m19s ", "   ",
		},
		{
			"a return that finds eight stuck", steady + oneByOne(2*time.Hour, time.Second, "withdraw", 1, 32, all) + "179m beat 1-40\n" +
				oneByOne(3*time.Hour, time.Second, "announce", 1, 32, all), "3h2m", checks.Up,
			"   ", "3h0m0s 3h0m11s 3h0m11s 3h0m27s",
		},
		{
			"path hunting: the last withdrawal counts", steady + "2h withdraw 1-40 " + all + "\n2h5s announce 1-40 " + all + " via 1299 4837\n2h40s withdraw 1-40 " + all, "2h2m", checks.Down,
			"2h0m40s 2h0m40s 2h0m40s 2h0m40s", "   ",
		},
		{
			"single flaps of many days are no return",
			steady + oneByOne(2*time.Hour, 10*time.Minute, "withdraw", 1, 40, all+"\n") + "\n", "2h1s", checks.Up, "   ", "   ",
		},
		{
			"another origin took over", steady + oneByOne(2*time.Hour, time.Second, "announce", 1, 40, all+" path 64500"), "2h2m", checks.Degraded,
			"2h0m0s 2h0m19s 2h0m19s 2h0m35s", "   ",
		},
		{
			"a loss during a reset dates from the session's return", steady + "2h down 1-40\n2h1m up 1-40\n2h2m resend 1-40 n1\n2h3m eor 1-20\n2h4m eor 21-40", "2h5m", checks.Down,
			"2h3m0s 2h3m0s 2h3m0s 2h4m0s", "   ",
		},
		{
			"the reset of all is no return", steady + "2h down 1-40\n2h1m up 1-40\n2h2m resend 1-40 " + all + "\n2h3m eor 1-40", "2h5m", checks.Up,
			"   ", "   ",
		},
		{
			"nor with withdrawals before it", steady + "2h withdraw 1-40 " + all + "\n2h10s down 1-40\n2h1m up 1-40\n2h2m resend 1-40 " + all + "\n2h3m eor 1-40", "2h5m", checks.Up,
			"   ", "   ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t)
			until := began.Add(duration(t, tt.at))
			for _, u := range d.updates(tt.script) {
				if !u.At.After(until) {
					d.apply(u)
				}
			}
			v := d.at(tt.at)
			if v.State != tt.state || interval(v.Onset) != tt.onset || interval(v.End) != tt.end {
				t.Errorf("%v, onset %q, end %q; want %v, %q, %q", v.State, interval(v.Onset), interval(v.End), tt.state, tt.onset, tt.end)
			}
		})
	}
}

// Single vantage points that lose and find a route on different days add up to no
// loss of the whole, and to no return.
func TestSingleFlapsAreNoReturn(t *testing.T) {
	d := watching(t).play(steady)
	for n := 1; n <= 40; n++ {
		start := 2*time.Hour + time.Duration(n)*20*time.Minute
		d.play(fmt.Sprintf("%s beat 1-40\n%s withdraw %d k1\n%s announce %d k1\n", start, start, n, start+10*time.Minute, n))
	}
	if o := d.prefix("15h40m", "k1"); ratio(o) != "40/40" || crossed(o.Back) != "  " {
		t.Errorf("%s of those asked, back %q; want 40/40 and no return", ratio(o), crossed(o.Back))
	}
	// But what the whole lost and found is not forgotten over them.
	d.play("16h withdraw 1-40 k1\n16h5m announce 1-40 k1\n16h30m withdraw 1-3 k1\n16h40m announce 1-3 k1")
	o := d.prefix("16h45m", "k1")
	if got, want := crossed(o.Back), "16h5m0s 16h5m0s 16h5m0s"; got != want {
		t.Errorf("back at %q, want %q", got, want)
	}
	if got, want := crossed(o.Lost), "16h0m0s 16h0m0s 16h0m0s"; got != want {
		t.Errorf("lost at %q, want %q", got, want)
	}
}

// Flaps before and after an outage, of vantage points that did not see it, are no
// part of it.
func TestOutageBetweenFlaps(t *testing.T) {
	d := watching(t).play(steady + "2h withdraw 40 k1\n2h10m announce 40 k1\n2h30m withdraw 1-35 k1\n2h35m announce 1-35 k1\n2h50m withdraw 39 k1\n2h51m announce 39 k1\n")
	o := d.prefix("2h55m", "k1")
	if got, want := crossed(o.Lost)+", "+crossed(o.Back), "2h30m0s 2h30m0s , 2h35m0s 2h35m0s 2h35m0s"; got != want {
		t.Errorf("lost and back %q, want %q", got, want)
	}
}

// Of twenty prefixes that go one by one the third makes less than nine tenths.
func TestOnsetOfStaggeredLoss(t *testing.T) {
	var script strings.Builder
	script.WriteString("0s dump 1-40 " + names("n", 1, 20) + "\n119m beat 1-40\n")
	for n := 1; n <= 20; n++ {
		script.WriteString(fmt.Sprintf("%s withdraw 1-20 n%d\n", 2*time.Hour+time.Duration(n)*10*time.Minute, n))
		script.WriteString(fmt.Sprintf("%s withdraw 21-40 n%d\n", 2*time.Hour+time.Duration(n)*10*time.Minute+20*time.Second, n))
	}
	d := watching(t)
	updates := d.updates(script.String())
	steps := []struct {
		at    string
		state checks.State
		seen  uint64
		onset string
	}{
		{"2h21m", checks.Up, 18, "   "},
		{"2h31m", checks.Degraded, 17, "2h30m0s 2h30m0s 2h30m0s 2h30m20s"},
		{"4h1m", checks.Degraded, 8, "2h30m0s 2h30m0s 2h30m0s 2h30m20s"},
		{"5h21m", checks.Down, none, "2h30m0s 2h30m0s 2h30m0s 2h30m20s"},
	}
	for _, s := range steps {
		until := began.Add(duration(t, s.at))
		for len(updates) > 0 && !updates[0].At.After(until) {
			d.apply(updates[0])
			updates = updates[1:]
		}
		d.expect(want{at: s.at, state: s.state, seen: s.seen, of: 20})
		if got := interval(d.at(s.at).Onset); got != s.onset {
			t.Errorf("at %s: onset %q, want %q", s.at, got, s.onset)
		}
	}
}

func TestEpisodes(t *testing.T) {
	d := watching(t).play(steady + "2h withdraw 1-40 k1\n2h1m announce 1-40 k1\n2h2m announce 1 k2 via 1299\n2h10m withdraw 3 k4\n3h down 5\n3h1m up 5\n3h2m resend 5 k1 k2 k3 k4\n")
	var got []string
	for _, e := range d.watch.Episodes() {
		got = append(got, fmt.Sprintf("%s-%s +%d -%d %v by %d", clock(e.From), clock(e.To), e.Announcements, e.Withdrawals, e.Prefixes, e.Peers))
	}
	want := []string{
		"2h0m0s-2h2m0s +41 -40 [175.45.176.0/24 175.45.177.0/24] by 40",
		"2h10m0s-2h10m0s +0 -1 [175.45.179.0/24] by 1",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("episodes\n%q, want\n%q", got, want)
	}
	if o := d.prefix("3h3m", "k1"); o.Changes != 40 {
		t.Errorf("%d changes of k1, want 40: the end of a session is none", o.Changes)
	}
	if o := d.prefix("26h3m", "k1"); o.Changes != 0 {
		t.Errorf("%d changes of k1 a day later, want 0", o.Changes)
	}
}
