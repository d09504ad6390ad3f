package reach

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// internet is a small one behind the router of a chain: the guard's controls, a name
// server among them, and a host with nginx.
type internet struct {
	netlab.Chain
	world *netlab.Node // is all of the controls
}

// dnsAt is the control at which names are looked up.
const dnsAt = "9.9.9.9"

const labZone = `@ 60 IN SOA ns hostmaster 1 2 3 4 5
@ 60 IN NS ns
ns 60 IN A 9.9.9.9
www 60 IN A 175.45.176.2
inward 60 IN A 10.0.0.1
both 60 IN A 175.45.176.2
both 60 IN AAAA 2408:8000:2::2
`

func newInternet(t *testing.T) internet {
	s := netlab.New(t)
	n := internet{Chain: s.Chain(), world: s.Node("world")}
	s.Link(n.Router, n.world, netip.MustParsePrefix("62.115.0.0/30"), netip.MustParsePrefix("2001:2034::/64"))
	n.world.Default(n.Router)
	n.Router.Default(n.world)
	var anycast []netip.Prefix
	for _, c := range Controls() {
		anycast = append(anycast, netip.PrefixFrom(c.Addr, c.Addr.BitLen()))
	}
	n.world.Local(anycast...)
	labtest.NSD(t, netip.AddrPortFrom(netip.MustParseAddr(dnsAt), 53), map[string]string{"lab.kp": labZone, "broken.kp": ""}, n.world.Start)
	labtest.Nginx(t, `
server { listen 80; listen [::]:80; location / { return 200 fine; } location /in { return 302 http://10.0.0.1/; } }
server { listen 8080; location / { return 503; } }`, n.Host.Start)
	return n
}

// monitor puts everything together as the program does, with time-outs for a small world.
func (n internet) monitor() *Monitor {
	shield := NewShield(ShieldOptions{})
	names := NewResolver(ResolverOptions{Servers: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(dnsAt), 53)}, Timeout: 300 * time.Millisecond})
	const timeout = 600 * time.Millisecond
	d := NewDialers(DialerOptions{Shield: shield, Lookup: names.Lookup, Agent: "isitdown/test", Timeout: timeout})
	echo := NewICMP(ICMPOptions{Shield: shield, Timeout: timeout})
	asker := NewAsker(AskerOptions{Shield: shield, Manners: NewManners(MannersOptions{}), Timeout: timeout, Methods: map[checks.Method]Ask{
		checks.MethodICMP: echo.Ask, checks.MethodTCP: d.TCP, checks.MethodTLS: d.TLS, checks.MethodHTTP: d.HTTP, checks.MethodDNS: d.DNS,
	}})
	return New(Options{
		Ask: asker.Ask, Shield: shield, Resolve: names.Lookup, Controls: Controls(), Trace: echo.Trace,
		Gateway: Gateway(func(allow []netip.Prefix) Ask {
			return NewICMP(ICMPOptions{Shield: NewShield(ShieldOptions{Allow: allow}), Timeout: timeout}).Ask
		}),
		Resolver: func(ctx context.Context) checks.Outcome {
			if names.Works(ctx) != nil {
				return checks.Silent
			}
			return checks.Answered
		},
	})
}

