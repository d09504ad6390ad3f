package main

import (
	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/netlab"
)

// ownLost is a script in which no probe of ours comes back, from either place, whoever is
// asked.
func ownLost(s *labStage) {
	var faults []*netlab.Fault
	s.do("lost", lossLasts, func() {
		for _, n := range []*netlab.Node{s.Here, s.Inside} {
			faults = append(faults, n.Drop(netlab.Packets{Proto: "icmp"}))
		}
	}, s.recorder.Back)
	s.do("healed", healedFor, func() {
		for _, f := range faults {
			f.Heal()
		}
	}, s.recorder.Back)
}

// ownSilence: what our own network loses is no silence of anybody's.
func ownSilence(vantage) labMust {
	calm := []checks.State{checks.Up, checks.Unknown}
	must := labMust{never: []string{"DOWN", "DEGRADED", "announced but not answering", "usual hosts silent", degradedReach}, only: calm}
	for _, target := range []string{"KP", "AS64500"} {
		must.at = append(must.at,
			labAt{moment: "lost", target: target, states: calm, announced: checks.ExtentAll, says: []string{"our own network"}},
			labAt{moment: "healed", target: target, states: []checks.State{checks.Up}, announced: checks.ExtentAll, answering: checks.ExtentAll})
	}
	return must
}

// halfSeen is a script in which routes go, and before that can count a collector loses
// sight of one of two vantage points.
func halfSeen(s *labStage) {
	var left *lab.Fault
	s.do("withdrawn", blink, func() { s.Home.Withdraw(lab.HomePrefixes()...) }, gone(lab.HomePrefixes()...))
	s.do("half seen", lossLasts, func() { left = s.Cut(s.CollectLeft) }, lab.All(lab.Sessions(1), lab.Gone(lab.HomePrefixes()...)))
	s.do("back", healedFor, func() { s.Home.Announce(lab.HomePrefixes()...); left.Heal() }, s.recorder.Back)
}

// halfKnown: one vantage point is too few to call routes lost, where it takes two. That
// nothing answers is known besides.
func halfKnown(vantage) labMust {
	return labMust{
		at: []labAt{
			{moment: "half seen", target: "KP", states: []checks.State{checks.Unknown}, says: []string{"1 settled full-feed vantage point, and it takes 2 to call a loss"}},
			homeUp("back"),
		},
		never: []string{"DOWN", "withdrawn since", "^Lost"},
		// Until the hosts are asked again, all that is known of them when the routes are back is
		// that they were silent.
		only: []checks.State{checks.Up, checks.Unknown, checks.Degraded},
	}
}
