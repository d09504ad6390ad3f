package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"isitdown/bot"
	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/bot/terminal"
	"isitdown/checks/registry"
	"isitdown/checks/route/archive"
)

// serveCommand is the bot.
type serveCommand struct {
	Routes   []string `placeholder:"FILE ..." help:"MRT files to answer from. The answers are as of their end."`
	Registry []string `placeholder:"FILE ..." help:"RIR delegated statistics, lists of AS names, overrides."`
	Rehearse []string `placeholder:"SCENARIO|FILE ..." help:"Play a recording through the bot, with its own clock and a database of its own: kp-2014, a file that ends in .scenario, or MRT files."`
	Speed    speed    `default:"60" placeholder:"N" help:"How fast a rehearsal goes: 60 is an hour a minute; max."`
	From     string   `placeholder:"TIME" help:"Up to this moment a rehearsal is played at once, and nothing is told."`
	At       string   `placeholder:"TIME" help:"Stop at this moment of the recording, and stay there."`
	DB       string   `name:"db" placeholder:"FILE" help:"The database. Default: isitdown.db in the user's state directory."`
	Listen   string   `placeholder:"ADDRESS" help:"Where /healthz, /readyz and /metrics are served, as in 127.0.0.1:8080."`
	World    bool     `help:"Keep the whole world in memory, as world.on in the settings: some 600 MiB, and 2 MB of traffic a second."`
	LogJSON  bool     `name:"log-json" help:"Log JSON, one object a line."`
}

// server is the bot with everything around it.
type server struct {
	app       *app
	watchroom *watchroom
	rehearsal *rehearsal // nil for none
	store     *bot.Store
	db        string
	outbox    *bot.Outbox
	bot       *bot.Bot
	platforms []*platform
	terminal  *terminal.Terminal // nil where there are platforms
	metrics   *metrics
	writable  probe // of the store
}

func (c *serveCommand) run(ctx context.Context, a *app) (code int, err error) {
	if err := c.settings(a); err != nil {
		return 0, err
	}
	s := &server{app: a}
	remove, err := c.open(s)
	defer remove()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	if err := c.build(ctx, s); err != nil {
		return stopped(ctx, err)
	}
	return stopped(ctx, s.serve(ctx))
}

// stopped takes the end that a signal asked for as the good one that it is.
func stopped(ctx context.Context, err error) (int, error) {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 0, nil
	}
	return 0, err
}

// settings takes over what the command line says.
func (c *serveCommand) settings(a *app) error {
	s := &a.config.Serve
	if c.Listen != "" {
		s.Listen = c.Listen
	}
	s.LogJSON = s.LogJSON || c.LogJSON
	a.config.World.On = a.config.World.On || c.World
	if len(c.Registry) > 0 {
		a.config.Registry = c.Registry
	}
	if err := a.config.validate(); err != nil {
		return &failure{exitUsage, err}
	}
	if len(c.Rehearse) > 0 && len(c.Routes) > 0 {
		return fail(exitUsage, "--rehearse and --routes do not go together: a rehearsal plays its own recording")
	}
	if len(c.Rehearse) == 0 && c.From != "" {
		return fail(exitUsage, "--from is for --rehearse")
	}
	a.log = newLog(a.err, s, !a.talks() && !s.LogJSON)
	if a.patience != nil {
		a.patience.Store(int64(s.Grace.Duration + grace))
	}
	return a.warnOfReaders()
}

// talks reports whether there is a platform to talk on; without one it is the
// terminal.
func (a *app) talks() bool { return a.config.Slack.configured() || a.config.Discord.configured() }

// warnOfReaders says that a file with secrets can be read by others.
func (a *app) warnOfReaders() error {
	if a.configFile == "" {
		return nil
	}
	file, err := readConfig(a.configFile) // without the environment
	if err != nil {
		return &failure{exitUsage, err}
	}
	info, err := os.Stat(a.configFile)
	if err != nil {
		return fail(exitNoInput, "looking at the settings: %w", err)
	}
	if mode := info.Mode().Perm(); len(file.secrets()) > 0 && mode&0o077 != 0 {
		a.log.Warn("the file of settings holds secrets and others can read it: chmod 600", "file", a.configFile, "mode", mode.String())
	}
	return nil
}

