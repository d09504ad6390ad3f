package globalping

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"isitdown/checks"
)

// Kind is what a probe does.
type Kind string

// The kinds of measurement, as the API calls them.
const (
	Ping       Kind = "ping"
	Traceroute Kind = "traceroute"
	HTTP       Kind = "http"
)

// Place says where probes shall be. Fields that are set must all be met; the zero
// Place is anywhere.
type Place struct {
	Continent string     `json:"continent,omitempty"` // AF AN AS EU NA OC SA
	Country   string     `json:"country,omitempty"`   // ISO 3166, two letters
	City      string     `json:"city,omitempty"`
	ASN       checks.ASN `json:"asn,omitempty"`
	Network   string     `json:"network,omitempty"` // as in "Google LLC"
	// Probes is how many are wanted there: at least 1 where it is left out.
	Probes int `json:"limit,omitempty"`
}

// Question is one measurement to be made.
type Question struct {
	Kind Kind
	// Target is an address or the name of a host; of HTTP it may be a URL.
	Target string
	// Places default to [DefaultPlaces]: ten probes on six continents.
	Places []Place
	// Port is that of the target for HTTP without a URL; zero leaves it to the protocol.
	Port int
}

// DefaultPlaces are ten probes spread over the world.
func DefaultPlaces() []Place {
	return []Place{
		{Continent: "EU", Probes: 2},
		{Continent: "NA", Probes: 2},
		{Continent: "AS", Probes: 2},
		{Continent: "AF", Probes: 2},
		{Continent: "SA", Probes: 1},
		{Continent: "OC", Probes: 1},
	}
}

// probes is how many a question asks for.
func (q *Question) probes() int {
	n := 0
	for _, p := range q.Places {
		n += max(1, p.Probes)
	}
	return n
}

// key is the same for the same question.
func (q *Question) key() string { return fmt.Sprintf("%+v", *q) }

// request is the body of POST /v1/measurements.
type request struct {
	Type      Kind     `json:"type"`
	Target    string   `json:"target"`
	Locations []Place  `json:"locations"`
	Timeout   int      `json:"timeout"` // seconds, 5 to 30
	Options   *options `json:"measurementOptions,omitempty"`
}

type options struct {
	Packets  int          `json:"packets,omitempty"`  // of a ping
	Protocol string       `json:"protocol,omitempty"` // of HTTP: HTTP or HTTPS
	Port     int          `json:"port,omitempty"`
	Request  *httpRequest `json:"request,omitempty"`
}

type httpRequest struct {
	Method string `json:"method"`
	Path   string `json:"path,omitempty"`
	Query  string `json:"query,omitempty"`
}

// request puts the question in the API's terms, or says why it is not asked.
func (q *Question) request() (*request, error) {
	r := &request{Type: q.Kind, Target: q.Target, Locations: q.Places, Timeout: int(probeTime.Seconds())}
	switch q.Kind {
	case Ping:
		r.Options = &options{Packets: 3}
	case Traceroute:
	case HTTP:
		if err := q.http(r); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("there is no measurement %q", string(q.Kind))
	}
	if err := publicHost(r.Target); err != nil {
		return nil, err
	}
	if q.Port < 0 || q.Port > 65535 {
		return nil, fmt.Errorf("there is no port %d", q.Port)
	}
	if n := q.probes(); n > maxPlaces {
		return nil, fmt.Errorf("%d probes are more than the %d of one measurement", n, maxPlaces)
	}
	return r, nil
}

// http takes a URL apart. A HEAD is asked for: nobody needs the page.
func (q *Question) http(r *request) error {
	o := &options{Protocol: "HTTPS", Port: q.Port, Request: &httpRequest{Method: "HEAD"}}
	r.Options = o
	defer func() { // the API's default is 80, whatever the protocol
		if o.Port == 0 {
			o.Port = map[string]int{"HTTP": 80, "HTTPS": 443}[o.Protocol]
		}
	}()
	if !strings.Contains(q.Target, "://") {
		return nil
	}
	u, err := url.Parse(q.Target)
	if err != nil || u.Hostname() == "" {
		return errors.New("the target is no URL")
	}
	r.Target = u.Hostname()
	o.Request.Path, o.Request.Query = cmp.Or(u.EscapedPath(), "/"), u.RawQuery
	switch u.Scheme {
	case "https":
	case "http":
		o.Protocol = "HTTP"
	default:
		return fmt.Errorf("the scheme %.20q is neither http nor https", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if o.Port, err = strconv.Atoi(p); err != nil {
			return errors.New("the port of the URL is no number")
		}
	}
	return nil
}

// questionOf gives what is measured of a target: false for one that is no single
// host.
func questionOf(t checks.Target) (Question, bool) {
	switch t.Kind() {
	case checks.KindAddress:
		return Question{Kind: Ping, Target: t.Prefix().Addr().String()}, true
	case checks.KindHost:
		if _, err := netip.ParseAddr(t.Text()); err == nil {
			return Question{}, false
		}
		return Question{Kind: Ping, Target: t.Text()}, true
	case checks.KindURL:
		return Question{Kind: HTTP, Target: t.Text()}, true
	}
	return Question{}, false
}
