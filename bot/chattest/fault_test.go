package chattest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestFaultProxy(t *testing.T) {
	var taken atomic.Int32
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.Copy(w, r.Body)
	}))
	defer platform.Close()
	var next Fault
	p := NewFaultProxy(t, platform.URL, func(*http.Request, []byte) Fault { return next })
	for _, tt := range []struct {
		fault  Fault
		status int // 0: no answer
		body   string
		taken  int32
		least  time.Duration
	}{
		{Pass, 201, "hello", 1, 0},
		{TooMany, 429, "retry_after", 0, 0},
		{TooManyHTML, 429, "<html>", 0, 0},
		{Unavailable, 503, "service_unavailable", 0, 0},
		{UnavailableHTML, 503, "<html>", 0, 0},
		{Slow, 201, "hello", 1, 20 * time.Millisecond},
		{CutBefore, 0, "", 0, 0},
		{CutAfter, 0, "", 1, 0},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			next = tt.fault
			taken.Store(0)
			start := time.Now()
			resp, err := http.Post(p.URL+"/api/x?y=z", "text/plain", strings.NewReader("hello"))
			if (err != nil) != (tt.status == 0) {
				t.Fatalf("error %v", err)
			}
			if taken.Load() != tt.taken || p.Counts()[tt.fault] != 1 {
				t.Errorf("taken %d times, counted %d times; want %d and 1", taken.Load(), p.Counts()[tt.fault], tt.taken)
			}
			if err != nil {
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || !strings.Contains(string(body), tt.body) || err != nil || time.Since(start) < tt.least {
				t.Errorf("%d %q after %v, %v; want %d %q", resp.StatusCode, body, time.Since(start), err, tt.status, tt.body)
			}
			if tt.status == 429 && resp.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
			}
		})
	}
}
