package chat

import (
	"fmt"
	"net/netip"
	"time"

	"isitdown/checks"
)

// probedAt is when the newest round of the samples ended.
const probedAt = "2025-06-07 10:40:00"

var heldGuard = checks.Guard{At: utc("2025-06-07 10:39:20"), Answered: 8, Controls: 8, Networks: 6}

// host is one that answered before, with its newest answer 40 s before probedAt.
func probedHost(name, addr string, m checks.Method, port uint16, o checks.Outcome, detail string) checks.Host {
	a := netip.MustParseAddr(addr)
	asked := utc(probedAt).Add(-40 * time.Second)
	h := checks.Host{
		Name: name, Addr: a, Port: port, Method: m, Role: checks.RoleListed, Rate: .04, Asked: 2016, Before: true, Home: true,
		Heard:  asked,
		Newest: checks.Answer{Host: name, Addr: a, Port: port, Method: m, At: asked, Took: 83 * time.Millisecond, Outcome: o, Detail: detail},
	}
	if h.Newest.Missed() {
		h.Newest.Took = 3 * time.Second
		h.Heard, h.Missing = utc("2025-06-07 10:22:40"), utc("2025-06-07 10:23:20")
		h.Silence = checks.Silence{Evidence: 22.5, Probes: 7, Rounds: 7, First: h.Missing, Last: asked}
	}
	return h
}

// silent is announced, and its targets do not answer.
func silent() checks.Verdict {
	v := kp("2025-06-07 10:40:00", checks.Degraded)
	v.Announced, v.Answering, v.Onset = checks.ExtentAll, checks.ExtentNone, at("2025-06-07 10:23:00")
	v.Gaps = nil
	return v
}

// silentSpace is North Korea announced, with so many of 34 usual hosts silent.
func silentSpace(silent int, extent checks.Extent) checks.Verdict {
	v := kp(probedAt, checks.Degraded)
	v.Answering, v.Gaps, v.Evidence = extent, nil, checks.EvidenceWeak
	v.Vantage.Source, v.Vantage.NewestAt = "RIPE RIS", utc(probedAt).Add(-8*time.Second)
	v.Onset = checks.Interval{After: utc("2025-06-07 10:22:40"), By: utc("2025-06-07 10:23:20")}
	v.Reasons = []string{fmt.Sprintf("%d of 34 usual hosts are silent from our vantage point", silent), "8 of 8 controls answer"}
	v.Raise = []string{"a probe from a second network"}
	v.Probing = checks.Probing{
		At: utc(probedAt).Add(-38 * time.Second), Guard: heldGuard, Silent: silent, Answering: 34 - silent, Usable: 34, Excluded: 3,
		BlocksDown: 4, VotesSilent: 1, VotesCast: 1, Networks: 1, Continents: 1,
		Last: checks.Router{
			Addr: netip.MustParseAddr("219.158.102.34"), Number: 9, Origin: 4837, Name: "CHINA169-Backbone China Unicom",
			Toward: netip.MustParseAddr("175.45.176.15"), At: utc("2025-06-07 10:25:00"),
		},
		Hosts: []checks.Host{
			probedHost("175.45.176.15", "175.45.176.15", checks.MethodICMP, 0, checks.Silent, ""),
			probedHost("ns1.kptc.kp", "175.45.177.1", checks.MethodDNS, 53, checks.Unreachable, "administratively prohibited"),
			probedHost("www.example.kp", "175.45.178.9", checks.MethodTCP, 443, checks.Silent, ""),
		},
	}
	v.Probing.Hosts[1].Newest.By = netip.MustParseAddr("219.158.102.34")
	if silent < 34 {
		v.Probing.Hosts = append(v.Probing.Hosts, probedHost("175.45.179.4", "175.45.179.4", checks.MethodICMP, 0, checks.Answered, ""))
	}
	return v
}

// fromTheWorld adds the votes of other vantage points.
func fromTheWorld(v checks.Verdict) checks.Verdict {
	v.Probing.VotesSilent, v.Probing.VotesCast, v.Probing.Networks, v.Probing.Continents, v.Probing.World = 4, 4, 4, 3, true
	v.Evidence, v.Raise = checks.EvidenceModerate, nil
	return v
}

// theyDiffer has one of four vantage points get an answer.
func theyDiffer(v checks.Verdict) checks.Verdict {
	v = fromTheWorld(v)
	v.Probing.VotesSilent = 3
	return v
}

