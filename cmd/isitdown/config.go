package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"isitdown/checks"
)

// config is what an operator may set, section by section as it stands in
// config.example.toml, which says what each setting means. Whatever is left out
// keeps its default.
type config struct {
	Routes    []string `toml:"routes"`
	Registry  []string `toml:"registry"`
	ASNames   string   `toml:"asnames"`
	Overrides string   `toml:"overrides"`

	Routers []routerConfig `toml:"router"`
	Hosts   []hostConfig   `toml:"host"`

	Assess   assessConfig   `toml:"assess"`
	Route    routeConfig    `toml:"route"`
	RPKI     rpkiConfig     `toml:"rpki"`
	Incident incidentConfig `toml:"incident"`
	Output   outputConfig   `toml:"output"`

	Sources    sourcesConfig    `toml:"sources"`
	Globalping globalpingConfig `toml:"globalping"`
	Radar      radarConfig      `toml:"radar"`
	Probe      probeConfig      `toml:"probe"`
	World      worldConfig      `toml:"world"`
	URLs       urlsConfig       `toml:"urls"`

	Serve     serveConfig     `toml:"serve"`
	Slack     slackConfig     `toml:"slack"`
	Discord   discordConfig   `toml:"discord"`
	Outbox    outboxConfig    `toml:"outbox"`
	Retention retentionConfig `toml:"retention"`
	Limits    limitsConfig    `toml:"limits"`
}

type assessConfig struct {
	MinFullFeedPeers  int       `toml:"min_full_feed_peers"`
	DeclaredFullFeeds []network `toml:"declared_full_feeds"`
	MaxFeedAge        duration  `toml:"max_feed_age"`
}

type routeConfig struct {
	Settle         duration `toml:"settle"`
	BaselineWindow duration `toml:"baseline_window"`
	BaselineStable duration `toml:"baseline_stable"`
	FullFeedShare  float64  `toml:"full_feed_share"`
	StaleAfter     duration `toml:"stale_after"`
	SyncAfter      duration `toml:"sync_after"`
	SyncShare      float64  `toml:"sync_share"`
	FullPaths      string   `toml:"full_paths"`

	RouteServers []network `toml:"route_servers"`
}

// Of whose whole tables the whole paths are kept while they are followed.
const (
	pathsRouters = "routers"
	pathsAll     = "all"
	pathsOff     = "off"
)

type incidentConfig struct {
	Suspect          duration `toml:"suspect"`
	Open             duration `toml:"open"`
	Recover          duration `toml:"recover"`
	Resolve          duration `toml:"resolve"`
	Reopen           duration `toml:"reopen"`
	MinCollectors    int      `toml:"min_collectors"`
	UnstablePenalty  float64  `toml:"unstable_penalty"`
	UnstableHalfLife duration `toml:"unstable_half_life"`
	UnstableCap      float64  `toml:"unstable_cap"`
	UnstableEnter    float64  `toml:"unstable_enter"`
	UnstableLeave    float64  `toml:"unstable_leave"`
	UpdateBurst      int      `toml:"update_burst"`
	UpdateSettle     duration `toml:"update_settle"`
	EditEvery        duration `toml:"edit_every"`
	UpstreamEnter    float64  `toml:"upstream_enter"`
	UpstreamLeave    float64  `toml:"upstream_leave"`
}

type outputConfig struct {
	Colour   string `toml:"colour"`
	Width    int    `toml:"width"`
	TimeZone zone   `toml:"time_zone"`
}

