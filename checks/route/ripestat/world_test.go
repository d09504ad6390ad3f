package ripestat

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// world is a routing world, and a stand-in for RIPEstat that knows it: what is
// asked of it is answered from the same list of events, in the form of the answers
// that RIPEstat gave in 2025.
type world struct {
	sessions  []session
	events    []event // in the order of time
	announced map[checks.ASN][]string
	related   map[string][]string
	neighbour map[string][]Neighbour    // asn-neighbours, by "AS4837"
	standing  map[string][]Standing     // asn-neighbours-history
	extra     map[string]map[string]any // answers to other calls
	since     time.Time                 // the index begins; zero for long ago
	latest    time.Time                 // the index ends
	present   time.Time                 // of the looking glass
	glassMost int                       // prefixes that the looking glass is asked about; zero for the default
	date      time.Time                 // of its clock; zero for ours

	fault map[string]http.HandlerFunc // by data call, instead of the answer
	edit  map[string]func(q map[string]string, data map[string]any, all map[string]any)

	mu    sync.Mutex
	asked []string // "bgp-state resource=..."
}

type event struct {
	at      time.Time
	session int
	prefix  string
	path    any  // nil for a withdrawal
	secret  bool // happened, but bgp-updates does not say so
}

// clockAt reads a time.
func clockAt(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

var longAgo = time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC)

// kp is the world around North Korea's four networks: forty full feeds at four
// collectors, of which each has a session, and three partial ones. Everything is
// announced since long ago; the index ends at latest.
func kp(latest string) *world {
	w := &world{
		latest: clockAt(latest), fault: map[string]http.HandlerFunc{},
		edit:      map[string]func(map[string]string, map[string]any, map[string]any){},
		announced: map[checks.ASN][]string{131279: networks}, related: map[string][]string{},
	}
	w.present = w.latest.Add(2 * time.Hour)
	for i := range 43 {
		s := session{route.Peer{
			Collector: fmt.Sprintf("rrc%02d", []int{0, 3, 21, 25}[i%4]),
			Addr:      netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), AS: checks.ASN(1001 + i),
		}, [2]int{950_000, 0}}
		if i >= 40 {
			s.Size = [2]int{7, 0}
		}
		w.sessions = append(w.sessions, s)
	}
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 4837, 131279} }, networks...)
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 3333} }, "193.0.0.0/21")
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 15169} }, "8.8.8.0/24")
	return w
}

