package chat

import "isitdown/checks"

// degradedText says what of a target is amiss.
func degradedText(v *checks.Verdict) string {
	where := ""
	if !v.Probing.World {
		where = place(v)
	}
	announced := v.Announced == checks.ExtentAll
	switch l := lossOf(v); {
	case l == lossFailing && refusing(v) != nil:
		return "the host is there, but refuses connections on " + refusedText(&refusing(v).Newest)
	case l == lossFailing:
		return joinNonEmpty(": ", "answering, but failing", failingText(v))
	case l == lossRoutes:
		return goneText(v)
	case v.Answering == checks.ExtentNone && announced:
		return joinNonEmpty(" ", "announced but not answering", where)
	case v.Answering == checks.ExtentNone:
		return joinNonEmpty(" ", "not answering", where)
	case named(v) && v.Probing.VotesCast > 1:
		const some = "answering at some vantage points only"
		if announced {
			return "announced, " + some
		}
		return some
	case announced:
		return joinNonEmpty(" ", "announced, partly answering", where)
	}
	return joinNonEmpty(" ", "partly answering", where)
}

// backText says what is back: routes, answers or both.
func backText(n *Notice) string {
	v, i := &n.Verdict, &n.Incident
	switch {
	case !i.silenceAlone():
		text := visibleAgain(v)
		if i.Answers.Silent() && v.Answering == checks.ExtentAll {
			text += " and answering again"
		}
		return text
	case i.Answers.Silent():
		return "answering again"
	}
	return "serving again"
}

// answersYet says who answers where routing shows no way.
func answersYet(v *checks.Verdict) string {
	p := &v.Probing
	if named(v) || p.Usable < 2 {
		return "it answers"
	}
	return kOfN(uint64(max(0, p.Answering)), uint64(p.Usable)) + " usual hosts answer"
}

// neverText says why a silence says nothing.
func neverText(v *checks.Verdict) string {
	if unresolved(v) {
		return "its name does not resolve, and it has never answered us"
	}
	return "not answering, but it has never answered us before, so its silence says nothing"
}
