package ripestat

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// envelope is what stands around the data of every answer:
// https://stat.ripe.net/docs/02.data-api/, "Output Data Structure".
type envelope[T any] struct {
	Messages messages `json:"messages"`
	Call     string   `json:"data_call_name"`
	// CallStatus begins with "supported", "production" or "deprecated", or says
	// "maintenance - ...": the data are empty then, and that is not an answer.
	CallStatus string `json:"data_call_status"`
	Status     string `json:"status"` // "ok", "error", "maintenance"
	Data       T      `json:"data"`
}

// check reports what makes the answer to call none.
func (e *envelope[T]) check(call string) error {
	switch {
	case e.Call != call:
		return fmt.Errorf("the answer is to %q, asked was %s", clip(e.Call), call)
	case e.Status == "maintenance" || strings.HasPrefix(e.CallStatus, "maintenance"):
		return &Error{Call: call, Kind: Maintenance, Detail: e.Messages.text()}
	case e.Status != "ok":
		return &Error{Call: call, Kind: Failed, Detail: strings.TrimSpace(clip(e.Status) + " " + e.Messages.text())}
	}
	if text := e.Messages.of("error"); text != "" {
		return &Error{Call: call, Kind: Failed, Detail: text}
	}
	return nil
}

// messages are pairs of a level ("info", "warning", "error") and a text.
type messages [][]string

// UnmarshalJSON passes over what is not a pair of texts.
func (m *messages) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return nil // messages are for people; without them the data still stand
	}
	for _, raw := range list {
		var pair []string
		if json.Unmarshal(raw, &pair) == nil && len(pair) == 2 {
			*m = append(*m, pair)
		}
	}
	return nil
}

func (m messages) of(level string) string {
	var texts []string
	for _, p := range m {
		if p[0] == level {
			texts = append(texts, clip(p[1]))
		}
	}
	return clip(strings.Join(texts, " "))
}

func (m messages) text() string {
	return clip(m.of("error") + " " + m.of("warning") + " " + m.of("info"))
}

// clip makes one short line of foreign text.
func clip(s string) string { return checks.OneLine(s, 200) }

// moment is a time as RIPEstat writes it: ISO 8601 without a zone, which is UTC,
// with or without a fraction, with "+00:00" in some calls, or seconds since 1970.
type moment struct{ time.Time }

var layouts = [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"}

// UnmarshalJSON reads any of the forms; null and "" are the zero time.
func (m *moment) UnmarshalJSON(b []byte) error {
	text := string(b)
	if text == "null" || text == `""` {
		return nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return m.set(time.Unix(seconds, 0), text)
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a time", clip(text))
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return m.set(t, s)
		}
	}
	return fmt.Errorf("%q is not a time", clip(s))
}

// set takes only times that the rest of the program can count with.
func (m *moment) set(t time.Time, text string) error {
	if t.Year() < 1990 || t.Year() > 2200 {
		return fmt.Errorf("%q is not a time that there can be data for", clip(text))
	}
	m.Time = t.UTC()
	return nil
}

// asn is an AS number, written as a number or as a text with or without "AS".
type asn checks.ASN

// UnmarshalJSON reads any of the forms.
func (a *asn) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.Trim(string(b), `"`), "AS"), 10, 32)
	if err != nil {
		return fmt.Errorf("%s is not an AS number", clip(string(b)))
	}
	*a = asn(n)
	return nil
}

// Kind says why there is no answer, beyond what can go wrong on the way.
type Kind string

// The kinds of an [Error].
const (
	Maintenance Kind = "maintenance" // the data call is out of order, and says so
	Failed      Kind = "failed"      // the data call says that it failed
	Moved       Kind = "moved"       // it answers for another time than was asked
	Spent       Kind = "spent"       // the budget of requests for one answer is used up
	Daily       Kind = "daily"       // the requests of a day are used up
	TooMany     Kind = "too_many"    // the target is too large for lookups
	NoData      Kind = "no_data"     // even what is always there is missing
	Unsuited    Kind = "unsuited"    // nothing that can be looked up
)

// Error is a question that RIPEstat did not answer, or that it was not asked.
// What went wrong on the way is another error, of package web.
type Error struct {
	Call   string // the data call; empty where none was made
	Kind   Kind
	Detail string // one line, foreign text in it shortened
}

func (e *Error) Error() string {
	text := "RIPEstat"
	if e.Call != "" {
		text += ", " + e.Call
	}
	text += ": " + string(e.Kind)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}
