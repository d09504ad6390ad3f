package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// MaxForeign is how many foreign routes an observation or a verdict lists.
const MaxForeign = 20

// loudForeign is how many of them have a reason of their own.
const loudForeign = 3

// besides gathers others' routes that concern the target. They decide nothing about what
// is announced: that is counted prefix by prefix, from what stands in its place.
func (a *assessment) besides() {
	var all []Foreign
	for i := range a.in.Observations {
		all = append(all, a.in.Observations[i].Foreign...)
	}
	a.Foreign = MergeForeign(all)
	told, left := 0, 0
	for _, f := range a.Foreign {
		switch text := a.besideText(f); {
		case text == "":
		case told == loudForeign:
			left++
		default:
			told++
			a.because("%s", text)
		}
	}
	if left > 0 {
		a.because("%d more routes like %s", left, plural(told, "that", "those"))
	}
}

// besideText is the reason that a foreign route gives; "" for one that nobody saw come,
// that few have, of which nothing is known now, or that is told where the prefix is counted in whose place it stands.
func (a *assessment) besideText(f Foreign) string {
	if f.Since.IsZero() || !a.fresh() || f.Peers*100 < takenOver*f.Of {
		return ""
	}
	by := f.Origin.String()
	if f.Upstream != 0 {
		by += " via " + f.Upstream.String()
	}
	switch f.Kind {
	case ForeignSpecific, NewSpecific:
		text := fmt.Sprintf("%s, inside %s, is announced by %s at %d of %d vantage points", f.Prefix, f.Concerns, by, f.Peers, f.Of)
		return text + a.staysText(f.Concerns)
	case MidPath:
		return fmt.Sprintf("%s stands in the middle of the path to %s of %s at %d of %d vantage points, where it did not before",
			f.Through, f.Prefix, f.Origin, f.Peers, f.Of)
	}
	return ""
}

// staysText says of a prefix of the target that it is still announced; "" where it is not.
func (a *assessment) staysText(p netip.Prefix) string {
	i := slices.IndexFunc(a.Prefixes, func(s PrefixState) bool { return s.Prefix == p })
	if i < 0 || !a.Prefixes[i].Visible {
		return ""
	}
	if o := a.Prefixes[i].Origin; o != 0 {
		return fmt.Sprintf("; %s of %s stays", p, o)
	}
	return fmt.Sprintf("; %s stays", p)
}

// takenOver gives the foreign routes that stand in the place of some prefixes, IPv4 before
// IPv6 and ascending, and
// reports whether they do so at half of the vantage points, or more, that miss one. A
// cover that was there before does not: it explains no loss.
func (a *assessment) takenOver(prefixes []netip.Prefix) (list []Foreign, yes bool) {
	missing, standing := 0, 0
	for i := range a.in.Observations {
		o := &a.in.Observations[i]
		if _, asked := slices.BinarySearchFunc(prefixes, o.Prefix, ComparePrefixes); !asked || o.Seen >= o.Asked {
			continue
		}
		n, in := o.inPlace()
		missing += o.Asked - o.Seen
		standing += n
		list = append(list, in...)
	}
	if standing == 0 || standing*2 < missing {
		return nil, false
	}
	return MergeForeign(list), true
}

// inPlace gives the foreign routes that came in the place of the prefix, and counts the
// vantage points without it that have one of them: another origin's route for the prefix
// itself, a new one over it, or new ones inside that make up half of it.
func (o *Observation) inPlace() (peers int, list []Foreign) {
	missing := o.Asked - o.Seen
	var inside []netip.Prefix
	least := missing
	for _, f := range o.Foreign {
		switch f.Kind {
		case ForeignOrigin, ForeignCover:
			n := o.missingTo(f)
			if n == 0 || f.Kind == ForeignCover && f.Since.IsZero() {
				continue
			}
			peers += n
			list = append(list, f)
		case ForeignSpecific:
			if !f.Since.IsZero() && f.Peers*2 >= missing {
				inside, least = append(inside, f.Prefix), min(least, f.Peers)
				list = append(list, f)
			}
		}
	}
	if half(inside, o.Prefix) {
		return max(peers, least), list
	}
	return peers, slices.DeleteFunc(list, func(f Foreign) bool { return f.Kind == ForeignSpecific })
}

// missingTo counts the vantage points that have a foreign route and not the prefix.
func (o *Observation) missingTo(f Foreign) (n int) {
	for _, c := range o.Covers {
		if c.Prefix == f.Prefix && c.Origin == f.Origin && !c.Accepted {
			n += c.Peers
		}
	}
	return n
}

// half reports whether parts make up half of whole, or more.
func half(parts []netip.Prefix, whole netip.Prefix) bool {
	if whole.Addr().Is6() {
		return measureIPv6(parts)*2 >= measureIPv6([]netip.Prefix{whole})
	}
	return MeasureIPv4(parts).Addresses*2 >= MeasureIPv4([]netip.Prefix{whole}).Addresses
}

// MergeForeign gives each foreign route once, as the prefix saw it that it was seen of
// most, at most [MaxForeign]. The most seen come first, but each kind and origin has its
// most seen one in the list before any has its second: a flood hides nobody.
func MergeForeign(all []Foreign) []Foreign {
	all = slices.Clone(all)
	slices.SortFunc(all, compareForeign)
	type route struct {
		kind    ForeignKind
		prefix  netip.Prefix
		origin  ASN
		through ASN
	}
	type source struct {
		kind   ForeignKind
		origin ASN
	}
	known, of := map[route]bool{}, map[source]bool{}
	var first, others []Foreign
	for _, f := range all {
		r, s := route{f.Kind, f.Prefix, f.Origin, f.Through}, source{f.Kind, f.Origin}
		switch {
		case known[r]:
			continue
		case of[s]:
			others = append(others, f)
		default:
			first = append(first, f)
		}
		known[r], of[s] = true, true
	}
	list := append(first, others...)
	list = list[:min(len(list), MaxForeign)]
	slices.SortFunc(list, compareForeign)
	return slices.Clip(list)
}

// compareForeign puts first what was seen to come, then what most have.
func compareForeign(a, b Foreign) int {
	if came := !a.Since.IsZero(); came == b.Since.IsZero() {
		if came {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(b.Peers, a.Peers), cmp.Compare(a.Kind, b.Kind), ComparePrefixes(a.Prefix, b.Prefix),
		cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Through, b.Through),
		cmp.Compare(b.Concerns.Bits(), a.Concerns.Bits()), ComparePrefixes(a.Concerns, b.Concerns),
	)
}
