package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
)

// diagnoseSources asks each source of the network for something small.
func (a *app) diagnoseSources(ctx context.Context) []diagnosis {
	c := &a.config.Sources
	if c.Offline {
		return []diagnosis{{note, "sources", "offline: nobody is asked over the network (sources.offline, --offline, ISITDOWN_OFFLINE)"}}
	}
	ctx, stop := context.WithTimeout(ctx, c.Wait.Duration)
	defer stop()
	a.log = slog.New(slog.DiscardHandler) // what is found is what is printed
	s := a.newSources()
	var list []diagnosis
	if c.Contact == "" {
		list = append(list, diagnosis{note, "sources", "sources.contact is empty: with a mail address or a page in it the services can write to you instead of blocking you"})
	}
	list = append(list, s.diagnoseRIPEstat(ctx), a.diagnoseRISLive(ctx, s))
	list = append(list, s.diagnoseWitnesses(ctx)...)
	return append(list, a.diagnoseTokens()...)
}

func (s *sources) diagnoseRIPEstat(ctx context.Context) diagnosis {
	const name = "ripestat"
	if s.asName == nil {
		return diagnosis{note, name, "switched off: no past moments, and no history for what is newly followed"}
	}
	began := time.Now()
	if _, err := s.asName(ctx, ripeNCC); err != nil {
		return diagnosis{problem, name, gapOf(err, "", "RIPEstat", "lookups do not work").Reason}
	}
	return diagnosis{fine, name, fmt.Sprintf("answers within %s; one answer may make %d requests", time.Since(began).Round(time.Millisecond), s.app.config.Sources.RIPEstatRequests)}
}

// ripeNCC is the network of the RIPE NCC itself, whose name every lookup can find.
const ripeNCC = checks.ASN(3333)

// diagnoseRISLive connects to the stream and leaves it again.
func (a *app) diagnoseRISLive(ctx context.Context, s *sources) diagnosis {
	const name = "ris live"
	r := a.risLive(s, false)
	if r == nil {
		if !a.config.Sources.RIPEstat {
			return diagnosis{note, name, "switched off, as is RIPEstat: own routers alone say how it is now"}
		}
		return diagnosis{note, name, "switched off: targets are looked up every few minutes instead"}
	}
	ctx, stop := context.WithTimeout(ctx, doctorTimeout)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- r.client.Run(ctx, until(ctx, ignore)) }()
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	state := r.state()
	for !state.up && state.detail == "" && ctx.Err() == nil {
		select {
		case <-every.C:
		case <-ctx.Done():
		}
		state = r.state()
	}
	stop()
	if err := <-ended; err != nil {
		return diagnosis{problem, name, err.Error()}
	}
	if !state.up {
		if state.detail == "" {
			state.detail = "it does not answer"
		}
		return diagnosis{problem, name, "cannot be reached (" + state.detail + "): see that this machine may open WebSockets to " + a.config.URLs.RISLive}
	}
	return diagnosis{fine, name, "connects"}
}

func (s *sources) diagnoseWitnesses(ctx context.Context) (list []diagnosis) {
	country := checks.Country("NL") // which every service knows
	f := &checks.Footprint{Target: country, Name: nameOf(country)}
	for _, w := range s.witnesses {
		if w.costs || !w.suits(country, time.Time{}) {
			list = append(list, diagnosis{fine, w.name(), "not asked now, since every measurement counts against its limit; questions ask it"})
			continue
		}
		if _, err := w.ask(ctx, f, time.Time{}); err != nil {
			list = append(list, diagnosis{note, w.name(), w.gap(err).Reason + " (answers go without it)"})
			continue
		}
		list = append(list, diagnosis{fine, w.name(), "answers"})
	}
	return list
}

// diagnoseTokens says which keys are set; none is needed.
func (a *app) diagnoseTokens() (list []diagnosis) {
	if !a.config.Globalping.Token.set() && a.config.Sources.Globalping {
		list = append(list, diagnosis{note, "globalping", "no token: the limit of an address without an account holds (ISITDOWN_GLOBALPING_TOKEN)"})
	}
	if !a.config.Radar.Token.set() {
		list = append(list, diagnosis{note, "radar", "no token, so Cloudflare Radar is not asked (ISITDOWN_RADAR_TOKEN; for non-commercial use)"})
	}
	return list
}

// diagnoseLists says how old the lists in the cache are.
func (a *app) diagnoseLists() diagnosis {
	const name = "registry"
	dir, err := a.listsDir()
	if err != nil {
		return diagnosis{problem, name, err.Error()}
	}
	files, err := registry.Kept(dir)
	if err != nil {
		return diagnosis{problem, name, err.Error()}
	}
	if len(files) == 0 {
		return diagnosis{note, name, "no lists in " + dir + " yet: " + a.withoutLists()}
	}
	oldest := time.Now()
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.ModTime().Before(oldest) {
			oldest = info.ModTime()
		}
	}
	old := time.Since(oldest)
	if old > registry.StaleAfter {
		return diagnosis{note, name, fmt.Sprintf("%s in %s, the oldest kept for %s: answers name its date", counted(len(files), "list"), dir, age(old))}
	}
	return diagnosis{fine, name, fmt.Sprintf("%s in %s, the oldest kept for %s", counted(len(files), "list"), dir, age(old))}
}

// withoutLists says what is done while there are no lists.
func (a *app) withoutLists() string {
	c := &a.config.Sources
	switch {
	case c.RegistryRefresh && c.RIPEstat:
		return "serve downloads them, check asks RIPEstat"
	case c.RegistryRefresh:
		return "serve downloads them, check does not know countries"
	case c.RIPEstat:
		return "RIPEstat is asked instead"
	}
	return "countries are not known (docs/registry.md)"
}

// diagnoseRouters says what is waited for, and where. Whether it has come is known to
// the bot that runs.
func (a *app) diagnoseRouters() (list []diagnosis) {
	if a.config.Sources.Offline && len(a.config.Routers) > 0 {
		return []diagnosis{{note, "routers", "offline: own routers are not listened to either"}}
	}
	for _, r := range a.config.Routers {
		text := fmt.Sprintf("%s: calls %s", r.Kind, r.Address)
		if r.Listen != "" {
			text = fmt.Sprintf("%s: waits on %s for %s", r.Kind, r.Listen, r.Address)
		}
		if !r.Full {
			text += "; not vouched for, so it takes ten full feeds besides to call anything down (full = true)"
		}
		list = append(list, diagnosis{fine, r.Name, text})
	}
	return list
}
