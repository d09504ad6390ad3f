package registry

import (
	"slices"
	"time"

	"isitdown/checks"
)

// Registry answers from the lists it was loaded with. It does not change, and
// may be used by several goroutines at once.
type Registry struct {
	parts     []*part // oldest first
	asn, ipv4 []span[uint32]
	ipv6      []span[uint64]
	names     map[checks.ASN]asName
	overrides []override
	problems  []string
	choices   []string
}

// List describes a list in use.
type List struct {
	Registry string    // "apnic"
	Date     time.Time // the day it is of; zero when it does not say
	File     string
	Records  int // allocated or assigned: AS numbers, IPv4 and IPv6
}

// Lists gives the lists in use, the oldest first.
func (r *Registry) Lists() []List {
	var out []List
	for _, p := range r.parts {
		out = append(out, List{p.registry, p.list.date, p.list.file, len(p.asn) + len(p.ipv4) + len(p.ipv6)})
	}
	return out
}

// Choices says, for an operator and one sentence each, what was chosen between files
// that are all as they should be: lists left out for newer ones, space that two of
// them give to different countries. No answer lacks anything for it.
func (r *Registry) Choices() []string { return slices.Clone(r.choices) }

// Problems says, one sentence each, what was wrong with the files: lines that
// could not be read, lists that are not whole.
func (r *Registry) Problems() []checks.Gap {
	var out []checks.Gap
	for _, text := range r.problems {
		out = append(out, checks.Gap{Check: "registry", Reason: text})
	}
	return out
}

// ASName gives the name of a network as its holder registered it, without the
// country at its end; "" when no list names it. It is one line of printable
// text, and otherwise foreign: escape it for where it goes.
func (r *Registry) ASName(a checks.ASN) string { return r.names[a].name }

// Country gives the code of the country that a network is registered in: by
// override, else by the delegated statistics, else by the list of AS names; ""
// when none knows it, and for EU and AP, which are no countries.
func (r *Registry) Country(a checks.ASN) string {
	c, _ := r.countryOf(a)
	return c
}

// countryOf is Country, and the part of a list that says so; -1 for none.
func (r *Registry) countryOf(a checks.ASN) (string, int) {
	for _, o := range slices.Backward(r.overrides) {
		if o.asn == a && o.add {
			return o.cc.String(), -1
		}
	}
	found := overlapping(r.asn, run[uint32]{uint32(a), uint32(a)})
	if len(found) == 0 {
		return country(r.names[a].cc), -1
	}
	for _, o := range r.overrides {
		if o.asn == a && !o.add && o.cc == found[0].cc {
			return "", -1
		}
	}
	return country(found[0].cc), int(found[0].part)
}

// country gives c where it is a country's.
func country(c code) string {
	if CountryName(c.String()) == "" {
		return ""
	}
	return c.String()
}
