package chat

import (
	"strings"

	"isitdown/checks"
)

// hingesText says whose loss would take the most away: of the links only those that would
// take as much as any.
func hingesText(r *checks.Reliance) string {
	if r.Tested.Seen == 0 {
		return ""
	}
	var alone []checks.Hinge
	var most []string
	for _, h := range r.Networks {
		if h.Alone.Prefixes.Seen > 0 {
			alone = append(alone, h)
		} else {
			most = append(most, "through "+hingeName(&h)+" to "+partText(h.Most))
		}
	}
	for _, h := range r.Links {
		if h.Alone.Prefixes.Seen > 0 && h.Alone == r.Links[0].Alone {
			alone = append(alone, h)
		}
	}
	text := "no network and no link alone: to every prefix there are observed paths around each"
	if len(alone) > 0 {
		text = aloneTexts(alone)
	}
	if len(most) > 0 {
		text += "; most vantage points come " + list(most) + ", and others go around"
	}
	return text
}

// aloneTexts says what has no other path than through each of some hinges, those that
// would take the same away in one clause.
func aloneTexts(hinges []checks.Hinge) string {
	var parts []string
	for len(hinges) > 0 {
		first := hinges[0]
		var names []string
		rest := hinges[:0:0]
		for _, h := range hinges {
			if h.Alone == first.Alone && h.Around == first.Around {
				names = append(names, hingeName(&h))
			} else {
				rest = append(rest, h)
			}
		}
		parts, hinges = append(parts, "without "+strings.Join(names, ", or ")+", "+aloneClause(&first)), rest
	}
	return strings.Join(parts, "; ")
}

// aloneClause writes "4 of 4 prefixes (1,024 of 1,024 addresses) have no other observed
// path".
func aloneClause(h *checks.Hinge) string {
	p, a := h.Alone.Prefixes, h.Alone.Addresses
	much := kOfN(p.Seen, p.Of) + " " + unitPrefix(p.Of)
	if a.Of > 0 {
		much += " (" + kOfN(a.Seen, a.Of) + " addresses)"
	}
	text := much + " " + plural(int(p.Seen), "has", "have") + " no other observed path"
	if h.Around > 0 {
		text += ", but from " + count(h.Around, "vantage point", "vantage points")
	}
	return text
}

func hingeName(h *checks.Hinge) string {
	if h.Element.Adjacency() {
		return "the link " + h.Element.String()
	}
	return asName(checks.Upstream{ASN: h.Element.AS, Name: h.Name})
}
