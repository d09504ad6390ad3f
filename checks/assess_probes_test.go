package checks

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	quorum = "-EU -AS -NA"
	voided = "our own network: 5 of 8 control targets do not answer"
)

// joined makes a case of a country with four prefixes: routed "all", "none", "part",
// "no" (without a routing source), "stale" or "few", probed by hosts and votes; no hosts
// for not probed.
func joined(routed, hosts, votes string) Case {
	c := testCase(4)
	switch routed {
	case "none":
		c.loseAll()
	case "part":
		c.lose(2, 0, 0)
	case "no":
		c.Vantage, c.Observations, c.Baseline = Vantage{}, nil, Baseline{}
	case "stale":
		c.Vantage.NewestAt = ago(20 * time.Minute)
	case "few":
		c.loseAll()
		c.few(4, 0)
	}
	if hosts != "" {
		c.Reach = roundOf(hosts)
		c.Reach.Votes = votesOf(votes)
	}
	return c
}

// The table of docs/methods.md, section 5, row by row, and what lies between its rows.
func TestAssessJoins(t *testing.T) {
	const up, down, part, unsure = "a0 a1 a2", "s0 s1 s2", "a0 a1 s2 s3", "m0 m1 m2"
	tests := []struct {
		name, routed, hosts, votes string
		state                      State
		answering                  Extent
		evidence                   Evidence
		reason                     string // that comes first where the state rests on probes
	}{
		{"announced, answering", "all", up, "", Up, ExtentAll, EvidenceStrong, "3 of 3 usual hosts answer, seen from our vantage point; 8 of 8 controls answer"},
		{"announced, not probed", "all", "", "", Up, ExtentUnknown, EvidenceStrong, ""},
		{"announced, cannot tell", "all", unsure, "", Up, ExtentUnknown, EvidenceStrong, "none of 3 usual hosts"},
		{"gone, silent", "none", down, "", Down, ExtentNone, EvidenceStrong, "3 of 3 usual hosts are silent from our vantage point; 8 of 8 controls answer"},
		{"gone, not probed", "none", "", "", Down, ExtentUnknown, EvidenceStrong, ""},
		{"gone, cannot tell", "none", unsure, "", Down, ExtentUnknown, EvidenceStrong, "none of 3 usual hosts"},
		{"announced, silent to us", "all", down, "", Degraded, ExtentNone, EvidenceWeak, "1: 3 of 3 usual hosts are silent from our vantage point"},
		{"announced, silent by quorum", "all", down, quorum, Degraded, ExtentNone, EvidenceModerate, "1: 3 of 3 usual hosts are silent from 3 networks on 3 continents; 8 of 8 controls answer"},
		{"announced, some silent", "all", part, "", Degraded, ExtentPart, EvidenceWeak, "1: 2 of 4 usual hosts are silent from our vantage point"},
		{"announced, some silent by quorum", "all", part, "-EU -AS +NA", Degraded, ExtentPart, EvidenceModerate, "1: 2 of 4 usual hosts are silent from our vantage point"},
		{"announced, some silent: what others get", "all", part, "-EU -AS +NA", Degraded, ExtentPart, EvidenceModerate, "2 of 3 other vantage points get no answer"},
		{"announced, some silent: others get an answer", "all", part, "+EU", Degraded, ExtentPart, EvidenceWeak, "1 of 1 other vantage points gets an answer"},
		{"announced, the vantage points differ", "all", down, "-EU -AS +NA", Degraded, ExtentPart, EvidenceModerate, "1: the vantage points differ: 3 of 4 get no answer"},
		{"announced, silent to us alone", "all", down, "+EU +EU +AS +AS +AS", Up, ExtentAll, EvidenceStrong, "it is silent from our vantage point alone: 5 of 5 others get an answer"},
		{"announced, answering us and few others", "all", up, "-EU -AS -NA -SA", Degraded, ExtentPart, EvidenceModerate, "1: the vantage points differ: 4 of 5 get no answer"},
		{"announced, answering us alone: ours is said", "all", up, "-EU -AS -NA -SA", Degraded, ExtentPart, EvidenceModerate, "3 of 3 usual hosts answer, seen from our vantage point"},
		{"gone, all answer", "none", up, "", Unknown, ExtentAll, EvidenceWeak, "1: sources disagree: its routes are withdrawn, yet 3 hosts answer"},
		{"gone, some answer", "none", part, "", Unknown, ExtentPart, EvidenceWeak, "1: sources disagree: its routes are withdrawn, yet 2 hosts answer"},
		{"gone, one answers", "none", "s0 s1 s2 s3 a0", "", Unknown, ExtentNone, EvidenceWeak, "1: sources disagree: its routes are withdrawn, yet 1 host answers"},
		{"gone, one answers that rarely does", "none", "s0 s1 W2", "", Unknown, ExtentNone, EvidenceWeak, "1: sources disagree"},
		{"gone, one answers by quorum silent", "none", "s0 s1 s2 s3 a0", quorum, Unknown, ExtentNone, EvidenceWeak, "1: sources disagree"},
		{"gone, one outside answers", "none", "s0 s1 o2", "", Down, ExtentNone, EvidenceStrong, "2 of 2 usual hosts are silent"},
		{"gone, others get an answer", "none", down, "+EU +AS +NA +SA +AF", Unknown, ExtentAll, EvidenceWeak, "1: sources disagree: its routes are withdrawn, yet 5 of 6 vantage points get an answer"},
		{"part, answering", "part", up, "", Degraded, ExtentAll, EvidenceStrong, "3 of 3 usual hosts answer"},
		{"part, silent", "part", down, quorum, Degraded, ExtentNone, EvidenceStrong, "3 of 3 usual hosts are silent"},
		{"part, not probed", "part", "", "", Degraded, ExtentUnknown, EvidenceStrong, ""},
		{"no routes known, answering", "no", up, "", Unknown, ExtentAll, EvidenceNone, "they alone say neither up nor down"},
		{"no routes known, silent by quorum", "no", down, quorum, Unknown, ExtentNone, EvidenceNone, "they alone say neither up nor down"},
		{"no routes known, not probed", "no", "", "", Unknown, ExtentUnknown, EvidenceNone, "no routing data was given"},
		{"stale routes, answering", "stale", up, "", Unknown, ExtentAll, EvidenceNone, "they alone say neither up nor down"},
		{"stale routes, silent", "stale", down, quorum, Unknown, ExtentNone, EvidenceNone, "the newest routing data is of"},
		{"too few peers, silent", "few", down, quorum, Unknown, ExtentNone, EvidenceWeak, "4 settled full-feed vantage points"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Assess(joined(tt.routed, tt.hosts, tt.votes))
			if v.State != tt.state || v.Answering != tt.answering || v.Evidence != tt.evidence {
				t.Errorf("%v, answering %v, evidence %v; want %v, %v, %v", v.State, v.Answering, v.Evidence, tt.state, tt.answering, tt.evidence)
			}
			checkReasons(t, &v, tt.reason)
		})
	}
}

