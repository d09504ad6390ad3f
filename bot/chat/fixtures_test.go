package chat

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
)

// sample is a notice that has golden files: NAME.golden and NAME.json.
type sample struct {
	name   string
	notice Notice
}

func utc(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t
}

func target(s string) checks.Target {
	t, err := checks.ParseTarget(s)
	if err != nil {
		panic(err)
	}
	return t
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("loading zone %s: %v", name, err)
	}
	return l
}

// at is a loss or a return whose half was at t.
func at(t string) checks.Interval {
	h := utc(t)
	return checks.Interval{After: h.Add(-20 * time.Second), By: h, Half: h, Ninety: h.Add(70 * time.Second)}
}

var unicom = checks.Upstream{ASN: 4837, Name: "CHINA169-Backbone China Unicom", Hegemony: 1}

// set fills in the prefixes of a family with what became of them, and counts.
func set(v *checks.Verdict, addresses uint64, prefixes ...checks.PrefixState) {
	for _, p := range prefixes {
		c := &v.IPv4
		if p.Prefix.Addr().Is6() {
			c = &v.IPv6
		}
		c.Prefixes.Of++
		c.Addresses.Of += addresses
		c.Slash24s.Of += addresses / 256
		if p.Visible {
			c.Prefixes.Seen++
			c.Addresses.Seen += addresses
			c.Slash24s.Seen += addresses / 256
		}
		for _, cover := range p.CoveredBy {
			switch {
			case cover.Accepted && p.Visible:
				v.CoveredAccepted++
			case !cover.Accepted && !p.Visible:
				v.CoveredForeign++
			}
		}
		v.Prefixes = append(v.Prefixes, p)
	}
}

func prefix(p string, seen, of int, origin checks.ASN) checks.PrefixState {
	return checks.PrefixState{
		Prefix: netip.MustParsePrefix(p), Seen: seen, Of: of, Visible: seen*2 >= of && seen > 0, Known: true,
		Origin: origin, Origins: []checks.ASN{origin},
	}
}

// kp is North Korea seen by so many of 40 vantage points, prefix by prefix.
func kp(now string, state checks.State, seen ...int) checks.Verdict {
	v := checks.Verdict{
		Target: checks.Country("KP"), Name: "North Korea", At: utc(now), State: state, Announced: checks.ExtentAll,
		Vantage: checks.Vantage{
			Source: "kp-2014", Live: 40, FullFeed: 40, Voting: 40, Usual: 40, Collectors: 3, Sessions: 40, FullFeedSessions: 40,
			NewestAt: utc(now).Add(-8 * time.Second),
		},
		Evidence:       checks.EvidenceStrong,
		Reasons:        []string{"40 full-feed vantage points on 3 collectors, 100 % of them agree"},
		Raise:          []string{"probes of hosts inside"},
		Gaps:           []checks.Gap{{Check: "reach", Reason: "this version does not probe"}},
		BaselineAsOf:   utc(now),
		BaselineWindow: 24 * time.Hour,
		Registered: checks.Footprint{
			Target: checks.Country("KP"), Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")},
			Origins: []checks.ASN{131279}, AsOf: utc("2014-12-24 00:00:00"),
			Source: "RIR delegated statistics of 2014-12-24 (apnic)",
		},
	}
	if len(seen) == 0 {
		seen = []int{40, 40, 40, 40}
	}
	for i, n := range seen {
		set(&v, 256, prefix("175.45."+[]string{"176", "177", "178", "179"}[i]+".0/24", n, 40, 131279))
	}
	u := unicom
	u.Share, u.ShareBefore = 1, 1
	if v.IPv4.Prefixes.Seen == 0 {
		v.Announced, u.Share, v.Frozen = checks.ExtentNone, 0, true
	}
	v.LastHops, v.Borders = []checks.Upstream{u}, []checks.Upstream{u}
	return v
}

const reconstruction = "Reconstruction from published times, not recorded BGP."

var lostAt, backAt = at("2014-12-22 16:15:00"), at("2014-12-23 01:46:00")

// outage is the incident of the night of 22 December.
func outage(revision int) Incident {
	return Incident{
		ID: "KP-20141222-1", Kind: Outage, Revision: revision, Onset: lostAt, Worst: checks.Down, Changes: 1,
		IPv4:           checks.Counts{Prefixes: checks.Count{Of: 4}, Slash24s: checks.Count{Of: 4}, Addresses: checks.Count{Of: 1024}},
		UpstreamBefore: []checks.Upstream{with(unicom, 1, 1)},
	}
}

