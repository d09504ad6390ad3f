package main

import (
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
)

// labScenariosAbove are those of collectors that lose sight, of what lies above the origin,
// and of others' routes.
func labScenariosAbove() []labScenario {
	return []labScenario{
		{id: "E9", fault: "every collector's sessions reset", short: true, targets: []string{"KP", "AS64500"}, script: resets, must: nothing},
		{id: "E10", fault: "the collectors' links lost", targets: []string{"KP", "AS64500"}, script: linksLost, must: nothing},
		{id: "E11", fault: "AS4837 loses one of two transits", targets: []string{"KP", "AS4837"}, script: oneTransit, must: carrierMoved},
		{id: "E12", fault: "AS64500 loses one upstream, then both", targets: []string{"AS64500"}, script: dualLost, must: dualDown},
		{id: "E13", fault: "one of four prefixes withdrawn", times: "cut", targets: []string{"KP"}, script: oneOfFour, must: homePart},
		{id: "E14", fault: "AS4837 loses both transits", times: "cut", targets: []string{"KP", "AS4837"}, script: bothTransits, must: carrierLost},
		{id: "E15", fault: "four /24s withdrawn while AS4837 announces the /22", targets: []string{"KP"}, script: covered, must: homeCovered},
		{id: "E16", fault: "AS64500 announces 175.45.176.0/24 too", targets: []string{"KP", "175.45.176.0/24"}, script: takenOver, must: homeTakenOver},
		{id: "E17", fault: "every receiver of routes restarted", targets: []string{"KP", "AS64500"}, script: restarts, must: nothing},
		{id: "E18", fault: "the probers lose all packets themselves", targets: []string{"KP", "AS64500"}, script: ownLost, must: ownSilence},
		{id: "E19", fault: "AS131279 withdraws, and the collectors lose AS3356's view of it", targets: []string{"KP"}, script: halfSeen, must: halfKnown},
	}
}

// settling is how long a vantage point has withdrawn everything before its session ends: not
// as long as a withdrawal has to stand to count.
const settling = 25 * time.Second

// resets is a script in which every collector clears its sessions, and the vantage points
// then end them with care: they take every route back first.
func resets(s *labStage) {
	s.do("reset", 25*time.Minute, func() {
		for _, f := range s.feeds {
			f.Reset()
		}
	}, s.recorder.Back)
	end := func() {}
	s.do("drained", settling, func() { end = s.Drain(s.feeds...) }, gone(lab.HomePrefixes()...))
	s.do("ended", 25*time.Minute, func() { end() }, s.recorder.Back)
}

// restarts is a script in which what receives routes ends and starts again, twice.
func restarts(s *labStage) {
	for _, name := range []string{"restarted", "restarted again"} {
		s.do(name, 25*time.Minute, func() {
			for _, f := range s.feeds {
				f.Restart()
			}
		}, s.recorder.Back)
	}
}

// linksLost is a script in which the collectors lose sight of one vantage point, of both,
// and have both back.
func linksLost(s *labStage) {
	var left, right *lab.Fault
	s.do("one lost", 25*time.Minute, func() { left = s.Cut(s.CollectLeft) }, lab.Sessions(1))
	s.do("both lost", 25*time.Minute, func() { right = s.Cut(s.CollectRight) }, lab.Sessions(0))
	s.do("both back", healedFor, func() { left.Heal(); right.Heal() }, s.recorder.Back)
}

// nothing is what there is to say where a collector loses sight of what goes on: not one
// notice, and never that anything is down.
func nothing(vantage) labMust {
	calm := []checks.State{checks.Up, checks.Unknown}
	must := labMust{never: []string{"DOWN", "DEGRADED", "withdrawn", "UNSTABLE"}, only: calm}
	for _, moment := range []string{"reset", "drained", "one lost", "both lost", "restarted"} {
		for _, target := range []string{"KP", "AS64500"} {
			must.at = append(must.at, labAt{moment: moment, target: target, states: calm, may: true})
		}
	}
	for _, moment := range []string{"ended", "both back", "restarted again"} {
		for _, target := range []string{"KP", "AS64500"} { // it is known again
			must.at = append(must.at, labAt{moment: moment, target: target, states: []checks.State{checks.Up}, announced: checks.ExtentAll, may: true})
		}
	}
	return must
}

// carrierPath is how AS4837 is reached from AS3356 when they have no link.
const carrierPath = "3356 1299 4837"

