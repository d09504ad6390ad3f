package registry

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// NotRegisteredError says that the lists hold nothing for a country.
type NotRegisteredError struct {
	Country string   // code
	Lists   []string // "apnic 2014-12-24"; empty when no list was loaded
	// Usual is the registry whose region the country is in, "" when not known,
	// and Missing is true where no list of it was loaded.
	Usual   string
	Missing bool
}

func (e *NotRegisteredError) Error() string {
	what := e.Country
	if name := CountryName(e.Country); name != "" {
		what = fmt.Sprintf("%s (%s)", e.Country, name)
	}
	if len(e.Lists) == 0 {
		where := "the delegated statistics of its registry"
		if e.Usual != "" {
			where = "the delegated statistics of " + e.Usual
		}
		return fmt.Sprintf("what is registered to %s is not known, because no registry list was given: add %s", what, where)
	}
	text := fmt.Sprintf("no address space is registered to %s in the lists given (%s)", what, strings.Join(e.Lists, ", "))
	if e.Missing {
		text += fmt.Sprintf(": add the delegated statistics of %s, which would hold it", e.Usual)
	}
	return text
}

// Footprint gives what is registered to t.
//
// A country has the space and the networks registered to it; one that has
// neither is a [*NotRegisteredError]. A network has itself as origin, and its
// country's networks as home. A prefix or an address is its own space, with the
// country that it is registered in. A host or a URL has no space until it is
// resolved. What no list covers is said in the notes.
func (r *Registry) Footprint(t checks.Target) (checks.Footprint, error) {
	b := builder{r: r, fp: checks.Footprint{Target: t}, used: make([]bool, len(r.parts))}
	switch t.Kind() {
	case checks.KindCountry:
		if err := b.country(t.Text()); err != nil {
			return checks.Footprint{}, err
		}
	case checks.KindASN:
		b.network(t.ASN())
	case checks.KindPrefix, checks.KindAddress:
		b.prefix(t.Prefix())
	case checks.KindHost, checks.KindURL:
	default:
		return checks.Footprint{}, fmt.Errorf("an empty target has no footprint: %w", checks.ErrName)
	}
	b.cite()
	return b.fp, nil
}

// builder makes one footprint and keeps in mind which lists it came from.
type builder struct {
	r    *Registry
	fp   checks.Footprint
	used []bool // by part
}

func (b *builder) note(format string, args ...any) {
	b.fp.Notes = append(b.fp.Notes, fmt.Sprintf(format, args...))
}

func (b *builder) country(text string) error {
	cc := code([]byte(text))
	b.fp.Name = CountryName(text)
	ipv4 := held(b, b.r.ipv4, cc)
	ipv6 := held(b, b.r.ipv6, cc)
	for _, o := range b.r.overrides {
		if o.cc != cc || !o.prefix.IsValid() {
			continue
		}
		var applied bool
		if o.prefix.Addr().Is4() {
			ipv4, applied = apply(ipv4, o.add, run4(o.prefix))
		} else {
			first, last := networks(o.prefix)
			ipv6, applied = apply(ipv6, o.add, run[uint64]{first, last})
		}
		b.note("%s", o.note(applied))
	}
	b.fp.Prefixes = prefixes(ipv4, ipv6)
	b.fp.Origins = b.networks(cc)
	if len(b.fp.Prefixes) == 0 && len(b.fp.Origins) == 0 {
		return b.notRegistered(text)
	}
	b.fp.Home = slices.Clone(b.fp.Origins)
	b.fp.Country = country(cc)
	b.caveats(text)
	return nil
}

// caveats says what is odd about a country's footprint as a whole.
func (b *builder) caveats(cc string) {
	if len(b.fp.Prefixes) == 0 {
		b.note("no address space is registered to %s, only AS numbers", cc)
	}
	if about := regionCode(cc); about != "" {
		b.note("%s", about)
	}
	if e := b.notRegistered(cc); e.Missing {
		b.note("no list of %s was given, where most of %s is usually registered: what it holds is missing here", e.Usual, cc)
	}
}

func (b *builder) notRegistered(cc string) *NotRegisteredError {
	e := &NotRegisteredError{Country: cc, Usual: usualRegistry(cc)}
	e.Missing = e.Usual != ""
	for _, p := range b.r.parts {
		e.Lists = append(e.Lists, p.cite())
		e.Missing = e.Missing && p.registry != e.Usual
	}
	slices.Sort(e.Lists)
	return e
}

// maxNetworks bounds the AS numbers of one country; the United States have some
// 30,000. A few kilobytes of list can claim all four billion.
const maxNetworks = 1 << 20

// networks gives the AS numbers of a country, ascending, overrides included.
func (b *builder) networks(cc code) []checks.ASN {
	var out []checks.ASN
	for _, s := range b.r.asn {
		if s.cc != cc {
			continue
		}
		// Home is context: only where networks are what was asked for are they cited.
		if b.fp.Target.Kind() == checks.KindCountry {
			b.used[s.part] = true
		}
		room := uint64(maxNetworks - len(out))
		if size := uint64(s.last) - uint64(s.first) + 1; size > room {
			b.note("more than %d AS numbers are registered to %v in the lists: they are damaged, the highest numbers are left out", maxNetworks, cc)
			break
		}
		for n := uint64(s.first); n <= uint64(s.last); n++ {
			out = append(out, checks.ASN(n))
		}
	}
	for _, o := range b.r.overrides {
		if o.asn == 0 || o.cc != cc {
			continue
		}
		i, found := slices.BinarySearch(out, o.asn)
		switch {
		case o.add && !found:
			out = slices.Insert(out, i, o.asn)
		case !o.add && found:
			out = slices.Delete(out, i, i+1)
		}
		if b.fp.Target.Kind() == checks.KindCountry {
			b.note("%s", o.note(o.add != found))
		}
	}
	return out
}

