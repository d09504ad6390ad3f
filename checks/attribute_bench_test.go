package checks

import (
	"fmt"
	"net/netip"
	"testing"
)

// bigCountry makes the case of a country as large as the United States: 60,000 prefixes
// of 6,000 origins at 40 vantage points by 24,000 paths, of which one in every is lost.
func bigCountry(every int) Case {
	w := newLossWorld()
	w.Footprint.Target = Country("US")
	w.Footprint.Prefixes = prefixes("20.0.0.0/6")
	const origins, peers = 6000, 40
	paths := make([][]PathSeen, origins)
	for o := range paths {
		for k := range 4 { // ten vantage points have the same path behind their own AS
			seen := PathSeen{Path: MakePath(ASN(3356+k), ASN(4000+o%50), ASN(100000+o))}
			for as := 1 + k; as <= peers; as += 4 {
				seen.Peers = append(seen.Peers, ASN(as))
			}
			paths[o] = append(paths[o], seen)
		}
		if o < 50 {
			w.others(fmt.Sprintf("%d 100 4000 3990", 4000+o))
		}
	}
	for i := range 60000 {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 0}), 24)
		b := BaselinePrefix{Prefix: p, Origins: []ASN{ASN(100000 + i/10)}, Paths: paths[i/10]}
		o := Observation{Check: "route", At: w.Vantage.NewestAt, Prefix: p, Asked: peers, Seen: peers, Origins: b.Origins, Paths: b.Paths}
		if i%every == 0 {
			o.Seen, o.Missing, o.Origins, o.Paths = 0, peerASNs(peers), nil, nil
			o.Lost = Crossing{First: noon, Half: noon, Ninety: noon}
		}
		w.Baseline.Prefixes, w.Observations = append(w.Baseline.Prefixes, b), append(w.Observations, o)
	}
	return w.Case
}

// BenchmarkAttribution measures attribution alone: of all of 60,000 prefixes, one in a
// hundred, one.
func BenchmarkAttribution(b *testing.B) {
	for _, every := range []int{1, 100, 60000} {
		b.Run(fmt.Sprintf("lost=%d", 60000/every), func(b *testing.B) {
			c := bigCountry(every)
			b.ReportAllocs()
			for b.Loop() {
				v := Verdict{Target: c.Footprint.Target}
				a := assessment{in: &c, Verdict: &v}
				a.attribute()
				if len(v.Disappeared) == 0 {
					b.Fatal("nothing disappeared")
				}
			}
		})
	}
}
