package chat

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// What is shown of one probe. Details and redirects are the words of others.
const (
	maxDetail    = 120
	maxBrief     = 100 // in a headline or a quotation
	maxRedirects = 3
)

// overText says in what way a probe asked: "over HTTPS", "on TCP port 22", "by ping".
func overText(a *checks.Answer) string {
	port := strconv.Itoa(int(a.Port))
	switch a.Method {
	case checks.MethodICMP:
		return "by ping"
	case checks.MethodTCP:
		return "on TCP port " + port
	case checks.MethodTLS:
		return "by TLS on port " + port
	case checks.MethodDNS:
		return "over DNS"
	case checks.MethodHTTP:
		name, usual := "HTTP", uint16(80)
		if a.Port == 443 || strings.HasPrefix(a.Host, "https:") {
			name, usual = "HTTPS", 443
		}
		if a.Port == usual || a.Port == 0 {
			return "over " + name
		}
		return "over " + name + " on port " + port
	}
	return ""
}

// toText is overText where it stands after a form of "to answer".
func toText(a *checks.Answer) string {
	if a.Method == checks.MethodICMP {
		return "ping"
	}
	return overText(a)
}

// refusedText says what a host refused: a page it never got as far as refusing.
func refusedText(a *checks.Answer) string {
	switch a.Method {
	case checks.MethodTCP, checks.MethodTLS, checks.MethodHTTP:
		return "TCP port " + strconv.Itoa(int(a.Port))
	}
	return strings.TrimPrefix(toText(a), "over ")
}

// tookText writes how long an answer took: "83 ms".
func tookText(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1" + nbsp + "ms"
	case d < 2*time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + nbsp + "ms"
	}
	return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', -1, 64) + nbsp + "s"
}

// answerText says what came of a probe, after the name of who was asked: "answered
// over HTTPS in 83 ms: HTTP 200".
func answerText(a *checks.Answer) string {
	over, detail := toText(a), shorten(a.Detail, maxDetail)
	text := ""
	switch a.Outcome {
	case checks.Answered:
		return joinNonEmpty(": ", joinNonEmpty(" ", "answered", over)+" in "+tookText(a.Took)+redirectText(a), detail)
	case checks.Failing:
		return joinNonEmpty(" ", "answered", over) + " in " + tookText(a.Took) + redirectText(a) + joinNonEmpty(": ", ", but fails", detail)
	case checks.Refused:
		text = joinNonEmpty(" ", "refused", refusedText(a)) + " in " + tookText(a.Took) + ", so it is there"
		if detail != "" && detail != "connection refused" {
			text += " (" + detail + ")"
		}
	case checks.Silent:
		text = joinNonEmpty(" ", "did not answer", over) + " within " + tookText(a.Took)
	case checks.Unreachable:
		text = joinNonEmpty(" ", "could not be reached", overText(a)) + saidBy(a)
	case checks.Unresolved:
		text = joinNonEmpty(": ", "could not be asked, for its name did not resolve", detail)
	case checks.Nonexistent:
		text = joinNonEmpty(": ", "has no address in the DNS", detail)
	default:
		text = joinNonEmpty(": ", joinNonEmpty(" ", "was not asked", overText(a)), detail)
	}
	return text + redirectText(a)
}

// saidBy says who said that there is no way, and in what words.
func saidBy(a *checks.Answer) string {
	detail := shorten(a.Detail, maxDetail)
	switch {
	case !a.By.IsValid():
		return joinNonEmpty(": ", "", detail)
	case detail == "":
		return ", says router " + a.By.String()
	case strings.Contains(detail, a.By.String()):
		return ": " + detail
	}
	return ": router " + a.By.String() + " says: " + detail
}

func redirectText(a *checks.Answer) string {
	if len(a.Redirects) == 0 {
		return ""
	}
	var urls []string
	for _, u := range a.Redirects {
		urls = append(urls, shorten(u, maxDetail))
	}
	return ", sent on to " + listSome(urls, maxRedirects)
}

// hostName names who was asked, with the address where that is another word.
func hostName(h *checks.Host) string {
	name := shorten(h.Name, maxName)
	if a := h.Addr; a.IsValid() && name != a.String() {
		return joinNonEmpty(" at ", name, a.String())
	}
	return name
}

// telling gives the host whose newest answer tells most of what the verdict says: the
// one that fails, or answers by the means that proves most, or is silent.
func telling(v *checks.Verdict) *checks.Host {
	want := func(a *checks.Answer) bool { return a.There() }
	switch lossOf(v) {
	case lossFailing:
		want = func(a *checks.Answer) bool { return a.Outcome == checks.Failing }
	case lossSilent:
		want = func(a *checks.Answer) bool { return a.Missed() }
	}
	var best *checks.Host
	for i := range v.Probing.Hosts {
		h := &v.Probing.Hosts[i]
		if want(&h.Newest) && (best == nil || weight(&h.Newest) > weight(&best.Newest)) {
			best = h
		}
	}
	return best
}

// weight orders answers by how much they say: a page more than an echo, and any
// answer more than a refusal.
func weight(a *checks.Answer) int {
	methods := []checks.Method{checks.MethodICMP, checks.MethodTCP, checks.MethodDNS, checks.MethodTLS, checks.MethodHTTP}
	w := slices.Index(methods, a.Method)
	if a.Outcome != checks.Refused {
		w += len(methods)
	}
	return w
}

