package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// standIODA answers as IODA does: BGP at a part of the day before, no other signal,
// no alert and no event.
func standIODA(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	until, _ := strconv.ParseInt(r.FormValue("until"), 10, 64)
	var data any = []any{}
	kind := map[bool]string{true: "outages.alerts", false: "outages.events"}[strings.HasSuffix(r.URL.Path, "alerts")]
	if path := strings.Split(r.URL.Path, "/"); path[1] == "signals" {
		kind = "signals"
		values := make([]any, 24*6+1)
		if r.FormValue("datasource") == "bgp" {
			values[0], values[len(values)-1] = 4, 1
		}
		data = [][]any{{map[string]any{
			"entityType": path[3], "entityCode": path[4], "datasource": r.FormValue("datasource"),
			"from": until - 24*3600, "until": until, "step": 600, "nativeStep": 600, "values": values,
		}}}
	}
	json.NewEncoder(w).Encode(map[string]any{"type": kind, "error": nil, "data": data})
}

// standRadar answers as Cloudflare Radar does, to who has the token.
func standRadar(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer radar-secret" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"success": true, "result": map[string]any{"annotations": []any{map[string]any{
		"locations": []string{"KP"}, "asns": []int{}, "eventType": "OUTAGE", "outage": map[string]any{"outageType": "NATIONWIDE", "outageCause": "CYBERATTACK"},
		"startDate": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), "endDate": nil,
	}}}})
}

// What others say stands beside the answer, in words and in JSON, and changes
// neither state nor grade.
func TestCheckHearsOthers(t *testing.T) {
	routes := newRIPEStand(time.Now, kpRoutes(time.Time{})...)
	urls := fmt.Sprintf("ripestat = %q\nioda = %q\nradar = %q\n",
		serveStand(t, routes), serveStand(t, http.HandlerFunc(standIODA)), serveStand(t, http.HandlerFunc(standRadar)))
	with := settings(t, "[sources]\nglobalping = false\nwait = \"15s\"\n[radar]\ntoken = \"radar-secret\"\n[urls]\n"+urls)
	without := settings(t, checkSettings+urls)
	stdout, stderr, code := online(t, with, "check", "KP")
	text := strings.Join(strings.Fields(stdout), " ")
	if code != exitUp || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{
		"Others IODA: BGP signal at 25 % of its value 24 h before (1 of 4 /24s), as of",
		"(rests on the same route collectors as above); no active probing signal; no network telescope signal: the registered space is below IODA's floor of 20 /24s",
		"https://ioda.inetintel.cc.gatech.edu/country/KP?from=",
		"Cloudflare Radar: an annotation of a nationwide outage, from", "https://radar.cloudflare.com/outage-center",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, stdout)
		}
	}
	var heard, unheard chat.VerdictRecord
	for config, v := range map[string]*chat.VerdictRecord{with: &heard, without: &unheard} {
		stdout, _, _ := online(t, config, "check", "KP", "--json")
		if err := json.Unmarshal([]byte(stdout), v); err != nil {
			t.Fatal(err)
		}
	}
	if len(heard.Claims) != 4 || len(unheard.Claims) != 0 || heard.Claims[0].Loss == nil || !*heard.Claims[0].Loss {
		t.Errorf("claims %+v and %+v", heard.Claims, unheard.Claims)
	}
	if heard.State != unheard.State || heard.Evidence != unheard.Evidence || fmt.Sprint(heard.Reasons, heard.Raise) != fmt.Sprint(unheard.Reasons, unheard.Raise) {
		t.Errorf("claims make %s (%s) of %s (%s)", heard.State, heard.Evidence, unheard.State, unheard.Evidence)
	}
	if strings.Contains(stdout+stderr, "radar-secret") || strings.Contains(strings.ToLower(stdout), "attack") {
		t.Errorf("a secret or a cause is in:\n%s", stdout)
	}
}
