package chat

import "time"

// VerdictRecord is a verdict as `--json` prints it; docs/json.md is its
// contract. Fields are only ever added. Times are RFC 3339 in UTC with whole
// seconds, shares go from 0 to 1, lists are [] when empty, and what was not
// done at all is null.
type VerdictRecord struct {
	Target    string           `json:"target"`
	Kind      string           `json:"kind"`
	Name      string           `json:"name"`
	At        string           `json:"at"`
	State     string           `json:"state"`
	Evidence  string           `json:"evidence"`
	Announced AnnouncedRecord  `json:"announced"`
	Answering *AnsweringRecord `json:"answering"` // null: not probed
	Onset     *IntervalRecord  `json:"onset"`     // null: nothing was lost, or nobody knows when
	End       *IntervalRecord  `json:"end"`       // of the last return
	Prefixes  []PrefixRecord   `json:"prefixes"`
	// Upstreams are the first ASes outside a country, or the ASes next to the
	// origins of anything else; LastHops and Borders are both lists by name.
	Upstreams   []UpstreamRecord `json:"upstreams"`
	LastHops    []UpstreamRecord `json:"last_hops"`
	Borders     []UpstreamRecord `json:"borders"`
	NoUpstream  int              `json:"no_upstream"`
	Disappeared []string         `json:"disappeared"` // the candidates, as a set
	// Attribution is how they were found: one for each group of prefixes that went together.
	// Records from before there was any have none.
	Attribution []AttributionRecord `json:"attribution"`
	Foreign     []ForeignRecord     `json:"foreign"` // others' routes that concern the target
	Past        *PastRecord         `json:"past"`    // null: it is not known who carried it earlier
	Reasons     []string            `json:"reasons"`
	Raise       []string            `json:"raise"` // what would raise the grade of evidence
	// Claims are what outside services say; the state and the grade rest on none of them.
	Claims     []ClaimRecord    `json:"claims"`
	Gaps       []GapRecord      `json:"gaps"`
	Registered RegisteredRecord `json:"registered"`
	Baseline   BaselineRecord   `json:"baseline"`
	AgeSeconds *int64           `json:"age_seconds"` // of the newest routing message; null: there is none
	Caveats    []string         `json:"caveats"`
	Sentence   string           `json:"sentence"`
}

// AnnouncedRecord says how much of the target is announced.
type AnnouncedRecord struct {
	Extent string     `json:"extent"` // unknown, none, part, all
	IPv4   IPv4Record `json:"ipv4"`
	IPv6   IPv6Record `json:"ipv6"`
	// MovedOnly: the counts are of the prefixes that moved in the recording.
	MovedOnly       bool           `json:"moved_only"`
	CoveredAccepted int            `json:"covered_accepted"`
	CoveredForeign  int            `json:"covered_foreign"`
	Stuck           int            `json:"stuck"`
	Changes         int            `json:"changes"`
	Peers           PeersRecord    `json:"peers"`
	VantagePoints   PointsRecord   `json:"vantage_points"`
	Source          string         `json:"source"`
	Newest          *time.Time     `json:"newest"`
	Collectors      CollectorCount `json:"collectors"`
}

// CollectorCount says how many collectors were heard and how many of them lost
// something; the latter is zero where that was not counted.
type CollectorCount struct {
	Live   int `json:"live"`
	Losing int `json:"losing"`
}

// IPv4Record counts in the three units of IPv4.
type IPv4Record struct {
	Prefixes  CountRecord `json:"prefixes"`
	Slash24s  CountRecord `json:"slash24s"`
	Addresses CountRecord `json:"addresses"`
}

// IPv6Record counts in the one unit of IPv6.
type IPv6Record struct {
	Prefixes CountRecord `json:"prefixes"`
}

// CountRecord is k of n.
type CountRecord struct {
	Seen uint64 `json:"seen"`
	Of   uint64 `json:"of"`
}

// PeersRecord counts BGP sessions: peers in the terms of RFC 4271, of which one
// AS may have many.
type PeersRecord struct {
	Live     int `json:"live"`
	FullFeed int `json:"full_feed"` // by the IPv4 table, or by the IPv6 one
	Partial  int `json:"partial"`
}

// PointsRecord counts vantage points, which are peer ASes. Voting are those in the
// denominators. IPv6 tables are judged on their own.
type PointsRecord struct {
	Live         int  `json:"live"`
	Syncing      int  `json:"syncing"`
	FullFeed     int  `json:"full_feed"`
	Partial      int  `json:"partial"`
	Voting       int  `json:"voting"`
	Usual        int  `json:"usual"`
	FullFeedIPv6 int  `json:"full_feed_ipv6"`
	VotingIPv6   int  `json:"voting_ipv6"`
	UsualIPv6    int  `json:"usual_ipv6"`
	Declared     bool `json:"declared"`
}

// IntervalRecord is when something happened: after After, by By, at Half for
// half of the vantage points. Fields that are not known are null.
type IntervalRecord struct {
	After  *time.Time `json:"after"`
	By     *time.Time `json:"by"`
	Half   *time.Time `json:"half"`
	Ninety *time.Time `json:"ninety"`
}

// PrefixRecord is one prefix.
type PrefixRecord struct {
	Prefix    string        `json:"prefix"`
	Seen      int           `json:"seen"`
	Of        int           `json:"of"`
	Visible   bool          `json:"visible"`
	Known     bool          `json:"known"`
	Lost      *time.Time    `json:"lost"`   // half of the vantage points had lost it; null while it is visible
	Origin    string        `json:"origin"` // "" where there are several or none
	Origins   []string      `json:"origins"`
	CoveredBy []CoverRecord `json:"covered_by"`
	Split     bool          `json:"split"`
}

// CoverRecord is a route that stands in for a prefix.
type CoverRecord struct {
	Prefix   string `json:"prefix"`
	Origin   string `json:"origin"`
	Peers    int    `json:"peers"`
	Accepted bool   `json:"accepted"`
	Upstream string `json:"upstream"` // "" where none is visible, or several are
}

// UpstreamRecord is an AS that carries, or carried, the routes.
type UpstreamRecord struct {
	ASN         string           `json:"asn"`
	Name        string           `json:"name"`
	Share       float64          `json:"share"`
	ShareBefore float64          `json:"share_before"`
	Hegemony    float64          `json:"hegemony"`
	Behind      []UpstreamRecord `json:"behind"`
}

// ClaimRecord is what an outside service says of the target.
type ClaimRecord struct {
	Service string     `json:"service"`
	Text    string     `json:"text"`
	At      *time.Time `json:"at"`   // that the claim speaks of; null where it says none
	Link    string     `json:"link"` // "" where there is none
	Rests   string     `json:"rests"`
	Loss    *bool      `json:"loss"` // null: it says neither
}

// GapRecord is something that could have been used and was not there.
type GapRecord struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// RegisteredRecord says what was counted, by which list and of when.
type RegisteredRecord struct {
	Source string   `json:"source"`
	AsOf   string   `json:"as_of"` // a date, "" when no list was used
	Rule   string   `json:"rule"`
	Notes  []string `json:"notes"`
}

// BaselineRecord says what "before" means.
type BaselineRecord struct {
	AsOf          *time.Time `json:"as_of"`
	WindowSeconds int64      `json:"window_seconds"`
	Frozen        bool       `json:"frozen"`
}
