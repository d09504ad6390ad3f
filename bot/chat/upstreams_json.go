package chat

import (
	"time"

	"isitdown/checks"
)

// UpstreamsRecord is what the routes of a target hang on as `upstreams --json` prints it;
// docs/json.md is its contract.
type UpstreamsRecord struct {
	Target string `json:"target"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	At     string `json:"at"`
	// Known: a path was seen that says something.
	Known bool           `json:"known"`
	IPv4  RelianceRecord `json:"ipv4"`
	IPv6  RelianceRecord `json:"ipv6"`
	// MovedOnly: the counts are of the prefixes that moved in the recording.
	MovedOnly     bool             `json:"moved_only"`
	VantagePoints PointsRecord     `json:"vantage_points"`
	Source        string           `json:"source"`
	Newest        *time.Time       `json:"newest"`
	Past          *PastRecord      `json:"past"` // null: nothing is known of before the baseline
	Reasons       []string         `json:"reasons"`
	Gaps          []GapRecord      `json:"gaps"`
	Registered    RegisteredRecord `json:"registered"`
	Baseline      BaselineRecord   `json:"baseline"`
	AgeSeconds    *int64           `json:"age_seconds"`
	Caveats       []string         `json:"caveats"`
	Sentence      string           `json:"sentence"`
}

// RelianceRecord is what the visible prefixes of one family rely on.
type RelianceRecord struct {
	Announced ExtentRecord `json:"announced"`
	Points    int          `json:"points"` // vantage points with a path
	Paths     int          `json:"paths"`
	// Upstreams are the borders of a country, the last hops of anything else.
	Upstreams  []CarrierRecord `json:"upstreams"`
	LastHops   []CarrierRecord `json:"last_hops"`
	Borders    []CarrierRecord `json:"borders"`
	NoUpstream int             `json:"no_upstream"`
	Origins    []OriginRecord  `json:"origins"`
	Tested     CountRecord     `json:"tested"`
	Networks   []HingeRecord   `json:"networks"`
	Links      []HingeRecord   `json:"links"`
}

// ExtentRecord is a part of what is announced. IPv6 has no addresses.
type ExtentRecord struct {
	Prefixes  CountRecord  `json:"prefixes"`
	Addresses *CountRecord `json:"addresses"`
}

// CarrierRecord is an upstream with what it carries.
type CarrierRecord struct {
	ASN         string           `json:"asn"`
	Name        string           `json:"name"`
	Share       float64          `json:"share"`
	ShareBefore float64          `json:"share_before"`
	Hegemony    float64          `json:"hegemony"`
	Carried     ExtentRecord     `json:"carried"`
	Behind      []UpstreamRecord `json:"behind"`
}

// OriginRecord is how one origin is connected.
type OriginRecord struct {
	Origin   string     `json:"origin"`
	Name     string     `json:"name"`
	Prefixes int        `json:"visible_prefixes"`
	Hops     []string   `json:"hops"`
	Earlier  []string   `json:"earlier"`
	Single   bool       `json:"single"`
	Since    *time.Time `json:"since"`
}

// HingeRecord is a network or a link, and what hangs on it.
type HingeRecord struct {
	ASN      string       `json:"asn"`
	Name     string       `json:"name"`
	To       string       `json:"to"` // "" for a network
	ToName   string       `json:"to_name"`
	Domestic bool         `json:"domestic"`
	Alone    ExtentRecord `json:"alone"`
	Most     ExtentRecord `json:"most"`
	Share    float64      `json:"share"`
	Around   int          `json:"around"`
}

// UpstreamsJSON gives the record of what a target hangs on. Caveats are the sentences that
// must stand on everything made from it.
func UpstreamsJSON(d checks.Dependence, caveats ...string) UpstreamsRecord {
	v := dependenceFacts(&d)
	return UpstreamsRecord{
		Target: d.Target.String(), Kind: d.Target.Kind().String(), Name: clean(d.Name), At: d.At.UTC().Format(time.RFC3339),
		Known: d.Known(), IPv4: relianceRecord(&d, &d.IPv4), IPv6: relianceRecord(&d, &d.IPv6), MovedOnly: d.MovedOnly,
		VantagePoints: announcedRecord(v).VantagePoints, Source: clean(d.Vantage.Source), Newest: stamp(d.Vantage.NewestAt),
		Past: pastRecord(&d.Past), Reasons: records(d.Reasons, clean),
		Gaps:       records(d.Gaps, func(g checks.Gap) GapRecord { return GapRecord{g.Check, clean(g.Reason)} }),
		Registered: registeredRecord(v),
		Baseline:   BaselineRecord{AsOf: stamp(d.BaselineAsOf), WindowSeconds: int64(d.BaselineWindow.Seconds())},
		AgeSeconds: ageRecord(v), Caveats: records(caveats, clean), Sentence: upstreamsSentence(&d, caveats),
	}
}

func relianceRecord(d *checks.Dependence, r *checks.Reliance) RelianceRecord {
	return RelianceRecord{
		Announced: extentRecord(r.Announced), Points: r.Points, Paths: r.Paths,
		Upstreams: records(d.Upstreams(r), carrierRecord), LastHops: records(r.LastHops, carrierRecord),
		Borders: records(r.Borders, carrierRecord), NoUpstream: r.NoUpstream,
		Origins: records(r.Homes, originRecord), Tested: CountRecord(r.Tested),
		Networks: records(r.Networks, hingeRecord), Links: records(r.Links, hingeRecord),
	}
}

func extentRecord(c checks.Counts) ExtentRecord {
	r := ExtentRecord{Prefixes: CountRecord(c.Prefixes)}
	if c.Addresses.Of > 0 {
		addresses := CountRecord(c.Addresses)
		r.Addresses = &addresses
	}
	return r
}

func carrierRecord(c checks.Carrier) CarrierRecord {
	u := upstreamRecord(c.Upstream)
	return CarrierRecord{u.ASN, u.Name, u.Share, u.ShareBefore, u.Hegemony, extentRecord(c.Carried), u.Behind}
}

func originRecord(h checks.Homing) OriginRecord {
	return OriginRecord{
		Origin: h.Origin.String(), Name: clean(h.Name), Prefixes: h.Prefixes, Hops: records(h.Hops, checks.ASN.String),
		Earlier: records(h.Earlier, checks.ASN.String), Single: h.Single, Since: stamp(h.Since),
	}
}

func hingeRecord(h checks.Hinge) HingeRecord {
	return HingeRecord{
		ASN: h.Element.AS.String(), Name: clean(h.Name), To: asnText(h.Element.To), ToName: clean(h.ToName), Domestic: h.Domestic,
		Alone: extentRecord(h.Alone), Most: extentRecord(h.Most), Share: round(h.Share()), Around: h.Around,
	}
}

// upstreamsSentence is who carries it in one sentence that is safe to quote, with the caveats.
func upstreamsSentence(d *checks.Dependence, caveats []string) string {
	text := "Who carries the routes of " + Subject(d.Target, d.Name) + " is not known."
	for _, r := range []*checks.Reliance{&d.IPv6, &d.IPv4} {
		if r.Paths == 0 {
			continue
		}
		us := upstreamsOf(d, r)
		fact := carriedText(us, now, "carried")
		switch {
		case fact == "":
			fact = "no upstream was visible in the paths"
		case len(carriers(us, now)) > 1:
			fact = "the upstreams were " + fact
		}
		text = "As of " + dated(d.At) + ", " + fact + " to " + Subject(d.Target, d.Name) + ", seen from " +
			count(r.Points, "vantage point", "vantage points") + ", according to routing data analysed by isitdown."
	}
	for _, c := range caveats {
		text = joinNonEmpty(" ", text, sentence(clean(c)))
	}
	return plain(text)
}
