package rislive

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

// Filter says which routes are wanted. The zero Filter is all of them.
type Filter struct {
	// Prefix wants all routes for it, inside it and over it.
	Prefix netip.Prefix
	// Origin wants the routes that a network originates. A withdrawal names no
	// origin, so the prefixes that the network is known to announce are to be
	// asked for besides.
	Origin checks.ASN
}

// String gives the filter as a person would write it.
func (f Filter) String() string {
	switch {
	case f.Prefix.IsValid():
		return f.Prefix.String()
	case f.Origin != 0:
		return f.Origin.String()
	}
	return "everything"
}

// maxFilters is how many filters are asked for one by one. Beyond it the whole stream
// is: thousands of subscriptions are a burden on a public service, and the stream of
// some 4,000 messages a second is none for us.
const maxFilters = 1000

// request is one subscription. There is one for each filter, and some that are always
// there.
type request struct {
	kind   string // type of message: "UPDATE", "KEEPALIVE", ...
	prefix netip.Prefix
	path   string // "64500$": originated by that network
}

func (f Filter) request() request {
	r := request{kind: "UPDATE", prefix: f.Prefix}
	if !f.Prefix.IsValid() && f.Origin != 0 {
		r.path = strconv.FormatUint(uint64(f.Origin), 10) + "$"
	}
	return r
}

// standing are the subscriptions that are there whatever is wanted: the ends and
// returns of sessions, by the name in the manual and by that in the stream, and the
// keepalives of the sessions, which prove that a quiet collector is still there.
func standing() []request {
	return []request{{kind: "RIS_PEER_STATE"}, {kind: "STATE"}, {kind: "KEEPALIVE"}}
}

// frame writes the message that begins or ends a subscription.
func (r request) frame(message string) []byte {
	type socketOptions struct {
		IncludeRaw  bool `json:"includeRaw"`
		Acknowledge bool `json:"acknowledge"`
	}
	type data struct {
		Type         string        `json:"type"`
		Prefix       string        `json:"prefix,omitempty"`
		MoreSpecific *bool         `json:"moreSpecific,omitempty"`
		LessSpecific *bool         `json:"lessSpecific,omitempty"`
		Path         string        `json:"path,omitempty"`
		Options      socketOptions `json:"socketOptions"`
	}
	d := data{Type: r.kind, Path: r.path, Options: socketOptions{true, true}}
	if r.prefix.IsValid() {
		d.Prefix, d.MoreSpecific, d.LessSpecific = r.prefix.String(), new(true), new(true)
	}
	b, err := json.Marshal(struct {
		Type string `json:"type"`
		Data data   `json:"data"`
	}{message, d})
	if err != nil {
		panic(err) // strings and booleans
	}
	return b
}

// parseAccepted reads what a ris_subscribe_ok accepts: the subscription is said back,
// with its prefix as the server writes it, or with a list of them.
func parseAccepted(data json.RawMessage) ([]request, error) {
	var ok struct {
		Subscription *struct {
			Type   string          `json:"type"`
			Prefix json.RawMessage `json:"prefix"`
			Path   json.RawMessage `json:"path"`
		} `json:"subscription"`
	}
	if err := json.Unmarshal(data, &ok); err != nil || ok.Subscription == nil {
		return nil, fmt.Errorf("the server accepts a subscription that it does not name: %s", excerpt(data))
	}
	r := request{kind: ok.Subscription.Type, path: strings.Trim(string(ok.Subscription.Path), `"`)}
	if r.path == "null" {
		r.path = ""
	}
	var one string
	var several []string
	if json.Unmarshal(ok.Subscription.Prefix, &one) == nil && one != "" {
		several = []string{one}
	} else if p := ok.Subscription.Prefix; len(p) > 0 && string(p) != "null" && json.Unmarshal(p, &several) != nil {
		return nil, fmt.Errorf("the server accepts a subscription to the prefix %s", excerpt(p))
	}
	if len(several) == 0 {
		return []request{r}, nil
	}
	list := make([]request, len(several))
	for i, text := range several {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("the server accepts a subscription to the prefix %s", excerpt([]byte(text)))
		}
		list[i] = r
		list[i].prefix = prefix.Masked()
	}
	return list, nil
}

// A subscription is asked for again when it was not accepted for retryAfter, tries
// times in all. It then counts as refused until the next connection.
const (
	retryAfter = 10 * time.Second
	maxTries   = 3
)

// book keeps what is wanted, and what of it the server serves.
type book struct {
	mu       sync.Mutex
	filters  []Filter // wanted
	always   bool     // the whole stream is asked for, whatever they are
	whole    bool     // they are asked for as the whole stream
	refusals []string // what made it the whole stream on this connection
	order    []request
	open     map[request]*subscription
	gone     []request // to be ended
	covered  map[Filter]bool
	changed  chan struct{} // has room for one: something is to be sent
	progress chan struct{} // closed when covered grows, and replaced
}

// subscription is one request on the present connection.
type subscription struct {
	sent     time.Time // zero for not yet
	tries    int
	accepted bool
}

// refused reports whether it was asked for often enough.
func (s *subscription) refused(now time.Time) bool {
	return !s.accepted && s.tries == maxTries && now.Sub(s.sent) >= retryAfter
}

