package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Dependence is what the routes of a target hang on at one moment: who carries them,
// and whose loss would take how much of them away. It is what observed paths show: a
// backup that carries nothing now is not visible. See docs/upstreams.md.
type Dependence struct {
	Target     Target
	Name       string
	At         time.Time
	Registered Footprint
	Vantage    Vantage
	// IPv4 and IPv6 have nothing in common: neither stands in for the other.
	IPv4, IPv6 Reliance
	// Past is who carried it before the baseline's window; it counts for [Homing] where
	// the target has one origin.
	Past           Past
	BaselineAsOf   time.Time
	BaselineWindow time.Duration
	// MovedOnly: the counts are of the prefixes that moved in a recording.
	MovedOnly bool
	Reasons   []string // what the answer rests on, and what it lacks
	Gaps      []Gap
}

// Reliance is what the visible prefixes of one address family rely on.
type Reliance struct {
	// Announced is what is visible now of the baseline; of IPv6 the prefixes alone.
	Announced Counts
	// Points counts the vantage points (peer ASes) with a path, Paths the paths: one a
	// vantage point and prefix.
	Points, Paths int
	// LastHops are next to the origins, Borders the first outside the country; the largest
	// share of the paths first.
	LastHops, Borders []Carrier
	// NoUpstream counts the prefixes in whose paths no such AS is visible.
	NoUpstream int
	// Homes are the origins, the one with the most prefixes first.
	Homes []Homing
	// Tested counts the visible prefixes of which so many vantage points have a path that it
	// can be said what they hang on; without any, Networks and Links are empty.
	Tested Count
	// Networks are the ASes, and Links the adjacencies, whose loss would take the most away, at
	// most MaxHinges of each.
	Networks, Links []Hinge
}

// MaxHinges is how many networks, and how many links, a [Reliance] names.
const MaxHinges = 3

// Carrier is an upstream with what it carries. Share is of the present paths, ShareBefore
// of the baseline's, and Hegemony that of the present paths of this family.
type Carrier struct {
	Upstream
	Carried Counts // visible prefixes with a path through it, of all visible ones
}

// Homing is how an origin is connected, in the paths that are seen.
type Homing struct {
	Origin   ASN
	Name     string
	Prefixes int // visible ones
	// Hops are the ASes next to it on present paths, the most used first.
	Hops []ASN
	// Earlier are those that stood there in the baseline, or an hour or more in Past,
	// and do not now; ascending.
	Earlier []ASN
	// Single: one AS stands there on all paths, and no other did before.
	Single bool
	// Since is how far back that is known; zero for the present alone.
	Since time.Time
}

// Hinge is a network or a link, and what hangs on it.
type Hinge struct {
	Element  Element
	Name     string // of Element.AS
	ToName   string // of Element.To
	Domestic bool   // registered in the country of the target (of a link: both ends)
	// Alone is what has no other observed path: those prefixes to which fewer than 3 in
	// 100 vantage points have one, and no visible prefix of the target over them that has.
	Alone Counts
	// Most is what more than half of the vantage points reach through it, Alone included.
	Most Counts
	// Through of Paths lead through it. Around is the most vantage points that have a way
	// around it to one of the prefixes of Alone.
	Through, Paths, Around int
}

// Share is the part (0 to 1) of the paths that lead through it.
func (h *Hinge) Share() float64 { return ratio(h.Through, h.Paths) }

// aroundBelow is the part of the vantage points, in per cent, below which paths around an
// element make no other way: those that "nearly nobody" has in docs/methods.md, section 4.
const aroundBelow = 3

// pastHeld is how long an AS of the past must have stood next to an origin to count.
const pastHeld = time.Hour

// Depend says what the routes of a case hang on. It is a pure function.
func Depend(c Case) Dependence {
	d := Dependence{
		Target: c.Footprint.Target, Name: c.Footprint.Name, At: c.Now, Registered: c.Footprint, Vantage: c.Vantage,
		Past: c.Past, BaselineAsOf: c.Baseline.AsOf, BaselineWindow: c.Baseline.known(), MovedOnly: c.Baseline.MovedOnly,
		Gaps: slices.Clone(c.Gaps),
	}
	a := &assessment{in: &c, Verdict: &Verdict{}}
	if !a.fresh() {
		d.because("the newest routing data is of %s, too old to speak for the time asked about", clockText(c.Vantage.NewestAt))
		return d
	}
	for i := range c.Observations {
		a.prefix(&c.Observations[i])
	}
	a.count()
	d.IPv4.Announced, d.IPv6.Announced = a.IPv4, a.IPv6
	for _, r := range []*Reliance{&d.IPv4, &d.IPv6} {
		f := newFamily(a, r == &d.IPv6)
		f.fill(r)
		d.limits(r, r == &d.IPv6)
	}
	if len(c.Observations) == 0 {
		d.because("no route of this target was seen in the data")
	}
	return d
}

// Known reports whether any path was seen that says something.
func (d *Dependence) Known() bool { return d.IPv4.Paths+d.IPv6.Paths > 0 }

// NameASes fills in the names of networks.
func (d *Dependence) NameASes(name func(ASN) string) {
	for _, r := range []*Reliance{&d.IPv4, &d.IPv6} {
		for _, list := range [][]Carrier{r.LastHops, r.Borders} {
			for i := range list {
				list[i].Name = name(list[i].ASN)
				for j := range list[i].Behind {
					list[i].Behind[j].Name = name(list[i].Behind[j].ASN)
				}
			}
		}
		for i := range r.Homes {
			r.Homes[i].Name = name(r.Homes[i].Origin)
		}
		for _, list := range [][]Hinge{r.Networks, r.Links} {
			for i := range list {
				h := &list[i]
				if h.Name = name(h.Element.AS); h.Element.Adjacency() {
					h.ToName = name(h.Element.To)
				}
			}
		}
	}
}