// namedTarget is a target that only probes can tell of, by what came of each probe.
func namedTarget(name string, state checks.State, hosts ...checks.Host) checks.Verdict {
	v := checks.Verdict{
		Target: target(name), At: utc(probedAt), State: state, Evidence: checks.EvidenceWeak,
		Reasons: []string{"probed from one vantage point"}, Raise: []string{"a probe from a second network"},
		Gaps: []checks.Gap{{Check: "route", Reason: "routing knows no host names: ask for its address to learn whether that is announced"}},
		Probing: checks.Probing{
			At: utc(probedAt).Add(-2 * time.Second), Guard: heldGuard, Hosts: hosts, VotesCast: 1, Networks: 1, Continents: 1,
		},
	}
	p := &v.Probing
	for _, h := range hosts {
		switch {
		case !h.Before && !h.Newest.There():
			p.Excluded++
			continue
		case h.Newest.There():
			p.Answering++
		default:
			p.Silent++
		}
		p.Usable++
		if h.Newest.Outcome == checks.Failing {
			p.Failing++
		}
	}
	switch {
	case p.Usable == 0:
		v.Evidence = checks.EvidenceNone
	case p.Silent == 0:
		v.Answering = checks.ExtentAll
	case p.Answering == 0:
		v.Answering, p.VotesSilent = checks.ExtentNone, 1
	default:
		v.Answering = checks.ExtentPart
	}
	if state == checks.Down || state == checks.Degraded {
		v.Onset = checks.Interval{After: utc("2025-06-07 10:22:40"), By: utc("2025-06-07 10:23:20")}
	}
	return v
}

func asked(h checks.Host) checks.Host { h.Role = checks.RoleAsked; return h }

func never(h checks.Host) checks.Host {
	h.Before, h.Heard, h.Rate, h.Asked, h.Role = false, time.Time{}, 0, 1, checks.RoleAsked
	h.Silence.Rounds, h.Silence.Probes, h.Silence.Evidence = 1, 2, 1.4
	return h
}

// probeSamples are the notices that probes make.
func probeSamples() []sample {
	void := silentSpace(34, checks.ExtentUnknown)
	void.State, void.Onset, void.Evidence = checks.Up, checks.Interval{}, checks.EvidenceModerate
	void.Reasons, void.Raise = []string{"40 full-feed vantage points on 3 collectors, 100 % of them agree"}, nil
	void.Probing = checks.Probing{At: void.Probing.At, Guard: checks.Guard{
		At: heldGuard.At, Answered: 3, Controls: 8, Networks: 6, Void: "our own network: 5 of 8 control targets do not answer",
	}}
	disagree := kpDown(probedAt)
	disagree.State, disagree.Evidence, disagree.Onset = checks.Unknown, checks.EvidenceNone, checks.Interval{}
	disagree.Answering, disagree.Probing, disagree.Gaps = checks.ExtentPart, silentSpace(31, checks.ExtentPart).Probing, nil
	disagree.Probing.Last = checks.Router{}
	disagree.Reasons = []string{"all routes are withdrawn, and 3 of 34 usual hosts answer: one of the two is wrong"}
	disagree.Raise = []string{"a probe from a second network"}
	up := kp(probedAt, checks.Up)
	up.Answering, up.Gaps = checks.ExtentAll, nil
	up.Probing = checks.Probing{
		At: utc(probedAt).Add(-38 * time.Second), Guard: heldGuard, Answering: 33, Unsure: 1, Usable: 34, Excluded: 1, BlocksUp: 4,
		VotesCast: 1, Networks: 1, Continents: 1,
	}
	return append([]sample{
		{"silent-vantage", Notice{Verdict: silentSpace(34, checks.ExtentNone)}},
		{"silent-world", Notice{Verdict: fromTheWorld(silentSpace(31, checks.ExtentNone))}},
		{"silent-part", Notice{Verdict: silentSpace(17, checks.ExtentPart)}},
		{"silent-part-world", Notice{Verdict: theyDiffer(silentSpace(34, checks.ExtentPart))}},
		{"guard-void", Notice{Verdict: void}},
		{"disagree", Notice{Verdict: disagree}},
		{"kp-up-answering", Notice{Verdict: up}},
	}, append(namedSamples(), silenceSamples(up, void)...)...)
}

