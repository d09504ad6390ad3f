package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"isitdown/bot"
	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route/archive"
)

// scene is a scenario that was played through the whole pipeline, with all that there
// was to tell in its course.
type scene struct {
	told []telling
	// end is how things stood at the end, asked how they stood at the moments asked
	// about, in their order.
	end   chat.Notice
	asked []chat.Notice
}

// telling is a notice, with what was remembered when it was told.
type telling struct {
	notice chat.Notice
	change bot.Change
	life   bot.Life
}

// playScene plays a scenario about one target. Name is what the target is
// called where no list knows it.
func (a *app) playScene(ctx context.Context, s *archive.Scenario, target checks.Target, name string, ask ...time.Time) (*scene, error) {
	var c replayCommand
	src, err := c.played(s)
	if err != nil {
		return nil, err
	}
	d, err := a.newDesk(src.registry, src.rec, []checks.Target{target})
	if err != nil {
		return nil, err
	}
	d.caveats = src.caveats
	r := newReplay(d, false)
	w := r.watches[0]
	finish := func(n chat.Notice) chat.Notice {
		if n.Verdict.Name == "" {
			n.Verdict.Name = name
		}
		return d.finish(n)
	}
	var sc scene
	r.told = func(c bot.Change) error {
		sc.told = append(sc.told, telling{finish(c.Notice()), c, w.Life()})
		return nil
	}
	r.ticked = func(now time.Time) {
		for len(ask) > 0 && !now.Before(ask[0]) {
			sc.asked, ask = append(sc.asked, finish(chat.Notice{Verdict: w.Assess(now)})), ask[1:]
		}
	}
	if err := d.play(ctx, "playing "+s.Name, time.Time{}, r.update); err != nil {
		return nil, err
	}
	sc.end = finish(chat.Notice{Verdict: w.Assess(d.rib.Newest())})
	if len(ask) > 0 {
		return nil, fmt.Errorf("%s ends before %s", s.Name, clock(ask[0]))
	}
	return &sc, nil
}

// find gives the nth telling of an incident that is of the kind, counted from 0.
func (s *scene) find(id string, kind chat.Kind, quiet bool, nth int) (telling, error) {
	for _, t := range s.told {
		n := &t.notice
		if strings.HasPrefix(n.Incident.ID, id) && n.Kind == kind && n.Quiet == quiet {
			if nth == 0 {
				return t, nil
			}
			nth--
		}
	}
	return telling{}, fmt.Errorf("the scenario tells nothing of %s that is %s (as an edit: %t)", id, kind, quiet)
}

// chart gives the picture that goes with the telling.
func (t *telling) chart() *chart.Data { return bot.Chart(t.life, t.change.Incident, t.notice) }
