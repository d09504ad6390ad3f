package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"isitdown/checks"
)

// vrpFile writes the ROA of March 2025 over 175.45.176.0/22, with a longest prefix, as
// made and changed at a moment.
func vrpFile(t testing.TB, name string, longest int, made time.Time) string {
	t.Helper()
	text := fmt.Sprintf(`{"metadata":{"buildtime":%q},"roas":[{"asn":131279,"prefix":"175.45.176.0/22","maxLength":%d,"ta":"apnic"}]}`, made.Format(time.RFC3339), longest)
	if name == "" {
		name = filepath.Join(t.TempDir(), "vrps.json")
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, made, made); err != nil {
		t.Fatal(err)
	}
	return name
}

func opened(t testing.TB, file string) *app {
	t.Helper()
	a := &app{config: defaultConfig()}
	if err := a.openVRPs(file); err != nil {
		t.Fatal(err)
	}
	return a
}

// lossy is a case of 36 vantage points of which 32 lost 175.45.176.0/24, and all have
// 175.45.177.0/24.
func lossy(now time.Time) *checks.Case {
	lost, kept := netip.MustParsePrefix("175.45.176.0/24"), netip.MustParsePrefix("175.45.177.0/24")
	return &checks.Case{
		Now: now,
		Baseline: checks.Baseline{Prefixes: []checks.BaselinePrefix{
			{Prefix: lost, Origins: []checks.ASN{131279}}, {Prefix: kept, Origins: []checks.ASN{131279}},
		}},
		Observations: []checks.Observation{{Prefix: lost, Asked: 36, Seen: 4}, {Prefix: kept, Asked: 36, Seen: 36}},
	}
}

func TestVRPsOfACase(t *testing.T) {
	made := time.Date(2025, 3, 18, 9, 40, 0, 0, time.UTC)
	tests := []struct {
		name  string
		now   time.Time
		state checks.Validity
		gap   string
	}{
		{"at once", made.Add(20 * time.Minute), checks.Invalid, ""},
		{"a day later", made.Add(25 * time.Hour), checks.Invalid, "2025-03-18 09:40:00 UTC, 25 h 0 min from the moment asked about"},
		{"a day before", made.Add(-25 * time.Hour), checks.Invalid, "25 h 0 min from the moment asked about"},
		{"another month", made.Add(8 * 24 * time.Hour), checks.ValidityUnknown, "prove nothing of a moment more than 7 days away"},
		{"another decade", time.Date(2014, 12, 22, 17, 0, 0, 0, time.UTC), checks.ValidityUnknown, "prove nothing of a moment"},
	}
	a := opened(t, vrpFile(t, "", 22, made))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := lossy(tt.now)
			gaps := a.vrps.apply(c)
			if (len(gaps) > 0) != (tt.gap != "") || len(gaps) > 0 && (gaps[0].Check != "rpki" || !strings.Contains(gaps[0].Reason, tt.gap)) {
				t.Errorf("got gaps %v, want %q", gaps, tt.gap)
			}
			if tt.state == checks.ValidityUnknown {
				if len(c.RPKI) > 0 {
					t.Errorf("got %v, want nothing: the file is of another time", c.RPKI)
				}
				return
			}
			if len(c.RPKI) != 1 || c.RPKI[0].State != tt.state || c.RPKI[0].Route.Prefix != c.Observations[0].Prefix {
				t.Errorf("got %v, want what is lost as %v", c.RPKI, tt.state)
			}
		})
	}
}

