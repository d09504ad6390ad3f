package reach

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

// The own-network guard. A control is one of the hosts that as good as always answer;
// where many of them do not, it is our own network that fails.
const (
	minControls = 6
	minNetworks = 3
	voidFrom    = 40 // per cent of the controls that do not answer
	// guardEvery keeps a control, with the two ways that it is asked in at first, within the
	// 14 probes in 10 minutes that manners keep for it.
	guardEvery   = 48 * time.Second
	guardTimeout = 2 * time.Second         // of the gateway and the resolver
	guardQueue   = 20 * time.Second        // for all, while many other probes wait to be sent
	otherMethod  = 1200 * time.Millisecond // later than the first, as manners ask
	maxJump      = 2 * time.Second         // of the clock between two looks, or in one
	// A control's no-answer rate follows its last dozen or so of checks; above
	// unreliable it says nothing of us.
	lossWeight = 1.0 / 16
	unreliable = 0.5
)

// Controls are well-known hosts that are served from many places: public resolvers and
// root name servers. All of them answer pings and DNS.
func Controls() []Control {
	at := func(a string, asn checks.ASN) Control { return Control{netip.MustParseAddr(a), asn} }
	return []Control{
		at("1.1.1.1", 13335), at("8.8.8.8", 15169), at("9.9.9.9", 19281), at("208.67.222.222", 36692),
		at("193.0.14.129", 25152), at("192.5.5.241", 3557), at("199.7.83.42", 20144), at("4.2.2.1", 3356),
		at("2606:4700:4700::1111", 13335), at("2001:4860:4860::8888", 15169), at("2620:fe::fe", 19281), at("2620:119:35::35", 36692),
		at("2001:7fd::1", 25152), at("2001:500:2f::f", 3557), at("2001:500:9f::42", 20144), at("2001:503:ba3e::2:30", 19836),
	}
}

// control is a control with what it has been like.
type control struct {
	Control
	works    checks.Method // that it answered last; none while it never did
	loss     float64       // its own no-answer rate, from checks that held alone
	asked    bool          // in the check at hand
	answered bool
	ping     checks.Answer // to the newest echo
}

// usable reports whether the control can say anything about us.
func (c *control) usable() bool {
	return c.asked && c.works != checks.MethodNone && c.loss <= unreliable
}

// look is one look of the guard.
type look struct {
	began, ended time.Time
	four, six    checks.Guard
	// deaf4 and deaf6 say that no control has answered a ping, though it answered the DNS:
	// then it is on our side that pings are kept from passing.
	deaf4, deaf6 bool
	pings        map[netip.Addr]checks.Answer // of controls
}

// noPings voids what was found by pings where none of the controls answers them.
const noPings = "our own network: none of the control targets answers pings, only the DNS"

// of gives the guard of an address family; of no address that of the family that holds.
func (c *look) of(p Probe) checks.Guard {
	a := p.Addr
	g, deaf := c.four, c.deaf4
	if a.Is6() && !a.Is4In6() || !a.IsValid() && !c.four.Holds() && c.six.Holds() {
		g, deaf = c.six, c.deaf6
	}
	if deaf && g.Holds() && p.Method == checks.MethodICMP {
		g.Void = noPings
	}
	return g
}

// ping gives what a control answered to the guard's ping just now: nobody has to ask it again.
func (c *look) ping(p Probe, now time.Time) (checks.Answer, bool) {
	a, ok := c.pings[p.Addr]
	if !ok || p.Method != checks.MethodICMP || now.Sub(a.At) > guardEvery+guardQueue {
		return checks.Answer{}, false
	}
	a.Host = p.Host
	return a, true
}

// helper is the gateway or the resolver: it is counted once it has been heard.
type helper struct {
	ask   func(ctx context.Context) checks.Outcome
	heard bool
	word  string // for [State]
	fails bool
}

