package chat

import (
	"net/netip"
	"time"

	"isitdown/checks"
)

// maxMembers bounds each list of an attribution: a country may lose tens of thousands
// of prefixes at once. Counts say how many there are.
const maxMembers = 50

// AttributionRecord is what the loss of a group of prefixes is explained by. Of its
// lists at most fifty entries are given.
type AttributionRecord struct {
	Prefixes []string `json:"prefixes"`
	Origins  []string `json:"origins"`
	// Counts say how many prefixes, origins and members of the set there are.
	Counts AttributionCounts `json:"counts"`
	Rule   string            `json:"rule"`
	// Text is what the notice says of the group.
	Text   string            `json:"text"`
	Set    []CandidateRecord `json:"set"`
	Scores []ScoreRecord     `json:"scores"`
	// Lost, Kept and KeptUnchanged count pairs of a vantage point and a prefix.
	Lost          int              `json:"lost"`
	Kept          int              `json:"kept"`
	KeptUnchanged int              `json:"kept_unchanged"`
	Carriers      []UpstreamRecord `json:"carriers"`
	SingleHomed   bool             `json:"single_homed"`
	Siblings      []SiblingRecord  `json:"siblings"`
	Sample        bool             `json:"sample"` // siblings and scores are of a few networks that were looked up
	RPKI          []RPKIRecord     `json:"rpki"`
	Foreign       []ForeignRecord  `json:"foreign"`
	Grade         string           `json:"grade"`
	Reasons       []string         `json:"reasons"`
	Raise         []string         `json:"raise"`
}

// AttributionCounts are the lengths of lists that may have been cut.
type AttributionCounts struct {
	Prefixes int `json:"prefixes"`
	Origins  int `json:"origins"`
	Set      int `json:"set"`
}

// CandidateRecord is one thing that may have happened.
type CandidateRecord struct {
	Kind    string `json:"kind"`
	Element string `json:"element"` // "AS4837", "AS4837-AS131279", "" for none
	Text    string `json:"text"`
}

// ScoreRecord is how well the loss of an element explains what is seen.
type ScoreRecord struct {
	Element  string   `json:"element"`
	Coverage float64  `json:"coverage"`
	Survival *float64 `json:"survival"` // null: too few other networks to tell
	Origins  int      `json:"origins"`
	Before   int      `json:"before"`
	Still    int      `json:"still"`
	Score    float64  `json:"score"`
}

// SiblingRecord is how other networks behind an upstream fared.
type SiblingRecord struct {
	Upstream string   `json:"upstream"`
	Networks int      `json:"networks"`
	Lost     int      `json:"lost"`
	Usual    *float64 `json:"usual"` // null: not known
	// HistorySeconds is how long usual was counted for.
	HistorySeconds int64 `json:"history_seconds"`
}

// RPKIRecord is what origin validation says of a route.
type RPKIRecord struct {
	Prefix string     `json:"prefix"`
	Origin string     `json:"origin"`
	State  string     `json:"state"`
	Reason string     `json:"reason"`
	AsOf   *time.Time `json:"as_of"` // null: not known
	Source string     `json:"source"`
}

// ForeignRecord is a route of somebody else's that concerns the target.
type ForeignRecord struct {
	Kind     string `json:"kind"`
	Prefix   string `json:"prefix"`
	Origin   string `json:"origin"`
	Upstream string `json:"upstream"` // "" where none is visible, or several are
	Peers    int    `json:"peers"`
	Of       int    `json:"of"`
	Concerns string `json:"concerns"` // the target's own prefix that it is about; "" for none
	Through  string `json:"through"`  // the target's AS on the path, of mid-path; else ""
	// Since is when the first vantage point had it; null: nobody saw it come.
	Since *time.Time `json:"since"`
}

// PastRecord is who carried the target before the baseline.
type PastRecord struct {
	Since    *time.Time          `json:"since"`
	Carriers []PastCarrierRecord `json:"carriers"`
	Source   string              `json:"source"`
}

