package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// leastPace is how many bytes a stream must deliver in each second of the
// timeout, on average over it: a server that drips is no better than a silent one.
const leastPace = 256

// Stream is an answer that is read as it comes. It must be closed. A Read that
// fails gives an [*Error]: Truncated where the answer breaks off, TooLarge at the
// limit, Timeout where less than 256 bytes a second came within the timeout.
type Stream struct {
	Reply

	c       *Client
	r       Request
	ctx     context.Context // of the attempt; it ends with the stream
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
	body    io.ReadCloser
	left    int64 // bytes that may still come
	got     int64 // bytes since the timer was set
	whole   bool  // the timer runs for the whole answer
	close   sync.Once
	release func()
}

// Stream asks and gives the answer to be read, whatever its type. Only asking is
// repeated by itself; the context holds for reading, too. The error is an [*Error].
func (c *Client) Stream(ctx context.Context, r Request) (*Stream, error) {
	began := time.Now()
	var s *Stream
	attempts, err := c.run(ctx, r, func() (err *Error) {
		s, err = c.exchange(ctx, r, "*/*")
		return err
	})
	if err != nil {
		c.observe(began, Reply{}, err)
		return nil, err
	}
	s.Attempts, s.whole = attempts, false
	s.timer.Reset(s.timeout)
	c.observe(began, s.Reply, nil)
	return s, nil
}

var errSlow = errors.New("timeout of one attempt")

// exchange sends the request once and gives the answer, its body not yet read. An
// answer that is a refusal is an error.
func (c *Client) exchange(ctx context.Context, r Request, accept string) (_ *Stream, fail *Error) {
	if e := c.resting(r); e != nil {
		return nil, e
	}
	release, err := c.admit(ctx)
	if err != nil {
		return nil, c.wrap(ctx, r, err)
	}
	timeout := cmp.Or(max(r.Timeout, 0), c.o.Timeout)
	s := &Stream{c: c, r: r, timeout: timeout, left: c.maxBody(r), whole: true, release: release}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.timer = time.AfterFunc(timeout, func() { s.cancel(errSlow) })
	defer func() {
		if fail != nil {
			s.Close()
		}
	}()
	req, err := c.request(s.ctx, r, accept)
	if err != nil {
		return nil, c.wrap(s.ctx, r, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.wrap(s.ctx, r, err)
	}
	s.body = resp.Body
	now := time.Now()
	s.Reply = Reply{Status: resp.StatusCode, Header: resp.Header, At: now, Skew: skew(resp.Header, now), Bytes: max(resp.ContentLength, 0)}
	if e := c.refusal(s); e != nil {
		return nil, e
	}
	if resp.ContentLength > s.left {
		return nil, c.tooLarge(r)
	}
	return s, nil
}

func (c *Client) maxBody(r Request) int64 {
	if r.MaxBody > 0 {
		return r.MaxBody
	}
	return c.o.MaxBody
}

// admit waits for a turn.
func (c *Client) admit(ctx context.Context) (release func(), err error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := c.pace.wait(ctx); err != nil {
		<-c.slots
		return nil, err
	}
	return func() { <-c.slots }, nil
}

func (c *Client) request(ctx context.Context, r Request, accept string) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		data, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("encoding the question: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), r.URL, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, c.o.Header)
	maps.Copy(req.Header, r.Header)
	if c.o.UserAgent != "" {
		req.Header.Set("User-Agent", c.o.UserAgent)
	}
	return req, nil
}

// Read reads of the body.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return n, e
	}
	e := s.c.wrap(s.ctx, s.r, err)
	if e.Kind == Refused { // a connection that is reset after the answer began
		e.Kind = Truncated
	}
	return n, e
}

func (s *Stream) read(p []byte) (int, error) {
	if s.left <= 0 {
		// The limit is reached: one byte more is too much, the end is well.
		var b [1]byte
		n, err := io.ReadFull(s.body, b[:])
		if n > 0 {
			return 0, s.c.tooLarge(s.r)
		}
		return 0, err
	}
	n, err := s.body.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if s.got += int64(n); !s.whole && s.got >= int64(s.timeout.Seconds()*leastPace) {
		s.got = 0
		s.timer.Reset(s.timeout)
	}
	return n, err
}

// Close ends the exchange. It may be called more than once.
func (s *Stream) Close() error {
	s.close.Do(func() {
		s.timer.Stop()
		if s.body != nil {
			s.finish()
			s.body.Close()
		}
		s.cancel(context.Canceled)
		s.release()
	})
	return nil
}

// finish reads what little may be left, so that the connection can be used again.
func (s *Stream) finish() {
	if s.ctx.Err() == nil && s.Bytes <= detailBytes && slices.Contains(s.r.Also, s.Status) {
		io.CopyN(io.Discard, s.body, detailBytes)
	}
}