// From a question to a verdict, with real packets, real servers and real faults. Nobody
// has a history here: the silence of a host that never answered says nothing.
func TestQuestionsInTheLab(t *testing.T) {
	t.Parallel() // with a thousand targets, which are in a bubble
	webtest.NoLeaks(t)
	n := newInternet(t)
	router := n.Router.To(n.Here, n.Host.Addr4())
	at := func(last byte) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, 176, last}), 32)
	}
	n.Host.Local(netip.MustParsePrefix("175.45.176.128/25"))
	n.Router.Route(netip.MustParsePrefix("175.45.176.128/25"), n.Host.Addr4())
	n.Host.Drop(netlab.Packets{To: at(131), Proto: "icmp"})
	n.Router.Drop(netlab.Packets{To: at(132)})
	n.Router.Reject(netlab.Packets{To: at(133)}, netlab.AdminProhibited)
	n.Here.Prohibit(at(134))
	n.Host.Reject(netlab.Packets{To: at(135)}, netlab.AdminProhibited)
	list := []labQuestion{
		{"a page", "http://175.45.176.2/", checks.Up, []string{"HTTP 200"}},
		{"a name", "http://www.lab.kp/", checks.Up, []string{"HTTP 200"}},
		{"a host of both families", "both.lab.kp", checks.Up, []string{"2408:8000:2::2"}},
		{"a service that fails", "http://175.45.176.2:8080/", checks.Degraded, []string{"HTTP 503"}},
		{"a redirect inwards", "http://175.45.176.2/in", checks.Up, []string{"10.0.0.1"}},
		{"a name that leads inwards", "http://inward.lab.kp/", checks.Unknown, []string{"private"}},
		{"no such name", "none.lab.kp", checks.Unknown, []string{"no address", "NXDOMAIN"}},
		{"a zone that fails", "www.broken.kp", checks.Unknown, []string{"SERVFAIL"}},
		{"a closed port", "175.45.176.131", checks.Up, []string{"refused"}},
		{"silence", "175.45.176.132", checks.Unknown, []string{"never answered"}},
		{"a router says no", "175.45.176.133", checks.Unknown, []string{"says " + router.String()}},
		{"no way from here", "175.45.176.134", checks.Unknown, []string{"our own"}},
		{"the host itself says no", "175.45.176.135", checks.Up, []string{"says the host itself"}},
	}
	answers := make([]labAnswer, len(list))
	var asking sync.WaitGroup // all at once: most of it is waiting
	for i, q := range list {
		asking.Go(func() { answers[i] = q.ask(t, n.monitor()) })
	}
	asking.Wait()
	for i, q := range list {
		t.Run(q.name, func(t *testing.T) {
			q.hold(t, answers[i])
			if g := answers[i].reach.Guard; !g.Holds() {
				t.Errorf("the guard does not hold: %+v", g)
			}
		})
	}
	t.Run("our own network fails", func(t *testing.T) {
		defer n.Here.Drop(netlab.Packets{Out: true}).Heal()
		q := labQuestion{"", "175.45.176.2", checks.Unknown, []string{"our own network"}}
		got := q.ask(t, n.monitor())
		q.hold(t, got)
		if g := got.reach.Guard; g.Holds() {
			t.Errorf("the guard holds: %+v", g)
		}
	})
}

// labQuestion is what a person asks, and what must come of it.
type labQuestion struct {
	name, target string
	state        checks.State
	says         []string // in reasons, details of hosts and gaps
}

type labAnswer struct {
	reach   checks.Reach
	verdict checks.Verdict
}

func (q labQuestion) ask(t *testing.T, m *Monitor) labAnswer {
	target, err := checks.ParseTarget(q.target)
	if err != nil {
		t.Error(err)
	}
	f := checks.Footprint{Target: target, AsOf: time.Now()}
	r, gaps := m.Once(t.Context(), f)
	return labAnswer{r, checks.Assess(checks.Case{Footprint: f, Reach: r, Gaps: gaps, Now: time.Now(), Rules: checks.DefaultRules()})}
}

func (q labQuestion) hold(t *testing.T, got labAnswer) {
	t.Helper()
	if got.verdict.State != q.state {
		t.Errorf("got %v, want %v", got.verdict.State, q.state)
	}
	said := got.told()
	for _, w := range q.says {
		if !strings.Contains(said, w) {
			t.Errorf("nothing says %q", w)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("said was:\n%s", said)
	}
}

// told is all that a reader could be shown.
func (a labAnswer) told() string {
	r, v := a.reach, a.verdict
	var b strings.Builder
	fmt.Fprintf(&b, "guard: %s\nwhy: %s\n", r.Guard.Void, v.Probing.Why)
	for _, h := range r.Hosts {
		fmt.Fprintf(&b, "host: %s %v %v %v: %s %q\n", h.Name, h.Addr, h.Method, h.Newest.Outcome, h.Newest.Detail, h.Newest.Redirects)
	}
	for _, reason := range v.Reasons {
		fmt.Fprintf(&b, "reason: %s\n", reason)
	}
	for _, g := range v.Gaps {
		fmt.Fprintf(&b, "gap: %s\n", g.Reason)
	}
	return b.String()
}