func (h *helper) look(ctx context.Context) {
	if h.ask == nil {
		h.word = "not known"
		return
	}
	ctx, cancel := context.WithTimeout(ctx, guardTimeout)
	defer cancel()
	o := h.ask(ctx)
	h.heard = h.heard || o.There()
	h.fails = h.heard && !o.There()
	switch {
	case o.There():
		h.word = "answers"
	case h.heard:
		h.word = "does not answer"
	case o == checks.Unmeasured:
		h.word = "not known"
	default:
		h.word = "has never answered"
	}
}

// guard looks after our own network.
type guard struct {
	ask      Ask
	controls []*control
	clock    func() (wall, steady time.Duration) // since the start
	drift    time.Duration                       // of the wall clock, at the last look

	turn              chan struct{} // holds one element while nobody looks
	mu                sync.Mutex    // guards what follows
	last              look          // zero before the first
	gateway, resolver helper
	rounds, void      uint64
}

func newGuard(o *Options) *guard {
	g := &guard{ask: o.Ask, clock: steadyClock(), turn: make(chan struct{}, 1)}
	g.gateway.ask, g.resolver.ask = o.Gateway, o.Resolver
	g.gateway.word, g.resolver.word = "not known", "not known"
	for _, c := range o.Controls {
		g.controls = append(g.controls, &control{Control: c})
	}
	g.turn <- struct{}{}
	return g
}

// steadyClock gives how far the wall clock and the monotonic one have come.
func steadyClock() func() (wall, steady time.Duration) {
	began := time.Now()
	return func() (wall, steady time.Duration) {
		now := time.Now()
		return now.Round(0).Sub(began.Round(0)), now.Sub(began)
	}
}

