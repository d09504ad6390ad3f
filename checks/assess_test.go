package checks

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2014, 12, 22, 12, 0, 0, 0, time.UTC)

// testCase makes the case of a country with n prefixes (a /24 each) at 40 full
// feeds on 3 collectors, all of them seen by all.
func testCase(n int) Case {
	c := Case{
		Footprint: Footprint{
			Target: Country("KP"), Name: "North Korea", Country: "KP",
			Prefixes: prefixes("175.45.176.0/22", "2001:db8::/32"), Origins: []ASN{131279}, Home: []ASN{131279},
		},
		Baseline: Baseline{AsOf: noon, Window: 24 * time.Hour},
		Vantage: Vantage{
			Live: 40, FullFeed: 40, Voting: 40, Usual: 40, FullFeed6: 40, Voting6: 40, Usual6: 40,
			Sessions: 40, FullFeedSessions: 40, Collectors: 3, NewestAt: noon.Add(-time.Minute),
		},
		Now: noon, Rules: DefaultRules(),
	}
	for i := range n {
		c.add(netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, byte(176 + i), 0}), 24))
	}
	return c
}

// add adds a prefix that is seen by all.
func (c *Case) add(p netip.Prefix) {
	path := PathSeen{Path: MakePath(3356, 4837, 131279), Peers: peerASNs(40)}
	c.Baseline.Prefixes = append(c.Baseline.Prefixes, BaselinePrefix{Prefix: p, Origins: []ASN{131279}, Paths: []PathSeen{path}})
	c.Observations = append(c.Observations, Observation{
		Check: "route", At: c.Vantage.NewestAt, Prefix: p, Asked: 40, Seen: 40, Sighted: 40, Origins: []ASN{131279}, Paths: []PathSeen{path},
	})
}

func (c *Case) addIPv6(n int) {
	for i := range n {
		c.add(netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, byte(i)}), 48))
	}
}

// lose has prefix i seen by that many of those asked, of whom some are stuck.
func (c *Case) lose(i, seen, stuck int) {
	o := &c.Observations[i]
	o.Seen, o.Sighted, o.Stuck = seen, seen, stuck
	if seen == 0 {
		o.Origins, o.Paths = nil, nil
	}
	t := noon.Add(-time.Hour + time.Duration(i)*time.Minute)
	o.Lost = Crossing{First: t, Half: t.Add(10 * time.Second), Ninety: t.Add(20 * time.Second)}
}

func (c *Case) loseAll() {
	for i := range c.Observations {
		c.lose(i, 0, 0)
	}
}

func peerASNs(n int) []ASN {
	list := make([]ASN, n)
	for i := range list {
		list[i] = ASN(i + 1)
	}
	return list
}

