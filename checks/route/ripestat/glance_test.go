package ripestat

import (
	"net/netip"
	"testing"

	"isitdown/checks"
)

// Where there are more networks than questions, enough of those behind the ASes next to the
// origins come first, by the prefix that most sessions had, and none is asked about twice.
func TestGlances(t *testing.T) {
	e := &elsewhere{hops: 2}
	then := newTables()
	hold := func(session byte, prefix string, origin checks.ASN) {
		s := source{"rrc00", netip.AddrFrom4([4]byte{192, 0, 2, session})}
		if then.routes[s] == nil {
			then.routes[s] = map[netip.Prefix]checks.Way{}
		}
		then.routes[s][netip.MustParsePrefix(prefix)] = checks.Way{1, 2, origin}
	}
	for group := range 5 {
		var list []checks.ASN
		for n := range othersEach {
			a := checks.ASN(1000*(group+1) + n)
			list = append(list, a)
			of := netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(group), byte(n), 0}), 24).String()
			hold(1, of, a)
			hold(2, of, a)
			hold(1, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(group), byte(n), 0}), 24).String(), a)
		}
		e.sample = append(e.sample, list)
	}
	count := map[byte]int{}
	seen := map[netip.Prefix]bool{}
	for i, p := range e.glances(then) {
		b := p.Addr().As4()
		if b[0] != 20 || seen[p] || i < e.hops*firstGlances && int(b[1]) >= e.hops {
			t.Errorf("prefix %d is %s", i, p)
		}
		seen[p] = true
		count[b[1]]++
	}
	if len(seen) != mostGlances || count[0] < firstGlances || count[1] < firstGlances || count[4] < 3 {
		t.Errorf("got %d prefixes, by upstream %v", len(seen), count)
	}
}
