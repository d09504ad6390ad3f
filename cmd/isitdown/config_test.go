package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"isitdown/bot"
	"isitdown/checks/route"
)

const exampleConfig = "../../config.example.toml"

// zones compare by name: a *time.Location has nothing else to show.
var sameZone = cmp.Comparer(func(a, b zone) bool { return a.String() == b.String() })

// The example is what a new operator copies: read strictly, it changes nothing.
func TestExampleIsTheDefaults(t *testing.T) {
	got, err := readConfig(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaultConfig(), got, sameZone, sameSecret); diff != "" {
		t.Errorf("config.example.toml differs from the defaults (-default +example):\n%s", diff)
	}
}

// Every setting stands in the example, so that it needs no other manual.
func TestExampleNamesEverySetting(t *testing.T) {
	text, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	var example map[string]any
	if err := toml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	settings := settingNames(reflect.TypeFor[config](), "")
	if len(settings) < 20 {
		t.Fatalf("got settings %q, want all of them", settings)
	}
	for _, name := range settings {
		if !hasKey(example, strings.Split(name, ".")) {
			t.Errorf("config.example.toml does not name %s", name)
		}
	}
	if hasKey(example, []string{"assess", "no_such_setting"}) {
		t.Error("hasKey finds what is not there")
	}
}

// settingNames lists the leaves of a struct of settings: "assess.max_feed_age".
func settingNames(t reflect.Type, prefix string) []string {
	var names []string
	for f := range t.Fields() {
		tag := f.Tag.Get("toml")
		if tag == "" {
			return append(names, prefix+f.Name+" (which has no toml tag)")
		}
		if strings.HasSuffix(f.Type.Name(), "Config") {
			names = append(names, settingNames(f.Type, prefix+tag+".")...)
			continue
		}
		names = append(names, prefix+tag)
	}
	return names
}

func hasKey(table map[string]any, key []string) bool {
	v, ok := table[key[0]]
	if !ok || len(key) == 1 {
		return ok
	}
	inner, ok := v.(map[string]any)
	return ok && hasKey(inner, key[1:])
}

func TestParseConfig(t *testing.T) {
	got, err := parseConfig([]byte(`
routes = ["rib.bz2", "updates.gz"]
[assess]
min_full_feed_peers = 1
declared_full_feeds = ["AS64500", "AS1.0"]
[route]
route_servers = ["AS64501"]
settle = "1m30s"
full_feed_share = 1
[output]
time_zone = "Asia/Seoul"
`))
	if err != nil {
		t.Fatal(err)
	}
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Routes = []string{"rib.bz2", "updates.gz"}
	want.Assess.MinFullFeedPeers = 1
	want.Assess.DeclaredFullFeeds = []network{{64500}, {65536}}
	want.Route.RouteServers = []network{{64501}}
	want.Route.Settle = duration{90 * time.Second}
	want.Route.FullFeedShare = 1
	want.Output.TimeZone = zone{seoul}
	if diff := cmp.Diff(want, got, sameZone, sameSecret); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseConfigRefuses(t *testing.T) {
	tests := []struct{ name, text, say string }{
		{"misspelt", "[incident]\n\nopne = \"3m\"", "line 3: there is no setting incident.opne"},
		{"no such section", "[slacker]\ntoken = \"x\"", "there is no setting slacker"},
		{"two unknown", "a = 1\nb = 2", "line 1: there is no setting a:"},
		{"no TOML", "routes = [", "line 1:"},
		{"wrong kind", "[output]\nwidth = \"wide\"", "line 2: the value is of the wrong kind"},
		{"no unit", "[route]\nsettle = \"30\"", "write it with its unit"},
		{"a number for a time", "[route]\nsettle = 30", "write it with its unit"},
		{"bare AS number", "[assess]\ndeclared_full_feeds = [\"64500\"]", "did you mean AS64500?"},
		{"a number for a network", "[assess]\ndeclared_full_feeds = [64500]", "did you mean AS64500?"},
		{"no peers", "[assess]\nmin_full_feed_peers = 0", "assess.min_full_feed_peers is 0: write 1 or more"},
		{"no age", "[assess]\nmax_feed_age = \"0s\"", "assess.max_feed_age is 0s"},
		{"stable beyond window", "[route]\nbaseline_stable = \"48h\"", "route.baseline_stable is 48h0m0s and route.baseline_window is 24h0m0s"},
		{"negative", "[route]\nsettle = \"-1s\"", "route.settle is -1s"},
		{"share above 1", "[route]\nsync_share = 95", "route.sync_share is 95"},
		{"share not a number", "[route]\nfull_feed_share = nan", "route.full_feed_share is NaN"},
		{"suspect after open", "[incident]\nsuspect = \"1h\"", "incident.suspect is 1h0m0s and incident.open is 3m0s"},
		{"leave above enter", "[incident]\nunstable_leave = 4000", "incident.unstable_leave is 4000 and incident.unstable_enter is 3000"},
		{"enter above cap", "[incident]\nunstable_enter = 13000", "incident.unstable_enter is 13000 and incident.unstable_cap is 12000"},
		{"endless penalty", "[incident]\nunstable_penalty = inf", "incident.unstable_penalty is +Inf"},
		{"upstream", "[incident]\nupstream_leave = 0.2", "incident.upstream_leave is 0.2 and incident.upstream_enter is 0.1"},
		{"colour", "[output]\ncolour = \"red\"", "one of auto, always, never"},
		{"width", "[output]\nwidth = 0", "output.width is 0"},
		{"zone", "[output]\ntime_zone = \"Pyongyang\"", "is not a time zone"},
		{"no zone", "[output]\ntime_zone = \"\"", "is not a time zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Fatalf("got %v, want an error with %q", err, tt.say)
			}
			if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "main.") {
				t.Errorf("got %q, want one sentence for an operator", err)
			}
		})
	}
}

func TestReadConfigNamesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mine.toml")
	if _, err := readConfig(name); err == nil || !strings.Contains(err.Error(), "mine.toml") {
		t.Errorf("a file that is not there: got %v, want its name", err)
	}
	if err := os.WriteFile(name, []byte("rout = []"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig(name); err == nil || !strings.Contains(err.Error(), "mine.toml: line 1:") {
		t.Errorf("a misspelt setting: got %v, want its file and line", err)
	}
}

// The defaults stand once more in the packages that use them; they are the same.
func TestDefaultsAreThePackages(t *testing.T) {
	c := defaultConfig()
	if diff := cmp.Diff(bot.DefaultPolicy(), c.policy()); diff != "" {
		t.Errorf("incident (-package +configuration):\n%s", diff)
	}
	if diff := cmp.Diff(route.DefaultRules(), c.routeRules()); diff != "" {
		t.Errorf("route (-package +configuration):\n%s", diff)
	}
}
