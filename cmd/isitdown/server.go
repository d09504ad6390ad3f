package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
)

// handle answers a request and counts it. The first subscription sets a rehearsal going.
func (s *server) handle(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
	err := s.bot.Handle(ctx, r, reply)
	result := "answered"
	if err != nil {
		result = "failed"
	}
	s.metrics.requests.WithLabelValues(r.Channel.Platform, result).Inc()
	if s.rehearsal != nil && !(s.scripted() && s.rehearsal.speed.unbounded()) {
		s.beginRehearsal()
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
	if s.watchroom.live == nil {
		decide.Go(func() { s.watchroom.serveTargets(deciding) })
	}
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
	if s.watchroom.live != nil {
		part(in, func() error { return s.watchroom.run(ctx) })
	}
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
		if s.scripted() {
			if !arranges(r.Line) {
				s.beginRehearsal()
			}
			s.settle(ctx)
		}
		return s.handle(ctx, r, reply)
	})
	if err == nil && s.scripted() {
		s.beginRehearsal()
		s.settle(ctx)
	}
	return err
}

// scripted reports whether commands come from a script: everything that was to be
// said is said before the next one, and a rehearsal at full speed begins
// when the script has arranged what the channel is to get.
func (s *server) scripted() bool { return s.terminal != nil && s.terminal.Prompt == "" }

// arranges reports whether a line changes what a channel gets.
func arranges(line string) bool {
	words := strings.Fields(strings.ToLower(line))
	return len(words) > 1 && slices.ContainsFunc(chat.Commands(), func(c chat.Spec) bool {
		return c.Manages && c.Command == words[0] && c.Name == words[1]
	})
}

// beginRehearsal lets a rehearsal begin that somebody has subscribed for.
func (s *server) beginRehearsal() {
	if s.rehearsal != nil && len(s.store.Targets()) > 0 {
		s.rehearsal.begin()
	}
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
		feedAge: s.watchroom.age, outbox: s.outbox.Stats, bot: s.bot.Stats, log: s.app.log,
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
	if err := s.writable.ask(time.Now(), func() error { return s.store.Update(func(*bot.Tx) error { return nil }) }); err != nil {
		store.OK, store.Reason = false, "the database cannot be written: "+err.Error()
	}
	list = append(list, store, s.watchroom.finding())
	if s.watchroom.live != nil && s.watchroom.live.probing.monitor != nil {
		state := s.watchroom.live.probing.monitor.State()
		list = append(list, probesFinding(&state))
	}
	return list
}

// say tells, at the start, what is in use, and what is missing and how to get it.
func (s *server) say() {
	lines := []string{"data: " + s.watchroom.describe(s.rehearsal != nil)}
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
	if seen, err := s.seen(); err == nil && s.rehearsal == nil && s.watchroom.rec != nil && seen.After(s.watchroom.now()) {
		lines = append(lines, "the database has seen "+clock(seen)+" already, later than this data: nothing new will be told")
	}
	if s.rehearsal != nil && stats.Subscriptions == 0 {
		lines = append(lines, `the rehearsal begins with the first subscription, as in "outages subscribe KP"`)
	}
	if s.app.config.Serve.Listen != "" {
		lines = append(lines, "http: "+s.app.config.Serve.Listen+" (/healthz, /readyz, /metrics)")
	}
	if s.watchroom.globe != nil {
		lines = append(lines, "world: "+s.watchroom.globe.describe())
	}
	for _, line := range lines {
		if s.app.config.Serve.LogJSON {
			s.app.log.Info(line)
		} else {
			fmt.Fprintln(s.app.err, "isitdown: "+printable(line))
		}
	}
}
