package globalping

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// testdata gives a file of the folder of real data.
func testdata(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	data, err := os.ReadFile(filepath.Join(dir, "globalping", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// examples gives the values in the examples of the service's OpenAPI description,
// by name. The file is YAML, each value JSON but for a comma before the end of an object.
func examples(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	text := regexp.MustCompile(`,(\s*\n\s*})`).ReplaceAllString(string(testdata(t, "examples.yaml")), "$1")
	out := map[string]json.RawMessage{}
	heads := regexp.MustCompile(`(?m)^    (\w+):$`).FindAllStringSubmatchIndex(text, -1)
	for _, h := range heads {
		_, value, ok := strings.Cut(text[h[1]:], "\n      value:\n")
		if !ok {
			t.Fatalf("the example %s has no value", text[h[2]:h[3]])
		}
		var raw json.RawMessage
		if err := json.NewDecoder(strings.NewReader(value)).Decode(&raw); err != nil {
			t.Fatalf("the example %s: %v", text[h[2]:h[3]], err)
		}
		out[text[h[2]:h[3]]] = raw
	}
	return out
}

// Every answer in the service's own examples can be read, and says what it shows.
func TestExamples(t *testing.T) {
	all := examples(t)
	if len(all) < 14 {
		t.Fatalf("%d examples, want all of them", len(all))
	}
	want := map[string]Vantage{
		"getPingMeasurementResponse": {
			Continent: "OC", Country: "NZ", City: "Auckland", ASN: 61138, Network: "Zappie Host LLC", Result: Answered,
			RTT: 24200 * time.Microsecond, Addr: netip.MustParseAddr("151.101.129.229"),
		},
		"getTracerouteMeasurementResponse": {
			Continent: "OC", Country: "AU", City: "Sydney", ASN: 16276, Network: "OVH SAS", Result: Answered,
			RTT: 733 * time.Microsecond, Addr: netip.MustParseAddr("104.16.85.20"), Hops: []Hop{
				{netip.MustParseAddr("172.68.208.3"), 1777 * time.Microsecond}, {netip.MustParseAddr("104.16.85.20"), 733 * time.Microsecond},
			},
		},
		"getHttpMeasurementResponse": {
			Continent: "AS", Country: "KR", City: "Seoul", ASN: 40676, Network: "Psychz Networks", Result: Answered,
			RTT: 219 * time.Millisecond, Addr: netip.MustParseAddr("104.16.88.20"), Status: 200,
		},
	}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	read := 0
	for name, raw := range all {
		if !strings.HasPrefix(name, "get") {
			continue
		}
		var m measurement
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := m.measurement()
		if err != nil || m.check(m.ID, m.Type) != nil || !got.Done || len(got.Vantages) != 1 {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		read++
		if w, ok := want[name]; ok {
			if diff := cmp.Diff(w, got.Vantages[0], same); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	if read < 6 {
		t.Errorf("%d answers were read, want all six", read)
	}
	var created struct{ ID string }
	if err := json.Unmarshal(all["createMeasurementResponse"], &created); err != nil || !validID(created.ID) {
		t.Errorf("created %+v, %v", created, err)
	}
}

// Real measurements that the service's own chat bots are tested with.
func TestRealMeasurements(t *testing.T) {
	var all map[string]measurement
	if err := json.Unmarshal(testdata(t, "chatbots_probedata.json"), &all); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for name, m := range all {
		got, err := m.measurement()
		if err != nil || !got.Done {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Type == Ping || m.Type == HTTP || m.Type == Traceroute {
			answered += got.tally().answered
			if claims := got.Claims(); len(claims) != 1 || claims[0].Loss == nil || *claims[0].Loss {
				t.Errorf("%s: claims %+v", name, claims)
			}
		}
	}
	if answered != 8 {
		t.Errorf("%d places answered, want 8", answered)
	}
}

// What is sent has no field but those of the service's description, within its limits.
func TestRequestsAreAsDescribed(t *testing.T) {
	schema := string(testdata(t, "schemas.yaml"))
	questions := []Question{
		{Kind: Ping, Target: "8.8.8.8"},
		{Kind: Ping, Target: "2001:4860:4860::8888", Places: []Place{{Country: "DE", City: "Berlin", Probes: 3}, {ASN: 3320, Network: "Deutsche Telekom AG"}}},
		{Kind: Traceroute, Target: "example.org"},
		{Kind: HTTP, Target: "https://example.org/a%20b?c=d"},
		{Kind: HTTP, Target: "http://example.org:8080"},
		{Kind: HTTP, Target: "example.org"},
	}
	for _, q := range questions {
		synctest.Test(t, func(t *testing.T) {
			results := []map[string]any{pinged(1)}
			switch q.Kind {
			case HTTP:
				results = []map[string]any{served(200, 1)}
			case Traceroute:
				results = []map[string]any{traced("8.8.8.8")}
			}
			s := &standIn{results: results}
			if _, err := over(s, Options{}).Measure(t.Context(), q); err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			describe(t, schema, s.requests[0])
		})
	}
}

// describe checks a request by hand against the schemas MeasurementRequest,
// MeasurementLocationOption and those of the options.
func describe(t *testing.T, schema string, r map[string]any) {
	t.Helper()
	known := func(object map[string]any, name string) {
		for k := range object {
			if !slices.Contains(properties(t, schema, name), k) {
				t.Errorf("%s is no property of %s", k, name)
			}
		}
	}
	known(r, "MeasurementRequest")
	within := func(what string, v any, low, high float64) {
		if n, ok := v.(float64); v != nil && (!ok || n < low || n > high) {
			t.Errorf("%s is %v, want %v to %v", what, v, low, high)
		}
	}
	within("timeout", r["timeout"], 5, 30)
	for _, l := range r["locations"].([]any) {
		location := l.(map[string]any)
		known(location, "MeasurementLocationOption")
		within("limit", location["limit"], 1, 200)
		within("asn", location["asn"], 1, 1<<32)
	}
	o, _ := r["measurementOptions"].(map[string]any)
	within("port", o["port"], 0, 65535)
	switch r["type"] {
	case "ping":
		known(o, "MeasurementPingOptions")
		within("packets", o["packets"], 1, 16)
	case "http":
		known(o, "MeasurementHttpOptions")
		if p := o["protocol"]; p != "HTTP" && p != "HTTPS" {
			t.Errorf("protocol %v", p)
		}
		request := o["request"].(map[string]any)
		for k := range request {
			if !slices.Contains([]string{"host", "path", "query", "method", "headers"}, k) {
				t.Errorf("%s is no property of a request", k)
			}
		}
		if request["method"] != "HEAD" {
			t.Errorf("method %v", request["method"])
		}
	case "traceroute":
		known(o, "MeasurementTracerouteOptions")
	default:
		t.Errorf("type %v", r["type"])
	}
}

// properties lists the names of the properties of a schema, of its nearest level.
func properties(t *testing.T, schema, name string) []string {
	t.Helper()
	_, text, ok := strings.Cut(schema, "\n    "+name+":\n")
	if !ok {
		t.Fatalf("no schema %s", name)
	}
	if end := regexp.MustCompile(`(?m)^    \w`).FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	at := regexp.MustCompile(`(?m)^( +)properties:\n`).FindStringSubmatchIndex(text)
	if at == nil {
		t.Fatalf("the schema %s has no properties", name)
	}
	var names []string
	indent := text[at[2]:at[3]] + "  "
	for line := range strings.Lines(text[at[1]:]) {
		if rest, ok := strings.CutPrefix(line, indent); ok && rest[0] != ' ' {
			names = append(names, strings.TrimRight(rest, ":\n"))
		}
	}
	if len(names) < 3 {
		t.Fatalf("the schema %s has properties %q", name, names)
	}
	return names
}

// A target that is not public is refused before anybody is asked.
func TestNotPublic(t *testing.T) {
	for _, bad := range []string{
		"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.0.2.1",
		"198.51.100.7", "203.0.113.9", "198.19.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "192.0.0.8",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "3fff::1", "2002:0a00:0001::1", "::ffff:10.0.0.1",
		"::ffff:127.0.0.1", "64:ff9b::a00:1", "100::1", "2001::1", "5f00::1", "4000::1",
		"localhost", "router.local", "a.b.internal", "x.localhost", "host.lan", "a.home.arpa", "a.test", "a.invalid", "a.example", "a.onion", "", "justaname",
		"LOCALHOST.", "A.LOCAL.",
	} {
		for _, kind := range []Kind{Ping, Traceroute, HTTP} {
			q := Question{Kind: kind, Target: bad}
			if _, err := q.request(); err == nil {
				t.Errorf("%s of %q is asked for", kind, bad)
			} else if _, ok := err.(*TargetError); ok && !strings.HasPrefix(Gap(err).Reason, "Globalping is not asked about ") {
				t.Errorf("gap %q", Gap(err).Reason)
			}
		}
	}
	for _, bad := range []string{"http://127.0.0.1/", "http://[::1]:80/", "https://10.0.0.1:8443/x", "https://intranet/", "ftp://example.org/", "https://", "https://[fe80::1%25eth0]/"} {
		if _, err := (&Question{Kind: HTTP, Target: bad}).request(); err == nil {
			t.Errorf("%q is asked for", bad)
		}
	}
	for _, good := range []string{"8.8.8.8", "175.45.176.1", "2001:4860:4860::8888", "2606:4700::1", "example.org", "xn--bcher-kva.ch", "172.32.0.1", "100.128.0.1", "192.0.3.1", "2001:200::1"} {
		if _, err := (&Question{Kind: Ping, Target: good}).request(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, q := range []Question{
		{Kind: Ping, Target: "8.8.8.8", Places: []Place{{Probes: 51}}},
		{Kind: Ping, Target: "8.8.8.8", Port: 70000},
		{Kind: "mtr", Target: "8.8.8.8"},
	} {
		if _, err := q.request(); err == nil {
			t.Errorf("%+v is asked for", q)
		}
	}
}

// Whatever an answer holds, it becomes a measurement whose words are bounded.
func FuzzMeasurement(f *testing.F) {
	for _, results := range [][]map[string]any{{pinged(1, 2, 3), pinged()}, {served(200, 12)}, {failedBy("target"), failedBy("internal")}} {
		list := []map[string]any{}
		for i, r := range results {
			list = append(list, map[string]any{"probe": probe(i), "result": r})
		}
		for _, kind := range []Kind{Ping, HTTP, Traceroute} {
			data, err := json.Marshal(map[string]any{
				"id": "x", "type": kind, "status": "finished", "target": "8.8.8.8", "updatedAt": "2026-11-22T12:00:02.500Z", "results": list,
			})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"id":"x","type":"traceroute","status":"finished","updatedAt":"2026-11-22T12:00:02Z","results":[{"probe":{"asn":1},"result":{"status":"finished","resolvedAddress":"::ffff:8.8.8.8","hops":[{"resolvedAddress":null,"timings":[]},{"resolvedAddress":"8.8.8.8","timings":[{"rtt":1e300},{"rtt":0}]}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m measurement
		if json.Unmarshal(data, &m) != nil || m.check("x", m.Type) != nil {
			return
		}
		got, err := m.measurement()
		if err != nil {
			return
		}
		if len(got.Vantages) != len(*m.Results) {
			t.Errorf("%d places of %d", len(got.Vantages), len(*m.Results))
		}
		for _, v := range got.Vantages {
			if v.RTT < 0 || v.RTT > 10*time.Minute || v.Result == Answered && v.RTT == 0 && got.Kind == Ping || len(v.Hops) > maxHops {
				t.Errorf("place %+v", v)
			}
		}
		for _, v := range got.Votes() {
			if v.ASN == 0 || len(v.Continent) > 2 || v.Method == checks.MethodNone {
				t.Errorf("vote %+v", v)
			}
		}
		for _, c := range got.Claims() {
			if len([]rune(c.Text)) > 1000 || !strings.HasPrefix(c.Link, page) || c.Rests != Rests {
				t.Errorf("claim %+v", c)
			}
		}
	})
}
