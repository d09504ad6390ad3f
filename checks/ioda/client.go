package ioda

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// Service is what readers know it by; Check names it in gaps.
const (
	Service = "IODA"
	Check   = "ioda"
)

// DefaultBaseURL is where the API is.
const DefaultBaseURL = "https://api.ioda.inetintel.cc.gatech.edu/v2"

// dashboard is where a person sees what the API says.
const dashboard = "https://ioda.inetintel.cc.gatech.edu/"

// What is asked for: a day and an hour back, so that there is a value of a day
// before to compare with.
const (
	window    = 25 * time.Hour
	maxAnswer = 4 << 20 // bytes; a day of one signal takes some 10 KB
	maxItems  = 500     // alerts or events in one answer
)

// Options say how IODA is asked. All of them may be left out.
type Options struct {
	BaseURL   string // [DefaultBaseURL] where empty
	HTTP      *http.Client
	UserAgent string
	Timeout   time.Duration // of one attempt
	Attempts  int           // for one question
	// Observe is told how each question ended: "ok", or what went wrong in a word.
	Observe func(service, result string, took time.Duration)
	Log     *slog.Logger
}

// Client asks IODA. It may be used by several goroutines at once.
type Client struct {
	base string
	web  *web.Client
}

// New makes a client.
func New(o Options) *Client {
	return &Client{
		base: strings.TrimSuffix(cmp.Or(o.BaseURL, DefaultBaseURL), "/"),
		web: web.New(web.Options{
			Service: Service, HTTP: o.HTTP, UserAgent: o.UserAgent, Timeout: o.Timeout, Attempts: o.Attempts,
			MaxBody: maxAnswer, Rate: 5, Burst: 10, Parallel: 5, Observe: o.Observe, Log: o.Log,
		}),
	}
}

// Gap says for a person that there is nothing, or not all, from IODA, and why. err
// is what [Client.Claims] gave.
func Gap(err error) checks.Gap {
	return web.Gap(err, Check, Service, "some or all of what it measured is missing")
}

// Asks reports whether IODA has anything on a kind of target.
func Asks(t checks.Target) bool {
	return t.Kind() == checks.KindCountry || t.Kind() == checks.KindASN
}

// entity names a target in IODA's terms.
type entity struct{ kind, code string }

// query is one question about an entity at a moment.
type query struct {
	entity
	at    time.Time
	floor bool // the target's space is below what IODA follows
}

func (q *query) from() time.Time { return q.at.Add(-window) }

// link leads to the same data on IODA's own pages.
func (q *query) link() string {
	return fmt.Sprintf("%s%s/%s?from=%d&until=%d", dashboard, q.kind, url.PathEscape(q.code), q.from().Unix(), q.at.Unix())
}

// Claims gives what IODA says of a country or a network at a moment, of which the zero
// time stands for now: for each of its signals how it compares to the day before, and the newest alert or event
// where there is one. Of any other target it gives nothing.
//
// Both results may be set: the claims are then what could be had, and the error
// wraps that of the first question that failed. [Gap] makes a sentence of it.
func (c *Client) Claims(ctx context.Context, f *checks.Footprint, at time.Time) ([]checks.Claim, error) {
	if !Asks(f.Target) {
		return nil, nil
	}
	if at.IsZero() {
		at = time.Now()
	}
	q := query{entity: entity{"country", f.Target.Text()}, at: at.UTC().Truncate(time.Second)}
	if f.Target.Kind() == checks.KindASN {
		q.entity = entity{"asn", strconv.FormatUint(uint64(f.Target.ASN()), 10)}
	} else if len(f.Prefixes) > 0 {
		q.floor = checks.MeasureIPv4(f.Prefixes).Slash24s < floor
	}
	signals := make([]*series, len(sources))
	var (
		wg     sync.WaitGroup
		alerts []alert
		events []event
		errs   = make([]error, len(sources)+2)
	)
	for i := range sources {
		wg.Go(func() { signals[i], errs[i] = c.signal(ctx, &q, sources[i].name) })
	}
	wg.Go(func() { alerts, errs[len(sources)] = c.alerts(ctx, &q) })
	wg.Go(func() { events, errs[len(sources)+1] = c.events(ctx, &q) })
	wg.Wait()
	var claims []checks.Claim
	silent, none := silentClaim(&q, signals)
	if none {
		claims = append(claims, silent)
	}
	for i := range sources {
		if signals[i] != nil && !none {
			claims = append(claims, signalClaim(&q, &sources[i], signals[i]))
		}
		if out, ok := outageClaim(&q, &sources[i], events, alerts); ok {
			claims = append(claims, out)
		}
	}
	if err := cmp.Or(errs...); err != nil {
		return claims, fmt.Errorf("asking about %s %s at %s: %w", q.kind, q.code, q.at.Format(time.RFC3339), err)
	}
	return claims, nil
}

// get asks one question and decodes the answer. An answer from a clock that is off
// is used, and the error says so.
func (c *Client) get(ctx context.Context, path string, v url.Values, into any, check func() error) (usable bool, err error) {
	reply, err := c.web.JSON(ctx, web.Request{URL: c.base + path + "?" + v.Encode(), Check: check}, into)
	if err != nil {
		return false, err
	}
	return true, c.web.Skewed(reply)
}

// values are the parameters that every question has.
func (q *query) values() url.Values {
	return url.Values{
		"from":  {strconv.FormatInt(q.from().Unix(), 10)},
		"until": {strconv.FormatInt(q.at.Unix(), 10)},
	}
}

// same reports whether an answer is about the entity that was asked for.
func (e entity) same(kind, code string) bool {
	return strings.EqualFold(e.kind, kind) && strings.EqualFold(e.code, code)
}
