package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// followed makes a desk for another target than the country: a network, or a prefix.
func followed(t testing.TB, f checks.Footprint, change ...func(*Rules)) *desk {
	rules := DefaultRules()
	for _, c := range change {
		c(&rules)
	}
	d := &desk{t: t, rib: NewRIB(rules), rules: checks.DefaultRules()}
	d.watch = d.rib.Watch(f)
	return d
}

func networkOf(a checks.ASN) checks.Footprint {
	return checks.Footprint{Target: checks.Network(a), Origins: []checks.ASN{a}}
}

func ofPrefix(t testing.TB, text string) checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return checks.Footprint{Target: target, Prefixes: []netip.Prefix{target.Prefix()}}
}

// foreignText writes foreign routes as "KIND PREFIX AS via AS PEERS/OF", with "since TIME"
// where they are new.
func foreignText(list []checks.Foreign) (out []string) {
	for _, f := range list {
		text := fmt.Sprintf("%s %s %s", f.Kind, f.Prefix, f.Origin)
		if f.Upstream != 0 {
			text += " via " + f.Upstream.String()
		}
		if f.Through != 0 {
			text += " through " + f.Through.String()
		}
		text += fmt.Sprintf(" %d/%d", f.Peers, f.Of)
		if !f.Since.IsZero() {
			text += " since " + clock(f.Since)
		}
		out = append(out, text)
	}
	return out
}

// scene is what a script has come to at a time.
type scene struct {
	at      string
	state   checks.State
	foreign []string
	reason  string // that one of the reasons must hold; "" for no reason about other routes
}

// look compares a verdict with a scene. Whatever others announce is never worded as a
// withdrawal.
func (s *scene) look(t *testing.T, v checks.Verdict) {
	t.Helper()
	if v.State != s.state {
		t.Errorf("%s: %s, want %s", s.at, v.State, s.state)
	}
	if diff := cmp.Diff(s.foreign, foreignText(v.Foreign)); diff != "" {
		t.Errorf("%s: foreign routes (-want +got):\n%s", s.at, diff)
	}
	said := strings.Join(v.Reasons, "\n")
	if s.reason == "" && (strings.Contains(said, "is announced by") || strings.Contains(said, "in the middle")) || !strings.Contains(said, s.reason) {
		t.Errorf("%s: the reasons are\n%s\nwant %q", s.at, said, s.reason)
	}
	if strings.Contains(said, "withdraw") {
		t.Errorf("%s: a withdrawal is spoken of:\n%s", s.at, said)
	}
	for _, a := range v.Disappeared {
		t.Errorf("%s: nothing disappeared, and %s explains it: %v", s.at, a.Rule, a.Prefixes)
	}
}

func play(t *testing.T, d *desk, script string, scenes []scene) {
	t.Helper()
	lines := d.updates(script)
	for _, s := range scenes {
		now := began.Add(duration(t, s.at))
		for len(lines) > 0 && !lines[0].At.After(now) {
			d.apply(lines[0])
			lines = lines[1:]
		}
		s.look(t, d.at(s.at))
	}
}

// YouTube, 24 February 2008 (RIPE NCC, "YouTube Hijacking: a RIPE NCC RIS case study"): at
// 18:47 UTC AS17557 via AS3491 announces 208.65.153.0/24 while 208.65.152.0/22 of AS36561
// stays; at 20:07 AS36561 announces the /24 as well, at 20:18 two /25s; at 20:51 the other
// path is seen prepended; at 21:01 AS3491 withdraws it. The script begins at 16:47.
const youtube = `
	0s dump 1-40 208.65.152.0/22 path 3356 36561
	119m beat 1-40
	2h announce 1-36 208.65.153.0/24 path 3491 17557
	3h18m beat 1-40
	3h20m announce 10-40 208.65.153.0/24 path 3356 36561
	3h31m announce 1-40 208.65.153.0/25 208.65.153.128/25 path 3356 36561
	4h4m announce 1-9 208.65.153.0/24 path 3491 17557 17557
	4h14m withdraw 1-9 208.65.153.0/24
	4h20m beat 1-40
	`

func TestMoreSpecificOfAnother(t *testing.T) {
	hijacked := func(peers int) string {
		return fmt.Sprintf("208.65.153.0/24, inside 208.65.152.0/22, is announced by AS17557 via AS3491 at %d of 40 vantage points; 208.65.152.0/22 of AS36561 stays", peers)
	}
	own := "is announced by AS36561 via AS3356 at 40 of 40 vantage points; 208.65.152.0/22 of AS36561 stays"
	scenes := []scene{
		{"1h59m30s", checks.Up, nil, ""},
		{"2h1m", checks.Up, []string{"more-specific 208.65.153.0/24 AS17557 via AS3491 36/40 since 2h0m0s"}, hijacked(36)},
		{"3h19m", checks.Up, []string{"more-specific 208.65.153.0/24 AS17557 via AS3491 36/40 since 2h0m0s"}, hijacked(36)},
		{"3h21m", checks.Up, []string{
			"new more-specific 208.65.153.0/24 AS36561 via AS3356 31/40 since 3h20m0s",
			"more-specific 208.65.153.0/24 AS17557 via AS3491 9/40 since 2h0m0s",
		}, hijacked(9)},
		{"3h32m", checks.Up, []string{
			"new more-specific 208.65.153.0/25 AS36561 via AS3356 40/40 since 3h31m0s",
			"new more-specific 208.65.153.128/25 AS36561 via AS3356 40/40 since 3h31m0s",
			"new more-specific 208.65.153.0/24 AS36561 via AS3356 31/40 since 3h20m0s",
			"more-specific 208.65.153.0/24 AS17557 via AS3491 9/40 since 2h0m0s",
		}, own},
		{"4h5m", checks.Up, []string{
			"new more-specific 208.65.153.0/25 AS36561 via AS3356 40/40 since 3h31m0s",
			"new more-specific 208.65.153.128/25 AS36561 via AS3356 40/40 since 3h31m0s",
			"new more-specific 208.65.153.0/24 AS36561 via AS3356 31/40 since 3h20m0s",
			"more-specific 208.65.153.0/24 AS17557 via AS3491 9/40 since 2h0m0s",
		}, own},
	}
	for _, f := range []checks.Footprint{networkOf(36561), ofPrefix(t, "208.65.152.0/22"), ofPrefix(t, "208.65.153.238")} {
		t.Run(f.Target.String(), func(t *testing.T) {
			list := slices.Clone(scenes)
			if f.Target.Kind() == checks.KindAddress { // it lies in one of the halves
				for i := range list {
					list[i].foreign = slices.DeleteFunc(slices.Clone(list[i].foreign), func(s string) bool { return strings.Contains(s, "153.0/25") })
					if len(list[i].foreign) == 0 {
						list[i].foreign = nil
					}
				}
			}
			d := followed(t, f)
			play(t, d, youtube, list)
			if v := d.play("4h15m withdraw 1-9 208.65.153.0/24").at("4h20m"); v.State != checks.Up {
				t.Errorf("when it is over: %s: %q", v.State, v.Reasons)
			}
			for _, f := range d.at("4h20m").Foreign {
				if f.Origin == 17557 {
					t.Errorf("when it is over: %+v", f)
				}
			}
		})
	}
}
