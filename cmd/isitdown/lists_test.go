package main

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
)

// kpLists gives a list in which North Korea holds its /22, and more where asked.
func kpLists(t *testing.T, more string) *registry.Registry {
	t.Helper()
	text := "2|apnic|20261122|3|19850701|20261122|+1000\napnic|*|asn|*|1|summary\napnic|*|ipv4|*|1|summary\n" +
		"apnic|KP|asn|131279|1|20091221|allocated\napnic|KP|ipv4|175.45.176.0|1024|20091221|allocated\n" + more
	var l registry.Loader
	if err := l.Add("delegated-apnic", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	r, err := l.Registry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Lists that change take effect at once, but for a target whose incident is open.
func TestLiveListsChange(t *testing.T) {
	const more = "apnic|KP|ipv4|210.52.109.0|256|20091221|allocated\n"
	showLive(t, func(t *testing.T, s *liveShow) {
		s.pass(5 * time.Minute)
		before := s.targets[kp].live
		s.adoptLists(kpLists(t, ""))
		if s.targets[kp].live != before {
			t.Error("lists that say the same have the target followed anew")
		}
		s.adoptLists(kpLists(t, more))
		if s.targets[kp].live == before || len(s.targets[kp].footprint.Prefixes) != 2 {
			t.Errorf("new space is not looked at: %v", s.targets[kp].footprint.Prefixes)
		}
		s.pass(5 * time.Minute)
		s.is("with new space", checks.Up)
		s.nothing("for new lists")
		s.withdraw(true)
		s.pass(5 * time.Minute)
		during := s.targets[kp].live
		s.adoptLists(kpLists(t, ""))
		if s.targets[kp].live != during {
			t.Error("what an open incident is measured by has changed")
		}
		s.is("with an open incident", checks.Down)
	})
}
