package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"isitdown/checks/reach"
)

// Exit codes: 0 to 3 are an answer; from 64 on there is none (sysexits.h).
const (
	exitUp       = 0
	exitDegraded = 1
	exitDown     = 2
	exitUnknown  = 3

	exitUsage       = 64 // the command line or the configuration
	exitData        = 65 // a file is not what it should be, or holds nothing for the time asked about
	exitNoInput     = 66 // a file is not there
	exitSoftware    = 70
	exitInterrupted = 130
)

// failure is an error that ends the program with a certain code.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(code int, format string, args ...any) error {
	return &failure{code, fmt.Errorf(format, args...)}
}

// console is where the program reads and writes, and what it is told by. Columns are
// zero where it is no terminal.
type console struct {
	in                     io.Reader
	inTerminal             bool
	out, err               io.Writer
	outColumns, errColumns int
	noColour               bool
	look                   func(variable string) (string, bool) // of the environment; nil for none
	// patience takes how long the program may take to end once it is told to. nil
	// for nobody who would ask.
	patience *atomic.Int64
}

// columns gives the width of a terminal, zero for anything else.
func columns(f interface{ Fd() uintptr }) int {
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// app is what every command works with.
type app struct {
	console
	configFile string // "" for none
	config     config
	log        *slog.Logger
	http       *http.Client // nil for one of its own
	slackAPI   string       // "" for Slack's
	ask        reach.Ask    // nil for the network
	way        way          // what is found besides where ask is set
	routers    routers      // nil for those of the settings
	vrps       *vrps        // nil for none
}

// client gives what calls of platforms are made with.
func (a *app) client() *http.Client {
	if a.http != nil {
		return a.http
	}
	return &http.Client{Timeout: callTimeout}
}

// commands is the whole command line.
type commands struct {
	Config  string `placeholder:"FILE" help:"Settings to use; config.example.toml names them all."`
	Offline bool   `help:"Ask nobody over the network, and listen to nothing. ISITDOWN_OFFLINE=1 does the same."`

	Serve     serveCommand     `cmd:"" default:"withargs" help:"Be the bot, in Slack, Discord or on this terminal. What is done without a command."`
	Check     checkCommand     `cmd:"" help:"Answer once: is this country, network, prefix, address, host or URL announced and answering?"`
	Replay    replayCommand    `cmd:"" help:"Play recorded routing data through the whole pipeline, notices and all."`
	Upstreams upstreamsCommand `cmd:"" help:"Say who carries the routes of a country, network, prefix or address, and whose loss would take the most of them away."`
	MRT       mrtCommand       `cmd:"" name:"mrt" help:"Write what MRT files hold: the lines of bgpdump -m, or JSON."`
	World     worldCommand     `cmd:"" help:"Say what is down now, everywhere: a live table of all countries and large networks."`
	Preview   previewCommand   `cmd:"" help:"Write every message in every state, to look at: text, JSON, HTML, pictures."`
	Manifest  manifestCommand  `cmd:"" help:"Write what Slack or Discord has to know of the bot."`
	Doctor    doctorCommand    `cmd:"" help:"Look whether everything is in place, and say what to do where it is not."`
	Backup    backupCommand    `cmd:"" help:"Copy the database, also while the bot runs."`
	Version   versionCommand   `cmd:"" help:"Say which version this is."`
	Help      struct{}         `cmd:"" help:"Say what a command does: isitdown help COMMAND."`
}

// dataFlags are the flags of commands that read recorded data.
type dataFlags struct {
	Routes    []string `placeholder:"FILE ..." help:"MRT files: table dumps and updates, plain, gzip, bzip2 or zstd. COLLECTOR=FILE names the collector."`
	Collector []string `placeholder:"NAME" help:"Fetch the recordings of a public collector, as in rrc00 or route-views2: gigabytes, kept for the next time. May be given again."`
	Registry  []string `placeholder:"FILE ..." help:"RIR delegated statistics, lists of AS names, overrides."`
	RPKI      string   `name:"rpki" placeholder:"FILE" help:"VRPs in the JSON of rpki-client or routinator, of the time asked about (docs/rpki.md)."`
	JSON      bool     `name:"json" help:"Print JSON, one object a line (docs/json.md)."`
}

const description = `isitdown says whether a country, network, prefix or host is announced and answering: since when, how much of it, who carried its routes, how strong the evidence is, and what cannot be known.

Exit codes: 0 up, 1 degraded, 2 down, 3 unknown; 64 wrong usage, 65 unusable data, 66 no such file, 70 a fault of the program, 130 interrupted.`

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, c console) int {
	code, err := dispatch(ctx, args, &c)
	if err == nil {
		return code
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err, "isitdown: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(c.err, "isitdown: "+printable(err.Error()))
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	return exitSoftware
}

// printable takes out of an error what would steer a terminal: names of files and
// arguments are other people's words. Line breaks are kept, an error may be a list.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

func dispatch(ctx context.Context, args []string, c *console) (int, error) {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	var cmd commands
	helped := false
	parser, err := kong.New(&cmd,
		kong.Name("isitdown"), kong.Description(description), kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
	)
	if err != nil {
		return 0, fmt.Errorf("building the command line: %w", err)
	}
	parsed, err := parser.Parse(spreadFiles(args))
	if helped {
		return 0, nil
	}
	if err != nil {
		return 0, fail(exitUsage, "%s; see isitdown --help", usageText(err, args))
	}
	a, err := newApp(c, cmd.Config, cmd.Offline)
	if err != nil {
		return 0, err
	}
	switch strings.Fields(parsed.Command())[0] {
	case "check":
		return cmd.Check.run(ctx, a)
	case "replay":
		return cmd.Replay.run(ctx, a)
	case "upstreams":
		return cmd.Upstreams.run(ctx, a)
	case "mrt":
		return cmd.MRT.run(ctx, a)
	case "world":
		return cmd.World.run(ctx, a)
	case "preview":
		return 0, cmd.Preview.run(ctx, a)
	case "manifest":
		return cmd.Manifest.run(a)
	case "doctor":
		return cmd.Doctor.run(ctx, a)
	case "backup":
		return cmd.Backup.run(ctx, a)
	case "version":
		return 0, cmd.Version.run(a)
	default:
		return cmd.Serve.run(ctx, a)
	}
}

// newApp reads the settings, and what the environment adds to them: secrets, and
// whether the network is used. From then on no secret can be written to standard error.
func newApp(c *console, file string, offline bool) (a *app, err error) {
	a = &app{configFile: file, config: defaultConfig()}
	if file != "" {
		if a.config, err = readConfig(file); err != nil {
			return nil, &failure{exitUsage, err}
		}
	}
	if c.look != nil {
		if err := a.config.fromEnvironment(c.look, os.ReadFile); err != nil {
			return nil, &failure{exitUsage, err}
		}
		if err := a.config.validate(); err != nil {
			return nil, &failure{exitUsage, err}
		}
		if text, ok := c.look("ISITDOWN_OFFLINE"); ok {
			offline = offline || text != "" && text != "0"
		}
	}
	a.config.Sources.Offline = a.config.Sources.Offline || offline
	c.err = redact(c.err, a.config.secrets())
	a.console = *c
	a.log = newLog(c.err, &a.config.Serve, false)
	return a, nil
}

// usageText words what the parser of the command line found.
func usageText(err error, args []string) string {
	text := strings.TrimSuffix(err.Error(), ".")
	flag, _, isFlag := strings.Cut(text, ": ")
	switch {
	case strings.HasPrefix(text, `unexpected argument`):
		return text + `: give a command, as in "isitdown check KP"`
	case strings.HasPrefix(text, `expected "<target>`) && slices.Contains(args, "upstreams"):
		return `name a target, as in "isitdown upstreams KP"`
	case strings.HasPrefix(text, `expected "<target>`):
		return `name a target, as in "isitdown check KP --routes FILE"`
	case strings.HasPrefix(text, `expected "<file>`) && slices.Contains(args, "mrt"):
		return `name MRT files, or - for standard input, as in "isitdown mrt FILE"`
	case isFlag && strings.HasPrefix(flag, "--") && (strings.Contains(text, "EOL") || strings.Contains(text, "missing value")):
		return flag + " needs a value"
	}
	return text
}

// spreadFiles lets --routes, --registry and --rehearse take all the files that follow, as a
// shell's wildcard gives them: each gets the flag put in front of it.
func spreadFiles(args []string) []string {
	out := make([]string, 0, len(args))
	flag, first := "", false
	for i, arg := range args {
		switch {
		case arg == "--":
			return append(out, args[i:]...)
		case strings.HasPrefix(arg, "-"):
			name, _, given := strings.Cut(arg, "=")
			flag, first = "", !given
			if name == "--routes" || name == "--registry" || name == "--rehearse" {
				flag = name
			}
		case flag != "" && !first && looksLikeFile(arg):
			out = append(out, flag)
		case flag != "" && !first:
			flag = ""
		default:
			first = false
		}
		out = append(out, arg)
	}
	return out
}

// looksLikeFile tells the next file of a list from a target behind it.
func looksLikeFile(arg string) bool {
	if _, err := os.Stat(arg); err == nil {
		return true
	}
	switch filepath.Ext(arg) {
	case ".gz", ".bz2", ".zst", ".mrt", ".txt", ".json", scenarioSuffix:
		return true
	}
	return false
}