func with(u checks.Upstream, share, before float64) checks.Upstream {
	u.Share, u.ShareBefore = share, before
	return u
}

func kpDown(now string) checks.Verdict {
	v := kp(now, checks.Down, 0, 0, 0, 0)
	v.Onset = lostAt
	v.Disappeared = []checks.Attribution{kpLastHop(0)}
	v.Past = checks.Past{Since: v.At.Add(-30 * 24 * time.Hour), Source: "RIPEstat"}
	return v
}

// samples are the notices of the golden files.
func samples(t *testing.T) []sample {
	t.Helper()
	pyongyang := Place{Zone: location(t, "Asia/Pyongyang"), City: "Pyongyang"}
	all := slices.Concat(kpSamples(t), unstableSamples(), otherSamples(), unknownSamples(), claimedSamples(), probeSamples(), lostSamples())
	for i := range all {
		if n := &all[i].notice; n.Verdict.Target == checks.Country("KP") {
			n.Place = pyongyang
		}
	}
	return all
}

func kpSamples(t *testing.T) []sample {
	t.Helper()
	stuck := kp("2014-12-22 17:00:00", checks.Down, 2, 2, 3, 2)
	stuck.Onset, stuck.Stuck, stuck.Announced = lostAt, 3, checks.ExtentNone
	stuck.Disappeared = []checks.Attribution{kpLastHop(9)}
	stuck.Evidence, stuck.Reasons = checks.EvidenceModerate, []string{"40 full-feed vantage points on 3 collectors, 92 % of them agree", "the vantage points disagree"}

	back, resolved := outage(2), outage(3)
	back.End, back.Recovering, back.WatchUntil = backAt, true, utc("2014-12-23 02:06:20")
	back.UpstreamAfter = []checks.Upstream{with(unicom, 1, 1)}
	resolved.End, resolved.UpstreamAfter = backAt, []checks.Upstream{with(unicom, 1, 1)}
	moved := resolved
	moved.Reopened, moved.Changes, moved.Revision = 1, 2, 6
	moved.UpstreamAfter = []checks.Upstream{with(unicom, .75, 1), {ASN: 20485, Name: "TRANSTELECOM", Share: .25}}

	up := kp("2014-12-23 01:51:20", checks.Up)
	up.End = backAt
	late := kp("2014-12-23 02:06:20", checks.Up)
	late.End = backAt

	relapse := outage(3)
	relapse.Changes, relapse.Reopened = 2, 1
	again := kpDown("2014-12-23 02:40:00")
	again.Onset = checks.Interval{After: utc("2014-12-23 02:20:00"), By: utc("2014-12-23 02:35:00")}

	part := kp("2014-12-22 16:16:10", checks.Degraded, 40, 0, 40, 1)
	part.Onset, part.Announced, part.Stuck = lostAt, checks.ExtentPart, 0
	staged := kpDown("2014-12-22 17:00:08")
	for i, lost := range []string{"16:15:00", "16:40:20", "16:15:00", "16:52:00"} {
		staged.Prefixes[i].Lost.Half = utc("2014-12-22 " + lost)
	}
	taken := kp("2014-12-22 16:30:00", checks.Degraded, 40, 0, 40, 40)
	taken.Onset, taken.Announced, taken.CoveredForeign = lostAt, checks.ExtentPart, 1
	taken.Prefixes[1].CoveredBy = []checks.Cover{{Prefix: taken.Prefixes[1].Prefix, Origin: 64500, Upstream: 4837, Peers: 40}}
	partly := back
	partly.Worst, partly.IPv4 = checks.Degraded, checks.Counts{
		Prefixes: checks.Count{Seen: 2, Of: 4}, Slash24s: checks.Count{Seen: 2, Of: 4}, Addresses: checks.Count{Seen: 512, Of: 1024},
	}
	return []sample{
		{"kp-down-staged", Notice{Kind: Updated, Verdict: staged, Incident: outage(2)}},
		{"kp-taken-over", Notice{Kind: Answer, Verdict: taken}},
		{"kp-back-partly", Notice{Kind: Updated, Verdict: up, Incident: partly}},
		{"kp-down", Notice{Kind: Answer, Verdict: kpDown("2014-12-22 17:00:08"), Caveats: []string{reconstruction}}},
		{"kp-opened", Notice{
			Kind: Opened, Verdict: kpDown("2014-12-22 16:18:00"), Incident: outage(1), Caveats: []string{reconstruction},
			ChannelZone: location(t, "Europe/Berlin"),
		}},
		{"kp-stuck", Notice{Kind: Updated, Verdict: stuck, Incident: outage(2), ChannelZone: location(t, "Asia/Seoul")}},
		{"kp-degraded", Notice{Kind: Updated, Verdict: part, Incident: outage(2)}},
		{"kp-back", Notice{Kind: Updated, Verdict: up, Incident: back, Caveats: []string{reconstruction}}},
		{"kp-resolved", Notice{Kind: Resolved, Verdict: late, Incident: resolved, Caveats: []string{reconstruction}}},
		{"kp-resolved-elsewhere", Notice{Kind: Resolved, Verdict: late, Incident: moved}},
		{"kp-open-again", Notice{Kind: Updated, Verdict: again, Incident: relapse}},
	}
}

