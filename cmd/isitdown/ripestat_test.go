package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ripeStand stands in for RIPEstat: it answers the calls that the program makes from a
// list of routes and when they were there, in the forms of the recorded answers. What
// it calls the present ends at a full hour one to two hours ago; its looking glass is
// of now.
type ripeStand struct {
	sessions []standSession

	mu     sync.Mutex
	now    func() time.Time
	routes []standRoute
	calls  map[string]int
	broken int // HTTP status of every answer, where it is set
	// held says what a session holds now, for the looking glass; nil for what the list says.
	held func(p *standSession, prefix string) bool
}

type standSession struct {
	rrc  int
	addr string
	as   int
}

// standRoute is a route that every session holds for a time.
type standRoute struct {
	prefix   string
	path     []int // behind the session's own AS
	from, to time.Time
}

// newRIPEStand makes one with three collectors of five full feeds each, and the
// control routes.
func newRIPEStand(now func() time.Time, routes ...standRoute) *ripeStand {
	s := &ripeStand{now: now, calls: map[string]int{}}
	for rrc := range 3 {
		for n := range 5 {
			s.sessions = append(s.sessions, standSession{rrc, fmt.Sprintf("192.0.2.%d", 10*rrc+n+1), 64500 + 10*rrc + n})
		}
	}
	s.routes = append(routes,
		standRoute{prefix: "193.0.0.0/21", path: []int{3356, 3333}}, standRoute{prefix: "8.8.8.0/24", path: []int{3356, 15169}},
		standRoute{prefix: "2001:67c:2e8::/48", path: []int{3356, 3333}}, standRoute{prefix: "2001:4860::/32", path: []int{3356, 15169}})
	return s
}

// kpRoutes are the four routes of North Korea, which are gone from a time on where it
// is not zero.
func kpRoutes(gone time.Time) (list []standRoute) {
	for i := range 4 {
		list = append(list, standRoute{prefix: fmt.Sprintf("175.45.%d.0/24", 176+i), path: []int{3356, 4837, 131279}, to: gone})
	}
	return list
}

func (r *standRoute) there(at time.Time) bool {
	return !r.from.After(at) && (r.to.IsZero() || r.to.After(at))
}

func (r *standRoute) origin() int { return r.path[len(r.path)-1] }

// concerns reports whether a route is asked for by a list of prefixes and networks.
func (r *standRoute) concerns(resources string) bool {
	mine := netip.MustParsePrefix(r.prefix)
	for text := range strings.SplitSeq(resources, ",") {
		if strings.TrimPrefix(text, "AS") == fmt.Sprint(r.origin()) {
			return true
		}
		if p, err := netip.ParsePrefix(text); err == nil && p.Overlaps(mine) && p.Bits() <= mine.Bits() {
			return true
		}
	}
	return false
}

func (s *standSession) source() string { return fmt.Sprintf("%02d-%s", s.rrc, s.addr) }
func (s *standSession) path(r *standRoute) []int {
	return append([]int{s.as}, r.path...)
}

// set changes the routes.
func (s *ripeStand) set(routes []standRoute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = append(slices.Clone(routes), s.routes[len(s.routes)-4:]...)
}

// lagging is the end of the data that is not the looking glass's.
func (s *ripeStand) lagging() time.Time { return s.now().UTC().Add(-time.Hour).Truncate(time.Hour) }

func (s *ripeStand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/data/"), "/")[0]
	s.calls[name]++
	if s.broken != 0 {
		http.Error(w, "it is broken", s.broken)
		return
	}
	q := r.URL.Query()
	resources := q.Get("resource")
	var data any
	switch name {
	case "country-resource-list":
		data = map[string]any{"query_time": cmp.Or(q.Get("time"), stampOf(s.lagging())), "resources": map[string]any{"asn": []string{"131279"}, "ipv4": []string{"175.45.176.0/22"}, "ipv6": []string{}}}
	case "as-overview":
		data = map[string]any{"type": "as", "resource": strings.TrimPrefix(resources, "AS"), "holder": "NAME-OF-" + resources, "announced": true}
	case "ris-peers":
		data = s.peers(q.Get("query_time"))
	case "bgp-state":
		data = s.state(resources, timeOf(q.Get("timestamp"), s.lagging()))
	case "bgp-updates":
		data = s.updates(resources, timeOf(q.Get("starttime"), time.Time{}), timeOf(q.Get("endtime"), s.lagging()))
	case "looking-glass":
		data = s.glass(resources)
	case "announced-prefixes":
		data = s.announced(resources, timeOf(q.Get("starttime"), time.Time{}), timeOf(q.Get("endtime"), s.lagging()))
	case "asn-neighbours":
		data = s.neighbours(resources, timeOf(q.Get("query_time"), s.lagging()))
	case "asn-neighbours-history":
		data = s.neighboursHistory(resources, timeOf(q.Get("starttime"), time.Time{}), timeOf(q.Get("endtime"), s.lagging()))
	case "routing-history":
		data = s.history(resources)
	case "rpki-validation":
		data = map[string]any{"status": "unknown", "validating_roas": []any{}, "validator": "routinator", "resource": resources, "prefix": q.Get("prefix")}
	case "related-prefixes":
		data = map[string]any{"resource": resources, "prefixes": []any{}, "query_time": stampOf(s.lagging())}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	json.NewEncoder(w).Encode(map[string]any{
		"messages": []any{}, "see_also": []any{}, "version": "1.0", "data_call_name": name, "data_call_status": "supported",
		"cached": false, "data": data, "query_id": "1", "status": "ok", "status_code": 200, "time": stampOf(s.now()),
	})
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func timeOf(text string, otherwise time.Time) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return otherwise
	}
	return t
}

