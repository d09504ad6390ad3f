package chat

import (
	"time"

	"isitdown/checks"
)

// WorldRecord is how the world stands as `isitdown world --json` prints it; docs/json.md is
// its contract, as it is that of [VerdictRecord].
type WorldRecord struct {
	At       string `json:"at"`
	State    string `json:"state"`    // the worst of what is listed; unknown where nothing is known
	Missing  string `json:"missing"`  // why nothing can be said of the present; "" where something can
	Starting string `json:"starting"` // how far the start has come; "" once it is over

	Countries    CensusRecord `json:"countries"`
	Networks     CensusRecord `json:"networks"`
	MinAddresses uint64       `json:"min_addresses"` // of IPv4, from which a network is watched
	MinPrefixes6 int          `json:"min_prefixes6"` // or of IPv6 prefixes

	Peers         PeersRecord    `json:"peers"`
	VantagePoints PointsRecord   `json:"vantage_points"`
	Collectors    CollectorCount `json:"collectors"`
	Source        string         `json:"source"`
	Registered    string         `json:"registered"` // the lists that say what is which country's; "" where none are there
	Newest        *time.Time     `json:"newest"`
	AgeSeconds    *int64         `json:"age_seconds"`

	Outages []VerdictRecord `json:"outages"` // down or degraded, the worst first
	More    int             `json:"more"`    // that were left out of the list
	Gaps    []GapRecord     `json:"gaps"`
	Caveats []string        `json:"caveats"`
}

// CensusRecord counts targets by their state.
type CensusRecord struct {
	Watched  int `json:"watched"`
	Up       int `json:"up"`
	Degraded int `json:"degraded"`
	Down     int `json:"down"`
	Unknown  int `json:"unknown"`
}

// WorldChangeRecord is a target of the world whose state became another, as
// `isitdown world --watch --json` prints it.
type WorldChangeRecord struct {
	At      string        `json:"at"`
	Change  string        `json:"change"` // the state that it has now
	Before  string        `json:"before"` // that it had
	Verdict VerdictRecord `json:"verdict"`
}

// WorldJSON gives the record of a world in which more outages were left out of the list.
// Caveats are the sentences that must stand on everything made from it.
func WorldJSON(w checks.World, more int, caveats ...string) WorldRecord {
	v := checks.Verdict{At: w.At, Vantage: w.Vantage}
	seen := announcedRecord(&v)
	return WorldRecord{
		At: w.At.UTC().Format(time.RFC3339), State: WorldState(&w).String(),
		Missing: clean(w.Missing), Starting: clean(w.Starting),
		Countries: CensusRecord(w.Countries), Networks: CensusRecord(w.Networks),
		MinAddresses: w.MinAddresses, MinPrefixes6: w.MinPrefixes6,
		Peers: seen.Peers, VantagePoints: seen.VantagePoints, Collectors: seen.Collectors,
		Source: seen.Source, Registered: clean(w.Registered), Newest: seen.Newest, AgeSeconds: ageRecord(&v),
		Outages: records(w.Outages, func(v checks.Verdict) VerdictRecord { return VerdictJSON(v, caveats...) }), More: more,
		Gaps:    records(w.Gaps, func(g checks.Gap) GapRecord { return GapRecord{g.Check, clean(g.Reason)} }),
		Caveats: records(caveats, clean),
	}
}

// WorldChangeJSON gives the record of a target that had another state before.
func WorldChangeJSON(before checks.State, now checks.Verdict, caveats ...string) WorldChangeRecord {
	return WorldChangeRecord{
		At: now.At.UTC().Format(time.RFC3339), Change: now.State.String(), Before: before.String(),
		Verdict: VerdictJSON(now, caveats...),
	}
}

// WorldState is the worst state in a world: down or degraded where anything is, unknown where
// nothing is known, else up.
func WorldState(w *checks.World) checks.State {
	worst := checks.Unknown
	if w.Missing == "" && w.Countries.Up+w.Networks.Up > 0 {
		worst = checks.Up
	}
	for i := range w.Outages {
		worst = max(worst, w.Outages[i].State)
	}
	return worst
}