func oneTransit(s *labStage) {
	var f *lab.Fault
	s.do("cut", lossLasts, func() { f = s.Cut(s.CarrierLeft) },
		lab.All(lab.Sessions(2), lab.PathIs(lab.Left, lab.CarrierPrefixes()[0], carrierPath), lab.PathIs(lab.Left, lab.HomePrefixes()[0], carrierPath+" 131279")))
	s.healed(f.Heal)
}

// carrierMoved: AS4837's routes have another way. For North Korea, whose upstream it is,
// nothing has changed.
func carrierMoved(vantage) labMust {
	half := "AS1299 50 %, AS3356 50 %"
	up := []checks.State{checks.Up}
	carrier := func(moment, now string) labAt {
		return labAt{moment: moment, target: "AS4837", states: up, announced: checks.ExtentAll, ipv4: "1 of 1, 32768 of 32768", ipv6: "1 of 1", now: now}
	}
	before := carrier("cut", "AS1299 100 %")
	before.before = half
	during := homeUp("cut")
	during.before = "AS4837 100 %"
	return labMust{
		at: []labAt{homeUp("the beginning"), carrier("the beginning", half), during, before, homeUp("healed"), carrier("healed", half)},
		told: map[string][]labNotice{"AS4837": {
			{moment: "cut", kind: "upstream_changed", from: openedFrom, to: openedBy, says: []string{"UP: AS4837", "upstream now AS1299 (100 %); before AS1299 and AS3356"}},
			{moment: "healed", kind: "upstream_changed", from: openedFrom, to: openedBy, says: []string{"UP: AS4837", "new upstream AS3356"}},
		}},
		never: []string{"withdrawn", "DOWN", "DEGRADED", "^Lost", "not visible"},
		only:  up,
	}
}

func dualLost(s *labStage) {
	var left, right *lab.Fault
	s.do("one lost", lossLasts, func() { left = s.Cut(s.DualLeft) }, lab.All(lab.Sessions(2),
		lab.PathIs(lab.Left, lab.DualPrefixes()[0], "3356 1299 64500"), lab.PathIs(lab.Left, lab.DualPrefixes()[len(lab.DualPrefixes())-1], "3356 1299 64500")))
	s.do("both lost", lossLasts, func() { right = s.Cut(s.DualRight) }, gone(lab.DualPrefixes()...))
	s.healed(left.Heal, right.Heal)
}

// dualDown: first a change of the way, then a loss, in which IPv4 and IPv6 are two things.
func dualDown(vantage) labMust {
	up, half := []checks.State{checks.Up}, "AS1299 50 %, AS3356 50 %"
	there := labAt{moment: "the beginning", target: "AS64500", states: up, announced: checks.ExtentAll, ipv4: "2 of 2, 512 of 512", ipv6: "1 of 1", now: half}
	moved := there
	moved.moment, moved.now, moved.before = "one lost", "AS1299 100 %", half
	again := there
	again.moment = "healed"
	families := []string{"^IPv4 0 of 2 prefixes visible, 0 of 512 addresses", "^IPv6 0 of 1 prefix"}
	return labMust{
		at: []labAt{there, moved, {
			moment: "both lost", target: "AS64500", states: []checks.State{checks.Down}, announced: checks.ExtentNone,
			ipv4: "0 of 2, 0 of 512", ipv6: "0 of 1", now: "nobody", says: families,
			// The last way led through AS1299; through AS3356 there was one before.
			among: "adjacency AS1299-AS64500, adjacency AS3356-AS64500, origin AS64500",
		}, again},
		told: map[string][]labNotice{"AS64500": append([]labNotice{
			{moment: "one lost", kind: "upstream_changed", from: openedFrom, to: openedBy, says: []string{"UP: AS64500", "upstream now AS1299 (100 %)"}, never: []string{"withdrawn"}},
			{
				moment: "both lost", kind: "opened", from: openedFrom, to: openedBy,
				says: append([]string{"DOWN: AS64500", "2 of 2 IPv4 prefixes and 1 of 1 IPv6 prefix withdrawn since", "cannot tell from outside"}, families...),
			},
		}, append(backNotices("healed", "AS64500", "both IPv4 prefixes and the one IPv6 prefix", lossLasts, "AS1299"),
			labNotice{moment: "healed", kind: "upstream_changed", may: true})...)},
		incidents: map[string]int{"AS64500": 1},
	}
}

