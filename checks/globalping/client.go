package globalping

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// Service is what readers know it by; Check names it in gaps.
const (
	Service = "Globalping"
	Check   = "globalping"
)

// DefaultBaseURL is where the API is.
const DefaultBaseURL = "https://api.globalping.io"

// Rests is what its claims rest on.
const Rests = "Globalping's probes"

const (
	// pause is how long to wait after each look at a measurement under way, as the
	// API asks; more often than that it refuses.
	pause = 500 * time.Millisecond
	// probeTime is how long one probe may take; the API asks to allow ten seconds more.
	probeTime = 10 * time.Second
	waitTime  = probeTime + 10*time.Second
	// fresh is for how long a measurement answers the same question again.
	fresh     = time.Minute
	maxAnswer = 8 << 20 // bytes; one place takes up to some 30 KB
	maxPlaces = 50      // of one measurement, without an account
)

// Options say how Globalping is asked. All of them may be left out.
type Options struct {
	BaseURL   string // [DefaultBaseURL] where empty
	HTTP      *http.Client
	UserAgent string
	// Token is that of an account, for a larger budget. It is a secret.
	Token    string
	Timeout  time.Duration // of one request
	Attempts int           // for one request
	// Observe is told how each request ended: "ok", or what went wrong in a word.
	Observe func(service, result string, took time.Duration)
	Log     *slog.Logger
}

// Format keeps the token out of everything that is printed.
func (o Options) Format(f fmt.State, _ rune) {
	token := ""
	if o.Token != "" {
		token = ", with a token"
	}
	fmt.Fprintf(f, "Globalping at %s%s", cmp.Or(o.BaseURL, DefaultBaseURL), token)
}

// Client asks Globalping. It may be used by several goroutines at once.
type Client struct {
	base string
	web  *web.Client

	mu     sync.Mutex
	kept   map[string]*flight // by question
	budget Budget
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{base: strings.TrimSuffix(cmp.Or(o.BaseURL, DefaultBaseURL), "/"), kept: map[string]*flight{}}
	w := web.Options{
		Service: Service, HTTP: o.HTTP, UserAgent: o.UserAgent, Timeout: o.Timeout, Attempts: o.Attempts,
		MaxBody: maxAnswer, MaxWait: 2 * time.Second, Rate: 4, Burst: 4, Observe: o.Observe, Log: o.Log,
	}
	if o.Token != "" {
		w.Header = http.Header{"Authorization": {"Bearer " + o.Token}}
		w.Secrets = []string{o.Token}
	}
	c.web = web.New(w)
	return c
}

// Format keeps the token out of everything that is printed.
func (c *Client) Format(f fmt.State, _ rune) { io.WriteString(f, "Globalping at "+c.base) }

// Gap says for a person that there is nothing from Globalping, and why. err is what
// [Client.Claims] or [Client.Measure] gave.
func Gap(err error) checks.Gap {
	if e, ok := errors.AsType[*TargetError](err); ok {
		return checks.Gap{Check: Check, Reason: e.Error()}
	}
	if e, ok := errors.AsType[*BudgetError](err); ok {
		return checks.Gap{Check: Check, Reason: e.Error()}
	}
	if errors.Is(err, ErrUnfinished) {
		return checks.Gap{Check: Check, Reason: "Globalping was not done measuring when the time was over"}
	}
	return web.Gap(err, Check, Service, "whether it answers elsewhere is not known")
}
