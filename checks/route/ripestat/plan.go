package ripestat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

const (
	// chunkPrefixes and chunkText bound one request for routes: some 450 sessions
	// hold each prefix, and servers refuse long addresses.
	chunkPrefixes = 48
	chunkText     = 3500
	// fewPrefixes is up to how many registered prefixes are looked into for
	// more-specifics of networks that nobody registered there.
	fewPrefixes = 4
	// requestsOfHistory are made besides those that find out what to ask for.
	requestsOfHistory = 6
)

// plan says what is to be asked about.
type plan struct {
	network  checks.ASN            // whose routes are asked for; zero for none
	prefixes map[netip.Prefix]bool // asked for by themselves
	likely   map[netip.Prefix]bool // those of them that are, or were, announced
	ladder   bool                  // what lies over them is asked for, too
}

// plan finds out what to ask for of the target between two times. It refuses a
// target that is too large before much is asked.
func (l *lookup) plan(ctx context.Context, from, to time.Time) (*plan, error) {
	p := &plan{prefixes: map[netip.Prefix]bool{}, likely: map[netip.Prefix]bool{}}
	switch kind := l.f.Target.Kind(); {
	case kind == checks.KindASN:
		p.network = l.f.Target.ASN()
		l.announcements(ctx, p, []checks.ASN{p.network}, from, to)
	case kind == checks.KindCountry:
		if err := l.planCountry(ctx, p, from, to); err != nil {
			return nil, err
		}
	case len(l.f.Prefixes) > 0 && len(l.f.Prefixes) <= fewPrefixes:
		p.ladder = true
		l.within, l.above = true, true
		for _, prefix := range l.f.Prefixes {
			p.expect(prefix)
			if !prefix.IsSingleIP() {
				l.inside(ctx, p, prefix)
			}
		}
	default:
		return nil, &Error{Kind: Unsuited, Detail: fmt.Sprintf("RIPEstat cannot be asked about %s as a whole: ask about a country, a network, a prefix or an address", l.f.Target)}
	}
	if n := len(p.prefixes); n > maxPrefixes {
		return nil, l.tooMany(fmt.Sprintf("%s has %d prefixes", l.name(), n))
	}
	if p.ladder {
		for _, prefix := range slices.Collect(maps.Keys(p.prefixes)) {
			if slices.Contains(l.f.Prefixes, prefix) {
				p.add(over(prefix))
			}
		}
	}
	return p, nil
}

// expect asks for a prefix that is probably announced.
func (p *plan) expect(prefix netip.Prefix) { p.prefixes[prefix], p.likely[prefix] = true, true }

func (p *plan) add(list []netip.Prefix) {
	for _, prefix := range list {
		p.prefixes[prefix] = true
	}
}

func (l *lookup) planCountry(ctx context.Context, p *plan, from, to time.Time) error {
	if need, have := len(l.f.Origins)+requestsOfHistory, left(ctx); need > have {
		return l.tooMany(fmt.Sprintf("%s has %d networks, which takes %d requests, and %d are allowed", l.name(), len(l.f.Origins), need, have))
	}
	if n := len(l.f.Prefixes); n > maxPrefixes {
		return l.tooMany(fmt.Sprintf("%s has %d registered prefixes", l.name(), n))
	}
	p.add(l.f.Prefixes)
	l.announcements(ctx, p, l.f.Origins, from, to)
	if len(l.f.Prefixes) > fewPrefixes {
		l.note("routes inside %s that networks registered elsewhere announce were not looked for with RIPEstat; a table dump would show them", l.name())
		return nil
	}
	l.within = true
	for _, prefix := range l.f.Prefixes {
		l.inside(ctx, p, prefix)
	}
	return nil
}

func (l *lookup) name() string {
	if l.f.Name != "" {
		return clip(l.f.Name)
	}
	return l.f.Target.String()
}

func (l *lookup) tooMany(what string) error {
	return &Error{Kind: TooMany, Detail: fmt.Sprintf("%s, too much for lookups at RIPEstat (%d prefixes at most): give a table dump (--routes), or ask about a part of it", what, maxPrefixes)}
}

// announcements adds what the networks announced lately, as far as it belongs to
// the target.
func (l *lookup) announcements(ctx context.Context, p *plan, networks []checks.ASN, from, to time.Time) {
	lists, errs := make([][]Announced, len(networks)), make([]error, len(networks))
	var wg sync.WaitGroup
	for i, network := range networks {
		wg.Go(func() {
			// A dump earlier, so that what is in the one before from is named.
			lists[i], errs[i] = l.c.Announced(ctx, network, from.Add(-dumpEvery), to)
		})
	}
	wg.Wait()
	l.missingLists(ctx, networks, errs)
	for i, list := range lists {
		for _, a := range list {
			if l.f.Watches(a.Prefix, networks[i:i+1]) {
				p.expect(a.Prefix)
			}
		}
	}
}

// missingLists makes one gap of all networks whose lists are not to be had.
func (l *lookup) missingLists(ctx context.Context, networks []checks.ASN, errs []error) {
	var names []string
	for i, err := range errs {
		if err != nil {
			names = append(names, networks[i].String())
		}
	}
	const most = 4
	if len(names) > most {
		names = append(names[:most-1], fmt.Sprintf("%d others", len(names)-most+1))
	}
	if len(names) > 0 {
		l.failed(ctx, errors.Join(errs...), fmt.Sprintf("which prefixes are announced by %s is not known from there", strings.Join(names, ", ")))
	}
}

// inside adds what is announced inside a registered prefix by whomever.
func (l *lookup) inside(ctx context.Context, p *plan, prefix netip.Prefix) {
	list, err := l.c.related(ctx, prefix)
	if err != nil {
		l.within = false
		l.failed(ctx, err, fmt.Sprintf("routes inside %s that others announce were not looked for", prefix))
		return
	}
	for _, r := range list {
		if r.Bits() > prefix.Bits() && len(p.prefixes) < maxPrefixes {
			p.prefixes[r] = true
		}
	}
}

// sorted gives the prefixes that are asked for, in order.
func (p *plan) sorted() []netip.Prefix {
	return slices.SortedFunc(maps.Keys(p.prefixes), checks.ComparePrefixes)
}

// chunks cuts what is asked for into texts that one request can hold. What is
// first stands in the first of them.
func chunks(first []string, prefixes []netip.Prefix) (texts []string) {
	parts, length, n := slices.Clone(first), 0, 0
	for _, p := range prefixes {
		text := p.String()
		if n == chunkPrefixes || n > 0 && length+len(text) > chunkText {
			texts = append(texts, strings.Join(parts, ","))
			parts, length, n = nil, 0, 0
		}
		parts = append(parts, text)
		length += len(text) + 3 // a comma takes three characters in an address
		n++
	}
	if len(parts) > 0 {
		texts = append(texts, strings.Join(parts, ","))
	}
	return texts
}

// controls gives the control routes that have nothing to do with the target.
func (l *lookup) usable(controls []control) (list []control) {
	for _, c := range controls {
		mine := slices.Contains(l.f.Origins, c.Origin) || slices.ContainsFunc(l.f.Prefixes, c.Prefix.Overlaps)
		if !mine {
			list = append(list, c)
		}
	}
	return list
}
