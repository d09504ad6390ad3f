package globalping

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// Result is what a probe found. The zero value is a probe that is not done.
type Result int

// The results. Failed is the probe's or its resolver's failure, or one that the
// service cannot tell: it says nothing of the target.
const (
	Pending Result = iota
	Answered
	Silent
	Failed
)

// String gives a lower-case word.
func (r Result) String() string {
	return [...]string{"pending", "answered", "silent", "failed"}[r]
}

// Vantage is one place and what was found from there. Texts are foreign.
type Vantage struct {
	Continent string // AF AN AS EU NA OC SA
	Country   string // ISO 3166
	City      string
	ASN       checks.ASN
	Network   string
	Result    Result
	// RTT is the median of the packets that were answered, or the time to the first
	// byte of HTTP; zero where there is none.
	RTT time.Duration
	// Addr is the address that the target had from there; of a name it may differ
	// from place to place.
	Addr netip.Addr
	// Status is the status of HTTP: from 500 on the path works and the service does
	// not.
	Status int
	Hops   []Hop // of a traceroute, the nearest first
}

// Hop is one router on the way, the zero Addr where it is silent.
type Hop struct {
	Addr netip.Addr
	RTT  time.Duration // the least; zero where there is none
}

// Measurement is what came of a question.
type Measurement struct {
	ID     string
	Kind   Kind
	Target string
	At     time.Time // when it was last updated, by the service's clock
	// Done is false where it was not waited for to the end.
	Done     bool
	Vantages []Vantage
}

// page is where a person sees a measurement.
const page = "https://globalping.io/?measurement="

// Link leads a person to the measurement, as long as the service keeps it: a week
// where there is no account.
func (m *Measurement) Link() string { return page + url.QueryEscape(m.ID) }

// Limits of what an answer may hold.
const (
	maxText = 60 // characters of a name
	maxHops = 64
	maxID   = 64
	maxRTT  = float64(10 * time.Minute / time.Millisecond)
)

// measurement is the body of GET /v1/measurements/{id}.
type measurement struct {
	ID        string        `json:"id"`
	Type      Kind          `json:"type"`
	Status    string        `json:"status"`
	Target    string        `json:"target"`
	UpdatedAt time.Time     `json:"updatedAt"`
	Results   *[]testResult `json:"results"`
}

// finished is a status of measurements and of tests; any but inProgress is final.
const (
	inProgress = "in-progress"
	finished   = "finished"
	failed     = "failed"
)

type testResult struct {
	Probe struct {
		Continent string     `json:"continent"`
		Country   string     `json:"country"`
		City      string     `json:"city"`
		ASN       checks.ASN `json:"asn"`
		Network   string     `json:"network"`
	} `json:"probe"`
	Result struct {
		Status          string          `json:"status"`
		FailureSource   string          `json:"failureSource"` // target, resolver, internal
		ResolvedAddress *string         `json:"resolvedAddress"`
		Timings         json.RawMessage `json:"timings"` // of a ping a list, of HTTP an object
		Hops            json.RawMessage `json:"hops"`    // of a traceroute, of others in other forms
		StatusCode      int             `json:"statusCode"`
	} `json:"result"`
}

type timing struct {
	RTT *float64 `json:"rtt"` // milliseconds
}

// check says what is wrong with the answer to a question about id.
func (m *measurement) check(id string, kind Kind) error {
	switch {
	case m.ID != id:
		return fmt.Errorf("a measurement %.40q, not %s", m.ID, id)
	case m.Type != kind:
		return fmt.Errorf("a measurement of type %.20q, not %s", m.Type, kind)
	case m.Status == "" || m.Results == nil:
		return errors.New("no status or no results")
	case len(*m.Results) > 500:
		return fmt.Errorf("%d results, more than there can be", len(*m.Results))
	}
	return nil
}