// PastCarrierRecord is one of them.
type PastCarrierRecord struct {
	ASN         string     `json:"asn"`
	HeldSeconds int64      `json:"held_seconds"`
	Last        *time.Time `json:"last"`
}

func attributionRecord(v *checks.Verdict, a *checks.Attribution) AttributionRecord {
	return AttributionRecord{
		Prefixes: records(first(a.Prefixes), netip.Prefix.String),
		Origins:  records(first(a.Origins), checks.ASN.String),
		Counts:   AttributionCounts{len(a.Prefixes), len(a.Origins), len(a.Set)},
		Rule:     a.Rule.String(),
		Text:     plain(ruleText(v, a)),
		Set: records(first(a.Set), func(c checks.Candidate) CandidateRecord {
			return CandidateRecord{c.Kind.String(), elementText(c.Element), candidateText(a, c)}
		}),
		Scores: records(a.Scores[:min(len(a.Scores), checks.MaxScores)], scoreRecord),
		Lost:   a.Lost, Kept: a.Kept, KeptUnchanged: a.KeptUnchanged,
		Carriers: records(first(a.Carriers), upstreamRecord), SingleHomed: a.SingleHomed,
		Siblings: records(first(a.Siblings), siblingRecord), Sample: a.Sample,
		RPKI: records(first(a.RPKI), rpkiRecord), Foreign: records(first(a.Foreign), foreignRecord),
		Grade: gradeOf(a).String(), Reasons: records(first(a.Reasons), clean), Raise: records(first(a.Raise), clean),
	}
}

// gradeOf gives the grade of an attribution: routes alone never give more than moderate.
func gradeOf(a *checks.Attribution) checks.Evidence { return min(a.Grade, checks.EvidenceModerate) }

// first cuts a list to maxMembers.
func first[T any](list []T) []T { return list[:min(len(list), maxMembers)] }

func elementText(e checks.Element) string {
	if e == (checks.Element{}) {
		return ""
	}
	return e.String()
}

func scoreRecord(s checks.Score) ScoreRecord {
	p := s.Passage
	r := ScoreRecord{
		Element: elementText(s.Element), Coverage: round(s.Coverage), Score: round(s.Score),
		Origins: p.Origins, Before: p.Before, Still: p.Still,
	}
	if share, known := p.Survival(); known {
		share = round(share)
		r.Survival = &share
	}
	return r
}

func siblingRecord(s checks.Siblings) SiblingRecord {
	r := SiblingRecord{Upstream: s.Upstream.String(), Networks: s.Networks, Lost: s.Lost, HistorySeconds: int64(s.History.Seconds())}
	if s.History > 0 {
		usual := round(s.Usual)
		r.Usual = &usual
	}
	return r
}

func rpkiRecord(o checks.OriginValidity) RPKIRecord {
	return RPKIRecord{
		o.Route.Prefix.String(), asnText(o.Route.Origin), o.State.String(), shorten(o.Reason, maxReason), stamp(o.AsOf), shorten(o.Source, maxReason),
	}
}

func foreignRecord(f checks.Foreign) ForeignRecord {
	return ForeignRecord{f.Kind.String(), f.Prefix.String(), asnText(f.Origin), asnText(f.Upstream), f.Peers, f.Of, prefixText(f.Concerns), asnText(f.Through), stamp(f.Since)}
}

func prefixText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func pastRecord(p *checks.Past) *PastRecord {
	if p.Since.IsZero() && len(p.Carriers) == 0 {
		return nil
	}
	return &PastRecord{
		Since: stamp(p.Since), Source: shorten(p.Source, maxReason),
		Carriers: records(first(p.Carriers), func(c checks.PastCarrier) PastCarrierRecord {
			return PastCarrierRecord{c.ASN.String(), int64(c.Held.Seconds()), stamp(c.Last)}
		}),
	}
}
