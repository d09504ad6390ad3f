package route

import (
	"fmt"
	"strings"
	"testing"

	"isitdown/checks"
)

// want is what a test expects of the verdict at a time. Counts of zero are not
// looked at; none is a count of zero.
type want struct {
	at          string
	state       checks.State
	k1          string // seen/asked of the first network, "" for not looked at
	voting      int
	seen, of    uint64 // IPv4 prefixes
	seen6, of6  uint64
	evidenceMax checks.Evidence
}

const none = 1 << 30

func (d *desk) expect(wants ...want) {
	d.t.Helper()
	for _, w := range wants {
		v := d.at(w.at)
		if v.State != w.state {
			d.t.Errorf("at %s: state %v, want %v (announced %v, reasons %q)", w.at, v.State, w.state, v.Announced, v.Reasons)
		}
		if w.k1 != "" {
			if o := d.prefix(w.at, "k1"); ratio(o) != w.k1 {
				d.t.Errorf("at %s: %s of those asked see k1, want %s", w.at, ratio(o), w.k1)
			}
		}
		for _, c := range []struct {
			what      string
			got, want uint64
		}{
			{"voting", uint64(v.Vantage.Voting), uint64(w.voting)},
			{"prefixes seen", v.IPv4.Prefixes.Seen, w.seen},
			{"prefixes", v.IPv4.Prefixes.Of, w.of},
			{"IPv6 prefixes seen", v.IPv6.Prefixes.Seen, w.seen6},
			{"IPv6 prefixes", v.IPv6.Prefixes.Of, w.of6},
		} {
			if c.want == none && c.got != 0 || c.want != 0 && c.want != none && c.got != c.want {
				d.t.Errorf("at %s: %d %s, want %d", w.at, c.got, c.what, c.want%none)
			}
		}
		if w.evidenceMax != 0 && v.Evidence > w.evidenceMax {
			d.t.Errorf("at %s: evidence %v, want at most %v", w.at, v.Evidence, w.evidenceMax)
		}
	}
}

func ratio(o checks.Observation) string { return fmt.Sprintf("%d/%d", o.Seen, o.Asked) }

