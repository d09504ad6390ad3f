package bot

import (
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// day is the span in which changes of upstream are counted.
const day = 24 * time.Hour

// upstreams notices that others carry the target than before. Only a target
// that is up and has no open incident is looked at: during an incident the
// routes are expected to move, and its closing notice says where they ended.
func (s *step) upstreams() {
	if s.unknown() {
		return
	}
	if s.State != checks.Up || s.Outage.Live() || s.Unstable.Live() {
		s.candidate.set = nil
		return
	}
	if len(s.Upstreams) == 0 {
		if s.Upstreams = s.former(); len(s.Upstreams) == 0 {
			s.Upstreams = s.present()
		}
	}
	set := s.carriers()
	if len(set) == 0 || slices.Equal(set, numbers(s.Upstreams)) {
		s.candidate.set = nil
		return
	}
	if !slices.Equal(set, s.candidate.set) {
		s.candidate.set, s.candidate.since = set, s.At
	}
	if s.At.Before(s.candidate.due(s.p)) {
		return
	}
	c := Change{At: s.At, Kind: chat.UpstreamChanged, Verdict: s.v, Old: s.Upstreams, LastKnown: s.lastKnown}
	c.New = pick(s.v.Upstreams(), s.p.UpstreamLeave, func(u checks.Upstream) float64 {
		if slices.Contains(set, u.ASN) {
			return u.Share
		}
		return -1
	})
	s.Upstreams = c.New
	s.candidate = candidate{told: [2]time.Time{s.At, s.candidate.told[0]}}
	s.changes = append(s.changes, c)
}

// due is when the candidate has held long enough to be told.
func (c candidate) due(p Policy) time.Time {
	hold := p.Open
	if last := c.told[1]; !last.IsZero() && c.since.Sub(last) < day {
		hold = p.Settle
	}
	return c.since.Add(hold)
}

// carriers gives the present upstreams, ascending. One that was among them
// before stays until its share is below UpstreamLeave, so that a share near the
// threshold is no news. Neither is what vantage points that cannot be asked have no part
// in: nobody has left whom only they saw, and nobody has come because they are missing.
func (s *step) carriers() []checks.ASN {
	var set []checks.ASN
	seen := 1.0
	for _, u := range s.v.Upstreams() {
		seen -= u.Unseen
	}
	for _, u := range s.v.Upstreams() {
		share, least := u.Share*seen, s.p.UpstreamEnter
		if slices.ContainsFunc(s.Upstreams, func(o checks.Upstream) bool { return o.ASN == u.ASN }) {
			share, least = share+u.Unseen, s.p.UpstreamLeave
		}
		if share >= least {
			set = append(set, u.ASN)
		}
	}
	slices.Sort(set)
	return set
}

// numbers gives the AS numbers of us, ascending; nil for none.
func numbers(us []checks.Upstream) []checks.ASN {
	var set []checks.ASN
	for _, u := range us {
		set = append(set, u.ASN)
	}
	slices.Sort(set)
	return set
}
