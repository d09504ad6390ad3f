package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	LogJSON  bool     `name:"log-json" help:"Log JSON, one object a line."`
}

// server is the bot with everything around it.
type server struct {
	app       *app
	world     *world
	rehearsal *rehearsal // nil for none
	store     *bot.Store
	db        string
	outbox    *bot.Outbox
	bot       *bot.Bot
	platforms []*platform
	terminal  *terminal.Terminal // nil where there are platforms
	metrics   *metrics
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
	s.world = s.app.newWorld(src)
	switch {
	case len(c.Rehearse) > 0:
		s.world.caveats = slices.Concat([]string{rehearsalCaveat}, src.caveats)
		if _, err := s.world.begin(ctx, nil); err != nil {
			return err
		}
		s.rehearsal = newRehearsal(s.world, c.Speed, from, until)
	case src.rec != nil:
		if err := s.world.load(ctx, s.store.Targets(), until); err != nil {
			return err
		}
		s.world.caveats = append(slices.Clone(src.caveats), "The data is a recording that ends at "+clock(s.world.now())+"; nothing is known of what came after.")
	}
	return s.join()
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
	s.registry, err = a.loadRegistry(lists)
	return s, err
}

// join makes the bot, its platforms and its outbox.
func (s *server) join() error {
	a := s.app
	config := bot.Config{
		Store: s.store, Policy: a.config.policy(), Settle: a.config.Route.Settle.Duration, Logger: a.log,
		Resolve: registry.Parse, Assess: s.world.answer, Follow: s.world.follow, Within: s.world.within,
		Finish: s.world.finish, Name: s.world.title, Targets: s.world.suggest, Now: s.world.now,
		AdminsOnly: a.config.Slack.AdminsOnly, Limits: a.config.Limits.limits(),
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
	s.world.assessed = func(d time.Duration) { s.metrics.assess.Observe(d.Seconds()) }
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

// handle answers a request and counts it. The first subscription sets a rehearsal going.
func (s *server) handle(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
	err := s.bot.Handle(ctx, r, reply)
	result := "answered"
	if err != nil {
		result = "failed"
	}
	s.metrics.requests.WithLabelValues(r.Channel.Platform, result).Inc()
	if s.rehearsal != nil && len(s.store.Targets()) > 0 {
		s.rehearsal.begin()
	}
	return err
}

// serve runs everything until the context ends or, at a terminal, until there is
// nothing more to read. What takes in ends first, then what decides, then what sends.
func (s *server) serve(ctx context.Context) error {
	l, err := s.listen()
	if err != nil {
		return err
	}
	s.say()
	incoming, noMore := context.WithCancel(ctx)
	defer noMore()
	deciding, decided := context.WithCancel(context.WithoutCancel(ctx))
	defer decided()
	sending, sent := context.WithCancel(context.WithoutCancel(ctx))
	defer sent()

	failed := make(chan error, 8)
	var in, decide, send sync.WaitGroup
	part := func(group *sync.WaitGroup, f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				failed <- err
				noMore()
			}
		})
	}
	part(&send, func() error { return s.outbox.Run(sending) })
	part(&decide, func() error { return s.decide(deciding) })
	decide.Go(func() { s.world.serveTargets(deciding) })
	decide.Go(func() { s.retain(deciding) })
	s.takeIn(incoming, l, noMore, part, &in)

	<-incoming.Done()
	in.Wait()
	s.closePlatforms(ctx)
	decided()
	decide.Wait()
	sent()
	send.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return ctx.Err()
	}
}

// takeIn starts whatever requests come from.
func (s *server) takeIn(ctx context.Context, l listeners, noMore func(), part func(*sync.WaitGroup, func() error), in *sync.WaitGroup) {
	a := s.app
	for _, p := range s.platforms {
		in.Go(func() { p.keep(ctx, a.log) })
	}
	if l.public != nil {
		part(in, func() error {
			return serveHTTP(ctx, l.public, s.routes(), s.quarter(), a.log)
		})
	}
	if l.admin != nil {
		part(in, func() error {
			return serveHTTP(ctx, l.admin, adminHandler(s.store, a.log), s.quarter(), a.log)
		})
	}
	if s.terminal != nil {
		part(in, func() error {
			defer noMore()
			return s.talk(ctx)
		})
	}
}

// talk answers at the terminal until there is nothing more to read.
func (s *server) talk(ctx context.Context) error {
	err := s.terminal.Run(ctx, s.app.in, func(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
		s.settle(ctx)
		return s.handle(ctx, r, reply)
	})
	if err == nil && s.terminal.Prompt == "" {
		s.settle(ctx)
	}
	return err
}

// settle waits, for a script, until a rehearsal that was begun has been played at
// full speed, and everything was said.
func (s *server) settle(ctx context.Context) {
	if s.rehearsal != nil && s.rehearsal.speed.unbounded() && closed(s.rehearsal.begun) {
		select {
		case <-s.rehearsal.ended:
		case <-ctx.Done():
			return
		}
	}
	if s.terminal.Prompt != "" {
		return
	}
	for ctx.Err() == nil {
		stats, err := s.outbox.Stats()
		if err != nil || stats.Depth == 0 {
			return
		}
		time.Sleep(settleEvery)
	}
}