func unstableSamples() []sample {
	spell := Incident{
		ID: "KP-20141221-1", Kind: Unstable, Revision: 1, Onset: at("2014-12-21 15:10:00"), Worst: checks.Down, Changes: 4,
		IPv4:           checks.Counts{Prefixes: checks.Count{Of: 4}, Addresses: checks.Count{Of: 1024}},
		UpstreamBefore: []checks.Upstream{with(unicom, 1, 1)},
	}
	counted, over, gone := spell, spell, spell
	counted.Revision, counted.Changes = 9, 31
	over.Revision, over.Changes, over.End = 10, 33, at("2014-12-22 15:52:00")
	over.UpstreamAfter = []checks.Upstream{with(unicom, 1, 1)}
	gone.Revision, gone.Changes, gone.End, gone.FollowedBy = 10, 33, at("2014-12-22 15:52:00"), "KP-20141222-1"
	return []sample{
		{"unstable-opened", Notice{Kind: Opened, Verdict: flapping("2014-12-21 15:40:03"), Incident: spell}},
		{"unstable-updated", Notice{Kind: Updated, Verdict: kp("2014-12-22 09:00:00", checks.Up), Incident: counted, Quiet: true}},
		{"unstable-resolved", Notice{Kind: Resolved, Verdict: kp("2014-12-22 16:30:00", checks.Up), Incident: over}},
		{"unstable-followed", Notice{Kind: Resolved, Verdict: kpDown("2014-12-22 16:18:00"), Incident: gone, Quiet: true}},
	}
}

func flapping(now string) checks.Verdict {
	v := kpDown(now)
	v.Onset = at("2014-12-21 15:40:00")
	return v
}

func otherSamples() []sample {
	return []sample{
		{"kp-up-one", Notice{Verdict: upOne()}},
		{"kp-up-two-upstreams", Notice{Verdict: upTwo()}},
		{"kp-up-behind", Notice{Verdict: upBehind()}},
		{"to-up", Notice{Verdict: tonga()}},
		{"as31148-degraded", Notice{Verdict: moved()}},
		{"as36867-up-covered", Notice{Verdict: covered(true)}},
		{"as36867-degraded-covered", Notice{Verdict: covered(false)}},
		{"sy-down-both-families", Notice{Verdict: bothFamilies(0)}},
		{"sy-degraded", Notice{Verdict: bothFamilies(40)}},
		{"prefix-down", Notice{Verdict: onePrefix()}},
		{"upstream-changed", Notice{
			Kind: UpstreamChanged, Verdict: upTwo(), Old: []checks.Upstream{with(unicom, 1, 1)},
			New: []checks.Upstream{with(unicom, .75, 1), {ASN: 20485, Name: "TRANSTELECOM", Share: .25}},
		}},
		{"silent", Notice{Verdict: silent()}},
	}
}