// defaultConfig gives the settings that stand without a file.
func defaultConfig() config {
	return config{
		Routes:   []string{},
		Registry: []string{},
		Routers:  []routerConfig{},
		Hosts:    []hostConfig{},
		Assess: assessConfig{
			MinFullFeedPeers:  10,
			DeclaredFullFeeds: []network{},
			MaxFeedAge:        duration{15 * time.Minute},
		},
		Route: routeConfig{
			Settle:         duration{30 * time.Second},
			BaselineWindow: duration{24 * time.Hour},
			BaselineStable: duration{time.Hour},
			FullFeedShare:  0.75,
			FullPaths:      pathsRouters,

			RouteServers: []network{},
			StaleAfter:   duration{time.Hour},
			SyncAfter:    duration{10 * time.Minute},
			SyncShare:    0.95,
		},
		RPKI: defaultRPKI(),
		Incident: incidentConfig{
			Suspect:          duration{time.Minute},
			Open:             duration{3 * time.Minute},
			Recover:          duration{5 * time.Minute},
			Resolve:          duration{15 * time.Minute},
			Reopen:           duration{time.Hour},
			MinCollectors:    2,
			UnstablePenalty:  1000,
			UnstableHalfLife: duration{15 * time.Minute},
			UnstableCap:      12000,
			UnstableEnter:    3000,
			UnstableLeave:    750,
			UpdateBurst:      2,
			UpdateSettle:     duration{30 * time.Minute},
			EditEvery:        duration{time.Hour},
			UpstreamEnter:    0.10,
			UpstreamLeave:    0.05,
		},
		Output: outputConfig{Colour: "auto", Width: 80, TimeZone: zone{time.UTC}},

		Sources: defaultSources(),
		Probe:   defaultProbe(),
		World:   defaultWorld(),
		URLs:    defaultURLs(),

		Serve:     defaultServe(),
		Slack:     slackConfig{Mode: modeSocket},
		Discord:   discordConfig{Mode: modeGateway},
		Outbox:    defaultOutbox(),
		Retention: defaultRetention(),
		Limits:    defaultLimits(),
	}
}

// maxConfig bounds the configuration, in bytes; one with every setting has 10 KiB.
const maxConfig = 1 << 20

// readConfig reads the settings in the file called name over the defaults.
func readConfig(name string) (config, error) {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return config{}, fmt.Errorf("there is no file %s: give the path of a copy of config.example.toml", name)
	case err != nil:
		return config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	switch {
	case err != nil:
		return config{}, fmt.Errorf("reading the configuration: %w", err)
	case len(text) > maxConfig:
		return config{}, fmt.Errorf("%s is longer than %d KiB and no configuration: config.example.toml shows one", name, maxConfig>>10)
	}
	c, err := parseConfig(text)
	if err != nil {
		return config{}, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// parseConfig reads TOML over the defaults. The error is one sentence that says
// where and what to change.
func parseConfig(text []byte) (config, error) {
	c := defaultConfig()
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return config{}, configError(err)
	}
	if err := c.validate(); err != nil {
		return config{}, err
	}
	return c, nil
}

// configError words what the TOML decoder found. Of several settings that do
// not exist it names the first.
func configError(err error) error {
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(missing.Errors) > 0 {
		line, _ := missing.Errors[0].Position()
		return fmt.Errorf("line %d: there is no setting %s: config.example.toml names them all",
			line, strings.Join(missing.Errors[0].Key(), "."))
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := wrong.Position()
		text := strings.TrimPrefix(wrong.Error(), "toml: ")
		if strings.Contains(text, "cannot decode") { // the rest names our types
			text = "the value is of the wrong kind: config.example.toml shows how it is written"
		}
		return fmt.Errorf("line %d: %s", line, text)
	}
	return err
}

// duration is a length of time, written with its unit. It is a struct, and so is
// network, because the decoder would put a bare number into anything simpler.
type duration struct{ time.Duration }

// UnmarshalText reads "90s", "15m", "24h" and the like.
func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a length of time: write it with its unit, as in \"15m\"", text)
	}
	d.Duration = v
	return nil
}

// network is an AS number, written "AS64500".
type network struct{ checks.ASN }

// UnmarshalText reads what [checks.ParseASN] does.
func (n *network) UnmarshalText(text []byte) error {
	a, err := checks.ParseASN(string(text))
	n.ASN = a
	return err
}

// zone is a time zone, written as the IANA database names it.
type zone struct{ *time.Location }

// UnmarshalText reads "UTC", "Asia/Seoul" and the like.
func (z *zone) UnmarshalText(text []byte) error {
	l, err := time.LoadLocation(string(text))
	if err != nil || len(text) == 0 {
		return fmt.Errorf("%q is not a time zone: write it as the IANA database does, as in \"Asia/Seoul\"", text)
	}
	z.Location = l
	return nil
}
