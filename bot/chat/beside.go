package chat

import (
	"net/netip"
	"slices"
	"strings"

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
	list := slices.Clone(v.Foreign)
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
	a := &v.Disappeared[0] // the notice words no more than the first
	return a.Rule == checks.RuleTakenOver && len(a.Foreign) > 0 && slices.Contains(a.Prefixes, p)
}

// foreignKind are routes that differ in their prefix alone: they are said together.
type foreignKind struct {
	kind             checks.ForeignKind
	origin, upstream checks.ASN
	peers, of        int
	over             netip.Prefix // the target's own, where they lie inside it
}

// foreignList words routes of others; instead is true where the target's own are gone.
func foreignList(v *checks.Verdict, list []checks.Foreign, instead bool) string {
	var order []foreignKind
	prefixes := map[foreignKind][]string{}
	for _, f := range list[:min(len(list), maxMembers)] {
		k := foreignKind{kind: f.Kind, origin: f.Origin, upstream: f.Upstream, peers: f.Peers, of: f.Of}
		if f.Kind == checks.ForeignSpecific || f.Kind == checks.NewSpecific {
			k.over = ownOver(v, f.Prefix).Prefix
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
	by := " " + isAre(n) + " announced by " + originName(k.origin) + via
	switch k.kind {
	case checks.ForeignOrigin:
		if instead {
			return what + by + " instead" + at
		}
		return what + by + at + ", beside the target's own"
	case checks.NewSpecific:
		by = " " + isAre(n) + " new and " + plural(n, "comes", "come") + " from " + originName(k.origin) + ", an origin of its own," + via
		return inside(k, what) + by + at + stayText(v, k)
	case checks.ForeignCover:
		return "what is gone is covered by " + what + " of " + originName(k.origin) + via + at
	case checks.MidPath:
		who := "the target"
		if v.Target.Kind() == checks.KindASN {
			who = v.Target.String()
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

// ownOver gives the longest prefix of the verdict that holds p and is not p; the zero
// value where none does.
func ownOver(v *checks.Verdict, p netip.Prefix) (over checks.PrefixState) {
	for i := range v.Prefixes {
		o := v.Prefixes[i]
		if o.Prefix.Bits() < p.Bits() && o.Prefix.Contains(p.Addr()) && o.Prefix.Bits() >= over.Prefix.Bits() {
			over = o
		}
	}
	return over
}