func TestAssess(t *testing.T) {
	tests := []struct {
		name     string
		make     func() Case
		state    State
		extent   Extent
		evidence Evidence
		counts   string // IPv4 prefixes, addresses, IPv6 prefixes
		reason   string // part of one
	}{
		{
			"all there", func() Case { return testCase(4) },
			Up, ExtentAll, EvidenceStrong, "4/4 1024/1024 0/0", "40 full-feed vantage points on 3 collectors, 100 % of them agree",
		},
		{
			"all gone", func() Case { c := testCase(4); c.loseAll(); return c },
			Down, ExtentNone, EvidenceStrong, "0/4 0/1024 0/0", "100 % of them agree",
		},
		{
			"one of four gone", func() Case { c := testCase(4); c.lose(2, 0, 0); return c },
			Degraded, ExtentPart, EvidenceStrong, "3/4 768/1024 0/0", "",
		},
		{
			"one of nineteen gone", func() Case { c := testCase(19); c.lose(2, 0, 0); return c },
			Degraded, ExtentPart, EvidenceStrong, "18/19 4608/4864 0/0", "",
		},
		{
			"two of twenty gone", func() Case { c := testCase(20); c.lose(2, 0, 0); c.lose(3, 0, 0); return c },
			Up, ExtentAll, EvidenceStrong, "18/20 4608/5120 0/0", "",
		},
		{
			"three of twenty gone", func() Case { c := testCase(20); c.lose(2, 0, 0); c.lose(3, 0, 0); c.lose(4, 0, 0); return c },
			Degraded, ExtentPart, EvidenceStrong, "17/20 4352/5120 0/0", "",
		},
		{
			"half have it", func() Case { c := testCase(4); c.lose(0, 20, 0); return c },
			Up, ExtentAll, EvidenceModerate, "4/4 1024/1024 0/0", "50 % of them agree",
		},
		{
			"a fifth is stuck", func() Case {
				c := testCase(1)
				c.lose(0, 8, 8)
				return c
			},
			Down, ExtentNone, EvidenceModerate, "0/1 0/256 0/0", "80 % of them agree",
		},
		{
			"a fifth has it by other paths", func() Case { c := testCase(1); c.lose(0, 8, 7); return c },
			Degraded, ExtentPart, EvidenceModerate, "0/1 0/256 0/0", "",
		},
		{
			"three tenths of IPv6 are stuck", func() Case { c := testCase(0); c.addIPv6(1); c.lose(0, 12, 12); return c },
			Down, ExtentNone, EvidenceModerate, "0/0 0/0 0/1", "",
		},
		{
			"one of ten IPv6 prefixes beside many of IPv4", func() Case { c := testCase(12); c.addIPv6(10); c.lose(12, 0, 0); return c },
			Up, ExtentAll, EvidenceStrong, "12/12 3072/3072 9/10", "",
		},
		{
			"two of ten", func() Case { c := testCase(12); c.addIPv6(10); c.lose(12, 0, 0); c.lose(13, 0, 0); return c },
			Degraded, ExtentPart, EvidenceStrong, "12/12 3072/3072 8/10", "",
		},
		{
			"nine vote, all seen", func() Case { c := testCase(4); c.few(9, 9); return c },
			Up, ExtentAll, EvidenceWeak, "4/4 1024/1024 0/0", "9 settled full-feed vantage points, and it takes 10 to call a loss",
		},
		{
			"nine vote, none seen", func() Case { c := testCase(4); c.loseAll(); c.few(9, 0); return c },
			Unknown, ExtentUnknown, EvidenceWeak, "0/4 0/1024 0/0", "9 settled full-feed vantage points",
		},
		{
			"one partial feed sees three of four", func() Case {
				c := testCase(4)
				c.Vantage = Vantage{Live: 1, Partial: 1, NewestAt: noon}
				for i := range c.Observations {
					c.Observations[i].Asked, c.Observations[i].Seen, c.Observations[i].Sighted = 0, 0, min(i, 1)
				}
				return c
			},
			Unknown, ExtentUnknown, EvidenceWeak, "3/4 768/1024 0/0", "0 settled",
		},
		{
			"ten vote", func() Case {
				c := testCase(4)
				c.loseAll()
				c.few(10, 0)
				return c
			},
			Down, ExtentNone, EvidenceModerate, "0/4 0/1024 0/0", "10 full-feed vantage points",
		},
		{
			"less than half of the usual", func() Case { c := testCase(4); c.loseAll(); c.Vantage.Usual = 81; return c },
			Unknown, ExtentUnknown, EvidenceWeak, "0/4 0/1024 0/0", "only 40 of the usual 81 vantage points are there",
		},
		{
			"half of the usual", func() Case { c := testCase(4); c.loseAll(); c.Vantage.Usual = 80; return c },
			Down, ExtentNone, EvidenceStrong, "0/4 0/1024 0/0", "",
		},
		{
			"less than half of the usual for IPv6 alone", func() Case { c := testCase(0); c.addIPv6(2); c.loseAll(); c.Vantage.Usual6 = 81; return c },
			Unknown, ExtentUnknown, EvidenceWeak, "0/0 0/0 0/2", "only 40 of the usual 81 vantage points are there",
		},
		{
			"old data", func() Case { c := testCase(4); c.loseAll(); c.Now = noon.Add(15 * time.Minute); return c },
			Unknown, ExtentUnknown, EvidenceNone, "0/4 0/1024 0/0", "the newest routing data is of 11:59:00 UTC on 22 December 2014",
		},
		{
			"old data, all seen", func() Case { c := testCase(4); c.Now = noon.Add(15 * time.Minute); return c },
			Unknown, ExtentUnknown, EvidenceNone, "0/4 0/1024 0/0", "the newest routing data is of",
		},
		{
			"fourteen minutes", func() Case { c := testCase(4); c.loseAll(); c.Now = noon.Add(14 * time.Minute); return c },
			Down, ExtentNone, EvidenceStrong, "0/4 0/1024 0/0", "",
		},
		{
			"nothing is known of it", func() Case { return testCase(0) },
			Unknown, ExtentUnknown, EvidenceNone, "0/0 0/0 0/0", "no route of this target was seen in the data",
		},
		{
			"no data", func() Case { c := testCase(0); c.Vantage = Vantage{}; return c },
			Unknown, ExtentUnknown, EvidenceNone, "0/0 0/0 0/0", "no routing data was given",
		},
		{
			"IPv6 cannot be told, IPv4 is gone", func() Case { c := testCase(4); c.addIPv6(1); c.loseAll(); c.Vantage.Voting6 = 3; return c },
			Degraded, ExtentPart, EvidenceWeak, "0/4 0/1024 0/1", "3 settled full-feed IPv6 vantage points",
		},
		{
			"IPv6 cannot be told, IPv4 is there", func() Case { c := testCase(4); c.addIPv6(1); c.lose(4, 0, 0); c.Vantage.Voting6 = 3; return c },
			Unknown, ExtentUnknown, EvidenceWeak, "4/4 1024/1024 0/1", "3 settled full-feed IPv6 vantage points",
		},
		{
			"many vote, few of them had it before", func() Case {
				c := testCase(4)
				c.lose(1, 0, 0)
				c.Observations[1].Asked = 9
				return c
			},
			Up, ExtentAll, EvidenceStrong, "3/3 768/768 0/0", "1 prefix is left out of the counts",
		},
		{
			"few had any of it", func() Case {
				c := testCase(2)
				c.loseAll()
				c.Observations[0].Asked, c.Observations[1].Asked = 9, 0
				return c
			},
			Unknown, ExtentUnknown, EvidenceNone, "0/0 0/0 0/0", "too few of those vantage points",
		},
		{
			"few had it, and some of them have it still", func() Case {
				c := testCase(2)
				c.lose(1, 2, 0)
				c.Observations[1].Asked = 9
				return c
			},
			Up, ExtentAll, EvidenceStrong, "2/2 512/512 0/0", "100 % of them agree",
		},
		{
			"an operator's own two routers", func() Case {
				c := testCase(4)
				c.loseAll()
				c.few(2, 0)
				c.Rules.MinVoting, c.Vantage.Declared = 2, true
				return c
			},
			Down, ExtentNone, EvidenceWeak, "0/4 0/1024 0/0", "2 full-feed vantage points",
		},
		{
			"only what moved, all of the space", func() Case { c := testCase(4); c.onlyMoved(); return c },
			Down, ExtentNone, EvidenceWeak, "0/4 0/1024 0/0", "the recording holds updates alone",
		},
		{
			"only what moved, a part of it", func() Case { c := testCase(3); c.onlyMoved(); return c },
			Degraded, ExtentPart, EvidenceWeak, "0/3 0/768 0/0", "prefixes that did not move may still be announced",
		},
		{
			"only what moved of a network, whose space is not known", func() Case {
				c := testCase(4)
				c.onlyMoved()
				c.Footprint.Prefixes = nil
				return c
			},
			Degraded, ExtentPart, EvidenceWeak, "0/4 0/1024 0/0", "may still be announced",
		},
		{
			"twenty-nine vote", func() Case { c := testCase(4); c.few(29, 29); return c },
			Up, ExtentAll, EvidenceModerate, "4/4 1024/1024 0/0", "29 full-feed vantage points",
		},
		{
			"two collectors", func() Case { c := testCase(4); c.Vantage.Collectors = 2; return c },
			Up, ExtentAll, EvidenceModerate, "4/4 1024/1024 0/0", "on 2 collectors",
		},
		{
			"a hole in the data", func() Case { c := testCase(4); c.Gaps = []Gap{{Check: "route", Reason: "cut off"}}; return c },
			Up, ExtentAll, EvidenceModerate, "4/4 1024/1024 0/0", "part of the routing data could not be used",
		},
		{
			"a hole in other data", func() Case { c := testCase(4); c.Gaps = []Gap{{Check: "registry", Reason: "old"}}; return c },
			Up, ExtentAll, EvidenceStrong, "4/4 1024/1024 0/0", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Assess(tt.make())
			if v.State != tt.state || v.Announced != tt.extent || v.Evidence != tt.evidence {
				t.Errorf("%v, announced %v, evidence %v; want %v, %v, %v (reasons %q)", v.State, v.Announced, v.Evidence, tt.state, tt.extent, tt.evidence, v.Reasons)
			}
			if got := countText(&v); got != tt.counts {
				t.Errorf("counts %s, want %s", got, tt.counts)
			}
			if !strings.Contains(strings.Join(v.Reasons, "\n"), tt.reason) {
				t.Errorf("reasons %q, want one with %q", v.Reasons, tt.reason)
			}
			if v.Evidence != EvidenceStrong && len(v.Raise) == 0 {
				t.Error("nothing would raise the evidence")
			}
			if v.Target != Country("KP") || v.Name != "North Korea" || v.At.IsZero() {
				t.Errorf("the verdict is about %q (%v) at %v", v.Name, v.Target, v.At)
			}
		})
	}
}