// upOne is a table of one peer: 4 of 4, weak.
func upOne() checks.Verdict {
	v := kp("2015-10-23 02:01:37", checks.Up, 1, 1, 1, 1)
	for i := range v.Prefixes {
		v.Prefixes[i].Of, v.Prefixes[i].Visible = 1, true
	}
	v.IPv4.Prefixes.Seen, v.IPv4.Addresses.Seen = 4, 1024
	u := with(unicom, 1, 1)
	v.Borders, v.LastHops, v.Announced, v.Frozen = []checks.Upstream{u}, []checks.Upstream{u}, checks.ExtentAll, false
	v.Vantage = checks.Vantage{
		Source: "updates.et-header.2015.gz", Live: 1, FullFeed: 1, Voting: 1, Usual: 1, Collectors: 1,
		NewestAt: v.At,
	}
	v.Evidence = checks.EvidenceWeak
	v.Reasons = []string{"1 settled full-feed vantage point, and it takes 10 to call a loss"}
	v.Raise = []string{"a table dump or feed with at least 10 full-feed vantage points", "probes of hosts inside"}
	return v
}

func upTwo() checks.Verdict {
	v := kp("2017-10-01 09:11:00", checks.Up)
	v.Borders = []checks.Upstream{with(unicom, .75, 1), {ASN: 20485, Name: "TRANSTELECOM Moscow, Russia", Share: .25}}
	v.LastHops = v.Borders
	v.Vantage.Source = "RIPE RIS"
	return v
}

// upBehind is the recording of April 2022: another AS stands before AS4837.
func upBehind() checks.Verdict {
	v := kp("2022-04-21 02:04:59", checks.Up, 29, 29, 29, 29)
	u := checks.Upstream{ASN: 134544, Name: "CENBONGT-AS-AP Cenbong International Holdings Limited", Share: 1, ShareBefore: 1, Hegemony: 1}
	u.Behind = []checks.Upstream{with(unicom, 1, 1)}
	v.Borders, v.LastHops = []checks.Upstream{u}, []checks.Upstream{u}
	v.MovedOnly, v.Evidence = true, checks.EvidenceWeak
	v.IPv4, v.Prefixes = checks.Counts{}, nil
	set(&v, 256, prefix("175.45.177.0/24", 29, 30, 131279))
	v.Reasons = []string{"the recording holds updates alone: prefixes that did not move are not in it"}
	v.Raise = []string{"a table dump from before the recording"}
	v.Vantage = checks.Vantage{Source: "RIPE RIS rrc23", Live: 30, FullFeed: 30, Voting: 30, Usual: 30, Collectors: 1, NewestAt: v.At}
	return v
}

// tonga is seen by a peer that does not prepend: 12 of 14 paths hold no foreign AS.
func tonga() checks.Verdict {
	v := upOne()
	v.Target, v.Name = checks.Country("TO"), "Tonga"
	v.IPv4, v.Prefixes, v.NoUpstream = checks.Counts{}, nil, 12
	v.Registered.Target = v.Target
	for i := range 14 {
		p := prefix("202.43.0.0/24", 1, 1, 38198)
		p.Prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{202, 43, byte(i), 0}), 24)
		set(&v, 256, p)
	}
	v.Borders = []checks.Upstream{{ASN: 38195, Name: "SUPERLOOP-AS-AP", Share: 1.0 / 7, ShareBefore: 1.0 / 7}}
	v.Gaps = append(v.Gaps, checks.Gap{
		Check:  "route",
		Reason: "rib.20140523.0600_firstMB.bz2 ends in the middle of a record: used what is whole, stopped at byte 1,048,576",
	})
	return v
}

// moved is the recording of 2026: 17 of the 20 prefixes that moved.
func moved() checks.Verdict {
	v := checks.Verdict{
		Target: checks.Network(31148), Name: "FREENET-AS Freenet LLC", At: utc("2026-02-22 15:45:00"), State: checks.Degraded,
		Announced: checks.ExtentPart, MovedOnly: true, Onset: checks.Interval{
			After: utc("2026-02-22 15:31:05"), By: utc("2026-02-22 15:32:01"), Half: utc("2026-02-22 15:32:01"), Ninety: utc("2026-02-22 15:35:40"),
		},
		Vantage: checks.Vantage{
			Source: "updates.20260222.1530.bz2", Live: 20, FullFeed: 20, Voting: 18, Syncing: 2, Usual: 20, Collectors: 1,
			NewestAt: utc("2026-02-22 15:44:58"),
		},
		Evidence: checks.EvidenceWeak,
		Reasons:  []string{"the recording holds updates alone: prefixes that did not move are not in it"},
		Raise:    []string{"a table dump from before the recording"},
		LastHops: []checks.Upstream{
			{ASN: 3356, Name: "LEVEL3", Share: .2, ShareBefore: .35},
			{ASN: 174, Name: "COGENT-174", Share: .8, ShareBefore: .65},
		},
	}
	for i := range 20 {
		p := prefix("193.239.0.0/24", 0, 18, 31148)
		p.Prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{193, 239, byte(4 * i), 0}), 22)
		if i >= 17 {
			p.Seen, p.Visible = 18, true
		}
		if i == 3 {
			p.Seen = 1
		}
		set(&v, 1024, p)
	}
	return v
}

