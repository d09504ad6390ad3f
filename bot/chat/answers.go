package chat

import "isitdown/checks"

// Answers is what probes found of a target, in short: for lists, courses and the
// depth of an incident. The zero value is "not probed".
type Answers struct {
	// Extent is how much of the target answers.
	Extent checks.Extent
	// Hosts that answer, of those that could testify.
	Hosts checks.Count
	// Failing: a service answers that it cannot serve.
	Failing bool
	// World: enough vantage points agree to speak of the world, and not of ours alone.
	World bool
}

// AnswersOf gives what the probes behind a verdict found.
func AnswersOf(v *checks.Verdict) Answers {
	p := &v.Probing
	a := Answers{Extent: v.Answering, Failing: p.Failing > 0, World: p.World}
	if v.Answering != checks.ExtentUnknown {
		a.Hosts = checks.Count{Seen: uint64(max(0, p.Answering)), Of: uint64(max(0, p.Usable))}
	}
	return a
}

// Silent reports whether hosts that should answer do not.
func (a Answers) Silent() bool { return a.Extent == checks.ExtentNone || a.Extent == checks.ExtentPart }

// Amiss reports whether there is something wrong with the answers.
func (a Answers) Amiss() bool { return a.Silent() || a.Failing }

// Worse reports whether less answers than in b.
func (a Answers) Worse(b Answers) bool {
	switch {
	case a.Silent() != b.Silent():
		return a.Silent()
	case a.Extent != b.Extent && a.Silent():
		return a.Extent == checks.ExtentNone
	case a.Silent():
		return a.Hosts.Of > 0 && (b.Hosts.Of == 0 || a.Hosts.Seen*b.Hosts.Of < b.Hosts.Seen*a.Hosts.Of)
	}
	return a.Failing && !b.Failing
}

// text writes "3 of 34 hosts answer", or "does not answer" of a single one; "" where
// it was not probed.
func (a Answers) text() string {
	text := ""
	switch {
	case a.Extent == checks.ExtentUnknown:
		return ""
	case a.Hosts.Of > 1:
		text = kOfN(a.Hosts.Seen, a.Hosts.Of) + " hosts answer"
	default:
		text = [...]string{"", "not answering", "partly answering", "answering"}[a.Extent]
	}
	if a.Failing {
		text += ", but failing"
	}
	return text
}

// worst writes how few answered when fewest did: "at worst 3 of 34 usual hosts answered".
func (a Answers) worst() string {
	switch {
	case a.Silent() && a.Hosts.Of > 1:
		return "at worst " + kOfN(a.Hosts.Seen, a.Hosts.Of) + " usual hosts answered"
	case a.Extent == checks.ExtentNone:
		return "nothing answered"
	case a.Silent():
		return "only a part answered"
	case a.Failing:
		return "it answered that it could not serve"
	}
	return ""
}

// silenceAlone reports whether the incident was about answers only: the routes stayed.
func (i *Incident) silenceAlone() bool { return i.Answers.Amiss() && !i.Routes }

// loss is what a verdict that is worse than up speaks of.
type loss int

const (
	lossNone    loss = iota
	lossRoutes       // routes withdrawn, or taken over
	lossSilent       // hosts that should answer do not
	lossFailing      // it answers that it cannot serve
)

// lossOf tells what makes a verdict worse than up. Where routes are gone, that hosts
// are silent goes without saying.
func lossOf(v *checks.Verdict) loss {
	a := AnswersOf(v)
	switch {
	case v.State != checks.Down && v.State != checks.Degraded:
		return lossNone
	case v.Announced == checks.ExtentNone, v.Announced == checks.ExtentPart:
		return lossRoutes
	case a.Silent():
		return lossSilent
	case a.Failing:
		return lossFailing
	}
	return lossRoutes
}

// named reports whether the target is one that a person names to have it asked: an
// address, a host or a URL, and not a space with many hosts in it.
func named(v *checks.Verdict) bool {
	k := v.Target.Kind()
	return k == checks.KindAddress || k == checks.KindHost || k == checks.KindURL
}

// probed reports whether there is anything that probes found, if only that our own
// network is in trouble.
func probed(v *checks.Verdict) bool {
	return v.Answering != checks.ExtentUnknown || !v.Probing.At.IsZero() || v.Probing.Guard.Void != "" || len(v.Probing.Hosts) > 0
}

// disagree reports whether routing says that there is no way to a target that answers.
func disagree(v *checks.Verdict) bool {
	return v.State == checks.Unknown && v.Announced == checks.ExtentNone &&
		(v.Answering >= checks.ExtentPart || v.Probing.Answering > 0)
}

// routed reports whether there is routing data behind a verdict; for a host or a URL
// there usually is none.
func routed(v *checks.Verdict) bool {
	return len(v.Prefixes) > 0 || v.Vantage.Live > 0 || !v.Vantage.NewestAt.IsZero()
}
