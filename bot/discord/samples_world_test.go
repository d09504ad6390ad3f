package discord

import (
	"isitdown/bot/chat"
	"isitdown/checks"
)

// world is a world in which more is down than one message lists, under names that want
// more than to be read.
func world() chat.Message {
	w := checks.World{
		At: utc("2014-12-22 16:59:56"), Vantage: checks.Vantage{Source: "RIPE RIS", Voting: 312, Voting6: 298, Collectors: 3},
		Countries: checks.Census{Watched: 247, Up: 240, Down: 1, Unknown: 6}, Networks: checks.Census{Watched: 3120, Up: 3080, Down: 40},
		MinAddresses: 4096, MinPrefixes6: 16,
	}
	kp := checks.Verdict{Target: checks.Country("KP"), Name: "North Korea", State: checks.Down, Evidence: checks.EvidenceStrong}
	kp.Onset.Half, kp.IPv4.Prefixes.Of, kp.IPv4.Addresses.Of = utc("2014-12-22 16:15:00"), 4, 1024
	w.Outages = append(w.Outages, kp)
	for i := range 40 {
		v := checks.Verdict{Target: checks.Network(checks.ASN(64500 + i)), Name: "Example net", State: checks.Down, Evidence: checks.EvidenceModerate}
		v.Onset.Half, v.IPv4.Prefixes.Of, v.IPv4.Addresses.Of = utc("2014-12-22 16:40:00"), 40, 16384
		v.LastHops = []checks.Upstream{{ASN: 4837, Name: hostile, ShareBefore: 1}}
		if i == 0 {
			v.Name = hostile
		}
		w.Outages = append(w.Outages, v)
	}
	return chat.World{At: utc("2014-12-22 17:00:00"), World: w, Caveats: []string{"Reconstruction from published times, not recorded BGP."}}.Message()
}