// checkReasons looks for a reason; "1: " has it come first.
func checkReasons(t *testing.T, v *Verdict, want string) {
	t.Helper()
	all := v.Reasons
	want, first := strings.CutPrefix(want, "1: ")
	if first {
		all = all[:min(1, len(all))]
	}
	if !slices.ContainsFunc(all, func(r string) bool { return strings.Contains(r, want) }) && want != "" {
		t.Errorf("reasons %q, want one with %q (the first: %t)", v.Reasons, want, first)
	}
	if v.Evidence != EvidenceStrong && len(v.Raise) == 0 {
		t.Error("nothing would raise the evidence")
	}
	if v.Probing.World && !slices.Contains(v.Raise, "probes of hosts inside") || v.Probing.At.IsZero() {
		return
	}
	if slices.Contains(v.Raise, "probes of hosts inside") || slices.Contains(v.Raise, "a probe of it") {
		t.Errorf("probes would raise what is probed: %q", v.Raise)
	}
}

// A host, a URL or an address of which routing says nothing is judged by probes alone.
func TestAssessByProbesAlone(t *testing.T) {
	tests := []struct {
		name, target, ways, votes string
		change                    func(*Case)
		state                     State
		evidence                  Evidence
		reason                    string
	}{
		{"answers", "example.org", "a0", "", nil, Up, EvidenceWeak, "1: it answers, seen from our vantage point; 8 of 8 controls answer"},
		{"answers everyone", "example.org", "a0", "+EU +AS +NA", nil, Up, EvidenceModerate, "1: it answers, seen from 3 networks on 3 continents"},
		{"is silent to us", "example.org", "s0", "", nil, Down, EvidenceWeak, "1: it is silent from our vantage point"},
		{"is silent by quorum", "example.org", "s0", quorum, nil, Down, EvidenceModerate, "1: it is silent from 3 networks on 3 continents"},
		{"answers one other", "example.org", "s0", "+EU", nil, Degraded, EvidenceWeak, "1: the vantage points differ: 1 of 2 get no answer"},
		{"answers all others", "example.org", "s0", "+EU +AS +NA +SA +AF", nil, Up, EvidenceWeak, "1: it is silent from our vantage point alone"},
		{"never answered", "example.org", "n0", quorum, nil, Unknown, EvidenceNone, "1: it has never answered us, so its silence says nothing"},
		{"answers rarely", "example.org", "w0", "", nil, Unknown, EvidenceNone, "1: it leaves 60 % of probes unanswered"},
		{"missed a probe", "example.org", "m0", "", nil, Unknown, EvidenceNone, "1: it missed 1 probe, too few yet to call it silent"},
		{"does not exist", "example.org", "n0", "", func(c *Case) { c.Reach.Hosts[0].Newest.Outcome = Nonexistent }, Unknown, EvidenceNone, "1: the DNS has no address for it"},
		{"existed before", "example.org", "s0", "", func(c *Case) { c.Reach.Hosts[0].Newest.Outcome = Nonexistent }, Unknown, EvidenceNone, "1: the DNS has no address for it"},
		{"does not resolve, and never did", "example.org", "n0", "", func(c *Case) {
			c.Reach.Hosts[0].Newest.Outcome, c.Reach.Hosts[0].Newest.Detail = Unresolved, "SERVFAIL"
		}, Unknown, EvidenceNone, "1: its name does not resolve: SERVFAIL"},
		{"did resolve", "example.org", "s0", "", func(c *Case) { c.Reach.Hosts[0].Newest.Outcome = Unresolved }, Down, EvidenceWeak, "1: it is silent"},
		{"may not be probed", "example.org", "n0", "", func(c *Case) {
			c.Reach.Hosts[0].Newest.Outcome, c.Reach.Hosts[0].Newest.Detail = Unmeasured, "127.0.0.1 is\nloopback"
		}, Unknown, EvidenceNone, "1: it could not be asked: 127.0.0.1 is loopback"},
		{"our own network fails", "example.org", "s0", quorum, func(c *Case) { c.Reach.Guard.Void = voided }, Unknown, EvidenceNone, "1: " + voided},
		{"it fails while it answers", "example.org", "a0", "", func(c *Case) { c.Reach.Guard.Void = voided }, Unknown, EvidenceNone, "1: " + voided},
		{"host fails", "example.org", "f0", "", nil, Degraded, EvidenceWeak, "1: it answers, but fails: HTTP 503"},
		{"URL fails", "https://example.org", "f0", "+EU +AS +NA", nil, Degraded, EvidenceModerate, "1: it answers, but fails: HTTP 503"},
		{"URL fails at one address", "https://example.org", "a0 f1", "", nil, Degraded, EvidenceWeak, "1: it answers, but fails: HTTP 503"},
		{"URL is refused", "https://example.org", "r0", "", nil, Degraded, EvidenceWeak, "1: it answers, but fails: connection refused"},
		{"URL is refused at one address", "https://example.org", "r0 a1", "", nil, Up, EvidenceWeak, "1: it answers"},
		{"host refuses", "example.org", "r0", "", nil, Up, EvidenceWeak, "1: it answers"},
		{"address refuses", "175.45.176.15", "r0", "", nil, Up, EvidenceWeak, "1: it answers"},
		{"address fails: nothing was asked to be served", "175.45.176.15", "f0", "", nil, Up, EvidenceWeak, "1: it answers"},
		{"URL is silent and its host answers pings", "https://example.org", "s0 a0", "", ping(1), Degraded, EvidenceWeak, "1: it answers, but fails: no answer over HTTP"},
		{"URL never answered and its host answers pings", "https://example.org", "n0 a0", "", ping(1), Unknown, EvidenceNone, "1: it has never answered us"},
		{"address answers", "175.45.176.15", "a0", "", nil, Up, EvidenceWeak, "1: it answers"},
		{"address is silent", "175.45.176.15", "s0", "", nil, Down, EvidenceWeak, "1: it is silent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := joined("no", tt.ways, tt.votes)
			c.Footprint = Footprint{Target: parse(t, tt.target)}
			for i := range c.Reach.Hosts {
				h := &c.Reach.Hosts[i]
				h.Name, h.Role, h.Home, h.Method = tt.target, RoleAsked, false, MethodHTTP
			}
			if tt.change != nil {
				tt.change(&c)
			}
			v := Assess(c)
			if v.State != tt.state || v.Evidence != tt.evidence || v.Announced != ExtentUnknown {
				t.Errorf("%v, evidence %v; want %v, %v", v.State, v.Evidence, tt.state, tt.evidence)
			}
			checkReasons(t, &v, tt.reason)
		})
	}
}