func namedSamples() []sample {
	const web, page = "example.org", "https://example.org/status"
	ping := func(o checks.Outcome) checks.Host {
		return asked(probedHost(web, "192.0.2.10", checks.MethodICMP, 0, o, ""))
	}
	get := func(o checks.Outcome, detail string) checks.Host {
		return asked(probedHost(page, "192.0.2.10", checks.MethodHTTP, 443, o, detail))
	}
	redirected := get(checks.Answered, "HTTP 200")
	redirected.Newest.Redirects = []string{"https://www.example.org/status"}
	over := asked(probedHost(web, "192.0.2.10", checks.MethodHTTP, 443, checks.Answered, "HTTP 200"))
	refused := asked(probedHost("192.0.2.10", "192.0.2.10", checks.MethodTCP, 443, checks.Refused, "connection refused"))
	prohibited := asked(probedHost(web, "192.0.2.10", checks.MethodTCP, 443, checks.Unreachable, "administratively prohibited"))
	prohibited.Newest.By = netip.MustParseAddr("198.51.100.1")
	unknown := namedTarget(web, checks.Unknown, never(ping(checks.Silent)), never(prohibited))
	unknown.Probing.Why = "it has never answered us, so its silence says nothing"
	unknown.Reasons = []string{unknown.Probing.Why}
	nx := namedTarget("no-such-name.example", checks.Unknown, checks.Host{
		Name: "no-such-name.example", Home: true, Newest: checks.Answer{
			Host: "no-such-name.example", At: utc(probedAt), Outcome: checks.Nonexistent, Detail: "the name does not exist (NXDOMAIN, says 192.0.2.53)",
		},
	})
	nx.Probing.Why = "the DNS has no address for it"
	nx.Reasons = []string{nx.Probing.Why}
	guard := namedTarget(web, checks.Unknown, ping(checks.Silent))
	guard.Answering, guard.Evidence = checks.ExtentUnknown, checks.EvidenceNone
	guard.Probing.Silent, guard.Probing.Usable = 0, 0
	guard.Probing.Guard.Void = "our own network: neither the gateway nor the resolver answers"
	guard.Probing.Why = guard.Probing.Guard.Void
	guard.Reasons = []string{guard.Probing.Why}
	heard := guard
	heard.Probing.Hosts = []checks.Host{get(checks.Failing, "HTTP 503")}
	elsewhere := fromTheWorld(namedTarget(web, checks.Up, ping(checks.Silent)))
	elsewhere.Answering, elsewhere.Probing.VotesSilent = checks.ExtentAll, 1
	elsewhere.Probing.VotesCast = 5
	elsewhere.Reasons = []string{"it is silent from our vantage point alone"}
	undecided := namedTarget(web, checks.Unknown, ping(checks.Silent))
	undecided.Answering, undecided.Evidence, undecided.Probing.Silent, undecided.Probing.Unsure = checks.ExtentUnknown, checks.EvidenceNone, 0, 1
	undecided.Probing.Why = "it missed 2 probes in a row, too few yet to call it silent"
	undecided.Reasons = []string{undecided.Probing.Why}
	turnedAway := namedTarget(page, checks.Degraded, get(checks.Refused, "connection refused"))
	turnedAway.Probing.Failing, turnedAway.Probing.Fault = 1, "connection refused"
	turnedAway.Reasons = []string{"it answers, but fails: connection refused"}
	differ := namedTarget(web, checks.Degraded, ping(checks.Silent))
	differ.Answering = checks.ExtentPart
	return []sample{
		{"host-up", Notice{Verdict: namedTarget(web, checks.Up, over, ping(checks.Answered))}},
		{"host-down", Notice{Verdict: namedTarget(web, checks.Down, ping(checks.Silent), prohibited)}},
		{"host-down-world", Notice{Verdict: fromTheWorld(namedTarget(web, checks.Down, ping(checks.Silent), prohibited))}},
		{"host-partly", Notice{Verdict: namedTarget(web, checks.Degraded, over, func() checks.Host {
			return asked(probedHost(web, "192.0.2.11", checks.MethodTCP, 443, checks.Silent, ""))
		}())}},
		{"host-partly-world", Notice{Verdict: theyDiffer(differ)}},
		{"host-never", Notice{Verdict: unknown}},
		{"host-heard-guard-void", Notice{Verdict: heard}},
		{"host-up-elsewhere", Notice{Verdict: elsewhere}},
		{"host-undecided", Notice{Verdict: undecided}},
		{"host-nonexistent", Notice{Verdict: nx}},
		{"host-guard-void", Notice{Verdict: guard}},
		{"address-refused", Notice{Verdict: namedTarget("192.0.2.10", checks.Up, refused)}},
		{"url-up-redirected", Notice{Verdict: namedTarget(page, checks.Up, redirected)}},
		{"url-failing", Notice{Verdict: namedTarget(page, checks.Degraded, get(checks.Failing, "HTTP 503"))}},
		{"url-refused", Notice{Verdict: turnedAway}},
		{"url-bad-certificate", Notice{Verdict: namedTarget(page, checks.Up,
			get(checks.Answered, "HTTP 200; certificate valid from 2024-11-02 to 2024-12-02: it has expired"))}},
	}
}

