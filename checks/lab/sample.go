package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// Sample is what hosts did when they were probed at a moment: for each address one answer
// a probe, in the order in which they were sent, which are given again and again to
// whoever asks at that moment. Its methods may be called from any goroutine.
type Sample struct {
	ASN     checks.ASN // of the network that was probed from
	Answers map[netip.Addr][]checks.Answer
	// Traces are the routers on the way to a host, as [reach.ICMP.Trace] found them.
	Traces map[netip.Addr][]checks.Router

	mu    sync.Mutex
	asked map[netip.Addr]int
}

// Ask is a [reach.Ask] that gives the next recorded answer of the address, as if it had
// been sent now, when it came: after as long as it took. Of what was not recorded,
// another method than ICMP included, nothing is known ([checks.Unmeasured]), and the Detail
// says so. A nil Sample has recorded nothing.
func (s *Sample) Ask(ctx context.Context, p reach.Probe) checks.Answer {
	addr := p.Addr.Unmap()
	a := checks.Answer{Host: p.Host, Addr: addr, Port: p.Port, Method: p.Method, At: time.Now()}
	found, ok := s.next(addr)
	switch {
	case s == nil:
		a.Detail = "nothing was probed in this recording"
	case !ok:
		a.Detail = fmt.Sprintf("%s was not probed in this recording", addr)
	case p.Method != checks.MethodICMP:
		a.Detail = fmt.Sprintf("of %s only pings were recorded", addr)
	default:
		wait := time.NewTimer(found.Took)
		defer wait.Stop()
		select {
		case <-wait.C:
			a.Outcome, a.By, a.Detail, a.Took = found.Outcome, found.By, found.Detail, found.Took
		case <-ctx.Done():
			a.Detail = "the probe was given up before its time was over"
		}
	}
	return a
}

// next gives the answer whose turn it is.
func (s *Sample) next(addr netip.Addr) (a checks.Answer, ok bool) {
	if s == nil || len(s.Answers[addr]) == 0 {
		return checks.Answer{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[netip.Addr]int{}
	}
	n := s.asked[addr]
	s.asked[addr]++
	return s.Answers[addr][n%len(s.Answers[addr])], true
}

// Trace gives the routers that were found on the way to a host, as if they had answered
// now. An error says that the way was not traced in this recording.
func (s *Sample) Trace(ctx context.Context, to netip.Addr) ([]checks.Router, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	to = to.Unmap()
	if s == nil || s.Traces[to] == nil {
		return nil, fmt.Errorf("the way to %s was not traced in this recording", to)
	}
	way := slices.Clone(s.Traces[to])
	for i := range way {
		way[i].At = time.Now()
	}
	return way, nil
}