// ping has way i of asking be an ICMP echo.
func ping(i int) func(*Case) {
	return func(c *Case) { c.Reach.Hosts[i].Method, c.Reach.Hosts[i].Newest.Method = MethodICMP, MethodICMP }
}

// An address has both facts: its prefix is announced and it answers.
func TestAssessAddress(t *testing.T) {
	tests := []struct {
		routed, ways string
		state        State
		evidence     Evidence
	}{
		{"all", "a0", Up, EvidenceStrong},
		{"all", "s0", Degraded, EvidenceWeak},
		{"all", "n0", Up, EvidenceStrong}, // announced, and never answered us
		{"none", "s0", Down, EvidenceStrong},
		{"none", "a0", Unknown, EvidenceWeak},
		{"stale", "a0", Up, EvidenceWeak},
		{"stale", "s0", Down, EvidenceWeak},
		{"few", "a0", Up, EvidenceWeak},
	}
	for _, tt := range tests {
		c := joined(tt.routed, tt.ways, "")
		c.Footprint.Target = parse(t, "175.45.176.10")
		c.Reach.Hosts[0].Role = RoleAsked
		if v := Assess(c); v.State != tt.state || v.Evidence != tt.evidence {
			t.Errorf("routed %s, %s: %v, evidence %v (%q); want %v, %v", tt.routed, tt.ways, v.State, v.Evidence, v.Reasons, tt.state, tt.evidence)
		}
	}
}

