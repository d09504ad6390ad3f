package ripestat

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/route"
)

// recorded reads one of the answers that RIPEstat gave in June 2025.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	folder := os.Getenv("ISITDOWN_TESTDATA")
	if folder == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	body, err := os.ReadFile(filepath.Join(folder, "ripestat", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// decoded reads a recorded answer to a call.
func decoded[T any](t *testing.T, call, name string) *T {
	t.Helper()
	var e envelope[T]
	if err := json.Unmarshal(recorded(t, name), &e); err != nil {
		t.Fatal(err)
	}
	if err := e.check(call); err != nil {
		t.Fatal(err)
	}
	return &e.Data
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestRecordedState(t *testing.T) {
	d := decoded[stateData](t, "bgp-state", "bgp_state")
	routes, err := d.routes()
	if want := time.Date(2020, 12, 21, 12, 0, 0, 0, time.UTC); err != nil || len(routes) != 0 || !d.Timestamp.Equal(want) {
		t.Errorf("got %d routes of %v, error %v; want none of %v", len(routes), d.Timestamp, err, want)
	}
}

func TestRecordedUpdates(t *testing.T) {
	list := must(decoded[updatesData](t, "bgp-updates", "bgp_updates").changes())(t)
	withdrawn, sources := 0, map[source]bool{}
	for _, c := range list {
		if c.broken {
			t.Errorf("a path cannot be read: %+v", c)
		}
		if c.withdrawn {
			withdrawn++
		}
		sources[c.from] = true
	}
	if len(list) != 515 || withdrawn != 16 || len(sources) != 101 {
		t.Errorf("got %d changes, %d withdrawn, %d sources; want 515, 16, 101", len(list), withdrawn, len(sources))
	}
	first := list[0]
	if got := first.path.String(); got != "48237 1299 1764 1853 1205" || first.from != (source{"rrc26", netip.MustParseAddr("185.1.8.3")}) {
		t.Errorf("first change: got %s from %v", got, first.from)
	}
	if !sources[source{"rrc25", netip.MustParseAddr("2602:fc26:12::1")}] {
		t.Error("the session over IPv6 is missing")
	}
}

func TestRecordedPeers(t *testing.T) {
	d := decoded[peersData](t, "ris-peers", "ris_peers")
	list := must(d.sessions())(t)
	if want := time.Date(2025, 6, 11, 8, 0, 0, 0, time.UTC); !d.at().Equal(want) || len(list) != 1459 {
		t.Errorf("got %d sessions of %v, want 1459 of %v", len(list), d.at(), want)
	}
	want := session{route.Peer{Collector: "rrc00", Addr: netip.MustParseAddr("198.58.198.252"), AS: 1403}, [2]int{976961, 219231}}
	if !slices.Contains(list, want) {
		t.Errorf("%+v is not among the sessions", want)
	}
	// Every source of the recorded updates is one of them.
	known := map[source]bool{}
	for _, s := range list {
		known[source{s.Peer.Collector, s.Peer.Addr}] = true
	}
	for _, c := range must(decoded[updatesData](t, "bgp-updates", "bgp_updates").changes())(t) {
		if !known[c.from] {
			t.Errorf("%v is no session", c.from)
		}
	}
}

func TestRecordedGlass(t *testing.T) {
	d := decoded[glassData](t, "looking-glass", "looking_glass")
	routes := must(d.routes())(t)
	prefixes := map[netip.Prefix]int{}
	for _, r := range routes {
		prefixes[r.prefix]++
		if r.broken || len(r.path) == 0 {
			t.Errorf("a path cannot be read: %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]int{"140.78.0.0/16": 421}, textKeys(prefixes)); diff != "" {
		t.Errorf("routes by prefix (-want +got):\n%s", diff)
	}
}

func textKeys[V any](m map[netip.Prefix]V) map[string]V {
	out := map[string]V{}
	for k, v := range m {
		out[k.String()] = v
	}
	return out
}

func TestRecordedResources(t *testing.T) {
	d := decoded[resourcesData](t, "country-resource-list", "country_resource_list")
	asns, prefixes, err := d.lists()
	if err != nil {
		t.Fatal(err)
	}
	if len(asns) != 681 || !slices.IsSorted(asns) || asns[0] != 679 {
		t.Errorf("got %d networks from %v, want 681 from AS679", len(asns), asns[0])
	}
	// The addresses are those of the list itself, however it is cut.
	want := uint64(0)
	for _, text := range d.Resources.IPv4 {
		want += checks.MeasureIPv4(must(readRange(text))(t)).Addresses
	}
	if got := checks.MeasureIPv4(prefixes).Addresses; got != want {
		t.Errorf("got %d addresses, want %d", got, want)
	}
	for i, p := range prefixes[1:] {
		if prefixes[i].Overlaps(p) || checks.ComparePrefixes(prefixes[i], p) >= 0 {
			t.Errorf("%s and %s are not in order", prefixes[i], p)
		}
	}
}

func TestRecordedLists(t *testing.T) {
	announced := must(decoded[announcedData](t, "announced-prefixes", "announced_prefixes").list(3333))(t)
	if len(announced) != 7 || announced[0].Prefix.String() != "2001:67c:2e8::/48" || len(announced[0].Spans) != 1 {
		t.Errorf("announced: got %+v", announced)
	}
	history := must(decoded[historyData](t, "routing-history", "routing_history").list())(t)
	last := history[len(history)-1]
	if s := last.Spans[len(last.Spans)-1]; len(history) != 13 || last.Origin != 3333 || s.Peers != 346.72 {
		t.Errorf("history: got %d prefixes, the last span %+v", len(history), s)
	}
	neighbours := decoded[neighboursData](t, "asn-neighbours", "asn_neighbours")
	if n := neighbours.Neighbours; len(n) != 6 || n[0].ASN != 12479 || n[0].Type != "left" || n[0].Power != 941 {
		t.Errorf("neighbours: got %+v", n)
	}
	if d := decoded[overviewData](t, "as-overview", "as_overview"); d.Resource != 3333 || *d.Holder != "RIPE-NCC-AS - Reseaux IP Europeens Network Coordination Centre (RIPE NCC)" {
		t.Errorf("overview: got %+v", d)
	}
	v := must(decoded[rpkiData](t, "rpki-validation", "rpki_validation").validity())(t)
	want := Validity{"valid", "valid", []ROA{{3333, netip.MustParsePrefix("193.0.0.0/21"), 21, "valid"}}}
	if diff := cmp.Diff(want, v, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("validity (-want +got):\n%s", diff)
	}
}

// A call in maintenance says so with status "ok" and no data: that is no answer.
func TestRecordedMaintenance(t *testing.T) {
	for _, name := range []string{"mlab_clients", "ris_first_last_seen", "whois_object_last_updated"} {
		var e envelope[struct{}]
		if err := json.Unmarshal(recorded(t, name), &e); err != nil {
			t.Fatal(err)
		}
		if err, ok := e.check(e.Call).(*Error); !ok || err.Kind != Maintenance {
			t.Errorf("%s: got error %v, want maintenance", name, err)
		}
	}
}
