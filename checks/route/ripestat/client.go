package ripestat

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// What a client does where its options leave it open.
const (
	defaultBaseURL = "https://stat.ripe.net"
	defaultWindow  = 24 * time.Hour
	defaultBudget  = 60
	defaultDaily   = 900
	defaultGlass   = 32
	defaultTimeout = 45 * time.Second
	defaultMaxBody = 24 << 20
)

// maxPrefixes is how many announced prefixes a target may have.
const maxPrefixes = 128

// parallel is how many requests RIPEstat takes from one address at a time, by its
// rules of usage: https://stat.ripe.net/docs/02.data-api/, "Rules of Usage".
const parallel = 8

const (
	requestsASecond = 10
	cacheBytes      = 48 << 20
	listBytes       = 8 << 20 // bound an answer that is a list
)

// control is a route that is there always. A session that does not have it, where
// it should, is not up, or the answer is not whole: what it does not hold of a
// target then says nothing.
type control struct {
	Prefix netip.Prefix
	Origin checks.ASN
}

// defaultControls are two routes of each address family that every full table
// holds, of networks that have nothing to do with each other: the RIPE NCC's own,
// and Google's.
func defaultControls() []control {
	return []control{
		{netip.MustParsePrefix("193.0.0.0/21"), 3333},
		{netip.MustParsePrefix("8.8.8.0/24"), 15169},
		{netip.MustParsePrefix("2001:67c:2e8::/48"), 3333},
		{netip.MustParsePrefix("2001:4860::/32"), 15169},
	}
}

// Options say how RIPEstat is asked. All may be left open.
type Options struct {
	// BaseURL is where the service is, without a path.
	BaseURL string
	// HTTP lends its transport; see [web.Options].
	HTTP      *http.Client
	UserAgent string
	// SourceApp is the identifier that RIPEstat asks regular users to send with
	// every request: letters, digits, hyphens and underscores.
	SourceApp string
	// Window is how long before the time asked about the history begins.
	Window time.Duration
	// Budget is how many requests one answer may make, where the context sets no
	// other ([WithBudget]).
	Budget int
	// Timeout bounds one request, Attempts is how often one is sent where that may
	// help.
	Timeout  time.Duration
	Attempts int
	// Observe is told how each question ended; see [web.Options].
	Observe func(service, result string, took time.Duration)
	// Log hears of what failed and became a gap.
	Log *slog.Logger

	limits
}

// limits are those that tests change.
type limits struct {
	// daily is how many requests may be made in a day (UTC); RIPEstat asks who
	// plans more than 1,000 to register.
	daily int
	// glass is how many prefixes are looked up in the looking glass, one request
	// each, to bring an answer from two hours ago to now.
	glass    int
	maxBody  int64     // bounds an answer that holds routes, in bytes
	controls []control // those of defaultControls where nil
}

// Client asks RIPEstat. It is safe for use by several goroutines.
type Client struct {
	o   Options
	web *web.Client

	mu    sync.Mutex
	day   time.Time // UTC day that today counts
	today int
}

// New makes a client.
func New(o Options) *Client {
	o.BaseURL = strings.TrimRight(cmp.Or(o.BaseURL, defaultBaseURL), "/")
	o.Window = cmp.Or(o.Window, defaultWindow)
	o.Budget = cmp.Or(o.Budget, defaultBudget)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.daily = cmp.Or(o.daily, defaultDaily)
	o.glass = cmp.Or(o.glass, defaultGlass)
	o.maxBody = cmp.Or(o.maxBody, defaultMaxBody)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.controls == nil {
		o.controls = defaultControls()
	}
	return &Client{o: o, web: web.New(web.Options{
		Service: service, HTTP: o.HTTP, UserAgent: o.UserAgent,
		Timeout: o.Timeout, Attempts: o.Attempts, MaxBody: min(listBytes, o.maxBody), Rate: requestsASecond, Burst: parallel, Parallel: parallel,
		Cache: web.NewCache(cacheBytes), Observe: o.Observe, Log: o.Log,
	})}
}

// service is what a reader would cite.
const service = "RIPEstat"

// Requests counts the requests made today (UTC), for those who operate it.
func (c *Client) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.day != time.Now().UTC().Truncate(24*time.Hour) {
		return 0
	}
	return c.today
}

// spend takes one request from the day.
func (c *Client) spend(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := time.Now().UTC().Truncate(24 * time.Hour); day != c.day {
		c.day, c.today = day, 0
	}
	if n > 0 && c.today+n > c.o.daily {
		return false
	}
	c.today = max(c.today+n, 0)
	return true
}

// budget is what one answer may still ask.
type budget struct{ left atomic.Int64 }

type budgetKey struct{}

// WithBudget lets everything that is asked with the context make n requests
// together. What is answered from the cache costs nothing; a question that had to
// be repeated costs each time. When it is spent nothing more is asked, and the rest
// is a gap.
func WithBudget(ctx context.Context, n int) context.Context {
	b := &budget{}
	b.left.Store(int64(n))
	return context.WithValue(ctx, budgetKey{}, b)
}

// budgeted gives ctx a budget where it has none.
func (c *Client) budgeted(ctx context.Context) context.Context {
	if ctx.Value(budgetKey{}) != nil {
		return ctx
	}
	return WithBudget(ctx, c.o.Budget)
}

// left is how many requests ctx may still make.
func left(ctx context.Context) int {
	if b, ok := ctx.Value(budgetKey{}).(*budget); ok {
		return max(int(b.left.Load()), 0)
	}
	return 0
}

// call is one question.
type call struct {
	name  string
	query url.Values
	ttl   time.Duration
	bytes int64 // the most that is read; zero for that of a list
}

// ask gets the answer to q into data, whose fields check looks at. data must be
// new: of an answer that is refused parts may have been written to it.
func ask[T any](ctx context.Context, c *Client, q call, check func(*T) error) (*T, web.Reply, error) {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	if b != nil && b.left.Add(-1) < 0 {
		b.left.Add(1)
		return nil, web.Reply{}, &Error{Call: q.name, Kind: Spent}
	}
	if !c.spend(1) {
		return nil, web.Reply{}, &Error{Call: q.name, Kind: Daily}
	}
	if c.o.SourceApp != "" {
		q.query.Set("sourceapp", c.o.SourceApp)
	}
	var answer envelope[T]
	var own *Error
	reply, err := c.web.JSON(ctx, web.Request{
		URL: c.o.BaseURL + "/data/" + q.name + "/data.json?" + q.query.Encode(),
		TTL: q.ttl, MaxBody: q.bytes,
		Check: func() error {
			err := answer.check(q.name)
			if err == nil {
				err = check(&answer.Data)
			}
			own, _ = errors.AsType[*Error](err)
			return err
		},
	}, &answer)
	cost := max(reply.Attempts, 1)
	if reply.Cached {
		cost = 0
	}
	c.spend(cost - 1)
	if b != nil {
		b.left.Add(int64(1 - cost))
	}
	switch {
	case own != nil:
		return nil, reply, own
	case err != nil:
		return nil, reply, err
	}
	return &answer.Data, reply, nil
}

// stamp writes a time as RIPEstat reads it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

// How long answers are kept: what is past does not change, what is asked of now
// does with the next message that a collector takes in.
const (
	ttlNow    = 20 * time.Second
	ttlLatest = 5 * time.Minute
	ttlList   = time.Hour
)

// ttlOf is for an answer about the time at; zero is the latest.
func ttlOf(at time.Time) time.Duration {
	if at.IsZero() {
		return ttlLatest
	}
	return ttlList
}
