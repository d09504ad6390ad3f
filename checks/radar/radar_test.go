package radar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const token = "cf-very-secret-token"

// example is an annotation in the shape of the API's own example, causes and all.
func example(kind, start, end string, asns ...int) map[string]any {
	x := map[string]any{
		"id": "550", "asns": append([]int{}, asns...), "asnsDetails": []any{map[string]any{"asn": "189", "name": "LUMEN-LEGACY-L3-PARTITION"}},
		"dataSource": "ALL", "description": "a cyberattack, says the minister", "eventType": "OUTAGE", "linkedUrl": "https://example.com/blame",
		"locations": []string{"KP"}, "locationsDetails": []any{map[string]any{"code": "KP", "name": "North Korea"}},
		"outage": map[string]any{"outageCause": "GOVERNMENT_DIRECTED", "outageType": kind}, "scope": "Colima, Michoacán", "startDate": start,
	}
	if end != "" {
		x["endDate"] = end
	}
	return x
}

// standIn answers as the API does, to who has the token.
type standIn struct {
	annotations []map[string]any
	query       map[string][]string
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"success":false,"errors":[{"code":9106,"message":"Missing X-Auth-Key, X-Auth-Email or Authorization headers"}],"messages":[],"result":null}`)
		return
	}
	s.query = r.URL.Query()
	json.NewEncoder(w).Encode(map[string]any{
		"success": true, "errors": []any{}, "messages": []any{}, "result": map[string]any{"annotations": append([]map[string]any{}, s.annotations...)},
	})
}

func ask(t *testing.T, s *standIn, target checks.Target) ([]checks.Claim, error) {
	t.Helper()
	server := webtest.Start(t, webtest.Fault{}, s)
	c := New(Options{BaseURL: server.URL, HTTP: server.Client, Token: token, Attempts: 1})
	return c.Claims(t.Context(), &checks.Footprint{Target: target}, noon)
}

func TestClaims(t *testing.T) {
	claim := func(text string, loss *bool) checks.Claim {
		return checks.Claim{
			Service: "Cloudflare Radar", Text: text, Link: "https://radar.cloudflare.com/outage-center",
			Rests: "Cloudflare's traffic and public reports", Loss: loss,
		}
	}
	kp, network := checks.Country("KP"), checks.Network(131279)
	foreign := example("NATIONWIDE", "2026-11-22T10:00:00Z", "")
	foreign["locations"] = []string{"SE"}
	traffic := example("NATIONWIDE", "2026-11-22T10:00:00Z", "")
	traffic["eventType"] = "TRAFFIC_ANOMALY"
	null := example("REGIONAL", "2026-11-20T10:00:00", "")
	null["endDate"] = nil
	tests := []struct {
		name   string
		target checks.Target
		list   []map[string]any
		want   []checks.Claim
	}{
		{"there is none", kp, nil, nil},
		{
			"one that lasts", kp,
			[]map[string]any{example("NATIONWIDE", "2026-11-22T10:00:28Z", "")},
			[]checks.Claim{claim("an annotation of a nationwide outage, from 22 Nov 2026 10:00 UTC, with no end so far", new(true))},
		},
		{
			"one that is over, one of a region, one of networks", kp,
			[]map[string]any{
				example("NATIONWIDE", "2026-11-21T10:00:00Z", "2026-11-22T09:00:00Z"), null,
				example("NETWORK", "2026-11-22T11:00:00Z", "2026-11-22T13:00:00Z", 131279, 4837, 20485, 1),
			},
			[]checks.Claim{
				claim("an annotation of an outage of a network (AS131279, AS4837, AS20485 and 1 more), from 22 Nov 2026 11:00 UTC to 22 Nov 2026 13:00 UTC", nil),
				claim("an annotation of a nationwide outage, from 21 Nov 2026 10:00 UTC to 22 Nov 2026 09:00 UTC", nil),
				claim("an annotation of an outage of a region, from 20 Nov 2026 10:00 UTC, with no end so far", nil),
			},
		},
		{
			"of a network", network,
			[]map[string]any{example("NETWORK", "2026-11-22T11:00:00Z", "", 131279), example("NETWORK", "2026-11-22T11:00:00Z", "", 1)},
			[]checks.Claim{claim("an annotation of an outage of a network (AS131279), from 22 Nov 2026 11:00 UTC, with no end so far", new(true))},
		},
		{
			"long over, yet to come, of others, of other kinds", kp, []map[string]any{
				example("NATIONWIDE", "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"), example("NATIONWIDE", "2026-11-22T12:30:00Z", ""), foreign, traffic,
			}, nil,
		},
		{
			"an extent that is not known", kp,
			[]map[string]any{example("GALACTIC", "2026-11-22T10:00:00Z", "")},
			[]checks.Claim{claim("an annotation of an outage, from 22 Nov 2026 10:00 UTC, with no end so far", nil)},
		},
	}
	causes := regexp.MustCompile(`(?i)attack|blame|minister|government|cause|colima`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ask(t, &standIn{annotations: tt.list}, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if m := causes.FindString(fmt.Sprint(got)); m != "" {
				t.Errorf("a claim says %q", m)
			}
		})
	}
}

func TestWhatIsAsked(t *testing.T) {
	for target, want := range map[checks.Target]string{checks.Country("KP"): "location=KP", checks.Network(131279): "asn=131279"} {
		s := &standIn{}
		if _, err := ask(t, s, target); err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(want, "=")
		for k, v := range map[string]string{name: value, "dateStart": "2026-10-23T12:00:00Z", "dateEnd": "2026-11-22T12:00:00Z", "limit": "100"} {
			if got := s.query[k]; len(got) != 1 || got[0] != v {
				t.Errorf("%s: %s is %q, want %q", target, k, got, v)
			}
		}
	}
	s := &standIn{}
	for _, text := range []string{"175.45.176.0/22", "8.8.8.8", "example.org"} {
		target, err := checks.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := ask(t, s, target); claims != nil || err != nil || s.query != nil || Asks(target) {
			t.Errorf("%s: %v, %v", text, claims, err)
		}
	}
}

func TestToken(t *testing.T) {
	_, err := New(Options{}).Claims(t.Context(), &checks.Footprint{Target: checks.Country("KP")}, noon)
	if !errors.Is(err, ErrNoToken) || !strings.Contains(Gap(err).Reason, "ISITDOWN_RADAR_TOKEN") {
		t.Errorf("without a token: %v, %v", err, Gap(err))
	}
	server := webtest.Start(t, webtest.Fault{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"success":false,"errors":[{"code":10000,"message":"%s: no such thing"}]}`, r.Header.Get("Authorization"))
	}))
	o := Options{BaseURL: server.URL, HTTP: server.Client, Token: token, Attempts: 1}
	c := New(o)
	_, err = c.Claims(t.Context(), &checks.Footprint{Target: checks.Country("KP")}, noon)
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range []string{err.Error(), Gap(err).Reason, fmt.Sprintf("%v %+v %#v %s", o, o, o, o), fmt.Sprintf("%v %+v %#v %s", c, c, c, c)} {
		if strings.Contains(text, token) {
			t.Errorf("the token stands in %q", text)
		}
	}
	if !strings.Contains(Gap(err).Reason, "refuses the key") {
		t.Errorf("gap %q", Gap(err).Reason)
	}
}

