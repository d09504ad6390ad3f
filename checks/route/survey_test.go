package route

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// replay surveys a recording of updates alone and then plays it until a time.
func (d *desk) replay(script, until string) *desk {
	d.t.Helper()
	updates := d.updates(script)
	s := d.watch.NewSurvey()
	for _, u := range updates {
		s.Add(u)
	}
	s.Imply(updates[0].At)
	for _, u := range updates {
		if !u.At.After(began.Add(duration(d.t, until))) {
			d.apply(u)
		}
	}
	return d
}

// chatter is what a recording holds besides: every session says something.
const chatter = "0s beat 1-15\n"

func TestRecordingWithoutTable(t *testing.T) {
	const all = "k1 k2 k3 k4"
	tests := []struct {
		name, script, at string
		state            checks.State
		k1               string
		seen, of         uint64
	}{
		{
			"a withdrawal implies a route before it", chatter + "5m withdraw 1-15 " + all, "1m",
			checks.Up, "15/15", 4, 4,
		},
		{
			"and all of the registered space has moved", chatter + "5m withdraw 1-15 " + all, "6m",
			checks.Down, "0/15", none, 4,
		},
		{
			"one of four never moved: it may be announced", chatter + "5m withdraw 1-15 k1 k2 k3", "6m",
			checks.Degraded, "0/15", none, 3,
		},
		{
			"an announcement makes a route, and brings it back", chatter + "5m withdraw 1-15 k1\n6m announce 1-15 k1", "7m",
			checks.Up, "15/15", 1, 1,
		},
		{
			"what is announced alone was there before, as far as it tells", chatter + "5m announce 1-15 k1", "1m",
			checks.Up, "15/15", 1, 1,
		},
		{
			"nine vantage points are too few", "0s beat 1-9\n5m withdraw 1-9 " + all, "6m",
			checks.Unknown, "0/9", none, 4,
		},
		{
			"sessions that reset vote unknown", chatter + "1m down 1-4\n2m up 1-4\n2m30s announce 5 k1\n5m withdraw 1-15 " + all, "6m",
			checks.Down, "0/11", none, 4,
		},
		{
			"until too few are left", chatter + "1m down 1-6\n2m up 1-6\n5m withdraw 1-15 " + all, "6m",
			checks.Unknown, "0/9", none, 4,
		},
		{
			"an End-of-RIB tells of a table sent again", chatter + "1m eor 1-6\n5m withdraw 1-15 " + all, "6m",
			checks.Unknown, "0/9", none, 4,
		},
		{
			"a loss late in a long recording", chatter + "5m withdraw 1-15 " + all + "\n" + beats("1-15", 1, 5), "5h",
			checks.Down, "0/15", none, 4,
		},
		{
			"sessions vote before they first speak", "0s beat 1-2\n4m withdraw 1-3 " + all + "\n9m withdraw 4-15 " + all, "5m",
			checks.Up, "12/15", 4, 4,
		},
		{
			"a route of the space that never moved at all is not known of", chatter + "5m withdraw 1-15 n1", "6m",
			checks.Degraded, "", none, 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t)
			d.watch.target.Prefixes = []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}
			if tt.k1 == "" {
				d.watch.target = country()
			}
			d.replay(tt.script, tt.at)
			d.expect(want{at: tt.at, state: tt.state, k1: tt.k1, seen: tt.seen, of: tt.of, evidenceMax: checks.EvidenceWeak})
			if v := d.at(tt.at); !v.MovedOnly {
				t.Error("the verdict does not say that only what moved is counted")
			}
		})
	}
}

// A session that sends its whole table in the midst of a recording says nothing
// of what changed.
func TestTableSentAgain(t *testing.T) {
	d := watching(t)
	script := chatter + "5m withdraw 1-15 k1 k2 k3 k4"
	updates := d.updates(script)
	s := d.watch.NewSurvey()
	again := &Update{Kind: Routes, At: began, Peer: peers(t, "1")[0], Path: updates[0].Path}
	for i := range resentTable/1000 + 1 {
		again.Announced = again.Announced[:0]
		for j := range 1000 {
			again.Announced = append(again.Announced, NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{30, byte(i), byte(j >> 8), byte(j)}), 32)})
		}
		s.Add(again)
	}
	for _, u := range updates {
		s.Add(u)
	}
	s.Imply(began)
	for _, u := range updates {
		d.apply(u)
	}
	if v := d.at("6m"); v.Vantage.Voting != 14 || d.prefix("6m", "k1").Asked != 14 {
		t.Errorf("%d vote, %d are asked; want 14 of both", v.Vantage.Voting, d.prefix("6m", "k1").Asked)
	}
}

