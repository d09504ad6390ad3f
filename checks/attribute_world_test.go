package checks

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lossWorld makes cases of lost routes: 40 vantage points on 3 collectors, of which
// number i holds path i modulo the number of paths.
type lossWorld struct{ Case }

func newLossWorld() *lossWorld {
	c := testCase(0)
	c.Footprint = Footprint{Target: Country("KP"), Prefixes: prefixes("175.45.176.0/22"), Origins: []ASN{131279}}
	c.Elsewhere = Elsewhere{From: noon.Add(-70 * time.Minute), To: noon}
	return &lossWorld{c}
}

// prefix adds a prefix that the vantage points for which kept is false have lost, at so
// many minutes after the hour. Those that kept it hold it unchanged.
func (w *lossWorld) prefix(p string, minute int, kept func(ASN) bool, paths ...string) {
	b := BaselinePrefix{Prefix: netip.MustParsePrefix(p)}
	o := Observation{Check: "route", At: w.Vantage.NewestAt, Prefix: b.Prefix, Asked: 40}
	for i, text := range paths {
		path := testPath(text)
		seen, still := PathSeen{Path: path}, PathSeen{Path: path}
		for as := ASN(1 + i); as <= 40; as += ASN(len(paths)) {
			seen.Peers = append(seen.Peers, as)
			if kept != nil && kept(as) {
				still.Peers = append(still.Peers, as)
				o.Seen, o.Stuck = o.Seen+1, o.Stuck+1
			} else {
				o.Missing = append(o.Missing, as)
			}
		}
		b.Paths = append(b.Paths, seen)
		if len(still.Peers) > 0 {
			o.Paths = append(o.Paths, still)
		}
		b.Origins = append(b.Origins, path.Origins()...)
	}
	slices.Sort(b.Origins)
	b.Origins = slices.Compact(b.Origins)
	slices.Sort(o.Missing)
	if at := noon.Add(-time.Hour + time.Duration(minute)*time.Minute); len(o.Missing) > 0 {
		o.Lost = Crossing{First: at, Half: at.Add(20 * time.Second), Ninety: at.Add(time.Minute)}
	}
	w.Baseline.Prefixes = append(w.Baseline.Prefixes, b)
	w.Observations = append(w.Observations, o)
	slices.SortFunc(w.Baseline.Prefixes, func(x, y BaselinePrefix) int { return ComparePrefixes(x.Prefix, y.Prefix) })
	slices.SortFunc(w.Observations, func(x, y Observation) int { return ComparePrefixes(x.Prefix, y.Prefix) })
}

// testPath reads "3356 4837 {131279,64500}".
func testPath(text string) (p Path) {
	for f := range strings.FieldsSeq(text) {
		var h Hop
		for n := range strings.SplitSeq(strings.Trim(f, "{}"), ",") {
			a, _ := strconv.ParseUint(n, 10, 32)
			h = append(h, ASN(a))
		}
		p = append(p, h)
	}
	return p
}

// others says how other origins' routes through elements fared: "4837 61 400 380" or
// "3356-4837 61 400 380" for origins, pairs before and pairs now.
func (w *lossWorld) others(lines ...string) {
	for _, line := range lines {
		f := strings.Fields(line)
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(f[i+1])
		}
		w.Elsewhere.Passages = append(w.Elsewhere.Passages, Passage{testElement(f[0]), n[0], n[1], n[2]})
	}
}

func testElement(text string) (x Element) {
	from, to, _ := strings.Cut(text, "-")
	a, _ := strconv.ParseUint(from, 10, 32)
	b, _ := strconv.ParseUint(to, 10, 32)
	return Element{ASN(a), ASN(b)}
}

func never(ASN) bool { return false }

// first keeps the routes at the first n vantage points.
func first(n ASN) func(ASN) bool { return func(a ASN) bool { return a <= n } }

// setText writes a set: "origin AS1, adjacency AS2-AS1".
func setText(set []Candidate) string {
	list := make([]string, len(set))
	for i, c := range set {
		list[i] = c.Kind.String()
		if c.Element != (Element{}) {
			list[i] += " " + c.Element.String()
		}
	}
	return strings.Join(list, ", ")
}
