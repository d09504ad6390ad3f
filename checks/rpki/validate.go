package rpki

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"isitdown/checks"
)

// Validate gives the validity of a route by RFC 6811, section 2: NotFound where no VRP
// covers it, Valid where one does that matches, else Invalid. A VRP covers a route
// whose prefix is its own or lies inside, and matches it where the prefix is no longer
// than the VRP allows and the origin is that of the VRP. No route matches a VRP of AS0,
// nor does one with several origins (an AS_SET), for which Origin is zero.
//
// Reason is for a person and says which ROA it is. Of what is no route the state is
// unknown.
func (s *Set) Validate(r checks.RouteOrigin) checks.OriginValidity {
	v := checks.OriginValidity{Route: r, AsOf: s.AsOf, Source: s.Name}
	p := r.Prefix.Masked()
	if !p.IsValid() {
		v.Reason = "it is no route"
		return v
	}
	ipv6 := p.Addr().Is6()
	var covering []vrp // the longest prefix first
	for bits := p.Bits(); bits >= 0; bits-- {
		covering = append(covering, s.family(ipv6).at(netip.PrefixFrom(p.Addr(), bits).Masked())...)
	}
	matches := func(w vrp) bool { return w.asn == r.Origin && w.asn != 0 && p.Bits() <= int(w.max) }
	switch i := slices.IndexFunc(covering, matches); {
	case len(covering) == 0:
		v.State, v.Reason = checks.NotFound, "no ROA covers it"
	case i >= 0:
		v.State = checks.Valid
		v.Reason = fmt.Sprintf("the ROA for %s of %s allows it", covering[i].prefix(ipv6), r.Origin)
	default:
		v.State, v.Reason = checks.Invalid, objection(r.Origin, covering, ipv6)
	}
	return v
}

// objection says which ROA a route runs into. That its own network has one, of which it
// is too specific, says more than that others have one too.
func objection(origin checks.ASN, covering []vrp, ipv6 bool) string {
	longest := -1
	for i, w := range covering {
		if w.asn == origin && origin != 0 && (longest < 0 || w.max > covering[longest].max) {
			longest = i
		}
	}
	if longest >= 0 {
		w := covering[longest]
		return fmt.Sprintf("the ROA for %s of %s allows no longer prefix than /%d", w.prefix(ipv6), w.asn, w.max)
	}
	nearest := covering[0].prefix(ipv6)
	var others []string
	for _, w := range covering {
		if w.prefix(ipv6) == nearest && w.asn != 0 && !slices.Contains(others, w.asn.String()) {
			others = append(others, w.asn.String())
		}
	}
	switch {
	case len(others) == 0:
		return fmt.Sprintf("the ROA for %s is of AS0: no network may announce it", nearest)
	case len(others) > maxNamed:
		others = append(others[:maxNamed], fmt.Sprintf("%d more", len(others)-maxNamed))
	}
	named := strings.Join(others, ", ")
	if origin == 0 {
		return fmt.Sprintf("it has no single origin, and the ROA for %s is of %s", nearest, named)
	}
	return fmt.Sprintf("the ROA for %s is of %s, not of %s", nearest, named, origin)
}

// maxNamed is how many networks a reason names.
const maxNamed = 3
