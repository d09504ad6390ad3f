package main

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// caseWorld is a small reconstruction: 36 vantage points with full tables at three
// collectors, the upstreams of a target with a dozen other networks behind each, and
// what happens to the target's routes, as updates.
//
// Each vantage point reaches an upstream through one of four large networks. What is
// not said of an event is made up, and the same for every case: that the vantage points
// hear of a change one second after the other.
type caseWorld struct {
	t       testing.TB
	began   time.Time
	updates []*route.Update
	ended   time.Time
}

const (
	casePoints = 36
	// otherNetworks are behind each upstream.
	otherNetworks = 12
	// filling makes up the rest of a table, so that what an event adds to some tables
	// does not make those of the others look partial.
	filling = 150
)

// casePoint is the session of a vantage point.
func casePoint(i int) route.Peer {
	return route.Peer{
		Collector: []string{"rrc00", "rrc01", "rrc03"}[i%3],
		Addr:      netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), AS: checks.ASN(20001 + 7*i),
	}
}

// larger gives the network through which a vantage point reaches others.
func larger(i int) checks.ASN { return []checks.ASN{1299, 174, 2914, 6939}[i/3%4] }

// points lists vantage points from one to before another.
func points(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

func everyPoint() []int { return points(0, casePoints) }

// newCaseWorld makes a world with the table of a moment, in which nothing of the target
// is announced yet.
func newCaseWorld(t testing.TB, began time.Time, upstreams ...checks.ASN) *caseWorld {
	w := &caseWorld{t: t, began: began, ended: began}
	for i := range filling {
		w.table(prefixesOf(t, netip.PrefixFrom(netip.AddrFrom4([4]byte{23, 7, byte(i), 0}), 24).String()), checks.ASN(21000+i))
	}
	for k, u := range upstreams {
		for i := range otherNetworks {
			w.table(prefixesOf(t, netip.PrefixFrom(netip.AddrFrom4([4]byte{24, byte(k), byte(i), 0}), 24).String()), u, checks.ASN(22000+100*k+i))
		}
	}
	return w
}

func prefixesOf(t testing.TB, list ...string) (out []netip.Prefix) {
	t.Helper()
	for text := range strings.SplitSeq(strings.Join(list, " "), " ") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// casePath is a path from a vantage point as bytes: one AS_SEQUENCE (RFC 4271, section
// 4.3) of four-byte numbers.
func casePath(i int, tail []checks.ASN) []byte {
	path := []byte{2, byte(2 + len(tail))}
	for _, a := range append([]checks.ASN{casePoint(i).AS, larger(i)}, tail...) {
		path = binary.BigEndian.AppendUint32(path, uint32(a))
	}
	return path
}

// table puts routes into the table that the world begins with, at every vantage point.
// tail is the path behind the large networks, its last AS the origin.
func (w *caseWorld) table(prefixes []netip.Prefix, tail ...checks.ASN) {
	w.tableAt(everyPoint(), prefixes, tail...)
}

// tableAt does it at some vantage points; what is said of a prefix adds to what was.
func (w *caseWorld) tableAt(points []int, prefixes []netip.Prefix, tail ...checks.ASN) {
	for _, p := range prefixes {
		i := slices.IndexFunc(w.updates, func(u *route.Update) bool { return u.Kind == route.Table && u.Prefix == p })
		if i < 0 {
			w.updates = append(w.updates, &route.Update{Kind: route.Table, At: w.began, Prefix: p, Dump: 1})
			i = len(w.updates) - 1
		}
		for _, n := range points {
			w.updates[i].Entries = append(w.updates[i].Entries, route.Entry{Peer: casePoint(n), Path: casePath(n, tail)})
		}
	}
}

// announce has vantage points hear of routes from a moment on.
func (w *caseWorld) announce(at time.Time, points []int, prefixes []netip.Prefix, tail ...checks.ASN) {
	for k, n := range points {
		u := &route.Update{Kind: route.Routes, At: at.Add(time.Duration(k) * time.Second), Peer: casePoint(n), Path: casePath(n, tail)}
		for _, p := range prefixes {
			u.Announced = append(u.Announced, route.NLRI{Prefix: p})
		}
		w.updates = append(w.updates, u)
	}
}

// withdraw has vantage points hear that routes are gone.
func (w *caseWorld) withdraw(at time.Time, points []int, prefixes []netip.Prefix) {
	for k, n := range points {
		u := &route.Update{Kind: route.Routes, At: at.Add(time.Duration(k) * time.Second), Peer: casePoint(n)}
		for _, p := range prefixes {
			u.Withdrawn = append(u.Withdrawn, route.NLRI{Prefix: p})
		}
		w.updates = append(w.updates, u)
	}
}

// until lets time go on: each vantage point says something every half hour, and some
// vantage point every five minutes.
func (w *caseWorld) until(end time.Time) {
	beat := netip.MustParsePrefix("23.7.0.0/24")
	say := func(at time.Time, n int) {
		w.updates = append(w.updates, &route.Update{
			Kind: route.Routes, At: at, Peer: casePoint(n), Path: casePath(n, []checks.ASN{21000}), Announced: []route.NLRI{{Prefix: beat}},
		})
	}
	for k := 0; w.ended.Before(end); k++ {
		if w.ended = w.ended.Add(5 * time.Minute); k%6 != 5 {
			say(w.ended, k%casePoints)
			continue
		}
		for n := range casePoints {
			say(w.ended.Add(time.Duration(n)*time.Second), n)
		}
	}
}

// inOrder gives the updates in the order of time, the table first.
func (w *caseWorld) inOrder() []*route.Update {
	list := slices.Clone(w.updates)
	slices.SortStableFunc(list, func(a, b *route.Update) int {
		if (a.Kind == route.Table) != (b.Kind == route.Table) {
			return cmp.Compare(b.Kind, a.Kind)
		}
		return a.At.Compare(b.At)
	})
	return list
}
