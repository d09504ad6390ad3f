package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/reach"
)

// hostsOfAll answers probes in place of the network: hosts inside North Korea and the
// controls answer unless they are silenced.
type hostsOfAll struct {
	mu           sync.Mutex
	inside, ours bool // are silenced
}

var insideKP = netip.MustParsePrefix("175.45.176.0/22")

func (h *hostsOfAll) silence(inside, ours bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inside, h.ours = inside, ours
}

func (h *hostsOfAll) ask(ctx context.Context, p reach.Probe) checks.Answer {
	h.mu.Lock()
	home := insideKP.Contains(p.Addr)
	silent := home && h.inside || !home && h.ours
	h.mu.Unlock()
	a := checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: p.Method, At: time.Now(), Took: 20 * time.Millisecond, Outcome: checks.Answered}
	if silent {
		a.Took, a.Outcome = 3*time.Second, checks.Silent
	}
	select {
	case <-time.After(a.Took):
	case <-ctx.Done():
		a.Outcome = checks.Unmeasured
	}
	return a
}

// showProbes runs live sources with probes of two hosts in two blocks.
func showProbes(t *testing.T, play func(t *testing.T, s *liveShow, hosts *hostsOfAll)) {
	hosts := &hostsOfAll{}
	showLiveWith(t, func(a *app, _ byHost) {
		a.config.Probe.Enabled, a.ask = true, hosts.ask
		a.config.Probe.ASN.ASN, a.config.Probe.Continent = 64500, "EU"
		a.config.Hosts = []hostConfig{{Target: "KP", Host: "175.45.176.15"}, {Target: "KP", Host: "175.45.178.10"}}
	}, func(t *testing.T, s *liveShow) { play(t, s, hosts) })
}

// What is followed is probed. Hosts that fall silent while routes stand are an incident of
// their own kind, said to be found from here; it ends when they answer.
func TestLiveProbes(t *testing.T) {
	showProbes(t, func(t *testing.T, s *liveShow, hosts *hostsOfAll) {
		s.pass(20 * time.Minute)
		s.is("in the beginning", checks.Up)
		if v := s.watch.Verdict(); v.Answering != checks.ExtentAll || v.Probing.Usable != 2 || hasGap(v, "probes") {
			t.Fatalf("answering %s, %+v, gaps %q; want two hosts that answer", v.Answering, v.Probing, v.Gaps)
		}
		s.nothing("in the beginning")
		began := time.Now()
		hosts.silence(true, false)
		s.pass(15 * time.Minute)
		s.is("silent, and announced", checks.Degraded)
		v := s.watch.Verdict()
		if v.Announced != checks.ExtentAll || v.Answering != checks.ExtentNone || v.Probing.World || v.Probing.Silent != 2 {
			t.Errorf("announced %s, answering %s, %+v", v.Announced, v.Answering, v.Probing)
		}
		if on := v.Onset; on.By.Before(began.Add(-time.Minute)) || on.By.After(began.Add(5*time.Minute)) {
			t.Errorf("onset by %s, want it soon after %s", on.By, began)
		}
		if len(s.told) != 1 || s.told[0].Kind != chat.Opened {
			t.Fatalf("told %d changes, want one that opens an incident", len(s.told))
		}
		hosts.silence(false, false)
		s.pass(40 * time.Minute)
		s.is("when they answer again", checks.Up)
		if last := s.told[len(s.told)-1]; last.Kind != chat.Resolved {
			t.Errorf("at last told %v, want that it is over", last.Kind)
		}
	})
}

// Where nothing answers at all it is our own network that fails, and nothing is claimed.
func TestLiveProbesOfAFailingNetwork(t *testing.T) {
	showProbes(t, func(t *testing.T, s *liveShow, hosts *hostsOfAll) {
		s.pass(20 * time.Minute)
		hosts.silence(true, true)
		s.pass(time.Hour)
		s.nothing("while our own network fails")
		v := s.watch.Verdict()
		if v.Answering != checks.ExtentUnknown || v.State != checks.Up || !strings.Contains(v.Probing.Guard.Void, "our own network") {
			t.Errorf("%s, answering %s, guard %+v; want up by its routes, and a void round", v.State, v.Answering, v.Probing.Guard)
		}
		if f := s.live.probing.monitor.State(); f.Void == 0 {
			t.Errorf("the metrics know of no void round: %+v", f)
		}
	})
}

