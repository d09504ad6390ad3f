package chat

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// maxForeign is how many routes of others a line names.
const maxForeign = 3

// takenOverText says whose routes stand in the place of the target's.
func takenOverText(v *checks.Verdict, a *checks.Attribution) string {
	text := foreignList(v, a.Foreign, true)
	if text == "" {
		text = "other networks' routes stand in the place of " + groupName(a)
	}
	return sentence(text + ". Routes do not show whether it is meant so")
}

// besideText names the routes of others that concern the target and that nothing else
// in the notice names.
func besideText(v *checks.Verdict) string {
	// What was there before anybody looked may be as it should.
	list := slices.DeleteFunc(slices.Clone(v.Foreign), func(f checks.Foreign) bool { return f.Since.IsZero() })
	if lossOf(v) == lossRoutes && len(v.Disappeared) > 0 && v.Disappeared[0].Rule == checks.RuleTakenOver {
		told := v.Disappeared[0].Foreign
		list = slices.DeleteFunc(list, func(f checks.Foreign) bool { return slices.Contains(told, f) })
	}
	if text := foreignList(v, list, false); text != "" {
		return sentence(text)
	}
	return ""
}

// toldForeign reports whether what stands in the place of p is told with what
// disappeared.
func toldForeign(v *checks.Verdict, p netip.Prefix) bool {
	if lossOf(v) != lossRoutes || len(v.Disappeared) == 0 {
		return false
	}
	// The notice words no more than the first.
	return len(v.Disappeared[0].Foreign) > 0 && explainedBy(&checks.Verdict{Disappeared: v.Disappeared[:1]}, p, checks.RuleTakenOver)
}

// foreignKind are routes that differ in their prefix alone: they are said together.
type foreignKind struct {
	kind             checks.ForeignKind
	origin, upstream checks.ASN
	peers, of        int
	over             netip.Prefix // the target's own, where they lie inside it
	through          checks.ASN
	since            time.Time // to the minute; zero where nobody saw it come
}

// foreignList words routes of others; instead is true where the target's own are gone.
func foreignList(v *checks.Verdict, list []checks.Foreign, instead bool) string {
	var order []foreignKind
	prefixes := map[foreignKind][]string{}
	for _, f := range list[:min(len(list), maxMembers)] {
		k := foreignKind{kind: f.Kind, origin: f.Origin, upstream: f.Upstream, peers: f.Peers, of: f.Of, through: f.Through, since: f.Since.Truncate(time.Minute)}
		if f.Kind == checks.ForeignSpecific || f.Kind == checks.NewSpecific {
			k.over = f.Concerns
		}
		if len(prefixes[k]) == 0 {
			order = append(order, k)
		}
		prefixes[k] = append(prefixes[k], f.Prefix.String())
	}
	var parts []string
	for _, k := range order[:min(len(order), maxForeign)] {
		parts = append(parts, foreignText(v, k, prefixes[k], instead))
	}
	text := strings.Join(parts, "; ")
	if more := len(order) - maxForeign; more > 0 {
		text += "; and " + count(more, "other such route", "other such routes")
	}
	return text
}

// foreignText words routes of one kind: whose they are, through whom, and at how many
// vantage points.
func foreignText(v *checks.Verdict, k foreignKind, prefixes []string, instead bool) string {
	n, what := len(prefixes), listSome(prefixes, maxForeign)
	via, at := "", ""
	if k.upstream != 0 {
		via = " via " + k.upstream.String()
	}
	if k.of > 0 {
		at = " at " + kOf(k.peers, count(k.of, "vantage point", "vantage points"))
	}
	if !k.since.IsZero() {
		at += ", first seen " + near(k.since, v.At)
	}
	by := " " + isAre(n) + " announced by " + originName(k.origin) + via
	switch k.kind {
	case checks.ForeignOrigin:
		if instead {
			return what + by + " instead" + at
		}
		return what + by + at + ", beside the target's own"
	case checks.NewSpecific:
		by = plural(n, " is a new more-specific", " are new more-specifics") + " of its own origin " + originName(k.origin) + via
		return inside(k, what) + by + at + stayText(v, k)
	case checks.ForeignCover:
		return "what is gone is covered by " + what + " of " + originName(k.origin) + via + at
	case checks.MidPath:
		who := "the target"
		if k.through != 0 {
			who = k.through.String()
		}
		return who + " stands in the middle of paths to " + what + " of " + originName(k.origin) + at
	}
	return inside(k, what) + by + at + stayText(v, k)
}

// inside says which prefix of the target's own others lie inside.
func inside(k foreignKind, what string) string {
	if !k.over.IsValid() {
		return what
	}
	return what + ", inside " + k.over.String() + ","
}

// stayText says whether that prefix is still announced.
func stayText(v *checks.Verdict, k foreignKind) string {
	for i := range v.Prefixes {
		if p := &v.Prefixes[i]; p.Prefix == k.over && p.Visible && len(p.Origins) > 0 {
			return "; " + p.Prefix.String() + " of " + asList(p.Origins) + " stays"
		}
	}
	return ""
}

func originName(a checks.ASN) string {
	if a == 0 {
		return "several networks"
	}
	return a.String()
}

// loud gives the first route of another origin that came while somebody looked and that
// a tenth of the vantage points have: what is said of the target is not said without it.
func loud(v *checks.Verdict) (f checks.Foreign, ok bool) {
	for _, f := range v.Foreign {
		if (f.Kind == checks.ForeignOrigin || f.Kind == checks.ForeignSpecific) && !f.Since.IsZero() && f.Peers*10 >= f.Of {
			return f, true
		}
	}
	return checks.Foreign{}, false
}

// alsoText writes "but 208.65.153.0/24 also announced by AS17557" behind what is announced; "" where
// nothing is loud enough.
func alsoText(v *checks.Verdict) string {
	f, ok := loud(v)
	if !ok {
		return ""
	}
	return "but " + f.Prefix.String() + " also announced by " + originName(f.Origin)
}

// alsoQuote is alsoText for the sentence to be pasted.
func alsoQuote(v *checks.Verdict) string {
	f, ok := loud(v)
	if !ok {
		return ""
	}
	return ", while " + f.Prefix.String() + " was announced by " + originName(f.Origin) + " at " +
		kOf(f.Peers, count(f.Of, "vantage point", "vantage points"))
}

// ownReasons gives the reasons of a verdict without those that the line on others' routes
// says.
func ownReasons(v *checks.Verdict) []string {
	return slices.DeleteFunc(slices.Clone(v.Reasons), func(r string) bool {
		return slices.ContainsFunc(v.Foreign, func(f checks.Foreign) bool {
			return strings.HasPrefix(r, f.Prefix.String()+", inside ") ||
				f.Through != 0 && strings.HasPrefix(r, f.Through.String()+" stands in the middle of the path to "+f.Prefix.String())
		})
	})
}
