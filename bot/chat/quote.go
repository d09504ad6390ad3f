package chat

import (
	"cmp"
	"strings"
	"time"

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
	asOf := quoteTime(n)
	at := clock(asOf) + " on " + hold(asOf.UTC().Format("2 January 2006"))
	var s strings.Builder
	s.WriteString("As of " + at + ", ")
	if needsProbes(v) {
		s.WriteString("isitdown had not probed " + shorten(v.Target.String(), 80) + " and could not tell whether it answered.")
	} else if fact := quoteProbed(n); fact != "" {
		s.WriteString(fact)
	} else if v.State == checks.Unknown || len(families(v)) == 0 {
		why := "could not tell from " + quoteSource(v)
		if w := &v.Vantage; w.Live == 0 && w.NewestAt.IsZero() {
			why = "had no routing data and could not tell"
		}
		s.WriteString("isitdown " + why + " whether " + quoteSubject(v) + " announced.")
	} else {
		s.WriteString(quoteFact(n) + ", according to " + quoteSource(v) + " analysed by isitdown.")
	}
	for _, c := range n.Caveats {
		s.WriteString(" " + sentence(clean(c)))
	}
	return s.String()
}

// quoteTime is the moment that the sentence is about: where probes alone are its source,
// and they are old, that of the probes.
func quoteTime(n *Notice) time.Time {
	v := &n.Verdict
	old := v.At.Sub(v.Probing.At) >= 2*time.Minute
	if named(v) && probed(v) && old && v.Announced == checks.ExtentUnknown && v.State != checks.Unknown {
		return v.Probing.At
	}
	return v.At
}

// quoteFact is the part between the time and the source.
func quoteFact(n *Notice) string {
	v, i := &n.Verdict, &n.Incident
	switch {
	case lossOf(v) == lossSilent, lossOf(v) == lossFailing:
		return quoteCounts(v, func(f family) uint64 { return f.visible }, "announced") + ", but " + quoteSilence(v)
	case v.State != checks.Up:
		return quoteGone(v)
	}
	fact := quoteCounts(v, func(f family) uint64 { return f.visible }, "visible in "+table(v)) + quoteVotes(v, false) + alsoQuote(v)
	if n.Kind == Resolved && i.Kind == Outage || i.Recovering {
		fact = strings.Replace(fact, "visible in", "visible again in", 1)
		if i.silenceAlone() {
			fact = strings.Replace(fact, "visible again in", "visible in", 1) + ", and the hosts in it that had fallen silent answered again"
		}
		end := since(i.End, func(t time.Time) string { return near(t, v.At) })
		began := "the loss began"
		if i.Changes > 1 {
			began = "the first of " + spelled(uint64(i.Changes)) + " losses began"
		}
		fact = joinNonEmpty(" ", fact+", "+joinNonEmpty(", ", end, lasted(i)+" after "+began), worstText(i))
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
	if anyRejected(v) {
		parts = append(parts, quoteCounts(v, func(f family) uint64 { return f.rejected }, seenByFew(v)))
	}
	foreign := uint64(0)
	for _, f := range families(v) {
		foreign += f.foreign
	}
	if foreign > 0 {
		parts = append(parts, quoteCounts(v, func(f family) uint64 { return f.foreign },
			onlyBy(v)))
	}
	if len(parts) == 0 {
		return quoteCounts(v, func(f family) uint64 { return f.visible }, "visible in "+table(v)) + alsoQuote(v)
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
	for _, f := range families(v) {
		n := k(f)
		if n == 0 {
			continue
		}
		parts = append(parts, someOf(n, f.of)+" "+f.name+unit(v, f.of))
	}
	if len(parts) == 0 {
		return "none of the " + unit(v, 2) + " " + quoteOwner(v) + " were " + was
	}
	verb := " were "
	if len(parts) == 1 && (strings.HasPrefix(parts[0], "the one ") || strings.HasPrefix(parts[0], "one of ")) {
		verb = " was "
	}
	return list(parts) + " " + quoteOwner(v) + verb + was
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

// quoteOwner says whose the prefixes are.
func quoteOwner(v *checks.Verdict) string {
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
		which := "announced from"
		switch {
		case anyWithdrawn(v):
			which = "previously announced from"
		case v.State == checks.Degraded, v.State == checks.Unknown: // whether they are announced is yet to come
			which = "in"
		}
		return which + " address space registered to " + withArticle(name) + moved
	case checks.KindASN:
		return "of " + subject(v) + moved
	case checks.KindPrefix:
		return "in " + v.Target.String() + moved
	}
	return "of " + shorten(v.Target.String(), 80) + moved
}

// quoteSubject names the prefixes without a number, with their verb.
func quoteSubject(v *checks.Verdict) string {
	if v.Target.Kind() == checks.KindPrefix {
		return v.Target.String() + " was"
	}
	if v.Target.Kind() == checks.KindCountry {
		return "the address space registered to " + withArticle(cmp.Or(shorten(v.Name, maxName), v.Target.String())) + " was"
	}
	return "the " + unit(v, 2) + " " + quoteOwner(v) + " were"
}

// table names the routing table that was looked at: global only where enough
// looked.
func table(v *checks.Verdict) string {
	if voting(v) >= usualPeers {
		return "the global routing table"
	}
	return "the routing table"
}

// quoteVotes writes "at all 36 vantage points observed".
func quoteVotes(v *checks.Verdict, lost bool) string {
	pick := isVisible
	if lost {
		pick = isWithdrawn
	}
	v4, v6 := tallyVotes(v, false, lost, pick), tallyVotes(v, true, lost, pick)
	switch {
	case !v4.any && !v6.any:
		return ""
	case !v4.any:
		return " at " + v6.quoted()
	case !v6.any:
		return " at " + v4.quoted()
	case v4 == v6:
		return " at " + v4.quoted() // true of both
	}
	return " at " + v4.quoted() + " (IPv6: " + strings.TrimSuffix(v6.quoted(), " observed") + ")"
}

func (s votes) quoted() string {
	points := func(n int) string { return count(n, "vantage point", "vantage points") }
	switch {
	case s.even && s.low == s.of && s.of == 1:
		return "the one vantage point observed"
	case s.even && s.low == s.of:
		return "all " + points(s.of) + " observed"
	case s.even && s.low == s.high:
		return thousands(uint64(s.low)) + " of " + points(s.of)
	case s.even:
		return thousands(uint64(s.low)) + " to " + thousands(uint64(s.high)) + " of " + points(s.of)
	}
	return "no fewer than " + thousands(uint64(s.low)) + " of " + points(s.of)
}

// quoteSource says whose data it is.
func quoteSource(v *checks.Verdict) string {
	incomplete, probes := "", ""
	if v.Answering != checks.ExtentUnknown {
		probes = " and probes"
	}
	for _, g := range v.Gaps {
		if g.Check == "route" {
			incomplete = "incomplete "
		}
	}
	if s := shorten(v.Vantage.Source, 80); s != "" {
		return incomplete + "routing data (" + s + ")" + probes
	}
	return incomplete + "route-collector data" + probes
}
