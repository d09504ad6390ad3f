package slack

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// attempt is what is known of one call afterwards, whatever became of its error on the
// way through a library.
type attempt struct {
	// reached: there was a connection, so the request may have been taken.
	reached atomic.Bool
	// What answered; status is 0 where nothing did.
	status     int
	html       bool
	retryAfter time.Duration
}

type attemptKey struct{}

// watch gives a context in which a call is recorded.
func watch(ctx context.Context) (context.Context, *attempt) {
	a := &attempt{}
	return context.WithValue(ctx, attemptKey{}, a), a
}

// maxAnswer bounds what is read of an answer, in bytes. A message comes back
// whole, with all that Slack adds to it.
const maxAnswer = 4 << 20

// wire records each attempt and bounds each answer.
type wire struct{ next http.RoundTripper }

// count gives a copy of h that records attempts.
func count(h *http.Client) *http.Client {
	next := h.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	counted := *h
	counted.Transport = wire{next}
	return &counted
}

// RoundTrip implements [http.RoundTripper].
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	a, ok := r.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		a = &attempt{}
	}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { a.reached.Store(true) }}
	resp, err := w.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	a.reached.Store(true)
	a.status = resp.StatusCode
	a.retryAfter = seconds(resp.Header.Get("Retry-After"))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	a.html = kind == "text/html"
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// maxRetryAfter bounds what is believed of a Retry-After.
const maxRetryAfter = time.Hour

func seconds(header string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(header), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxRetryAfter)
}
