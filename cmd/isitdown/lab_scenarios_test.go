package main

import (
	"fmt"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/netlab"
)

// labScenarios are all scenarios. What each must say is laid down here, from what happens
// in the lab and from the rules of docs/methods.md and docs/attribution.md.
func labScenarios() []labScenario {
	return append([]labScenario{
		{
			id: "E1", fault: "link AS131279-AS4837 down", short: true, times: "cut", targets: []string{"KP"},
			script: homeLost(func(s *labStage) func() { return s.Cut(s.Access).Heal }), must: homeGone,
		},
		{
			id: "E2", fault: "AS131279's daemon killed", times: "cut", targets: []string{"KP"},
			script: homeLost(func(s *labStage) func() { s.Home.Kill(); return s.Home.Start }), must: homeGone,
		},
		{
			id: "E3", fault: "AS131279's daemon frozen", times: "cut", targets: []string{"KP"},
			script: homeLost(func(s *labStage) func() { s.Home.Freeze(); return s.Home.Thaw }), must: homeGone,
		},
		{
			id: "E4", fault: "AS131279 withdraws", times: "cut", targets: []string{"KP"},
			script: homeLost(func(s *labStage) func() {
				s.Home.Withdraw(lab.HomePrefixes()...)
				return func() { s.Home.Announce(lab.HomePrefixes()...) }
			}), must: homeGone,
		},
		{id: "E5", fault: "packets to AS131279 dropped inside AS4837", targets: []string{"KP"}, script: dropped, must: silentHome},
		{id: "E6", fault: "link AS131279-AS4837 silently dead", targets: []string{"KP"}, script: dead, must: homeDead},
		{id: "E7", fault: "link AS131279-AS4837 flaps five times", targets: []string{"KP"}, script: flaps, must: unstableHome},
		{id: "E8", fault: "40 % of the packets to AS131279 lost", targets: []string{"KP"}, script: manyLost, must: lossyHome},
	}, labScenariosAbove()...)
}

// homeSet is what cannot be told apart where a network is lost behind its only upstream.
const homeSet = "adjacency AS4837-AS131279, origin AS131279"

// lossLasts is how long losses last in the time of scenarios, and healedFor how long all is well
// afterwards: until it has been well for 5 and 15 minutes more.
const (
	lossLasts = 40 * time.Minute
	healedFor = 40 * time.Minute
)

// homeLost is a script in which AS131279's routes go, and come back.
func homeLost(cut func(*labStage) (heal func())) func(*labStage) {
	return func(s *labStage) {
		var heal func()
		s.do("cut", lossLasts, func() { heal = cut(s) }, gone(lab.HomePrefixes()...))
		s.healed(heal)
	}
}

// onlyHome are the rules by which a loss is of the origin or of what joins it.
var onlyHome = []checks.AttributionRule{checks.RuleLastHop}

// homeDown is the verdict on a North Korea without routes.
func homeDown(moment string) labAt {
	return labAt{
		moment: moment, target: "KP", states: []checks.State{checks.Down}, announced: checks.ExtentNone,
		ipv4: "0 of 4, 0 of 1024", ipv6: "0 of 0", now: "nobody", before: "AS4837 100 %",
		lost: homeSet, rules: onlyHome, foreign: "none",
		says: []string{
			"DOWN North Korea (KP): 4 of 4 networks withdrawn since", "^IPv4 0 of 4 prefixes visible, 0 of 1,024 addresses",
			"withdrawn at 2 of 2 vantage points", cannotTell,
		},
	}
}

// cannotTell says that a cut, a crash and a withdrawal look alike.
const cannotTell = "cannot tell from outside whether AS131279 withdrew its routes, the link to AS4837 failed, or AS4837 filtered them"

// homeUp is the verdict on a North Korea as it was.
func homeUp(moment string) labAt {
	return labAt{
		moment: moment, target: "KP", states: []checks.State{checks.Up}, announced: checks.ExtentAll, answering: checks.ExtentAll,
		ipv4: "4 of 4, 1024 of 1024", now: "AS4837 100 %", foreign: "none",
		says: []string{"UP North Korea (KP): 4 of 4 networks announced"},
	}
}

// openedBy and openedFrom bound when a loss that lasts is told: it settles for 30 s and
// must hold for 180 s; where hosts answered in the last round of probes, every 2 min, it is
// unknown until they were asked again.
const (
	openedFrom = 3 * time.Minute
	openedBy   = 8 * time.Minute
)

