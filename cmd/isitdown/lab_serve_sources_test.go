package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chattest"
	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/route/rislivetest"
)

// The sections of settings that a scenario puts together.
const (
	// noSources turns off all but own routers.
	noSources = "[sources]\nripestat = false\nris_live = \"off\"\nioda = false\nglobalping = false\nregistry_refresh = false\n"
	noProbes  = "[probe]\nenabled = false\n"
)

// probes are the settings under which hosts of the lab are probed, and what has to answer
// before any of them is called silent.
func probes() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[probe]\nevery = \"1m\"\ntimeout = \"500ms\"\nname_servers = false\nallow = [%s]\ncontrols = [%s]\n", quoted(lab.Allowed(), netip.Prefix.String), quoted(lab.Controls(), controlText))
	for _, h := range lab.Hosts("KP") {
		fmt.Fprintf(&b, "[[host]]\ntarget = \"KP\"\nhost = \"%v\"\n", h)
	}
	return b.String()
}

// bgpRouters are the settings of a BGP session with each vantage point.
func bgpRouters(i *lab.Internet) string {
	var b strings.Builder
	for _, r := range []struct {
		name string
		as   checks.ASN
	}{{"left", lab.Left}, {"right", lab.Right}} {
		fmt.Fprintf(&b, "[[router]]\nname = %q\nkind = \"bgp\"\naddress = \"%v\"\nas = \"%v\"\nlocal_as = \"%v\"\nfull = true\n",
			r.name, i.VantageAddr(r.as), r.as, lab.Collectors)
	}
	return b.String()
}

// risSources are RIS Live and RIPEstat, as of what a collector hears in the lab.
func risSources(t *testing.T, i *lab.Internet) (settings string, collector *lab.Feed) {
	t.Helper()
	live := &rislivetest.Server{Collectors: []string{"rrc00"}}
	stream := live.Start(t)
	collector = i.Stream(live, "rrc00")
	var routes []standRoute
	for _, p := range lab.HomePrefixes() {
		routes = append(routes, standRoute{prefix: p.String(), path: []int{int(lab.Carrier), int(lab.Home)}})
	}
	stat := newRIPEStand(time.Now, routes...)
	stat.sessions = nil
	for _, as := range []checks.ASN{lab.Left, lab.Right} {
		stat.sessions = append(stat.sessions, standSession{0, i.VantageAddr(as).String(), int(as)})
	}
	stat.held = func(p *standSession, prefix string) bool {
		if !slices.Contains(lab.HomePrefixes(), netip.MustParsePrefix(prefix)) {
			return true // what is always there is not in the lab
		}
		_, ok := collector.Path(checks.ASN(p.as), netip.MustParsePrefix(prefix))
		return ok
	}
	return fmt.Sprintf("[sources]\nripestat = true\nris_live = \"targets\"\nioda = false\nglobalping = false\nregistry_refresh = false\n[urls]\nripestat = %q\nris_live = %q\n",
		serveStand(t, &lateGlass{ripeStand: stat, live: live}), stream), collector
}

// lateGlass is a RIPEstat whose looking glass is behind the stream, so that what it shows is
// what the stream goes on from: else the next look would be due in a quarter of a minute.
type lateGlass struct {
	*ripeStand
	live *rislivetest.Server

	mu    sync.Mutex
	asked time.Time // when the stream was first asked for something
}

// ServeHTTP is for http.Handler.
func (g *lateGlass) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for strings.Contains(r.URL.Path, "/looking-glass/") && !g.ahead() && r.Context().Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	g.ripeStand.ServeHTTP(w, r)
}

// ahead reports whether the stream has been asked for something for a while: times here
// are of whole seconds.
func (g *lateGlass) ahead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked.IsZero() && slices.ContainsFunc(g.live.Sessions(), func(s *rislivetest.Session) bool { return len(s.Subscriptions()) > 0 }) {
		g.asked = time.Now()
	}
	return !g.asked.IsZero() && time.Since(g.asked) > 2*time.Second
}

// settings are those of a bot that this Slack reaches over HTTP.
func (p *slackStand) settings() string {
	return fmt.Sprintf("[serve]\nlisten = %q\n[slack]\nmode = \"http\"\nbot_token = %q\nsigning_secret = %q\n", p.address, chattest.SlackBotToken, p.secret)
}

// host is where its Web API is.
func (p *slackStand) host() string {
	host, _, _ := strings.Cut(strings.TrimPrefix(p.api.URL, "http://"), "/")
	return host
}

// discordApp are the settings of a bot on a Discord.
func discordApp(d *chattest.Discord) string {
	return fmt.Sprintf("[discord]\ntoken = %q\napplication_id = %q\n", d.Token, d.Bot)
}

// byService sends what is for a service to its stand-in; everything else goes where its
// address says, which is in the sandbox or nowhere.
type byService map[string]http.RoundTripper // by host

// RoundTrip is for http.Client.
func (b byService) RoundTrip(r *http.Request) (*http.Response, error) {
	if to := b[r.URL.Host]; to != nil {
		return to.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}
