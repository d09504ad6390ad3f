package lab

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// recorded is a sample of one host that misses every other probe.
func recorded() (*Sample, netip.Addr) {
	addr, router := netip.MustParseAddr("175.45.176.15"), netip.MustParseAddr("219.158.0.2")
	answer := func(o checks.Outcome, took time.Duration) checks.Answer {
		return checks.Answer{Host: addr.String(), Addr: addr, Method: checks.MethodICMP, Outcome: o, Took: took, Detail: o.String()}
	}
	return &Sample{
		ASN:     Right,
		Answers: map[netip.Addr][]checks.Answer{addr: {answer(checks.Answered, time.Millisecond), answer(checks.Silent, time.Second)}},
		Traces:  map[netip.Addr][]checks.Router{addr: {{Addr: router, Number: 2, Toward: addr}}},
	}, addr
}

// Answers come in turn, each at the time of who asks, and begin anew at the end.
func TestSampleAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, addr := recorded()
		for i, want := range []checks.Answer{
			{Outcome: checks.Answered, Took: time.Millisecond, Detail: "answered"},
			{Outcome: checks.Silent, Took: time.Second, Detail: "silent"},
			{Outcome: checks.Answered, Took: time.Millisecond, Detail: "answered"},
		} {
			time.Sleep(time.Minute)
			want.Host, want.Addr, want.Method, want.At = "a host", addr, checks.MethodICMP, time.Now()
			got := s.Ask(t.Context(), reach.Probe{Host: "a host", Addr: addr, Method: checks.MethodICMP})
			if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); d != "" {
				t.Errorf("answer %d, want - and got +:\n%s", i, d)
			}
			if passed := time.Since(want.At); passed != want.Took {
				t.Errorf("answer %d came after %v, want %v", i, passed, want.Took)
			}
		}
	})
}

// What was not recorded is not known, and says why.
func TestSampleUnmeasured(t *testing.T) {
	s, addr := recorded()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s.Ask(t.Context(), reach.Probe{Addr: addr, Method: checks.MethodICMP}) // the quick one
	for _, tt := range []struct {
		name string
		ctx  context.Context
		s    *Sample
		p    reach.Probe
		want string
	}{
		{"no sample", t.Context(), nil, reach.Probe{Addr: addr, Method: checks.MethodICMP}, "nothing was probed"},
		{"another host", t.Context(), s, reach.Probe{Addr: addr.Next(), Method: checks.MethodICMP}, "175.45.176.16 was not probed"},
		{"another method", t.Context(), s, reach.Probe{Addr: addr, Method: checks.MethodTCP, Port: 443}, "only pings"},
		{"given up", ended, s, reach.Probe{Addr: addr, Method: checks.MethodICMP}, "given up"},
	} {
		if got := tt.s.Ask(tt.ctx, tt.p); got.Outcome != checks.Unmeasured || !strings.Contains(got.Detail, tt.want) || got.Method != tt.p.Method {
			t.Errorf("%s: got %+v, want unmeasured, %q", tt.name, got, tt.want)
		}
	}
}

// Many ask at once, and each answer is given as often as any other.
func TestSampleAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, addr := recorded()
		got := make([]checks.Answer, 100)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = s.Ask(t.Context(), reach.Probe{Addr: addr, Method: checks.MethodICMP}) })
		}
		all.Wait()
		missed := 0
		for _, a := range got {
			if a.Missed() {
				missed++
			}
		}
		if missed != 50 {
			t.Errorf("%d of 100 probes were missed, want every other one", missed)
		}
	})
}

func TestSampleTrace(t *testing.T) {
	s, addr := recorded()
	way, err := s.Trace(t.Context(), addr)
	if err != nil || len(way) != 1 || way[0].Number != 2 || time.Since(way[0].At) > time.Minute {
		t.Errorf("got %+v, error %v, want the router that was recorded, now", way, err)
	}
	if !s.Traces[addr][0].At.IsZero() {
		t.Error("the recording has changed")
	}
	for _, s := range []*Sample{s, nil} {
		if _, err := s.Trace(t.Context(), addr.Next()); err == nil || !strings.Contains(err.Error(), "was not traced") {
			t.Errorf("another host: got %v, want an error that says so", err)
		}
	}
}

// A sample comes from another process as it was there.
func TestSampleJSON(t *testing.T) {
	want, _ := recorded()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := &Sample{}
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.IgnoreUnexported(Sample{})); d != "" {
		t.Errorf("want - and got +:\n%s", d)
	}
}

// The guard takes six controls in three networks of a family, and none may depend on what
// is inside Carrier.
func TestControls(t *testing.T) {
	for _, six := range []bool{false, true} {
		networks := map[checks.ASN]int{}
		n := 0
		for _, c := range Controls() {
			if c.Addr.Is6() == six {
				n++
				networks[c.ASN]++
			}
		}
		if n < 6 || len(networks) < 3 || networks[Carrier]+networks[Home] > 0 {
			t.Errorf("IPv6 %t: %d controls in %v", six, n, networks)
		}
	}
	for target, want := range map[string]int{"KP": 4, "AS131279": 4, "AS64500": 3, "AS3356": 0} {
		hosts := Hosts(target)
		if len(hosts) != want || len(slices.Compact(slices.Clone(hosts))) != want {
			t.Errorf("%s: got %v, want %d hosts", target, hosts, want)
		}
	}
}
