package main

import (
	"net/netip"
	"time"

	"isitdown/checks"
)

// sampleNow is when the sample of a world is looked at.
var sampleNow = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// sampleWorld is a world with a country down, one degraded, and networks in every form that a
// table has to show. Its names are ours, but for North Korea's.
func sampleWorld() checks.World {
	w := checks.World{
		At: sampleNow.Add(-4 * time.Second), MinAddresses: 4096, MinPrefixes6: 16,
		Registered: "RIR delegated statistics: afrinic 2026-11-22, apnic 2026-11-23, arin 2026-11-22, lacnic 2026-11-22, ripencc 2026-11-22",
		Countries:  checks.Census{Watched: 247, Up: 239, Degraded: 1, Down: 1, Unknown: 6},
		Networks:   checks.Census{Watched: 14102, Up: 14088, Degraded: 3, Down: 2, Unknown: 9},
		Vantage: checks.Vantage{
			Source: "RIPE RIS", Live: 402, FullFeed: 366, Voting: 361, Usual: 366, FullFeed6: 352, Voting6: 350, Usual6: 352,
			Sessions: 1490, Collectors: 22, Needed: 10, NewestAt: sampleNow.Add(-4 * time.Second),
		},
		Gaps: []checks.Gap{{Check: "route", Reason: "the updates of rrc12 from 09:05:00 UTC to 09:10:00 UTC are missing"}},
	}
	add := func(t checks.Target, name string, s checks.State, e checks.Evidence, v4 checks.Counts, v6 checks.Count, ago time.Duration, up ...checks.Upstream) {
		w.Outages = append(w.Outages, checks.Verdict{
			Target: t, Name: name, At: w.At, State: s, Announced: checks.ExtentPart, Evidence: e, Vantage: w.Vantage,
			IPv4: v4, IPv6: checks.Counts{Prefixes: v6}, Borders: up, LastHops: up,
			Onset: checks.Interval{Half: sampleNow.Add(-ago), After: sampleNow.Add(-ago - 20*time.Second), By: sampleNow.Add(-ago + 40*time.Second)},
		})
	}
	four := func(seen, of, addresses, all uint64) checks.Counts {
		return checks.Counts{
			Prefixes: checks.Count{Seen: seen, Of: of}, Slash24s: checks.Count{Seen: addresses / 256, Of: all / 256},
			Addresses: checks.Count{Seen: addresses, Of: all},
		}
	}
	chinaUnicom := checks.Upstream{ASN: 4837, Name: "China Unicom", ShareBefore: 1}
	transit := checks.Upstream{ASN: 64496, Name: "Example Transit", Share: 0.2, ShareBefore: 0.62}
	add(checks.Country("KP"), "North Korea", checks.Down, checks.EvidenceStrong, four(0, 4, 0, 1024), checks.Count{}, 47*time.Minute, chinaUnicom)
	add(checks.Country("XK"), "Kosovo", checks.Degraded, checks.EvidenceModerate, four(180, 260, 91_136, 142_336), checks.Count{Seen: 12, Of: 19}, 26*time.Hour, transit)
	add(checks.Network(64500), "EXAMPLE-NET Example Networks of the Kingdom of Ruritania", checks.Down, checks.EvidenceStrong, four(0, 31, 0, 65_536), checks.Count{Of: 3}, 12*time.Minute, transit)
	add(checks.Network(64501), "", checks.Down, checks.EvidenceModerate, checks.Counts{}, checks.Count{Of: 64}, 3*time.Hour)
	add(checks.Network(64502), "HOSTILE \x1b[2J\u202egnp.exe\nDOWN: everything", checks.Degraded, checks.EvidenceWeak, four(17, 18, 4096, 4352), checks.Count{Seen: 2, Of: 2}, 90*time.Second, transit)
	add(checks.Network(64503), "例示网络有限公司", checks.Degraded, checks.EvidenceModerate, four(80, 100, 20_480, 25_600), checks.Count{}, 40*time.Minute, transit)
	add(checks.Network(64504), "EXAMPLE-V6", checks.Degraded, checks.EvidenceModerate, four(21, 21, 5_376, 5_376), checks.Count{Seen: 3, Of: 40}, 5*time.Hour, transit)
	w.Outages[0].Prefixes = []checks.PrefixState{{Prefix: netip.MustParsePrefix("175.45.176.0/24"), Of: 361, Known: true, Origins: []checks.ASN{131279}}}
	return w
}
