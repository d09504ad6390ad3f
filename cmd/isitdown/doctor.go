package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
	"isitdown/checks/route/archive"
)

// doctorCommand looks whether everything is in place. It changes nothing.
type doctorCommand struct {
	DB string `name:"db" placeholder:"FILE" help:"The database. Default: as in the settings."`
}

// mark says how a line of the doctor's is meant.
type mark string

// The marks. Only a problem makes the exit code another.
const (
	fine    mark = "ok"
	note    mark = "note"
	problem mark = "PROBLEM"
)

// diagnosis is one line: how it is, and what to do.
type diagnosis struct {
	mark       mark
	what, text string
}

// doctorTimeout bounds each question to a platform.
const doctorTimeout = 10 * time.Second

func (c *doctorCommand) run(ctx context.Context, a *app) (int, error) {
	db, err := a.store(c.DB)
	if err != nil {
		return 0, err
	}
	var read clocks
	a.http = read.overhear(cmp.Or(a.http, transport()))
	problems := 0
	for _, look := range []func(context.Context) []diagnosis{
		func(context.Context) []diagnosis { return a.diagnoseSettings() },
		a.diagnoseSlack, a.diagnoseDiscord,
		func(ctx context.Context) []diagnosis { return diagnoseStore(ctx, db) },
		func(context.Context) []diagnosis { return append(a.diagnoseData(), a.diagnoseVRPs()) },
		a.diagnoseSources, a.diagnoseProbes,
		func(context.Context) []diagnosis { return a.diagnoseWorld(db) },
		func(context.Context) []diagnosis { return a.diagnoseRouters() },
		func(context.Context) []diagnosis { return []diagnosis{read.diagnose(time.Now())} },
	} {
		for _, d := range look(ctx) {
			if d.mark == problem {
				problems++
			}
			if _, err := fmt.Fprintf(a.out, "%-8s %-10s %s\n", d.mark, d.what, printable(d.text)); err != nil {
				return 0, fmt.Errorf("writing what was found: %w", err)
			}
		}
	}
	if problems > 0 {
		return 0, fail(exitUsage, "%s", counted(problems, "problem"))
	}
	return 0, nil
}

func (a *app) diagnoseSettings() []diagnosis {
	if a.configFile == "" {
		return []diagnosis{{fine, "settings", "none given, so the defaults (config.example.toml) and the environment"}}
	}
	list := []diagnosis{{fine, "settings", a.configFile}}
	info, err := os.Stat(a.configFile)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		file, err := readConfig(a.configFile)
		if err == nil && len(file.secrets()) > 0 {
			list = append(list, diagnosis{problem, "settings", "it holds secrets and others can read it: chmod 600 " + a.configFile})
		}
	}
	return list
}

// nobody answers nothing: a doctor takes no commands.
func nobody() answerer {
	return answerer{
		handle: func(context.Context, chat.Request, func(chat.Reply) error) error { return nil },
		event:  func(context.Context, chat.Event) error { return nil },
	}
}

func (a *app) diagnoseSlack(ctx context.Context) []diagnosis {
	c := &a.config.Slack
	if !c.configured() {
		return []diagnosis{{note, "slack", "not set up: make an app from `isitdown manifest slack`, and set ISITDOWN_SLACK_BOT_TOKEN and ISITDOWN_SLACK_APP_TOKEN"}}
	}
	p, err := a.slack(nobody(), nil)
	if err != nil {
		return []diagnosis{{problem, "slack", err.Error()}}
	}
	p.close(ctx)
	if !c.BotToken.set() {
		return []diagnosis{{fine, "slack", "workspaces install the app at " + c.PublicURL + slack.PathInstall}}
	}
	client, err := slack.New(a.slackOptions(nobody()))
	if err != nil {
		return []diagnosis{{problem, "slack", err.Error()}}
	}
	ctx, stop := context.WithTimeout(ctx, doctorTimeout)
	defer stop()
	who, err := client.Check(ctx)
	if err != nil {
		return []diagnosis{{problem, "slack", said(err) + ": is slack.bot_token the Bot User OAuth Token of an app that is installed?"}}
	}
	return []diagnosis{{fine, "slack", "the bot token is that of " + who}}
}

