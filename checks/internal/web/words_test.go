package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 ms", 250 * time.Millisecond: "250 ms", time.Second: "1 s", 89500 * time.Millisecond: "90 s", 119 * time.Second: "119 s",
		2 * time.Minute: "2 min", 59*time.Minute + 29*time.Second: "59 min", 59*time.Minute + 40*time.Second: "1 h", time.Hour: "1 h",
		65 * time.Minute: "1 h 5 min", 25 * time.Hour: "25 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"Retry-After", "60", "", time.Minute},
		{"Retry-After", " 0", "", 0},
		{"Retry-After", "-5", "", 0},
		{"Retry-After", "soon", "", 0},
		{"Retry-After", "18446744073709551616", "", 0},
		{"Retry-After", "99999999999", "", time.Hour},
		{"Retry-After", "Mon, 04 May 2026 10:00:30 GMT", "", 30 * time.Second},
		{"Retry-After", "Mon, 04 May 2026 09:00:30 GMT", "", 0},
		{"Retry-After", "Mon, 04 May 2026 09:00:30 GMT", "Mon, 04 May 2026 09:00:00 GMT", 30 * time.Second},
		{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", "", time.Hour},
		{"Ratelimit-Reset", "12", "", 12 * time.Second},
		{"X-Ratelimit-Reset", "1777888800", "", 0},
		{"X-Ratelimit-Reset", "40", "", 40 * time.Second},
	} {
		h := http.Header{tt.name: {tt.value}}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("%s: %q: got %v, want %v", tt.name, tt.value, got, tt.want)
		}
	}
}

// Every kind has its own sentence, and the sentence names the service.
func TestSentences(t *testing.T) {
	seen := map[string]Kind{}
	for _, k := range []Kind{Refused, Untrusted, Timeout, Canceled, Limited, Refusal, Broken, NotJSON, Empty, Truncated, TooLarge, Schema, Skewed, Open, Redirected, Unsent} {
		e := &Error{Service: "Things", Kind: k, Status: 418, Bytes: 1 << 20, Detail: "tea\x1b[31m\npot" + strings.Repeat("!", 1000)}
		text := e.Sentence()
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s have the same sentence %q", k, other, text)
		}
		seen[text] = k
		if !strings.Contains(text, "Things") || strings.ContainsAny(text, "\x1b\n") || len(text) > 300 {
			t.Errorf("%s: got %q", k, text)
		}
	}
}

func TestContentRange(t *testing.T) {
	type result struct {
		first, last, total int64
		ok                 bool
	}
	for text, want := range map[string]result{
		"bytes 5-9/100":                 {5, 9, 100, true},
		"bytes 0-0/1":                   {0, 0, 1, true},
		"bytes 5-9/*":                   {5, 9, -1, true},
		"bytes */100":                   {0, 0, 100, true},
		"bytes */*":                     {0, 0, -1, false},
		"bytes 9-5/100":                 {},
		"bytes 5-100/100":               {},
		"bytes -5-9/100":                {},
		"bytes 5-9":                     {},
		"items 5-9/100":                 {},
		"":                              {},
		"bytes 0-9223372036854775807/*": {},
	} {
		var got result
		got.first, got.last, got.total, got.ok = contentRange(http.Header{"Content-Range": {text}})
		if got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[1,2`, `{"a":1} x`, "<html>", "", " \n", `{"error":{"message":"m"}}`, `{"errors":[{"message":["x"]}]}`, `{"a":"\ud800"}`, "[" + strings.Repeat("[", 20000)} {
		f.Add([]byte(s), "application/json; charset=utf-8", "30")
	}
	for _, s := range []string{"5-9/100", "*/100", "5-9/*", "9-5/100", "0-99999999999999999999/1", "Mon, 04 May 2026 10:00:30 GMT"} {
		f.Add([]byte("{}"), "text/plain", s)
	}
	f.Fuzz(func(t *testing.T, body []byte, kind, wait string) {
		_ = soundJSON(body)
		h := http.Header{"Content-Type": {kind}, "Retry-After": {wait}, "Date": {wait}, "Age": {wait}}
		_ = mayBeJSON(mediaType(h))
		now := time.Unix(1e9, 0)
		if d := retryAfter(h, now); d < 0 || d > longestHold {
			t.Errorf("retryAfter(%q) = %v", wait, d)
		}
		_ = skew(h, now)
		for _, text := range []string{wait, "bytes " + wait} {
			first, last, total, ok := contentRange(http.Header{"Content-Range": {text}})
			if ok && (first < 0 || last < first || total < -1 || total >= 0 && last >= total && last > 0) {
				t.Errorf("Content-Range %q: got %d-%d/%d", text, first, last, total)
			}
		}
		r := newRedactor([]string{"token-of-ours"}, nil)
		if got := r.text(r.url("https://things.example/?x=" + wait + "token-of-ours&y=" + kind)); strings.Contains(got, "token-of-ours") || len(got) > 8*longestURL {
			t.Errorf("got address %q", got)
		}
	})
}