// oneOfFour is a script in which one of North Korea's prefixes goes.
func oneOfFour(s *labStage) {
	one := lab.HomePrefixes()[3]
	s.do("cut", lossLasts, func() { s.Home.Withdraw(one) }, gone(one))
	s.healed(func() { s.Home.Announce(one) })
}

func homePart(vantage) labMust {
	words := []string{
		"1 of 4 networks withdrawn since", "^IPv4 3 of 4 prefixes visible, 768 of 1,024 addresses",
		"^Gone 175.45.179.0/24", "256 of 1,024 addresses",
	}
	return labMust{
		at: []labAt{{
			moment: "cut", target: "KP", states: []checks.State{checks.Degraded}, announced: checks.ExtentPart,
			ipv4: "3 of 4, 768 of 1024", now: "AS4837 100 %", before: "AS4837 100 %", among: homeSet, foreign: "none", says: words,
		}, homeUp("healed")},
		told: map[string][]labNotice{"KP": append([]labNotice{{
			moment: "cut", kind: "opened", from: openedFrom, to: openedBy, says: append([]string{"DEGRADED: North Korea (KP)"}, words...),
		}}, backNotices("healed", "North Korea (KP)", "all 4 networks", lossLasts, "256 of 1,024 addresses")...)},
		incidents: map[string]int{"KP": 1},
		never:     []string{"DOWN", "covered by", "25 %"},
	}
}

// bothTransits is a script in which AS4837 is left without a way to anywhere.
func bothTransits(s *labStage) {
	var left, right *lab.Fault
	s.do("cut", lossLasts, func() { left, right = s.Cut(s.CarrierLeft), s.Cut(s.CarrierRight) },
		gone(slices.Concat(lab.HomePrefixes(), lab.CarrierPrefixes())...))
	s.healed(left.Heal, right.Heal)
}

// carrierLost: what went is AS4837, not North Korea's own link to it. From inside AS4837
// North Korea answers still, which contradicts its routes: nothing is claimed there.
func carrierLost(from vantage) labMust {
	const link = "every lost path led through AS4837"
	home := downNotice("cut")
	home.says = []string{"DOWN: North Korea (KP): 4 of 4 networks withdrawn since", "^Lost " + link, "not who caused the outage"}
	home.never = []string{"AS131279 withdrew", "AS4837 itself is healthy"}
	down := homeDown("cut")
	down.lost, down.rules = "network AS4837", []checks.AttributionRule{checks.RuleSeparator}
	down.says, down.never = []string{link}, home.never
	both := "AS1299 50 %, AS3356 50 %"
	carrier := labAt{
		moment: "cut", target: "AS4837", states: []checks.State{checks.Down}, announced: checks.ExtentNone,
		ipv4: "0 of 1, 0 of 32768", ipv6: "0 of 1", before: both, now: "nobody",
		rules: []checks.AttributionRule{checks.RuleSeveral}, lost: "adjacency AS1299-AS4837, adjacency AS3356-AS4837, origin AS4837",
		says: []string{"more consistent with something on the side of AS4837, or that its links share, than with any one upstream"},
	}
	back := labAt{moment: "healed", target: "AS4837", states: []checks.State{checks.Up}, ipv4: "1 of 1, 32768 of 32768", ipv6: "1 of 1", now: both}
	must := labMust{
		at: []labAt{homeUp("the beginning"), down, carrier, homeUp("healed"), back},
		told: map[string][]labNotice{
			"KP": homeNotices("healed", home),
			"AS4837": append([]labNotice{{
				moment: "cut", kind: "opened", from: openedFrom, to: openedBy,
				says: []string{
					"DOWN: AS4837", "withdrawn since", "^IPv4 0 of 1 prefix", "^IPv6 0 of 1 prefix",
					"cannot tell from outside whether AS4837 withdrew its routes",
				},
			}}, backNotices("healed", "AS4837…", "…", lossLasts, "same upstreams as before")...),
		},
		incidents: map[string]int{"KP": 1, "AS4837": 1},
	}
	if from == inside {
		must.at[1] = labAt{
			moment: "cut", target: "KP", states: []checks.State{checks.Unknown}, announced: checks.ExtentNone, ipv4: "0 of 4, 0 of 1024",
			says:  []string{"UNKNOWN North Korea (KP): sources disagree: routes withdrawn, yet 4 of 4 usual hosts answer", "Nothing is claimed until they agree"},
			never: []string{"DOWN"},
		}
		delete(must.told, "KP")
		delete(must.incidents, "KP")
	}
	return must
}