// few leaves n vantage points, so many of which see everything.
func (c *Case) few(n, seen int) {
	c.Vantage.Live, c.Vantage.Voting, c.Vantage.Voting6, c.Vantage.Usual, c.Vantage.Usual6 = n, n, n, n, n
	for i := range c.Observations {
		o := &c.Observations[i]
		o.Asked, o.Seen, o.Sighted = n, seen, seen
	}
}

// onlyMoved makes it the case of a recording of updates alone, all withdrawn.
func (c *Case) onlyMoved() {
	c.loseAll()
	c.Baseline.MovedOnly = true
	c.Footprint.Prefixes = c.Footprint.Prefixes[:1]
}

func countText(v *Verdict) string {
	text := func(c Count) string {
		return strconv.FormatUint(c.Seen, 10) + "/" + strconv.FormatUint(c.Of, 10)
	}
	return strings.Join([]string{text(v.IPv4.Prefixes), text(v.IPv4.Addresses), text(v.IPv6.Prefixes)}, " ")
}

func TestAssessCovers(t *testing.T) {
	slash22, slash24 := netip.MustParsePrefix("175.45.176.0/22"), netip.MustParsePrefix("175.45.176.0/24")
	tests := []struct {
		name              string
		seen              int
		covers            []Cover
		state             State
		accepted, foreign int
		reason            string
	}{
		{"by its own", 40, []Cover{{Prefix: slash22, Origin: 131279, Peers: 40, Accepted: true}}, Up, 1, 0, ""},
		{"by its own at few", 40, []Cover{{Prefix: slash22, Origin: 131279, Peers: 19, Accepted: true}}, Up, 0, 0, ""},
		{"by another", 0, []Cover{{Prefix: slash22, Origin: 4837, Peers: 40}}, Degraded, 0, 1, ""},
		{"by several others", 0, []Cover{{Prefix: slash22, Origin: 4837, Peers: 5}, {Prefix: slash22, Origin: 3356, Peers: 4}}, Degraded, 0, 1, ""},
		{"by another at a fifth", 0, []Cover{{Prefix: slash22, Origin: 4837, Peers: 8}}, Down, 0, 0, ""},
		{"a third left to another", 27, []Cover{{Prefix: slash22, Origin: 4837, Peers: 13}}, Up, 0, 0, ""},
		{"taken over", 0, []Cover{{Prefix: slash24, Origin: 64500, Peers: 40}}, Degraded, 0, 1, "175.45.176.0/24 comes from another origin at 40 of 40 vantage points"},
		{"taken over at a tenth", 36, []Cover{{Prefix: slash24, Origin: 64500, Peers: 4}}, Degraded, 0, 1, "at 4 of 40"},
		{"taken over at a tenth, gone at the others", 0, []Cover{{Prefix: slash24, Origin: 64500, Peers: 4}}, Degraded, 0, 1, "at 4 of 40"},
		{"taken over at three: up, but said", 37, []Cover{{Prefix: slash24, Origin: 64500, Peers: 3}}, Up, 0, 0, "at 3 of 40"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testCase(1)
			c.lose(0, tt.seen, 0)
			c.Observations[0].Covers = tt.covers
			v := Assess(c)
			if v.State != tt.state || v.CoveredAccepted != tt.accepted || v.CoveredForeign != tt.foreign {
				t.Errorf("%v, %d covered by its own, %d by others; want %v, %d, %d", v.State, v.CoveredAccepted, v.CoveredForeign, tt.state, tt.accepted, tt.foreign)
			}
			if all := strings.Join(v.Reasons, "\n"); !strings.Contains(all, tt.reason) || tt.reason == "" && strings.Contains(all, "origin") {
				t.Errorf("reasons %q, want one with %q", v.Reasons, tt.reason)
			}
		})
	}
}