// recent gives the last check.
func (g *guard) recent() look {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// look gives a check that is no older than age, the newest one or a new one. looked is
// true for a new one, whose predecessor before is; a check that ctx cut off says nothing.
func (g *guard) look(ctx context.Context, age time.Duration) (before, now look, looked bool) {
	select {
	case <-ctx.Done():
		return look{}, look{}, false
	case <-g.turn:
	}
	defer func() { g.turn <- struct{}{} }()
	before = g.recent()
	if !before.began.IsZero() && time.Since(before.began) < age {
		return look{}, before, false
	}
	now, ok := g.check(ctx)
	return before, now, ok
}

// check asks all controls, the gateway and the resolver.
func (g *guard) check(ctx context.Context) (look, bool) {
	now := look{began: time.Now()}
	gateway, resolver := g.gateway, g.resolver
	queue, cancel := context.WithTimeout(ctx, guardQueue)
	defer cancel()
	var w sync.WaitGroup
	for _, c := range g.controls {
		w.Go(func() { g.control(queue, c) })
	}
	w.Go(func() { gateway.look(ctx) })
	w.Go(func() { resolver.look(ctx) })
	w.Wait()
	jump := g.jumped()
	if ctx.Err() != nil {
		return look{}, false
	}
	now.ended = time.Now()
	own := ""
	switch {
	case jump > maxJump:
		own = fmt.Sprintf("the clock jumped by %v", jump.Round(time.Second))
	case gateway.fails && resolver.fails:
		own = "our own network: neither the gateway nor the resolver answers"
	}
	now.four, now.six = g.judge(false, own, now.ended), g.judge(true, own, now.ended)
	now.deaf4, now.deaf6, now.pings = g.deaf(false), g.deaf(true), g.pings()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.gateway, g.resolver = now, gateway, resolver
	g.rounds++
	if !now.four.Holds() && !now.six.Holds() {
		g.void++
	}
	return now, true
}

// deaf reports whether no control of an address family answers pings while some answer
// the DNS.
func (g *guard) deaf(six bool) bool {
	deaf := false
	for _, c := range g.controls {
		if c.Addr.Is6() != six || !c.usable() {
			continue
		}
		if c.works == checks.MethodICMP {
			return false
		}
		deaf = true
	}
	return deaf
}

// pings gives what the controls answered to pings in the check at hand, where they do.
func (g *guard) pings() map[netip.Addr]checks.Answer {
	out := map[netip.Addr]checks.Answer{}
	for _, c := range g.controls {
		if c.asked && c.works == checks.MethodICMP && c.ping.Outcome != checks.Unmeasured {
			out[c.Addr] = c.ping
		}
	}
	return out
}

// jumped tells by how much the wall clock has gone astray since the last look.
func (g *guard) jumped() time.Duration {
	wall, steady := g.clock()
	jump := wall - steady - g.drift
	g.drift = wall - steady
	return jump.Abs()
}

// control asks one control, by the method that has worked; while none has, by ICMP and
// then by DNS.
func (g *guard) control(ctx context.Context, c *control) {
	c.asked, c.answered = false, false
	first := c.works
	if first == checks.MethodNone {
		first = checks.MethodICMP
	}
	if g.one(ctx, c, first) || c.works != checks.MethodNone {
		return
	}
	if pause(ctx, otherMethod) {
		g.one(ctx, c, checks.MethodDNS)
	}
}

func (g *guard) one(ctx context.Context, c *control, by checks.Method) bool {
	p := Probe{Host: c.Addr.String(), Addr: c.Addr, Method: by, Control: true}
	if by == checks.MethodDNS {
		p.Port, p.Name = 53, "." // who serves the root: every name server knows
	}
	a := g.ask(ctx, p)
	if a.Outcome == checks.Unmeasured && (a.Detail == late || strings.HasPrefix(a.Detail, HeldBack)) {
		return false // it waited in vain to be sent
	}
	c.asked = true
	if by == checks.MethodICMP {
		c.ping = a
	}
	if a.There() {
		c.answered, c.works = true, by
	}
	return c.answered
}

// judge makes the guard of one address family.
func (g *guard) judge(six bool, own string, at time.Time) checks.Guard {
	var out checks.Guard
	all, unheard := 0, 0
	networks := map[checks.ASN]bool{}
	for _, c := range g.controls {
		if c.Addr.Is6() != six {
			continue
		}
		all++
		if c.asked && c.works == checks.MethodNone {
			unheard++
		}
		if !c.usable() {
			continue
		}
		out.Controls++
		networks[c.ASN] = true
		if c.answered {
			out.Answered++
		}
	}
	out.Networks = len(networks)
	failing := out.Controls - out.Answered
	switch {
	case own != "":
		out.At, out.Void = at, own
	case unheard == all && all >= minControls: // a machine without a network asks its first question
		out.Controls = all
		out.At, out.Void = at, fmt.Sprintf("our own network: none of %d control targets has ever answered", all)
	case out.Controls < minControls || out.Networks < minNetworks:
		out.Void = fmt.Sprintf("the own-network guard cannot run: of %d control targets %d can be used, in %d networks; it takes %d in %d", all, out.Controls, out.Networks, minControls, minNetworks)
	case failing*100 >= voidFrom*out.Controls:
		out.At = at
		out.Void = fmt.Sprintf("our own network: %d of %d control targets do not answer", failing, out.Controls)
	default:
		out.At = at
	}
	g.learn(six, out)
	return out
}

// learn adds a check to the controls' own rates. One that does not answer while most do
// has trouble of its own; what fails with our network is none.
func (g *guard) learn(six bool, found checks.Guard) {
	enough := found.Controls >= minControls
	if enough && !found.Holds() {
		return
	}
	for _, c := range g.controls {
		if c.Addr.Is6() != six || !c.asked || c.works == checks.MethodNone {
			continue
		}
		lost := 1.0
		if c.answered {
			lost = 0
		}
		if enough || c.answered {
			c.loss += (lost - c.loss) * lossWeight
		}
	}
}

// pause waits, and reports whether the time came before the context's end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// tell fills in what the guard found.
func (g *guard) tell(s *State) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.IPv4, s.IPv6 = g.last.four, g.last.six
	s.Gateway, s.Resolver = g.gateway.word, g.resolver.word
	s.Rounds, s.Void = g.rounds, g.void
}