func TestFaults(t *testing.T) {
	s := &standIn{annotations: []map[string]any{example("NATIONWIDE", "2026-11-22T10:00:00Z", "")}}
	webtest.Each(t, s, func(ctx context.Context, t *testing.T, server *webtest.Server, f webtest.Fault) []checks.Gap {
		c := New(Options{BaseURL: server.URL, HTTP: server.Client, Token: token, Timeout: 250 * time.Millisecond, Attempts: 1})
		claims, err := c.Claims(ctx, &checks.Footprint{Target: checks.Country("KP")}, noon)
		if err == nil {
			t.Fatal("no error")
		}
		if f.Answers != (len(claims) == 1) {
			t.Errorf("claims %v", claims)
		}
		return []checks.Gap{Gap(err)}
	})
}

// Whatever an answer holds, its claims are in our own words.
func FuzzAnswer(f *testing.F) {
	for _, x := range []map[string]any{
		example("NATIONWIDE", "2026-11-22T10:00:28Z", ""), example("NETWORK", "2026-11-22T10:00:28Z", "2026-11-22T11:00:00Z", 131279, 4837),
	} {
		data, err := json.Marshal(map[string]any{"success": true, "result": map[string]any{"annotations": []any{x}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"success":false,"errors":[{"message":"no"}]}`))
	words := regexp.MustCompile(`^an annotation of an? (nationwide )?outage( of a (region|network|platform))?( \(AS[0-9AS, and more]+\))?, from [0-9]+ [A-Z][a-z]{2} -?[0-9]+ [0-9:]{5} UTC(, with no end so far| to [0-9]+ [A-Z][a-z]{2} -?[0-9]+ [0-9:]{5} UTC)$`)
	f.Fuzz(func(t *testing.T, data []byte) {
		var a answer
		if json.Unmarshal(data, &a) != nil || a.check() != nil {
			return
		}
		for _, target := range []checks.Target{checks.Country("KP"), checks.Network(131279)} {
			claims := a.claims(target, noon)
			if len(claims) > maxClaims {
				t.Errorf("%d claims", len(claims))
			}
			for _, c := range claims {
				if !words.MatchString(c.Text) || c.Link != center {
					t.Errorf("claim %+v", c)
				}
			}
		}
	})
}