func TestSessions(t *testing.T) {
	tests := []struct {
		name, script string
		wants        []want
	}{
		{
			"the end of sessions is no withdrawal", steady + "2h down 1-5",
			[]want{{at: "1h59m", state: checks.Up, k1: "40/40", voting: 40}, {at: "2h1m", state: checks.Up, k1: "35/35", voting: 35}},
		},
		{
			"withdrawals just before the end belong to it", steady + "2h withdraw 1-30 k1 k2 k3 k4\n2h29s down 1-30",
			[]want{{at: "2h20s", state: checks.Up, k1: "40/40"}, {at: "2h29s", state: checks.Up, k1: "10/10", voting: 10, evidenceMax: checks.EvidenceWeak}, {at: "2h5m", state: checks.Up, evidenceMax: checks.EvidenceWeak}},
		},
		{
			"the same with half of the sessions left", steady + "2h withdraw 1-20 k1 k2 k3 k4\n2h29s down 1-20",
			[]want{{at: "2h29s", state: checks.Up, k1: "20/20", voting: 20}, {at: "2h5m", state: checks.Up, k1: "20/20"}},
		},
		{
			"withdrawals count when the session stays", steady + "2h withdraw 1-40 k1 k2 k3 k4",
			[]want{{at: "2h29s", state: checks.Up, k1: "40/40"}, {at: "2h30s", state: checks.Down, k1: "0/40", seen: none, of: 4}},
		},
		{
			"a session that is back votes when it holds its table again",
			steady + "2h down 1-5\n2h1m up 1-5\n2h2m resend 1-5 k1 fill 97\n2h3m announce 1-5 k2 k3 k4",
			[]want{
				{at: "2h1m30s", state: checks.Up, k1: "35/35", voting: 35},
				{at: "2h2m30s", state: checks.Up, k1: "35/35", voting: 35}, // 98 of 104
				{at: "2h3m", state: checks.Up, k1: "40/40", voting: 40},
			},
		},
		{
			"or at its End-of-RIB, however little it sent", steady + "2h down 1-5\n2h1m up 1-5\n2h2m resend 1-5 k1 fill 80\n2h3m eor 1-5",
			[]want{{at: "2h2m59s", state: checks.Up, voting: 35}, {at: "2h3m", state: checks.Up, k1: "40/40", voting: 40}},
		},
		{
			"or after ten minutes", steady + "2h down 1-5\n2h1m up 1-5\n2h2m resend 1-5 k1 fill 80",
			[]want{{at: "2h10m59s", state: checks.Up, voting: 35}, {at: "2h11m", state: checks.Up, k1: "40/40", voting: 40}},
		},
		{
			"what is missing from the last part of a table is not lost yet",
			steady + "2h down 1-40\n2h1m up 1-40\n2h2m resend 1-40 n1 fill 100\n2h2m20s announce 1-40 k1 k2 k3 k4",
			[]want{{at: "2h2m10s", state: checks.Up, k1: "40/40", voting: 40}, {at: "2h5m", state: checks.Up, k1: "40/40"}},
		},
		{
			"what a table sent anew does not hold is lost", steady + "2h down 1-40\n2h1m up 1-40\n2h2m resend 1-40 n1 fill 100\n2h2m10s eor 1-40",
			[]want{{at: "2h2m11s", state: checks.Down, k1: "0/40", voting: 40}},
		},
		{
			"a second reset while syncing does not shrink the table waited for",
			steady + "2h down 1-20\n2h1m up 1-20\n2h2m resend 1-20 n1 fill 85\n2h3m down 1-20\n2h4m up 1-20\n2h5m resend 1-20 n1 fill 86",
			[]want{{at: "2h6m", state: checks.Up, k1: "20/20", voting: 20}},
		},
		{
			"nor do withdrawals before the end",
			steady + "2h withdraw 1-20 k1 k2 k3 k4 20.0.0.0/24 20.0.1.0/24 20.0.2.0/24 20.0.3.0/24 20.0.4.0/24 20.0.5.0/24\n2h1s down 1-20\n2h1m up 1-20\n2h2m resend 1-20 n1 fill 95",
			[]want{{at: "2h6m", state: checks.Up, k1: "20/20", voting: 20}},
		},
		{
			"a session that came back unannounced", steady + "2h down 1-5\n2h1m announce 1-5 k1\n2h2m announce 1-5 k2",
			[]want{{at: "2h2m", state: checks.Up, k1: "35/35", voting: 35}},
		},
		{
			"a withdrawal after the end brings no session back", steady + "2h down 1-30\n2h1s withdraw 1-30 k1",
			[]want{{at: "2h15m", state: checks.Up, k1: "10/10", voting: 10, evidenceMax: checks.EvidenceWeak}},
		},
		{
			"up without down", steady + "2h up 1-21\n2h1m resend 1-21 k1 k2 fill 100\n2h2m eor 1-21",
			[]want{{at: "2h30s", state: checks.Up, k1: "19/19", voting: 19, evidenceMax: checks.EvidenceWeak}, {at: "2h3m", state: checks.Degraded, k1: "40/40", voting: 40, seen: 2, of: 4}},
		},
		{
			"down twice, withdrawn twice, announced twice",
			steady + "2h down 1-5\n2h1s down 1-5\n2h1m withdraw 6-40 k1\n2h1m1s withdraw 6-40 k1\n2h2m announce 7 k1\n2h2m1s announce 7 k1",
			[]want{{at: "2h3m", state: checks.Degraded, k1: "1/35", voting: 35, seen: 3, of: 4}},
		},
		{
			"silent for an hour", k4 + "61m announce 1-30 n1",
			[]want{{at: "60m", state: checks.Up, voting: 40}, {at: "61m", state: checks.Up, k1: "30/30", voting: 30}},
		},
		{
			"a silent session that is in the next dump is back, with what that holds",
			k4 + "1m announce 11-40 k1 via 9\n61m announce 11-40 k1\n62m dump 1-40 k2 k3 k4 n1",
			[]want{{at: "61m", state: checks.Up, k1: "30/30", voting: 30}, {at: "63m", state: checks.Up, k1: "30/40", voting: 40}},
		},
		{
			"a hole in the feed of a collector", steady + "2h hole 1\n2h1m withdraw 2,3,5,6,8,9,11,12,14,15,17,18 k1",
			[]want{{at: "2h1s", state: checks.Up, k1: "26/26", voting: 26}, {at: "2h9m", state: checks.Up, k1: "14/26"}, {at: "2h10m", state: checks.Up, k1: "28/40", voting: 40}},
		},
		{
			"what was lost before a hole may be back behind it",
			steady + "2h withdraw 1-40 k1 k2 k3 k4\n2h20m hole 1,2,3\n2h40m withdraw 1-40 n2",
			[]want{{at: "2h10m", state: checks.Down, k1: "0/40", voting: 40}, {at: "2h41m", state: checks.Unknown, voting: 40}},
		},
		{
			"and what is lost behind it is lost",
			steady + "2h20m hole 1,2,3\n2h40m withdraw 1-40 k1 k2 k3 k4",
			[]want{{at: "2h41m", state: checks.Down, k1: "0/40", voting: 40}},
		},
		{
			"a dump fills the hole", steady + "2h hole 1,2,3\n2h1m dump 1-40 k1 k3 k4",
			[]want{{at: "2h30s", state: checks.Up, voting: none, evidenceMax: checks.EvidenceWeak}, {at: "2h2m", state: checks.Degraded, k1: "40/40", seen: 3, of: 4, voting: 40}},
		},
		{
			"IPv6 votes when it is back, not when IPv4 is",
			"0s dump 1-40 k1 s1 s2\n119m beat 1-40\n2h down 1-40\n2h1m up 1-40\n2h2m resend 1-40 k1\n2h3m eor4 1-40\n2h4m resend 1-40 s1 s2",
			[]want{{at: "2h3m30s", state: checks.Unknown}, {at: "2h5m", state: checks.Up, seen: 1, of: 1, seen6: 2, of6: 2, voting: 40}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t)
			updates := d.updates(tt.script)
			for _, w := range tt.wants {
				until := began.Add(duration(t, w.at))
				for len(updates) > 0 && !updates[0].At.After(until) {
					d.apply(updates[0])
					updates = updates[1:]
				}
				if d.rib.Newest().Add(d.rules.MaxAge).Before(until) { // keep the feed fresh, from elsewhere
					d.play(w.at + " announce 50 n40 fill 0")
				}
				d.expect(w)
			}
		})
	}
}