// homeNotices are those of a loss of all of North Korea's networks and of its end.
func homeNotices(healed string, opened ...labNotice) []labNotice {
	return append(opened, backNotices(healed, "North Korea (KP)", "all 4 networks", lossLasts, "same upstream as before: AS4837")...)
}

// downNotice is the first of them.
func downNotice(moment string) labNotice {
	return labNotice{
		moment: moment, kind: "opened", from: openedFrom, to: openedBy,
		says: []string{
			"DOWN: North Korea (KP): 4 of 4 networks withdrawn since", "^IPv4 0 of 4 prefixes visible, 0 of 1,024 addresses",
			"^IPv6 none registered", "withdrawn at 2 of 2 vantage points", "^Before AS4837… carried 100 % of observed paths",
			"not who caused the outage", cannotTell, "AS4837 itself is healthy", "^Not known the cause",
		},
		never: []string{"announced but not answering", "covered by"},
	}
}

// backNotices are those of an end: back, watched for a relapse, and resolved.
func backNotices(moment, who, what string, after time.Duration, upstream string) []labNotice {
	back := "BACK: " + who + ": " + what + " visible again"
	return []labNotice{
		{moment: moment, kind: "updated", from: 5 * time.Minute, to: 12 * time.Minute, says: []string{back, "Watching for relapse until"}},
		{
			moment: moment, kind: "resolved", from: 20 * time.Minute, to: 30 * time.Minute,
			says: []string{back, upstream}, lasted: after,
		},
	}
}

func homeGone(vantage) labMust {
	return labMust{
		at:        []labAt{homeUp("the beginning"), homeDown("cut"), homeUp("healed")},
		told:      map[string][]labNotice{"KP": homeNotices("healed", downNotice("cut"))},
		incidents: map[string]int{"KP": 1},
		never:     []string{"announced but not answering", "AS4837 withdrew", "covered by", "instead"},
	}
}

// dropped is a script in which packets are lost in transit, and routes stay.
func dropped(s *labStage) {
	var f *netlab.Fault
	s.do("dropped", lossLasts, func() { f = s.Carrier.Node.Drop(netlab.Packets{To: lab.HomeBlock()}) }, s.recorder.Back)
	s.healed(f.Heal)
}

func silentHome(vantage) labMust {
	words := []string{
		"announced but not answering from our vantage point", "^IPv4 4 of 4 prefixes visible, 1,024 of 1,024 addresses",
		`routing alone would say "up"`, "our own network works (6 of 6 controls answer, in 3 networks)",
		"the last router that answered on the way to 175.45.17… is 219.158.… in AS4837",
	}
	return labMust{
		at: []labAt{
			{
				moment: "dropped", target: "KP", states: []checks.State{checks.Degraded}, announced: checks.ExtentAll, answering: checks.ExtentNone,
				ipv4: "4 of 4, 1024 of 1024", now: "AS4837 100 %", before: "AS4837 100 %", foreign: "none", says: words,
			},
			homeUp("healed"),
		},
		told: map[string][]labNotice{"KP": {
			// Two rounds, 75 to 120 s after the first missed probe, and then 180 s.
			{moment: "dropped", kind: "opened", from: 4 * time.Minute, to: 10 * time.Minute, says: append([]string{"DEGRADED: North Korea (KP)"}, words...)},
			{moment: "healed", kind: "updated", says: []string{"BACK: North Korea (KP): answering again"}},
			{moment: "healed", kind: "resolved", says: []string{"BACK: North Korea (KP): answering again"}},
		}},
		incidents: map[string]int{"KP": 1},
		never:     []string{"withdrawn", "DOWN", "^Lost", "withdrew"},
		only:      []checks.State{checks.Up, checks.Degraded, checks.Unknown},
	}
}

// holdTime is how long the ends of a link wait for each other before they call it dead
// (RFC 4271 leaves it to them): long enough for probes to be sure before, since a silence
// takes 75 to 240 s, and too short for that to have become an incident 180 s later.
const holdTime = 250 * time.Second

// dead is a script in which a link carries nothing more and nobody is told. Its packets go
// first and its session a moment later: the lab's hold time is seconds, and taking a sample
// of probes is a part of that.
func dead(s *labStage) {
	var pings, datagrams *netlab.Fault
	var link *lab.Fault
	s.do("silent", holdTime, func() {
		pings, datagrams = s.Home.Node.Drop(netlab.Packets{Proto: "icmp"}), s.Home.Node.Drop(netlab.Packets{Proto: "udp"})
	}, s.recorder.Back)
	s.do("hold time over", lossLasts, func() { link = s.Silence(s.Access) }, gone(lab.HomePrefixes()...))
	s.healed(pings.Heal, datagrams.Heal, link.Heal)
}

