package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"isitdown/checks/route/archive"
	"isitdown/checks/route/bmp"
)

func (c *sourcesConfig) validate() error {
	errs := []error{
		positive("sources.wait", c.Wait),
		atLeastOne("sources.cache_mib", c.CacheSize),
		atLeastOne("sources.ripestat_requests", c.RIPEstatRequests),
		oneOf("sources.ris_live", c.RISLive, []string{risTargets, risAll, risOff}),
		positive("sources.registry_every", c.RegistryEvery),
	}
	for _, name := range c.Collectors {
		if err := archive.Known(name); err != nil {
			errs = append(errs, fmt.Errorf("sources.collectors: %w", err))
		}
	}
	if strings.ContainsFunc(c.Contact, notHeader) || len(c.Contact) > 200 {
		errs = append(errs, errors.New("sources.contact holds what no HTTP header can: write a mail address or the address of a page"))
	}
	return errors.Join(errs...)
}

// notHeader refuses what would break a line of HTTP, and brackets, which end a comment
// in a User-Agent (RFC 9110, section 10.1.5).
func notHeader(r rune) bool { return r < ' ' || r > '~' || r == '(' || r == ')' }

// isCollector lets through what collectors are called, and nothing that steers a path.
func isCollector(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" && !strings.Contains(name, "..")
}

func (c *urlsConfig) validate() error {
	return errors.Join(
		serviceURL("urls.ripestat", c.RIPEstat, "https", "http"),
		serviceURL("urls.ris_live", c.RISLive, "wss", "ws"),
		serviceURL("urls.ioda", c.IODA, "https", "http"),
		serviceURL("urls.globalping", c.Globalping, "https", "http"),
		serviceURL("urls.radar", c.Radar, "https", "http"),
		optionalURL("urls.registries", c.Registries),
		serviceURL("urls.ris_archive", c.RISArchive, "https", "http"),
		serviceURL("urls.routeviews", c.RouteViews, "https", "http"),
	)
}

func optionalURL(name, v string) error {
	if v == "" {
		return nil
	}
	return serviceURL(name, v, "https", "http")
}

// serviceURL refuses what no service is reached at. The second scheme, which hides
// nothing, is for this machine alone.
func serviceURL(name, v, scheme, local string) error {
	u, err := url.Parse(v)
	switch {
	case strings.Contains(v, "@"): // which is not to be repeated
		return fmt.Errorf("%s has a name or a password in it: write the address without", name)
	case err != nil || u.Host == "" || u.Scheme != scheme && u.Scheme != local:
		return fmt.Errorf("%s is %q: write an address that begins with %s://", name, v, scheme)
	case u.Scheme == local && !isLoopback(u.Hostname()):
		return fmt.Errorf("%s is %q: write %s://, anything else is for this machine alone", name, v, scheme)
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// validateRouters says what is wrong with the routers, each by its name.
func validateRouters(list []routerConfig) error {
	var errs []error
	names, places := map[string]bool{}, map[string]string{}
	for i, r := range list {
		where := fmt.Sprintf("router %d", i+1)
		if r.Name != "" {
			where = "router " + r.Name
		}
		if names[r.Name] {
			errs = append(errs, fmt.Errorf("%s: there are two of that name", where))
		}
		names[r.Name] = true
		place := strings.Join([]string{r.Kind, r.Listen, r.Address}, " ")
		if other := places[place]; other != "" && other != r.Name && r.Address != "" {
			errs = append(errs, fmt.Errorf("%s: router %s has the same address: which of them it is could not be told", where, other))
		}
		places[place] = r.Name
		errs = append(errs, r.validate(where))
	}
	return errors.Join(errs...)
}

func (c *routerConfig) validate(where string) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf(where+": "+format, args...)
	}
	var errs []error
	if !isCollector(c.Name) || strings.HasPrefix(c.Name, "rrc") || strings.HasPrefix(c.Name, "route-views") {
		errs = append(errs, bad("name is %q: write small letters, digits, dots and dashes, and not what RIS and RouteViews call their collectors", c.Name))
	}
	if !slices.Contains([]string{kindBMP, kindBGP}, c.Kind) {
		errs = append(errs, bad("kind is %q: write bmp or bgp", c.Kind))
	}
	if _, err := c.place(); err != nil {
		errs = append(errs, bad("address %w: write from where the router comes, as in \"192.0.2.1\"", err))
	}
	if c.Listen == "" && c.Kind == kindBMP {
		errs = append(errs, bad("listen is empty: write where its BMP comes to, as in \":11019\""))
	}
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			errs = append(errs, bad("listen is %q: write an address and a port, as in \":179\"", c.Listen))
		}
	}
	switch c.Kind {
	case kindBMP:
		_, view := bmp.ParseView(c.View)
		_, instance := bmp.ParseInstance(c.Instance)
		for _, err := range []error{view, instance} {
			if err != nil {
				errs = append(errs, bad("%w", err))
			}
		}
	case kindBGP:
		errs = append(errs, c.validateBGP(bad))
	}
	return errors.Join(errs...)
}

// longestPassword is what Linux takes (TCP_MD5SIG_MAXKEYLEN), in bytes.
const longestPassword = 80

func (c *routerConfig) validateBGP(bad func(string, ...any) error) error {
	var errs []error
	if c.LocalAS.ASN == 0 {
		errs = append(errs, bad("local_as is missing: write the AS number that this program has towards it, as in \"AS64500\""))
	}
	if c.View != "" || c.Instance != "" {
		errs = append(errs, bad("view and instance are for routers of kind bmp: leave them out"))
	}
	if c.AS.ASN == 0 {
		errs = append(errs, bad("as is missing: write its AS number, as in \"AS64500\""))
	}
	if n := len(c.Password.reveal()); n > longestPassword {
		errs = append(errs, bad("password is %d bytes long: TCP MD5 takes %d at most", n, longestPassword))
	}
	if id, err := netip.ParseAddr(c.RouterID); c.RouterID != "" && (err != nil || !id.Is4()) {
		errs = append(errs, bad("router_id is %q: write it as in \"192.0.2.9\"", c.RouterID))
	}
	if p, err := c.place(); err == nil && c.Listen == "" && !p.IsSingleIP() {
		errs = append(errs, bad("address is %v, which cannot be called: write one address, or listen", p))
	}
	return errors.Join(errs...)
}
