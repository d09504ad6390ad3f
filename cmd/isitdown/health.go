package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// finding is one thing that a bot needs to do its work, and how it is.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Reason is one sentence: what is wrong, or what is worth knowing.
	Reason string `json:"reason,omitempty"`
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool      `json:"ready"`
	Checks []finding `json:"checks"`
}

func readinessOf(list []finding) readiness {
	r := readiness{Ready: true, Checks: list}
	for _, f := range list {
		r.Ready = r.Ready && f.OK
	}
	return r
}

// probe keeps what was found out at some cost, so that whoever asks all the time has
// it found out once in a while: a write to the database waits for the disk.
type probe struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// probeEvery is for how long what a probe found is believed.
const probeEvery = 5 * time.Second

func (p *probe) ask(now time.Time, look func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.at); age < 0 || age >= probeEvery {
		p.at, p.err = now, look()
	}
	return p.err
}

// healthHandler serves /healthz, which says that the process answers, and /readyz,
// which says whether the bot can do its work: 503 where it cannot.
func healthHandler(findings func() []finding) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		r := readinessOf(findings())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !r.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		json.NewEncoder(w).Encode(r) // whoever asked may have gone
	})
	return mux
}

// How long a client of our HTTP server may take.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
)

// serveHTTP serves a listener until the context ends, and then what is under way for
// at most the grace.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration, log *slog.Logger) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	err := s.Shutdown(last)
	if err != nil {
		err = errors.Join(fmt.Errorf("ending HTTP on %s: %w", l.Addr(), err), s.Close())
	}
	<-ended
	return err
}