// thereText says for a headline in what way it answers, and whom: "answering over HTTPS
// (HTTP 200) from our vantage point".
func thereText(v *checks.Verdict) string {
	h := telling(v)
	switch {
	case h == nil && named(v) && v.Probing.Silent > 0 && v.Probing.World:
		return "answering " + place(v) + ", but not from our vantage point"
	case h == nil && named(v) && v.Probing.Silent > 0:
		return "answering elsewhere, but not from our vantage point"
	case h == nil:
		return joinNonEmpty(" ", "answering", place(v))
	}
	a := &h.Newest
	if a.Outcome == checks.Refused {
		return joinNonEmpty(", ", "there, refusing connections "+overText(a), place(v))
	}
	text := joinNonEmpty(" ", "answering", toText(a))
	if d := briefly(a.Detail); d != "" {
		text += " (" + d + ")"
	}
	return joinNonEmpty(" ", text, place(v))
}

// answeredText says for one clause what a host did that answered.
func answeredText(h *checks.Host) string {
	text := joinNonEmpty(" ", "answered", toText(&h.Newest))
	if h.Newest.Outcome == checks.Refused {
		return text + " with a refusal"
	}
	if d := briefly(h.Newest.Detail); d != "" {
		text += " (" + d + ")"
	}
	return text
}

// briefly cuts a detail down to what was answered and the first thing that is wrong with
// it: the rest, and what became of a redirect, is told with the probe.
func briefly(detail string) string {
	what, _, _ := strings.Cut(detail, ", and ")
	return shorten(pithy(what), maxBrief)
}

// pithy leaves out what stands in brackets, and the third clause and what follows it.
func pithy(detail string) string {
	clauses := strings.SplitN(detail, "; ", 3)
	for i := range clauses {
		clauses[i], _, _ = strings.Cut(clauses[i], " (")
	}
	return strings.Join(clauses[:min(2, len(clauses))], "; ")
}

// failingText says for a headline what a service answers that cannot serve: "HTTP 503".
func failingText(v *checks.Verdict) string {
	if v.Probing.Fault != "" {
		return shorten(pithy(v.Probing.Fault), maxDetail)
	}
	for i := range v.Probing.Hosts {
		if a := &v.Probing.Hosts[i].Newest; a.Outcome == checks.Failing {
			return shorten(pithy(a.Detail), maxDetail)
		}
	}
	return ""
}

// refusing gives the host of a URL that is there and refuses connections, where nothing
// that it serves fails: then it did not answer, and could not fail to serve.
func refusing(v *checks.Verdict) *checks.Host {
	var refuses *checks.Host
	for i := range v.Probing.Hosts {
		switch h := &v.Probing.Hosts[i]; {
		case h.Newest.Outcome == checks.Failing, h.Newest.Method == checks.MethodHTTP && h.Newest.Outcome == checks.Answered:
			return nil
		case h.Newest.Outcome == checks.Refused && h.Newest.Method != checks.MethodICMP:
			refuses = h
		}
	}
	return refuses
}

// maxAsked is how many probes of a host or URL are told one by one.
const maxAsked = 6

// askedText tells probe by probe what a host, URL or address was asked and what it
// said.
func askedText(v *checks.Verdict) string {
	if !named(v) {
		return ""
	}
	var parts []string
	hosts := v.Probing.Hosts
	for i := range hosts[:min(len(hosts), maxAsked)] {
		h := &hosts[i]
		who := hostName(h)
		if h.Addr.IsValid() && len(hosts) > 1 {
			who = h.Addr.String()
		}
		text := who + " " + answerText(&h.Newest)
		if h.Newest.Missed() && !h.Before && v.Answering != checks.ExtentUnknown {
			text += "; it has never answered that"
		}
		parts = append(parts, text)
	}
	if more := len(hosts) - maxAsked; more > 0 {
		parts = append(parts, count(more, "more probe", "more probes")+" not listed")
	}
	return strings.Join(parts, dot)
}

// allHosts reports whether every host is as ok says; false without any.
func allHosts(v *checks.Verdict, ok func(*checks.Host) bool) bool {
	return len(v.Probing.Hosts) > 0 && !slices.ContainsFunc(v.Probing.Hosts, func(h checks.Host) bool { return !ok(&h) })
}

// nonexistent reports whether the DNS says that there is no such name, or no address of it.
func nonexistent(v *checks.Verdict) bool {
	return named(v) && allHosts(v, func(h *checks.Host) bool { return h.Newest.Outcome == checks.Nonexistent })
}

// neverAnswered reports whether all that was asked is silent and has always been.
func neverAnswered(v *checks.Verdict) bool {
	return v.Answering == checks.ExtentUnknown && v.Probing.Guard.Void == "" &&
		allHosts(v, func(h *checks.Host) bool { return !h.Before && h.Newest.Missed() })
}

// unresolved reports whether no name of the target resolved.
func unresolved(v *checks.Verdict) bool {
	return allHosts(v, func(h *checks.Host) bool { return h.Newest.Outcome == checks.Unresolved })
}
