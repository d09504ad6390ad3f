package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	longestDelay = 10 * time.Second // of a back-off, on average
	// openAfter failures in a row leave a service alone for openFor.
	openAfter = 5
	openFor   = 30 * time.Second
	// longestHold bounds what a Retry-After is believed.
	longestHold = time.Hour
)

// run makes attempts until one succeeds or no other helps.
func (c *Client) run(ctx context.Context, r Request, attempt func() *Error) (attempts int, fail *Error) {
	var last *Error
	policy := retrypolicy.NewBuilder[any]().
		WithMaxAttempts(c.o.Attempts).
		HandleIf(func(_ any, err error) bool { return c.again(ctx, r, err) }).
		WithDelayFunc(func(e failsafe.ExecutionAttempt[any]) time.Duration {
			delay := c.delayAfter(last, attempts)
			c.o.Log.DebugContext(ctx, "asking again", "service", c.o.Service, "attempt", attempts, "in", delay, "error", last)
			return delay
		}).
		ReturnLastFailure().
		Build()
	err := failsafe.With[any](policy, c.breaker).WithContext(ctx).Run(func() error {
		attempts++
		if last = attempt(); last != nil {
			return last
		}
		return nil
	})
	switch {
	case err == nil:
		return attempts, nil
	case errors.Is(err, circuitbreaker.ErrOpen) && last == nil:
		fail = c.fail(Open, r, nil)
		fail.RetryAfter = c.breaker.RemainingDelay()
		c.mu.Lock()
		fail.before = c.last
		c.mu.Unlock()
	case last == nil || ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		fail = c.wrap(ctx, r, ctx.Err())
	default:
		fail = last
	}
	if fail.Kind.fault() {
		c.mu.Lock()
		c.last = fail
		c.mu.Unlock()
	}
	fail.Attempts = attempts
	return attempts, fail
}

// again reports whether asking once more may help, in time.
func (c *Client) again(ctx context.Context, r Request, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || ctx.Err() != nil {
		return false
	}
	switch e.Kind {
	case Refused, Limited:
	case Broken:
		// 503 is said before anything is done; after the others a question that is
		// not idempotent may have been acted on.
		if e.Status == http.StatusNotImplemented || !r.idempotent() && e.Status != http.StatusServiceUnavailable {
			return false
		}
	case Timeout, Truncated, Empty, NotJSON:
		if !r.idempotent() {
			return false
		}
	default:
		return false
	}
	if e.RetryAfter > c.o.MaxWait {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > max(e.RetryAfter, c.o.Backoff)
}

func (r Request) idempotent() bool {
	m := r.method()
	return m == http.MethodGet || m == http.MethodHead
}

// delayAfter says how long to wait after the given number of attempts: as long as
// the service says and a little, or a back-off that is spread by half about its mean.
func (c *Client) delayAfter(last *Error, attempts int) time.Duration {
	if last != nil && last.RetryAfter > 0 {
		return last.RetryAfter + rand.N(200*time.Millisecond)
	}
	mean := min(c.o.Backoff<<min(max(attempts-1, 0), 10), longestDelay)
	return mean/2 + rand.N(mean)
}

// newBreaker makes what leaves the service alone after failures that are its own
// or the network's.
func (c *Client) newBreaker() circuitbreaker.CircuitBreaker[any] {
	var breaker circuitbreaker.CircuitBreaker[any]
	breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(openAfter).
		WithSuccessThreshold(1).
		WithDelay(openFor).
		WithJitterFactor(0.2).
		HandleIf(func(_ any, err error) bool {
			e, ok := errors.AsType[*Error](err)
			if !ok {
				return false
			}
			// A trial that was given up says nothing good of the service.
			return e.Kind.fault() || e.Kind == Canceled && breaker.IsHalfOpen()
		}).
		OnOpen(func(circuitbreaker.StateChangedEvent) {
			c.o.Log.Warn("a service fails again and again and is left alone for a while", "service", c.o.Service, "for", openFor)
		}).
		Build()
	return breaker
}

// hold notes that the service asked to be left alone.
func (c *Client) hold(e *Error, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.till) {
		c.held, c.till = e, until
	}
}

// resting gives the error that stands for a question which is not asked because
// the service asked to be left alone; nil where it may be asked.
func (c *Client) resting(r Request) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := time.Until(c.till)
	if left <= 0 {
		return nil
	}
	e := c.fail(c.held.Kind, r, nil)
	e.Status, e.RetryAfter = c.held.Status, left
	return e
}

// retryAfter reads how long a service asks to wait: Retry-After in seconds or as
// an HTTP date (RFC 9110, section 10.2.3), else RateLimit-Reset and what came
// before it, in seconds. Zero where it says nothing that can be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"} {
		text := strings.TrimSpace(h.Get(name))
		if seconds, err := strconv.ParseUint(text, 10, 63); err == nil {
			// What is larger than a month is a moment, in seconds since 1970.
			if name != "Retry-After" && seconds > 30*24*3600 {
				continue
			}
			return time.Duration(min(seconds, uint64(longestHold/time.Second))) * time.Second
		}
		if at, err := http.ParseTime(text); err == nil && name == "Retry-After" {
			// Their clock may be off: what counts is the distance from their own date.
			if date, err := http.ParseTime(h.Get("Date")); err == nil {
				now = date
			}
			return min(max(at.Sub(now), 0), longestHold)
		}
	}
	return 0
}
