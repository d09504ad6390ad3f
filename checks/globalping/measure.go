package globalping

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"isitdown/checks/internal/web"
)

// flight is a measurement under way, or one that still answers. The fields may be
// read once done is closed.
type flight struct {
	done  chan struct{}
	until time.Time
	m     *Measurement
	err   error
}

// ErrUnfinished is what [Client.Measure] gives beside a measurement that was still
// under way when the time was over.
var ErrUnfinished = errors.New("the measurement is not finished")

var errTooLong = errors.New("it takes longer than a probe may")

// Measure has a question measured and waits for the end, half a minute at most.
// Who asks the same within a minute gets the same.
//
// Both results may be set: the measurement is then what had come when the time was
// over (Done is false), or came from a service whose clock is off. Besides those of
// the network the errors are [*TargetError], before anything is asked, and
// [*BudgetError].
func (c *Client) Measure(ctx context.Context, q Question) (*Measurement, error) {
	if len(q.Places) == 0 {
		q.Places = DefaultPlaces()
	}
	r, err := q.request()
	if err != nil {
		return nil, err
	}
	for {
		f, mine := c.join(q.key(), time.Now())
		if mine {
			return c.fly(ctx, f, &q, r)
		}
		select {
		case <-f.done:
			if !impatient(f.err) {
				return f.m, f.err
			}
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("waiting for Globalping: %w", err)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for Globalping: %w", ctx.Err())
		}
	}
}

// impatient reports whether it was the caller who would not wait. The patience of
// another is not ours.
func impatient(err error) bool {
	if e, ok := errors.AsType[*web.Error](err); ok && e.Limit > 0 {
		return false // the service had its time
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// join gives the flight for a key, and whether it is the caller's to make.
func (c *Client) join(key string, now time.Time) (f *flight, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, f := range c.kept {
		select {
		case <-f.done:
			if !now.Before(f.until) {
				delete(c.kept, k)
			}
		default:
		}
	}
	if f = c.kept[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.kept[key] = f
	return f, true
}

// fly makes the measurement on behalf of all who wait. What failed, or was not
// waited for, is not kept.
func (c *Client) fly(ctx context.Context, f *flight, q *Question, r *request) (*Measurement, error) {
	defer close(f.done) // also where asking panics
	f.m, f.err = c.measure(ctx, q, r)
	if f.err == nil {
		f.until = time.Now().Add(fresh)
	}
	return f.m, f.err
}

func (c *Client) measure(ctx context.Context, q *Question, r *request) (*Measurement, error) {
	if err := c.afford(q.probes(), time.Now()); err != nil {
		return nil, err
	}
	id, skewed, err := c.create(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("creating a measurement: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, waitTime, errTooLong)
	defer cancel()
	m, err := c.poll(ctx, id, q.Kind)
	if err != nil {
		return m, fmt.Errorf("waiting for measurement %s: %w", id, err)
	}
	return m, skewed
}

// create asks for a measurement and gives its ID. skewed is set where the clock of
// the service is off: the measurement is there all the same.
func (c *Client) create(ctx context.Context, r *request) (id string, skewed, err error) {
	var created struct {
		ID     string `json:"id"`
		Probes int    `json:"probesCount"`
	}
	reply, err := c.web.JSON(ctx, web.Request{
		Method: http.MethodPost, URL: c.base + "/v1/measurements", Body: r,
		Check: func() error {
			if !validID(created.ID) {
				return fmt.Errorf("the measurement's ID is %.80q", created.ID)
			}
			return nil
		},
	}, &created)
	c.spend(reply.Header, err, time.Now())
	if err != nil {
		return "", nil, err
	}
	return created.ID, c.web.Skewed(reply), nil
}

// validID reports whether an ID can stand in an address.
func validID(id string) bool {
	return id != "" && len(id) <= maxID && strings.Trim(id, ".") != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.~", r))
	})
}

// poll looks at a measurement until it is final, pausing after each answer as the
// API asks. When the time is over it gives what had come until then.
func (c *Client) poll(ctx context.Context, id string, kind Kind) (last *Measurement, err error) {
	header := http.Header{}
	for {
		var m measurement
		var next *Measurement
		reply, err := c.web.JSON(ctx, web.Request{
			URL: c.base + "/v1/measurements/" + url.PathEscape(id), Header: header, Also: []int{http.StatusNotModified},
			Check: func() (err error) {
				if err = m.check(id, kind); err == nil {
					next, err = m.measurement()
				}
				return err
			},
		}, &m)
		switch {
		case err != nil && ctx.Err() != nil:
			return last, unfinished(ctx)
		case err != nil:
			return last, err
		}
		if next != nil {
			if last = next; last.Done {
				return last, nil
			}
		}
		if tag := reply.Header.Get("ETag"); tag != "" {
			header = http.Header{"If-None-Match": {tag}}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return last, unfinished(ctx)
		}
	}
}

// unfinished says whose time is over.
func unfinished(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrUnfinished, context.Cause(ctx))
}
