package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"
)

// Fault is one way of an outside service to fail.
type Fault struct {
	Name string
	// Answers is true where the data that arrives is right and may be used, but
	// something has to be said all the same.
	Answers bool
	// Kind is what the client of package web makes of it for one JSON answer.
	Kind string
	// Data is true for faults of JSON: of what is no JSON to begin with, as a file
	// is, they leave something that is only another file.
	Data bool

	refused bool // there is nobody at the address
	spoil   func(http.ResponseWriter, *http.Request, http.Handler)
}

// How long things take here: what drips sends one byte every dripEvery, and
// what is late by a clock is late by clockOff.
const (
	dripEvery = 100 * time.Millisecond
	clockOff  = time.Hour
	hugeBody  = 2 << 30 // bytes
)

// Faults gives all of them. A client that is run through them should be given a
// timeout of a second (and an answer of at least twenty bytes, for one to drip),
// two attempts, a back-off of a millisecond, and a largest body of about 1 MiB.
func Faults() []Fault {
	return []Fault{
		{Name: "refused", Kind: "refused", refused: true},
		{Name: "hung up", Kind: "refused", spoil: hangUp},
		{Name: "silent", Kind: "timeout", spoil: silent},
		{Name: "slow", Kind: "timeout", spoil: drip},
		{Name: "cut mid-body", Kind: "truncated", spoil: cut},
		{Name: "429 with Retry-After", Kind: "limited", spoil: status(http.StatusTooManyRequests, "60")},
		{Name: "429 without Retry-After", Kind: "limited", spoil: status(http.StatusTooManyRequests, "")},
		{Name: "403", Kind: "refusal", spoil: status(http.StatusForbidden, "")},
		{Name: "500", Kind: "broken", spoil: status(http.StatusInternalServerError, "")},
		{Name: "503 with Retry-After", Kind: "limited", spoil: status(http.StatusServiceUnavailable, "60")},
		{Name: "HTML instead of JSON", Kind: "not_json", Data: true, spoil: page("text/html; charset=utf-8")},
		{Name: "HTML that claims to be JSON", Kind: "not_json", Data: true, spoil: page("application/json")},
		{Name: "truncated JSON", Kind: "truncated", Data: true, spoil: altered(func(b []byte) []byte { return b[:len(b)*2/3] })},
		{Name: "bytes after the JSON", Kind: "not_json", Data: true, spoil: altered(func(b []byte) []byte { return append(b, "<!-- cached -->"...) })},
		{Name: "empty answer", Kind: "empty", spoil: altered(func([]byte) []byte { return nil })},
		{Name: "empty object", Kind: "schema", Data: true, spoil: altered(func([]byte) []byte { return []byte("{}") })},
		{Name: "wrong schema", Kind: "schema", Data: true, spoil: altered(otherTypes)},
		{Name: "2 GiB body", Kind: "too_large", spoil: huge(true)},
		{Name: "2 GiB body of unknown length", Kind: "too_large", spoil: huge(false)},
		{Name: "endless stream", Kind: "too_large", spoil: endless},
		{Name: "redirect to elsewhere", Kind: "redirected", spoil: elsewhere},
		{Name: "clock an hour ahead", Kind: "skewed", Answers: true, spoil: clock(clockOff)},
		{Name: "clock an hour behind", Kind: "skewed", Answers: true, spoil: clock(-clockOff)},
	}
}

// Handler puts the fault before a handler that works.
func (f Fault) Handler(real http.Handler) http.Handler {
	if f.spoil == nil {
		return real
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A server notices that a client has gone only once the question is read.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.spoil(w, r, real)
	})
}

// recorded lets the real handler answer into memory.
func recorded(r *http.Request, real http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	real.ServeHTTP(rec, r)
	return rec
}

// begin sends the header of a recorded answer, with the length of its body.
func begin(w http.ResponseWriter, rec *httptest.ResponseRecorder, length int) {
	maps.Copy(w.Header(), rec.Header())
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(rec.Code)
}

func hangUp(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

func silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// drip sends the right answer, but one byte at a time.
func drip(w http.ResponseWriter, r *http.Request, real http.Handler) {
	rec := recorded(r, real)
	body := rec.Body.Bytes()
	begin(w, rec, len(body))
	for part := range slices.Chunk(body, 1) {
		if !send(w, r, part) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(dripEvery):
		}
	}
}

// send writes at once and reports whether the client is still there.
func send(w http.ResponseWriter, r *http.Request, part []byte) bool {
	_, err := w.Write(part)
	http.NewResponseController(w).Flush()
	return err == nil && r.Context().Err() == nil
}

// cut ends the connection halfway through the body.
func cut(w http.ResponseWriter, r *http.Request, real http.Handler) {
	rec := recorded(r, real)
	body := rec.Body.Bytes()
	begin(w, rec, len(body))
	send(w, r, body[:len(body)/2])
	panic(http.ErrAbortHandler)
}

func status(code int, retryAfter string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"status":"error","message":%q}`, http.StatusText(code))
	}
}

func page(kind string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", kind)
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Please log in</title></head><body>{\"data\":{}}</body></html>")
	}
}

// altered sends the right answer with another body.
func altered(alter func([]byte) []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		rec := recorded(r, real)
		body := alter(bytes.Clone(rec.Body.Bytes()))
		begin(w, rec, len(body))
		w.Write(body)
	}
}

// otherTypes gives an answer of the same shape in which every value below the
// first level is of another type; of what is no JSON it makes an object.
func otherTypes(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return []byte(`{"unexpected":true}`)
	}
	switch top := v.(type) {
	case map[string]any:
		for name, inner := range top {
			top[name] = otherType(inner)
		}
	case []any:
		for i, inner := range top {
			top[i] = otherType(inner)
		}
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was JSON a moment ago
	}
	return out
}

func otherType(v any) any {
	switch v := v.(type) {
	case string:
		return 7
	case float64, bool:
		return []any{"seven"}
	case nil:
		return "nothing"
	case []any:
		return map[string]any{"items": len(v)}
	}
	return "an object once"
}

// huge sends 2 GiB of JSON that are never stored, with or without its length.
func huge(announced bool) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		if announced {
			w.Header().Set("Content-Length", strconv.Itoa(hugeBody))
		}
		pour(w, r, hugeBody)
	}
}

func endless(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	pour(w, r, 1<<62)
}

// pour sends so many bytes of an array that does not end.
func pour(w http.ResponseWriter, r *http.Request, length int64) {
	block := bytes.Repeat([]byte(`{"data":1},      `), 1<<10)
	block[0], block[1] = ' ', '['
	block[2] = '{'
	copy(block[3:], `"data":1},`)
	for length > 0 && r.Context().Err() == nil {
		n, err := w.Write(block[:min(int64(len(block)), length)])
		if err != nil {
			return
		}
		length -= int64(n)
		block[1] = ' '
	}
}

func elsewhere(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
}

// clock sends the right answer with a date that is off.
func clock(off time.Duration) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		real.ServeHTTP(w, r)
	}
}
