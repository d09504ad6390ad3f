package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// Recordings are never probed, so what probes say in the samples is made up here, and
// says so itself.
const inventedProbes = "What probes found here is invented, as an example."

// Addresses for documentation (RFC 5737): nothing is sent to them.
var (
	previewGuard = checks.Guard{Answered: 8, Controls: 8, Networks: 6}
	previewHop   = netip.MustParseAddr("198.51.100.1")
)

// previewHost is a host that answered for a week, with what came of its newest probe.
func previewHost(name, addr string, m checks.Method, port uint16, at time.Time, o checks.Outcome, detail string) checks.Host {
	a := netip.MustParseAddr(addr)
	h := checks.Host{
		Name: name, Addr: a, Port: port, Method: m, Role: checks.RoleKnown, Rate: .03, Asked: 5040, Before: true, Home: true, Heard: at,
		Newest: checks.Answer{
			Host: name, Addr: a, Port: port, Method: m, At: at, Took: 83 * time.Millisecond, Outcome: o, Detail: detail,
		},
	}
	if o == checks.Unreachable {
		h.Newest.By = previewHop
	}
	if !h.Newest.Missed() {
		return h
	}
	const missed = 8
	h.Newest.Took, h.Missing = 3*time.Second, at.Add(-missed*2*time.Minute)
	h.Heard = h.Missing.Add(-2 * time.Minute)
	for i := range missed {
		a := h.Newest
		a.At = h.Missing.Add(time.Duration(i) * 2 * time.Minute)
		h.Silence = h.Silence.Add(a, h.Rate)
	}
	return h
}

// probedSpace gives a notice about a country in which so many of 34 usual hosts are
// silent at a moment, as they were since onset. World: others say so too.
func probedSpace(n chat.Notice, at, onset time.Time, silent int, world bool) chat.Notice {
	v := &n.Verdict
	v.At, v.Vantage.NewestAt, v.Announced, v.State, v.Answering = at, at.Add(-4*time.Second), checks.ExtentAll, checks.Up, checks.ExtentAll
	v.Onset, v.End, v.Gaps, v.Raise = checks.Interval{}, checks.Interval{}, nil, nil
	guard := previewGuard
	guard.At = at.Add(-40 * time.Second)
	p := checks.Probing{
		At: at.Add(-20 * time.Second), Guard: guard, Silent: silent, Answering: 34 - silent, Usable: 34, Excluded: 2,
		BlocksDown: silent / 3, BlocksUp: (34 - silent) / 3, VotesCast: 1, Networks: 1, Continents: 1,
	}
	for i := range checks.MaxProbed {
		o := checks.Answered
		if i < silent {
			o = checks.Silent
		}
		addr := fmt.Sprintf("203.0.113.%d", 10+i)
		p.Hosts = append(p.Hosts, previewHost(addr, addr, checks.MethodICMP, 0, p.At, o, ""))
	}
	if share := 100 * silent / 34; share > 20 {
		v.State, v.Answering, v.Evidence, p.VotesSilent = checks.Degraded, checks.ExtentPart, checks.EvidenceWeak, 1
		v.Onset = checks.Interval{After: onset.Add(-40 * time.Second), By: onset}
		v.Raise = []string{"votes of vantage points in other networks"}
		p.Last = checks.Router{Addr: previewHop, Number: 7, Origin: 64510, Name: "a network for examples", Toward: p.Hosts[0].Addr, At: at}
		if share >= 80 {
			v.Answering = checks.ExtentNone
		}
	}
	v.Reasons = append(slices.Clone(v.Reasons), fmt.Sprintf("%d of 34 usual hosts answer", 34-silent))
	if world {
		p.VotesSilent, p.VotesCast, p.Networks, p.Continents, p.World, v.Evidence, v.Raise = 4, 4, 4, 3, true, checks.EvidenceModerate, nil
	}
	v.Probing = p
	n.Caveats = append(slices.Clone(n.Caveats), inventedProbes)
	return n
}

// probes are answers that only probes make.
func (g *gatherer) probes() []sample {
	if g.err != nil {
		return nil
	}
	xx := g.p.xx.asked[1]
	at := xx.Verdict.At
	void := probedSpace(xx, at, at, 0, false)
	void.Verdict.Answering, void.Verdict.Probing = checks.ExtentUnknown, checks.Probing{At: at.Add(-20 * time.Second), Guard: checks.Guard{
		At: at.Add(-40 * time.Second), Answered: 3, Controls: 8, Networks: 6, Void: "our own network: 5 of 8 control targets do not answer",
	}}
	disagree := g.p.kp.asked[1]
	part := probedSpace(xx, at, at, 31, false).Verdict
	v := &disagree.Verdict
	v.State, v.Answering, v.Probing, v.Evidence, v.Onset = checks.Unknown, checks.ExtentPart, part.Probing, checks.EvidenceWeak, checks.Interval{}
	v.Probing.At, v.Probing.Guard.At, v.Probing.Hosts, v.Probing.Last = v.At.Add(-20*time.Second), v.At.Add(-40*time.Second), nil, checks.Router{}
	v.Reasons, v.Gaps = []string{"sources disagree: its routes are withdrawn, yet 3 hosts answer"}, nil
	disagree.Caveats = append(slices.Clone(disagree.Caveats), inventedProbes)
	return append([]sample{
		answer("answer-answering", "Up: announced, and the usual hosts answer", probedSpace(xx, at, at, 1, false)),
		answer("answer-silent", "Degraded: announced but not answering, from our vantage point", probedSpace(xx, at, at.Add(-31*time.Minute), 31, false)),
		answer("answer-silent-world", "Degraded: enough others say so too", probedSpace(xx, at, at.Add(-31*time.Minute), 34, true)),
		answer("answer-partly", "Degraded: announced, partly answering", probedSpace(xx, at, at.Add(-31*time.Minute), 17, false)),
		answer("answer-disagree", "Unknown: routes withdrawn, yet some of it answers", disagree),
		answer("answer-void", "Up by its routes, and our own network in trouble", void),
	}, namedProbes(at)...)
}

