package webtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/checks"
)

// limits of what a client may take for one fault.
const (
	// MaxMemory is what may be allocated while a client meets one fault, in bytes,
	// this package's own servers included.
	MaxMemory = 128 << 20
	patience  = time.Minute
)

// Server is a faulty service on loopback.
type Server struct {
	URL    string       // without a slash at its end
	Client *http.Client // with a transport of its own
	// Requests counts what arrived.
	Requests *atomic.Int64
}

// Start starts a service that has the fault in front of a handler that works; the
// zero Fault leaves it as it is. It ends with the test.
func Start(t testing.TB, f Fault, real http.Handler) *Server {
	t.Helper()
	var requests atomic.Int64
	handler := f.Handler(real)
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ts.CloseClientConnections()
		ts.Close()
	})
	if f.refused {
		ts.Close()
	}
	return &Server{URL: ts.URL, Client: &http.Client{Transport: transport}, Requests: &requests}
}

// Each runs a client through all faults. real answers as the service does; ask
// asks it, at the address and with the client given, and gives the gaps that it
// got for it. It must come back by itself.
func Each(t *testing.T, real http.Handler, ask func(ctx context.Context, t *testing.T, s *Server, f Fault) []checks.Gap) {
	t.Helper()
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			NoLeaks(t)
			s := Start(t, f, real)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var gaps []checks.Gap
			if used := Memory(func() { gaps = ask(ctx, t, s, f) }); used > MaxMemory {
				t.Errorf("%d MiB were allocated, want at most %d", used>>20, MaxMemory>>20)
			}
			if ctx.Err() != nil {
				t.Errorf("the client had not given up after %v", patience)
			}
			Said(t, gaps)
		})
	}
}

// Said fails the test where there is no gap, or one that a person cannot read.
func Said(t *testing.T, gaps []checks.Gap) {
	t.Helper()
	if len(gaps) == 0 {
		t.Error("got no gap, want one that says what is missing")
	}
	for _, g := range gaps {
		if g.Check == "" || len(g.Reason) < 10 || len(g.Reason) > 500 {
			t.Errorf("got gap %+v, want a check and one sentence", g)
		}
		for _, raw := range []string{"http://", "https://", "127.0.0.1", "dial tcp", "json:", "unmarshal", "context deadline", "EOF", "%!", "<nil>", "\n"} {
			if strings.Contains(g.Reason, raw) {
				t.Errorf("got gap %q: %q is nothing for a person", g.Reason, raw)
			}
		}
	}
}

// Memory gives how many bytes were allocated while f ran, by all goroutines:
// more than was ever in use at a time.
func Memory(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
