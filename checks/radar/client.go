package radar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// Service is what readers know it by; Check names it in gaps.
const (
	Service = "Cloudflare Radar"
	Check   = "radar"
)

// DefaultBaseURL is where the API is.
const DefaultBaseURL = "https://api.cloudflare.com/client/v4"

// Rests is what its claims rest on.
const Rests = "Cloudflare's traffic and public reports"

const (
	// window is how long before a moment an annotation may have begun and still be
	// found to last.
	window    = 30 * 24 * time.Hour
	maxAnswer = 4 << 20 // bytes
	maxItems  = 100     // annotations in one answer
)

// ErrNoToken is what a client without a token gives.
var ErrNoToken = errors.New("a token is needed")

// Options say how Radar is asked. Token is needed; the rest may be left out.
type Options struct {
	BaseURL   string // [DefaultBaseURL] where empty
	HTTP      *http.Client
	UserAgent string
	// Token is an API token of Cloudflare's. It is a secret.
	Token    string
	Timeout  time.Duration // of one attempt
	Attempts int           // for one question
	// Observe is told how each question ended: "ok", or what went wrong in a word.
	Observe func(service, result string, took time.Duration)
	Log     *slog.Logger
}

// Format keeps the token out of everything that is printed.
func (o Options) Format(f fmt.State, _ rune) {
	token := "without a token"
	if o.Token != "" {
		token = "with a token"
	}
	fmt.Fprintf(f, "Cloudflare Radar at %s, %s", cmp.Or(o.BaseURL, DefaultBaseURL), token)
}

// Client asks Radar. It may be used by several goroutines at once.
type Client struct {
	base  string
	token bool
	web   *web.Client
}

// New makes a client.
func New(o Options) *Client {
	w := web.Options{
		Service: Service, HTTP: o.HTTP, UserAgent: o.UserAgent, Timeout: o.Timeout, Attempts: o.Attempts,
		MaxBody: maxAnswer, Rate: 2, Burst: 4, Observe: o.Observe, Log: o.Log,
	}
	if o.Token != "" {
		w.Header = http.Header{"Authorization": {"Bearer " + o.Token}}
		w.Secrets = []string{o.Token}
	}
	return &Client{base: strings.TrimSuffix(cmp.Or(o.BaseURL, DefaultBaseURL), "/"), token: o.Token != "", web: web.New(w)}
}

// Format keeps the token out of everything that is printed.
func (c *Client) Format(f fmt.State, _ rune) { io.WriteString(f, "Cloudflare Radar at "+c.base) }

// Gap says for a person that there is nothing from Radar, and why. err is what
// [Client.Claims] gave.
func Gap(err error) checks.Gap {
	if errors.Is(err, ErrNoToken) {
		return checks.Gap{Check: Check, Reason: "Cloudflare Radar is not asked without a token: set ISITDOWN_RADAR_TOKEN"}
	}
	return web.Gap(err, Check, Service, "whether it has annotated an outage is not known")
}

// Asks reports whether Radar has anything on a kind of target.
func Asks(t checks.Target) bool {
	return t.Kind() == checks.KindCountry || t.Kind() == checks.KindASN
}

// Claims gives the annotations of outages of a country or a network that lasted at
// a moment or had ended in the day before, the newest first, three at most. The zero
// time stands for now. Of any other target it gives nothing.
//
// Both results may be set: the claims are then from a service whose clock is off.
// [Gap] makes a sentence of the error.
func (c *Client) Claims(ctx context.Context, f *checks.Footprint, at time.Time) ([]checks.Claim, error) {
	if !Asks(f.Target) {
		return nil, nil
	}
	if !c.token {
		return nil, fmt.Errorf("asking %s about %s: %w", Service, f.Target, ErrNoToken)
	}
	if at.IsZero() {
		at = time.Now()
	}
	at = at.UTC().Truncate(time.Second)
	v := url.Values{
		"dateStart": {at.Add(-window).Format(time.RFC3339)},
		"dateEnd":   {at.Format(time.RFC3339)},
		"limit":     {strconv.Itoa(maxItems)},
		"format":    {"json"},
	}
	if f.Target.Kind() == checks.KindASN {
		v.Set("asn", strconv.FormatUint(uint64(f.Target.ASN()), 10))
	} else {
		v.Set("location", f.Target.Text())
	}
	var a answer
	reply, err := c.web.JSON(ctx, web.Request{URL: c.base + "/radar/annotations/outages?" + v.Encode(), Check: a.check}, &a)
	if err != nil {
		return nil, fmt.Errorf("asking about %s at %s: %w", f.Target, at.Format(time.RFC3339), err)
	}
	return a.claims(f.Target, at), c.web.Skewed(reply)
}
