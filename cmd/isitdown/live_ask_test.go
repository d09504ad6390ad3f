package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// Questions are answered from what is followed, or looked up; a past moment is looked up.
func TestLiveQuestions(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		network, err := checks.ParseTarget("AS131279")
		if err != nil {
			t.Fatal(err)
		}
		if v := s.mustAnswer(t, network, time.Time{}); v.State != checks.Up {
			t.Errorf("a network that nobody asked about before: got %s, gaps %q", v.State, v.Gaps)
		}
		gone := time.Now().Add(-24 * time.Hour)
		s.ripe.set(kpRoutes(gone))
		for _, tt := range []struct {
			at    time.Time
			state checks.State
			gap   string
		}{
			{gone.Add(-time.Hour), checks.Up, ""},
			{gone.Add(time.Hour), checks.Down, ""},
			{time.Now().Add(time.Hour), checks.Unknown, "is yet to come"},
		} {
			v := s.mustAnswer(t, kp, tt.at.Truncate(time.Second))
			if v.State != tt.state || !hasGap(v, tt.gap) {
				t.Errorf("at %s: got %s with gaps %q, want %s with %q", tt.at, v.State, v.Gaps, tt.state, tt.gap)
			}
		}
		calls := func() (n int) {
			s.ripe.mu.Lock()
			defer s.ripe.mu.Unlock()
			for _, c := range s.ripe.calls {
				n += c
			}
			return n
		}
		before := calls()
		s.mustAnswer(t, kp, gone.Add(time.Hour).Truncate(time.Second))
		if n := calls() - before; n != 0 {
			t.Errorf("the same past moment again took %d requests, want none", n)
		}
	})
}

// A stand-in that fails is no reason to end, and is unknown until it is back.
func TestLiveWithoutLookups(t *testing.T) {
	showLive(t, func(t *testing.T, s *liveShow) {
		s.ripe.mu.Lock()
		s.ripe.broken = 500
		s.ripe.mu.Unlock()
		s.pass(3 * time.Minute)
		s.is("while RIPEstat is broken", checks.Unknown)
		if f := s.finding(); !f.OK || !strings.Contains(f.Reason, "RIPEstat: no answer since") {
			t.Errorf("/readyz says %+v, want that RIPEstat does not answer, and that the stream does", f)
		}
		s.ripe.mu.Lock()
		s.ripe.broken = 0
		s.ripe.mu.Unlock()
		s.pass(20 * time.Minute)
		s.is("when it is back", checks.Up)
		s.nothing("for want of lookups")
		if log := s.log.String(); strings.Count(log, "a source does not answer") != 1 || strings.Count(log, "a source answers again") != 1 {
			t.Error("want one line in the log for each change")
		}
	})
}

// Witnesses are asked once in a while, at most so many at once, and those that cost
// only for questions; what they say is kept, and what fails is a gap.
func TestHearsay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		asked := map[string]int{}
		witnessOf := func(service string, costs bool, err error) witness {
			return witness{
				service: service, costs: costs,
				suits: func(checks.Target, time.Time) bool { return true },
				gap:   func(error) checks.Gap { return checks.Gap{Check: service, Reason: "nothing"} },
				ask: func(ctx context.Context, f *checks.Footprint, _ time.Time) ([]checks.Claim, error) {
					mu.Lock()
					asked[service]++
					mu.Unlock()
					time.Sleep(time.Second)
					return []checks.Claim{{Service: service, Text: f.Target.String()}}, err
				},
			}
		}
		h := newHearsay([]witness{witnessOf("free", false, nil), witnessOf("dear", true, nil), witnessOf("broken", false, errors.New("no"))}, time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { h.run(ctx) })
		f := checks.Footprint{Target: kp}
		heard := 0
		<-h.look(f, false, func() { heard++ })
		<-h.look(f, false, func() { heard++ }) // is fresh
		if said := h.about(kp); len(said.claims) != 2 || len(said.gaps) != 1 || heard != 1 || asked["free"] != 1 || asked["dear"] != 0 {
			t.Errorf("heard %d times, asked %v, said %+v", heard, asked, said)
		}
		<-h.look(f, true, func() { heard++ })
		if said := h.about(kp); len(said.claims) != 3 || asked["dear"] != 1 {
			t.Errorf("for a question: asked %v, said %+v", asked, said)
		}
		time.Sleep(2*claimsFor + time.Second)
		if said := h.about(kp); len(said.claims) != 0 {
			t.Errorf("what was said long ago is still told: %+v", said)
		}
		for i := range 3 * mostWaiting {
			h.look(checks.Footprint{Target: checks.Network(checks.ASN(i + 1))}, false, func() {})
		}
		stop()
		running.Wait()
		<-h.look(f, true, func() { t.Error("asked after the end") })
	})
}

// The program with live sources and routers of its own, as a process: it says what it
// has, and ends well at once.
func TestServeLiveAsAProcess(t *testing.T) {
	stand := newRIPEStand(time.Now, kpRoutes(time.Time{})...)
	bmp, address := freeAddress(t), freeAddress(t)
	text := fmt.Sprintf("[[router]]\nname = \"edge1\"\nkind = \"bmp\"\nlisten = %q\naddress = \"127.0.0.1\"\nfull = true\n"+
		"[sources]\nioda = false\nglobalping = false\nregistry_refresh = false\n[urls]\nris_live = \"ws://127.0.0.1:1/\"\nripestat = %q\n", bmp, serveStand(t, stand))
	t.Setenv("ISITDOWN_OFFLINE", "")
	p := startServe(t, "--config", settings(t, text), "--db", t.TempDir()+"/live.db", "--listen", address)
	fmt.Fprintln(p.in, "KP")
	eventually(t, "the question is answered", func() bool { return strings.Contains(p.stdout.String(), "4 of 4 networks announced") })
	router, err := net.Dial("tcp", bmp)
	if err != nil {
		t.Fatal(err)
	}
	defer router.Close()
	eventually(t, "the router counts as connected", func() bool {
		_, body := fetch(t, "http://"+address+"/metrics")
		return strings.Contains(body, `isitdown_bmp_routers{source="BMP of edge1"} 1`) && strings.Contains(body, `isitdown_source_up{source="RIS Live"} 0`)
	})
	_, body := fetch(t, "http://"+address+"/metrics")
	wants(t, "/metrics", body, `isitdown_source_up{source="RIPEstat"} 1`,
		`isitdown_source_requests_total{result="ok",source="RIPEstat"}`, `isitdown_stream_holes_total{source="RIS Live"}`)
	if status, body := fetch(t, "http://"+address+"/readyz"); status != 200 || !strings.Contains(body, "BMP of edge1") {
		t.Errorf("/readyz: HTTP %d, %s", status, body)
	}
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("after SIGTERM: exit code %d, want 0", code)
	}
	t.Logf("ended within %s", time.Since(began))
}