// store gives the path of the database.
func (a *app) store(flag string) (string, error) {
	look := a.look
	if look == nil {
		look = func(string) (string, bool) { return "", false }
	}
	set := a.config.Serve.DB
	if flag != "" {
		set = flag
	}
	return storePath(set, look, os.UserHomeDir)
}

// open opens the database; remove takes that of a rehearsal away, and is never nil.
func (c *serveCommand) open(s *server) (remove func(), err error) {
	remove = func() {}
	if len(c.Rehearse) > 0 && c.DB == "" { // the real one is not to learn what did not happen
		dir, err := os.MkdirTemp("", "isitdown-rehearsal-")
		if err != nil {
			return remove, fmt.Errorf("making the database of the rehearsal: %w", err)
		}
		s.db, remove = filepath.Join(dir, "rehearsal.db"), func() { os.RemoveAll(dir) }
	} else if s.db, err = s.app.store(c.DB); err != nil {
		return remove, err
	}
	if err := makeHome(s.db); err != nil {
		return remove, err
	}
	if s.store, err = bot.OpenStore(s.db); err != nil {
		return remove, &failure{exitData, err}
	}
	return remove, nil
}

// build makes the parts and joins them.
func (c *serveCommand) build(ctx context.Context, s *server) error {
	if err := s.app.openVRPs(""); err != nil {
		return err
	}
	src, err := c.source(s.app)
	if err != nil {
		return err
	}
	from, err := parseTime(c.From)
	if err != nil {
		return err
	}
	until, err := parseTime(c.At)
	if err != nil {
		return err
	}
	s.watchroom = s.app.newWatchroom(src)
	if err := s.keepWorld(src); err != nil {
		return err
	}
	switch {
	case src.rec == nil && s.app.config.live():
		if err := s.watchroom.goLive(ctx, s.store); err != nil {
			return err
		}
	case len(c.Rehearse) > 0:
		if seen, err := s.seen(); err != nil {
			return err
		} else if seen.After(src.rec.Start()) && seen.After(from) {
			return fail(exitUsage, "%s has lived through %s, and the recording begins at %s: it would tell nothing of it again; leave --db out, name a new file, or go on from there with --from %s",
				s.db, clock(seen), clock(src.rec.Start()), seen.Add(time.Minute-1).UTC().Truncate(time.Minute).Format("2006-01-02T15:04Z"))
		}
		s.watchroom.caveats = slices.Concat([]string{rehearsalCaveat}, src.caveats)
		if _, err := s.watchroom.begin(ctx, nil); err != nil {
			return err
		}
		s.rehearsal = newRehearsal(s.watchroom, c.Speed, from, until)
	case src.rec != nil:
		if err := s.watchroom.load(ctx, s.store.Targets(), until); err != nil {
			return err
		}
		s.watchroom.caveats = append(slices.Clone(src.caveats), "The data is a recording that ends at "+clock(s.watchroom.now())+"; nothing is known of what came after.")
	}
	return s.join()
}

// keepWorld makes the world where it is to be kept: of a recording, or of the present.
func (s *server) keepWorld(src source) (err error) {
	a := s.app
	switch {
	case !a.config.World.On:
	case src.rec != nil:
		s.watchroom.globe = a.newRecordedGlobe(src.registry, src.rec)
	case a.config.Sources.Offline:
		a.log.Warn("the world is not kept: it comes over the network, and the program is told to ask nobody")
	default:
		s.watchroom.globe, err = a.newGlobe(src.registry, a.worldSnapshot(s.db))
	}
	return err
}

// seen gives the newest time that the database knows of, in the time of the data.
func (s *server) seen() (newest time.Time, err error) {
	err = s.store.View(func(tx *bot.Tx) error {
		lives, err := tx.Lives()
		for _, l := range lives {
			if l.At.After(newest) {
				newest = l.At
			}
		}
		return err
	})
	if err != nil {
		return newest, fmt.Errorf("looking at what the database has seen: %w", err)
	}
	return newest, nil
}

