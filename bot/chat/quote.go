package chat

import (
	"strings"

	"isitdown/checks"
)

// numerals are written out in running text.
var numerals = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

// spelled writes a small number as a word.
func spelled(n uint64) string {
	if n < uint64(len(numerals)) {
		return numerals[n]
	}
	return thousands(n)
}

// Quote gives the sentence that closes a notice and is safe to paste: what was
// seen, when, by whom, and any caveat. "As of 17:00 UTC on 22 December 2014, all
// four networks registered to North Korea were absent ...".
func Quote(n Notice) string { return plain(quoteText(&n)) }

// quoteText is Quote with what belongs together still held together.
func quoteText(n *Notice) string {
	v := &n.Verdict
	at := clock(v.At) + " on " + hold(v.At.UTC().Format("2 January 2006"))
	s := "As of " + at + ", " + quoteFact(n) + ", according to " + quoteSource(v) + " analysed by isitdown."
	for _, c := range n.Caveats {
		s += " " + sentence(clean(c))
	}
	return s
}

// quoteFact is the part between the time and the source.
func quoteFact(n *Notice) string {
	v, i := &n.Verdict, &n.Incident
	switch {
	case v.State == checks.Unknown || len(families(v)) == 0:
		return "nothing can be said about whether the " + quoteSubject(v, 2) + " were announced"
	case v.State == checks.Degraded && v.Announced == checks.ExtentAll:
		few := "most of the usual targets did not answer"
		if v.Answering == checks.ExtentPart {
			few = "some of the usual targets did not answer"
		}
		return quoteCounts(v, func(f family) uint64 { return f.visible }, "announced") + ", but " + few
	case v.State != checks.Up:
		return quoteGone(v)
	}
	fact := quoteCounts(v, func(f family) uint64 { return f.visible }, "visible in "+table(v)) + quoteVotes(v, false)
	if n.Kind == Resolved && i.Kind == Outage || i.Recovering {
		fact = strings.Replace(fact, "visible in", "visible again in", 1)
		fact += ", " + elapsed(Point(i.Onset), Point(i.End)) + " after they were first seen to be withdrawn"
	}
	return fact
}

// quoteGone words what is withdrawn, and what only others' routes cover.
func quoteGone(v *checks.Verdict) string {
	var parts []string
	if anyWithdrawn(v) {
		parts = append(parts,
			quoteCounts(v, func(f family) uint64 { return f.withdrawn }, "absent from "+table(v))+quoteVotes(v, true))
	}
	foreign := uint64(0)
	for _, f := range families(v) {
		foreign += f.foreign
	}
	if foreign > 0 {
		parts = append(parts, quoteCounts(v, func(f family) uint64 { return f.foreign },
			"reachable only through routes of "+foreignName(v)))
	}
	if len(parts) == 0 {
		return quoteCounts(v, func(f family) uint64 { return f.visible }, "visible in "+table(v))
	}
	return strings.Join(parts, ", and ")
}

// quoteCounts writes "all four networks registered to North Korea were <was>",
// leaving out families of which none were.
func quoteCounts(v *checks.Verdict, k func(family) uint64, was string) string {
	if p, ok := single(v); ok {
		return p.String() + " was " + was
	}
	var parts []string
	last := uint64(2)
	for _, f := range families(v) {
		n := k(f)
		if n == 0 {
			continue
		}
		parts = append(parts, someOf(n, f.of)+" "+f.name+quoteUnit(v, f.of))
		last = f.of
	}
	if len(parts) == 0 {
		return "none of the " + quoteSubject(v, 2) + " were " + was
	}
	verb := " were "
	if len(parts) == 1 && (strings.HasPrefix(parts[0], "the one ") || strings.HasPrefix(parts[0], "one of ")) {
		verb = " was "
	}
	return list(parts) + " " + quoteOwner(v, last) + verb + was
}

// someOf writes "all four", "three of the four", "the one".
func someOf(k, n uint64) string {
	switch {
	case k == n && n == 1:
		return "the one"
	case k == n && n == 2:
		return "both"
	case k == n:
		return "all " + spelled(n)
	case n >= uint64(len(numerals)):
		return thousands(k) + " of the " + thousands(n)
	}
	return spelled(k) + " of the " + spelled(n)
}

func quoteUnit(v *checks.Verdict, n uint64) string {
	return unit(v, n)
}

// quoteOwner says whose the prefixes are.
func quoteOwner(v *checks.Verdict, n uint64) string {
	moved := ""
	if v.MovedOnly {
		moved = " that moved in the recording"
	}
	name := shorten(v.Name, maxName)
	switch v.Target.Kind() {
	case checks.KindCountry:
		if name == "" {
			name = v.Target.String()
		}
		return "registered to " + name + moved
	case checks.KindASN:
		return "of " + subject(v) + moved
	case checks.KindPrefix:
		return "in " + v.Target.String() + moved
	}
	return "of " + shorten(v.Target.String(), 80) + moved
}

// quoteSubject names the prefixes without a number.
func quoteSubject(v *checks.Verdict, n uint64) string {
	return unit(v, n) + " " + quoteOwner(v, n)
}

// table names the routing table that was looked at: global only where enough
// looked.
func table(v *checks.Verdict) string {
	if v.Vantage.Voting >= usualPeers {
		return "the global routing table"
	}
	return "the routing table"
}

// quoteVotes writes "at all 36 vantage points".
func quoteVotes(v *checks.Verdict, lost bool) string {
	pick := func(p *checks.PrefixState) bool { return p.Visible }
	if lost {
		pick = isWithdrawn
	}
	s := tallyVotes(v, lost, pick)
	switch {
	case !s.any:
		return ""
	case s.even && s.low == s.of && s.of == 1:
		return " at the one vantage point observed"
	case s.even && s.low == s.of:
		return " at all " + count(s.of, "vantage point", "vantage points") + " observed"
	case s.even && s.low == s.high:
		return " at " + thousands(uint64(s.low)) + " of " + count(s.of, "vantage point", "vantage points")
	case s.even:
		return " at " + thousands(uint64(s.low)) + " to " + thousands(uint64(s.high)) + " of " +
			count(s.of, "vantage point", "vantage points")
	}
	return " at no fewer than " + thousands(uint64(s.low)) + " of " + count(s.of, "vantage point", "vantage points")
}

// quoteSource says whose data it is.
func quoteSource(v *checks.Verdict) string {
	if s := shorten(v.Vantage.Source, 80); s != "" {
		return "routing data (" + s + ")"
	}
	return "route-collector data"
}
