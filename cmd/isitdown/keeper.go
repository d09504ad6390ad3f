package main

import (
	"time"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// keepEvery is how often, in the recording's time, a keeper looks: an outage must
// be seen before its paths have stood for long, and to the second does not matter.
const keepEvery = time.Minute

// keeper holds the baselines of watches while a recording is played for them, as the
// bot would have done had it followed them from the start: during an outage
// nothing of it may enter what is normal. A target that comes and goes for days
// would otherwise be out of its own baseline.
type keeper struct {
	ticks ticks
	kept  []*bot.Watch
}

// keep makes the keeper of watches on one table.
func (a *app) keep(reg *registry.Registry, rec *archive.Recording, rib *route.RIB, watches []*route.Watch) *keeper {
	k := &keeper{ticks: ticks{every: keepEvery}}
	for _, watch := range watches {
		k.kept = append(k.kept, &bot.Watch{
			Assess: func(now time.Time) checks.Verdict {
				c := checks.Case{Footprint: watch.Target(), Now: now, Rules: a.config.assessRules()}
				c.Baseline, c.Vantage, c.Observations = watch.Observe(now)
				return a.verdict(c, reg, rec.Gaps(), refused(rib), unprobed(probesOfRecording))
			},
			Revision: watch.Revision,
			Freeze:   func(on bool, now time.Time) { hold{on, now}.apply(watch) },
			Policy:   a.config.policy(),
			Settle:   a.config.Route.Settle.Duration,
		})
	}
	k.ticks.step = func(now time.Time) error {
		for _, w := range k.kept {
			w.Step(now)
		}
		return nil
	}
	return k
}

// lives gives the lives of the targets so far, in the order of the watches.
func (k *keeper) lives() []bot.Life {
	list := make([]bot.Life, len(k.kept))
	for i, w := range k.kept {
		list[i] = w.Life()
	}
	return list
}
