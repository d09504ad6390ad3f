package ripestat

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// neighbours answers asn-neighbours, of the last dump that the index knows of.
func (w *world) neighbours(resource string, when time.Time) map[string]any {
	if last := w.latest.Add(-dumpEvery); when.After(last) {
		when = last
	}
	when = when.Truncate(dumpEvery)
	list := []any{}
	for _, n := range w.neighbour[resource] {
		list = append(list, map[string]any{"asn": uint32(n.ASN), "type": n.Side, "power": n.Power, "v4_peers": n.Peers4, "v6_peers": n.Peers6})
	}
	return map[string]any{"resource": resource, "query_starttime": stamp(when), "query_endtime": stamp(when), "neighbours": list}
}

// neighboursHistory answers asn-neighbours-history.
func (w *world) neighboursHistory(resource string, from, to time.Time) map[string]any {
	list := []any{}
	for _, s := range w.standing[resource] {
		spans := []any{}
		for _, span := range s.Spans {
			if !span.To.Before(from) && !span.From.After(to) {
				spans = append(spans, map[string]any{"starttime": stamp(span.From), "endtime": stamp(span.To)})
			}
		}
		if len(spans) > 0 {
			list = append(list, map[string]any{"neighbour": uint32(s.ASN), "timelines": spans})
		}
	}
	return map[string]any{"resource": resource, "query_starttime": stamp(from), "query_endtime": stamp(to), "neighbours": list}
}

// Networks of the world that is wide: behind AS4837, some of them behind AS1299 too, and
// behind AS3356, which carries AS4837 to most.
const (
	behind4837 = 3000 // AS3001 and on; of every third ten vantage points have another way
	behind3356 = 5000
)

// wide is the world around North Korea with other networks in it: vantage points 0..29
// reach AS4837 through AS3356, 30..39 directly.
func wide(latest string) *world {
	w := kp(latest)
	w.events, w.neighbour, w.standing = nil, map[string][]Neighbour{}, map[string][]Standing{}
	w.all(longAgo, 0, 40, func(i int) any { return w.to4837(i, 131279) }, networks...)
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 3333} }, "193.0.0.0/21")
	w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 15169} }, "8.8.8.0/24")
	for n := 1; n <= 10; n++ {
		w.all(longAgo, 0, 40, func(i int) any { return w.normal(n, i) }, otherPrefix(behind4837, n))
		w.all(longAgo, 0, 40, func(i int) any { return []any{w.as(i), 3356, behind3356 + n} }, otherPrefix(behind3356, n))
		w.neighbour["AS4837"] = append(w.neighbour["AS4837"], Neighbour{checks.ASN(behind4837 + n), "right", 100 - n, 35, 0})
		w.neighbour["AS3356"] = append(w.neighbour["AS3356"], Neighbour{checks.ASN(behind3356 + n), "right", 10 + n, 40, 0})
	}
	w.neighbour["AS4837"] = append(w.neighbour["AS4837"],
		Neighbour{131279, "right", 40, 40, 0}, Neighbour{3356, "left", 90, 60, 0}, Neighbour{64512, "right", 1, 40, 0},
		Neighbour{1239, "right", 1, 40, 0}, Neighbour{1239, "left", 1, 40, 0}, Neighbour{2914, "right", 1, 2, 0})
	w.neighbour["AS3356"] = append(w.neighbour["AS3356"], Neighbour{4837, "right", 9, 30, 0})
	return w
}

// otherPrefix is what the n-th of some networks announces.
func otherPrefix(base, n int) string {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(20 + base/1000), 0, byte(n), 0}), 24).String()
}

// to4837 is the way of a vantage point to a network behind AS4837.
func (w *world) to4837(i, origin int) any {
	if i < 30 {
		return []any{w.as(i), 3356, 4837, origin}
	}
	return []any{w.as(i), 4837, origin}
}

// normal is the way of a vantage point to the n-th network behind AS4837.
func (w *world) normal(n, i int) any {
	if n%3 == 0 && i < 10 {
		return []any{w.as(i), 1299, behind4837 + n}
	}
	return w.to4837(i, behind4837+n)
}

// fail4837 has AS4837 fail at a time: who has another way takes it, the others are gone.
func (w *world) fail4837(at time.Time) {
	w.all(at, 0, 40, nil, networks...)
	for n := 1; n <= 10; n++ {
		way := func(i int) any { return []any{w.as(i), 1299, behind4837 + n} }
		if n%3 != 0 {
			way = nil
		}
		w.all(at, 0, 40, way, otherPrefix(behind4837, n))
	}
}

// lost is the case of a target that the table of a client's history leads to.
func (w *world) lost(ctx context.Context, c *Client, f checks.Footprint, when time.Time) (checks.Case, error) {
	rib := route.NewRIB(route.DefaultRules())
	watch := rib.Watch(f)
	asOf, gaps, err := c.History(WithBudget(ctx, 1000), f, when, func(u *route.Update) { rib.Apply(u) })
	if err != nil {
		return checks.Case{}, fmt.Errorf("%w %v", err, gaps)
	}
	in := checks.Case{Footprint: f, Now: asOf, Rules: checks.DefaultRules()}
	in.Baseline, in.Vantage, in.Observations = watch.Observe(asOf.Add(route.DefaultRules().Settle))
	return in, nil
}