// covered is the failover of 2016: covering routes took the place of
// more-specifics, from the same network or (were it so) from another.
func covered(accepted bool) checks.Verdict {
	v := checks.Verdict{
		Target: checks.Network(36867), Name: "Kokanet", At: utc("2016-08-11 16:05:00"), State: checks.Up,
		Announced: checks.ExtentAll, MovedOnly: accepted, Evidence: checks.EvidenceWeak,
		Vantage: checks.Vantage{
			Source: "RIPE RIS rrc21", Live: 40, FullFeed: 38, Voting: 38, Partial: 2, Usual: 38, Collectors: 1,
			NewestAt: utc("2016-08-11 16:04:59"),
		},
		Reasons:        []string{"38 full-feed vantage points on 1 collector, 97 % of them agree"},
		Raise:          []string{"3 collectors or more"},
		BaselineWindow: 24 * time.Hour,
		LastHops: []checks.Upstream{
			{ASN: 6939, Name: "HURRICANE", Share: 1},
			{ASN: 36958, Name: "CWS-AS", ShareBefore: 1},
		},
	}
	for i := range 8 {
		p := prefix("196.1.120.0/24", 0, 38, 36867)
		p.Prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{196, 1, byte(120 + i), 0}), 24)
		cover := checks.Cover{
			Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{196, 1, byte(120 + i&^1), 0}), 23),
			Origin: 36867, Upstream: 6939, Peers: 38, Accepted: true,
		}
		p.Seen, p.Visible = 37, true
		if !accepted && i < 3 {
			cover.Origin, cover.Accepted = 64500, false
			p.Seen, p.Visible = 0, false
		}
		if accepted || i < 3 {
			p.CoveredBy = []checks.Cover{cover}
		}
		set(&v, 256, p)
	}
	split := prefix("41.86.32.0/20", 38, 38, 36867)
	split.Split = true
	set(&v, 4096, split)
	if !accepted {
		v.State, v.Announced, v.Onset = checks.Degraded, checks.ExtentPart, at("2016-08-11 16:01:00")
	}
	return v
}

// bothFamilies is Syria with 98 IPv4 prefixes of which so many are visible, and
// two of IPv6.
func bothFamilies(visible int) checks.Verdict {
	v := checks.Verdict{
		Target: checks.Country("SY"), Name: "Syria", At: utc("2014-05-23 12:00:00"), State: checks.Degraded,
		Announced: checks.ExtentPart, Onset: at("2014-05-20 09:26:00"), Evidence: checks.EvidenceModerate,
		Vantage: checks.Vantage{
			Source: "RouteViews", Live: 35, FullFeed: 32, Voting: 32, Voting6: 22, Partial: 3, Usual: 32, Collectors: 1,
			Sessions: 35, FullFeedSessions: 32, NewestAt: utc("2014-05-23 12:00:00"),
		},
		Reasons:        []string{"32 full-feed vantage points on 1 collector, 100 % of them agree"},
		Raise:          []string{"3 collectors or more"},
		BaselineWindow: 24 * time.Hour,
		Borders: []checks.Upstream{
			{
				ASN: 3491, Name: "BTN-ASN - Beyond The Network America, Inc.,US", ShareBefore: .61,
				Behind: []checks.Upstream{{ASN: 3549, Name: "GBLX", ShareBefore: .4}, {ASN: 2914, ShareBefore: .2}},
			},
			{ASN: 3320, Name: "DTAG Deutsche Telekom AG,DE", ShareBefore: .25},
			{ASN: 6762, Name: "SEABONE-NET", ShareBefore: .14},
		},
		LastHops: []checks.Upstream{{ASN: 29386, Name: "EXT-PDN-STE-AS", ShareBefore: 1}},
		Registered: checks.Footprint{
			Prefixes: []netip.Prefix{netip.MustParsePrefix("5.0.0.0/16"), netip.MustParsePrefix("2a01:70::/32")},
			Source:   "RIR delegated statistics (ripencc)", AsOf: utc("2014-05-20 00:00:00"),
			Notes: []string{"no ARIN list was given"},
		},
	}
	for i := range 98 {
		p := prefix("5.0.0.0/20", 0, 32, checks.ASN(29256+i%2))
		p.Prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{5, byte(i), 0, 0}), 20)
		if i < visible {
			p.Seen, p.Visible = 32, true
		}
		set(&v, 4096, p)
	}
	for i := range 2 {
		p := prefix("2a01:70::/32", 0, 22, 29256)
		if i == 1 {
			p.Prefix = netip.MustParsePrefix("2a01:71::/32")
		}
		if visible > 0 {
			p.Seen, p.Visible = 22, true
		}
		set(&v, 0, p)
	}
	if visible == 0 {
		v.State, v.Announced = checks.Down, checks.ExtentNone
	}
	return v
}

