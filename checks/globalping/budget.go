package globalping

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"isitdown/checks/internal/web"
)

// Budget is what the service lets us measure: one test is one probe's. The zero
// value is not known, before the first measurement.
type Budget struct {
	Limit, Remaining int       // tests in the window, which is an hour
	Reset            time.Time // by our clock
}

// BudgetError is a measurement that was not asked for, because the service would
// refuse it or take it from the account's credits.
type BudgetError struct {
	Need int
	Budget
	In time.Duration // until the next window
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("Globalping lets this address have %d more tests and %d are needed: there are new ones in %d min, and more with an account's token",
		e.Remaining, e.Need, max(1, int((e.In+time.Minute-1)/time.Minute)))
}

// Budget gives what was left after the last measurement.
func (c *Client) Budget() Budget {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.budget
}

// afford gives an error where the last answer said that there is not enough left.
func (c *Client) afford(need int, now time.Time) error {
	b := c.Budget()
	if b.Reset.IsZero() || !now.Before(b.Reset) || b.Remaining >= need {
		return nil
	}
	return &BudgetError{Need: need, Budget: b, In: b.Reset.Sub(now)}
}

// spend takes over what an answer says of the budget, a refusal included.
func (c *Client) spend(h http.Header, err error, now time.Time) {
	if e, ok := errors.AsType[*web.Error](err); ok {
		h = e.Header
	}
	limit, err1 := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	left, err2 := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	reset, err3 := strconv.Atoi(h.Get("X-RateLimit-Reset"))
	if err1 != nil || err2 != nil || err3 != nil || limit < 0 || left < 0 || reset < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget = Budget{limit, left, now.Add(seconds(reset))}
}

// seconds bounds what a header says: a window is an hour.
func seconds(n int) time.Duration { return time.Duration(min(n, 24*3600)) * time.Second }