// silenceSamples are the incidents of answers.
func silenceSamples(up, unprobed checks.Verdict) []sample {
	loss := checks.Interval{After: utc("2025-06-07 10:22:40"), By: utc("2025-06-07 10:23:20")}
	back := checks.Interval{After: utc("2025-06-07 10:31:00"), By: utc("2025-06-07 10:31:20")}
	deepest := Answers{Extent: checks.ExtentNone, Hosts: checks.Count{Seen: 3, Of: 34}, World: true}
	all := checks.Counts{Prefixes: checks.Count{Seen: 4, Of: 4}, Slash24s: checks.Count{Seen: 4, Of: 4}, Addresses: checks.Count{Seen: 1024, Of: 1024}}
	open := Incident{
		ID: "KP-20250607-1", Revision: 1, Onset: loss, Worst: checks.Degraded, IPv4: all, Answers: deepest, Changes: 1,
		UpstreamBefore: []checks.Upstream{with(unicom, 1, 1)},
	}
	unknown := open
	unknown.Revision = 2
	unprobed.State, unprobed.Evidence = checks.Unknown, checks.EvidenceNone
	unprobed.Reasons = []string{"it did not answer when that could last be told; that its routes are visible does not say that this is over"}
	returned, over := open, open
	returned.Revision, returned.End, returned.Recovering, returned.WatchUntil = 2, back, true, utc("2025-06-07 10:51:20")
	over.Revision, over.End = 3, back
	over.UpstreamAfter = open.UpstreamBefore
	returned.UpstreamAfter = open.UpstreamBefore
	both := over
	both.Routes, both.Worst = true, checks.Down
	both.IPv4 = checks.Counts{Prefixes: checks.Count{Of: 4}, Slash24s: checks.Count{Of: 4}, Addresses: checks.Count{Of: 1024}}
	url := namedTarget("https://example.org/status", checks.Up,
		asked(probedHost("https://example.org/status", "192.0.2.10", checks.MethodHTTP, 443, checks.Answered, "HTTP 200")))
	failed := Incident{
		ID: "https___example.org_status-20250607-1", Revision: 3, Onset: loss, End: back, Worst: checks.Degraded, Changes: 1,
		Answers: Answers{Extent: checks.ExtentAll, Hosts: checks.Count{Seen: 1, Of: 1}, Failing: true},
	}
	gone := failed
	gone.Worst, gone.Answers = checks.Down, Answers{Extent: checks.ExtentNone, Hosts: checks.Count{Of: 1}}
	return []sample{
		{"silent-opened", Notice{Kind: Opened, Verdict: fromTheWorld(silentSpace(31, checks.ExtentNone)), Incident: open}},
		{"silent-unprobed", Notice{Kind: Updated, Verdict: unprobed, Incident: unknown, LastKnown: LastKnown{
			At: utc("2025-06-07 10:30:00"), State: checks.Degraded, IPv4: checks.Count{Seen: 4, Of: 4}, Answers: Answers{Extent: checks.ExtentNone},
		}}},
		{"silent-back", Notice{Kind: Updated, Verdict: up, Incident: returned}},
		{"silent-resolved", Notice{Kind: Resolved, Verdict: up, Incident: over}},
		{"silent-and-withdrawn-resolved", Notice{Kind: Resolved, Verdict: up, Incident: both}},
		{"url-serving-again", Notice{Kind: Resolved, Verdict: url, Incident: failed}},
		{"url-answering-again", Notice{Kind: Resolved, Verdict: url, Incident: gone}},
	}
}
