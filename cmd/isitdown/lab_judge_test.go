package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/lab"
)

// labMust is what the program must make of a scenario, whatever feed told it of it, from
// one vantage point.
type labMust struct {
	at []labAt
	// told are all notices of a target, in their order. A target that is not in it is one
	// of which nothing may be told.
	told map[string][]labNotice
	// incidents counts those of a target; zero where one notice at most tells of any.
	incidents map[string]int
	never     []string // in no notice, and in no answer from the first fault on
	// only are the states that a target may be in at any time, all of them where there are
	// none.
	only []checks.State
}

// labAt is what the verdict about a target must be when a moment ends. What is left zero
// does not matter.
type labAt struct {
	moment, target string
	may            bool           // the scenario need not have the moment
	states         []checks.State // any of these
	announced      checks.Extent
	answering      checks.Extent
	ipv4, ipv6     string // "0 of 4, 0 of 1024": prefixes, addresses
	now, before    string // "AS3356 50 %, AS1299 50 %"
	lost           string // the candidate set of all that was lost, as setText writes it
	among          string // a set that the candidate set lies in, and that has the origin in it
	rules          []checks.AttributionRule
	foreign        string // "origin 175.45.176.0/24 AS64500"
	pings          bool   // lost ones are counted, 20 to 60 of 100, and of no fewer than 20
	says, never    []string
}

// labNotice is one notice.
type labNotice struct {
	moment string // in which it is told
	kind   string // "opened", "updated", "resolved", "upstream_changed"
	// from and to bound how long after the beginning of the moment that is.
	from, to    time.Duration
	says, never []string
	may         bool // it need not be told
	// lasted is how long an incident that is over was, of which the notice tells within
	// three minutes: its end is when probes have seen it too.
	lasted time.Duration
}

// labJudge holds a play against what must be.
type labJudge struct {
	*testing.T
	rec     *lab.Recording
	play    *played
	must    labMust
	targets []string // that are followed
}

// moment gives the number of a moment by its name.
func (j *labJudge) moment(name string) int {
	j.Helper()
	i := slices.IndexFunc(j.rec.Moments, func(m lab.Moment) bool { return m.Name == name })
	if i < 0 || i >= len(j.play.after) {
		j.Fatalf("the scenario has no moment %q", name)
	}
	return i
}

func (j *labJudge) judge() {
	j.Helper()
	for target, v := range j.play.after[0] {
		if v.State != checks.Up {
			j.Errorf("in the beginning %s is %s\n%s", target, v.State, answerText(&v))
		}
	}
	for i := range j.must.at {
		j.verdict(&j.must.at[i])
	}
	for i, states := range j.play.states {
		for target, list := range states {
			for _, state := range list {
				if j.must.only != nil && !slices.Contains(j.must.only, state) && (i > 0 || state != checks.Unknown) {
					j.Errorf("%s was %s at some time after %q", target, state, j.rec.Moments[i].Name)
				}
			}
		}
	}
	for _, target := range j.targets {
		j.told(target, j.must.told[target])
	}
	for _, told := range j.play.told {
		if !slices.Contains(j.targets, told.target) {
			j.Errorf("a notice of %s, which nobody follows: %s", told.target, told.headline)
		}
	}
	j.words()
}

// answerText is the answer that a question about a verdict gets.
func answerText(v *checks.Verdict) string {
	return chat.Text(chat.Notice{Kind: chat.Answer, Verdict: *v}, chat.Columns)
}

// verdict holds one verdict against what must be.
func (j *labJudge) verdict(want *labAt) {
	j.Helper()
	if want.may && !slices.ContainsFunc(j.rec.Moments, func(m lab.Moment) bool { return m.Name == want.moment }) {
		return
	}
	v, ok := j.play.after[j.moment(want.moment)][want.target]
	if !ok {
		j.Fatalf("nothing is known of %s after %q", want.target, want.moment)
	}
	text := answerText(&v)
	wrong := want.wrong(&v, text)
	if len(wrong) > 0 {
		j.Errorf("%s after %q:\n- %s\n%s", want.target, want.moment, strings.Join(wrong, "\n- "), text)
	}
}

// wrong lists what of a verdict, and of the answer that tells it, is not as it must be.
func (want *labAt) wrong(v *checks.Verdict, text string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	is := func(what, got, must string) {
		if must != "" && got != must {
			say("%s: got %q, want %q", what, got, must)
		}
	}
	if !slices.Contains(want.states, v.State) {
		say("state %s, want %s", v.State, want.states)
	}
	if want.announced != checks.ExtentUnknown {
		is("announced", v.Announced.String(), want.announced.String())
	}
	if want.answering != checks.ExtentUnknown {
		is("answering", v.Answering.String(), want.answering.String())
	}
	is("IPv4", labCounts(v.IPv4), want.ipv4)
	is("IPv6", labCounts(v.IPv6), want.ipv6)
	is("upstreams now", labShares(v.Upstreams(), func(u checks.Upstream) float64 { return u.Share }), want.now)
	is("upstreams before", labShares(v.Upstreams(), func(u checks.Upstream) float64 { return u.ShareBefore }), want.before)
	is("foreign routes", labForeign(v.Foreign), want.foreign)
	if n, of := v.Probing.PingsLost, v.Probing.Pings; want.pings && (of < 20 || n*100 < 20*of || n*100 > 60*of) {
		say("%d of %d pings lost, want about 40 of 100, of 20 or more", n, of)
	}
	wrong = append(wrong, want.wrongSets(v)...)
	for _, words := range want.says {
		if !says(text, words) {
			say("the answer does not say %q", words)
		}
	}
	for _, words := range want.never {
		if says(text, words) {
			say("the answer says %q", words)
		}
	}
	return wrong
}

// wrongSets holds the candidate sets against what must be. Two vantage points are too few
// for more than a weak grade (docs/methods.md).
func (want *labAt) wrongSets(v *checks.Verdict) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(v.Disappeared) == 0 && (want.lost != "" || want.among != "" || want.rules != nil) {
		say("nothing is said of what disappeared")
	}
	for i := range v.Disappeared {
		a := &v.Disappeared[i]
		if a.Grade > checks.EvidenceWeak {
			say("what disappeared is graded %s, on two vantage points", a.Grade)
		}
		got := setText(a.Set)
		if want.lost != "" && got != want.lost {
			say("candidate set %q, want %q; rule %s, reasons %q", got, want.lost, a.Rule, a.Reasons)
		}
		if want.rules != nil && !slices.Contains(want.rules, a.Rule) {
			say("rule %s, want one of %s; reasons %q", a.Rule, want.rules, a.Reasons)
		}
		if want.among != "" && !within(got, want.among) {
			say("candidate set %q, want the origin, and nothing outside %q; reasons %q", got, want.among, a.Reasons)
		}
	}
	return wrong
}

// within reports whether a set as setText writes it is part of another and names an
// origin.
func within(set, of string) bool {
	all := strings.Split(of, ", ")
	for part := range strings.SplitSeq(set, ", ") {
		if !slices.Contains(all, part) {
			return false
		}
	}
	return strings.Contains(set, "origin ")
}