// namedProbes are answers about hosts, URLs and addresses, as [checks.Assess] makes them.
func namedProbes(at time.Time) []sample {
	const web, page, addr = "example.org", "https://example.org/status", "192.0.2.10"
	asked := func(h checks.Host) checks.Host { h.Role = checks.RoleAsked; return h }
	probe := func(name string, m checks.Method, port uint16, o checks.Outcome, detail string) checks.Host {
		return asked(previewHost(name, addr, m, port, at.Add(-2*time.Second), o, detail))
	}
	never := probe(web, checks.MethodICMP, 0, checks.Silent, "")
	never.Before, never.Heard, never.Silence, never.Asked, never.Rate = false, time.Time{}, checks.Silence{}, 0, 0
	nothing := checks.Host{
		Name: "no-such-name.example", Role: checks.RoleAsked, Newest: checks.Answer{Host: "no-such-name.example", At: at, Outcome: checks.Nonexistent},
	}
	ping := probe(web, checks.MethodICMP, 0, checks.Answered, "")
	moved := probe(page, checks.MethodHTTP, 443, checks.Answered, "HTTP 200; certificate expired on 2026-02-14")
	moved.Newest.Redirects = []string{"https://www.example.org/status"}
	guard := previewGuard
	guard.At = at.Add(-40 * time.Second)
	var list []sample
	for _, s := range []struct {
		name, title, target string
		hosts               []checks.Host
	}{
		{"probe-up", "A host that answers", web, []checks.Host{probe(web, checks.MethodHTTP, 443, checks.Answered, "HTTP 200"), ping}},
		{"probe-refused", "An address that refuses, and is there", addr, []checks.Host{probe(addr, checks.MethodTCP, 443, checks.Refused, "connection refused")}},
		{"probe-down", "A host that does not answer", web, []checks.Host{
			probe(web, checks.MethodICMP, 0, checks.Silent, ""), probe(web, checks.MethodTCP, 443, checks.Unreachable, "administratively prohibited"),
		}},
		{"probe-failing", "A URL whose service fails", page, []checks.Host{probe(page, checks.MethodHTTP, 443, checks.Failing, "HTTP 503")}},
		{"probe-certificate", "A URL with a bad certificate, and a redirect", page, []checks.Host{moved}},
		{"probe-never", "A host that never answered before", web, []checks.Host{never}},
		{"probe-nonexistent", "A name that there is not", "no-such-name.example", []checks.Host{nothing}},
	} {
		t, err := checks.ParseTarget(s.target)
		if err != nil {
			panic(err) // they are written above
		}
		v := checks.Assess(checks.Case{
			Footprint: checks.Footprint{Target: t}, Reach: checks.Reach{At: at, Guard: guard, Hosts: s.hosts}, Now: at, Rules: checks.DefaultRules(),
		})
		list = append(list, answer(s.name, s.title, chat.Notice{Verdict: v, Caveats: []string{inventedProbes}}))
	}
	return list
}

// silence is a loss of answers from its opening to its end, played through the life of
// an incident.
func (g *gatherer) silence() []sample {
	if g.err != nil {
		return nil
	}
	xx := g.p.xx.asked[1]
	start := xx.Verdict.At
	onset, back := start.Add(10*time.Minute), start.Add(70*time.Minute)
	var life bot.Life
	var list []sample
	next := []struct {
		name, title string
		op          bot.Op
	}{
		{"silence-opened", "Opened: announced but not answering", bot.Root},
		{"silence-unknown", "Our own network fails its test: nothing is claimed", bot.Reply},
		{"silence-again", "It passes again", bot.Reply},
		{"silence-resolved", "Resolved, with a chart of the hosts", bot.Announce},
	}
	for minute := range 120 {
		at := start.Add(time.Duration(minute) * time.Minute)
		n := probedSpace(xx, at, onset, map[bool]int{true: 33, false: 1}[!at.Before(onset) && at.Before(back)], minute > 20)
		if minute > 30 && minute < 45 {
			v := &n.Verdict
			v.State, v.Answering, v.Onset = checks.Up, checks.ExtentUnknown, checks.Interval{}
			v.Probing = checks.Probing{At: at, Guard: checks.Guard{At: at, Answered: 2, Controls: 8, Networks: 6, Void: "our own network: 6 of 8 control targets do not answer"}}
		}
		if !at.Before(back) {
			n.Verdict.End = checks.Interval{After: back.Add(-time.Minute), By: back}
		}
		var changes []bot.Change
		life, changes = life.Apply(n.Verdict, bot.DefaultPolicy())
		for _, c := range changes {
			told := c.Notice()
			told.Caveats, told.Place = n.Caveats, n.Place
			if c.Quiet || len(list) == len(next) {
				continue
			}
			s := sample{name: next[len(list)].name, title: next[len(list)].title, op: next[len(list)].op, message: chat.Compose(told)}
			if s.op == bot.Announce {
				s.chart = bot.Chart(life, c.Incident, told)
			}
			list = append(list, s)
		}
	}
	if len(list) != len(next) {
		g.err = fmt.Errorf("making the samples of a silence: %d of %d were told", len(list), len(next))
	}
	return list
}
