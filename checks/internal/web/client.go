package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// What a client does where its options leave it open.
const (
	DefaultTimeout  = 10 * time.Second
	DefaultAttempts = 3
	DefaultMaxBody  = 16 << 20 // bytes, decompressed
	DefaultBackoff  = 500 * time.Millisecond
	DefaultMaxWait  = 20 * time.Second
	DefaultParallel = 4
)

// Options say which service a [Client] asks and how. Only Service is needed.
type Options struct {
	// Service is its name as a reader would cite it: "RIPEstat".
	Service string
	// HTTP lends its transport; the rest of it is not used. Nil stands for
	// http.DefaultTransport.
	HTTP *http.Client
	// UserAgent is sent with every request: "isitdown/VERSION (+CONTACT)".
	UserAgent string
	// Header is sent with every request.
	Header http.Header
	// Secrets are texts that no error shows, as keys that stand in Header or in
	// addresses. What an Authorization header holds is one without being named.
	Secrets []string

	// Timeout bounds one attempt, from asking to the end of the answer; of a
	// stream it bounds the wait for its beginning and every wait after it.
	Timeout time.Duration
	// Attempts is how often one question is asked at most.
	Attempts int
	// Backoff is how long after the first failure a question is asked again, on
	// average; it doubles with each.
	Backoff time.Duration
	// MaxWait is the longest that the service may ask to wait (Retry-After) for
	// the question to be asked again by itself. Anything longer is an error at
	// once, and nothing more is asked before that time.
	MaxWait time.Duration
	// MaxBody bounds an answer in bytes, decompressed.
	MaxBody int64

	// Rate is how many requests may be sent a second, after Burst at once; zero
	// sets no rate. Waiting for a turn ends with the context.
	Rate  float64
	Burst int
	// Parallel bounds the requests under way.
	Parallel int

	// Cache keeps answers to requests that have a TTL; nil keeps none.
	Cache *Cache
	// Observe, when set, is told how each question ended: result is "ok",
	// "cached", or a Kind.
	Observe func(service, result string, took time.Duration)
	// Log hears of attempts that failed and were repeated, and of a service that
	// is left alone. Nil is silent. Errors that are returned are not logged.
	Log *slog.Logger
}

// Client asks one service. It may be used by several goroutines at once.
type Client struct {
	o       Options
	http    *http.Client
	slots   chan struct{}
	pace    pace
	breaker circuitbreaker.CircuitBreaker[any]
	hide    redactor

	mu   sync.Mutex
	held *Error    // with which the service asked to be left alone
	till time.Time // and until when
	last *Error    // the latest failure that counts for the breaker
}

// New makes the client of a service.
func New(o Options) *Client {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Attempts = max(cmp.Or(o.Attempts, DefaultAttempts), 1)
	o.Backoff = cmp.Or(o.Backoff, DefaultBackoff)
	o.MaxWait = cmp.Or(o.MaxWait, DefaultMaxWait)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.Parallel = max(cmp.Or(o.Parallel, DefaultParallel), 1)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Header = o.Header.Clone()
	c := &Client{
		o:     o,
		slots: make(chan struct{}, o.Parallel),
		pace:  pace{rate: o.Rate, burst: max(o.Burst, 1)},
		hide:  newRedactor(o.Secrets, o.Header),
	}
	c.http = &http.Client{CheckRedirect: redirect}
	if o.HTTP != nil {
		c.http.Transport = o.HTTP.Transport
	}
	c.breaker = c.newBreaker()
	return c
}

// Request is one question.
type Request struct {
	Method string // GET where empty
	URL    string
	Header http.Header // besides that of the client
	// Body is sent as JSON; nil sends nothing.
	Body any
	// Check looks at the value after the answer was decoded into it; what it
	// complains of is an error of Kind Schema.
	Check func() error
	// Also are statuses besides 200 to 299 that are answers and no errors, as 304
	// is to a conditional request. Their bodies are not decoded.
	Also []int
	// TTL is how long the answer of a GET may be given from the client's cache;
	// zero asks always.
	TTL time.Duration
	// Timeout and MaxBody take the place of the client's where they are set.
	Timeout time.Duration
	MaxBody int64
}

