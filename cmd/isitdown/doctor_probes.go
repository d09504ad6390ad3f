package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// diagnoseProbes looks whether probes can be sent, and whether their answers would be
// believed.
func (a *app) diagnoseProbes(ctx context.Context) []diagnosis {
	const name = "probes"
	if len(a.config.Routes) > 0 {
		return []diagnosis{{note, name, "not sent: " + probesOfRecording}}
	}
	if why := a.config.withoutProbes(time.Time{}); why != "" {
		return []diagnosis{{note, name, "not sent: " + why}}
	}
	ctx, stop := context.WithTimeout(ctx, a.config.Sources.Wait.Duration)
	defer stop()
	a.log = slog.New(slog.DiscardHandler) // what is found is what is printed
	p, err := a.newProbing(a.newSources(), nil)
	if err != nil {
		return []diagnosis{{problem, "opt-out", err.Error()}}
	}
	list := []diagnosis{a.diagnosePings(ctx)}
	s := p.monitor.Look(ctx)
	list = append(list, diagnoseGuard(&s)...)
	return append(list, a.diagnoseLimits()...)
}

// diagnosePings says whether this process may send pings, and what would let it.
func (a *app) diagnosePings(ctx context.Context) diagnosis {
	const name = "pings"
	raw := a.config.Probe.Privileged
	switch ok, fix := reach.ICMPPermission(ctx, raw); {
	case ok && raw:
		return diagnosis{fine, name, "permitted, from raw sockets"}
	case ok:
		return diagnosis{fine, name, "permitted, without privileges"}
	case raw:
		return diagnosis{problem, name, "probe.privileged is true, and raw sockets are not permitted: " + fix}
	default:
		return diagnosis{note, name, "not permitted, so hosts that answer nothing else are asked less well: " + fix}
	}
}

// diagnoseGuard says whether our own network passes its test.
func diagnoseGuard(s *reach.State) []diagnosis {
	var list []diagnosis
	for _, of := range []struct {
		family string
		guard  *checks.Guard
	}{{"IPv4", &s.IPv4}, {"IPv6", &s.IPv6}} {
		text := fmt.Sprintf("%s: %d of %d answer, in %s", of.family, of.guard.Answered, of.guard.Controls, counted(of.guard.Networks, "network"))
		switch {
		case of.guard.Holds():
			list = append(list, diagnosis{fine, "controls", text})
		case of.guard.At.IsZero():
			list = append(list, diagnosis{problem, "controls", of.family + ": they were not asked to the end in the time for it (sources.wait)"})
		case of.family == "IPv6" && s.IPv4.Holds(): // many machines have none
			list = append(list, diagnosis{note, "controls", text + ": no silence over IPv6 is believed (" + of.guard.Void + ")"})
		default:
			list = append(list, diagnosis{problem, "controls", text + ": nothing is called silent (" + of.guard.Void + "); name hosts in probe.controls that you may reach"})
		}
	}
	list = append(list, diagnoseHelper("gateway", s.Gateway, "the guard does without it"))
	return append(list, diagnoseHelper("resolver", s.Resolver, "no name can be looked up: see /etc/resolv.conf, or name servers in probe.resolver"))
}

// diagnoseHelper words how the gateway or the resolver does.
func diagnoseHelper(name, state, otherwise string) diagnosis {
	switch {
	case state == "answers":
		return diagnosis{fine, name, state}
	case name == "resolver":
		return diagnosis{problem, name, state + ": " + otherwise}
	}
	return diagnosis{note, name, state + ": " + otherwise}
}

// diagnoseLimits says what may be probed that others may not, and what may not.
func (a *app) diagnoseLimits() []diagnosis {
	c := &a.config.Probe
	var list []diagnosis
	if o, err := a.optOut(); err != nil {
		list = append(list, diagnosis{problem, "opt-out", err.Error()})
	} else if o != nil {
		list = append(list, diagnosis{fine, "opt-out", fmt.Sprintf("%s: %d on the list", c.OptOut, o.Len())})
	}
	var open []string
	for _, p := range c.Allow {
		open = append(open, p.String())
	}
	for _, p := range slices.Sorted(slices.Values(c.Ports)) {
		open = append(open, fmt.Sprintf("port %d", p))
	}
	if len(open) > 0 {
		list = append(list, diagnosis{note, "allowed", "everybody who may ask this bot may have probed, besides what is public: " + strings.Join(open, ", ")})
	}
	if n := len(a.config.Hosts); n > 0 {
		list = append(list, diagnosis{fine, "hosts", counted(n, "host") + " in the settings"})
	}
	return list
}
