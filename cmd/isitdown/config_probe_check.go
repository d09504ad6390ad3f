package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// Bounds of the settings of probes. A round looks at a silent host again after 20 s, and
// two that speak of silence lie a minute apart (docs/methods.md).
const (
	leastRound   = time.Minute
	mostTimeout  = 15 * time.Second
	leastTimeout = 100 * time.Millisecond
	mostReason   = 200 // characters
	mostServers  = reach.MaxServers
	mostHosts    = 5000 // in all; of a target fewer are used
)

// continents are the values of probe.continent.
var continents = [...]string{"AF", "AN", "AS", "EU", "NA", "OC", "SA"}

// What the own-network guard takes (docs/methods.md).
const (
	leastControls = 6
	leastNetworks = 3
)

func (c *probeConfig) validate() error {
	errs := []error{positive("probe.every", c.Every), positive("probe.timeout", c.Timeout)}
	if c.Every.Duration > 0 && c.Every.Duration < leastRound {
		errs = append(errs, fmt.Errorf("probe.every is %v: write at least %v, so that nobody is pestered", c.Every, leastRound))
	}
	if d := c.Timeout.Duration; d > 0 && (d < leastTimeout || d > mostTimeout) {
		errs = append(errs, fmt.Errorf("probe.timeout is %v: write a time from %v to %v", c.Timeout, leastTimeout, mostTimeout))
	}
	for _, p := range c.Ports {
		if p < 1 || p > 65535 {
			errs = append(errs, fmt.Errorf("probe.ports: %d is no port: write numbers from 1 to 65535", p))
		}
	}
	for _, s := range c.Allow {
		if s.Bits() == 0 {
			errs = append(errs, fmt.Errorf("probe.allow: %v is everything: list the ranges of your own networks", s.Prefix))
		}
	}
	if c.Continent != "" {
		errs = append(errs, oneOf("probe.continent", c.Continent, continents[:]))
	}
	if len(c.Resolver) > mostServers {
		errs = append(errs, fmt.Errorf("probe.resolver lists %d servers: list at most %d", len(c.Resolver), mostServers))
	}
	return errors.Join(append(errs, c.validateControls())...)
}

// validateControls refuses too few: the guard would never vouch for a round.
func (c *probeConfig) validateControls() error {
	if len(c.Controls) == 0 {
		return nil // the defaults
	}
	hosts, networks := map[control]bool{}, map[checks.ASN]bool{}
	for _, one := range c.Controls {
		if networks[one.ASN] = true; hosts[one] {
			return fmt.Errorf("probe.controls lists %v twice: list each address once", one.Addr)
		}
		hosts[one] = true
	}
	if len(hosts) < leastControls || len(networks) < leastNetworks {
		return fmt.Errorf("probe.controls lists %s in %s: list at least %d hosts in at least %d networks, or none for the defaults",
			counted(len(hosts), "host"), counted(len(networks), "network"), leastControls, leastNetworks)
	}
	return nil
}

// usualPorts are those that may be probed without being listed.
var usualPorts = [...]int{53, 80, 443, 8080, 8443}

// validateHosts says what is wrong with the hosts that stand for targets; ports are those that
// may be probed besides the usual ones.
func validateHosts(list []hostConfig, ports []int) error {
	if len(list) > mostHosts {
		return fmt.Errorf("there are %d tables [[host]]: list at most %d", len(list), mostHosts)
	}
	var errs []error
	known := map[string]bool{}
	for i, h := range list {
		where := fmt.Sprintf("host %d", i+1)
		if h.Host != "" && !strings.ContainsFunc(h.Host, unicode.IsControl) {
			where = "host " + h.Host
		}
		key := strings.ToLower(fmt.Sprintf("%s %s %s %d", h.Target, h.Host, h.Method, h.Port))
		if known[key] {
			errs = append(errs, fmt.Errorf("%s: it is listed twice for %s: leave one out", where, h.Target))
		}
		known[key] = true
		errs = append(errs, h.validate(where))
		if h.Port > 0 && !slices.Contains(usualPorts[:], h.Port) && !slices.Contains(ports, h.Port) {
			errs = append(errs, fmt.Errorf("%s: port %d is not one that may be probed: list it in probe.ports too", where, h.Port))
		}
	}
	return errors.Join(errs...)
}

// probeMethods are the values of a host's method; none chooses by what the host is.
var probeMethods = [...]string{"icmp", "tcp", "tls", "http", "dns"}

func (c *hostConfig) validate(where string) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(where+": "+format, args...)) }
	switch t, err := checks.ParseTarget(c.Target); {
	case err != nil:
		bad("target %q is none: write a code, a network or a prefix, as in \"KP\", \"AS64500\" or \"192.0.2.0/24\"", c.Target)
	case t.Kind() != checks.KindCountry && t.Kind() != checks.KindASN && t.Kind() != checks.KindPrefix:
		bad("target is %q: hosts stand for a country, a network or a prefix; anything else is probed itself", c.Target)
	}
	h, err := checks.ParseTarget(c.Host)
	kind := h.Kind()
	if err != nil || kind != checks.KindAddress && kind != checks.KindHost && kind != checks.KindURL {
		bad("host is %q: write an address, a name or a URL, as in \"192.0.2.1\"", c.Host)
	}
	if c.Method != "" {
		if err := oneOf(where+": method", c.Method, probeMethods[:]); err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case c.Port < 0 || c.Port > 65535:
		bad("port is %d: write a number from 1 to 65535", c.Port)
	case kind == checks.KindURL && (c.Port != 0 || c.Method != "" && c.Method != "http"):
		bad("a URL says itself how it is asked: leave method and port out")
	case c.Method == "tcp" && c.Port == 0:
		bad("port is missing: write the one to connect to")
	case (c.Method == "icmp" || c.Method == "") && c.Port != 0:
		bad("port is %d: it is for the methods tcp, tls, http and dns", c.Port)
	}
	if len(c.Reason) > mostReason || strings.ContainsFunc(c.Reason, unicode.IsControl) {
		bad("reason is longer than %d characters or holds control characters: write one line", mostReason)
	}
	return errors.Join(errs...)
}
