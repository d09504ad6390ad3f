package checks

import "time"

// Standing is a target in numbers: what its extent is decided by (docs/methods.md, section
// 2), be they added up from observations or kept as routes change. The zero value knows of
// no prefix.
type Standing struct {
	// Country is true where the target is a country: one prefix of its many networks that
	// others' routes stand in for says little.
	Country bool
	// IPv4 and IPv6 count the prefixes that are known of.
	IPv4, IPv6 Counts
	// Missing prefixes are not visible; Gone are those of them that are gone beyond the
	// residual; others' routes stand in for those that are Foreign; nothing can be said of
	// those that are Unsure.
	Missing, Gone, Foreign, Unsure int
	// Enough and Enough6 tell whether so many vote, on IPv4 and on IPv6, that a missing
	// route may be called a loss.
	Enough, Enough6 bool
}

// Prefixes counts those that are known of, in both families.
func (s *Standing) Prefixes() int { return int(s.IPv4.Prefixes.Of + s.IPv6.Prefixes.Of) }

// Announced gives how much of the target is announced.
func (s *Standing) Announced() Extent {
	switch n := s.Prefixes(); {
	case n == 0:
		return ExtentUnknown
	case s.Gone == n:
		return ExtentNone
	case s.taken(n), s.losing(n):
		return ExtentPart
	case s.Unsure > 0:
		return ExtentUnknown
	}
	return ExtentAll
}

// taken reports whether other networks' routes stand in for so many of the n
// prefixes that the target is announced in part. For a network one is enough; a
// country of many networks is judged by the share, as for losses.
func (s *Standing) taken(n int) bool {
	if !s.Country || n < fewPrefixes {
		return s.Foreign > 0
	}
	return short(Count{uint64(max(0, n-s.Foreign)), uint64(n)})
}

// losing reports whether so much of the n prefixes is missing that the target is
// announced in part.
func (s *Standing) losing(n int) bool {
	return s.Missing > 0 && n < fewPrefixes ||
		s.Enough && short(s.IPv4.Addresses) || s.Enough6 && short(s.IPv6.Prefixes)
}

// short reports whether a count is below the share that still is "all".
func short(c Count) bool { return c.Seen*100 < partBelow*c.Of }

// Totals are the numbers of a whole target of which only some prefixes are observed one by
// one: nobody observes a million.
type Totals struct {
	Standing
	// CoveredAccepted counts prefixes of which half of those asked have only an accepted
	// route over them, Unasked those that too few were asked about, Stuck the vantage points
	// that hold an unchanged route of what is gone.
	CoveredAccepted, Unasked, Stuck int
	// Agreement is the smallest share (0 to 1) of the vantage points that say of a prefix
	// what is said of it.
	Agreement float64
	// Onset is of the present loss, End of the return from the last one.
	Onset, End Interval
	// LastHops and Borders are the carriers of [Verdict].
	LastHops, Borders []Upstream
}

// Judgement is what a prefix means for the whole of a target.
type Judgement struct {
	// Seen of Of vantage points have it. Of one that too few were asked about these are all
	// who have it, of all who are there.
	Seen, Of int
	// Known is false where nothing can be said; Visible says that it is there.
	Known, Visible bool
	// Unasked and Unsure tell why it is not known: too few were asked, or too few vote.
	Unasked, Unsure bool
	// CoveredAccepted: half of those asked have it only through an accepted route over it.
	CoveredAccepted bool
	// Foreign: others' routes stand in for it. Taken counts the vantage points at which
	// another origin announces the very prefix.
	Foreign bool
	Taken   int
	Gone    bool // beyond the residual of routes that are stuck
}

// Ballot is what the vantage points say of a prefix, in numbers.
type Ballot struct {
	IPv6 bool
	// Asked, Seen, Stuck and Sighted are those of [Observation].
	Asked, Seen, Stuck, Sighted int
	// Accepted counts those that see it only through an accepted route over it, Foreign those
	// that have nothing but another origin's, Taken those of these that have it for the very
	// prefix.
	Accepted, Foreign, Taken int
}

// Ballot counts what an observation says.
func (o *Observation) Ballot() Ballot {
	b := Ballot{IPv6: o.Prefix.Addr().Is6(), Asked: o.Asked, Seen: o.Seen, Stuck: o.Stuck, Sighted: o.Sighted}
	for _, c := range o.Covers {
		switch {
		case c.Accepted:
			b.Accepted += c.Peers
		case c.Prefix == o.Prefix:
			b.Taken += c.Peers
			fallthrough
		default:
			b.Foreign += c.Peers
		}
	}
	return b
}

// Bench is who judges the prefixes of one address family: who votes, and when.
type Bench struct {
	enough, fresh          bool
	needed, live, residual int
}

// Bench gives what the prefixes of a family are judged by, where v were asked at now.
func (r *Rules) Bench(v *Vantage, ipv6 bool, now time.Time) Bench {
	voting, usual := v.voting(ipv6)
	b := Bench{fresh: r.fresh(v, now), needed: r.MinVoting, live: v.Live, residual: residual4}
	b.enough = voting >= r.MinVoting && voting*2 >= usual && b.fresh
	if ipv6 {
		b.residual = residual6
	}
	return b
}

// Enough reports whether so many vote that a missing route may be called a loss, and
// whether the newest data still speaks for now.
func (b *Bench) Enough() bool { return b.enough }

// Fresh reports whether the newest data still speaks for now.
func (b *Bench) Fresh() bool { return b.fresh }

// fresh reports whether the newest data still speaks for now.
func (r *Rules) fresh(v *Vantage, now time.Time) bool {
	return r.MaxAge <= 0 || now.Sub(v.NewestAt) <= r.MaxAge
}

// asked reports whether so many were asked about one prefix that its absence may
// be called a loss. Many vantage points that never had it do not make up for few
// that did.
func (b *Bench) asked(asked int) bool { return b.enough && asked >= max(1, b.needed) }

// Judge says what a ballot means. rejected tells of a prefix of which few have kept an
// unchanged route that these may have kept it for another reason than being stuck.
func (b *Bench) Judge(n Ballot, rejected func() bool) (j Judgement) {
	j.Seen, j.Of, j.Taken = n.Seen, n.Asked, n.Taken
	if b.asked(n.Asked) {
		j.Known, j.Visible = true, n.Seen*2 >= n.Asked
	} else { // what is seen can be said, a loss cannot
		if n.Seen == 0 || !b.enough {
			j.Seen, j.Of = max(n.Sighted, n.Seen), b.live
		}
		j.Visible = j.Seen > 0 && b.fresh
		j.Known = j.Visible
	}
	if !j.Known {
		j.Unasked, j.Unsure = b.enough, !b.enough
		return j
	}
	j.CoveredAccepted = j.Visible && n.Accepted > 0 && n.Accepted*2 >= n.Asked
	switch {
	case !b.asked(n.Asked):
	case n.Taken > 0 && n.Taken*100 >= takenOver*n.Asked, !j.Visible && n.Foreign*100 > b.residual*n.Asked:
		j.Foreign = true
	case !j.Visible && (n.Seen == 0 || n.Stuck == n.Seen && n.Seen*100 <= b.residual*n.Asked && (rejected == nil || !rejected())):
		j.Gone = true
	}
	return j
}
