package main

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks/lab"
)

// labScenario is something that happens in the lab, and what the program must say of it.
type labScenario struct {
	id, fault string
	short     bool     // it is played in a short run too
	times     string   // the moment of the loss whose times are measured; "" for none
	targets   []string // that a channel follows, and asks about at the end
	script    func(*labStage)
	must      func(from vantage) labMust
}

// labStage is what a script acts on: the Internet of the lab, and what records it.
type labStage struct {
	*lab.Internet
	recorder *lab.Recorder
	feeds    []*lab.Feed
}

// do has something happen and waits until every feed shows it; then all stays so for a
// time of the scenario.
func (s *labStage) do(name string, pass time.Duration, fault func(), until func(*lab.Feed) bool) {
	s.recorder.Do(name, pass, fault, until)
}

// healed has some faults end, after which all is as it was at first.
func (s *labStage) healed(heal ...func()) {
	s.do("healed", healedFor, func() {
		for _, f := range heal {
			f()
		}
	}, s.recorder.Back)
}

// hosts are those that are probed in a scenario.
func (s *labScenario) hosts() (list []netip.Addr) {
	for _, target := range s.targets {
		for _, h := range lab.Hosts(target) {
			if !slices.Contains(list, h) {
				list = append(list, h)
			}
		}
	}
	return list
}

// gone is true of a feed whose vantage points are both there and have none of some
// prefixes.
func gone(prefixes ...netip.Prefix) func(*lab.Feed) bool {
	return lab.All(lab.Sessions(2), lab.Gone(prefixes...))
}

// act is the part of a test in which a scenario is recorded. What it sets up ends with it
// and not with the test: routers are gone before their recording is played, and say
// nothing of themselves where the program is judged and they did well.
type act struct {
	testing.TB
	ctx  context.Context
	stop context.CancelFunc
	ends []func()
}

func newAct(t *testing.T) *act {
	a := &act{TB: t}
	a.ctx, a.stop = context.WithCancel(t.Context())
	t.Cleanup(a.end)
	return a
}

func (a *act) Context() context.Context { return a.ctx }
func (a *act) Cleanup(f func())         { a.ends = append(a.ends, f) }

// end ends it, the last thing that was set up first.
func (a *act) end() {
	a.stop()
	for len(a.ends) > 0 {
		f := a.ends[len(a.ends)-1]
		a.ends = a.ends[:len(a.ends)-1]
		f()
	}
}