// measurement makes the exported value of an answer.
func (m *measurement) measurement() (*Measurement, error) {
	out := &Measurement{ID: m.ID, Kind: m.Type, Target: m.Target, At: m.UpdatedAt.UTC(), Done: m.Status != inProgress}
	for i := range *m.Results {
		v, err := (*m.Results)[i].vantage(m.Type)
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", i, err)
		}
		out.Vantages = append(out.Vantages, v)
	}
	return out, nil
}

func (t *testResult) vantage(kind Kind) (Vantage, error) {
	p, r := &t.Probe, &t.Result
	v := Vantage{
		Continent: short(p.Continent), Country: short(p.Country), City: short(p.City), ASN: p.ASN, Network: short(p.Network),
		Addr: address(r.ResolvedAddress),
	}
	switch r.Status {
	case inProgress:
		return v, nil
	case finished:
	case failed:
		v.Result = Failed
		if r.FailureSource == "target" {
			v.Result = Silent
		}
		return v, nil
	case "":
		return v, errors.New("no status")
	default: // a probe that is offline, or what is not known yet
		v.Result = Failed
		return v, nil
	}
	var err error
	switch kind {
	case Ping:
		err = t.ping(&v)
	case HTTP:
		err = t.http(&v)
	case Traceroute:
		err = t.traceroute(&v)
	}
	return v, err
}

func (t *testResult) ping(v *Vantage) error {
	var list []timing
	if err := json.Unmarshal(t.Result.Timings, &list); err != nil {
		return fmt.Errorf("timings of a ping: %w", err)
	}
	v.Result = Silent
	var times []time.Duration
	for _, x := range list {
		if d := x.duration(); d > 0 {
			times = append(times, d)
		}
	}
	if len(times) > 0 {
		v.Result, v.RTT = Answered, median(times)
	}
	return nil
}

func (t *testResult) http(v *Vantage) error {
	var times struct {
		FirstByte *float64 `json:"firstByte"`
	}
	if err := json.Unmarshal(t.Result.Timings, &times); err != nil {
		return fmt.Errorf("timings of HTTP: %w", err)
	}
	v.Result = Silent
	if code := t.Result.StatusCode; code >= 100 && code <= 999 {
		v.Result, v.Status, v.RTT = Answered, code, timing{times.FirstByte}.duration()
	}
	return nil
}

// traceroute is answered where the last hop is the target and said something.
func (t *testResult) traceroute(v *Vantage) error {
	var hops []struct {
		ResolvedAddress *string  `json:"resolvedAddress"`
		Timings         []timing `json:"timings"`
	}
	if err := json.Unmarshal(t.Result.Hops, &hops); err != nil {
		return fmt.Errorf("hops of a traceroute: %w", err)
	}
	for _, h := range hops[:min(len(hops), maxHops)] {
		hop := Hop{Addr: address(h.ResolvedAddress)}
		for _, x := range h.Timings {
			if d := x.duration(); d > 0 && (hop.RTT == 0 || d < hop.RTT) {
				hop.RTT = d
			}
		}
		v.Hops = append(v.Hops, hop)
	}
	v.Result = Silent
	if n := len(v.Hops); n > 0 && v.Addr.IsValid() && v.Hops[n-1].Addr == v.Addr && v.Hops[n-1].RTT > 0 {
		v.Result, v.RTT = Answered, v.Hops[n-1].RTT
	}
	return nil
}

// duration gives the time of a packet, zero where it was not answered.
func (t timing) duration() time.Duration {
	if t.RTT == nil || !(*t.RTT >= 0) || *t.RTT > maxRTT {
		return 0
	}
	return max(time.Duration(*t.RTT*float64(time.Millisecond)), time.Microsecond)
}

func address(s *string) netip.Addr {
	if s == nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(*s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// median gives the middle of some times, the lower one of two.
func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[(len(list)-1)/2]
}

// short bounds foreign text, without what is no character.
func short(s string) string {
	r := []rune(strings.ToValidUTF8(s, ""))
	return string(r[:min(len(r), maxText)])
}
