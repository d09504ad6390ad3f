package chat

import "time"

// EndRecord is the last line of `replay --json` for each watched target: how
// things stand where the recording ends, and how they came to it.
type EndRecord struct {
	At       string         `json:"at"`
	Change   string         `json:"change"` // always "ended"
	Verdict  VerdictRecord  `json:"verdict"`
	Text     string         `json:"text"`
	Timeline []MomentRecord `json:"timeline"`
	Dropped  int            `json:"dropped"` // older moments that were not kept
	Open     []string       `json:"open"`    // incidents that are open at the end
}

// MomentRecord is one moment of a timeline.
type MomentRecord struct {
	At    string      `json:"at"`
	State string      `json:"state"`
	IPv4  CountRecord `json:"ipv4"` // visible prefixes
	IPv6  CountRecord `json:"ipv6"`
	// Answering is what probes found; null where nothing was probed.
	Answering *ShortAnswersRecord `json:"answering"`
	Upstreams []string            `json:"upstreams"`
	Note      string              `json:"note"` // "" for a mere observation
}

// EndJSON gives the record of the answer at the end of a recording; open are the
// IDs of the incidents that last.
func EndJSON(n Notice, moments []Moment, dropped int, open []string) EndRecord {
	return EndRecord{
		At:      n.Verdict.At.UTC().Format(time.RFC3339),
		Change:  "ended",
		Verdict: VerdictJSON(n.Verdict, n.Caveats...),
		Text:    Text(n, Columns),
		Timeline: records(moments, func(m Moment) MomentRecord {
			return MomentRecord{
				At: m.At.UTC().Format(time.RFC3339), State: m.State.String(),
				IPv4: CountRecord(m.IPv4), IPv6: CountRecord(m.IPv6),
				Answering: shortAnswersRecord(m.Answers),
				Upstreams: records(m.Upstreams, asnText), Note: clean(m.Note),
			}
		}),
		Dropped: dropped,
		Open:    records(open, clean),
	}
}
