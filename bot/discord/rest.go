package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// request is one call of the REST API.
type request struct {
	what   string // for errors: "posting a message"
	method string
	path   string // below the API's address; never in an error, it may hold a token
	body   any    // nil for none
	files  []*discordgo.File
	out    any // what the answer is read into; nil for nothing
	// thread: the channel in the path is a thread, and said to be so in a refusal.
	thread bool
	// free calls are not held back by a limit that was met before: the first answer
	// to an interaction has three seconds.
	free bool
}

// answer is what came back, as far as it is needed to tell what an error means.
type answer struct {
	status         int
	header         http.Header
	html           bool
	asked, gotConn atomic.Bool // for a connection
}

type answerKey struct{}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// do makes one attempt. Its error is a *chat.Refusal.
func (c *Client) do(ctx context.Context, r request) error {
	key := r.method + " " + route(r.path)
	if wait := c.gate.wait(key); wait > 0 && !r.free {
		return &chat.Refusal{
			Trouble: chat.RateLimited, RetryAfter: wait,
			Err: fmt.Errorf("discord: %s: not called, for its rate limit is spent", r.what),
		}
	}
	kind, body, err := encode(r)
	if err != nil {
		return &chat.Refusal{Trouble: chat.TooLong, Err: fmt.Errorf("discord: %s: %w", r.what, err)}
	}
	a := &answer{}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, answerKey{}, a), callTime)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.gotConn.Store(true) },
	})
	// A limiter of its own for each call: the library's would sleep without
	// looking at the context, and keep an entry for every interaction for good.
	bucket := discordgo.NewRatelimiter().LockBucket("")
	got, err := c.rest.RequestWithLockedBucket(r.method, discordgo.EndpointAPI+r.path, kind, body, bucket, 0,
		discordgo.WithContext(ctx), discordgo.WithRetryOnRatelimit(false), discordgo.WithRestRetries(0))
	c.gate.learn(key, a)
	if err != nil {
		return refuse(r, a, got, err)
	}
	if r.out == nil {
		return nil
	}
	if err := json.Unmarshal(got, r.out); err != nil {
		return refuse(r, a, got, fmt.Errorf("reading the answer: %w", err))
	}
	return nil
}

func encode(r request) (kind string, body []byte, err error) {
	switch {
	case len(r.files) > 0:
		for _, f := range r.files { // an attempt before this one has read them
			if s, ok := f.Reader.(io.Seeker); ok {
				if _, err := s.Seek(0, io.SeekStart); err != nil {
					return "", nil, err
				}
			}
		}
		return discordgo.MultipartBodyWithJSON(r.body, r.files)
	case r.body == nil:
		return "", nil, nil
	}
	body, err = json.Marshal(r.body)
	return "application/json", body, err
}

// recording gives a client that notes the status and the header of each answer for
// whoever asked, and takes the figures of the rate limit out of it, so that nothing
// in the library waits for them.
func (c *Client) recording(h *http.Client) *http.Client {
	own := *h
	base := own.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	own.Transport = recorder{base}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

type recorder struct{ base http.RoundTripper }

// RoundTrip is for http.Client.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if a, ok := req.Context().Value(answerKey{}).(*answer); ok {
		a.status, a.header = resp.StatusCode, resp.Header.Clone()
		a.html = strings.Contains(resp.Header.Get("Content-Type"), "html")
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			delete(resp.Header, name)
		}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections is for http.Client.
func (r recorder) CloseIdleConnections() {
	if c, ok := r.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// route is a path without the ids that Discord counts together: what follows the
// channel, the guild or the webhook it belongs to.
// https://discord.com/developers/docs/topics/rate-limits
func route(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		if i > 1 && snowflake(parts[i]) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// snowflake reports whether s is an id. What is not one never gets into a path.
func snowflake(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil && len(s) <= 20
}

// gate remembers which routes are spent, and until when. Discord bans an address
// for asking all the same.
type gate struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// everything is the gate's key for a limit of the whole bot.
const everything = ""

// wait tells how long a call has to wait.
func (g *gate) wait(key string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	return max(g.until[key].Sub(now), g.until[everything].Sub(now))
}

// learn notes what an answer says of its limit.
func (g *gate) learn(key string, a *answer) {
	if a.header == nil {
		return
	}
	var wait time.Duration
	switch {
	case a.status == http.StatusTooManyRequests || a.html && a.status < 500:
		wait, key = retryAfter(a), limited(a, key)
	case a.header.Get("X-RateLimit-Remaining") == "0":
		wait = seconds(a.header.Get("X-RateLimit-Reset-After"))
	}
	if wait <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.until == nil {
		g.until = make(map[string]time.Time)
	}
	if len(g.until) > generation {
		maps.DeleteFunc(g.until, func(_ string, t time.Time) bool { return t.Before(now) })
	}
	g.until[key] = now.Add(wait)
}

// limited gives the key that a limit is for.
func limited(a *answer, key string) string {
	if global(a) {
		return everything
	}
	return key
}

// global reports whether a limit is of the whole bot: Discord says so, or its
// outer wall answered, which speaks HTML.
func global(a *answer) bool {
	return a.html || a.header.Get("X-RateLimit-Global") != "" || a.header.Get("X-RateLimit-Scope") == "global"
}

// Waiting times where Discord gives none. Its outer wall bans for an hour after
// 10,000 bad requests, so there is nothing to be gained by haste.
const (
	wallWait    = 10 * time.Minute
	defaultWait = 5 * time.Second
)

func retryAfter(a *answer) time.Duration {
	wait := max(seconds(a.header.Get("Retry-After")), seconds(a.header.Get("X-RateLimit-Reset-After")))
	switch {
	case a.html:
		return max(wait, wallWait)
	case wait <= 0:
		return defaultWait
	}
	return wait
}

// seconds reads "1.5"; anything but a sane number is none.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) {
		return 0
	}
	return time.Duration(min(f, 24*60*60) * float64(time.Second))
}
