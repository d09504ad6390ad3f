package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks/internal/web"
	"isitdown/checks/internal/webtest"
)

// counted answers with the path, and counts what it was asked.
func counted(n *atomic.Int64, takes time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		select {
		case <-time.After(takes):
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, `{"name":%q,"parts":[{"id":1}],"filler":%q}`, r.URL.Path, strings.Repeat("x", 1000))
	})
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(counted(&n, 0)), Cache: web.NewCache(10 << 10)})
		ask := func(path string, ttl time.Duration, requests int64) {
			t.Helper()
			var got thing
			if _, err := c.JSON(t.Context(), web.Request{URL: "https://things.example" + path, TTL: ttl, Check: got.check}, &got); err != nil || got.Name != path {
				t.Errorf("%s: got %q and error %v", path, got.Name, err)
			}
			if n.Load() != requests {
				t.Errorf("%s: got %d requests by now, want %d", path, n.Load(), requests)
			}
		}
		ask("/a", time.Minute, 1)
		time.Sleep(59 * time.Second)
		ask("/a", time.Minute, 1)
		ask("/a", 0, 2) // not from the cache
		time.Sleep(time.Second)
		ask("/a", time.Minute, 3) // too old
		// Three are all that it holds: the one used longest ago goes.
		ask("/b", time.Minute, 4)
		ask("/c", time.Minute, 5)
		ask("/a", time.Minute, 5)
		ask("/d", time.Minute, 6)
		ask("/a", time.Minute, 6)
		ask("/b", time.Minute, 7)
	})
}

// Of many who ask the same one asks; failures are shared, impatience is not.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(counted(&n, 3*time.Second)), Cache: web.NewCache(1 << 20)})
		kinds := make([]web.Kind, 10)
		var group sync.WaitGroup
		for i := range kinds {
			group.Go(func() {
				ctx := t.Context()
				if i == 0 { // the first, who gives up
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				} else {
					time.Sleep(time.Millisecond)
				}
				if i == 9 { // one who waits, and gives up
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
					defer cancel()
				}
				var got thing
				_, err := c.JSON(ctx, web.Request{URL: address, TTL: time.Minute}, &got)
				kinds[i] = kind(err)
			})
		}
		group.Wait()
		for i, got := range kinds {
			want := web.Kind("")
			if i == 0 || i == 9 {
				want = web.Timeout
			}
			if got != want {
				t.Errorf("asker %d: got %q, want %q", i, got, want)
			}
		}
		if n.Load() != 2 {
			t.Errorf("got %d requests, want 2: that of who gave up, and one for all", n.Load())
		}

		n.Store(0)
		bad := &script{steps: []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			w.WriteHeader(404)
		}}}
		c = web.New(web.Options{Service: "Things", HTTP: webtest.Direct(bad), Cache: web.NewCache(1 << 20)})
		for range 5 {
			group.Go(func() {
				if _, err := c.JSON(t.Context(), web.Request{URL: address, TTL: time.Minute}, new(thing)); kind(err) != web.Refusal {
					t.Errorf("got error %v, want a refusal", err)
				}
			})
		}
		group.Wait()
		if len(bad.at) != 1 {
			t.Errorf("got %d requests for a failure, want 1", len(bad.at))
		}
	})
}

// What does not fit its schema is not kept.
func TestCacheForgetsWhatIsWrong(t *testing.T) {
	s := &script{steps: []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }, fine}}
	c := web.New(web.Options{Service: "Things", HTTP: webtest.Direct(s), Cache: web.NewCache(1 << 20)})
	for i, want := range []web.Kind{web.Schema, "", ""} {
		var got thing
		_, err := c.JSON(t.Context(), web.Request{URL: address, TTL: time.Hour, Check: got.check}, &got)
		if kind(err) != want {
			t.Errorf("question %d: got error %v, want kind %q", i, err, want)
		}
	}
	if len(s.at) != 2 {
		t.Errorf("got %d requests, want 2", len(s.at))
	}
}
