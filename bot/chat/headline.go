package chat

import (
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// MaxHeadline is the most characters a headline has: it is read on a lock screen.
const MaxHeadline = 200

// Headline gives the notice in one line of at most MaxHeadline characters, the state
// word first: "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec
// 2014 16:15 UTC".
func Headline(n Notice) string {
	h := newHeadline(&n, dated)
	return plain(cutTo(h.word+": "+h.rest(), MaxHeadline))
}

// cutTo cuts without cleaning: everything foreign in s is clean already.
func cutTo(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// headline is the state word, who it is about and what there is to say.
type headline struct {
	word, subject, what string
}

func (h headline) rest() string { return h.subject + ": " + h.what }

// newHeadline makes the headline; at writes a time.
func newHeadline(n *Notice, at func(time.Time) string) headline {
	v := &n.Verdict
	h := headline{word: strings.ToUpper(v.State.String()), subject: subject(v)}
	i := &n.Incident
	switch {
	case n.Kind == UpstreamChanged:
		h.what = changedUpstream(n)
	case i.ID != "" && i.Kind == Unstable && n.Kind != Answer:
		h.word, h.what = unstableHeadline(n, at)
	case n.Kind == Resolved, i.Recovering && v.State == checks.Up:
		h.word = "BACK"
		h.what = joinNonEmpty(" ", backText(n)+endedAfter(i), worstText(i))
	default:
		h.what = stateText(n)
		if v.State == checks.Down || v.State == checks.Degraded {
			sep, when := " ", since(v.Onset, at)
			if v.MovedOnly || lossOf(v) == lossFailing {
				sep = ", "
			}
			if last := lastLoss(v); !last.IsZero() {
				sep, when = ", ", "the first "+when+", the last "+since(checks.Interval{Half: last}, at)
			}
			h.what = joinNonEmpty(sep, h.what, when)
		}
	}
	return h
}

// subject writes who the notice is about: "North Korea (KP)", "AS36867 (name)".
func subject(v *checks.Verdict) string { return Subject(v.Target, v.Name) }

// unit names what is counted: a country's networks, anything else's prefixes.
func unit[N int | uint64](v *checks.Verdict, n N) string {
	switch {
	case v.Target.Kind() == checks.KindCountry && n == 1:
		return "network"
	case v.Target.Kind() == checks.KindCountry:
		return "networks"
	case n == 1:
		return "prefix"
	}
	return "prefixes"
}

// stateText is what a headline says of the state.
func stateText(n *Notice) string {
	v := &n.Verdict
	switch v.State {
	case checks.Down:
		if lossOf(v) == lossRoutes {
			return goneText(v)
		}
		return joinNonEmpty(" ", "not answering", place(v))
	case checks.Degraded:
		return degradedText(v)
	case checks.Up:
		switch {
		case v.Announced == checks.ExtentUnknown:
			return thereText(v)
		case v.Answering == checks.ExtentAll && named(v):
			return joinNonEmpty(", ", upText(v), upUpstreams(v), thereText(v))
		case v.Answering == checks.ExtentAll:
			return joinNonEmpty(", ", upText(v), "usual hosts answer", alsoText(v), upUpstreams(v))
		}
		return joinNonEmpty(", ", upText(v), alsoText(v), upUpstreams(v))
	}
	return unknownText(v)
}

// goneText says how much is gone, each family with its own count.
func goneText(v *checks.Verdict) string {
	var withdrawn, rejected, foreign []string
	most := uint64(0)
	for _, f := range families(v) {
		if f.withdrawn > 0 {
			withdrawn = append(withdrawn, ofFamily(v, f, f.withdrawn))
			most = max(most, f.withdrawn)
		}
		if f.rejected > 0 {
			rejected = append(rejected, ofFamily(v, f, f.rejected))
		}
		if f.foreign > 0 {
			foreign = append(foreign, ofFamily(v, f, f.foreign))
		}
	}
	_, one := single(v)
	lost, moved := "", ""
	if v.MovedOnly {
		moved = " that moved in this recording"
	}
	switch {
	case len(withdrawn) == 0:
	case one:
		lost = "withdrawn"
	case v.MovedOnly && len(withdrawn) == 1:
		lost = withdrawn[0] + moved + " " + isAre(most) + " withdrawn"
	case v.MovedOnly:
		lost = list(withdrawn) + moved + " are withdrawn"
	default:
		lost = list(withdrawn) + " withdrawn"
	}
	few := ""
	if len(rejected) > 0 {
		few = seenByFew(v)
		if !one {
			few = list(rejected) + moved + " " + few
		}
	}
	covered := ""
	if len(foreign) > 0 {
		covered = instead(v)
		if !one {
			covered = list(foreign) + " " + covered
		}
	}
	if lost == "" && few == "" && covered == "" {
		return joinNonEmpty(", ", seenCounts(v)+" visible", alsoText(v))
	}
	return joinNonEmpty(", ", lost, few, covered)
}

// seenByFew writes from how few vantage points prefixes are visible that most reject.
func seenByFew(v *checks.Verdict) string {
	v4, v6 := tallyVotes(v, false, false, isRejected), tallyVotes(v, true, false, isRejected)
	s := v4
	if !v4.any {
		s = v6
	}
	points := func(n int) string { return count(n, "vantage point", "vantage points") }
	switch {
	case v4.any && v6.any && v4 != v6, !s.even:
		return "visible from few vantage points"
	case s.low == s.high:
		return "visible from only " + kOf(s.low, points(s.of))
	}
	return "visible from only " + thousands(uint64(s.low)) + " to " + kOf(s.high, points(s.of))
}

// kOf writes "4 of 36 vantage points", the second half given.
func kOf(k int, of string) string { return thousands(uint64(max(0, k))) + nbsp + "of" + nbsp + of }

// ofFamily writes "3 of 4 networks", or "17 of the 20 prefixes" where the rest of
// the sentence says which 20.
func ofFamily(v *checks.Verdict, f family, k uint64) string {
	switch {
	case !v.MovedOnly:
		return kOfN(k, f.of) + " " + f.name + unit(v, f.of)
	case k == f.of && k == 1:
		return "the one " + f.name + "prefix"
	case k == f.of:
		return allOf(k) + nbsp + f.name + "prefixes"
	}
	return thousands(k) + " of the " + count(f.of, f.name+"prefix", f.name+"prefixes")
}

// allOf writes "all 20", and of two "both".
func allOf(n uint64) string {
	if n == 2 {
		return "both"
	}
	return "all " + thousands(n)
}

// foreignName names the network whose routes stand in, if it is but one.
func foreignName(v *checks.Verdict) string {
	var origins []checks.ASN
	for i := range v.Prefixes {
		if !isForeign(v, &v.Prefixes[i]) {
			continue
		}
		for _, c := range v.Prefixes[i].CoveredBy {
			if !c.Accepted {
				origins = append(origins, c.Origin)
			}
		}
	}
	for i := range v.Disappeared {
		if a := &v.Disappeared[i]; a.Rule == checks.RuleTakenOver && len(origins) == 0 {
			for _, f := range a.Foreign {
				origins = append(origins, f.Origin)
			}
		}
	}
	switch origins = distinct(origins); {
	case len(origins) > 1:
		return "other networks"
	case len(origins) == 0 || origins[0] == 0:
		return "another network"
	}
	return origins[0].String()
}

// instead says in what way another network's routes lead to prefixes.
func instead(v *checks.Verdict) string {
	if takenOver(v) {
		return "announced by " + foreignName(v) + " instead"
	}
	return "covered by " + foreignName(v)
}

// onlyBy is instead where a sentence goes on.
func onlyBy(v *checks.Verdict) string {
	if takenOver(v) {
		return "announced only by " + foreignName(v)
	}
	return "covered only by routes of " + foreignName(v)
}

// seenCounts writes "3 of 4 networks", family by family.
func seenCounts(v *checks.Verdict) string {
	var parts []string
	for _, f := range families(v) {
		parts = append(parts, kOfN(f.visible, f.of)+" "+f.name+unit(v, f.of))
	}
	return strings.Join(parts, ", ")
}

// upText says how much is announced, and by how few it was seen.
func upText(v *checks.Verdict) string {
	fs := families(v)
	_, one := single(v)
	var parts []string
	for _, f := range fs {
		parts = append(parts, ofFamily(v, f, f.visible))
	}
	text := list(parts) + " announced"
	switch {
	case one, len(fs) == 0:
		text = "announced"
	case v.MovedOnly && len(fs) == 1:
		text = parts[0] + " that moved in this recording " + isAre(fs[0].visible) + " announced"
	case v.MovedOnly:
		text = list(parts) + " that moved in this recording are announced"
	}
	if n := seers(v); n > 0 && few(v) {
		text += ", seen by " + count(n, "vantage point", "vantage points")
	}
	return text
}

// upUpstreams names the upstreams with their shares, where they carry it all.
func upUpstreams(v *checks.Verdict) string {
	if v.NoUpstream > 0 {
		return ""
	}
	var parts []string
	for _, u := range carriers(v.Upstreams(), now) {
		parts = append(parts, u.ASN.String()+" ("+percent(u.Share)+")")
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return "upstream " + parts[0]
	}
	return "upstreams " + strings.Join(parts[:min(3, len(parts))], ", ")
}

// visibleAgain says how much is visible again.
func visibleAgain(v *checks.Verdict) string {
	fs := families(v)
	if _, one := single(v); one || len(fs) == 0 {
		return "visible again"
	}
	var parts []string
	for _, f := range fs {
		part := kOfN(f.visible, f.of) + " " + f.name + unit(v, f.of)
		if f.visible == f.of {
			part = allOf(f.of) + nbsp + f.name + unit(v, f.of)
			if f.of == 1 {
				part = "the one " + f.name + unit(v, 1)
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " and ") + " visible again"
}

// unknownText says in a few words why nothing is claimed.
func unknownText(v *checks.Verdict) string {
	w := &v.Vantage
	switch {
	case disagree(v):
		return "sources disagree: routes withdrawn, yet " + answersYet(v)
	case nonexistent(v):
		return "the DNS has no address for this name"
	case v.Announced == checks.ExtentAll && v.Probing.Guard.Void != "":
		return "announced; not known whether it answers again, for our own network fails its test"
	case v.Announced == checks.ExtentAll:
		return "announced; not known whether it answers again"
	case v.Probing.Guard.Void != "" && named(v) && telling(v) != nil:
		return answeredText(telling(v)) + ", but our own network fails its test, so nothing is claimed"
	case v.Probing.Guard.Void != "" && named(v):
		return "our own network fails its test, so nothing is claimed"
	case named(v) && neverAnswered(v):
		return neverText(v)
	case named(v) && v.Probing.Why != "" && v.Announced == checks.ExtentUnknown:
		return shorten(v.Probing.Why, 120)
	case needsProbes(v):
		return "not probed, and routing knows no host names"
	case w.Live == 0 && w.NewestAt.IsZero():
		return "no routing data"
	case w.Live == 0, v.At.Sub(w.NewestAt) >= staleAge:
		return "no current routing data"
	case len(v.Prefixes) == 0:
		return "no route to it seen, now or before"
	case len(families(v)) == 0 && !few(v):
		return "too few of those that had a route to it before can be asked"
	case few(v):
		return "too few vantage points to say (" + count(voting(v), "full feed", "full feeds") + ")"
	case len(v.Reasons) > 0:
		return shorten(strings.TrimSuffix(v.Reasons[0], "."), 120)
	}
	return "the routing data at hand does not tell"
}

// needsProbes reports whether only probes could answer, and there were none.
func needsProbes(v *checks.Verdict) bool {
	k := v.Target.Kind()
	return (k == checks.KindHost || k == checks.KindURL) && !probed(v)
}

// staleAge is from when on the data is no longer called current.
const staleAge = 10 * time.Minute

// unstableHeadline gives the state word and the words of an unstable spell.
func unstableHeadline(n *Notice, at func(time.Time) string) (word, what string) {
	v, i := &n.Verdict, &n.Incident
	losses := count(i.Changes, "loss", "losses")
	switch {
	case n.Kind == Resolved && i.FollowedBy != "":
		return "UNSTABLE", losses + " " + since(i.Onset, at) + ", followed by outage " + i.FollowedBy
	case n.Kind == Resolved:
		return "STABLE", "up without a loss " + since(i.End, at) + ", after " + losses + " in " +
			elapsed(Point(i.Onset), Point(i.End))
	case v.State == checks.Unknown:
		return "UNKNOWN", unknownText(v) + "; " + losses + " before"
	}
	return "UNSTABLE", losses + " " + since(i.Onset, at) + ", " + v.State.String() + " at " + at(v.At)
}

// changedUpstream says who carries it instead of whom, and names first who did not before.
func changedUpstream(n *Notice) string {
	var added []checks.Upstream
	for _, u := range n.New {
		if !slices.ContainsFunc(n.Old, func(old checks.Upstream) bool { return old.ASN == u.ASN }) {
			added = append(added, u)
		}
	}
	before := "; before " + list(asNumbers(n.Old))
	switch {
	case len(added) == 0 || len(n.Old) == 0:
		return "upstream now " + shares(n.New, now) + before
	case len(added) == len(n.New):
		return plural(len(added), "new upstream", "new upstreams") + " " + shares(added, now) + before
	}
	return plural(len(added), "new upstream", "new upstreams") + " " + list(asNumbers(added)) + "; now " + shares(n.New, now) + before
}

// shares writes "AS4837 (75 %), AS20485 (25 %)".
func shares(us []checks.Upstream, of func(checks.Upstream) float64) string {
	var parts []string
	for _, u := range us {
		parts = append(parts, u.ASN.String()+" ("+percent(of(u))+")")
	}
	return strings.Join(parts, ", ")
}

// lasted writes how long an incident was, as surely as that is known.
func lasted(i *Incident) string {
	text := elapsed(Point(i.Onset), Point(i.End))
	if wide(i.Onset) || wide(i.End) {
		return "about " + text
	}
	return text
}

// endedAfter writes " after 9 h 31 min". Of an incident that was lost more than once it
// says from when that counts: in between it was visible.
func endedAfter(i *Incident) string {
	if i.Changes > 1 {
		return ", " + lasted(i) + " after the first of " + count(i.Changes, "loss", "losses")
	}
	return " after " + lasted(i)
}

func joinNonEmpty(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}