func (b *builder) network(a checks.ASN) {
	b.fp.Name = b.r.ASName(a)
	b.fp.Origins = []checks.ASN{a}
	cc, part := b.r.countryOf(a)
	if part >= 0 {
		b.used[part] = true
	}
	found := overlapping(b.r.asn, run[uint32]{uint32(a), uint32(a)})
	for _, o := range b.r.overrides {
		if o.asn == a {
			b.note("%s", o.note(o.add != (len(found) > 0 && found[0].cc == o.cc)))
		}
	}
	switch {
	case len(found) > 0 && country(found[0].cc) == "":
		b.note("%s", unknownCountry(b.fp.Target, found[0].cc))
	case len(found) == 0 && cc != "" && b.r.names[a].cc.String() == cc:
		b.note("%v is in no registry list given: that it is in %s stands in the list of AS names", a, cc)
	case len(found) == 0 && cc == "":
		b.note("%v is in no registry list given (%s)", a, b.r.citeAll())
	}
	b.home(cc)
}

// home fills in the networks of the target's country.
func (b *builder) home(cc string) {
	if b.fp.Country = cc; cc == "" {
		return
	}
	b.fp.Home = b.networks(code([]byte(cc)))
	if e := b.notRegistered(cc); e.Missing {
		b.note("no list of %s was given: the networks of %s are known in part only", e.Usual, cc)
	}
}

func (b *builder) prefix(p netip.Prefix) {
	b.fp.Prefixes = []netip.Prefix{p}
	var removed code
	for _, o := range slices.Backward(b.r.overrides) {
		// The last line that is about all of p decides.
		if o.prefix.IsValid() && o.prefix.Bits() <= p.Bits() && o.prefix.Contains(p.Addr()) {
			b.note("%s", o.note(true))
			if o.add {
				b.home(o.cc.String())
				return
			}
			removed = o.cc
			break
		}
	}
	var holders []code
	var whole bool
	if p.Addr().Is4() {
		holders, whole = holding(b, b.r.ipv4, run4(p))
	} else {
		first, last := networks(p)
		holders, whole = holding(b, b.r.ipv6, run[uint64]{first, last})
	}
	switch {
	case len(holders) == 0:
		b.note("%v is in no registry list given (%s)", b.fp.Target, b.r.citeAll())
	case len(holders) > 1:
		b.note("%v holds space of %s, so its country is not known", b.fp.Target, several(holders))
	case holders[0] == removed:
	case country(holders[0]) == "":
		b.note("%s", unknownCountry(b.fp.Target, holders[0]))
	default:
		if !whole {
			b.note("only a part of %v is registered in the lists given, to %v", b.fp.Target, holders[0])
		}
		b.home(holders[0].String())
	}
}

// unknownCountry says why what is registered has no country.
func unknownCountry(t checks.Target, cc code) string {
	if cc == noCountry {
		return fmt.Sprintf("%v is registered, but the list names no country", t)
	}
	return fmt.Sprintf("%v is registered to %v, so its country is not known", t, cc)
}

// several lists codes as a sentence has room for.
func several(codes []code) string {
	const most = 5
	var out []string
	for _, c := range codes[:min(len(codes), most)] {
		out = append(out, c.String())
	}
	if more := len(codes) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

const sourceWords = "RIR delegated statistics: "

// cite fills in where the footprint comes from, how old that is, and what is
// wrong with it.
func (b *builder) cite() {
	var cited []string
	for i, p := range b.r.parts {
		if !b.used[i] {
			continue
		}
		cited = append(cited, p.cite())
		if d := p.list.date; !d.IsZero() && (b.fp.AsOf.IsZero() || d.Before(b.fp.AsOf)) {
			b.fp.AsOf = d
		}
		for _, text := range p.list.problems() {
			b.note("%s", text)
		}
	}
	if len(cited) > 0 {
		slices.Sort(cited)
		b.fp.Source = sourceWords + strings.Join(cited, ", ")
	}
}

// cite names a part as sources do: "apnic 2014-12-24".
func (p *part) cite() string {
	if p.list.date.IsZero() {
		return p.registry + " (undated)"
	}
	return p.registry + " " + p.list.date.Format(time.DateOnly)
}

// Cited names all statistics in use and their dates, as [checks.Footprint] has it as its
// Source; "" where there are none.
func (r *Registry) Cited() string {
	if len(r.parts) == 0 {
		return ""
	}
	return sourceWords + r.citeAll()
}

// citeAll names all lists in use.
func (r *Registry) citeAll() string {
	var out []string
	for _, p := range r.parts {
		out = append(out, p.cite())
	}
	if len(out) == 0 {
		return "none was"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
