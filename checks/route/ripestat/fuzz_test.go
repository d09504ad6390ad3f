package ripestat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"isitdown/checks"
)

// seeds gives a fuzzer the recorded answer, where the real data are at hand, and
// some in the same form.
func seeds(f *testing.F, name string, more ...string) {
	f.Helper()
	if folder := os.Getenv("ISITDOWN_TESTDATA"); folder != "" {
		body, err := os.ReadFile(filepath.Join(folder, "ripestat", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		if len(body) < 4096 {
			f.Add(body)
		}
	}
	for _, data := range more {
		f.Add([]byte(`{"messages":[["info","x"]],"data_call_name":"c","data_call_status":"supported","status":"ok","data":` + data + `}`))
	}
}

// fuzzed decodes an answer of arbitrary bytes; ok where it is one that is used.
func fuzzed[T any](b []byte) (data *T, ok bool) {
	var e envelope[T]
	if json.Unmarshal(b, &e) != nil || e.check(e.Call) != nil {
		return nil, false
	}
	return &e.Data, true
}

// sane holds a route to what the rest of the program relies on.
func (r *wireRoute) sane(t *testing.T) {
	t.Helper()
	if !r.prefix.IsValid() || r.prefix != r.prefix.Masked() || len(r.from.collector) != 5 || !r.from.addr.IsValid() || r.from.addr.Is4In6() {
		t.Errorf("got route %+v", r)
	}
	if got := len(r.path.Path()); got > maxHops || r.broken && got > 0 {
		t.Errorf("a path of %d hops (broken: %t)", got, r.broken)
	}
}

func FuzzState(f *testing.F) {
	seeds(f, "bgp_state",
		`{"timestamp":"2024-12-21T12:00:00","bgp_state":[{"target_prefix":"140.78.0.0/16","source_id":"26-185.1.8.3","path":[48237,1299,"{1764,1853}",[1,2],1205],"community":[]}],"nr_routes":1}`,
		`{"timestamp":1734782400,"bgp_state":[{"target_prefix":"2001:db8::/32","source_id":"25-2602:fc26:12::1","path":"1 2 {3,4}"}]}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[stateData](b)
		if !ok {
			return
		}
		routes, err := d.routes()
		if err != nil {
			return
		}
		for i := range routes {
			routes[i].sane(t)
		}
	})
}

func FuzzUpdates(f *testing.F) {
	seeds(f, "bgp_updates",
		`{"query_starttime":"2025-06-09T13:59:55","query_endtime":"2025-06-11T13:59:55","updates":[{"seq":1,"timestamp":"2025-06-09T14:22:45","type":"A","attrs":{"source_id":"26-185.1.8.3","target_prefix":"140.78.0.0/16","path":[48237,1205]}},{"seq":2,"timestamp":1749479000,"type":"W","attrs":{"source_id":"00-45.134.89.1","target_prefix":"140.78.0.0/16"}}],"nr_updates":2}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[updatesData](b)
		if !ok {
			return
		}
		list, err := d.changes()
		if err != nil {
			return
		}
		for i := range list {
			list[i].sane(t)
			if list[i].at.IsZero() || list[i].withdrawn && len(list[i].path) > 0 {
				t.Errorf("got change %+v", list[i])
			}
		}
	})
}

func FuzzGlass(f *testing.F) {
	seeds(f, "bgp_state", `{"latest_time":"2025-06-11T16:02:16","rrcs":[{"rrc":"RRC00","peers":[{"as_path":"34854 6939 {1853,7} 1205","peer":"2.56.11.1","prefix":"140.78.0.0/16"}]}]}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[glassData](b)
		if !ok {
			return
		}
		routes, err := d.routes()
		if err != nil {
			return
		}
		for i := range routes {
			routes[i].sane(t)
		}
	})
}

func FuzzPeers(f *testing.F) {
	seeds(f, "bgp_state", `{"peers":{"rrc00":[{"asn":"11708","ip":"72.22.223.9","v4_prefix_count":5,"v6_prefix_count":0},{"asn":3333,"ip":"2001:db8::1","v4_prefix_count":0,"v6_prefix_count":9}]},"parameters":{"query_time":"2025-06-11T08:00:00"}}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[peersData](b)
		if !ok {
			return
		}
		list, err := d.sessions()
		if err != nil {
			return
		}
		for i, s := range list {
			if s.Peer.AS == 0 || !s.Peer.Addr.IsValid() || s.Size[0] < 0 || s.Size[1] < 0 || i > 0 && list[i-1].Peer == s.Peer {
				t.Errorf("got session %+v", s)
			}
		}
	})
}

func FuzzResources(f *testing.F) {
	seeds(f, "bgp_state", `{"query_time":"2020-12-01T00:00:00","resources":{"asn":["679",760],"ipv4":["192.35.240.0-192.35.244.255","10.0.0.0/24"],"ipv6":["2001:628::/29"]}}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[resourcesData](b)
		if !ok {
			return
		}
		_, prefixes, err := d.lists()
		if err != nil {
			return
		}
		for i, p := range prefixes {
			if !p.IsValid() || p != p.Masked() || i > 0 && (prefixes[i-1].Overlaps(p) || checks.ComparePrefixes(prefixes[i-1], p) >= 0) {
				t.Errorf("got %v", prefixes)
			}
		}
	})
}

func FuzzLists(f *testing.F) {
	seeds(f, "announced_prefixes", `{"prefixes":[{"prefix":"193.0.0.0/21","timelines":[{"starttime":"2020-12-12T16:00:00","endtime":"2025-06-11T08:00:00"}]}]}`,
		`{"by_origin":[{"origin":"3333","prefixes":[{"prefix":"67.199.138.0/24","timelines":[{"starttime":"2014-10-13T00:00:00","endtime":"2014-10-24T23:59:59","full_peers_seeing":16.25}]}]}]}`,
		`{"status":"invalid_asn","validating_roas":[{"origin":"3333","prefix":"193.0.0.0/21","max_length":21,"validity":"valid"}]}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		var all []Announced
		if d, ok := fuzzed[announcedData](b); ok {
			all, _ = d.list(3333)
		}
		if d, ok := fuzzed[historyData](b); ok {
			list, _ := d.list()
			all = append(all, list...)
		}
		for _, a := range all {
			if !a.Prefix.IsValid() || a.Prefix != a.Prefix.Masked() {
				t.Errorf("got %+v", a)
			}
		}
		if d, ok := fuzzed[rpkiData](b); ok {
			if v, err := d.validity(); err == nil && v.State != "valid" && v.State != "invalid" && v.State != "unknown" {
				t.Errorf("got %+v", v)
			}
		}
	})
}
