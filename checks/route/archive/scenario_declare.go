package archive

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"isitdown/checks"
)

// watch reads targets, several words each only in quotation marks.
func (p *scenarioParser) watch() error {
	if len(p.words) == 0 {
		return errors.New("the line ends where a target should be, such as KP, AS131279 or 175.45.176.0/22")
	}
	for _, w := range p.words {
		if _, err := checks.ParseTarget(w.text); err != nil && !errors.Is(err, checks.ErrName) {
			return err
		}
		p.s.Watch = append(p.s.Watch, w.text)
	}
	p.words = nil
	return nil
}

func (p *scenarioParser) asName() error {
	asn, err := p.as()
	if err != nil {
		return err
	}
	if err := p.first("the name of " + asn.String()); err != nil {
		return err
	}
	p.s.names[asn], err = p.quoted()
	return err
}

// collector NAME AS...; more sessions of a collector may follow on other lines.
func (p *scenarioParser) collector() error {
	name, err := p.next("the name of a collector")
	if err != nil {
		return err
	}
	if !isName(name) {
		return fmt.Errorf("%s cannot name a collector: use letters, digits and -._", quoteWord(name))
	}
	list, err := p.asList(maxSessions)
	if err != nil {
		return err
	}
	c, ok := p.collectors[name]
	if !ok {
		c = len(p.s.collectors)
		p.collectors[name] = c
		p.s.collectors = append(p.s.collectors, name)
	}
	if c >= maxCollectors || len(p.s.sessions)+len(list) > maxSessions {
		return fmt.Errorf("there are more than %d collectors or %d sessions", maxCollectors, maxSessions)
	}
	for _, asn := range list {
		key := sessionKey{c, asn}
		if _, ok := p.bySession[key]; ok {
			return fmt.Errorf("%v has a session with %s already: leave it out here", asn, name)
		}
		voter, ok := p.voters[asn]
		if !ok {
			voter = len(p.s.voters)
			p.voters[asn] = voter
			p.s.voters = append(p.s.voters, asn)
		}
		p.bySession[key] = len(p.s.sessions)
		p.s.sessions = append(p.s.sessions, vantage{c, asn, voter})
	}
	return nil
}

// transit AS behind AS...
func (p *scenarioParser) transit() error {
	asn, err := p.as()
	if err == nil {
		err = p.expect("behind")
	}
	if err == nil {
		err = p.first("the transit of " + asn.String())
	}
	if err != nil {
		return err
	}
	list, err := p.asList(maxBehind)
	if err != nil {
		return err
	}
	if len(p.s.transits) >= maxTransits {
		return fmt.Errorf("there are more than %d transit lines", maxTransits)
	}
	p.s.transits[asn] = list
	return nil
}

// via reads "via AS..." where it is there.
func (p *scenarioParser) via() ([]checks.ASN, error) {
	if !p.accept("via") {
		return nil, nil
	}
	return p.asList(maxVia)
}

// network NAME origin AS [via AS...] : PREFIX...
func (p *scenarioParser) network() error {
	name, err := p.next("the name of a network")
	if err != nil {
		return err
	}
	if !isName(name) || name == "session" {
		return fmt.Errorf("%s cannot name a network: use letters, digits and -._", quoteWord(name))
	}
	if err := p.first("network " + name); err != nil {
		return err
	}
	if err := p.expect("origin"); err != nil {
		return err
	}
	var w way
	list, err := p.asList(1)
	if err != nil {
		return err
	}
	w.origin = list[0]
	if w.via, err = p.via(); err != nil {
		return err
	}
	if err := p.expect(":"); err != nil {
		return err
	}
	n := playedNetwork{name: name, way: len(p.s.ways)}
	if n.prefixes, err = p.prefixes(); err != nil {
		return err
	}
	if len(p.s.networks) >= maxNetworks {
		return fmt.Errorf("there are more than %d networks", maxNetworks)
	}
	p.networks[name] = len(p.s.networks)
	p.s.ways = append(p.s.ways, w)
	p.s.networks = append(p.s.networks, n)
	return nil
}

// prefixes reads all words that are left.
func (p *scenarioParser) prefixes() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for {
		w, err := p.next("a prefix")
		if err != nil {
			return nil, err
		}
		prefix, err := parseCIDR(w)
		switch {
		case err != nil:
			return nil, err
		case prefix.Bits() < checks.MinCoverBits:
			return nil, fmt.Errorf("%v is shorter than /%d: routes like that stand for nobody", prefix, checks.MinCoverBits)
		case p.space[prefix]:
			return nil, fmt.Errorf("%v is there already: a prefix belongs to one network", prefix)
		case prefix.Overlaps(otherSpace4), prefix.Overlaps(otherSpace6):
			return nil, fmt.Errorf("%v lies in the space of the background networks: choose another", prefix)
		case len(p.space) >= maxPrefixes:
			return nil, fmt.Errorf("there are more than %d prefixes", maxPrefixes)
		}
		p.space[prefix] = true
		list = append(list, prefix)
		if len(p.words) == 0 {
			slices.SortFunc(list, checks.ComparePrefixes)
			return list, nil
		}
	}
}

