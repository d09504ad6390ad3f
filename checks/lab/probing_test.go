package lab

import (
	"context"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/netlab"
	"isitdown/checks/reach"
)

// watcher is the program's own monitor of North Korea's hosts, in a bubble, which finds
// what was recorded.
type watcher struct {
	at       atomic.Pointer[Sample]
	followed *reach.Followed
	target   checks.Footprint
}

func watch(t *testing.T, s *Sample) (w *watcher, end func()) {
	t.Helper()
	target, err := checks.ParseTarget("KP")
	if err != nil {
		t.Fatal(err)
	}
	w = &watcher{target: checks.Footprint{Target: target, Prefixes: []netip.Prefix{HomeBlock()}, Origins: []checks.ASN{Home}}}
	w.at.Store(s)
	m := reach.New(reach.Options{
		Ask:      func(ctx context.Context, p reach.Probe) checks.Answer { return w.at.Load().Ask(ctx, p) },
		Trace:    func(ctx context.Context, to netip.Addr) ([]checks.Router, error) { return w.at.Load().Trace(ctx, to) },
		Origin:   originOf,
		Shield:   reach.NewShield(reach.ShieldOptions{Allow: Allowed()}),
		Controls: Controls(),
		Listed: func(checks.Target) (list []reach.Listed) {
			for _, host := range Hosts("KP") {
				list = append(list, reach.Listed{Host: host.String()})
			}
			return list
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx)
	}()
	w.followed = m.Follow(w.target)
	return w, func() {
		w.followed.Close()
		cancel()
		<-done
	}
}

// originOf says whose address it is, by what the networks announce.
func originOf(_ context.Context, a netip.Addr) (checks.ASN, string, error) {
	for _, n := range networks() {
		for _, p := range n.own {
			if p.Contains(a) {
				return n.as, n.node, nil
			}
		}
	}
	return 0, "", nil
}

// verdict is what probes alone say at the moment.
func (w *watcher) verdict() checks.Verdict {
	now := time.Now()
	return checks.Assess(checks.Case{Footprint: w.target, Reach: w.followed.Reach(now), Now: now, Rules: checks.DefaultRules()})
}

// places are both places, by name.
func places(m *Moment) map[string]*Sample {
	return map[string]*Sample{"outside": m.Outside, "inside": m.Inside}
}

// What the program makes of real packets: hosts that answer, that do not, packets that are
// lost, and our own network that fails.
func TestProbing(t *testing.T) {
	if testing.Short() {
		t.Skip("in the long run: the scenarios that are played there probe too")
	}
	t.Parallel()
	if !netlab.Alone(t) {
		return
	}
	i := Build(t)
	r := i.Record()
	r.Probing(Hosts("KP")...)
	var f, g interface{ Heal() }
	r.Do("dropped", 0, func() { f = i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock()}) }, nil)
	f.Heal()
	r.Do("lossy", 0, func() { f = i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock(), Share: 40}) }, nil)
	f.Heal()
	r.Do("cut above", 0, func() { f, g = i.Cut(i.CarrierLeft), i.Cut(i.CarrierRight) }, nil)
	f.Heal()
	g.Heal()
	r.Do("healed", 0, func() {}, nil)
	moments := map[string]*Moment{}
	for _, m := range r.Recording().Moments {
		moments[m.Name] = &m
	}
	calm := &r.Recording().Moments[0]
	for place := range places(calm) {
		play := func(name string, judge func(t *testing.T, w *watcher)) {
			t.Run(name+", "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, end := watch(t, places(calm)[place])
					defer end()
					time.Sleep(30 * time.Minute)
					answering(t, w, "before")
					w.at.Store(places(moments[name])[place])
					judge(t, w)
					w.at.Store(places(moments["healed"])[place])
					time.Sleep(10 * time.Minute)
					answering(t, w, "healed")
				})
			})
		}
		play("dropped", dropped)
		play("lossy", lossy)
		if place == "outside" {
			play("cut above", aboveCut)
		} else {
			play("cut above", unheard)
		}
	}
}

func answering(t *testing.T, w *watcher, when string) {
	t.Helper()
	v := w.verdict()
	if p := &v.Probing; v.Answering != checks.ExtentAll || p.Answering != 4 || p.Usable != 4 || !p.Guard.Holds() || p.Guard.Answered != 6 || p.Guard.Networks != 3 {
		t.Fatalf("%s: answering %s, %+v; want 4 of 4, and 6 controls in 3 networks", when, v.Answering, v.Probing)
	}
}

// dropped: all hosts are silent, and the way to them ends in Carrier.
func dropped(t *testing.T, w *watcher) {
	time.Sleep(15 * time.Minute)
	v := w.verdict()
	p := &v.Probing
	if v.Answering != checks.ExtentNone || p.Silent != 4 || !p.Guard.Holds() {
		t.Errorf("answering %s, %+v; want 4 that are silent", v.Answering, p)
	}
	if !netip.MustParsePrefix("219.158.0.0/17").Contains(p.Last.Addr) || p.Last.Origin != Carrier || p.Last.Arrived {
		t.Errorf("the last router is %+v, want one of AS4837", p.Last)
	}
}

// lossy: nothing is silent, and how much is lost is told from twenty pings on.
func lossy(t *testing.T, w *watcher) {
	told := false
	for range 90 {
		time.Sleep(time.Minute)
		v := w.verdict()
		p := &v.Probing
		if v.Answering == checks.ExtentNone || v.Answering == checks.ExtentPart || p.Silent > 0 {
			t.Fatalf("answering %s, %+v; want none that is silent", v.Answering, p)
		}
		said := strings.Contains(strings.Join(v.Reasons, "; "), "degraded reachability")
		if said != (p.PingsLost > 0) || said && p.Pings < 20 {
			t.Fatalf("%d of %d pings lost, and the reasons are %q", p.PingsLost, p.Pings, v.Reasons)
		}
		told = said
	}
	if p := w.verdict().Probing; !told || p.PingsLost*100 > 70*p.Pings {
		t.Errorf("%d of %d pings lost, want about 40 %%, seldom less than the 20 %% from which it is told, and told: %t", p.PingsLost, p.Pings, told)
	}
}

// aboveCut: from outside all of it is silent, and our own network is not.
func aboveCut(t *testing.T, w *watcher) {
	time.Sleep(15 * time.Minute)
	v := w.verdict()
	p := &v.Probing
	if v.Answering != checks.ExtentNone || p.Silent != 4 || !p.Guard.Holds() {
		t.Errorf("answering %s, %+v; want 4 that are silent", v.Answering, p)
	}
	if p.Last.Addr.IsValid() && p.Last.Origin != Right { // which seldom says that it has no route
		t.Errorf("the last router is %+v, want one of AS1299: nothing leads to AS4837", p.Last)
	}
}

// unheard: from inside hosts answer, and none of the controls does.
func unheard(t *testing.T, w *watcher) {
	time.Sleep(15 * time.Minute)
	r := w.followed.Reach(time.Now())
	for _, h := range r.Hosts {
		if !h.Newest.There() {
			t.Errorf("%s: %+v, want an answer", h.Name, h.Newest)
		}
	}
	if want := "our own network: 6 of 6 control targets do not answer"; r.Guard.Void != want {
		t.Errorf("the guard says %q, want %q", r.Guard.Void, want)
	}
	if v := w.verdict(); v.Answering != checks.ExtentUnknown || v.State != checks.Unknown {
		t.Errorf("%s, answering %s; want unknown while our own network fails", v.State, v.Answering)
	}
}
