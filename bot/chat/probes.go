package chat

import (
	"strings"
	"time"

	"isitdown/checks"
)

const ourPlace = "from our vantage point"

// place says for whom a finding holds: for the world where enough vantage points
// agree, else for our own.
func place(v *checks.Verdict) string {
	p := &v.Probing
	switch {
	case p.World:
		return "from " + count(p.Networks, "network", "networks") + " on " + count(p.Continents, "continent", "continents")
	case p.At.IsZero():
		return "" // nothing says who asked
	}
	return ourPlace
}

// countPlace says from where hosts were counted: those are ours alone wherever others find
// otherwise, or some of the hosts answer.
func countPlace(v *checks.Verdict) string {
	p := &v.Probing
	torn := v.Answering == checks.ExtentAll && p.Silent*2 > p.Usable
	if !p.At.IsZero() && (v.Answering == checks.ExtentPart || torn) {
		return ourPlace
	}
	return place(v)
}

// probesText says what the probes found: a fact of its own, with the guard's result.
func probesText(v *checks.Verdict) string {
	if !probed(v) {
		return strings.TrimPrefix(probeReason(v), "probes ")
	}
	return joinNonEmpty("; ", hostCounts(v), lossText(v), undecidedText(v), aloneText(v), votersText(v), guardText(v), blocksText(v), excludedText(v), probeAge(v))
}

// probeReason says why nothing was probed, or what probes found.
func probeReason(v *checks.Verdict) string {
	if probed(v) {
		return joinNonEmpty("; ", hostCounts(v), guardText(v))
	}
	var reasons []string
	for _, g := range v.Gaps {
		if g.Check == "reach" {
			reasons = append(reasons, g.Reason)
		}
	}
	if text := phrases(reasons); text != "" {
		return "probes not run: " + text
	}
	return "probes not run"
}

// hostCounts says how many of the hosts that could testify answer: "31 of 34 usual
// hosts silent, 3 answering, from our vantage point".
func hostCounts(v *checks.Verdict) string {
	p := &v.Probing
	of := uint64(max(0, p.Usable))
	if of == 0 {
		return noWitness(v)
	}
	if named(v) && of == 1 { // told probe by probe
		return joinNonEmpty(" ", "asked", place(v))
	}
	hosts := " usual hosts"
	switch {
	case named(v):
		hosts = ""
	case of == 1:
		hosts = " usual host"
	}
	silent, answering := uint64(max(0, p.Silent)), uint64(max(0, p.Answering))
	lead, rest := kOfN(answering, of)+hosts+" answering", countOf(silent, "silent")
	if AnswersOf(v).Silent() {
		lead, rest = kOfN(silent, of)+hosts+" silent", countOf(answering, "answering")
	}
	text := joinNonEmpty(", ", lead, rest, countOf(uint64(max(0, p.Unsure)), "not decided yet"))
	if p.Failing > 0 {
		text += joinNonEmpty(": ", ", "+thousands(uint64(p.Failing))+" of them failing", failingText(v))
	}
	if where := countPlace(v); where != "" {
		text += ", " + where
	}
	return text
}

// lossText says how many pings were lost, where they are many.
func lossText(v *checks.Verdict) string {
	p := &v.Probing
	if p.PingsLost <= 0 {
		return ""
	}
	return "degraded reachability: " + kOfN(uint64(p.PingsLost), uint64(max(0, p.Pings))) + " pings lost in half an hour"
}

func countOf(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return thousands(n) + nbsp + what
}

// noWitness words what is known of the answers where no host could testify, or where a
// record does not count them.
func noWitness(v *checks.Verdict) string {
	switch {
	case named(v):
		return joinNonEmpty(" ", "asked", place(v))
	case v.Answering == checks.ExtentAll:
		return "usual hosts answer"
	case v.Answering == checks.ExtentPart:
		return "some usual hosts answer, others do not"
	case v.Answering == checks.ExtentNone:
		return "no usual host answers"
	case neverAnswered(v):
		return "no host asked has ever answered us, so their silence says nothing"
	case v.Probing.Guard.Void != "":
		return "" // which is said next
	}
	return "" // which Why says
}

// undecidedText says why the hosts inside tell nothing; of a target with a name that is
// said first of all, and our own network has words of its own.
func undecidedText(v *checks.Verdict) string {
	if named(v) || !v.Probing.Guard.Holds() {
		return ""
	}
	return shorten(v.Probing.Why, maxClaim)
}

// aloneText says what routing would have said by itself.
func aloneText(v *checks.Verdict) string {
	if lossOf(v) == lossSilent && v.Announced == checks.ExtentAll {
		return `routing alone would say "up"`
	}
	return ""
}

