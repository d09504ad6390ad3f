package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/bot/terminal"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// replayCommand plays recorded data through the whole pipeline.
type replayCommand struct {
	Recording []string `arg:"" optional:"" help:"A scenario (kp-2014, or a file that ends in .scenario), or MRT files."`
	Watch     []string `placeholder:"TARGET" help:"What to watch. Default: what the scenario says."`
	At        string   `placeholder:"TIME" help:"Stop at this moment, as in 2014-12-22T17:00Z."`
	From      string   `placeholder:"TIME" help:"With --collector: where to begin. Default: a baseline window before the end, which is --at, or now."`
	dataFlags
}

func (c *replayCommand) run(ctx context.Context, a *app) (int, error) {
	until, err := parseTime(c.At)
	if err != nil {
		return 0, err
	}
	if err := a.openVRPs(c.RPKI); err != nil {
		return 0, err
	}
	d, err := c.desk(ctx, a, until)
	if err != nil {
		return 0, err
	}
	if start := d.rec.Start(); !until.IsZero() && until.Before(start) {
		return 0, fail(exitData, "no routing data for %s: the recording begins at %s", clock(until), clock(start))
	}
	if err := d.survey(ctx); err != nil {
		return 0, err
	}
	r := newReplay(d, c.JSON)
	if err := d.play(ctx, "replaying", until, r.update); err != nil {
		return 0, err
	}
	return exitUp, r.end()
}

// source is what a replay is made from.
type source struct {
	registry *registry.Registry
	rec      *archive.Recording
	watch    []string
	caveats  []string
}

// load opens what is to be replayed and finds out what to watch.
func (c *replayCommand) load(a *app) (*desk, error) {
	scenario, err := c.scenario()
	if err != nil {
		return nil, err
	}
	from := c.files
	if scenario != nil {
		from = func(*app) (source, error) { return c.played(scenario) }
	}
	src, err := from(a)
	if err != nil {
		return nil, err
	}
	if len(c.Watch) > 0 {
		src.watch = c.Watch
	}
	if len(src.watch) == 0 {
		return nil, fail(exitUsage, "nothing to watch: name a target with --watch, for example --watch KP")
	}
	list, err := targets(src.watch)
	if err != nil {
		return nil, err
	}
	d, err := a.newDesk(src.registry, src.rec, list)
	if err != nil {
		return nil, err
	}
	d.caveats = src.caveats
	return d, nil
}

// files gives the source that MRT files are.
func (c *replayCommand) files(a *app) (s source, err error) {
	if s.rec, err = archive.Open(slices.Concat(c.Recording, c.Routes)); err != nil {
		return s, inputFailure(err)
	}
	s.registry, err = a.loadRegistry(c.Registry)
	return s, err
}

// replay turns a recording into changes.
type replay struct {
	desk    *desk
	json    *json.Encoder // nil: notices for people
	watches []*bot.Watch
	covers  []coverLog // one a watch
	spells  [][]spell  // one list a watch: when it was unstable
	ticks   ticks
	// told gets what there is to tell instead of the terminal, ticked the time of
	// every step; nil for neither.
	told   func(bot.Change) error
	ticked func(now time.Time)
}

func newReplay(d *desk, asJSON bool) *replay {
	r := &replay{desk: d, covers: make([]coverLog, len(d.watches)), spells: make([][]spell, len(d.watches))}
	r.ticks.step = r.step
	if asJSON {
		r.json = json.NewEncoder(d.app.out)
	}
	for i, w := range d.watches {
		r.watches = append(r.watches, &bot.Watch{
			Assess: func(now time.Time) checks.Verdict {
				v := d.assess(w, now)
				r.covers[i].note(&v)
				return v
			},
			Revision: w.Revision,
			Freeze: func(hold bool, now time.Time) {
				if hold {
					w.Freeze(now)
				} else {
					w.Thaw(now)
				}
			},
			Policy: d.app.config.policy(),
			Settle: d.app.config.Route.Settle.Duration,
		})
	}
	return r
}

// update takes in one update, after everything that was due before it.
func (r *replay) update(u *route.Update) error {
	if err := r.ticks.before(u); err != nil {
		return err
	}
	r.desk.rib.Apply(u)
	return nil
}

func (r *replay) step(now time.Time) error {
	if r.ticked != nil {
		defer r.ticked(now)
	}
	for i, w := range r.watches {
		for _, change := range w.Step(now) {
			r.spells[i] = noteSpell(r.spells[i], change.Incident)
			if err := r.tell(change); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *replay) tell(c bot.Change) error {
	if r.told != nil {
		return r.told(c)
	}
	n := r.desk.finish(c.Notice())
	if n.Quiet && r.json == nil { // an edit of a message that a terminal has shown already
		return nil
	}
	r.desk.progress.clear()
	if r.json != nil {
		return r.json.Encode(chat.ChangeJSON(n))
	}
	return r.desk.app.terminal().Show(n)
}

// end says how things stand where the recording ends, and how they came to it.
func (r *replay) end() error {
	now := r.desk.rib.Newest()
	if now.IsZero() {
		return fail(exitData, "the recording holds no routing data")
	}
	if err := r.step(now); err != nil {
		return err
	}
	for i, w := range r.watches {
		life := w.Life()
		n := r.desk.finish(chat.Notice{Kind: chat.Answer, Verdict: w.Assess(now)})
		moments := timeline(life.Timeline, r.covers[i].moments, r.desk.watches[i].Episodes(), r.spells[i])
		if err := r.endOf(&life, moments, n); err != nil {
			return err
		}
	}
	return nil
}

// endOf says how things stand with one target.
func (r *replay) endOf(life *bot.Life, moments []chat.Moment, n chat.Notice) error {
	open := []string{}
	for _, i := range life.Open() {
		open = append(open, i.ID)
	}
	if r.json != nil {
		return r.json.Encode(chat.EndJSON(n, moments, life.Dropped, open))
	}
	t := r.desk.app.terminal()
	if err := t.Timeline(moments, life.Dropped); err != nil {
		return err
	}
	text := "The replay ends at " + clock(n.Verdict.At)
	if len(open) > 0 {
		text += ", with " + strings.Join(open, " and ") + " still open"
	}
	if _, err := fmt.Fprintf(t.W, "%s:\n\n", text); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return t.Show(n)
}

// terminal is where notices for people go.
func (a *app) terminal() *terminal.Terminal {
	t := &terminal.Terminal{W: a.out, Width: a.config.Output.Width}
	if a.outColumns > 0 {
		t.Width = min(t.Width, a.outColumns)
	}
	switch a.config.Output.Colour {
	case "always":
		t.Colour = true
	case "auto":
		t.Colour = a.outColumns > 0 && !a.noColour
	}
	return t
}