func TestOneVoteForEachAS(t *testing.T) {
	t.Run("twenty sessions of one AS", func(t *testing.T) {
		script, all := k4, "1-40"
		for session := 'b'; session <= 'u'; session++ {
			script += "0s dump 1" + string(session) + " k1 k2 k3 k4\n"
			all += ",1" + string(session)
		}
		d := watching(t).play(script)
		d.expect(want{at: "1s", state: checks.Up, k1: "40/40", voting: 40})
		if v := d.at("1s").Vantage; v.Sessions != 60 || v.FullFeedSessions != 60 {
			t.Errorf("%d sessions, %d of them full, want 60 of both", v.Sessions, v.FullFeedSessions)
		}
		d.play("119m beat " + all + "\n2h withdraw 1 k1\n")
		d.expect(want{at: "2h1m", state: checks.Up, k1: "40/40"}) // nineteen others have it
	})
	t.Run("the other session keeps the vote", func(t *testing.T) {
		d := watching(t).play(k4 + "0s dump 1b k1 k2 k3 k4\n119m beat 1-40,1b\n2h down 1")
		d.expect(want{at: "2h1m", state: checks.Up, k1: "40/40", voting: 40})
		d.play("2h2m withdraw 1b k1")
		d.expect(want{at: "2h3m", state: checks.Up, k1: "39/40", voting: 40})
	})
	t.Run("the other session never had it", func(t *testing.T) {
		d := watching(t).play(k4 + "0s dump 1-22b k2 k3 k4\n119m beat 1-40,1-22b\n2h down 1-22")
		d.expect(want{at: "2h1m", state: checks.Up, k1: "18/18", voting: 40, seen: 4})
	})
}

