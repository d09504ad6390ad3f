package ioda

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"isitdown/checks"
)

// source is one of IODA's signals.
type source struct {
	name  string // as the API has it
	label string // as a reader would say it
	unit  string // what its values count
	rests string
	// Below loss times its value of a day before a signal tells of a loss; from
	// none times on it tells of none. Between the two it says neither.
	loss, none float64
}

// sources are the signals that are about reachability. The telescope's is noisy:
// what it counts are scans and worms that come out of a place.
var sources = [...]source{
	{name: "bgp", label: "BGP", unit: "/24s", rests: checks.RestsCollectors, loss: .9, none: .99},
	{name: "ping-slash24", label: "active probing", unit: "/24s", rests: checks.RestsProbing, loss: .8, none: .9},
	{name: "merit-nt", label: "network telescope", unit: "source addresses", rests: checks.RestsTelescope, loss: .25, none: .5},
}

const (
	// floor is how many /24s a country must have for IODA to follow it by probing.
	floor = 20
	// late is from when on the newest value says nothing of the moment any more:
	// the slowest of the signals is half an hour behind.
	late = 2 * time.Hour
	// slack is how far from 24 hours before the value to compare with may be.
	slack = 30 * time.Minute
)

// signalsAnswer is the answer of signals/raw: a list of series for each entity.
type signalsAnswer struct {
	Type  string      `json:"type"`
	Error *string     `json:"error"`
	Data  *[][]series `json:"data"`
}

// series is one signal over time: value i is of the step that begins at
// From + i*Step. Null is no value.
type series struct {
	EntityType string     `json:"entityType"`
	EntityCode string     `json:"entityCode"`
	Datasource string     `json:"datasource"`
	From       int64      `json:"from"` // seconds since 1970
	Step       int64      `json:"step"` // seconds
	Values     []*float64 `json:"values"`
}

// signal asks for one signal; a series without values is a signal without data.
func (c *Client) signal(ctx context.Context, q *query, datasource string) (*series, error) {
	var a signalsAnswer
	var s *series
	v := q.values()
	v.Set("datasource", datasource)
	usable, err := c.get(ctx, "/signals/raw/"+q.kind+"/"+url.PathEscape(q.code), v, &a, func() (err error) {
		s, err = a.pick(q, datasource)
		return err
	})
	if !usable {
		return nil, err
	}
	return s, err
}

// pick finds the series that was asked for. There being none is an answer.
func (a *signalsAnswer) pick(q *query, datasource string) (*series, error) {
	switch {
	case a.Error != nil && *a.Error != "":
		return nil, fmt.Errorf("it says %.100q", *a.Error)
	case a.Type != "signals" || a.Data == nil:
		return nil, errors.New("no list of signals")
	}
	for _, list := range *a.Data {
		for i := range list {
			s := &list[i]
			switch {
			case s.Datasource != datasource:
			case !q.same(s.EntityType, s.EntityCode):
				return nil, fmt.Errorf("a signal of %.20q %.20q", s.EntityType, s.EntityCode)
			case s.Step <= 0 || s.Step > int64(window/time.Second) || s.From <= 0 || s.From > 1<<33:
				return nil, fmt.Errorf("a signal from %d in steps of %d s", s.From, s.Step)
			default:
				return s, nil
			}
		}
	}
	return &series{Step: 1}, nil
}

// at is when value i is of.
func (s *series) at(i int) time.Time { return time.Unix(s.From+int64(i)*s.Step, 0).UTC() }

// newest gives the last value up to a moment, -1 where there is none.
func (s *series) newest(until time.Time) int {
	for i := len(s.Values) - 1; i >= 0; i-- {
		if s.valid(i) && !s.at(i).After(until) {
			return i
		}
	}
	return -1
}

// near gives the value nearest to a moment, -1 where none is within slack of it.
func (s *series) near(t time.Time) int {
	best, off := -1, slack+1
	for i := range s.Values {
		if d := s.at(i).Sub(t).Abs(); s.valid(i) && d < off {
			best, off = i, d
		}
	}
	return best
}

func (s *series) valid(i int) bool { return s.Values[i] != nil && *s.Values[i] >= 0 }

// silentClaim is one for all signals, where none of them has any value.
func silentClaim(q *query, list []*series) (checks.Claim, bool) {
	for _, s := range list {
		if s == nil || s.newest(q.at) >= 0 {
			return checks.Claim{}, false
		}
	}
	name := q.code
	if q.kind == "asn" {
		name = "AS" + name
	}
	return checks.Claim{Service: Service, Text: "no signal for " + name + q.why(), Link: q.link()}, true
}

// why says why there may be no signal, where that is known.
func (q *query) why() string {
	if !q.floor {
		return ""
	}
	return fmt.Sprintf(": the registered space is below IODA's floor of %d /24s", floor)
}

// signalClaim words what a signal says.
func signalClaim(q *query, src *source, s *series) checks.Claim {
	c := checks.Claim{Service: Service, Link: q.link(), Rests: src.rests}
	i := s.newest(q.at)
	if i < 0 {
		c.Text = "no " + src.label + " signal" + q.why()
		return c
	}
	value, when := *s.Values[i], s.at(i)
	if q.at.Sub(when) > late {
		c.Text = "no " + src.label + " signal since " + dated(when)
		return c
	}
	c.At = when
	j := s.near(when.Add(-24 * time.Hour))
	switch {
	case j < 0:
		c.Text = fmt.Sprintf("%s signal at %s %s, with no value of 24 h before to compare", src.label, number(value), src.unit)
		return c
	case *s.Values[j] == 0:
		c.Text = fmt.Sprintf("%s signal at %s %s, and at 0 %s 24 h before", src.label, number(value), src.unit, src.unit)
		return c
	}
	before := *s.Values[j]
	share := value / before
	c.Text = fmt.Sprintf("%s signal at %s of its value 24 h before (%s of %s %s)", src.label, percent(share), number(value), number(before), src.unit)
	switch {
	case share < src.loss:
		c.Loss = new(true)
	case share >= src.none:
		c.Loss = new(false)
	}
	return c
}