func (a *app) diagnoseDiscord(ctx context.Context) []diagnosis {
	if !a.config.Discord.configured() {
		return []diagnosis{{note, "discord", "not set up: make an application and its bot, and set ISITDOWN_DISCORD_TOKEN"}}
	}
	client, err := discord.New(a.discordOptions(nobody()))
	if err != nil {
		return []diagnosis{{problem, "discord", err.Error()}}
	}
	ctx, stop := context.WithTimeout(ctx, doctorTimeout)
	defer stop()
	who, err := client.Check(ctx)
	if err != nil {
		return []diagnosis{{problem, "discord", said(err) + ": is discord.token the token of the application's bot?"}}
	}
	invite := fmt.Sprintf("https://discord.com/oauth2/authorize?client_id=%s&scope=bot+applications.commands&permissions=%d", who.Application, discord.Permissions())
	return []diagnosis{{fine, "discord", "the token is that of " + who.Name + "; invite it with " + invite}}
}

// said takes what a platform says to a person, or else its error.
func said(err error) string {
	if r, ok := errors.AsType[*chat.Refusal](err); ok && r.Say != "" {
		return r.Say
	}
	return err.Error()
}

func diagnoseStore(ctx context.Context, db string) []diagnosis {
	info, err := os.Stat(db)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []diagnosis{diagnoseHome(filepath.Dir(db), db)}
	case err != nil:
		return []diagnosis{{problem, "database", err.Error()}}
	case running(ctx, db):
		return []diagnosis{{fine, "database", db + " is in use by the bot, which runs"}}
	}
	list := []diagnosis{}
	if info.Mode().Perm()&0o077 != 0 {
		list = append(list, diagnosis{problem, "database", "others can read it, and it may hold tokens: chmod 600 " + db})
	}
	s, err := bot.OpenStore(db)
	if err != nil {
		return append(list, diagnosis{problem, "database", err.Error()})
	}
	size, err := s.Size()
	if err = errors.Join(err, s.Close()); err != nil {
		return append(list, diagnosis{problem, "database", err.Error()})
	}
	if size.ParkedOnes > 0 {
		list = append(list, diagnosis{problem, "database", counted(size.ParkedOnes, "message") + " put aside and not delivered: the bot's log says why"})
	}
	return append(list, diagnosis{fine, "database", fmt.Sprintf("%s: %s, %s, %s waiting, %d KiB", db,
		counted(size.Subscriptions, "subscription"), counted(size.Incidents, "incident"), counted(size.Queued, "message"), size.File>>10)})
}

// diagnoseHome says whether a database can be made.
func diagnoseHome(dir, db string) diagnosis {
	for { // the nearest directory that is there
		if info, err := os.Stat(dir); err == nil {
			if !info.IsDir() {
				return diagnosis{problem, "database", dir + " is no directory: name another file with --db"}
			}
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	probe, err := os.CreateTemp(dir, ".isitdown-doctor-*")
	if err != nil {
		return diagnosis{problem, "database", "there is none yet, and none can be made in " + dir + ": name another file with --db"}
	}
	probe.Close()
	os.Remove(probe.Name())
	return diagnosis{fine, "database", "none yet; serve will make " + db}
}

// running reports whether a bot answers on the socket of a database.
func running(ctx context.Context, db string) bool {
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://isitdown/alive", nil)
	if err != nil {
		return false
	}
	reply, err := adminClient(db).Do(r)
	if err != nil {
		return false
	}
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

func (a *app) diagnoseData() []diagnosis {
	var list []diagnosis
	switch {
	case len(a.config.Routes) == 0 && a.config.live():
		return []diagnosis{{fine, "routes", "live; no recording in the settings"}, a.diagnoseLists()}
	case len(a.config.Routes) == 0:
		list = append(list, diagnosis{note, "routes", "no recording in the settings: give serve one with --routes, or every answer is unknown"})
	default:
		rec, err := archive.Open(a.config.Routes)
		if err != nil {
			list = append(list, diagnosis{problem, "routes", err.Error()})
			break
		}
		list = append(list, diagnosis{fine, "routes", counted(len(rec.Names()), "file") + " from " + clock(rec.Start()) + " on"})
	}
	reg, err := a.loadRegistry(nil)
	if err != nil {
		return append(list, diagnosis{problem, "registry", err.Error()})
	}
	lists := reg.Lists()
	if len(lists) == 0 {
		return append(list, diagnosis{note, "registry", "no lists in the settings, so countries are not known (docs/registry.md)"})
	}
	for _, p := range reg.Problems() {
		list = append(list, diagnosis{problem, "registry", p.Reason})
	}
	return append(list, diagnosis{fine, "registry", counted(len(lists), "list")})
}
