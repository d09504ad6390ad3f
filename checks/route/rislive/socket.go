package rislive

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"isitdown/checks"

	"github.com/coder/websocket"
)

const (
	// maxFrame bounds a frame. The longest BGP message (RFC 8654) of 65,535 bytes,
	// once in hexadecimal and once as prefixes in quotes, stays below it.
	maxFrame = 1 << 20
	// handshakeTimeout is from the look-up of the name to the answer to the upgrade.
	handshakeTimeout = 30 * time.Second
	// writeTimeout bounds the sending of one of our small frames.
	writeTimeout = 10 * time.Second
)

// socket is one WebSocket connection (RFC 6455).
type socket struct {
	conn *websocket.Conn
	buf  []byte
}

// refusal is an answer to the handshake that is not an upgrade.
type refusal struct {
	status int
	after  time.Duration // Retry-After, zero where it says none
	err    error
}

func (r *refusal) Error() string {
	if r.status == 0 {
		return r.err.Error()
	}
	return fmt.Sprintf("the server answers %d %s in place of opening a stream", r.status, http.StatusText(r.status))
}

func (r *refusal) Unwrap() error { return r.err }

// dial connects. alive is called when the server pings.
func dial(ctx context.Context, o *Options, alive func()) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	header := http.Header{}
	if o.UserAgent != "" {
		header.Set("User-Agent", o.UserAgent)
	}
	conn, resp, err := websocket.Dial(ctx, o.address(), &websocket.DialOptions{
		HTTPClient: nearRedirects(o.HTTP), HTTPHeader: header,
		OnPingReceived: func(context.Context, []byte) bool { alive(); return true },
	})
	if err != nil {
		r := &refusal{err: plainError(err)}
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			r.status, r.after = resp.StatusCode, retryHeader(resp.Header, time.Now())
		}
		return nil, r
	}
	conn.SetReadLimit(maxFrame)
	return &socket{conn: conn}, nil
}

// nearRedirects lets a client be sent on within the host that it asked, a few times, and
// never to where nothing is encrypted; the library follows for ever and everywhere. The
// answer that sends elsewhere is then the answer.
func nearRedirects(c *http.Client) *http.Client {
	near := *c
	near.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		first := via[0].URL
		if len(via) > 3 || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
			return http.ErrUseLastResponse
		}
		if c.CheckRedirect != nil {
			return c.CheckRedirect(req, via)
		}
		return nil
	}
	return &near
}

// plainError takes the address out of an error, which says it at length and with
// what stands in its query.
func plainError(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// read gives the next frame, which is good until the next call. It ends with close.
func (s *socket) read() ([]byte, error) {
	// A context that can end costs three allocations a frame; close does as well.
	_, r, err := s.conn.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	s.buf = s.buf[:0]
	for {
		if len(s.buf) == cap(s.buf) {
			s.buf = append(s.buf, make([]byte, max(4096, cap(s.buf)))...)[:len(s.buf)]
		}
		n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if errors.Is(err, io.EOF) {
			return s.buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *socket) write(ctx context.Context, frame []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, writeTimeout, errStuck)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, frame); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// close ends the connection at once, and with it a read under way.
func (s *socket) close() { _ = s.conn.CloseNow() }

// maxRetryAfter bounds how long a server may send us away.
const maxRetryAfter = 15 * time.Minute

// retryHeader reads Retry-After (RFC 9110 section 10.2.3).
func retryHeader(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(now), 0), maxRetryAfter)
}

// reason gives half a sentence for a person: why there is no connection. The error
// itself is for the log.
func reason(err error) string {
	var closed websocket.CloseError
	var refused *refusal
	var timeout net.Error
	switch {
	case errors.As(err, &closed) && closed.Reason != "":
		return fmt.Sprintf("the server closed it with code %d, %q", int(closed.Code), checks.OneLine(closed.Reason, maxText))
	case errors.As(err, &closed):
		return fmt.Sprintf("the server closed it with code %d", int(closed.Code))
	case errors.As(err, &refused) && refused.status != 0:
		return refused.Error()
	case errors.Is(err, errStalled), errors.Is(err, errStuck), errors.Is(err, errGarbage), errors.Is(err, errRefused):
		return err.Error()
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Sprintf("a message was longer than %d bytes", maxFrame)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was cut"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused"
	case isA[*net.DNSError](err):
		return "its name cannot be looked up"
	case isA[*tls.CertificateVerificationError](err):
		return "its certificate is not accepted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("there is no answer within %v", handshakeTimeout)
	case refused != nil:
		return "the handshake fails"
	}
	return "what comes is not what a WebSocket sends"
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
