package ripestat

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSource(t *testing.T) {
	for text, want := range map[string]source{
		"26-185.1.8.3":                    {"rrc26", netip.MustParseAddr("185.1.8.3")},
		"00-2a00:5884::6":                 {"rrc00", netip.MustParseAddr("2a00:5884::6")},
		"3-::ffff:192.0.2.1":              {"rrc03", netip.MustParseAddr("192.0.2.1")},
		"":                                {},
		"26":                              {},
		"26-":                             {},
		"rrc26-185.1.8.3":                 {},
		"-1-185.1.8.3":                    {},
		"100-185.1.8.3":                   {},
		"26-fe80::1%eth0":                 {},
		"26-185.1.8.3-1.2.3.4":            {},
		"26-" + strings.Repeat("9", 5000): {},
	} {
		var got source
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want != source{}) {
			t.Errorf("%.40q: got %v, error %v; want %v", text, got, err, want)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}

func TestPath(t *testing.T) {
	for text, want := range map[string]string{
		`[48237, 1299, 1205]`:                   "48237 1299 1205",
		`["48237", "AS1299"]`:                   "bad", // what is no number is not guessed at
		`["48237", 1205]`:                       "48237 1205",
		`[1, [2, "3"], 4]`:                      "1 {2,3} 4",
		`[1, "{2,3}"]`:                          "1 {2,3}",
		`[1, "{2, 3}"]`:                         "1 {2,3}",
		`"34854 6939 {1853, 7} 1205"`:           "34854 6939 {1853,7} 1205",
		`"34854"`:                               "34854",
		`[]`:                                    "",
		`""`:                                    "",
		`[4294967295]`:                          "4294967295",
		`[4294967296]`:                          "bad",
		`[-1]`:                                  "bad",
		`[1.5]`:                                 "bad",
		`[null]`:                                "bad",
		`[[]]`:                                  "bad",
		`["2,3"]`:                               "bad",
		`["{2,3"]`:                              "bad",
		`"1 two"`:                               "bad",
		`{}`:                                    "bad",
		`7`:                                     "bad",
		`[` + strings.Repeat("1,", 2000) + `1]`: "bad",
	} {
		path, err := readPath(json.RawMessage(text))
		got := path.String()
		if err != nil {
			got = "bad"
		}
		if got != want {
			t.Errorf("%.40s: got %q (error %v), want %q", text, got, err, want)
		}
	}
	if _, err := readPath(nil); err == nil {
		t.Error("a route without a path: got no error")
	}
}

func TestMoment(t *testing.T) {
	noon := time.Date(2024, 12, 21, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2024-12-21T12:00:00"`:        noon,
		`"2024-12-21T12:00:00.000000"`: noon,
		`"2024-12-21T12:00:00+00:00"`:  noon,
		`"2024-12-21T13:00:00+01:00"`:  noon,
		`"2024-12-21T12:00"`:           noon,
		`"2024-12-21 12:00:00"`:        noon,
		`1734782400`:                   noon,
		`"2024-12-21"`:                 noon.Truncate(24 * time.Hour),
		`null`:                         {},
		`""`:                           {},
	} {
		var m moment
		if err := json.Unmarshal([]byte(text), &m); err != nil || !m.Equal(want) {
			t.Errorf("%s: got %v, error %v; want %v", text, m, err, want)
		}
	}
	for _, text := range []string{`"yesterday"`, `true`, `-1`, `99999999999999`, `"0001-01-01T00:00:00"`, `[]`} {
		var m moment
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s: got %v, want an error", text, m)
		}
	}
}

func TestRange(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/24":                                    "10.0.0.0/24",
		"192.35.240.0-192.35.244.255":                    "192.35.240.0/22 192.35.244.0/24",
		"0.0.0.0-255.255.255.255":                        "0.0.0.0/0",
		"10.0.0.1-10.0.0.1":                              "10.0.0.1/32",
		"10.0.0.255-10.0.1.0":                            "10.0.0.255/32 10.0.1.0/32",
		"2001:db8::-2001:db8:1:ffff:ffff:ffff:ffff:ffff": "2001:db8::/47",
		"10.0.0.1-10.0.0.0":                              "bad",
		"10.0.0.0-2001:db8::":                            "bad",
		"10.0.0.1/24":                                    "bad",
		"10.0.0.0":                                       "bad",
	} {
		list, err := readRange(text)
		parts := []string{}
		for _, p := range list {
			parts = append(parts, p.String())
		}
		got := strings.Join(parts, " ")
		if err != nil {
			got = "bad"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestMerge(t *testing.T) {
	list := []netip.Prefix{}
	for _, text := range []string{"10.0.3.0/24", "2001:db8::/33", "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.2.128/25", "2001:db8:8000::/33", "10.0.5.0/24", "10.0.5.0/24"} {
		list = append(list, netip.MustParsePrefix(text))
	}
	got := []string{}
	for _, p := range merge(list) {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"10.0.0.0/22", "10.0.5.0/24", "2001:db8::/32"}, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

// Counts that do not agree with what came, and too many records that cannot be
// read, make an answer none.
func TestDistrusted(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"timestamp":"2024-12-21T12:00:00"}`,
		`{"bgp_state":[]}`,
		`{"timestamp":"2024-12-21T12:00:00","bgp_state":[],"nr_routes":3}`,
		`{"timestamp":"2024-12-21T12:00:00","bgp_state":[{"target_prefix":"10.0.0.1/8","source_id":"00-10.0.0.1","path":[1]}]}`,
		`{"timestamp":"2024-12-21T12:00:00","bgp_state":[{}]}`,
	} {
		var d stateData
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if routes, err := d.routes(); err == nil {
			t.Errorf("%s: got %v, want an error", text, routes)
		}
	}
}

func TestEnvelope(t *testing.T) {
	for text, want := range map[string]Kind{
		`{"data_call_name":"c","data_call_status":"supported","status":"ok"}`:                                        "",
		`{"data_call_name":"c","data_call_status":"supported - connecting to Flow","status":"ok","messages":7}`:      "",
		`{"data_call_name":"c","data_call_status":"maintenance - soon","status":"ok"}`:                               Maintenance,
		`{"data_call_name":"c","data_call_status":"supported","status":"error"}`:                                     Failed,
		`{"data_call_name":"c","data_call_status":"supported","status":"ok","messages":[["error","no such thing"]]}`: Failed,
		`{"data_call_name":"c","status":"ok","messages":[["warning","moved"],["info"],7]}`:                           "",
	} {
		var e envelope[struct{}]
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		own, _ := as(e.check("c"))
		if got := own; (got == nil) != (want == "") || got != nil && got.Kind != want {
			t.Errorf("%s: got %v, want %q", text, got, want)
		}
	}
}
