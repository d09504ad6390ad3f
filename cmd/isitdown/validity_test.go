package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// lossOf is a case in which n prefixes of AS131279 are lost.
func lossOf(n int) *checks.Case {
	c := &checks.Case{}
	for i := range n {
		p := netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/24", i))
		c.Baseline.Prefixes = append(c.Baseline.Prefixes, checks.BaselinePrefix{Prefix: p, Origins: []checks.ASN{131279}})
		c.Observations = append(c.Observations, checks.Observation{Prefix: p, Asked: 30})
	}
	return c
}

// answeredBy makes validities whose answers come from ask after a second.
func answeredBy(calls *atomic.Int32, ask func(r checks.RouteOrigin) (checks.Validity, error)) *validities {
	a := &app{config: defaultConfig()}
	s := &sources{app: a, validity: func(ctx context.Context, r checks.RouteOrigin) (checks.OriginValidity, error) {
		calls.Add(1)
		time.Sleep(time.Second)
		state, err := ask(r)
		return checks.OriginValidity{Route: r, State: state}, err
	}}
	return s.newValidities()
}

func invalid(checks.RouteOrigin) (checks.Validity, error) { return checks.Invalid, nil }

func TestValiditiesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		v := answeredBy(&calls, invalid)
		c := lossOf(40)
		gaps := v.look(t.Context(), c)
		if len(c.RPKI) != 16 || calls.Load() != 16 || len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "looked up for 16 of 40") {
			t.Errorf("got %d answers by %d calls, gaps %v: want 16, and that there are more", len(c.RPKI), calls.Load(), gaps)
		}
		v.look(t.Context(), lossOf(16))
		if calls.Load() != 16 {
			t.Errorf("got %d calls once the answers are kept, want no more", calls.Load())
		}
		time.Sleep(validFor)
		v.look(t.Context(), lossOf(16))
		if calls.Load() != 32 {
			t.Errorf("got %d calls once the answers are old, want 32", calls.Load())
		}
	})
}

func TestValiditiesThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		v := answeredBy(&calls, func(r checks.RouteOrigin) (checks.Validity, error) {
			if r.Prefix.Addr().As4()[2] == 1 {
				return 0, errors.New("some reason")
			}
			return checks.NotFound, nil
		})
		for range 2 {
			c := lossOf(3)
			gaps := v.look(t.Context(), c)
			if len(c.RPKI) != 2 || calls.Load() != 3 || len(gaps) != 1 || gaps[0].Reason != "RIPEstat could not be used; whether RPKI allows the routes is not known" {
				t.Errorf("got %v, gaps %v, by %d calls", c.RPKI, gaps, calls.Load())
			}
		}
		time.Sleep(invalidAgain)
		v.look(t.Context(), lossOf(3))
		if calls.Load() != 4 {
			t.Errorf("got %d calls, want the one that failed tried again", calls.Load())
		}
	})
}

// Nobody who looks at a target waits, and it is looked at again when the answers are there.
func TestValiditiesInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, told atomic.Int32
		v := answeredBy(&calls, invalid)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); v.run(ctx) }()
		for range 3 {
			c := lossOf(5)
			if gaps := v.known(c, func() { told.Add(1) }); len(c.RPKI)+len(gaps) > 0 {
				t.Errorf("got %v and %v before anybody answered", c.RPKI, gaps)
			}
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		c := lossOf(5)
		v.known(c, func() { told.Add(1) })
		if len(c.RPKI) != 5 || calls.Load() != 5 || told.Load() != 1 {
			t.Errorf("got %d answers by %d calls, told %d times: want 5, 5 and once", len(c.RPKI), calls.Load(), told.Load())
		}
		stop()
		<-done
	})
}

func TestNobodyToAskAboutValidity(t *testing.T) {
	a := &app{config: defaultConfig()}
	s := &sources{app: a}
	c := lossOf(2)
	if gaps := s.newValidities().look(t.Context(), c); len(gaps)+len(c.RPKI) > 0 {
		t.Errorf("got %v and %v where nobody may be asked", c.RPKI, gaps)
	}
	if gaps := s.newValidities().known(c, nil); len(gaps)+len(c.RPKI) > 0 {
		t.Errorf("got %v and %v where nobody may be asked", c.RPKI, gaps)
	}
	a.vrps = &vrps{}
	s.validity = func(context.Context, checks.RouteOrigin) (checks.OriginValidity, error) { panic("asked") }
	if s.newValidities() != nil {
		t.Error("RIPEstat is asked beside a file of VRPs")
	}
}