func TestFullFeeds(t *testing.T) {
	t.Run("partial feeds are not asked", func(t *testing.T) {
		d := watching(t).play(k4 + "0s dump 41-43 k1 fill 20\n119m beat 1-43\n2h withdraw 41-43 k1")
		d.expect(want{at: "1s", state: checks.Up, k1: "40/40", voting: 40}, want{at: "2h1m", state: checks.Up, k1: "40/40"})
		if v := d.at("2h1m").Vantage; v.Live != 43 || v.Partial != 3 || v.FullFeed != 40 {
			t.Errorf("live %d, partial %d, full feeds %d, want 43, 3, 40", v.Live, v.Partial, v.FullFeed)
		}
	})
	t.Run("three quarters of the 90th percentile", func(t *testing.T) {
		d := watching(t).play("0s dump 1-12 k1 fill 99\n0s dump 13 k1 fill 74\n0s dump 14 k1 fill 73")
		d.expect(want{at: "1s", state: checks.Up, k1: "13/13", voting: 13})
	})
	t.Run("families are judged on their own", func(t *testing.T) {
		d := watching(t).play("0s dump 1-20 k1\n0s dump 21-40 s1\n0s dump 41 k1 s1 fill 5")
		v := d.at("1s").Vantage
		if v.Voting != 20 || v.Voting6 != 20 || v.Partial != 1 || v.Live != 41 {
			t.Errorf("voting %d and %d, partial %d of %d, want 20, 20, 1 of 41", v.Voting, v.Voting6, v.Partial, v.Live)
		}
	})
	t.Run("many sessions of one AS do not move the percentile", func(t *testing.T) {
		var script strings.Builder
		script.WriteString("0s dump 1-12 k1\n")
		for session := 'b'; session <= 'z'; session++ {
			for _, as := range []string{"13", "14", "15", "16", "17"} {
				script.WriteString("0s dump " + as + string(session) + " k1 fill 5\n")
			}
		}
		watching(t).play(script.String()).expect(want{at: "1s", state: checks.Up, k1: "12/12", voting: 12})
	})
	t.Run("small tables are not full while the large ones are away", func(t *testing.T) {
		d := watching(t).play(k4 + "0s dump 41-60 k1 fill 20\n119m beat 1-60\n2h down 1-40")
		d.expect(want{at: "2h1m", state: checks.Unknown})
		if v := d.at("2h1m").Vantage; v.Voting != 0 || v.Usual != 40 {
			t.Errorf("voting %d of the usual %d, want 0 of 40", v.Voting, v.Usual)
		}
	})
	t.Run("declared", func(t *testing.T) {
		d := watching(t, func(r *Rules) { r.Declared = []checks.ASN{41} }).play(k4 + "0s dump 41,42 k1 fill 3")
		d.expect(want{at: "1s", state: checks.Up, k1: "41/41", voting: 41})
		if v := d.at("1s").Vantage; v.Voting6 != 0 {
			t.Errorf("%d vote on IPv6, though nobody has a route of it", v.Voting6)
		}
	})
	t.Run("an operator's own two routers", func(t *testing.T) {
		d := watching(t, func(r *Rules) { r.Declared = []checks.ASN{1, 2} })
		d.rules.MinVoting = 2
		d.play("0s up 1-2\n1s announce 1-2 k1 k2 k3 k4\n2s eor 1-2\n3s announce 9 n1\n2h announce 1-2 n2\n2h1m withdraw 1-2 k1 k2 k3 k4 n2")
		d.expect(want{at: "2h2m", state: checks.Down, k1: "0/2", voting: 2, seen: none, of: 4})
	})
}

func TestUsualVantagePoints(t *testing.T) {
	d := watching(t).play("0s dump 1-60 k1 k2 k3 k4\n119m beat 1-60\n2h down 1-29\n3h withdraw 30-60 k1 k2 k3 k4")
	d.expect(want{at: "3h1m", state: checks.Down, voting: 31})
	d.play("3h2m down 30-31")
	d.expect(want{at: "3h3m", state: checks.Unknown, voting: 29})
	// Two days later they are no longer the usual ones.
	d.play("52h announce 32-60 n1")
	d.watch.Freeze(began.Add(duration(t, "3h3m")))
	d.expect(want{at: "52h1m", state: checks.Down, voting: 29})
}

// Dumps are written slowly: a session that ends meanwhile takes no more from it,
// and one that comes back keeps what it says itself.
func TestEndInTheMidstOfADump(t *testing.T) {
	d := watching(t)
	dump := d.updates("0s dump 1-12 k1 k2 k3 k4")
	for i, u := range dump {
		switch i {
		case 50:
			d.play("0s down 1-2")
		case 60:
			d.play("0s up 2\n0s announce 2 n1\n")
		}
		d.apply(u)
	}
	d.checkTable()
	d.play("10m beat 2-12")
	d.expect(want{at: "10m", state: checks.Up, k1: "10/10", voting: 10})
	if s := &d.rib.sessions[d.rib.byPeer[peers(t, "2")[0]]]; s.routes != [2]int{2, 0} {
		t.Errorf("AS2 has %v routes, want those that it announced after its return", s.routes)
	}
}