// What was there before is known by its path only where the recording shows that
// path being left.
func TestImpliedPaths(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"withdrawn at first: not known", chatter + "5m withdraw 1-15 k1\n6m announce 1-15 k1 via 20485", "175.45.176.0/24 [] x15"},
		{"announced and kept: it may be new", chatter + "5m announce 1-15 k1 via 20485", "175.45.176.0/24 [] x15"},
		{"announced and withdrawn", chatter + "5m announce 1-15 k1 via 20485\n6m withdraw 1-15 k1", "175.45.176.0/24 [20485 131279] x15"},
		{"left for another upstream", chatter + "5m announce 1-15 k1 via 20485\n6m announce 1-15 k1 via 4837", "175.45.176.0/24 [20485 131279] x15"},
		{"changed, further away", chatter + "5m announce 1-15 k1 via 1299 20485\n6m announce 1-15 k1 via 3356 20485", "175.45.176.0/24 [] x15"},
	}
	for _, tt := range tests {
		d := watching(t).replay(tt.script, "0s")
		if got := strings.Join(d.baseline("0s"), "\n"); got != tt.want {
			t.Errorf("%s: baseline %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A network's prefixes are those that anybody announced from it.
func TestSurveyOfANetwork(t *testing.T) {
	d := watching(t)
	d.watch = d.rib.Watch(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
	d.replay(chatter+"1m announce 15 k1\n2m announce 15 n1 path 64500\n5m withdraw 1-15 k1 n1", "6m")
	d.expect(want{at: "6m", state: checks.Degraded, k1: "0/15", of: 1})
}

// With a table for most of the sessions a recording is not one of updates alone.
func TestTableless(t *testing.T) {
	tests := []struct {
		name, script string
		want         bool
	}{
		{"updates alone", chatter, true},
		{"a dump", k4 + chatter, false},
		{"sessions that came up before our eyes", "0s up 1-15\n1s resend 1-15 k1\n", false},
		{"all but a few of them", "0s up 1-15\n1s resend 1-15 k1\n2s beat 16-20", false},
		{"few of them", "0s beat 1-15\n1s up 16\n", true},
	}
	for _, tt := range tests {
		if got := watching(t).play(tt.script).rib.Tableless(); got != tt.want {
			t.Errorf("%s: tableless is %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A session that was up when nobody had surveyed the recording votes until it
// resets: then its table is of another kind than those of the others.
func TestResetWithoutSurvey(t *testing.T) {
	d := watching(t).play(chatter + "1m down 1-3\n2m up 1-3\n3m eor 1-3\n")
	if v := d.at("4m").Vantage; v.Live != 15 || v.Voting != 12 {
		t.Errorf("%d of %d vote, want 12 of 15", v.Voting, v.Live)
	}
}

// The times of an implied loss are those of the withdrawals.
func TestOnsetInARecordingWithoutTable(t *testing.T) {
	d := watching(t).replay(chatter+oneByOne(5*time.Minute, time.Second, "withdraw", 1, 15, "k1"), "6m")
	if got, want := interval(d.at("6m").Onset), "5m0s 5m7s 5m7s 5m13s"; got != want {
		t.Errorf("onset %q, want %q", got, want)
	}
}

// A prefix of the country's space that another country's network announces is
// seen all the same. Where the country's own announces it too, only that counts.
func TestRecordingWithoutTableTakesTheOriginThatAnnounces(t *testing.T) {
	v := watching(t).replay(chatter+"5m announce 1-15 k1 path 3356 777", "6m").at("6m")
	if v.State != checks.Up || v.Prefixes[0].Seen != 15 || v.Prefixes[0].Origin != 777 {
		t.Errorf("state %v, %+v, want up, seen by 15 from AS777", v.State, v.Prefixes[0])
	}
	v = watching(t).replay(chatter+"5m announce 1-5 k1\n5m announce 6-15 k1 path 3356 777", "6m").at("6m")
	if v.State != checks.Degraded || v.Prefixes[0].Seen != 5 {
		t.Errorf("state %v, %+v, want degraded: seen by 5, and by others from another network", v.State, v.Prefixes[0])
	}
}
