package main

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"time"

	"isitdown/checks"
	"isitdown/checks/globalping"
	"isitdown/checks/reach"
)

// elsewhere decides what other people's machines are asked to measure for us: nothing that
// we do not probe ourselves. Who asked not to be probed means all who probe, nobody has
// ports tried by a detour, and the machine of the bot is not measured through the back door.
type elsewhere struct {
	shield *reach.Shield
	lookup func(ctx context.Context, host string) (reach.Resolution, error) // nil for none
}

// lookupFor bounds finding out where a name leads.
const lookupFor = 2 * time.Second

// newElsewhere makes it. A list of who asked not to be probed that cannot be read refuses all.
func (a *app) newElsewhere() *elsewhere {
	shield, err := a.shield()
	if err != nil {
		a.log.Warn("nothing is measured elsewhere", "error", err)
		return &elsewhere{}
	}
	e := &elsewhere{shield: shield}
	if a.config.probes() && a.ask == nil {
		e.lookup = reach.NewResolver(reach.ResolverOptions{Servers: a.config.Probe.servers()}).Lookup
	}
	return e
}

// refuse says why a target is not measured; nil where it may be. A name that we cannot look
// up may be: it is what others see of it that is of interest then.
func (e *elsewhere) refuse(ctx context.Context, t checks.Target) error {
	err := e.shield.Target(t)
	host := t.Text()
	if u, failed := url.Parse(host); t.Kind() == checks.KindURL && failed == nil {
		host = u.Hostname()
	}
	_, literal := netip.ParseAddr(host)
	if err == nil && e.lookup != nil && literal != nil && (t.Kind() == checks.KindHost || t.Kind() == checks.KindURL) {
		err = e.refuseName(ctx, host)
	}
	if refused, ok := errors.AsType[*reach.RefusedError](err); ok {
		return &globalping.TargetError{Target: t.String(), Why: refused.Why}
	}
	return err
}

// refuseName refuses a name any of whose addresses is not probed: which of them the others
// take is up to them.
func (e *elsewhere) refuseName(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, lookupFor)
	defer cancel()
	found, err := e.lookup(ctx, host)
	if err != nil {
		return nil
	}
	if err := e.shield.Name(found.Canonical); err != nil {
		return err
	}
	for _, a := range found.Addrs {
		if err := e.shield.Addr(a); err != nil {
			return err
		}
	}
	return nil
}

// claims and votes keep a client from what is refused.
func (e *elsewhere) claims(ask func(context.Context, *checks.Footprint, time.Time) ([]checks.Claim, error)) func(context.Context, *checks.Footprint, time.Time) ([]checks.Claim, error) {
	return func(ctx context.Context, f *checks.Footprint, at time.Time) ([]checks.Claim, error) {
		if err := e.refuse(ctx, f.Target); err != nil {
			return nil, err
		}
		return ask(ctx, f, at)
	}
}

func (e *elsewhere) votes(ask func(context.Context, *checks.Footprint) ([]checks.Vote, error)) func(context.Context, *checks.Footprint) ([]checks.Vote, error) {
	return func(ctx context.Context, f *checks.Footprint) ([]checks.Vote, error) {
		if err := e.refuse(ctx, f.Target); err != nil {
			return nil, err
		}
		return ask(ctx, f)
	}
}
