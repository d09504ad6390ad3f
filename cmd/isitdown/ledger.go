package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// ledger keeps how each source of the network does, for the log, which hears of each
// change once, for /readyz, doctor and the metrics.
//
// Its methods may be called from several goroutines.
type ledger struct {
	log *slog.Logger

	mu      sync.Mutex
	sources map[string]*standing
}

// standing is how one source does.
type standing struct {
	Name     string
	Failing  string         // why, as the operator reads it; "" for not
	Since    time.Time      // of the present state; zero where nothing is known yet
	Good     time.Time      // when it last answered
	Requests map[string]int // by result
}

func newLedger(log *slog.Logger) *ledger {
	return &ledger{log: log, sources: map[string]*standing{}}
}

// observe counts a question and how it ended: the clients of the services call it.
// Questions that were not waited for, or not asked, say nothing of the source.
func (l *ledger) observe(service, result string, _ time.Duration) {
	l.count(service, result, 0)
	switch result {
	case "ok":
		l.note(service, "")
	case "cached", "canceled", "unsent", "refusal":
	default:
		l.note(service, result)
	}
}

// count counts a question and how it ended, and draws nothing from it.
func (l *ledger) count(service, result string, _ time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(service).Requests[result]++
}

// note takes in that a source does its work, or with a reason that it does not.
func (l *ledger) note(source, failing string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, now := l.of(source), time.Now()
	if failing == "" {
		s.Good = now
	}
	if !s.Since.IsZero() && (s.Failing == "") == (failing == "") {
		s.Failing = failing
		return
	}
	known := !s.Since.IsZero()
	lasted := now.Sub(s.Since)
	s.Failing, s.Since = failing, now
	switch {
	case failing != "":
		l.log.Warn("a source does not answer; answers say what is missing for it", "source", source, "reason", failing)
	case known:
		l.log.Info("a source answers again", "source", source, "after", lasted.Round(time.Second).String())
	}
}

// of gives the entry of a source; l.mu is held.
func (l *ledger) of(source string) *standing {
	s := l.sources[source]
	if s == nil {
		s = &standing{Name: source, Requests: map[string]int{}}
		l.sources[source] = s
	}
	return s
}

// all gives how the sources stand, by name.
func (l *ledger) all() []standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]standing, 0, len(l.sources))
	for _, name := range slices.Sorted(maps.Keys(l.sources)) {
		s := *l.sources[name]
		s.Requests = maps.Clone(s.Requests)
		list = append(list, s)
	}
	return list
}

// failing lists what does not answer and is none of the feeds, in words for /readyz.
func (l *ledger) failing(feeds []*feed) string {
	var list []string
	for _, s := range l.all() {
		if s.Failing != "" && !slices.ContainsFunc(feeds, func(f *feed) bool { return f.name == s.Name }) {
			list = append(list, fmt.Sprintf("%s: no answer since %s (%s)", s.Name, clock(s.Since), s.Failing))
		}
	}
	return strings.Join(list, "; ")
}
