package reach

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/errqueue"
)

const (
	traceHops  = 30
	traceWidth = 5 // hops that are asked at once; where all of them are silent, it ends
	traceWait  = time.Second
	traceTries = 2
	traceTime  = 15 * time.Second
)

// Trace finds the routers on the way to a host, as traceroute does: packets that may
// pass one router, two, and so on; who discards one says so. It asks each hop twice, by
// echo and by UDP where echoes are permitted without privileges, otherwise by UDP alone,
// five hops at once, waits a second for each answer, and ends where the host itself answers, where a router says that it
// goes no further, after five at once that are silent, after 30 hops or 15 s.
//
// The routers are those that answered, nearest first, without their networks. An error
// says that nothing could be learned from here: [errqueue.ErrUnsupported] where the system
// is not Linux, a [RefusedError], or trouble of this machine. What was found before the
// context ended is given without one.
func (c *ICMP) Trace(ctx context.Context, to netip.Addr) ([]checks.Router, error) {
	to = to.Unmap()
	if err := c.options.Shield.Addr(to); err != nil {
		return nil, err
	}
	if !errqueue.Supported {
		return nil, fmt.Errorf("tracing the way to %s: %w", to, errqueue.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeout(ctx, traceTime)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ways := []errqueue.Way{errqueue.UDP}
	if errqueue.Permitted(to.Is6()) == nil {
		ways = []errqueue.Way{errqueue.Echo, errqueue.UDP}
	}
	var found []checks.Router
	for first := 1; first <= traceHops; first += traceWidth {
		hops := c.hops(ctx, to, first, ways)
		all, end, err := gather(to, found, first, hops)
		if found = all; len(found) == 0 && err != nil {
			return nil, fmt.Errorf("tracing the way to %s: %w", to, err)
		}
		if end || err != nil || ctx.Err() != nil {
			break
		}
	}
	if len(found) == 0 && ctx.Err() != nil {
		return nil, fmt.Errorf("tracing the way to %s: %w", to, ctx.Err())
	}
	return found, nil
}

// hop is what came of asking one hop.
type hop struct {
	errqueue.Report
	at  time.Time
	err error
}

// hops asks traceWidth hops at once.
func (c *ICMP) hops(ctx context.Context, to netip.Addr, first int, ways []errqueue.Way) []hop {
	hops := make([]hop, min(traceWidth, traceHops+1-first))
	var all sync.WaitGroup
	for i := range hops {
		all.Go(func() { hops[i] = c.hop(ctx, to, first+i, ways) })
	}
	all.Wait()
	return hops
}

// hop asks one hop until it answers.
func (c *ICMP) hop(ctx context.Context, to netip.Addr, number int, ways []errqueue.Way) (h hop) {
	for try := range traceTries {
		if err := c.starts.wait(ctx); err != nil {
			return hop{}
		}
		ctx, cancel := context.WithTimeout(ctx, c.hopWait)
		h.Report, h.err = errqueue.Send(ctx, errqueue.Probe{
			To: to, Way: ways[try%len(ways)], Port: tracePort + uint16(number), Hops: number, Payload: c.payload(),
		})
		cancel()
		h.at = time.Now()
		if errors.Is(h.err, context.DeadlineExceeded) || errors.Is(h.err, context.Canceled) {
			h.err = nil
		}
		if h.err != nil || h.Kind != errqueue.Nothing {
			break
		}
	}
	return h
}

// gather adds the routers among hops that were asked at once to those before them, and
// says whether there is nothing behind them.
func gather(to netip.Addr, found []checks.Router, first int, hops []hop) (all []checks.Router, end bool, err error) {
	before := len(found)
	for i, h := range hops {
		switch {
		case h.err != nil:
			return found, true, h.err
		case h.Kind == errqueue.Nothing:
			continue
		case h.Own && !onLink(to):
			return found, true, errors.New("our own gateway does not answer")
		case h.Own:
			return found, true, nil
		case h.Kind != errqueue.Expired && len(found) > 0 && found[len(found)-1].Addr == h.By:
			return found, true, nil // it spoke of a packet before, and now of what is behind it
		}
		arrived := h.By.WithZone("") == to.WithZone("")
		number := first + i
		if !arrived && h.Kind != errqueue.Expired {
			number = following(found, number)
		}
		found = append(found, checks.Router{Addr: h.By, Number: number, Toward: to, Arrived: arrived, At: h.at})
		if arrived || h.Kind != errqueue.Expired {
			return found, true, nil
		}
	}
	return found, len(found) == before, nil
}

// following gives the number of a router that says of a packet which might pass so many
// that it goes no further. It says so to whatever comes, be it the first router itself: where
// those before it were silent, which it often is for having said it a moment ago, the number
// is not known.
func following(found []checks.Router, hops int) int {
	next := 1
	if len(found) > 0 {
		next = found[len(found)-1].Number + 1
	}
	if hops > next {
		return 0
	}
	return hops
}
