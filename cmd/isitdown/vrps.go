package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/rpki"
)

// rpkiConfig is the file of VRPs: docs/rpki.md.
type rpkiConfig struct {
	File   string   `toml:"file"`
	MaxAge duration `toml:"max_age"`
}

func defaultRPKI() rpkiConfig { return rpkiConfig{MaxAge: duration{24 * time.Hour}} }

func (c *rpkiConfig) validate() error { return positive("rpki.max_age", c.MaxAge) }

// foreignMoment is how far from the moment asked about VRPs prove nothing of it any more:
// ROAs come and go in days.
const foreignMoment = 7 * 24 * time.Hour

// vrps is the file of VRPs, read again when it changes. nil stands for none.
//
// Its methods may be called from several goroutines.
type vrps struct {
	file   string
	maxAge time.Duration

	mu      sync.Mutex
	set     *rpki.Set // nil where it could not be read yet
	failure string    // why the file as it is now cannot be read; "" for it can
	changed time.Time // of the file, as it was last read
	size    int64
}

// openVRPs reads the file that a flag names, which has to be there, or that of the
// settings, without which answers say what is missing.
func (a *app) openVRPs(flag string) error {
	file := a.config.RPKI.File
	if flag != "" {
		file = flag
	}
	if file == "" {
		return nil
	}
	a.vrps = &vrps{file: file, maxAge: a.config.RPKI.MaxAge.Duration}
	if _, err := a.vrps.refresh(); err != nil && flag != "" {
		return inputFailure(err)
	}
	return nil
}

// refresh reads the file where it has changed since the last time. What was read before
// stays in use where it cannot be read.
func (v *vrps) refresh() (changed bool, err error) {
	info, err := os.Stat(v.file)
	v.mu.Lock()
	same := err == nil && info.ModTime().Equal(v.changed) && info.Size() == v.size
	v.mu.Unlock()
	if same {
		return false, nil
	}
	set, failed := rpki.Open(v.file) // outside the lock: it takes a second
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		v.changed, v.size = info.ModTime(), info.Size()
	}
	if failed != nil {
		v.failure = failed.Error()
		return false, failed
	}
	v.set, v.failure = set, ""
	return true, nil
}

// sourceVRPs is what the ledger calls the file.
const sourceVRPs = "rpki"

// vrpsEvery is how often the file is looked at.
const vrpsEvery = time.Minute

// follow keeps up with the file until the context ends. note is told how it goes.
func (v *vrps) follow(ctx context.Context, note func(failing string)) {
	every := time.NewTicker(vrpsEvery)
	defer every.Stop()
	for {
		_, failure := v.state()
		note(failure)
		select {
		case <-every.C:
			v.refresh() // which keeps what went wrong
		case <-ctx.Done():
			return
		}
	}
}

// state gives what was read last, and what is wrong with the file now.
func (v *vrps) state() (*rpki.Set, string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.set, v.failure
}

// apply gives a case the validity of the routes that are lost, and of those that stand
// in their place, and says what the file cannot tell.
func (v *vrps) apply(c *checks.Case) []checks.Gap {
	if v == nil {
		return nil
	}
	routes := inQuestion(c)
	if len(routes) == 0 {
		return nil
	}
	set, failure := v.state()
	if set == nil {
		return []checks.Gap{{Check: "rpki", Reason: "whether RPKI allows the routes is not known: " + failure}}
	}
	apart := c.Now.Sub(set.AsOf).Abs()
	if apart > foreignMoment {
		return []checks.Gap{{Check: "rpki", Reason: fmt.Sprintf("whether RPKI allowed the routes is not known: the VRPs in %s are of %s, and prove nothing of a moment more than 7 days away; give a file of the time", set.Name, clock(set.AsOf))}}
	}
	for _, r := range routes {
		c.RPKI = append(c.RPKI, set.Validate(r))
	}
	if apart <= v.maxAge {
		return nil
	}
	say := "ROAs signed or withdrawn in between are not known; give newer VRPs, or see why the validator writes none"
	if set.AsOf.After(c.Now) {
		say = "ROAs signed or withdrawn in between are not known"
	}
	return []checks.Gap{{Check: "rpki", Reason: fmt.Sprintf("the VRPs in %s are of %s, %s from the moment asked about: %s", set.Name, clock(set.AsOf), minutes(apart), say)}}
}

// mostInQuestion bounds the routes of one case that are validated.
const mostInQuestion = 20_000

// inQuestion lists, each once, the routes of the baseline whose prefix half of the vantage
// points or more lack, or that others announce too, each with the routes of others there.
func inQuestion(c *checks.Case) []checks.RouteOrigin {
	var list []checks.RouteOrigin
	seen := make(map[checks.RouteOrigin]bool)
	add := func(p netip.Prefix, origin checks.ASN) {
		r := checks.RouteOrigin{Prefix: p, Origin: origin}
		if !seen[r] && len(list) < mostInQuestion {
			seen[r] = true
			list = append(list, r)
		}
	}
	for i := range c.Observations {
		o := &c.Observations[i]
		others := foreignRoutes(o)
		if lost := o.Asked > 0 && 2*(o.Asked-o.Seen) >= o.Asked; !lost && len(others) == 0 {
			continue
		}
		for _, a := range originsBefore(&c.Baseline, o.Prefix) {
			add(o.Prefix, a)
		}
		for _, r := range others {
			add(r.Prefix, r.Origin)
		}
	}
	return list
}

// foreignRoutes gives the routes of others in or over a prefix. A path through the target
// is a route of another's space.
func foreignRoutes(o *checks.Observation) (list []checks.RouteOrigin) {
	for _, c := range o.Covers {
		if !c.Accepted {
			list = append(list, checks.RouteOrigin{Prefix: c.Prefix, Origin: c.Origin})
		}
	}
	for _, f := range o.Foreign {
		if f.Kind != checks.MidPath {
			list = append(list, checks.RouteOrigin{Prefix: f.Prefix, Origin: f.Origin})
		}
	}
	return list
}

func originsBefore(b *checks.Baseline, p netip.Prefix) []checks.ASN {
	i, ok := slices.BinarySearchFunc(b.Prefixes, p, func(b checks.BaselinePrefix, p netip.Prefix) int { return checks.ComparePrefixes(b.Prefix, p) })
	if !ok {
		return nil
	}
	return b.Prefixes[i].Origins
}