func (s *ripeStand) peers(at string) any {
	peers := map[string][]any{}
	for _, p := range s.sessions {
		rrc := fmt.Sprintf("rrc%02d", p.rrc)
		peers[rrc] = append(peers[rrc], map[string]any{"asn": fmt.Sprint(p.as), "ip": p.addr, "v4_prefix_count": 1_000_000, "v6_prefix_count": 230_000})
	}
	latest := stampOf(s.lagging().Truncate(8 * time.Hour))
	return map[string]any{"peers": peers, "latest_time": latest, "earliest_time": "2000-08-01T00:00:00", "parameters": map[string]any{"query_time": cmp.Or(at, latest)}}
}

func (s *ripeStand) state(resources string, at time.Time) any {
	list := []any{}
	for _, r := range s.routes {
		if !r.concerns(resources) || !r.there(at) {
			continue
		}
		for _, p := range s.sessions {
			list = append(list, map[string]any{"target_prefix": r.prefix, "path": p.path(&r), "community": []any{}, "source_id": p.source()})
		}
	}
	return map[string]any{"resource": resources, "timestamp": stampOf(at), "bgp_state": list, "nr_routes": len(list)}
}

func (s *ripeStand) updates(resources string, from, to time.Time) any {
	type record struct {
		At    string         `json:"timestamp"`
		Type  string         `json:"type"`
		Attrs map[string]any `json:"attrs"`
		Seq   int            `json:"seq"`
	}
	list := []record{}
	add := func(at time.Time, kind string, r *standRoute) {
		if at.IsZero() || at.Before(from) || at.After(to) || !r.concerns(resources) {
			return
		}
		for _, p := range s.sessions {
			attrs := map[string]any{"source_id": p.source(), "target_prefix": r.prefix}
			if kind == "A" {
				attrs["path"], attrs["community"] = p.path(r), []any{}
			}
			list = append(list, record{stampOf(at), kind, attrs, len(list)})
		}
	}
	for i := range s.routes {
		add(s.routes[i].from, "A", &s.routes[i])
		add(s.routes[i].to, "W", &s.routes[i])
	}
	slices.SortStableFunc(list, func(a, b record) int { return strings.Compare(a.At, b.At) })
	return map[string]any{"resource": resources, "query_starttime": stampOf(from), "query_endtime": stampOf(to), "updates": list, "nr_updates": len(list)}
}

// history has every time that a route was there, with the last one open.
func (s *ripeStand) history(resources string) any {
	list := []any{}
	for _, r := range s.routes {
		if r.concerns(resources) {
			to := s.lagging()
			if !r.to.IsZero() {
				to = r.to
			}
			span := map[string]any{"starttime": stampOf(s.now().AddDate(-10, 0, 0)), "endtime": stampOf(to), "full_peers_seeing": 300.0}
			list = append(list, map[string]any{"origin": fmt.Sprint(r.origin()), "prefixes": []any{map[string]any{"prefix": r.prefix, "timelines": []any{span}}}})
		}
	}
	return map[string]any{"resource": resources, "by_origin": list}
}

func (s *ripeStand) glass(prefix string) any {
	now := s.now()
	rrcs := map[int][]any{}
	for _, p := range s.sessions {
		rrcs[p.rrc] = append([]any{}, rrcs[p.rrc]...)
		for _, r := range s.routes {
			there := r.there(now)
			if s.held != nil {
				there = s.held(&p, r.prefix)
			}
			if r.prefix == prefix && there {
				path := strings.Trim(fmt.Sprint(p.path(&r)), "[]")
				rrcs[p.rrc] = append(rrcs[p.rrc], map[string]any{"asn_origin": fmt.Sprint(r.origin()), "as_path": path, "prefix": prefix, "peer": p.addr, "latest_time": stampOf(now), "last_updated": stampOf(now)})
			}
		}
	}
	list := []any{}
	for n, peers := range rrcs {
		list = append(list, map[string]any{"rrc": fmt.Sprintf("RRC%02d", n), "location": "Amsterdam, Netherlands", "peers": peers})
	}
	return map[string]any{"rrcs": list, "query_time": stampOf(now), "latest_time": stampOf(now)}
}

func (s *ripeStand) announced(network string, from, to time.Time) any {
	list := []any{}
	for _, r := range s.routes {
		if fmt.Sprint(r.origin()) == strings.TrimPrefix(network, "AS") && !r.from.After(to) && (r.to.IsZero() || r.to.After(from)) {
			list = append(list, map[string]any{"prefix": r.prefix, "timelines": []any{map[string]any{"starttime": stampOf(from), "endtime": stampOf(to)}}})
		}
	}
	return map[string]any{"resource": strings.TrimPrefix(network, "AS"), "prefixes": list, "query_starttime": stampOf(from), "query_endtime": stampOf(to), "latest_time": stampOf(to), "earliest_time": "2000-08-01T00:00:00"}
}

// serveStand serves a stand-in on loopback until the test ends, and gives its address.
func serveStand(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
