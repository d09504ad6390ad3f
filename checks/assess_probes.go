package checks

import "fmt"

// maxClause bounds foreign text in a reason, in characters.
const maxClause = 200

// answering takes in what the probes found: the second fact.
func (a *assessment) answering() {
	a.probes = probed(a.Target, &a.in.Reach, a.in.Observations, a.in.Now, a.in.Rules.MaxReachAge)
	a.Probing, a.Answering = a.probes.Probing, a.probes.extent
}

// state joins the two facts: the table of docs/methods.md, section 5, and what is not in
// a table of extents.
func (a *assessment) state() State {
	switch {
	case a.disagree():
		return Unknown
	case a.Announced == ExtentUnknown && a.alone():
		return a.byProbesAlone()
	case a.Announced == ExtentAll && a.suspended():
		return Unknown
	}
	return stateOf(a.Announced, a.Answering)
}

// alone reports whether probes alone can say whether the target is up: they can of one
// host. Of a country, a network or a prefix they know a few hosts, and not the rest.
func (a *assessment) alone() bool {
	k := a.Target.Kind()
	return k == KindHost || k == KindURL || k == KindAddress
}

// byProbesAlone is the state of a host of which routing says nothing.
func (a *assessment) byProbesAlone() State {
	switch {
	case a.Answering == ExtentNone:
		return Down
	case a.Answering == ExtentPart, a.Answering == ExtentAll && a.failing():
		return Degraded
	case a.Answering == ExtentAll:
		return Up
	}
	return Unknown
}

// failing reports whether what was asked about answers and does not serve. Of an address
// no service was asked for, so that none of it can fail.
func (a *assessment) failing() bool { return a.nameless() && a.probes.Failing > 0 }

// suspended reports whether a silence was found that nothing can be said of now: our own
// network fails its test, or the probes are old. Then the target is not up again.
func (a *assessment) suspended() bool {
	was := a.probes.was.extent
	return a.Answering == ExtentUnknown && (was == ExtentNone || was == ExtentPart)
}

// disagree reports whether the routes are gone and something answers: one validated
// answer of a host is enough, or those of other vantage points that make an extent.
func (a *assessment) disagree() bool {
	return a.Announced == ExtentNone && (a.probes.answers > 0 || a.Answering >= ExtentPart)
}

// byProbes reports whether the state rests on the probes.
func (a *assessment) byProbes() bool {
	switch {
	case a.probes.At.IsZero():
		return false
	case a.disagree(), a.Announced == ExtentUnknown && a.alone():
		return true
	}
	return a.Announced == ExtentAll && (a.Answering == ExtentNone || a.Answering == ExtentPart || a.suspended())
}

// silenceTimes dates the state by the probes where it rests on them. Where routes are
// lost the onset is that of the loss of routes, even where the silence began before it:
// that one is in Probing. An end is the later one of the two.
func (a *assessment) silenceTimes() {
	switch {
	case a.State != Down && a.State != Degraded:
		if a.probes.End.By.After(a.End.By) {
			a.End = a.probes.End
		}
	case a.byProbes():
		a.Onset = a.probes.Onset
	}
}

// gradeProbes adds the probes to what the verdict rests on. Where it rests on them they
// are the first reason.
func (a *assessment) gradeProbes() {
	if a.probes.At.IsZero() {
		if a.alone() {
			a.raise("a probe of it")
		} else {
			a.raise("probes of hosts inside")
		}
		return
	}
	found := a.probes.reasons(a)
	if a.byProbes() {
		a.Reasons = append(found, a.Reasons...)
		a.Evidence = a.evidenceOfProbes()
	} else {
		a.Reasons = append(a.Reasons, found...)
	}
	switch {
	case a.Answering == ExtentUnknown:
		a.raise("%s", a.probes.missing(a))
	case !a.probes.World:
		a.raise("votes of vantage points in other networks: %d that agree, in %d networks on %d continents", quorumVotes, quorumNetworks, quorumContinents)
	case a.byProbes():
		a.raise("a source other than probes, which alone are moderate evidence at most")
	}
}

// evidenceOfProbes grades a state that rests on the probes: no more than weak from one
// vantage point, moderate from enough of them. What disagrees is weak, and what is
// announced besides is no more certain than the routing data.
func (a *assessment) evidenceOfProbes() Evidence {
	e := EvidenceWeak
	if a.probes.World && !(a.probes.torn && a.probes.extent == ExtentAll) {
		e = EvidenceModerate
	}
	switch {
	case a.disagree():
		return EvidenceWeak
	case a.Answering == ExtentUnknown && a.Announced == ExtentUnknown:
		return EvidenceNone
	case a.Answering == ExtentUnknown:
		return EvidenceWeak
	case a.Announced == ExtentUnknown:
		return e
	}
	return min(e, a.Evidence)
}

// reasons says what the probes found, the most telling first.
func (f *finding) reasons(a *assessment) (why []string) {
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	switch {
	case a.disagree() && f.answers > 0:
		add("sources disagree: its routes are withdrawn, yet %s", counted(f.answers, "host answers", "hosts answer"))
	case a.disagree():
		add("sources disagree: its routes are withdrawn, yet %d of %d vantage points get an answer", f.VotesCast-f.VotesSilent, f.VotesCast)
	}
	if f.extent == ExtentUnknown {
		add("%s", f.Why)
		if a.suspended() {
			add("when probes last told, %s", f.silenceBefore(a))
		}
		return why
	}
	if text := f.others(); f.torn {
		add("%s", text)
	}
	switch {
	case a.failing():
		add("it answers, but fails: %s", f.Fault)
	case f.Silent == 0 && a.alone():
		add("it answers, seen %s; %s", f.from(), f.controls())
	case f.Silent == 0, f.extent == ExtentAll && !f.torn:
		add("%d of %d usual hosts answer, seen %s; %s", f.Answering, f.Usable, f.from(), f.controls())
	default:
		add("%s %s; %s", f.silence(a), f.from(), f.controls())
	}
	if text := f.losses(); text != "" {
		add("%s", text)
	}
	if text := f.others(); text != "" && !f.torn {
		add("%s", text)
	}
	if a.Announced == ExtentUnknown && !a.alone() {
		add("probes know a few hosts: of all of it they alone say neither up nor down")
	}
	return why
}

// silence writes "31 of 34 usual hosts are silent".
func (f *finding) silence(a *assessment) string {
	if a.alone() {
		return "it is silent"
	}
	return fmt.Sprintf("%d of %d usual hosts %s silent", f.Silent, f.Usable, plural(f.Silent, "is", "are"))
}

// silenceBefore writes the same of the last probes that told anything.
func (f *finding) silenceBefore(a *assessment) string {
	if a.alone() {
		return "it was silent"
	}
	return fmt.Sprintf("%d of %d usual hosts %s silent", f.was.silent, f.was.usable, plural(f.was.silent, "was", "were"))
}

// from says whose finding it is: where the vantage points differ, or a part of the hosts
// answers, what is said of our own hosts is ours: among the others are some that get an
// answer.
func (f *finding) from() string {
	if !f.World || f.torn || f.extent == ExtentPart {
		return "from our vantage point"
	}
	return fmt.Sprintf("from %d networks on %d continents", f.Networks, f.Continents)
}

// controls writes "8 of 8 controls answer".
func (f *finding) controls() string {
	g := &f.Guard
	return fmt.Sprintf("%d of %d controls answer", g.Answered, g.Controls)
}

func counted(n int, one, many string) string { return fmt.Sprintf("%d %s", n, plural(n, one, many)) }
