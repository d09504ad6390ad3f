package ripestat

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// Whatever RIPEstat does, a target that is up is never called anything worse than
// unknown, and a gap says what is missing: where all of it fails, and where one
// data call does.
func TestFaults(t *testing.T) {
	for _, call := range []string{"all", "bgp-updates"} {
		t.Run(call, func(t *testing.T) {
			webtest.Each(t, kp(latest), func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
				w := kp(latest)
				o := Options{BaseURL: s.URL, HTTP: s.Client, Timeout: 2 * time.Second, Attempts: 1, limits: limits{maxBody: 4 << 20}}
				if call == "all" && !f.Answers {
					o.Timeout /= 8 // nothing that works has to fit in
				}
				if call != "all" {
					// Only the one call goes to the server with the fault.
					o.HTTP = &http.Client{Transport: split(func(r *http.Request) http.RoundTripper {
						if strings.Contains(r.URL.Path, "/"+call+"/") {
							return s.Client.Transport
						}
						return w
					})}
				}
				c := New(o)
				got := judge(t, c, country(), asked)
				want := checks.Unknown
				if f.Answers || call == "bgp-updates" {
					want = checks.Up
				}
				if got.State != want {
					t.Errorf("got %v, want %v (error %v)", got.State, want, got.err)
				}
				if _, _, _, err := c.Resources(ctx, "KP", asked); call == "all" && !f.Answers && err == nil {
					t.Error("got no error for the list of a country")
				}
				return got.gaps
			})
		})
	}
}

// split chooses the way of each request.
type split func(*http.Request) http.RoundTripper

func (s split) RoundTrip(r *http.Request) (*http.Response, error) { return s(r).RoundTrip(r) }