func onePrefix() checks.Verdict {
	v := kpDown("2014-12-22 17:00:08")
	v.Target, v.Name = target("175.45.176.0/24"), ""
	v.IPv4, v.Prefixes, v.Borders = checks.Counts{}, nil, nil
	v.Registered = checks.Footprint{Target: v.Target}
	set(&v, 256, prefix("175.45.176.0/24", 0, 40, 131279))
	return v
}

func unknownSamples() []sample {
	few := upOne()
	few.State, few.Announced = checks.Unknown, checks.ExtentUnknown
	few.Prefixes[3].Visible, few.Prefixes[3].Known, few.Prefixes[3].Seen = false, false, 0
	few.IPv4.Prefixes.Seen, few.IPv4.Addresses.Seen = 3, 768

	stale := kp("2026-11-22 11:16:00", checks.Unknown)
	stale.Announced, stale.Evidence = checks.ExtentUnknown, checks.EvidenceNone
	stale.Vantage.NewestAt, stale.Vantage.Source = utc("2026-11-22 11:02:00"), "RIPE RIS"
	stale.Vantage.Voting, stale.Vantage.Live = 0, 0
	stale.Reasons = []string{"the newest routing data is of 11:02:00 UTC on 22 November 2026, 14m0s before the time asked about"}
	stale.Raise = []string{"newer routing data"}
	stale.IPv4, stale.Prefixes, stale.Borders, stale.LastHops = checks.Counts{}, nil, nil, nil
	last := LastKnown{At: utc("2026-11-22 11:02:00"), State: checks.Up, IPv4: checks.Count{Seen: 4, Of: 4}}

	nothing := checks.Verdict{
		Target: target("AS64500"), At: utc("2026-11-22 11:16:00"),
		Reasons: []string{"no routing data was given"},
		Gaps:    []checks.Gap{{Check: "route", Reason: "no file was given: name MRT files with --routes"}},
	}
	unseen := upOne()
	unseen.State, unseen.Announced, unseen.Evidence = checks.Unknown, checks.ExtentUnknown, checks.EvidenceNone
	unseen.IPv4, unseen.Prefixes, unseen.Borders, unseen.LastHops = checks.Counts{}, nil, nil, nil
	unseen.Reasons = []string{"no route of this target was seen in the data: whether it was ever announced cannot be told from it"}
	unseen.Raise = []string{"a table dump from before"}
	open := outage(4)
	return []sample{
		{"unknown-few", Notice{Verdict: few}},
		{"unknown-stale", Notice{Verdict: stale, LastKnown: last}},
		{"unknown-in-outage", Notice{Kind: Updated, Verdict: staleIn(stale), Incident: open, LastKnown: LastKnown{
			At: utc("2014-12-22 18:00:00"), State: checks.Down, IPv4: checks.Count{Of: 4},
		}}},
		{"unknown-nothing", Notice{Verdict: nothing}},
		{"unknown-unseen", Notice{Verdict: unseen}},
	}
}

func staleIn(v checks.Verdict) checks.Verdict {
	v.At, v.Vantage.NewestAt = utc("2014-12-22 18:20:00"), utc("2014-12-22 18:02:00")
	v.Reasons = []string{"the newest routing data is of 18:02:00 UTC on 22 December 2014, 18m0s before the time asked about"}
	return v
}