// votersText says how many other vantage points agree, where they are not enough to
// speak of the world.
func votersText(v *checks.Verdict) string {
	p := &v.Probing
	if p.VotesCast < 2 || p.World && (p.VotesSilent == p.VotesCast || p.VotesSilent == 0) {
		return ""
	}
	return kOfN(uint64(max(0, p.VotesSilent)), uint64(p.VotesCast)) + " vantage points find it silent"
}

// guardText says whether our own network can be trusted: without that a silence means
// nothing.
func guardText(v *checks.Verdict) string {
	g := &v.Probing.Guard
	switch {
	case g.Void != "":
		return strings.TrimSuffix(shorten(g.Void, 200), ".") + ", so nothing is claimed from silence"
	case g.At.IsZero() && v.Probing.At.IsZero():
		return ""
	case g.At.IsZero():
		return "our own network was not tested, so nothing is claimed from silence"
	}
	return "our own network works (" + kOfN(uint64(max(0, g.Answered)), uint64(max(0, g.Controls))) + " controls answer, in " +
		count(max(0, g.Networks), "network", "networks") + ")"
}

// blocksText counts the blocks of 256 addresses, where there are several.
func blocksText(v *checks.Verdict) string {
	p := &v.Probing
	if named(v) || p.BlocksUp+p.BlocksDown+p.BlocksUnsure < 2 {
		return ""
	}
	return "/24s: " + joinNonEmpty(", ", countOf(uint64(max(0, p.BlocksUp)), "answering"),
		countOf(uint64(max(0, p.BlocksDown)), "silent"), countOf(uint64(max(0, p.BlocksUnsure)), "not decided"))
}

func excludedText(v *checks.Verdict) string {
	n := v.Probing.Excluded
	if n <= 0 || v.Probing.Usable == 0 {
		return ""
	}
	return thousands(uint64(n)) + " more " + plural(n, "does", "do") +
		" not count: never heard, heard too rarely, or outside the target"
}

func probeAge(v *checks.Verdict) string {
	if v.Probing.At.IsZero() || v.At.IsZero() {
		return ""
	}
	if age := v.At.Sub(v.Probing.At); age >= time.Second {
		return hold("probed " + span(age) + " ago")
	}
	return hold("probed just now")
}

// maxSilent is how many silent hosts a notice names.
const maxSilent = 5

// silentText names hosts of a country, network or prefix that do not answer.
func silentText(v *checks.Verdict) string {
	if named(v) || !AnswersOf(v).Silent() {
		return ""
	}
	var names []string
	for i := range v.Probing.Hosts {
		if h := &v.Probing.Hosts[i]; h.Before && h.Silence.Proven() {
			names = append(names, hostName(h))
		}
	}
	return listSome(names, maxSilent)
}

// pathText says how far packets come, and who says that they come no further.
func pathText(v *checks.Verdict) string {
	var parts []string
	if r := &v.Probing.Last; r.Addr.IsValid() && !r.Arrived {
		text := "the last router that answered"
		if r.Toward.IsValid() {
			text += " on the way to " + r.Toward.String()
		}
		text += " is " + r.Addr.String()
		if r.Origin != 0 {
			text += " in " + asName(checks.Upstream{ASN: r.Origin, Name: r.Name})
		}
		parts = append(parts, text)
	}
	if named(v) { // told probe by probe
		return strings.Join(parts, "; ")
	}
	said := map[string]bool{}
	for i := range v.Probing.Hosts {
		a := &v.Probing.Hosts[i].Newest
		if a.Outcome != checks.Unreachable || !a.By.IsValid() {
			continue
		}
		if key := a.By.String() + shorten(a.Detail, maxDetail); !said[key] && len(said) < maxRedirects {
			said[key] = true
			parts = append(parts, hostName(&v.Probing.Hosts[i])+" could not be reached"+saidBy(a))
		}
	}
	return strings.Join(parts, "; ")
}

// probeBlocks are the lines of a notice that speak of probes.
func probeBlocks(v *checks.Verdict) []block {
	return []block{
		{label: "Asked", text: askedText(v)},
		{label: "Probes", text: probesText(v)},
		{label: "Silent", text: silentText(v)},
		{label: "Path", text: pathText(v)},
	}
}

// foundText is probesText where something was probed, else "".
func foundText(v *checks.Verdict) string {
	if !probed(v) {
		return ""
	}
	return probesText(v)
}

// insideText names among what is not known whether anything answers, unless it is.
func insideText(v *checks.Verdict) string {
	if v.Answering != checks.ExtentUnknown {
		return ""
	}
	return "whether anything inside answers (" + probeReason(v) + "); "
}
