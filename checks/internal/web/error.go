package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// Kind says what went wrong, for programs and for metrics.
type Kind string

// The kinds of an [Error].
const (
	Refused    Kind = "refused"    // no connection, or one closed without an answer
	Untrusted  Kind = "untrusted"  // its certificate is not accepted
	Timeout    Kind = "timeout"    // no answer, or not the whole of it, in time
	Canceled   Kind = "canceled"   // by the caller
	Limited    Kind = "limited"    // 429, or 503 with Retry-After: it wants to be left alone
	Refusal    Kind = "refusal"    // 4xx, and everything else that is no answer
	Broken     Kind = "broken"     // 5xx
	NotJSON    Kind = "not_json"   // a page, or what only pretends to be JSON
	Empty      Kind = "empty"      // an answer without a body
	Truncated  Kind = "truncated"  // it breaks off
	TooLarge   Kind = "too_large"  // larger than the limit
	Schema     Kind = "schema"     // JSON, but not what was expected
	Skewed     Kind = "skewed"     // its clock and ours differ
	Open       Kind = "open"       // not asked, because it failed again and again
	Redirected Kind = "redirected" // to where it is not followed
	Unsent     Kind = "unsent"     // the question could not be put together
)

// fault reports whether the service, or the way to it, is to blame.
func (k Kind) fault() bool {
	switch k {
	case Refused, Untrusted, Timeout, Broken, NotJSON, Empty, Truncated, TooLarge:
		return true
	}
	return false
}

// Error is a question that got no answer. Its text is for the operator, that of
// [Error.Gap] for everyone; neither holds a secret.
type Error struct {
	Service string
	Kind    Kind
	Method  string
	URL     string // shortened, without secrets
	Status  int    // zero where there was no answer
	Header  http.Header
	// Detail is what the service says of it: one line, shortened, foreign.
	Detail     string
	RetryAfter time.Duration // how long it is not to be asked; zero where not known
	Limit      time.Duration // of a Timeout
	Bytes      int64         // that came of a Truncated answer; the limit of one TooLarge
	Skew       time.Duration // how far its clock is ahead of ours
	Attempts   int

	err    error
	before *Error // of an Open: the failure that it comes of
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "asking %s", e.Service)
	if e.URL != "" {
		fmt.Fprintf(&b, " (%s %s)", e.Method, e.URL)
	}
	fmt.Fprintf(&b, ": %s", e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", HTTP status %d", e.Status)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", %d attempts", e.Attempts)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", not again for %s", Span(e.RetryAfter))
	}
	if e.err != nil {
		fmt.Fprintf(&b, ": %v", e.err)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": it says %s", quote(e.Detail))
	}
	return b.String()
}

// Unwrap gives the cause where it is one of the standard library's that callers
// ask for: a context's, a deadline's, an early end.
func (e *Error) Unwrap() error {
	switch {
	case e.Kind == Canceled:
		return context.Canceled
	case e.Kind == Timeout:
		return context.DeadlineExceeded
	case e.Kind == Truncated:
		return io.ErrUnexpectedEOF
	}
	return nil
}

// callers reports whether it was the caller who had no time, or no patience.
func (e *Error) callers() bool { return e.Kind == Canceled || e.Kind == Timeout && e.Limit == 0 }

// fail makes an error. The text of the cause is kept, without its secrets.
func (c *Client) fail(kind Kind, r Request, cause error) *Error {
	e := &Error{Service: c.o.Service, Kind: kind, Method: r.method(), URL: c.hide.url(r.URL)}
	if cause != nil {
		e.err = errors.New(c.hide.text(checks.OneLine(cause.Error(), 300)))
	}
	return e
}

// wrap finds out what an error of the transport means. ctx is that of the attempt.
func (c *Client) wrap(ctx context.Context, r Request, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	// What a url.Error adds is the address, with all that stands in its query.
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	kind := Refused
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errSlow), cause != nil && errors.Is(cause, context.DeadlineExceeded):
		kind = Timeout
	case cause != nil:
		kind = Canceled
	case redirected(err):
		kind = Redirected
	case untrusted(err):
		kind = Untrusted
	case errors.Is(err, io.ErrUnexpectedEOF):
		kind = Truncated
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		kind = Timeout
	case unsent(err):
		kind = Unsent
	}
	e := c.fail(kind, r, err)
	if kind == Timeout {
		e.Limit = cmp.Or(max(r.Timeout, 0), c.o.Timeout)
		if !errors.Is(context.Cause(ctx), errSlow) {
			e.Limit = 0 // it was the caller's, or the transport's own
		}
	}
	return e
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return unknown || name
}

// unsent reports whether an error came before anything was sent: an address that
// is none, a body that cannot be encoded.
func unsent(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return false
	}
	text := err.Error()
	for _, sign := range []string{"encoding the question", "unsupported protocol scheme", "invalid header field", "invalid URL", "invalid method", "no Host in request URL", "parse ", "invalid control character", "missing protocol scheme", "invalid port", "first path segment"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func (c *Client) tooLarge(r Request) *Error {
	e := c.fail(TooLarge, r, nil)
	e.Bytes = c.maxBody(r)
	return e
}

// detailBytes is how much of a refusal is read for what it says, and maxText how much of
// that is kept, in characters.
const (
	detailBytes = 4 << 10
	maxText     = 200
)

// refusal looks at the status; nil is an answer.
func (c *Client) refusal(s *Stream) *Error {
	if slices.Contains(s.r.Also, s.Status) {
		return nil
	}
	kind := Refusal
	switch {
	case s.Status >= 200 && s.Status <= 299:
		return nil
	case s.Status == http.StatusTooManyRequests:
		kind = Limited
	case s.Status == http.StatusServiceUnavailable && s.Header.Get("Retry-After") != "":
		kind = Limited
	case s.Status >= 500:
		kind = Broken
	case s.Status >= 300 && s.Status <= 399:
		kind = Redirected
	}
	e := c.fail(kind, s.r, nil)
	e.Status, e.Header, e.Skew = s.Status, s.Header, s.Skew
	if kind == Limited {
		if e.RetryAfter = retryAfter(s.Header, s.At); e.RetryAfter > 0 {
			c.hold(e, s.At.Add(e.RetryAfter))
		}
	}
	e.Detail = c.hide.text(c.detail(s))
	return e
}

// detail reads what a refusal says: its message where it is JSON, its text where
// it is plain, nothing where it is a page.
func (c *Client) detail(s *Stream) string {
	kind := mediaType(s.Header)
	if !mayBeJSON(kind) {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(s.body, detailBytes))
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		return checks.OneLine(message(fields, 3), maxText)
	}
	if kind == "text/plain" {
		return checks.OneLine(string(body), maxText)
	}
	return ""
}

// message looks for what an error's JSON says, where services put it.
func message(v any, depth int) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 && depth > 0 {
			return message(v[0], depth-1)
		}
	case map[string]any:
		for _, name := range []string{"message", "error_description", "detail", "error", "errors", "messages", "title"} {
			if text := message(v[name], depth-1); depth > 0 && text != "" {
				return text
			}
		}
	}
	return ""
}