// rehearsalCaveat stands on everything that a rehearsal says.
const rehearsalCaveat = "Rehearsal: recorded data is played back; this is not happening now."

// source opens the recording and the lists.
func (c *serveCommand) source(a *app) (source, error) {
	lists := c.Registry
	if len(c.Rehearse) > 0 {
		r := replayCommand{Recording: c.Rehearse, dataFlags: dataFlags{Registry: lists}}
		scenario, err := r.scenario()
		switch {
		case err != nil:
			return source{}, err
		case scenario != nil:
			return r.played(scenario)
		}
		return r.files(a)
	}
	routes := c.Routes
	if len(routes) == 0 {
		routes = a.config.Routes
	}
	var s source
	var err error
	if len(routes) > 0 {
		if s.rec, err = archive.Open(routes); err != nil {
			return s, inputFailure(err)
		}
	}
	if s.rec == nil && a.config.live() {
		s.registry, err = a.knownLists(lists)
		return s, err
	}
	s.registry, err = a.loadRegistry(lists)
	return s, err
}

// join makes the bot, its platforms and its outbox.
func (s *server) join() error {
	a := s.app
	config := bot.Config{
		Store: s.store, Policy: a.config.policy(), Settle: a.config.Route.Settle.Duration, Logger: a.log,
		Resolve: registry.Parse, Assess: s.watchroom.answer, May: s.watchroom.may, Follow: s.watchroom.follow, Within: s.watchroom.within,
		Finish: s.watchroom.finish, Name: s.watchroom.title, Targets: s.watchroom.suggest, Now: s.watchroom.now,
		AdminsOnly: a.config.Slack.AdminsOnly, Limits: a.config.Limits.limits(),
	}
	config.World, config.WorldVerdict, config.NoWorld = s.watchroom.globe.forBot(&a.config)
	if !a.talks() {
		config.Limits.PerMinute = math.MaxInt // a script at the terminal keeps nobody waiting
	}
	var err error
	if s.bot, err = bot.New(config); err != nil {
		return fmt.Errorf("making the bot: %w", err)
	}
	if s.rehearsal != nil {
		s.rehearsal.step = s.bot.Step
	}
	if s.platforms, err = a.platforms(answerer{s.handle, s.bot.Complete, s.bot.Event}, s.store); err != nil {
		return err
	}
	settings := a.config.Outbox.settings()
	settings.Grace, settings.Draw = 2*s.quarter(), chart.PNG
	settings.Parked = func(bot.Delivery) { s.metrics.parked.Inc() } // the outbox itself says which
	senders := map[string]chat.Send{}
	for _, p := range s.platforms {
		senders[p.name] = p.send
	}
	if len(s.platforms) == 0 {
		s.terminal = a.prompt()
		senders[terminal.Platform] = s.terminal.Send
		settings.Channel = bot.SendRate{PerSecond: 1000, Burst: 1000} // nobody is to be spared
		settings.Tenant = settings.Channel
	}
	s.outbox = bot.NewOutbox(s.store, senders, settings, a.log)
	s.metrics = newMetrics(s.figures())
	if s.app.vrps != nil {
		s.metrics.registry.MustRegister(&vrpsPulse{s.app.vrps})
	}
	if s.watchroom.live != nil {
		s.metrics.registry.MustRegister(&sourcesPulse{s.watchroom.live})
		if p := s.watchroom.live.probing; p.asker != nil {
			s.metrics.registry.MustRegister(&probesPulse{p.monitor.State, p.asker.Counts})
		}
	}
	if s.watchroom.globe != nil {
		s.metrics.watchGlobe(s.watchroom.globe)
	}
	s.watchroom.assessed = func(d time.Duration) { s.metrics.assess.Observe(d.Seconds()) }
	return nil
}

// prompt is the terminal as a place to talk.
func (a *app) prompt() *terminal.Terminal {
	t := a.terminal()
	t.Log = a.log
	if a.inTerminal && a.outColumns > 0 {
		t.Prompt = "isitdown> "
	}
	return t
}