// Upstreams gives who carries it: of a country the first ASes outside it, of anything else
// those next to the origins.
func (d *Dependence) Upstreams(r *Reliance) []Carrier {
	if d.Target.Kind() == KindCountry {
		return r.Borders
	}
	return r.LastHops
}

func (d *Dependence) because(format string, args ...any) {
	d.Reasons = append(d.Reasons, fmt.Sprintf(format, args...))
}

// limits says what keeps the answer about one family from being whole.
func (d *Dependence) limits(r *Reliance, ipv6 bool) {
	family := "IPv4"
	if ipv6 {
		family = "IPv6"
	}
	prefixes := r.Announced.Prefixes
	switch left := r.Tested.Of - r.Tested.Seen; {
	case prefixes.Of == 0:
	case prefixes.Seen == 0:
		d.because("no %s prefix of it is visible now", family)
	case left == 0:
	case r.Tested.Seen == 0:
		d.because("%s: paths of %d vantage %s are too few to say whose loss would take it away", family, r.Points, plural(r.Points, "point", "points"))
	default:
		d.because("%s: of %d %s too few vantage points have a path to say what they hang on", family, left, plural(int(left), "prefix", "prefixes"))
	}
}

// family is the visible prefixes of one address family, and the paths to them.
type family struct {
	a        *assessment
	ipv6     bool
	seen     []*Observation // of the visible prefixes
	prefixes []netip.Prefix // the same
	abroad   bool           // only vantage points outside the country say what a country hangs on
}

func newFamily(a *assessment, ipv6 bool) *family {
	f := &family{a: a, ipv6: ipv6, abroad: a.in.Footprint.Target.Kind() == KindCountry}
	for i := range a.in.Observations {
		o := &a.in.Observations[i]
		if o.Prefix.Addr().Is6() != ipv6 || !a.Prefixes[i].Visible {
			continue
		}
		f.seen, f.prefixes = append(f.seen, o), append(f.prefixes, o.Prefix)
	}
	return f
}

func (f *family) fill(r *Reliance) {
	points := map[ASN]bool{}
	for _, o := range f.seen {
		for _, s := range o.Paths {
			r.Paths += len(s.Peers)
			for _, p := range s.Peers {
				points[p] = true
			}
		}
	}
	r.Points = len(points)
	f.carriers(r)
	r.Homes = f.homes()
	r.Networks, r.Links, r.Tested = f.hinges()
}

// countsOf measures some of the visible prefixes against all of them.
func (f *family) countsOf(some []netip.Prefix) (c Counts) {
	c.Prefixes = Count{uint64(len(some)), uint64(len(f.prefixes))}
	if !f.ipv6 {
		is, all := MeasureIPv4(some), MeasureIPv4(f.prefixes)
		c.Addresses, c.Slash24s = Count{is.Addresses, all.Addresses}, Count{is.Slash24s, all.Slash24s}
	}
	return c
}

// carriers says who carries the visible prefixes.
func (f *family) carriers(r *Reliance) {
	c := *f.a.in
	c.Observations, c.Baseline.Prefixes = nil, nil
	present := make([]BaselinePrefix, 0, len(f.seen))
	for _, o := range f.seen {
		c.Observations = append(c.Observations, *o)
		present = append(present, BaselinePrefix{Prefix: o.Prefix, Paths: o.Paths})
	}
	for _, b := range f.a.in.Baseline.Prefixes {
		if b.Prefix.Addr().Is6() == f.ipv6 {
			c.Baseline.Prefixes = append(c.Baseline.Prefixes, b)
		}
	}
	last, borders, none := carriers(&c)
	h := BaselineHegemony(present)
	r.NoUpstream = none
	r.LastHops = f.carried(last, h, func(w Way) ASN { return w.LastHop() })
	r.Borders = f.carried(borders, h, func(w Way) ASN {
		for _, a := range slices.Backward(w) {
			if a != 0 && !f.a.in.Footprint.Domestic(a) {
				return a
			}
		}
		return 0
	})
}

// carried adds to upstreams what they carry, and leaves out those that carry nothing now.
func (f *family) carried(list []Upstream, hegemony map[ASN]float64, carrier func(Way) ASN) (out []Carrier) {
	through := map[ASN][]netip.Prefix{}
	for _, o := range f.seen {
		for _, s := range o.Paths {
			a := carrier(s.Path.Way())
			if n := len(through[a]); a != 0 && (n == 0 || through[a][n-1] != o.Prefix) {
				through[a] = append(through[a], o.Prefix)
			}
		}
	}
	for _, u := range list {
		if u.Share == 0 {
			continue
		}
		u.Hegemony = hegemony[u.ASN]
		for i := range u.Behind {
			u.Behind[i].Hegemony = hegemony[u.Behind[i].ASN]
		}
		out = append(out, Carrier{Upstream: u, Carried: f.countsOf(through[u.ASN])})
	}
	return out
}

// compareCounts orders by addresses where there are any, and by prefixes: the larger first.
func compareCounts(a, b Counts) int {
	return cmp.Or(cmp.Compare(b.Addresses.Seen, a.Addresses.Seen), cmp.Compare(b.Prefixes.Seen, a.Prefixes.Seen))
}
