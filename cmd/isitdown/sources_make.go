package main

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"isitdown/checks"
	"isitdown/checks/globalping"
	"isitdown/checks/ioda"
	"isitdown/checks/radar"
	"isitdown/checks/route"
	"isitdown/checks/route/ripestat"
)

// agent is how the program presents itself, with whoever runs it where that is set.
func (a *app) agent() string {
	text := "isitdown/" + programVersion()
	if contact := a.config.Sources.Contact; contact != "" {
		text += " (+" + contact + ")"
	}
	return text
}

// programVersion is the version of the main module, "devel" where it has none.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// newSources makes the clients of the services that the settings allow. It asks nobody.
func (a *app) newSources() *sources {
	s := &sources{app: a, ledger: newLedger(a.log)}
	if a.config.Sources.Offline {
		return s
	}
	client := a.http
	if client == nil {
		client = transport()
	}
	if a.config.Sources.RIPEstat {
		s.addRIPEstat(client)
	}
	s.addWitnesses(client)
	return s
}

func (s *sources) addRIPEstat(client *http.Client) {
	c := &s.app.config
	asks := ripestat.New(ripestat.Options{
		BaseURL: c.URLs.RIPEstat, HTTP: client, UserAgent: s.app.agent(), SourceApp: "isitdown",
		Window: c.Route.BaselineWindow.Duration, Budget: c.Sources.RIPEstatRequests,
		Observe: s.ledger.observe, Log: detailed(s.app.log),
	})
	s.resources, s.asName = asks.Resources, asks.ASName
	s.history, s.origin = asks.History, asks.Origin
	s.validity = asks.OriginValidity
	s.elsewhere, s.past = asks.Elsewhere, asks.Past
	s.state = func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
		return asks.State(ctx, f, emit, ripestat.LastDump+1)
	}
	s.budget = func(ctx context.Context) context.Context {
		return ripestat.WithBudget(ctx, c.Sources.RIPEstatRequests)
	}
	s.asked = asks.Requests
}

// addWitnesses adds the services whose claims stand beside an answer.
func (s *sources) addWitnesses(client *http.Client) {
	c := &s.app.config
	if c.Sources.IODA {
		asks := ioda.New(ioda.Options{BaseURL: c.URLs.IODA, HTTP: client, UserAgent: s.app.agent(), Observe: s.ledger.observe, Log: detailed(s.app.log)})
		s.witnesses = append(s.witnesses, witness{
			service: ioda.Service, gap: ioda.Gap,
			ask:   asks.Claims,
			suits: func(t checks.Target, _ time.Time) bool { return ioda.Asks(t) },
		})
	}
	if c.Sources.Globalping {
		asks := globalping.New(globalping.Options{
			BaseURL: c.URLs.Globalping, HTTP: client, UserAgent: s.app.agent(), Token: c.Globalping.Token.reveal(),
			Observe: s.ledger.observe, Log: detailed(s.app.log),
		})
		only := s.app.newElsewhere()
		s.witnesses = append(s.witnesses, witness{
			service: globalping.Service, gap: globalping.Gap, costs: true,
			ask: only.claims(asks.Claims), votes: only.votes(asks.Votes),
			suits: func(t checks.Target, at time.Time) bool { return globalping.Asks(t) && at.IsZero() },
		})
	}
	if c.Radar.Token.set() {
		asks := radar.New(radar.Options{
			BaseURL: c.URLs.Radar, HTTP: client, UserAgent: s.app.agent(), Token: c.Radar.Token.reveal(),
			Observe: s.ledger.observe, Log: detailed(s.app.log),
		})
		s.witnesses = append(s.witnesses, witness{
			service: radar.Service, gap: radar.Gap,
			ask:   asks.Claims,
			suits: func(t checks.Target, _ time.Time) bool { return radar.Asks(t) },
		})
	}
}