func newBook(always bool) *book {
	b := &book{
		always: always, changed: make(chan struct{}, 1), progress: make(chan struct{}),
		open: map[request]*subscription{}, covered: map[Filter]bool{},
	}
	b.want(nil)
	return b
}

// want sets the filters.
func (b *book) want(filters []Filter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filters = nil
	seen := map[Filter]bool{}
	for _, f := range filters {
		if f.Prefix.IsValid() {
			f = Filter{Prefix: f.Prefix.Masked()}
		}
		if !seen[f] {
			seen[f] = true
			b.filters = append(b.filters, f)
		}
	}
	for f := range b.covered {
		if !seen[f] {
			delete(b.covered, f)
		}
	}
	b.plan(b.everything() || len(b.refusals) > 0)
}

// everything reports whether the whole stream is to be asked for from the beginning.
func (b *book) everything() bool {
	return b.always || len(b.filters) > maxFilters || slices.Contains(b.filters, Filter{})
}

// plan works out the subscriptions; mu is held.
func (b *book) plan(whole bool) {
	if whole != b.whole {
		b.whole = whole
		clear(b.covered) // by subscriptions that are about to end
	}
	b.order = standing()
	if b.whole {
		b.order = append(b.order, Filter{}.request())
	} else {
		for _, f := range b.filters {
			b.order = append(b.order, f.request())
		}
	}
	wanted := map[request]bool{}
	for _, r := range b.order {
		wanted[r] = true
		if b.open[r] == nil {
			b.open[r] = &subscription{}
		}
	}
	for r, s := range b.open {
		if !wanted[r] {
			delete(b.open, r)
			if !s.sent.IsZero() {
				b.gone = append(b.gone, r)
			}
		}
	}
	signal(b.changed)
}

// reset forgets what a connection that is over had accepted and refused.
func (b *book) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.open {
		*s = subscription{}
	}
	b.gone, b.refusals = nil, nil
	clear(b.covered)
	b.plan(b.everything())
}

// next gives the next message to be sent, nil where there is none now.
func (b *book) next(now time.Time) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.judge(now)
	pending := false
	for _, r := range b.order {
		s := b.open[r]
		if !s.accepted && s.tries < maxTries && now.Sub(s.sent) >= retryAfter {
			s.sent = now
			s.tries++
			return r.frame("ris_subscribe")
		}
		pending = pending || !s.accepted && !s.refused(now)
	}
	for len(b.gone) > 0 && !pending { // what takes their place is there
		r := b.gone[0]
		b.gone = b.gone[1:]
		if b.open[r] == nil { // it is not wanted again
			return r.frame("ris_unsubscribe")
		}
	}
	return nil
}

// judge turns to the whole stream where a filter is refused: what is not served is
// not to be missed without a word. mu is held.
func (b *book) judge(now time.Time) {
	if b.whole {
		return
	}
	for _, r := range b.order[len(standing()):] {
		if b.open[r].refused(now) {
			b.refusals = append(b.refusals, r.String())
		}
	}
	if len(b.refusals) > 0 {
		b.plan(true)
	}
}

// accept notes that the server serves a request from now on.
func (b *book) accept(r request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.open[r]; s != nil {
		s.accepted = true
	}
}

// ready reports whether all that is wanted is served, and the ends of sessions told or
// never to be told. err is that the server does not serve it at all.
func (b *book) ready(now time.Time) (ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	always := standing()
	first, second := b.open[always[0]], b.open[always[1]]
	if !first.accepted && !second.accepted && !(first.refused(now) && second.refused(now)) {
		return false, nil
	}
	for _, r := range b.order[len(always):] {
		switch s := b.open[r]; {
		case b.whole && s.refused(now):
			return false, errRefused
		case !s.accepted:
			return false, nil
		}
	}
	return true, nil
}

// cover takes in that what is accepted is delivered.
func (b *book) cover() {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.covered)
	if before == len(b.filters) {
		return
	}
	for _, f := range b.filters {
		r := f.request()
		if b.whole {
			r = Filter{}.request()
		}
		if b.open[r].accepted {
			b.covered[f] = true
		}
	}
	if len(b.covered) > before {
		close(b.progress)
		b.progress = make(chan struct{})
	}
}

// served says how many of the filters that are wanted are covered; more is closed when
// another one is.
func (b *book) served() (covered, wanted int, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.covered), len(b.filters), b.progress
}

// coverage is what Status says of the subscriptions.
type coverage struct {
	wanted, served int
	refused        []string
	states         bool // the ends of sessions are told
}

func (b *book) coverage(now time.Time) coverage {
	b.mu.Lock()
	defer b.mu.Unlock()
	always := standing()
	return coverage{
		wanted: len(b.filters), served: len(b.covered), refused: slices.Clone(b.refusals),
		states: !b.open[always[0]].refused(now) || !b.open[always[1]].refused(now),
	}
}

// String names a request as its filter is.
func (r request) String() string {
	switch {
	case r.prefix.IsValid():
		return r.prefix.String()
	case r.path != "":
		return "AS" + strings.TrimSuffix(r.path, "$")
	}
	return "everything"
}
