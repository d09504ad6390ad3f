package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/reach"
)

// vantage is from where the program of the lab probes.
type vantage int

const (
	abroad vantage = iota // behind AS1299
	inside                // in AS4837
)

func (v vantage) String() string { return [...]string{"outside", "inside"}[v] }

// sample is what probes from there find at a moment.
func (v vantage) sample(m *lab.Moment) *lab.Sample {
	if v == inside {
		return m.Inside
	}
	return m.Outside
}

// probed gives where the probes of a recording were sent from, if any were.
func (v vantage) probed(rec *lab.Recording) (asn checks.ASN, ok bool) {
	for i := range rec.Moments {
		if s := v.sample(&rec.Moments[i]); s != nil {
			return s.ASN, true
		}
	}
	return 0, false
}

// asked reports whether a host was probed from there.
func (v vantage) asked(rec *lab.Recording, host netip.Addr) bool {
	return slices.ContainsFunc(rec.Moments, func(m lab.Moment) bool {
		s := v.sample(&m)
		return s != nil && len(s.Answers[host]) > 0
	})
}

// labSettings is the text of the settings: thresholds are the program's own. With two
// vantage points both are declared, and each counts.
func labSettings(t testing.TB, dir string, rec *lab.Recording, from vantage, targets []string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "registry = [%q]\nasnames = %q\n", labFile(t, dir, "delegated-apnic", labRegistry), labFile(t, dir, "asn.txt", labNames))
	b.WriteString(`
[assess]
min_full_feed_peers = 2
declared_full_feeds = ["AS3356", "AS1299"]
[route]
full_paths = "all"
[output]
width = 400
[sources]
ripestat = false
ris_live = "off"
ioda = false
globalping = false
registry_refresh = false
[probe]
name_servers = false
gateway = false
`)
	asn, probes := from.probed(rec)
	fmt.Fprintf(&b, "enabled = %t\n", probes)
	if probes {
		fmt.Fprintf(&b, "asn = %q\nallow = [%s]\ncontrols = [%s]\n", asn, quoted(lab.Allowed(), netip.Prefix.String), quoted(lab.Controls(), controlText))
	}
	b.WriteString("[[router]] # in the place of the feed, which the program is given\nname = \"lab\"\nkind = \"bgp\"\naddress = \"192.0.2.1\"\nas = \"AS12654\"\nlocal_as = \"AS12654\"\n")
	if probes {
		for _, t := range targets {
			for _, host := range lab.Hosts(t) {
				if !from.asked(rec, host) {
					continue
				}
				fmt.Fprintf(&b, "[[host]]\ntarget = %q\nhost = %q\nmethod = \"icmp\"\nreason = \"the lab\"\n", t, host)
			}
		}
	}
	return b.String()
}

// labFile writes a file into a folder.
func labFile(t testing.TB, dir, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func controlText(c reach.Control) string { return c.Addr.String() + " " + c.ASN.String() }

// quoted writes a list as TOML does.
func quoted[T any](list []T, text func(T) string) string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("%q", text(v)))
	}
	return strings.Join(out, ", ")
}

// labOrigin says which network announces an address, from the routes of the first moment.
func labOrigin(rec *lab.Recording, feed string) func(context.Context, netip.Addr) (checks.ASN, string, error) {
	origins := map[netip.Prefix]checks.ASN{}
	for _, h := range rec.Moments[0].Heard[feed] {
		if origin, ok := h.Update.Path.Origin(); ok {
			for _, n := range h.Update.Announced {
				origins[n.Prefix] = origin
			}
		}
	}
	return func(_ context.Context, a netip.Addr) (checks.ASN, string, error) {
		for bits := a.BitLen(); bits > 0; bits-- {
			p, err := a.Prefix(bits)
			if err != nil {
				return 0, "", err
			}
			if asn, ok := origins[p]; ok {
				return asn, labName(asn), nil
			}
		}
		return 0, "", fmt.Errorf("nobody announces %s in the lab", a)
	}
}

func labName(asn checks.ASN) string {
	for line := range strings.Lines(labNames) {
		if number, name, _ := strings.Cut(strings.TrimSpace(line), " "); "AS"+number == asn.String() {
			return name
		}
	}
	return ""
}

// labBegin is when everything begins, in the bubble.
var labBegin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// The beginning of a recording lasts until a baseline is there (an hour), sessions whose
// tables do not end count (10 minutes), and an archive was read (5 minutes); then somebody
// subscribes, and a while later something happens.
const (
	labWarm  = 80 * time.Minute
	labCalm  = 10 * time.Minute
	labTyped = 30 * time.Second // for an answer: it may wait 20 s for what is asked
)

// schedule gives when the moments of a recording begin in the bubble, and the end of the
// last. A moment lasts as long as it says, and not less than its updates take. It begins at
// that part of a second at which it began in fact: some sources know the time to the second.
func schedule(rec *lab.Recording, feed string) []time.Time {
	var began []time.Time
	next := labBegin
	for i := range rec.Moments {
		m := &rec.Moments[i]
		began = append(began, next.Add(m.Began.Sub(m.Began.Truncate(time.Second))))
		lasts := m.Pass
		if i == 0 {
			lasts = max(lasts, labWarm+labCalm)
		}
		for _, h := range m.Heard[feed] {
			lasts = max(lasts, h.Arrived.Sub(m.Began)+2*time.Second)
		}
		next = next.Add(lasts.Round(time.Second))
	}
	return append(began, next)
}
