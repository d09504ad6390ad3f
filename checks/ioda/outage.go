package ioda

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"isitdown/checks"
)

// alertsAnswer is the answer of outages/alerts.
type alertsAnswer struct {
	Type  string   `json:"type"`
	Error *string  `json:"error"`
	Data  *[]alert `json:"data"`
}

// alert is a signal that fell below what is usual, or came back: level is then
// "normal".
type alert struct {
	Datasource string `json:"datasource"`
	Entity     struct {
		Code string `json:"code"`
		Type string `json:"type"`
	} `json:"entity"`
	Time         int64    `json:"time"`  // seconds since 1970
	Level        string   `json:"level"` // normal, warning, critical
	Value        *float64 `json:"value"`
	HistoryValue *float64 `json:"historyValue"`
}

// eventsAnswer is the answer of outages/events in the format "codf", the Common
// Outage Data Format (ISI-TR-729).
type eventsAnswer struct {
	Type  string   `json:"type"`
	Error *string  `json:"error"`
	Data  *[]event `json:"data"`
}

// event is an outage as IODA puts alerts together.
type event struct {
	Location   string  `json:"location"` // "country/KP"
	Start      int64   `json:"start"`    // seconds since 1970
	Duration   int64   `json:"duration"` // seconds
	Datasource string  `json:"datasource"`
	Score      float64 `json:"score"`
}

func (e *event) begin() time.Time { return time.Unix(e.Start, 0).UTC() }
func (e *event) end() time.Time   { return time.Unix(e.Start+e.Duration, 0).UTC() }

func (c *Client) alerts(ctx context.Context, q *query) ([]alert, error) {
	var a alertsAnswer
	v := q.values()
	v.Set("entityType", q.kind)
	v.Set("entityCode", q.code)
	v.Set("limit", strconv.Itoa(maxItems))
	usable, err := c.get(ctx, "/outages/alerts", v, &a, func() error { return a.check(q) })
	if !usable {
		return nil, err
	}
	return *a.Data, err
}

func (a *alertsAnswer) check(q *query) error {
	if err := sound(a.Type, "outages.alerts", a.Error, a.Data != nil); err != nil {
		return err
	}
	for i := range *a.Data {
		if e := &(*a.Data)[i].Entity; !q.same(e.Type, e.Code) {
			return fmt.Errorf("an alert on %.20q %.20q", e.Type, e.Code)
		}
	}
	return nil
}

func (c *Client) events(ctx context.Context, q *query) ([]event, error) {
	var a eventsAnswer
	v := q.values()
	v.Set("entityType", q.kind)
	v.Set("entityCode", q.code)
	v.Set("format", "codf")
	v.Set("limit", strconv.Itoa(maxItems))
	usable, err := c.get(ctx, "/outages/events", v, &a, func() error { return a.check(q) })
	if !usable {
		return nil, err
	}
	return *a.Data, err
}

func (a *eventsAnswer) check(q *query) error {
	if err := sound(a.Type, "outages.events", a.Error, a.Data != nil); err != nil {
		return err
	}
	const longest = 100 * 365 * 24 * 3600
	for i := range *a.Data {
		e := &(*a.Data)[i]
		if want := q.kind + "/" + q.code; e.Location != want {
			return fmt.Errorf("an event at %.40q, not %s", e.Location, want)
		}
		if e.Start <= 0 || e.Start > 1<<33 || e.Duration < 0 || e.Duration > longest {
			return fmt.Errorf("an event from %d that lasts %d s", e.Start, e.Duration)
		}
	}
	return nil
}

// sound says what is wrong with the frame of an answer.
func sound(kind, want string, problem *string, data bool) error {
	switch {
	case problem != nil && *problem != "":
		return fmt.Errorf("it says %.100q", *problem)
	case kind != want || !data:
		return errors.New("no " + want)
	}
	return nil
}

// outageClaim words the newest event on a signal in the day before the moment, or,
// where there is none that lasts, the alert that the signal is under.
func outageClaim(q *query, src *source, events []event, alerts []alert) (checks.Claim, bool) {
	c := checks.Claim{Service: Service, Link: q.link(), Rests: src.rests}
	newest := newestEvent(q, src, events)
	if newest != nil && !newest.end().Before(q.at) {
		c.Text = fmt.Sprintf("outage event on the %s signal since %s (score %s)", src.label, dated(newest.begin()), number(newest.Score))
		c.Loss = new(true)
		return c, true
	}
	if a := newestAlert(q, src, alerts); a != nil && a.Level != "normal" {
		c.At, c.Loss = time.Unix(a.Time, 0).UTC(), new(true)
		c.Text = level(a.Level) + " alert on the " + src.label + " signal"
		if a.Value != nil && a.HistoryValue != nil && *a.Value >= 0 && *a.HistoryValue >= 0 {
			c.Text += fmt.Sprintf(" (%s %s, usual %s)", number(*a.Value), src.unit, number(*a.HistoryValue))
		}
		return c, true
	}
	if newest == nil {
		return checks.Claim{}, false
	}
	c.Text = fmt.Sprintf("outage event on the %s signal from %s to %s (score %s)",
		src.label, dated(newest.begin()), dated(newest.end()), number(newest.Score))
	return c, true
}

// newestEvent gives the event that began last of those up to the moment.
func newestEvent(q *query, src *source, list []event) *event {
	var newest *event
	for i := range list {
		e := &list[i]
		if e.Datasource != src.name || e.begin().After(q.at) || e.end().Before(q.from()) {
			continue
		}
		if newest == nil || e.Start > newest.Start {
			newest = e
		}
	}
	return newest
}

// newestAlert gives the last alert up to the moment: what the signal is under then.
func newestAlert(q *query, src *source, list []alert) *alert {
	var newest *alert
	for i := range list {
		a := &list[i]
		if t := time.Unix(a.Time, 0); a.Datasource != src.name || t.After(q.at) || t.Before(q.from()) {
			continue
		}
		if newest == nil || a.Time >= newest.Time {
			newest = a
		}
	}
	return newest
}

// level names a level; one that is not known is not repeated.
func level(s string) string {
	switch s {
	case "warning", "critical":
		return s
	}
	return "an"
}