// Announced and answering are two facts, and the state is a table over them.
func TestStateOf(t *testing.T) {
	want := map[[2]Extent]State{
		{ExtentAll, ExtentAll}:     Up,
		{ExtentAll, ExtentUnknown}: Up,
		{ExtentAll, ExtentNone}:    Degraded,
		{ExtentAll, ExtentPart}:    Degraded,
		{ExtentNone, ExtentNone}:   Down,
		{ExtentNone, ExtentAll}:    Unknown,
		{ExtentNone, ExtentPart}:   Unknown,
	}
	for _, answering := range []Extent{ExtentUnknown, ExtentNone, ExtentPart, ExtentAll} {
		want[[2]Extent{ExtentPart, answering}] = Degraded
	}
	want[[2]Extent{ExtentNone, ExtentUnknown}] = Down
	for facts, state := range want {
		if got := stateOf(facts[0], facts[1]); got != state {
			t.Errorf("announced %v, answering %v: %v, want %v", facts[0], facts[1], got, state)
		}
	}
}

func TestAssessTimes(t *testing.T) {
	at := func(minute, second int) time.Time {
		return noon.Add(-time.Hour + time.Duration(minute*60+second)*time.Second)
	}
	t.Run("the loss that made the difference", func(t *testing.T) {
		c := testCase(20)
		for i := range 6 {
			c.lose(5-i, 0, 0) // in whatever order they stand
		}
		want := Interval{After: at(2, 0), By: at(2, 10), Half: at(2, 10), Ninety: at(2, 20)}
		if diff := cmp.Diff(want, Assess(c).Onset); diff != "" {
			t.Errorf("onset (-want +got):\n%s", diff)
		}
	})
	t.Run("the first of four", func(t *testing.T) {
		c := testCase(4)
		c.loseAll()
		want := Interval{After: at(0, 0), By: at(0, 10), Half: at(0, 10), Ninety: at(0, 20)}
		if diff := cmp.Diff(want, Assess(c).Onset); diff != "" {
			t.Errorf("onset (-want +got):\n%s", diff)
		}
	})
	t.Run("the first of nineteen", func(t *testing.T) {
		c := testCase(19)
		for i := range 3 {
			c.lose(i, 0, 0)
		}
		if got := Assess(c).Onset.Half; !got.Equal(at(0, 10)) {
			t.Errorf("onset %v, want %v", got, at(0, 10))
		}
	})
	t.Run("the last to return", func(t *testing.T) {
		c := testCase(4)
		for i := range c.Observations {
			c.Observations[i].Back = Crossing{First: at(i%3, 0), Half: at(i%3, 5), Ninety: at(i%3, 9)}
		}
		v := Assess(c)
		want := Interval{After: at(2, 0), By: at(2, 5), Half: at(2, 5), Ninety: at(2, 9)}
		if diff := cmp.Diff(want, v.End); diff != "" || v.Onset != (Interval{}) {
			t.Errorf("onset %v, end (-want +got):\n%s", v.Onset, diff)
		}
	})
	t.Run("another origin alone makes the difference", func(t *testing.T) {
		c := testCase(20)
		c.Footprint.Target = Network(64496)
		c.lose(7, 0, 0)
		c.Observations[7].Covers = []Cover{{Prefix: c.Observations[7].Prefix, Origin: 64500, Peers: 40}}
		if got := Assess(c).Onset.Half; !got.Equal(at(7, 10)) {
			t.Errorf("onset %v, want %v", got, at(7, 10))
		}
		c.Footprint.Target = Country("KP")
		if got := Assess(c).State; got != Up {
			t.Errorf("a country with one of twenty prefixes taken over is %v, want up", got)
		}
	})
}

