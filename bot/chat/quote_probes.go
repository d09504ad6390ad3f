package chat

import (
	"time"

	"isitdown/checks"
)

// quoteProbed is the quotable sentence, after the time, of what probes alone can tell, and
// of sources that disagree; "" where routing is the source.
func quoteProbed(n *Notice) string {
	v := &n.Verdict
	switch {
	case disagree(v):
		return quoteGone(v) + ", yet " + quoteYet(v) + ", according to " + quoteSource(v) + " analysed by isitdown."
	case v.State == checks.Unknown && v.Announced == checks.ExtentAll:
		return quoteCounts(v, func(f family) uint64 { return f.visible }, "announced") +
			", but isitdown could not tell whether it answered again, according to " + quoteSource(v) + "."
	case !named(v) || routed(v) && v.Announced != checks.ExtentUnknown:
		return ""
	case !probed(v):
		return ""
	case nonexistent(v):
		return "isitdown found no address for " + quoteName(v) + " in the DNS."
	case v.State == checks.Unknown && neverAnswered(v) && !unresolved(v):
		return quoteName(v) + " did not answer probes sent by isitdown, but had never answered it before: whether it was up cannot be told from that."
	case v.State == checks.Unknown && v.Probing.Guard.Void != "" && telling(v) != nil:
		return quoteName(v) + " " + answeredText(telling(v)) + " when isitdown probed it, but isitdown's own network failed its test: nothing is claimed from that."
	case v.State == checks.Unknown:
		return "isitdown could not tell whether " + quoteName(v) + " answered: " + unknownText(v) + "."
	}
	if v.Probing.World {
		return quoteNamed(n) + ", according to probes from " + quotePlace(v) + " analysed by isitdown."
	}
	return quoteNamed(n) + ", according to probes sent by isitdown from " + quotePlace(v) + "."
}

// quoteName names what was asked.
func quoteName(v *checks.Verdict) string { return shorten(v.Target.String(), 80) }

// quotePlace says where from, for readers who do not know whose vantage point it is.
func quotePlace(v *checks.Verdict) string {
	p := &v.Probing
	if !p.World {
		return "its vantage point"
	}
	return count(p.Networks, "network", "networks") + " on " + count(p.Continents, "continent", "continents")
}

// quoteNamed says of a host, a URL or an address what it did when it was asked.
func quoteNamed(n *Notice) string {
	v, i := &n.Verdict, &n.Incident
	name := quoteName(v)
	switch lossOf(v) {
	case lossFailing:
		if h := refusing(v); h != nil {
			return "the host of " + name + " was there, but refused connections on " + refusedText(&h.Newest)
		}
		return name + joinNonEmpty(": ", " answered, but could not serve", failingText(v))
	case lossSilent:
		return name + " " + quoteSilence(v)
	}
	fact := name + " answered"
	if isBack(n) {
		fact += " again"
	}
	if h := telling(v); h != nil {
		fact = joinNonEmpty(" ", fact, toText(&h.Newest))
		if h.Newest.Outcome == checks.Refused {
			fact += " with a refusal"
		} else if d := briefly(h.Newest.Detail); d != "" {
			fact += " (" + d + ")"
		}
	}
	if isBack(n) {
		end := since(i.End, func(t time.Time) string { return near(t, v.At) })
		fact += ", " + joinNonEmpty(", ", end, lasted(i)+" after the loss began")
	}
	return fact
}

// quoteSilence says who did not answer: "31 of 34 hosts in it that usually answer did not
// answer probes from one vantage point".
func quoteSilence(v *checks.Verdict) string {
	p := &v.Probing
	from, part := "", v.Answering == checks.ExtentPart
	switch {
	case p.World && !part:
		from = " from " + quotePlace(v)
	case !p.At.IsZero():
		from = " from one vantage point"
	}
	switch {
	case lossOf(v) == lossFailing:
		return joinNonEmpty(": ", "a service answered that it could not serve", failingText(v))
	case named(v) && part && routed(v) && p.VotesCast > 1:
		return quoteName(v) + " answered probes at some vantage points only"
	case named(v) && part && routed(v):
		return quoteName(v) + " answered probes in part only" + from
	case named(v) && part && p.VotesCast > 1:
		return "answered at some vantage points only"
	case named(v) && part:
		return "answered in part only"
	case named(v) && routed(v):
		return quoteName(v) + " did not answer probes" + from
	case named(v):
		return "did not answer"
	case p.Usable > 0:
		return kOfN(uint64(max(0, p.Silent)), uint64(p.Usable)) + " hosts in it that usually answer did not answer probes" + from
	case part:
		return "some of the usual hosts did not answer" + from
	}
	return "the usual hosts did not answer" + from
}

// quoteYet says who answers where there should be no way.
func quoteYet(v *checks.Verdict) string {
	p := &v.Probing
	switch {
	case named(v):
		return quoteName(v) + " answered a probe"
	case p.Usable > 0:
		return kOfN(uint64(max(0, p.Answering)), uint64(p.Usable)) + " hosts in it answered probes"
	}
	return "hosts in it answered probes"
}
