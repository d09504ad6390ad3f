package checks

import (
	"fmt"
	"slices"
	"time"
)

// A finding that is said of the world takes so many agreeing votes, from so many
// networks on so many continents.
const (
	quorumVotes      = 3
	quorumNetworks   = 3
	quorumContinents = 2
)

// side is the votes that say the same.
type side struct {
	votes      int
	networks   []ASN
	continents []string
}

func (s *side) add(a ASN, continent string) {
	s.votes++
	if a != 0 && !slices.Contains(s.networks, a) {
		s.networks = append(s.networks, a)
	}
	if continent != "" && !slices.Contains(s.continents, continent) {
		s.continents = append(s.continents, continent)
	}
}

// quorum reports whether they are enough to speak of the world.
func (s *side) quorum() bool {
	return s.votes >= quorumVotes && len(s.networks) >= quorumNetworks && len(s.continents) >= quorumContinents
}

// ballot is the votes of a round, our own among them.
type ballot struct{ silent, answered, all side }

func (b *ballot) cast(a ASN, continent string, e Extent) {
	b.all.add(a, continent)
	switch e {
	case ExtentNone:
		b.silent.add(a, continent)
	case ExtentAll:
		b.answered.add(a, continent)
	}
}

// atLeast reports whether a side has that many per cent of the votes.
func (b *ballot) atLeast(s *side, percent int) bool { return s.votes*100 >= percent*b.all.votes }

// ballot counts one vote for each operator and network, the newest, and ours. Those from
// before our round, or from the future, count for nothing, and nor does silence to a ping
// of what may never answer one.
func (h *hearing) ballot(own Extent) (b ballot) {
	votes := distinct(h.reach.Votes, h.reach.At.Add(-voteAge), h.now.Add(clockSlack))
	pings, turned := h.answersPings(votes), h.turned(own)
	for _, v := range votes {
		if v.At.Before(turned) && v.Answered == (own == ExtentNone) {
			continue
		}
		e := ExtentNone
		if v.Answered {
			e = ExtentAll
		} else if v.Method == MethodICMP && !pings {
			continue
		}
		b.cast(v.ASN, v.Continent, e)
	}
	if own != ExtentUnknown {
		b.cast(h.reach.ASN, h.reach.Continent, own)
	}
	return b
}

// turned gives when our own finding was last another one. What others found otherwise
// before then does not disagree with it: an answer from before an outage contradicts none.
func (h *hearing) turned(own Extent) (at time.Time) {
	for _, w := range h.witnesses() {
		switch {
		case own == ExtentNone && w.standing == silent && w.lost.By.After(at):
			at = w.lost.By
		case own == ExtentAll && w.standing == answering:
			for _, s := range w.ended {
				if s.Back.After(at) {
					at = s.Back
				}
			}
		}
	}
	return at
}

// answersPings reports whether the target is known to answer pings: it usually answers
// ours, or it just answered somebody's. A host behind a filter for them answers nobody's,
// and the silence of the world to them says nothing of it.
func (h *hearing) answersPings(votes []Vote) bool {
	return slices.ContainsFunc(h.reach.Hosts, func(x Host) bool {
		return x.Method == MethodICMP && h.home(&x) && x.Before && mayTestify(x.Rate)
	}) || slices.ContainsFunc(votes, func(v Vote) bool { return v.Method == MethodICMP && v.Answered })
}

// distinct gives the newest vote of each operator and network between the two times.
// Of two as new the one that was answered counts.
func distinct(all []Vote, from, to time.Time) []Vote {
	var kept []Vote
	for _, v := range all {
		if v.At.Before(from) || v.At.After(to) {
			continue
		}
		i := slices.IndexFunc(kept, func(k Vote) bool { return k.Operator == v.Operator && k.ASN == v.ASN })
		switch {
		case i < 0:
			kept = append(kept, v)
		case v.At.After(kept[i].At), v.At.Equal(kept[i].At) && v.Answered:
			kept[i] = v
		}
	}
	return kept
}

// vote gives the extent with what other vantage points found. They decide nothing by
// themselves: without a round of our own there is no extent. A silence of ours that
// others do not share is none of the target's; an answer of ours is outvoted only by
// enough of them to speak of the world, and then answered in part.
func (f *finding) vote(h *hearing, own Extent) Extent {
	b := h.ballot(own)
	f.VotesSilent, f.VotesCast = b.silent.votes, b.all.votes
	with, extent := &b.all, own // with: the votes that agree
	switch {
	case own == ExtentNone && b.atLeast(&b.silent, noneFrom), own == ExtentUnknown:
		with = &b.silent
	case own == ExtentNone && b.answered.votes*100 > noneFrom*b.all.votes:
		with, extent = &b.answered, ExtentAll
	case own == ExtentAll && (!b.silent.quorum() || b.silent.votes*100 <= allUpTo*b.all.votes):
		with = &b.answered
	case own == ExtentNone, own == ExtentAll:
		extent = ExtentPart
	}
	f.Networks, f.Continents = len(with.networks), len(with.continents)
	f.torn = extent != own
	f.World = own != ExtentUnknown && with.quorum() &&
		(extent == ExtentPart || b.atLeast(with, noneFrom)) &&
		(own != ExtentPart || !b.atLeast(&b.silent, noneFrom) && !b.atLeast(&b.answered, noneFrom))
	return extent
}

// others says what the other vantage points found where that is not what ours did; ""
// where they agree or there are none.
func (f *finding) others() string {
	n, silent := f.VotesCast, f.VotesSilent
	switch {
	case f.torn && f.extent == ExtentAll:
		return fmt.Sprintf("it is silent from our vantage point alone: %d of %d others get an answer", n-silent, n-1)
	case f.torn:
		return fmt.Sprintf("the vantage points differ: %d of %d get no answer", silent, n)
	case f.extent == ExtentAll && silent > 0:
		return fmt.Sprintf("%d of %d other vantage points %s no answer, too few to count", silent, n-1, plural(silent, "gets", "get"))
	case f.extent == ExtentPart && n > 1 && silent == 0:
		return fmt.Sprintf("%d of %d other vantage points %s an answer", n-1, n-1, plural(n-1, "gets", "get"))
	case f.extent == ExtentPart && n > 1:
		return fmt.Sprintf("%d of %d other vantage points %s no answer", silent, n-1, plural(silent, "gets", "get"))
	case f.extent == ExtentNone && silent < n:
		return fmt.Sprintf("%d of %d other vantage points %s an answer", n-silent, n-1, plural(n-silent, "gets", "get"))
	}
	return ""
}