// covered is a script in which a provider's route takes the place of all four.
func covered(s *labStage) {
	s.do("cut", lossLasts, func() {
		s.Carrier.Announce(lab.HomeBlock())
		s.Home.Withdraw(lab.HomePrefixes()...)
	}, lab.All(gone(lab.HomePrefixes()...), lab.PathIs(lab.Left, lab.HomeBlock(), "3356 4837"), lab.PathIs(lab.Right, lab.HomeBlock(), "1299 4837")))
	s.healed(func() {
		s.Home.Announce(lab.HomePrefixes()...)
		s.Carrier.Withdraw(lab.HomeBlock())
	})
}

func homeCovered(vantage) labMust {
	return labMust{
		at: []labAt{{
			moment: "cut", target: "KP", states: []checks.State{checks.Degraded}, before: "AS4837 100 %",
			rules: []checks.AttributionRule{checks.RuleTakenOver}, foreign: "covering 175.45.176.0/22 AS4837",
			says: []string{"DEGRADED North Korea (KP): 4 of 4 networks covered by AS4837"},
		}, homeUp("healed")},
		told: map[string][]labNotice{"KP": append([]labNotice{{
			moment: "cut", kind: "opened", from: openedFrom, to: openedBy,
			says: []string{"DEGRADED: North Korea (KP): 4 of 4 networks covered by AS4837 since"},
		}, { // when probes have found that nothing answers by way of the other route
			moment: "cut", kind: "updated", may: true, says: []string{"covered by AS4837", "4 of 4 usual hosts silent"},
		}}, backNotices("healed", "North Korea (KP)", "all 4 networks", lossLasts, "AS4837")...)},
		incidents: map[string]int{"KP": 1},
		never:     []string{"DOWN", "withdrawn", "withdrew"},
		only:      []checks.State{checks.Up, checks.Degraded, checks.Unknown},
	}
}

// taken is the prefix that somebody else announces too.
var taken = netip.MustParsePrefix("175.45.176.0/24")

// takenOver is a script in which AS64500 announces one of North Korea's prefixes. It is
// nearer to both vantage points than AS131279.
func takenOver(s *labStage) {
	s.do("taken", lossLasts, func() { s.Dual.Announce(taken) }, lab.All(lab.PathIs(lab.Left, taken, "3356 64500"), lab.PathIs(lab.Right, taken, "1299 64500")))
	s.healed(func() { s.Dual.Withdraw(taken) })
}

// homeTakenOver: another origin, which is neither a withdrawal nor all is well.
func homeTakenOver(vantage) labMust {
	degraded := []checks.State{checks.Degraded}
	other := "origin 175.45.176.0/24 AS64500"
	rules := []checks.AttributionRule{checks.RuleTakenOver}
	return labMust{
		at: []labAt{
			{
				moment: "taken", target: "KP", states: degraded, announced: checks.ExtentPart, ipv4: "3 of 4, 768 of 1024", foreign: other, rules: rules,
				says: []string{"DEGRADED North Korea (KP): 1 of 4 networks announced by AS64500 instead"},
			},
			{
				moment: "taken", target: taken.String(), states: degraded, ipv4: "0 of 1, 0 of 256", foreign: other, rules: rules,
				says: []string{"DEGRADED 175.45.176.0/24…: announced by AS64500 instead"},
			},
			homeUp("healed"),
			{moment: "healed", target: taken.String(), states: []checks.State{checks.Up}, ipv4: "1 of 1, 256 of 256", now: "AS4837 100 %", foreign: "none"},
		},
		told: map[string][]labNotice{
			"KP": append([]labNotice{{
				moment: "taken", kind: "opened", from: openedFrom, to: openedBy,
				says: []string{"DEGRADED: North Korea (KP): 1 of 4 networks announced by AS64500 instead since", "Routes do not show whether it is meant so"},
			}}, backNotices("healed", "North Korea (KP)", "all 4 networks", lossLasts, "AS4837")...),
			// It is a part of North Korea's incident, and may be told as that alone.
			taken.String(): {
				{moment: "taken", kind: "opened", may: true, says: []string{"announced by AS64500 instead"}},
				{moment: "healed", kind: "updated", may: true, says: []string{"BACK"}},
				{moment: "healed", kind: "resolved", may: true, says: []string{"BACK"}},
			},
		},
		incidents: map[string]int{"KP": 1},
		never:     []string{"DOWN", "withdrawn", "withdrew"},
		only:      []checks.State{checks.Up, checks.Degraded, checks.Unknown},
	}
}