// Reply says how an answer came.
type Reply struct {
	Status int
	Header http.Header // not to be changed
	At     time.Time   // when it came, by our clock
	Bytes  int64       // of the body, decompressed
	// Skew is how far the clock of the service is ahead of ours, by its Date
	// header; zero where it sends none.
	Skew     time.Duration
	Attempts int
	Cached   bool // it was asked for earlier, at At
}

// JSON asks and decodes the answer into the value that into points to. The error
// is an [*Error]. An answer must be one JSON value and nothing behind it; one
// that says it is anything else, a page of HTML above all, is not decoded.
func (c *Client) JSON(ctx context.Context, r Request, into any) (Reply, error) {
	began := time.Now()
	reply, err := c.json(ctx, r, into)
	c.observe(began, reply, err)
	if err != nil {
		return reply, err
	}
	return reply, nil
}

func (c *Client) json(ctx context.Context, r Request, into any) (Reply, *Error) {
	var a answer
	var err *Error
	if key := r.key(); key != "" && c.o.Cache != nil {
		a, err = c.o.Cache.do(ctx, key, r.TTL, func() (answer, *Error) { return c.ask(ctx, r) })
	} else {
		a, err = c.ask(ctx, r)
	}
	if err != nil {
		return a.reply, err
	}
	if slices.Contains(r.Also, a.reply.Status) {
		return a.reply, nil
	}
	problem := json.Unmarshal(a.body, into)
	if problem == nil && r.Check != nil {
		problem = r.Check()
	}
	if problem != nil {
		if c.o.Cache != nil {
			c.o.Cache.forget(r.key())
		}
		return a.reply, c.fail(Schema, r, problem)
	}
	return a.reply, nil
}

// key names what the answer depends on; empty where it is not to be kept.
func (r Request) key() string {
	if r.TTL <= 0 || r.Body != nil || r.method() != http.MethodGet {
		return ""
	}
	return r.URL
}

func (r Request) method() string { return cmp.Or(r.Method, http.MethodGet) }

// answer is a whole body that is JSON.
type answer struct {
	reply Reply
	body  []byte
}

// ask gets a whole answer, asking several times where that helps.
func (c *Client) ask(ctx context.Context, r Request) (answer, *Error) {
	var a answer
	attempts, err := c.run(ctx, r, func() *Error {
		x, err := c.exchange(ctx, r, "application/json")
		if err != nil {
			return err
		}
		defer x.Close()
		a = answer{reply: x.Reply}
		if slices.Contains(r.Also, x.Status) {
			return nil
		}
		a.body, err = x.readJSON()
		a.reply.Bytes = int64(len(a.body))
		return err
	})
	a.reply.Attempts = attempts
	return a, err
}

// readJSON reads a body to its end and sees that it is one JSON value.
func (s *Stream) readJSON() ([]byte, *Error) {
	if kind := mediaType(s.Header); !mayBeJSON(kind) {
		return nil, s.c.fail(NotJSON, s.r, fmt.Errorf("the answer is of type %s", kind))
	}
	body, err := io.ReadAll(s)
	if err != nil {
		return nil, s.c.wrap(s.ctx, s.r, err)
	}
	switch problem := soundJSON(body); {
	case problem == nil:
		return body, nil
	case len(body) == 0:
		return nil, s.c.fail(Empty, s.r, problem)
	case problem == errCutShort:
		e := s.c.fail(Truncated, s.r, problem)
		e.Bytes = int64(len(body))
		return nil, e
	default:
		return nil, s.c.fail(NotJSON, s.r, problem)
	}
}

func (c *Client) observe(began time.Time, reply Reply, err *Error) {
	if c.o.Observe == nil {
		return
	}
	result := "ok"
	switch {
	case err != nil:
		result = string(err.Kind)
	case reply.Cached:
		result = "cached"
	}
	c.o.Observe(c.o.Service, result, time.Since(began))
}
