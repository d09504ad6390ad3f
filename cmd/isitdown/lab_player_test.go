package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// sums writes what was told, one line each.
func (p *played) sums() string {
	var b strings.Builder
	for _, told := range p.told {
		fmt.Fprintf(&b, "%d %s %s %s\n", told.moment, told.target, told.kind, told.headline)
	}
	return b.String()
}

// wantLabStates holds the states after each moment against those that must be.
func wantLabStates(t *testing.T, m *labMade, p *played, want ...checks.State) {
	t.Helper()
	for i, state := range want {
		if v := p.after[i]["KP"]; v.State != state {
			t.Errorf("after %q: %s, want %s; reasons %q, gaps %q", m.rec.Moments[i].Name, v.State, state, v.Reasons, v.Gaps)
		}
	}
}

// A cut is told once, when the withdrawals have settled and the loss has lasted, and so is
// its end.
func TestPlayLab(t *testing.T) {
	m := madeUp()
	m.goes("cut", 20*time.Minute, false)
	m.goes("heal", time.Hour, true)
	labFeeds(t, m, func(t *testing.T, _ string, p *played) {
		wantLabStates(t, m, p, checks.Up, checks.Down, checks.Up)
		want := `1 KP opened DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Nov 2026 13:30 UTC
2 KP updated BACK: North Korea (KP): all 4 networks visible again after 20 min
2 KP resolved BACK: North Korea (KP): all 4 networks visible again after 20 min
`
		if got := p.sums(); got != want {
			t.Fatalf("told\n%swant\n%s", got, want)
		}
		c := defaultConfig()
		after := []time.Duration{c.Route.Settle.Duration + c.Incident.Open.Duration, c.Incident.Recover.Duration, c.Incident.Recover.Duration + c.Incident.Resolve.Duration}
		for i, told := range p.told {
			if late := told.after - after[i]; late < 0 || late > labStep {
				t.Errorf("%s came %v after its moment began, want %v to a step later", told.kind, told.after, after[i])
			}
			t.Logf("%s %v after its moment began", told.kind, told.after)
		}
		wants(t, "the notice", p.told[0].text, "0 of 4 prefixes visible, 0 of 1,024 addresses", "withdrawn at 2 of 2 vantage points",
			"AS4837 itself is healthy", "behind it AS1299 Arelion and AS3356 Level 3")
		wants(t, "the terminal", strings.Join(strings.Fields(p.text), " "), "Subscribed to North Korea (KP)", "UP North Korea (KP): 4 of 4 networks announced", "KP-20261122-1")
	})
}

// Where nothing happens to the target nothing is told, and nothing is thought that should be:
// sessions that are reset, with or without withdrawals, and what receives that is restarted.
func TestPlayLabQuiet(t *testing.T) {
	m := madeUp()
	m.happens("nothing", time.Hour, func(string, time.Time) (none []route.Update) { return nil })
	m.reset("reset", 30*time.Minute)
	m.restart("restart", 40*time.Minute)
	labFeeds(t, m, func(t *testing.T, _ string, p *played) {
		wantLabStates(t, m, p, checks.Up, checks.Up, checks.Up, checks.Up)
		if got := p.sums() + fmt.Sprint(p.besides); got != "[]" {
			t.Errorf("told %s", got)
		}
		for i, states := range p.states {
			for _, state := range states["KP"] {
				if state != checks.Up && state != checks.Unknown {
					t.Errorf("during %q: %v, want up or unknown", m.rec.Moments[i].Name, states["KP"])
				}
			}
		}
	})
}

// After a hole a stream is known again from its archive: what went meanwhile is told then,
// and not before.
func TestPlayLabLossInAHole(t *testing.T) {
	m := madeUp()
	m.held = false
	m.restart("restart", 40*time.Minute)
	labFeeds(t, m, func(t *testing.T, _ string, p *played) {
		wantLabStates(t, m, p, checks.Up, checks.Down)
		if len(p.told) != 1 || !strings.HasPrefix(p.told[0].headline, "DOWN: ") {
			t.Errorf("told\n%swant that it is down", p.sums())
		}
	})
}

// Hosts that fall silent while routes stay are an incident of their own kind, with the last
// router that answered.
func TestPlayLabProbes(t *testing.T) {
	m := madeUp()
	m.happens("silence", 30*time.Minute, func(string, time.Time) (none []route.Update) { return nil })
	m.happens("answers", time.Hour, func(string, time.Time) (none []route.Update) { return nil })
	m.probed(1, 2)
	p := playLab(t, &m.rec, "bgp", abroad, "KP")
	wantLabStates(t, m, p, checks.Up, checks.Degraded, checks.Up)
	if v := p.after[0]["KP"]; v.Answering != checks.ExtentAll || v.Probing.Usable != 4 {
		t.Errorf("in the beginning answering %s, %+v; want 4 hosts that do", v.Answering, v.Probing)
	}
	if len(p.told) != 3 || p.told[0].kind != "opened" || p.told[2].kind != "resolved" {
		t.Fatalf("told\n%swant that it is opened, and resolved", p.sums())
	}
	wants(t, "the notice", p.told[0].text, "announced but not answering", "219.158.0.1", "AS4837")
}

// Hosts that were silent while routes were gone are asked as soon as these are back: nobody
// is told that they do not answer because nobody has asked.
func TestPlayLabReturn(t *testing.T) {
	m := madeUp()
	m.goes("cut", 20*time.Minute, false)
	m.goes("heal", time.Hour, true)
	m.probed(1, 2)
	p := playLab(t, &m.rec, "bgp", abroad, "KP")
	wantLabStates(t, m, p, checks.Up, checks.Down, checks.Up)
	want := `1 KP opened DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Nov 2026 13:30 UTC
2 KP updated BACK: North Korea (KP): all 4 networks visible again and answering again after 20 min
2 KP resolved BACK: North Korea (KP): all 4 networks visible again and answering again after 20 min
`
	if got := p.sums(); got != want {
		t.Errorf("told\n%swant\n%s", got, want)
	}
}
