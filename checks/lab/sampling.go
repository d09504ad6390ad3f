package lab

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// How hosts are sampled. A reply takes a few milliseconds in the lab; the rest of the time
// is for a machine that is busy.
const (
	probeTime = 300 * time.Millisecond // of a probe; the program's own default is 3 s
	manyTime  = 500 * time.Millisecond // of one of many: what is lost then is lost
	spread    = 100 * time.Millisecond // over which those to a host are sent: a machine stands still for a moment now and then
	traceTime = 400 * time.Millisecond // for the routers that do answer

	few  = 5   // probes to a host, where all or none are answered
	many = 100 // where answers are missing: their share is to be near that of the fault
)

// sampler sends probes from the network namespace that it is in.
type sampler struct{ first, patient *reach.ICMP }

func newSampler() sampler {
	shield := reach.NewShield(reach.ShieldOptions{Allow: Allowed()})
	o := reach.ICMPOptions{Shield: shield, Timeout: probeTime, InFlight: 1000, PerSecond: 20_000}
	s := sampler{first: reach.NewICMP(o)}
	o.Timeout = manyTime
	s.patient = reach.NewICMP(o)
	return s
}

// sample probes the controls and some hosts, all at once, and traces the ways to the hosts.
func (s sampler) sample(ctx context.Context, hosts []netip.Addr) *Sample {
	out := &Sample{Answers: map[netip.Addr][]checks.Answer{}, Traces: map[netip.Addr][]checks.Router{}}
	all := slices.Clone(hosts)
	for _, c := range Controls() {
		if !slices.Contains(all, c.Addr) {
			all = append(all, c.Addr)
		}
	}
	var mu sync.Mutex
	var work sync.WaitGroup
	ask := func(by *reach.ICMP, host netip.Addr, probes int) {
		work.Go(func() {
			got := burst(ctx, by, host, probes)
			mu.Lock()
			defer mu.Unlock()
			out.Answers[host] = got
		})
	}
	for _, host := range all {
		ask(s.first, host, few)
	}
	for _, host := range hosts {
		work.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, traceTime)
			defer cancel()
			way, err := s.first.Trace(ctx, host)
			if err != nil {
				return // who asks for it is told that there is none
			}
			mu.Lock()
			defer mu.Unlock()
			out.Traces[host] = way
		})
	}
	work.Wait()
	// What is lost on the way to one host is lost on the way to others.
	loss := slices.ContainsFunc(hosts, func(host netip.Addr) bool { return mixed(out.Answers[host]) })
	again := slices.DeleteFunc(all, func(host netip.Addr) bool {
		answers := slices.ContainsFunc(out.Answers[host], checks.Answer.There)
		return !mixed(out.Answers[host]) && !(loss && answers && slices.Contains(hosts, host))
	})
	for _, host := range again {
		ask(s.patient, host, many)
	}
	work.Wait()
	return out
}

// mixed reports whether a host replied to some echoes and not to others. One that was lost
// shows even where the packet that was sent after it was answered: that one was refused.
// Silence and a router that says why are alike: the kernel of one that has no route says so
// to each sender five times, and then once in a second (ip_error in its net/ipv4/route.c).
func mixed(list []checks.Answer) bool {
	replied := func(a checks.Answer) bool { return a.Outcome == checks.Answered }
	lost := func(a checks.Answer) bool { return !replied(a) }
	return slices.ContainsFunc(list, replied) && slices.ContainsFunc(list, lost)
}

// burst sends probes to a host, one soon after the other, and waits for their answers.
func burst(ctx context.Context, by *reach.ICMP, host netip.Addr, probes int) []checks.Answer {
	out := make([]checks.Answer, probes)
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() {
			select {
			case <-time.After(spread * time.Duration(i) / time.Duration(probes)):
			case <-ctx.Done():
			}
			out[i] = by.Ask(ctx, reach.Probe{Host: host.String(), Addr: host, Method: checks.MethodICMP})
		})
	}
	all.Wait()
	return out
}