// In a recording of updates alone a country is measured by what is registered to
// it: of the little that moved, a single prefix is no loss of the country's.
func TestAssessACountryFromUpdatesAlone(t *testing.T) {
	for _, tt := range []struct {
		registered string
		want       State
	}{
		{"175.45.176.0/21", Degraded}, // 256 of 2,048 addresses gone
		{"175.45.0.0/16", Up},
	} {
		c := testCase(4)
		c.lose(1, 0, 0)
		c.Baseline.MovedOnly = true
		c.Footprint.Prefixes = prefixes(tt.registered)
		if got := Assess(c).State; got != tt.want {
			t.Errorf("of %s: %v, want %v", tt.registered, got, tt.want)
		}
	}
}

// What is said of a prefix is what those say who were asked about it, as long as
// that is something.
func TestSeenOf(t *testing.T) {
	tests := []struct {
		name                 string
		asked, seen, sighted int
		voting, live         int
		want                 string
	}{
		{"asked", 40, 30, 41, 40, 45, "30/40"},
		{"few had it, and have it", 6, 6, 8, 40, 45, "6/6"},
		{"few had it, others have it", 6, 0, 2, 40, 45, "2/45"},
		{"nobody had it", 0, 0, 0, 40, 45, "0/45"},
		{"few vote", 6, 6, 8, 6, 12, "8/12"},
		{"few vote, and have a cover", 6, 6, 0, 6, 12, "6/12"},
	}
	for _, tt := range tests {
		c := testCase(1)
		c.Vantage.Voting, c.Vantage.Live = tt.voting, tt.live
		o := &c.Observations[0]
		o.Asked, o.Seen, o.Sighted = tt.asked, tt.seen, tt.sighted
		s := Assess(c).Prefixes[0]
		if got := strconv.Itoa(s.Seen) + "/" + strconv.Itoa(s.Of); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The verdict is a value of its own: it neither changes the case nor depends on
// anything else.
func TestAssessIsPure(t *testing.T) {
	c := testCase(12)
	c.addIPv6(3)
	c.lose(1, 3, 3)
	c.lose(2, 0, 0)
	c.Observations[2].Covers = []Cover{{Prefix: netip.MustParsePrefix("175.45.0.0/16"), Origin: 4837, Peers: 40}}
	before := c
	before.Observations = slices.Clone(c.Observations)
	before.Baseline.Prefixes = slices.Clone(c.Baseline.Prefixes)
	first := Assess(c)
	for range 20 {
		if again := Assess(c); !reflect.DeepEqual(first, again) {
			t.Fatalf("the same case gave\n%+v and\n%+v", first, again)
		}
	}
	if !reflect.DeepEqual(c, before) {
		t.Error("the case was changed")
	}
}
