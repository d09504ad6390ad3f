package chattest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fault is what happens to a request on its way to a platform.
type Fault int

// The faults. Of those that cut the connection, the first does so before the
// platform has the request, the second after it has answered it.
const (
	Pass Fault = iota
	TooMany
	TooManyHTML // a wall in front of the platform says no
	Unavailable
	UnavailableHTML
	Slow
	CutBefore
	CutAfter
)

// String gives the lower-case word used in a test's log.
func (f Fault) String() string {
	return [...]string{"pass", "429", "429 html", "503", "503 html", "slow", "cut before", "cut after"}[f]
}

// FaultProxy stands in front of a platform, or of a counterpart of one, and does
// to requests what goes wrong on the way: none of the counterparts does it.
type FaultProxy struct {
	// URL is where it listens, without a slash at its end.
	URL string
	// RetryAfter is what a 429 or 503 asks for; 1 s, the least that a header can say.
	RetryAfter time.Duration
	// Delay is how long a slow request waits; 20 ms.
	Delay time.Duration

	upstream string
	choose   func(r *http.Request, body []byte) Fault
	client   *http.Client

	mu     sync.Mutex
	counts map[Fault]int
}

// NewFaultProxy starts a proxy before the server at upstream, until the test ends.
// choose says what happens to a request; it is called from several goroutines.
func NewFaultProxy(t testing.TB, upstream string, choose func(r *http.Request, body []byte) Fault) *FaultProxy {
	t.Helper()
	p := &FaultProxy{
		RetryAfter: time.Second, Delay: 20 * time.Millisecond,
		upstream: strings.TrimSuffix(upstream, "/"), choose: choose, counts: make(map[Fault]int),
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s := httptest.NewServer(p)
	p.URL = s.URL
	t.Cleanup(func() {
		s.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// Counts gives how often each fault has happened so far.
func (p *FaultProxy) Counts() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// ServeHTTP is for net/http.
func (p *FaultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever asked is gone, and the platform never had it
	}
	fault := p.choose(r, body)
	p.mu.Lock()
	p.counts[fault]++
	p.mu.Unlock()
	switch fault {
	case TooMany, TooManyHTML:
		p.retryAfter(w)
		refuse(w, http.StatusTooManyRequests, fault == TooManyHTML,
			fmt.Sprintf(`{"ok":false,"error":"ratelimited","message":"You are being rate limited.","retry_after":%g,"global":false}`, p.RetryAfter.Seconds()))
	case Unavailable, UnavailableHTML:
		p.retryAfter(w)
		refuse(w, http.StatusServiceUnavailable, fault == UnavailableHTML, `{"ok":false,"error":"service_unavailable"}`)
	case CutBefore:
		cut(w)
	case CutAfter:
		if resp, err := p.forward(r, body); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		cut(w)
	case Slow:
		time.Sleep(p.Delay)
		p.pass(w, r, body)
	default:
		p.pass(w, r, body)
	}
}

func (p *FaultProxy) retryAfter(w http.ResponseWriter) {
	w.Header().Set("Retry-After", fmt.Sprint(math.Ceil(p.RetryAfter.Seconds())))
}

func refuse(w http.ResponseWriter, status int, html bool, text string) {
	kind := "application/json"
	if html {
		kind, text = "text/html; charset=utf-8", "<!DOCTYPE html><html><body><h1>Error</h1></body></html>"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // whoever asked may be gone
}

// cut ends the connection without a word.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// forward has the platform answer, whether or not whoever asked is still there: a
// request that was sent is taken.
func (p *FaultProxy) forward(r *http.Request, body []byte) (*http.Response, error) {
	out, err := http.NewRequest(r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	return p.client.Do(out)
}

func (p *FaultProxy) pass(w http.ResponseWriter, r *http.Request, body []byte) {
	resp, err := p.forward(r, body)
	if err != nil {
		cut(w)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // whoever asked may be gone
}