// Silence by quorum is no more certain than that what is silent is announced; and a host
// that answers in two ways is one host.
func TestAssessJoinsCarefully(t *testing.T) {
	c := joined("all", "s0 s1 s2", quorum)
	c.few(9, 9)
	if v := Assess(c); v.State != Degraded || v.Evidence != EvidenceWeak {
		t.Errorf("silent, announced by weak evidence: %v, evidence %v; want degraded, weak", v.State, v.Evidence)
	}
	c = joined("none", "a0 a1 s2 s3", "")
	c.Reach.Hosts[1].Name = c.Reach.Hosts[0].Name
	v := Assess(c)
	checkReasons(t, &v, "1: sources disagree: its routes are withdrawn, yet 1 host answers")
}

// A silence that nothing can be said of any more is not over.
func TestAssessSuspended(t *testing.T) {
	for name, change := range map[string]func(*Reach){
		"our own network fails": func(r *Reach) { r.Guard.Void = voided },
		"no round of late":      func(r *Reach) { r.At = ago(30 * time.Minute) },
		"it fails for long": func(r *Reach) {
			r.Guard.Void = voided
			for i := range r.Hosts {
				r.Hosts[i].hush(ago(60*time.Minute), ago(58*time.Minute), ago(30*time.Minute))
				r.Hosts[i].Newest.Outcome = Unmeasured
			}
		},
		"it fails, and what was proven is held back": func(r *Reach) {
			r.Guard.Void = voided
			for i := range r.Hosts {
				h := &r.Hosts[i]
				h.WasSilent, h.Silence, h.Newest.Outcome = h.Silence.Proven(), Silence{}, Unmeasured
			}
		},
		"they have not answered for a week": func(r *Reach) {
			for i := range r.Hosts {
				h := &r.Hosts[i]
				h.WasSilent, h.Before, h.Silence = h.Silence.Proven(), h.Newest.There(), Silence{}
			}
		},
	} {
		c := joined("all", "s0 s1 s2", "")
		change(&c.Reach)
		v := Assess(c)
		if v.State != Unknown || v.Evidence > EvidenceWeak || !strings.Contains(strings.Join(v.Reasons, "\n"), "when probes last told, 3 of 3 usual hosts were silent") {
			t.Errorf("%s after a silence: %v, evidence %v, %q; want unknown", name, v.State, v.Evidence, v.Reasons)
		}
		c = joined("all", "a0 a1 a2", "")
		change(&c.Reach)
		if name == "it fails for long" {
			continue // it was silent there
		}
		if v := Assess(c); v.State != Up {
			t.Errorf("%s while all answers: %v, want up", name, v.State)
		}
	}
}

