package main

import (
	"context"
	"net/netip"
	"os"
	"time"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/reach"
)

// probing is what sends probes for a bot, or for one answer.
type probing struct {
	why     string         // it sends none; "" where it does
	monitor *reach.Monitor // nil where it sends none
	asker   *reach.Asker   // nil where something else takes its place
	spaces  spaces
	// asked counts what somebody has probed, and refuses more in a sentence; nil for no limit.
	asked func(who string, t checks.Target, now time.Time) error
}

// way finds the last router on the way to a host that went silent, and whose it is; what
// is nil is left out.
type way struct {
	trace  func(ctx context.Context, to netip.Addr) ([]checks.Router, error)
	origin func(ctx context.Context, a netip.Addr) (checks.ASN, string, error)
}

// newProbing makes what sends probes. Histories of hosts are kept in a store, nil for none.
func (a *app) newProbing(s *sources, store *bot.Store) (*probing, error) {
	shield, err := a.shield()
	if err != nil {
		return nil, err
	}
	c := &a.config.Probe
	p := &probing{}
	o := reach.Options{
		Ask: a.ask, Shield: shield, Controls: c.controls(), Listed: a.config.listed(), Belongs: p.spaces.hold,
		Trace: a.way.trace, Origin: a.way.origin, Every: c.Every.Duration, Log: a.log,
	}
	if store != nil {
		o.Load, o.Save = loadRates(store), saveRates(store)
	}
	if a.ask == nil {
		p.asker = a.network(s, shield, &o)
	}
	p.monitor = reach.New(o)
	return p, nil
}

// network makes what reaches hosts, and puts it into the options.
func (a *app) network(s *sources, shield *reach.Shield, o *reach.Options) *reach.Asker {
	c := &a.config.Probe
	names := reach.NewResolver(reach.ResolverOptions{Servers: c.servers()})
	var asker *reach.Asker
	dialers := reach.NewDialers(reach.DialerOptions{
		Shield: shield, Lookup: names.Lookup, Agent: a.agent(), Timeout: c.Timeout.Duration,
		Hop: func(ctx context.Context, to netip.AddrPort) error { return asker.Hop(ctx, to) },
	})
	ping := reach.NewICMP(a.icmpOptions(shield))
	asker = reach.NewAsker(reach.AskerOptions{
		Methods: map[checks.Method]reach.Ask{
			checks.MethodICMP: ping.Ask, checks.MethodTCP: dialers.TCP, checks.MethodTLS: dialers.TLS,
			checks.MethodHTTP: dialers.HTTP, checks.MethodDNS: dialers.DNS,
		},
		Shield: shield, Manners: reach.NewManners(reach.MannersOptions{Controls: addresses(o.Controls)}), Timeout: c.Timeout.Duration,
	})
	o.Ask, o.Resolve, o.Origin = asker.Ask, names.Lookup, s.originOf
	o.Resolver = func(ctx context.Context) checks.Outcome { return worked(ctx, names.Works(ctx)) }
	if c.Gateway {
		o.Gateway = a.askGateway()
	}
	if c.Trace {
		o.Trace = ping.Trace
	}
	if c.NameServers {
		o.Delegation = func(ctx context.Context, zone string) ([]reach.NameServer, error) {
			return dialers.Delegation(ctx, names, zone)
		}
	}
	return asker
}

// addresses gives those of the controls.
func addresses(controls []reach.Control) (list []netip.Addr) {
	for _, c := range controls {
		list = append(list, c.Addr)
	}
	return list
}

func (a *app) icmpOptions(shield *reach.Shield) reach.ICMPOptions {
	c := &a.config.Probe
	return reach.ICMPOptions{Shield: shield, Privileged: c.Privileged, Timeout: c.Timeout.Duration, Contact: a.config.Sources.Contact}
}

// worked words a success as the outcome of a probe. That time was up says nothing.
func worked(ctx context.Context, err error) checks.Outcome {
	switch {
	case err == nil:
		return checks.Answered
	case ctx.Err() != nil:
		return checks.Unmeasured
	}
	return checks.Silent
}

// askGateway asks the routers next to this machine. Their addresses may be private: nothing
// else may ask them through what is made here.
func (a *app) askGateway() func(ctx context.Context) checks.Outcome {
	return reach.Gateway(func(allow []netip.Prefix) reach.Ask {
		return reach.NewICMP(a.icmpOptions(reach.NewShield(reach.ShieldOptions{Allow: allow}))).Ask
	})
}

// shield makes what says which hosts may be probed.
func (a *app) shield() (*reach.Shield, error) {
	list, err := a.optOut()
	if err != nil {
		return nil, err
	}
	c := &a.config.Probe
	return reach.NewShield(reach.ShieldOptions{Allow: c.allowed(), OptOut: list, Ports: c.ports()}), nil
}

// optOut reads the list of those who asked not to be probed; nil where there is none.
func (a *app) optOut() (*reach.OptOut, error) {
	name := a.config.Probe.OptOut
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fail(exitNoInput, "opening the list of who asked not to be probed (probe.opt_out): %w", err)
	}
	defer f.Close()
	list, err := reach.ParseOptOut(f)
	if err != nil {
		return nil, fail(exitData, "%s (probe.opt_out): %w", name, err)
	}
	return list, nil
}

// liveProbing makes what sends probes for a bot, or says why nothing does.
func (a *app) liveProbing(s *sources, store *bot.Store) (*probing, error) {
	if why := a.config.withoutProbes(time.Time{}); why != "" {
		return &probing{why: why}, nil
	}
	p, err := a.newProbing(s, store)
	if err != nil {
		return nil, err
	}
	if a.talks() { // at the terminal there is nobody to be spared
		limit := reach.NewQuestions(reach.QuestionsOptions{PerPerson: a.config.Limits.ProbesPerMinute})
		p.asked = limit.Ask
	}
	return p, nil
}
