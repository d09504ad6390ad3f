package world

import (
	"cmp"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// tally is what is not well with a country or a network: its suspects, judged and added up.
type tally struct {
	// Of totals the numbers of prefixes that are not visible, or of which nothing is known.
	totals checks.Totals
	// not4 and not6 count the prefixes that are not visible, blind4 and blind6 those that too few
	// were asked about; lost and blind are IPv4 addresses of such.
	not4, not6, blind4, blind6 uint64
	lost, blind                uint64
	losses                     []loss
	least                      float64 // agreement
	losing                     collectorSet
	rows                       []table.Row // that are not well
}

// loss is one prefix that is not visible.
type loss struct {
	suspect   *suspect
	row       table.Row
	addresses uint64
	ipv6      bool
}

func (s *State) benches(now time.Time) *[2]checks.Bench {
	s.vantage.NewestAt = s.rib.Newest()
	return &[2]checks.Bench{s.opts.Assess.Bench(&s.vantage, false, now), s.opts.Assess.Bench(&s.vantage, true, now)}
}

// add takes a suspect into what is not well of its country or network.
func (s *State) add(t *tally, row table.Row, x *suspect, of int, b *[2]checks.Bench) {
	ipv6, addresses := x.network.IPv6, uint64(0)
	j := b[family(ipv6)].Judge(x.ballot(of), nil)
	if !ipv6 && !s.sheltered(x, of, b) {
		addresses = uint64(s.rows.weight[row])
	}
	if j.Known {
		share := ratio(j.Seen, j.Of)
		if !j.Visible {
			share = 1 - share
		}
		t.least = min(t.least, share)
	}
	switch {
	case j.Unasked:
		t.totals.Unasked++
		if ipv6 {
			t.blind6++
		} else {
			t.blind4, t.blind = t.blind4+1, t.blind+addresses
		}
		return
	case j.Unsure:
		t.totals.Unsure++
	case !j.Visible:
		t.totals.Missing++
		t.losses = append(t.losses, loss{x, row, addresses, ipv6})
	case j.CoveredAccepted:
		t.totals.CoveredAccepted++
	}
	if !j.Visible {
		if ipv6 {
			t.not6++
		} else {
			t.not4, t.lost = t.not4+1, t.lost+addresses
		}
		t.losing = t.losing.or(x.losing)
	}
	switch {
	case j.Foreign:
		t.totals.Foreign++
	case j.Gone:
		t.totals.Gone++
		t.totals.Stuck = max(t.totals.Stuck, x.network.Stuck)
	}
	if !j.Visible || j.Foreign {
		t.rows = append(t.rows, row)
	}
}

// sheltered reports whether the addresses of a prefix lie in a visible one over it, of the
// same country or network.
func (s *State) sheltered(x *suspect, of int, b *[2]checks.Bench) bool {
	for {
		over := x.over[of]
		if over == 0 || !s.rows.is(over, placed) {
			return false
		}
		if x = s.suspects[over]; x == nil || !x.settled(s.clock, s.settle()) || b[0].Judge(x.ballot(of), nil).Visible {
			return true
		}
	}
}

// totals gives the numbers of a country or network with what is not well of it.
func (g *group) totals(t *tally, b *[2]checks.Bench, least float64) *checks.Totals {
	var out checks.Totals
	if t == nil {
		t = &tally{least: 1}
	}
	out = t.totals
	out.Country = g.code != ""
	out.Enough, out.Enough6 = b[0].Enough(), b[1].Enough()
	out.IPv4.Prefixes = seenOf(uint64(g.prefixes)-t.blind4, t.not4)
	out.IPv6.Prefixes = seenOf(uint64(g.prefixes6)-t.blind6, t.not6)
	out.IPv4.Addresses = seenOf(g.addresses-t.blind, t.lost)
	out.IPv4.Slash24s = checks.Count{Seen: blocks(out.IPv4.Addresses.Seen), Of: blocks(out.IPv4.Addresses.Of)}
	out.Agreement = min(t.least, least)
	if g.back != 0 {
		at := time.Unix(g.back, 0).UTC()
		out.End = checks.Interval{By: at, Half: at}
	}
	out.Onset = t.onset(&out.Standing)
	return &out
}

func seenOf(of, lost uint64) checks.Count { return checks.Count{Seen: of - min(of, lost), Of: of} }

// blocks is how many /24 so many addresses fill.
func blocks(addresses uint64) uint64 { return (addresses + 255) / 256 }

// onset is the time at which the losses, taken in their order, first made the whole less
// than whole.
func (t *tally) onset(now *checks.Standing) checks.Interval {
	if len(t.losses) == 0 {
		return checks.Interval{}
	}
	slices.SortFunc(t.losses, func(a, b loss) int {
		return cmp.Or(cmp.Compare(a.suspect.half, b.suspect.half), cmp.Compare(a.row, b.row))
	})
	st := *now
	st.Missing, st.Gone, st.Foreign, st.Unsure = 0, 0, 0, 0
	st.IPv4.Prefixes.Seen, st.IPv4.Addresses.Seen, st.IPv6.Prefixes.Seen = st.IPv4.Prefixes.Of, st.IPv4.Addresses.Of, st.IPv6.Prefixes.Of
	which := 0
	for k, l := range t.losses {
		st.Missing++
		if l.ipv6 {
			st.IPv6.Prefixes.Seen--
		} else {
			st.IPv4.Addresses.Seen -= l.addresses
		}
		if st.Announced() != checks.ExtentAll {
			which = k
			break
		}
	}
	return t.losses[which].suspect.crossing().Interval()
}

// crossing dates a loss.
func (x *suspect) crossing() checks.Crossing {
	at := func(seconds int64) time.Time {
		if seconds == 0 {
			return time.Time{}
		}
		return time.Unix(seconds, 0).UTC()
	}
	return checks.Crossing{First: at(x.first), Half: at(x.half), Ninety: at(x.ninety)}
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}