// Each fact has its own times; the verdict has those of the loss that its state speaks of.
func TestAssessTimesOfProbes(t *testing.T) {
	silence := Interval{After: ago(10 * time.Minute), By: ago(8 * time.Minute)}
	v := Assess(joined("all", "s0 s1 s2", ""))
	if diff := cmp.Diff(silence, v.Onset); diff != "" {
		t.Errorf("announced and silent, onset (-want +got):\n%s", diff)
	}
	v = Assess(joined("none", "s0 s1 s2", ""))
	if !v.Onset.Half.Equal(noon.Add(-time.Hour+10*time.Second)) || v.Probing.Onset != silence {
		t.Errorf("gone and silent: onset %v, of the silence %v", v.Onset, v.Probing.Onset)
	}
	back := func(at time.Time) Case {
		c := joined("all", "a0 a1 a2", "")
		for i := range c.Observations {
			c.Observations[i].Back = Crossing{First: ago(21 * time.Minute), Half: ago(20 * time.Minute), Ninety: ago(19 * time.Minute)}
		}
		for i := range c.Reach.Hosts {
			c.Reach.Hosts[i].Silence.Ended = Spell{First: ago(time.Hour), Last: at.Add(-time.Minute), Back: at}
		}
		return c
	}
	if got, want := Assess(back(ago(15*time.Minute))).End, (Interval{After: ago(16 * time.Minute), By: ago(15 * time.Minute)}); got != want {
		t.Errorf("answers after its routes came back: end %v, want %v", got, want)
	}
	if got, want := Assess(back(ago(40*time.Minute))).End.Half, ago(20*time.Minute); got != want {
		t.Errorf("answered before its routes came back: end %v, want %v", got, want)
	}
}

// A service that fails while its host answers has times of its own: after it last worked,
// and by the first answer that it does not.
func TestAssessTimesOfFailure(t *testing.T) {
	target, err := ParseTarget("https://example.org/")
	if err != nil {
		t.Fatal(err)
	}
	assess := func(hosts string, more func([]Host)) Verdict {
		r := roundOf(hosts)
		for i := range r.Hosts {
			r.Hosts[i].Role, r.Hosts[i].Method = RoleAsked, MethodHTTP
		}
		more(r.Hosts)
		return Assess(Case{Footprint: Footprint{Target: target}, Reach: r, Now: noon, Rules: DefaultRules()})
	}
	v := assess("f0 f1", func(h []Host) {
		h[0].Served, h[0].Faulty = ago(12*time.Minute), ago(10*time.Minute)
		h[1].Served, h[1].Faulty = ago(11*time.Minute), ago(9*time.Minute)
	})
	if want := (Interval{After: ago(11 * time.Minute), By: ago(10 * time.Minute)}); v.State != Degraded || v.Onset != want {
		t.Errorf("it fails: %v since %v, want degraded since %v", v.State, v.Onset, want)
	}
	v = assess("f0 f1", func(h []Host) {
		h[0].Served, h[0].Faulty = ago(12*time.Minute), ago(10*time.Minute)
		h[1].Served, h[1].Faulty = ago(5*time.Minute), ago(3*time.Minute)
	})
	if want := (Interval{By: ago(10 * time.Minute)}); v.Onset != want {
		t.Errorf("one address fails first: since %v, want %v", v.Onset, want)
	}
	v = assess("a0 a1", func(h []Host) {
		h[0].Served = ago(time.Minute)
		h[0].Mended = Spell{First: ago(10 * time.Minute), Last: ago(4 * time.Minute), Back: ago(2 * time.Minute)}
	})
	if want := (Interval{After: ago(4 * time.Minute), By: ago(2 * time.Minute)}); v.State != Up || v.End != want {
		t.Errorf("it works again: %v, end %v, want up since %v", v.State, v.End, want)
	}
}

// The hosts that make the difference are listed first, and no more than so many.
func TestAssessListsHosts(t *testing.T) {
	c := joined("all", "o0 a1 m2 s3 s1 n0", "")
	var got []string
	for _, h := range Assess(c).Probing.Hosts {
		got = append(got, h.Name)
	}
	want := []string{"175.45.179.13", "175.45.177.14", "175.45.178.12", "175.45.177.11", "175.45.176.10", "175.45.176.15"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c = joined("all", strings.Repeat("a0 ", 30), "")
	c.Reach.Last = Router{Addr: netip.MustParseAddr("192.0.2.1"), Number: 4}
	if v := Assess(c); len(v.Probing.Hosts) != MaxProbed || v.Probing.Answering != 30 || v.Probing.Last != c.Reach.Last {
		t.Errorf("%d listed, %d answering, last router %v", len(v.Probing.Hosts), v.Probing.Answering, v.Probing.Last)
	}
}
