package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"isitdown/checks"
)

// Gap says, as the gap of the given check, why a question got no answer. missing
// names what is not known for it, as in "what its collectors hold is not known";
// it may be empty. err is, or wraps, an [*Error]; of any other only service is told.
func Gap(err error, check, service, missing string) checks.Gap {
	text := service + " could not be used"
	if e, ok := errors.AsType[*Error](err); ok {
		text = e.Sentence()
	}
	if missing != "" {
		text += "; " + missing
	}
	return checks.Gap{Check: check, Reason: text}
}

// Sentence says for a person what happened and, where there is something, what to
// do. It has no full stop, and what is foreign in it stands in quotation marks.
func (e *Error) Sentence() string {
	s := e.Service
	switch e.Kind {
	case Refused:
		return fmt.Sprintf("%s cannot be reached from here: check this machine's connection and its DNS", s)
	case Untrusted:
		return fmt.Sprintf("the certificate of %s is not accepted here: check this machine's clock and its list of certificate authorities", s)
	case Timeout:
		if e.Limit > 0 {
			return fmt.Sprintf("%s did not answer within %s", s, Span(e.Limit))
		}
		return fmt.Sprintf("%s did not answer in time", s)
	case Canceled:
		return fmt.Sprintf("%s was not waited for: the question was given up", s)
	case Limited:
		return e.limitedSentence()
	case Refusal:
		return e.refusalSentence()
	case Broken:
		return fmt.Sprintf("%s has a fault of its own (HTTP status %d)", s, e.Status)
	case NotJSON:
		return fmt.Sprintf("%s answered with something that is no data: a login page or a proxy may stand between", s)
	case Empty:
		return fmt.Sprintf("%s gave an empty answer", s)
	case Truncated:
		return fmt.Sprintf("the answer of %s breaks off", s)
	case TooLarge:
		return fmt.Sprintf("the answer of %s is larger than %s, the most that is read", s, size(e.Bytes))
	case Schema:
		return fmt.Sprintf("%s answered in a form that is not understood here: look for a newer isitdown", s)
	case Skewed:
		return fmt.Sprintf("the clock of %s is %s %s this machine's: check the time here", s, Span(e.Skew.Abs()), ahead(e.Skew))
	case Open:
		if e.before != nil {
			return e.before.Sentence() // which does not change by not asking again
		}
		if e.RetryAfter > 0 {
			return fmt.Sprintf("%s failed again and again and is not asked for another %s", s, Span(e.RetryAfter))
		}
		return fmt.Sprintf("%s failed again and again and is left alone for now", s)
	case Redirected:
		return fmt.Sprintf("%s sends elsewhere, which is not followed: its address may have changed", s)
	}
	return fmt.Sprintf("%s could not be asked: the question could not be put together", s)
}

func (e *Error) limitedSentence() string {
	switch {
	case e.Status == http.StatusServiceUnavailable && e.RetryAfter > 0:
		return fmt.Sprintf("%s is not available and asks to wait %s", e.Service, Span(e.RetryAfter))
	case e.RetryAfter > 0:
		return fmt.Sprintf("%s asks to wait %s: its limit for this address is used up", e.Service, Span(e.RetryAfter))
	}
	return fmt.Sprintf("%s takes no more questions for now: its limit for this address is used up", e.Service)
}

func (e *Error) refusalSentence() string {
	text, advice := "", ""
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		text, advice = fmt.Sprintf("%s refuses the key or this address (HTTP status %d)", e.Service, e.Status), ": check the configuration"
	case http.StatusNotFound, http.StatusGone:
		text = fmt.Sprintf("%s has nothing of that name (HTTP status %d)", e.Service, e.Status)
	default:
		text = fmt.Sprintf("%s refuses the question (HTTP status %d)", e.Service, e.Status)
	}
	if e.Detail != "" {
		text += ", saying " + quote(e.Detail)
	}
	return text + advice
}

func ahead(d time.Duration) string {
	if d < 0 {
		return "behind"
	}
	return "ahead of"
}

// Span writes a duration in the one or two units that matter: "40 s", "2 min",
// "1 h 5 min".
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 1))
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int64((d+time.Second/2)/time.Second))
	case d < time.Hour-30*time.Second:
		return fmt.Sprintf("%d min", int64((d+time.Minute/2)/time.Minute))
	}
	d = (d + time.Minute/2) / time.Minute * time.Minute
	text := fmt.Sprintf("%d h", int64(d/time.Hour))
	if m := int64(d % time.Hour / time.Minute); m > 0 {
		text += fmt.Sprintf(" %d min", m)
	}
	return text
}

// size writes a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return strings.TrimSpace(fmt.Sprintf("%d bytes", n))
}