// A question has hosts probed, and the answer is shared; routing and probes that disagree
// are unknown. A past moment is not probed.
func TestLiveProbesForQuestions(t *testing.T) {
	showProbes(t, func(t *testing.T, s *liveShow, hosts *hostsOfAll) {
		s.pass(5 * time.Minute)
		address, err := checks.ParseTarget("175.45.177.1")
		if err != nil {
			t.Fatal(err)
		}
		v := s.mustAnswer(t, address, time.Time{})
		// The stream has not met the lookup yet: its routes are not known of this moment.
		if v.State != checks.Up || v.Answering != checks.ExtentAll || v.Probing.At.IsZero() {
			t.Errorf("%s, announced %s, answering %s, gaps %q", v.State, v.Announced, v.Answering, v.Gaps)
		}
		host, err := checks.ParseTarget("https://175.45.177.2/")
		if err != nil {
			t.Fatal(err)
		}
		if v := s.mustAnswer(t, host, time.Time{}); v.State != checks.Up || v.Announced != checks.ExtentUnknown {
			t.Errorf("a URL: %s, announced %s, gaps %q; want up by probes alone", v.State, v.Announced, v.Gaps)
		}
		past := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
		if v := s.mustAnswer(t, kp, past); !hasGap(v, probesOfThePast) || v.Answering != checks.ExtentUnknown {
			t.Errorf("of the past: answering %s, gaps %q", v.Answering, v.Gaps)
		}
		s.withdraw(true)
		s.pass(10 * time.Minute)
		if v := s.watch.Verdict(); v.State != checks.Unknown || v.Announced != checks.ExtentNone || v.Answering != checks.ExtentAll {
			t.Errorf("withdrawn, and answering: %s, announced %s, answering %s; want unknown", v.State, v.Announced, v.Answering)
		}
	})
}

// What the streams of routes lack is missing from no answer about a host, of which routing
// knows nothing.
func TestLiveProbesWithoutAStream(t *testing.T) {
	showProbes(t, func(t *testing.T, s *liveShow, _ *hostsOfAll) {
		s.pass(5 * time.Minute)
		s.dumb.Store(true)
		s.pass(10 * time.Minute)
		for text, want := range map[string]bool{"https://175.45.177.2/": false, "175.45.177.3": true} {
			target, err := checks.ParseTarget(text)
			if err != nil {
				t.Fatal(err)
			}
			if v := s.mustAnswer(t, target, time.Time{}); hasGap(v, "RIS Live") != want {
				t.Errorf("%s: gaps %q; want one of RIS Live: %t", text, v.Gaps, want)
			}
		}
	})
}

// Who asks about too many new targets has to wait; what is known costs nothing, and the
// past is nobody's probe.
func TestMayAsk(t *testing.T) {
	showProbes(t, func(t *testing.T, s *liveShow, _ *hostsOfAll) {
		s.live.probing.asked = reach.NewQuestions(reach.QuestionsOptions{PerPerson: 3}).Ask
		s.pass(3 * time.Minute)
		address := func(n int) checks.Target {
			a, err := checks.ParseTarget(fmt.Sprintf("175.45.177.%d", n))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for n := range 3 {
			if err := s.may("ana", address(n)); err != nil {
				t.Errorf("target %d: %v", n, err)
			}
		}
		_, tooMany := errors.AsType[*reach.TooManyError](s.may("ana", address(3)))
		if !tooMany {
			t.Error("a fourth target within a minute was let through")
		}
		for what, err := range map[string]error{
			"what is followed":     s.may("ana", kp),
			"what was asked about": s.may("ana", address(1)),
			"another person":       s.may("ben", address(3)),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// How often hosts answered survives the program, and names them as they were.
func TestRatesAreKept(t *testing.T) {
	store, err := bot.OpenStore(filepath.Join(t.TempDir(), "rates.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	added := []reach.HostRate{
		{Target: kp, Host: "175.45.176.15 dns 53", Day: day, Asked: 10, Answered: 9},
		{Target: kp, Host: "175.45.176.15 dns 53", Day: day.AddDate(0, 0, -1), Asked: 5, Answered: 5},
		{Target: kpNetwork, Host: "175.45.176.16 icmp 0", Day: day, Asked: 1, Answered: 1},
	}
	save, load := saveRates(store), loadRates(store)
	for range 2 {
		if err := save(added); err != nil {
			t.Fatal(err)
		}
	}
	got, err := load(kp)
	if err != nil {
		t.Fatal(err)
	}
	asked, answered := 0, 0
	for _, r := range got {
		if r.Target != kp || r.Host != added[0].Host {
			t.Errorf("got %+v", r)
		}
		asked, answered = asked+r.Asked, answered+r.Answered
	}
	if len(got) != 2 || asked != 30 || answered != 28 {
		t.Errorf("got %+v, want two days with 28 answers of 30", got)
	}
	if err := save([]reach.HostRate{{Host: "nobody's"}}); err == nil {
		t.Error("the answers of no target were kept")
	}
}
