package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/globalping"
	"isitdown/checks/reach"
)

// What we do not probe nobody is asked to probe for us, whatever it is called.
func TestNothingIsMeasuredElsewhereThatWeDoNotProbe(t *testing.T) {
	list, err := reach.ParseOptOut(strings.NewReader("198.18.7.0/24\n5.5.5.0/24\nquiet.org\n"))
	if err != nil {
		t.Fatal(err)
	}
	own := netip.MustParseAddr("9.8.7.6")
	names := map[string]string{
		"fine.org": "8.8.4.4", "ours.org": "9.8.7.6", "theirs.org": "5.5.5.5", "inner.org": "10.0.0.1", "alias.org": "8.8.4.4", "bad.alias.org": "8.8.4.4",
	}
	e := &elsewhere{
		shield: reach.NewShield(reach.ShieldOptions{OptOut: list, Own: func() []netip.Addr { return []netip.Addr{own} }}),
		lookup: func(_ context.Context, host string) (reach.Resolution, error) {
			a, ok := names[host]
			if !ok {
				return reach.Resolution{}, errors.New("it does not resolve")
			}
			found := reach.Resolution{Name: host, Canonical: host, Addrs: []netip.Addr{netip.MustParseAddr("8.8.4.5"), netip.MustParseAddr(a)}}
			if host == "bad.alias.org" {
				found.Canonical = "www.quiet.org"
			}
			return found, nil
		},
	}
	asked := 0
	claims := e.claims(func(context.Context, *checks.Footprint, time.Time) ([]checks.Claim, error) { asked++; return nil, nil })
	votes := e.votes(func(context.Context, *checks.Footprint) ([]checks.Vote, error) { asked++; return nil, nil })
	for _, tt := range []struct {
		target string
		open   bool
	}{
		{"8.8.4.4", true},
		{"fine.org", true},
		{"https://fine.org/x", true},
		{"https://8.8.4.4/", true},
		{"nowhere.org", true},
		{"alias.org", true},
		{"KP", true},
		{"9.8.7.6", false},
		{"https://9.8.7.6/", false},
		{"ours.org", false},
		{"http://ours.org/", false},
		{"5.5.5.5", false},
		{"theirs.org", false},
		{"https://theirs.org/", false},
		{"quiet.org", false},
		{"https://www.quiet.org/", false},
		{"bad.alias.org", false},
		{"inner.org", false},
		{"https://fine.org:22/", false},
		{"http://8.8.4.4:25/", false},
		{"http://127.0.0.1/", false},
		{"http://router.lan/", false},
	} {
		target, err := checks.ParseTarget(tt.target)
		if err != nil {
			t.Fatal(err)
		}
		f, before := &checks.Footprint{Target: target}, asked
		_, err1 := claims(t.Context(), f, time.Time{})
		_, err2 := votes(t.Context(), f)
		if open := asked == before+2; open != tt.open || open != (err1 == nil && err2 == nil) {
			t.Errorf("%s: asked %d times, %v", tt.target, asked-before, err1)
		}
		if err1 != nil && !strings.HasPrefix(globalping.Gap(err1).Reason, "Globalping is not asked about ") {
			t.Errorf("%s: %q", tt.target, globalping.Gap(err1).Reason)
		}
	}
	if err := (&elsewhere{}).refuse(t.Context(), checks.Network(1)); err == nil {
		t.Error("without a shield anything is measured")
	}
}
