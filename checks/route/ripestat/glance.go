package ripestat

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

// mostGlances is how many prefixes of other networks the looking glass is asked about,
// one request each.
const mostGlances = 20

// firstGlances is how many networks behind each AS next to the origins come before all
// others: from five on what they did is conclusive (docs/attribution.md).
const firstGlances = 5

// glance asks the looking glass what is held at present of one prefix of each network.
func (e *elsewhere) glance(ctx context.Context, then *tables) (*tables, error) {
	prefixes := e.glances(then)
	if len(prefixes) == 0 {
		return nil, &Error{Call: "looking-glass", Kind: NoData, Detail: "RIPEstat has no routes of other networks to compare with"}
	}
	controls := e.glassControls()
	if left(ctx) < len(prefixes)+len(controls) {
		return nil, &Error{Call: "looking-glass", Kind: Spent}
	}
	asked := append(slices.Clone(prefixes), controls...)
	parts, errs := make([]*tables, len(asked)), make([]error, len(asked))
	var wg sync.WaitGroup
	for i, p := range asked {
		wg.Go(func() { parts[i], errs[i] = e.glanceAt(ctx, p) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all := newTables()
	all.asked = map[netip.Prefix]bool{}
	for i, part := range parts {
		all.asked[asked[i]] = true
		if all.at.IsZero() || part.at.Before(all.at) {
			all.at = part.at
		}
		all.merge(part)
	}
	if len(controls) > 0 && len(all.proof) == 0 {
		return nil, &Error{Call: "looking-glass", Kind: NoData, Detail: "RIPEstat's looking glass is empty, even of what is always there"}
	}
	return all, nil
}

// glassControls gives a control route of each address family that is compared.
func (e *elsewhere) glassControls() (list []netip.Prefix) {
	for family, wanted := range e.family {
		i := slices.IndexFunc(e.controls, func(c control) bool { return familyOf(c.Prefix) == family })
		if wanted && i >= 0 {
			list = append(list, e.controls[i].Prefix)
		}
	}
	return list
}

// glances gives one prefix of each network to look at, that which most sessions had: of
// some behind the ASes next to the origins, then those behind one upstream in turn with
// those behind the others.
func (e *elsewhere) glances(then *tables) (list []netip.Prefix) {
	holders := map[checks.ASN]map[netip.Prefix]int{}
	for _, held := range then.routes {
		for p, way := range held {
			if holders[way.Origin()] == nil {
				holders[way.Origin()] = map[netip.Prefix]int{}
			}
			holders[way.Origin()][p]++
		}
	}
	turns := func(groups [][]checks.ASN, most int) {
		for n := range most {
			for _, group := range groups {
				if n >= len(group) || len(list) == mostGlances {
					continue
				}
				if p := mostHeld(holders[group[n]]); p.IsValid() && !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	turns(e.sample[:e.hops], firstGlances)
	turns(e.sample, othersEach)
	return list
}

// mostHeld gives the prefix that most sessions hold, the zero one where there is none.
func mostHeld(holders map[netip.Prefix]int) (best netip.Prefix) {
	for p, n := range holders {
		if !best.IsValid() || cmp.Or(cmp.Compare(n, holders[best]), checks.ComparePrefixes(best, p)) > 0 {
			best = p
		}
	}
	return best
}

// glanceAt asks the looking glass about one prefix.
func (e *elsewhere) glanceAt(ctx context.Context, prefix netip.Prefix) (*tables, error) {
	q := call{name: "looking-glass", query: url.Values{"resource": {prefix.String()}}, ttl: ttlNow}
	var routes []wireRoute
	data, reply, err := ask(ctx, e.c, q, func(d *glassData) (err error) {
		routes, err = d.routes()
		return err
	})
	if err != nil {
		return nil, err
	}
	t := newTables()
	t.at = data.Latest.Time
	if age := reply.At.Add(reply.Skew).Sub(t.at); age > maxGlassAge {
		return nil, &Error{Call: q.name, Kind: Moved, Detail: "what it calls the latest is " + strings.TrimSuffix(age.Truncate(time.Minute).String(), "0s") + " old"}
	}
	e.take(t, routes)
	return t, nil
}