// What others announce in its place is looked at too, and what is whole is not.
func TestVRPsOfForeignRoutes(t *testing.T) {
	made := time.Date(2025, 3, 18, 9, 40, 0, 0, time.UTC)
	a := opened(t, vrpFile(t, "", 24, made))
	whole := lossy(made)
	whole.Observations[0].Seen = 36
	if gaps := a.vrps.apply(whole); len(gaps)+len(whole.RPKI) > 0 {
		t.Errorf("got %v and %v of a target that is whole", whole.RPKI, gaps)
	}
	c := lossy(made)
	half := netip.MustParsePrefix("175.45.177.0/25")
	c.Observations[1].Foreign = []checks.Foreign{{Kind: checks.ForeignSpecific, Prefix: half, Origin: 64500}, {Kind: checks.MidPath, Prefix: netip.MustParsePrefix("10.0.0.0/8"), Origin: 64501}}
	c.Observations[0].Covers = []checks.Cover{{Prefix: netip.MustParsePrefix("175.45.0.0/16"), Origin: 64502}}
	a.vrps.apply(c)
	want := "175.45.176.0/24 AS131279 valid, 175.45.0.0/16 AS64502 not-found, 175.45.177.0/24 AS131279 valid, 175.45.177.0/25 AS64500 invalid"
	var got []string
	for _, v := range c.RPKI {
		got = append(got, fmt.Sprintf("%v %v %v", v.Route.Prefix, v.Route.Origin, v.State))
	}
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A file that cannot be used is said where it would have been; one that breaks later
// leaves what was read before in use.
func TestVRPsChange(t *testing.T) {
	made := time.Date(2025, 3, 18, 9, 40, 0, 0, time.UTC)
	a := &app{config: defaultConfig()}
	a.config.RPKI.File = filepath.Join(t.TempDir(), "vrps.json")
	if err := a.openVRPs(""); err != nil {
		t.Fatalf("got %v of a file that the settings name: serve waits for it", err)
	}
	if err := a.openVRPs(a.config.RPKI.File); err == nil || err.(*failure).code != exitNoInput {
		t.Errorf("got %v of a file that a flag names, want exit code %d", err, exitNoInput)
	}
	c := lossy(made)
	if gaps := a.vrps.apply(c); len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "there is no file") {
		t.Errorf("got gaps %v, want that there is no file", gaps)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var said []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.vrps.follow(ctx, func(failing string) { said = append(said, failing) })
		}()
		state := func() checks.Validity {
			time.Sleep(vrpsEvery + time.Second)
			synctest.Wait()
			c := lossy(made)
			a.vrps.apply(c)
			if len(c.RPKI) == 0 {
				return checks.ValidityUnknown
			}
			return c.RPKI[0].State
		}
		vrpFile(t, a.vrps.file, 22, made)
		if got := state(); got != checks.Invalid {
			t.Errorf("got %v once the file is there, want invalid", got)
		}
		vrpFile(t, a.vrps.file, 24, made.Add(time.Minute))
		if got := state(); got != checks.Valid {
			t.Errorf("got %v once it has changed, want valid", got)
		}
		if err := os.WriteFile(a.vrps.file, []byte(`{"roas":[`), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != checks.Valid {
			t.Errorf("got %v once it is broken, want what was read before", got)
		}
		stop()
		<-done
		if len(said) < 4 || said[0] == "" || said[1] == "" && said[2] != "" {
			t.Errorf("the ledger heard %q, want a failure first", said)
		}
		if _, failure := a.vrps.state(); !strings.Contains(failure, "it breaks off") {
			t.Errorf("got failure %q, want that it breaks off", failure)
		}
	})
}

func TestDoctorVRPs(t *testing.T) {
	a := &app{config: defaultConfig()}
	if got := a.diagnoseVRPs(); got.mark != note {
		t.Errorf("got %v without a file", got)
	}
	now := time.Now().UTC()
	for age, want := range map[time.Duration]diagnosis{
		time.Hour:           {fine, "rpki", "1 VRPs of "},
		30 * time.Hour:      {problem, "rpki", "older than rpki.max_age"},
		30 * 24 * time.Hour: {problem, "rpki", "too old to be used"},
	} {
		a.config.RPKI.File = vrpFile(t, "", 22, now.Add(-age))
		if got := a.diagnoseVRPs(); got.mark != want.mark || !strings.Contains(got.text, want.text) {
			t.Errorf("got %v for a file of %v ago, want %v", got, age, want)
		}
	}
	a.config.RPKI.File = t.TempDir()
	if got := a.diagnoseVRPs(); got.mark != problem {
		t.Errorf("got %v for a directory", got)
	}
}

func TestVRPsMetrics(t *testing.T) {
	a := opened(t, vrpFile(t, "", 22, time.Now().Add(-2*time.Hour)))
	registry := prometheus.NewRegistry()
	registry.MustRegister(&vrpsPulse{a.vrps})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		got[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	if age := got["isitdown_rpki_age_seconds"]; got["isitdown_rpki_vrps"] != 1 || age < 7199 || age > 7300 {
		t.Errorf("got %v, want one VRP of two hours ago", got)
	}
}
