package reach

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// The end of the context ends a look-up, whatever the servers do.
func TestLookupDeadline(t *testing.T) {
	nothingLeft(t)
	s := serveDNS(t, silent)
	r := asking(ResolverOptions{Timeout: time.Minute}, s)
	took := make([]time.Duration, 5)
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := r.Lookup(ctx, fmt.Sprintf("h%d.example.org", i))
			took[i] = time.Since(start)
			if e, ok := errors.AsType[*ResolveError](err); !ok || e.Kind != checks.Unmeasured || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want trouble of our own, with the end of the context", err)
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	if took[2] > 300*time.Millisecond {
		t.Errorf("look-ups took %v with 200 ms to go", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := r.Lookup(ctx, "given-up.example.org"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: got %v", err)
	}
}

// What was looked up is kept, failures of the name too; trouble of our own is not.
func TestLookupCached(t *testing.T) {
	s := serveDNS(t, exampleNames().handle)
	r := asking(ResolverOptions{}, s)
	for range 3 {
		for _, host := range []string{"www.example.org", "WWW.example.org.", "no.example.org"} {
			res, _ := r.Lookup(t.Context(), host)
			clear(res.Addrs) // a caller's own
		}
	}
	if res, err := r.Lookup(t.Context(), "www.example.org"); err != nil || !res.Addrs[0].IsValid() {
		t.Errorf("got %v, %v: the cache was changed through its answers", res, err)
	}
	if n := s.questions(""); n != 4 {
		t.Errorf("%d questions, want 2 for each name", n)
	}
	mute := serveDNS(t, rcode(dns.RcodeRefused))
	r = asking(ResolverOptions{}, mute)
	r.Lookup(t.Context(), "www.example.org")
	before := mute.questions("")
	if r.Lookup(t.Context(), "www.example.org"); mute.questions("") == before {
		t.Error("that a server does not serve us is kept")
	}
}

// Many at a time are looked up, each once or more, and nothing is left.
func TestLookupTogether(t *testing.T) {
	nothingLeft(t)
	s := serveDNS(t, exampleNames().handle)
	r := asking(ResolverOptions{}, s)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if _, err := r.Lookup(t.Context(), fmt.Sprintf("c%d.example.org", i%9)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := r.Works(t.Context()); err != nil {
		t.Errorf("a resolver that works: %v", err)
	}
	if err := asking(ResolverOptions{Timeout: 20 * time.Millisecond}, serveDNS(t, silent)).Works(t.Context()); err == nil {
		t.Error("a silent resolver works")
	}
}
