package reach

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Both addresses of a name lead to the same place: the second one waits a second for
// manners' sake, and is not refused; nor is it held up by probes under way. What would
// take minutes is refused, and nobody waits longer than there is time.
func TestHop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := netip.MustParseAddrPort("175.45.176.2:443")
		a := NewAsker(AskerOptions{Shield: NewShield(ShieldOptions{Own: func() []netip.Addr { return nil }}), Manners: NewManners(MannersOptions{}), InFlight: 1})
		a.turn <- struct{}{} // the probe that meets the redirect
		began := time.Now()
		for i := range 15 {
			if err := a.Hop(t.Context(), to); err != nil {
				t.Fatalf("hop %d: %v", i, err)
			}
		}
		if took := time.Since(began); took != 14*time.Second {
			t.Errorf("15 hops to a host took %v, want a second between two", took)
		}
		began = time.Now()
		err := a.Hop(t.Context(), to)
		if _, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(err.Error(), "as often as we allow ourselves") || time.Since(began) > maxWait {
			t.Errorf("one too many: got %v after %v, want it refused at once", err, time.Since(began))
		}
		other := netip.MustParseAddrPort("[2408:8000:2::2]:443")
		if err := a.Hop(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began = time.Now()
		if err := a.Hop(ctx, other); err == nil || time.Since(began) != 200*time.Millisecond {
			t.Errorf("no time to wait: got %v after %v", err, time.Since(began))
		}
		if n := a.Counts().HeldBack; n != 1 {
			t.Errorf("%d are counted as held back, want 1", n)
		}
	})
}
