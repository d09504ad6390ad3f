package bot

import (
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Upstreams change by what vantage points see, and not by which of them can be asked.
func TestUpstreamsUnseen(t *testing.T) {
	type carried []checks.Upstream
	both := carried{{ASN: 1299, Share: .5, ShareBefore: .5}, {ASN: 3356, Share: .5, ShareBefore: .5}}
	tests := []struct {
		name string
		now  carried
		told bool
	}{
		{"one left", carried{{ASN: 1299, Share: 1, ShareBefore: .5}, {ASN: 3356, ShareBefore: .5}}, true},
		{"who saw it cannot be asked", carried{{ASN: 1299, Share: 1, ShareBefore: .5}, {ASN: 3356, ShareBefore: .5, Unseen: .5}}, false},
		{"a part of those cannot", carried{{ASN: 1299, Share: 1, ShareBefore: .5}, {ASN: 3356, ShareBefore: .5, Unseen: .04}}, true},
		{"one came", carried{both[0], both[1], {ASN: 174, Share: .15}}, true},
		{"one looks larger, for others cannot be asked", carried{{ASN: 1299, Share: .85, ShareBefore: .5}, {ASN: 3356, ShareBefore: .5, Unseen: .5}, {ASN: 174, Share: .15}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			verdict := func(at time.Duration, list carried) checks.Verdict {
				return checks.Verdict{Target: checks.Network(64500), At: start.Add(at), State: checks.Up, Announced: checks.ExtentAll, LastHops: list}
			}
			var l Life
			var all []Change
			for at := range 60 {
				list := both
				if at >= 10 {
					list = tt.now
				}
				var changes []Change
				l, changes = l.Apply(verdict(time.Duration(at)*time.Minute, list), Policy{})
				all = append(all, changes...)
			}
			if told := len(all) == 1 && all[0].Kind == chat.UpstreamChanged; told != tt.told || len(all) > 1 {
				t.Errorf("told %d changes, want one: %t", len(all), tt.told)
			}
		})
	}
}

// A target that others' routes cover has none of its own: that nothing answers then is no
// finding that outlasts their return.
func TestCoveredAndSilent(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	counts := func(seen uint64) checks.Counts { return checks.Counts{Prefixes: checks.Count{Seen: seen, Of: 4}} }
	var l Life
	for at := range 20 {
		v := checks.Verdict{
			Target: checks.Country("KP"), At: start.Add(time.Duration(at) * time.Minute), State: checks.Up, Announced: checks.ExtentAll, IPv4: counts(4),
		}
		if at >= 5 && at < 15 {
			v.State, v.Announced, v.Answering, v.IPv4 = checks.Degraded, checks.ExtentPart, checks.ExtentNone, counts(0)
			v.Probing = checks.Probing{At: v.At, Silent: 4, Usable: 4}
		}
		l, _ = l.Apply(v, Policy{})
	}
	if l.State != checks.Up || !l.UnknownSince.IsZero() {
		t.Errorf("its routes are back, and it is %s, unknown since %v", l.State, l.UnknownSince)
	}
}
