package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"isitdown/checks"
	"isitdown/checks/route/archive"
)

// The settings of what is asked and listened to over the network. What each means
// stands in config.example.toml, and docs/sources.md says what each source gives.

type sourcesConfig struct {
	Offline          bool     `toml:"offline"`
	Contact          string   `toml:"contact"`
	Cache            string   `toml:"cache"`
	CacheSize        int      `toml:"cache_mib"`
	Collectors       []string `toml:"collectors"`
	Wait             duration `toml:"wait"`
	RIPEstat         bool     `toml:"ripestat"`
	RIPEstatRequests int      `toml:"ripestat_requests"`
	RISLive          string   `toml:"ris_live"`
	IODA             bool     `toml:"ioda"`
	Globalping       bool     `toml:"globalping"`
	RegistryRefresh  bool     `toml:"registry_refresh"`
	RegistryEvery    duration `toml:"registry_every"`
}

// urlsConfig says where the services are, for mirrors and tests.
type urlsConfig struct {
	RIPEstat   string `toml:"ripestat"`
	RISLive    string `toml:"ris_live"`
	IODA       string `toml:"ioda"`
	Globalping string `toml:"globalping"`
	Radar      string `toml:"radar"`
	Registries string `toml:"registries"`
	RISArchive string `toml:"ris_archive"`
	RouteViews string `toml:"routeviews"`
}

type globalpingConfig struct {
	Token secret `toml:"token"`
}

type radarConfig struct {
	Token secret `toml:"token"`
}

// routerConfig is one router of the operator's own.
type routerConfig struct {
	Name        string  `toml:"name"`
	Kind        string  `toml:"kind"`
	Listen      string  `toml:"listen"`
	Address     string  `toml:"address"`
	AS          network `toml:"as"`
	LocalAS     network `toml:"local_as"`
	RouterID    string  `toml:"router_id"`
	View        string  `toml:"view"`
	Instance    string  `toml:"instance"`
	Password    secret  `toml:"password"`
	TTLSecurity bool    `toml:"ttl_security"`
	Full        bool    `toml:"full"`
}

// The ways in which RIS Live is listened to.
const (
	risTargets = "targets"
	risAll     = "all"
	risOff     = "off"
)

// The ways in which a router tells what it knows.
const (
	kindBMP = "bmp"
	kindBGP = "bgp"
)

// https://stat.ripe.net/docs/, https://ris-live.ripe.net/, https://api.ioda.inetintel.cc.gatech.edu/v2/,
// https://globalping.io/docs/api.globalping.io and https://developers.cloudflare.com/api/.
func defaultURLs() urlsConfig {
	return urlsConfig{
		RIPEstat:   "https://stat.ripe.net",
		RISLive:    "wss://ris-live.ripe.net/v1/ws/",
		IODA:       "https://api.ioda.inetintel.cc.gatech.edu/v2",
		Globalping: "https://api.globalping.io",
		Radar:      "https://api.cloudflare.com/client/v4",
		RISArchive: archive.RISArchive,
		RouteViews: archive.RouteViewsArchive,
	}
}

func defaultSources() sourcesConfig {
	return sourcesConfig{
		CacheSize: 20 << 10, Collectors: []string{},
		Wait:     duration{20 * time.Second},
		RIPEstat: true, RIPEstatRequests: 60, RISLive: risTargets,
		IODA: true, Globalping: true,
		RegistryRefresh: true, RegistryEvery: duration{24 * time.Hour},
	}
}

// asks reports whether any source of routes is to be asked over the network, of
// which nobody has to be the owner.
func (c *sourcesConfig) asks() bool { return !c.Offline && (c.RIPEstat || c.RISLive != risOff) }

// live reports whether anything is known of the present: there is a live source of routes,
// or hosts may be probed.
func (c *config) live() bool {
	return c.Sources.asks() || len(c.Routers) > 0 && !c.Sources.Offline || c.probes()
}

// cacheDir is where what was downloaded is kept: as set, or in the user's cache directory.
// https://specifications.freedesktop.org/basedir-spec/
func (a *app) cacheDir() (string, error) {
	if dir := a.config.Sources.Cache; dir != "" {
		return dir, nil
	}
	if a.look != nil {
		if dir, ok := a.look("XDG_CACHE_HOME"); ok && filepath.IsAbs(dir) {
			return filepath.Join(dir, "isitdown"), nil
		}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no directory to keep downloads in: name one as sources.cache (%w)", err)
	}
	return filepath.Join(dir, "isitdown"), nil
}

// place gives what a router's address setting allows: an address is a prefix of one.
func (c *routerConfig) place() (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(c.Address); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(c.Address)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a prefix", c.Address)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// vouched gives the collectors that the operator vouches for: his own routers that send
// everything they have.
func (c *config) vouched() (names []string) {
	for _, r := range c.Routers {
		if r.Full {
			names = append(names, r.Name)
		}
	}
	return names
}

// declared gives the networks that the operator vouches for.
func (c *assessConfig) declared() []checks.ASN { return numbersOf(c.DeclaredFullFeeds) }

func numbersOf(networks []network) (list []checks.ASN) {
	for _, n := range networks {
		list = append(list, n.ASN)
	}
	return list
}
