package web

import (
	"net/http"
	"strconv"
	"time"
)

// MaxSkew is how far a service's clock may differ from ours before it is said:
// what is fresh by one clock is old by the other.
const MaxSkew = 5 * time.Minute

// skew is how far the clock that made an answer is ahead of ours: by the Date of
// the answer and, where a cache in between kept it, its Age (RFC 9111, section 5.1).
func skew(h http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		date = date.Add(time.Duration(age) * time.Second)
	}
	return date.Sub(now)
}

// Skewed gives an error of Kind Skewed where the clock of the service and ours
// differ by more than [MaxSkew], else nil. The answer can be used all the same,
// with a gap that says so.
func (c *Client) Skewed(r Reply) error {
	if r.Skew.Abs() <= MaxSkew {
		return nil
	}
	e := c.fail(Skewed, Request{}, nil)
	e.Skew = r.Skew
	return e
}