// settleEvery is how often a script looks whether everything was said.
const settleEvery = 5 * time.Millisecond

// decide has the bot look at what it follows.
func (s *server) decide(ctx context.Context) error {
	if s.rehearsal != nil {
		if len(s.store.Targets()) > 0 {
			s.rehearsal.begin()
		}
		if err := s.rehearsal.run(ctx); err != nil {
			return err
		}
	}
	return s.bot.Run(ctx)
}

// retainEvery is how often old entries are looked for.
const retainEvery = 6 * time.Hour

// retain keeps the database from growing.
func (s *server) retain(ctx context.Context) {
	every := time.NewTicker(retainEvery)
	defer every.Stop()
	for {
		removed, err := s.store.Retain(time.Now(), s.app.config.Retention.retention())
		if err != nil {
			s.app.log.Error("removing what is old from the database", "err", err)
		} else {
			s.app.log.Debug("removed what is old from the database", "removed", removed)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// closePlatforms lets requests in hand end.
func (s *server) closePlatforms(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), s.quarter())
	defer stop()
	var wg sync.WaitGroup
	for _, p := range s.platforms {
		wg.Go(func() {
			if err := p.close(ctx); err != nil {
				s.app.log.Warn("ending a platform", "platform", p.name, "err", err)
			}
		})
	}
	wg.Wait()
}

// quarter is the part of the grace that each of two ends may take, HTTP and then the
// requests in hand; what is being sent has the other half.
func (s *server) quarter() time.Duration { return s.app.config.Serve.Grace.Duration / 4 }

// listeners are where the program is reached.
type listeners struct{ public, admin net.Listener }

func (s *server) listen() (l listeners, err error) {
	if address := s.app.config.Serve.Listen; address != "" {
		if l.public, err = net.Listen("tcp", address); err != nil {
			return l, fail(exitUsage, "listening on %s (serve.listen): %w", address, err)
		}
	}
	if l.admin, err = listenAdmin(s.db); err != nil {
		s.app.log.Warn("isitdown backup will only work while the bot does not run", "err", err)
	}
	return l, nil
}

// routes is everything that is served over HTTP.
func (s *server) routes() http.Handler {
	mux := healthHandler(s.findings)
	mux.Handle("GET /metrics", s.metrics.handler())
	for _, p := range s.platforms {
		for path, h := range p.routes {
			mux.Handle(path, h)
		}
	}
	return mux
}

// figures is what the metrics are made from.
func (s *server) figures() figures {
	return figures{
		feedAge: s.world.age, outbox: s.outbox.Stats, bot: s.bot.Stats, log: s.app.log,
		storeBytes: func() (int64, error) {
			info, err := os.Stat(s.db)
			if err != nil {
				return 0, fmt.Errorf("measuring the database: %w", err)
			}
			return info.Size(), nil
		},
		connected: func() map[string]bool {
			up := map[string]bool{}
			for _, p := range s.platforms {
				up[p.name] = p.finding().OK
			}
			return up
		},
	}
}

// findings says whether the bot can do its work.
func (s *server) findings() []finding {
	var list []finding
	for _, p := range s.platforms {
		list = append(list, p.finding())
	}
	store := finding{Name: "store", OK: true}
	if err := s.store.Update(func(*bot.Tx) error { return nil }); err != nil {
		store.OK, store.Reason = false, "the database cannot be written: "+err.Error()
	}
	return append(list, store, s.world.finding())
}

// say tells, at the start, what is in use, and what is missing and how to get it.
func (s *server) say() {
	lines := []string{"data: " + s.world.describe()}
	names := []string{}
	for _, p := range s.platforms {
		names = append(names, p.name)
	}
	if s.terminal != nil {
		names = append(names, "this terminal (for Slack set ISITDOWN_SLACK_BOT_TOKEN and ISITDOWN_SLACK_APP_TOKEN, for Discord ISITDOWN_DISCORD_TOKEN; docs/operating.md)")
	}
	stats := s.bot.Stats()
	lines = append(lines,
		"talks on: "+strings.Join(names, ", "),
		fmt.Sprintf("database: %s, %s", s.db, counted(stats.Subscriptions, "subscription")))
	if s.rehearsal != nil && stats.Subscriptions == 0 {
		lines = append(lines, `the rehearsal begins with the first subscription, as in "outages subscribe KP"`)
	}
	if s.app.config.Serve.Listen != "" {
		lines = append(lines, "http: "+s.app.config.Serve.Listen+" (/healthz, /readyz, /metrics)")
	}
	for _, line := range lines {
		if s.app.config.Serve.LogJSON {
			s.app.log.Info(line)
		} else {
			fmt.Fprintln(s.app.err, "isitdown: "+printable(line))
		}
	}
}