func homeDead(vantage) labMust {
	silent := labAt{
		moment: "silent", target: "KP", states: []checks.State{checks.Degraded}, announced: checks.ExtentAll, answering: checks.ExtentNone,
		ipv4: "4 of 4, 1024 of 1024", says: []string{"announced but not answering"}, never: []string{"withdrawn"},
	}
	// It opens with what is known 180 s after the silence: that, or that the routes are gone.
	opened := labNotice{moment: "hold time over", kind: "opened", to: openedFrom, says: []string{"North Korea (KP)"}}
	down := downNotice("hold time over")
	down.kind, down.may, down.from, down.never = "updated", true, 0, nil
	return labMust{
		at:        []labAt{silent, homeDown("hold time over"), homeUp("healed")},
		told:      map[string][]labNotice{"KP": homeNotices("healed", opened, down)},
		incidents: map[string]int{"KP": 1},
	}
}

// blink is how long routes are gone that come back before their loss has settled, within
// 30 s: no loss, and none of those that are counted.
const blink = 15 * time.Second

// flapCount is how often a link flaps.
const flapCount = 5

// flaps is a script in which a link goes and comes every four minutes, each time for too
// short a time for an outage.
func flaps(s *labStage) {
	var f *lab.Fault
	s.do("blink", blink, func() { f = s.Cut(s.Access) }, gone(lab.HomePrefixes()...))
	s.do("back at once", 10*time.Minute, func() { f.Heal() }, s.recorder.Back)
	for i := range flapCount {
		var f *lab.Fault
		s.do(fmt.Sprintf("cut %d", i+1), time.Minute, func() { f = s.Cut(s.Access) }, gone(lab.HomePrefixes()...))
		pass := 3 * time.Minute
		if i == flapCount-1 {
			pass = 90 * time.Minute // it is stable again an hour after the last loss at most
		}
		s.do(fmt.Sprintf("back %d", i+1), pass, func() { f.Heal() }, s.recorder.Back)
	}
}

func unstableHome(vantage) labMust {
	return labMust{
		at: []labAt{{moment: "blink", target: "KP", states: []checks.State{checks.Up}, never: []string{"withdrawn"}}, homeUp("back at once"), homeUp("back 5")},
		told: map[string][]labNotice{"KP": {
			// 1000 for each loss, half of it after 15 minutes: 3096 at the fourth.
			{moment: "cut 4", kind: "opened", says: []string{"UNSTABLE: North Korea (KP): 4 losses since"}},
			{moment: "cut 5", kind: "updated", may: true, says: []string{"UNSTABLE: North Korea (KP): 5 losses since"}},
			{moment: "back 5", kind: "updated", may: true, says: []string{"UNSTABLE: North Korea (KP): 5 losses since"}},
			{moment: "back 5", kind: "resolved", says: []string{"STABLE: North Korea (KP): up without a loss since", "after 5 losses"}},
		}},
		incidents: map[string]int{"KP": 1},
		never:     []string{"followed by outage", "DOWN: "},
	}
}

// manyLost is a script in which packets are lost by the dice.
func manyLost(s *labStage) {
	var f *netlab.Fault
	s.do("lossy", lossyFor, func() { f = s.Carrier.Node.Drop(netlab.Packets{To: lab.HomeBlock(), Share: 40}) }, s.recorder.Back)
	s.healed(f.Heal)
}

// lossyFor is long enough for twenty probes of two hosts every two minutes, and ends before a
// round of probes and not in one: hosts that have missed the first question of a round, as
// one of six does here, are not decided until they have been asked again.
const lossyFor = 90*time.Minute - 30*time.Second

// degradedReach is what is said where many probes, and not all, are lost.
const degradedReach = "degraded reachability: "

// lossyHome: two of five packets that are lost are no silence, and not nothing.
func lossyHome(vantage) labMust {
	well := func(moment string) labAt {
		at := homeUp(moment)
		at.never = []string{degradedReach}
		return at
	}
	return labMust{
		at: []labAt{
			{
				moment: "lossy", target: "KP", states: []checks.State{checks.Up}, announced: checks.ExtentAll,
				ipv4: "4 of 4, 1024 of 1024", now: "AS4837 100 %", pings: true, says: []string{degradedReach + "… of … pings lost"},
			},
			well("the beginning"), well("healed"),
		},
		never: []string{"announced but not answering", "withdrawn", "DOWN"},
		only:  []checks.State{checks.Up, checks.Degraded, checks.Unknown},
	}
}