var networks = []string{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"}

func (w *world) as(i int) int { return int(w.sessions[i].Peer.AS) }

// all lets the sessions from..to-1 have the prefixes from at on; a nil path
// withdraws.
func (w *world) all(at time.Time, from, to int, path func(i int) any, prefixes ...string) {
	for i := from; i < to; i++ {
		for _, p := range prefixes {
			e := event{at: at, session: i, prefix: p}
			if path != nil {
				e.path = path(i)
			}
			w.events = append(w.events, e)
		}
	}
	slices.SortStableFunc(w.events, func(a, b event) int { return a.at.Compare(b.at) })
}

// withdraw takes prefixes away at the sessions from..to-1, a second apart.
func (w *world) withdraw(at string, from, to int, prefixes ...string) {
	for i := from; i < to; i++ {
		w.all(clockAt(at).Add(time.Duration(i)*time.Second), i, i+1, nil, prefixes...)
	}
}

// held gives what the sessions hold at a time: prefix -> session -> path.
func (w *world) held(at time.Time) map[string]map[int]any {
	m := map[string]map[int]any{}
	if at.Before(w.since) {
		return m
	}
	for _, e := range w.events {
		if e.at.After(at) {
			break
		}
		if m[e.prefix] == nil {
			m[e.prefix] = map[int]any{}
		}
		if e.path == nil {
			delete(m[e.prefix], e.session)
		} else {
			m[e.prefix][e.session] = e.path
		}
	}
	return m
}

func (w *world) source(i int) string {
	p := w.sessions[i].Peer
	return strings.TrimPrefix(p.Collector, "rrc") + "-" + p.Addr.String()
}

// client asks the world.
func (w *world) client(change ...func(*Options)) *Client {
	o := Options{HTTP: &http.Client{Transport: w}, UserAgent: "isitdown/test", SourceApp: "isitdown-test", Attempts: 1}
	for _, f := range change {
		f(&o)
	}
	return New(o)
}

// RoundTrip answers without a network, which a synctest bubble needs.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// question gives the data call and the parameters of a request.
func question(r *http.Request) (name string, q map[string]string) {
	q = map[string]string{}
	for k, v := range r.URL.Query() {
		q[k] = v[0]
	}
	return strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/data/"), "/data.json"), q
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	name, q := question(r)
	w.mu.Lock()
	w.asked = append(w.asked, name+" "+q["resource"]+" "+q["timestamp"]+q["query_time"]+q["starttime"]+q["endtime"])
	w.mu.Unlock()
	if f := w.fault[name]; f != nil {
		f(rw, r)
		return
	}
	w.reply(rw, name, q)
}

// reply answers without a fault.
func (w *world) reply(rw http.ResponseWriter, name string, q map[string]string) {
	answer := map[string]any{
		"messages": []any{}, "see_also": []any{}, "version": "1.2", "data_call_name": name, "data_call_status": "supported",
		"cached": false, "status": "ok", "status_code": 200, "time": w.present.Format("2006-01-02T15:04:05.000000"),
	}
	data := w.answer(name, q)
	if data == nil {
		http.Error(rw, "no such data call", http.StatusNotFound)
		return
	}
	answer["data"] = data
	if f := w.edit[name]; f != nil {
		f(q, data, answer)
	}
	rw.Header().Set("Content-Type", "application/json")
	if !w.date.IsZero() {
		rw.Header().Set("Date", w.date.UTC().Format(http.TimeFormat))
	}
	if err := json.NewEncoder(rw).Encode(answer); err != nil {
		panic(err)
	}
}

func at(q map[string]string, name string, otherwise time.Time) time.Time {
	if q[name] == "" {
		return otherwise
	}
	return clockAt(q[name])
}

func (w *world) answer(name string, q map[string]string) map[string]any {
	if data := w.extra[name]; data != nil {
		return data
	}
	switch name {
	case "bgp-state":
		return w.state(strings.Split(q["resource"], ","), at(q, "timestamp", w.latest))
	case "bgp-updates":
		return w.updates(strings.Split(q["resource"], ","), at(q, "starttime", w.latest), at(q, "endtime", w.latest))
	case "looking-glass":
		return w.glass(q["resource"])
	case "ris-peers":
		return w.peers(at(q, "query_time", w.latest))
	case "announced-prefixes":
		list := []any{}
		for a, prefixes := range w.announced {
			for _, p := range prefixes {
				if q["resource"] == a.String() {
					list = append(list, map[string]any{"prefix": p, "timelines": []any{}})
				}
			}
		}
		return map[string]any{"prefixes": list}
	case "related-prefixes":
		list := []any{}
		for _, p := range w.related[q["resource"]] {
			list = append(list, map[string]any{"prefix": p, "relationship": "Overlap"})
		}
		return map[string]any{"prefixes": list}
	case "asn-neighbours":
		return w.neighbours(q["resource"], at(q, "query_time", w.latest))
	case "asn-neighbours-history":
		return w.neighboursHistory(q["resource"], at(q, "starttime", w.latest.AddDate(0, -3, 0)), at(q, "endtime", w.latest))
	case "country-resource-list":
		return map[string]any{"query_time": "2014-12-22T00:00:00", "resources": map[string]any{
			"asn": []any{"131279"}, "ipv4": []any{"175.45.176.0-175.45.179.255"}, "ipv6": []any{},
		}}
	}
	return nil
}

// state answers bgp-state: exact prefixes, and the routes that a network originates.
func (w *world) state(resources []string, when time.Time) map[string]any {
	if when.After(w.latest) {
		when = w.latest
	}
	list := []any{}
	held := w.held(when)
	for _, p := range slices.Sorted(maps.Keys(held)) {
		for _, i := range slices.Sorted(maps.Keys(held[p])) {
			path, _ := held[p][i].([]any)
			origin := ""
			if len(path) > 0 {
				origin = fmt.Sprintf("AS%v", path[len(path)-1])
			}
			if slices.Contains(resources, p) || slices.Contains(resources, origin) {
				list = append(list, map[string]any{"target_prefix": p, "source_id": w.source(i), "path": held[p][i], "community": []any{"4837:1"}})
			}
		}
	}
	return map[string]any{"resource": strings.Join(resources, ","), "timestamp": stamp(when), "bgp_state": list, "nr_routes": len(list)}
}

// updates answers bgp-updates.
func (w *world) updates(resources []string, from, to time.Time) map[string]any {
	list := []any{}
	for n, e := range w.events {
		if e.secret || e.at.Before(from) || e.at.After(to) || e.at.Before(w.since) || !slices.Contains(resources, e.prefix) {
			continue
		}
		attrs := map[string]any{"target_prefix": e.prefix, "source_id": w.source(e.session)}
		kind := "W"
		if e.path != nil {
			kind, attrs["path"], attrs["community"] = "A", e.path, []any{}
		}
		list = append(list, map[string]any{"seq": n, "timestamp": stamp(e.at), "type": kind, "attrs": attrs})
	}
	if to.After(w.latest) {
		to = w.latest
	}
	return map[string]any{"resource": strings.Join(resources, ","), "query_starttime": stamp(from), "query_endtime": stamp(to), "updates": list, "nr_updates": len(list)}
}

// glass answers looking-glass.
func (w *world) glass(resource string) map[string]any {
	byCollector := map[string][]any{}
	for i, path := range w.held(w.present)[resource] {
		hops := strings.Trim(fmt.Sprint(path), "[]")
		p := w.sessions[i].Peer
		byCollector[p.Collector] = append(byCollector[p.Collector], map[string]any{
			"as_path": hops, "peer": p.Addr.String(), "prefix": resource, "last_updated": "2025-05-31T23:16:01", "latest_time": stamp(w.present),
		})
	}
	rrcs := []any{}
	for name, peers := range byCollector {
		rrcs = append(rrcs, map[string]any{"rrc": strings.ToUpper(name), "location": "Somewhere", "peers": peers})
	}
	return map[string]any{"rrcs": rrcs, "query_time": stamp(w.present), "latest_time": stamp(w.present.Add(-40 * time.Second))}
}

// peers answers ris-peers.
func (w *world) peers(when time.Time) map[string]any {
	lists := map[string][]any{}
	for _, s := range w.sessions {
		lists[s.Peer.Collector] = append(lists[s.Peer.Collector], map[string]any{
			"asn": fmt.Sprint(uint32(s.Peer.AS)), "ip": s.Peer.Addr.String(), "v4_prefix_count": s.Size[0], "v6_prefix_count": s.Size[1],
		})
	}
	when = when.Truncate(dumpEvery)
	return map[string]any{"peers": lists, "parameters": map[string]any{"query_time": stamp(when)}}
}

// country is North Korea as the registries have it.
func country() checks.Footprint {
	return checks.Footprint{
		Target: checks.Country("KP"), Name: "North Korea", Country: "KP",
		Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")},
		Origins:  []checks.ASN{131279}, Home: []checks.ASN{131279},
	}
}

// told is what a history led to.
type told struct {
	checks.Verdict
	asOf   time.Time
	gaps   []checks.Gap
	err    error
	counts map[route.Kind]int
}

// judge plays a history into a table and asks for the verdict of the time that it
// stands for, or of at where there is none.
func judge(t testing.TB, c *Client, f checks.Footprint, when time.Time) told {
	t.Helper()
	rib := route.NewRIB(route.DefaultRules())
	watch := rib.Watch(f)
	out := told{counts: map[route.Kind]int{}}
	last := time.Time{}
	out.asOf, out.gaps, out.err = c.History(t.Context(), f, when, func(u *route.Update) {
		if u.At.Before(last) {
			t.Errorf("an update of %s came after one of %s", u.At, last)
		}
		last = u.At
		out.counts[u.Kind]++
		rib.Apply(u)
	})
	now := out.asOf
	if now.IsZero() {
		now = when
	}
	base, vantage, list := watch.Observe(now)
	out.Verdict = checks.Assess(checks.Case{
		Footprint: f, Baseline: base, Vantage: vantage, Observations: list, Gaps: out.gaps, Now: now, Rules: checks.DefaultRules(),
	})
	return out
}

func reasons(gaps []checks.Gap) string {
	var b strings.Builder
	for _, g := range gaps {
		b.WriteString("\n\t" + g.Reason)
	}
	return b.String()
}

// as finds our own error in err; the other kinds are of package web.
func as(err error) (*Error, bool) {
	if own, ok := errors.AsType[*Error](err); ok {
		return own, true
	}
	if err != nil {
		return &Error{Kind: "web"}, true
	}
	return nil, false
}