// background COUNT [via AS...]
func (p *scenarioParser) backgroundLine() error {
	w, err := p.next("a number of networks")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(w)
	total := n
	for _, b := range p.background {
		total += b.count
	}
	if err != nil || n < 1 || n > maxOthers || total > maxOthers {
		return fmt.Errorf("%s is no number of networks: give one from 1 to %d, all lines together", quoteWord(w), maxOthers)
	}
	via, err := p.via()
	p.background = append(p.background, backgroundLine{n, way{via: via}})
	return err
}

// declarations checks what was declared as a whole, once all of it was read.
func (p *scenarioParser) declarations() error {
	p.declared = true
	s := p.s
	for _, missing := range []struct {
		is   bool
		what string
	}{
		{s.Start.IsZero(), "start TIME"},
		{s.End.IsZero(), "end TIME"},
		{len(s.Watch) == 0, "watch TARGET"},
		{len(s.sessions) == 0, "collector NAME AS..."},
		{len(s.networks) == 0, "network NAME origin AS : PREFIX..."},
		{len(p.background) == 0, "background COUNT"},
	} {
		if missing.is {
			return fmt.Errorf("a line is missing: %s", missing.what)
		}
	}
	if !s.End.After(s.Start) {
		return errors.New("the end is not after the start: correct one of the two times")
	}
	if err := p.makeBackground(); err != nil {
		return err
	}
	if err := s.checkTransits(); err != nil {
		return err
	}
	if len(s.Notes) == 0 {
		s.Notes = []string{"Played from a written scenario, not recorded BGP."}
	}
	p.state = make([]networkState, len(s.networks))
	p.sessions = make([]sessionState, len(s.sessions))
	for i := range p.state {
		p.state[i].way = s.networks[i].way
	}
	for i := range p.sessions {
		p.sessions[i].up = true
	}
	repeats := int(s.End.Sub(s.Start)/repeatEvery) + 1
	return p.spend(len(s.sessions) * (p.tableSize() + repeats))
}

// makeBackground makes the background networks and sees to it that they are many
// enough: a vantage point whose table shrinks to nothing is no full feed.
func (p *scenarioParser) makeBackground() error {
	s := p.s
	ipv6 := s.hasIPv6()
	for _, line := range p.background {
		for range line.count {
			i := len(s.others)
			w := way{line.way.via, otherASFirst + checks.ASN(i)}
			o := otherNetwork{prefixes: []netip.Prefix{otherPrefix4(i)}, way: w}
			if ipv6 {
				o.prefixes = append(o.prefixes, otherPrefix6(i))
			}
			s.others = append(s.others, o)
		}
	}
	if need := backgroundFactor * len(p.space); len(s.others) < need {
		return fmt.Errorf("%d prefixes need a background of at least %d networks, or a vantage point without them is taken for a partial feed: raise the background lines", len(p.space), need)
	}
	return nil
}

// tableSize is how many messages a whole table takes at most.
func (p *scenarioParser) tableSize() int {
	n := 3 // the state change and two End-of-RIB markers
	for i := range p.s.networks {
		n += p.s.networks[i].messages()
	}
	return n + len(p.s.others)*len(p.s.others[0].prefixes)
}

// checkTransits refuses transits that lead back to themselves.
func (s *Scenario) checkTransits() error {
	depth := map[checks.ASN]int{}
	var visit func(checks.ASN, int) (int, error)
	visit = func(a checks.ASN, level int) (int, error) {
		if level > maxTransitDepth {
			return 0, fmt.Errorf("the transit lines of %v lead round in a circle, or are more than %d deep: leave one out", a, maxTransitDepth)
		}
		if d := depth[a]; d > 0 {
			if level+d-1 > maxTransitDepth {
				return 0, fmt.Errorf("the transit lines of %v are more than %d deep: leave one out", a, maxTransitDepth)
			}
			return d, nil
		}
		deepest := 0
		for _, b := range s.transits[a] {
			d, err := visit(b, level+1)
			if err != nil {
				return 0, err
			}
			deepest = max(deepest, d)
		}
		depth[a] = deepest + 1
		return deepest + 1, nil
	}
	for _, a := range slices.Sorted(maps.Keys(s.transits)) {
		if _, err := visit(a, 0); err != nil {
			return err
		}
	}
	return nil
}
