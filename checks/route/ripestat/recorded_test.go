package ripestat

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// TestRecordedHistory serves the answers that RIPEstat gave on 2025-06-11 about
// 140.78.0.0/16: the sessions, the changes and the looking glass as they are. The
// recorded bgp-state is empty, so routes at the start are made from the looking
// glass, and those at the end from that and the changes.
func TestRecordedHistory(t *testing.T) {
	end := time.Date(2025, 6, 11, 13, 59, 55, 0, time.UTC)
	start := end.Add(-24 * time.Hour)
	var updates struct {
		Data struct {
			Updates []map[string]any `json:"updates"`
		} `json:"data"`
	}
	if err := json.Unmarshal(recorded(t, "bgp_updates"), &updates); err != nil {
		t.Fatal(err)
	}
	kept := []any{}
	for _, u := range updates.Data.Updates {
		if u["timestamp"].(string) >= stamp(start) {
			kept = append(kept, u)
		}
	}
	held := map[string]map[string]any{}
	routes := must(decoded[glassData](t, "looking-glass", "looking_glass").routes())(t)
	for _, r := range routes {
		id := r.from.collector[3:] + "-" + r.from.addr.String()
		held[id] = map[string]any{"target_prefix": r.prefix.String(), "source_id": id, "path": r.path.String()}
	}
	state := func() map[string]any {
		list := []any{}
		for _, r := range held {
			list = append(list, r)
		}
		return map[string]any{"bgp_state": list, "nr_routes": len(list)}
	}
	first := state()
	for _, u := range kept {
		attrs := u.(map[string]any)["attrs"].(map[string]any)
		if id := attrs["source_id"].(string); u.(map[string]any)["type"] == "W" {
			delete(held, id)
		} else {
			held[id] = attrs
		}
	}
	last := state()
	answers := map[string]string{"ris-peers": "ris_peers", "related-prefixes": "related_prefixes"}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[len("/data/") : len(r.URL.Path)-len("/data.json")]
		w.Header().Set("Content-Type", "application/json")
		if file := answers[name]; file != "" {
			w.Write(recorded(t, file))
			return
		}
		var data map[string]any
		switch when := r.URL.Query().Get("timestamp"); {
		case name == "bgp-updates":
			data = map[string]any{"query_starttime": stamp(start), "query_endtime": stamp(end), "updates": kept, "nr_updates": len(kept)}
		case when == stamp(start):
			data = first
			data["timestamp"] = when
		default:
			data = last
			data["timestamp"] = when
		}
		json.NewEncoder(w).Encode(map[string]any{"data_call_name": name, "data_call_status": "supported", "status": "ok", "messages": []any{}, "data": data})
	})
	c := New(Options{HTTP: webtest.Direct(handler), limits: limits{controls: []control{}}})
	got := judge(t, c, footprint(t, "140.78.0.0/16"), end)
	// 347 of 348 sessions with a table of 75 % of a full one have the prefix, at 229 networks.
	t.Logf("voting %d, sessions %d, updates %v", got.Vantage.Voting, got.Vantage.Sessions, got.counts)
	if got.State != checks.Up || got.Vantage.Voting < 200 || got.IPv4.Prefixes.Seen != 1 || got.err != nil || len(got.gaps) > 0 {
		t.Errorf("got %v of %d vantage points, error %v, gaps %s, reasons %q", got.State, got.Vantage.Voting, got.err, reasons(got.gaps), got.Reasons)
	}
	if lastHops := got.LastHops; len(lastHops) == 0 || lastHops[0].ASN != 1853 {
		t.Errorf("last hops: got %+v, want AS1853 first", lastHops)
	}
}
