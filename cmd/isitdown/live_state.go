package main

import (
	"fmt"
	"strings"
	"time"
)

// age is how long ago a stream was last known to be alive; where there is none, nothing
// is known of it.
func (c *current) age() (age time.Duration, known bool) {
	for _, f := range c.feeds {
		if heard := f.state().heard; !heard.IsZero() && (!known || time.Since(heard) < age) {
			age, known = time.Since(heard), true
		}
	}
	return age, known
}

// finding says whether the present is known, and from what. A lookup that fails is no
// reason to take the bot out of service; that no stream delivers is.
func (c *current) finding() finding {
	f := finding{Name: "feed"}
	var good, bad []string
	for _, feed := range c.feeds {
		if s := feed.state(); s.up {
			good = append(good, feed.name)
		} else {
			bad = append(bad, feed.name+": "+s.detail)
		}
	}
	f.OK = len(good) > 0 || len(c.feeds) == 0
	switch {
	case len(c.feeds) == 0 && c.sources.history == nil:
		f.Reason = "no source of routes is set up, so hosts are answered about by probes alone"
	case len(c.feeds) == 0:
		f.Reason = "no stream is set up, so targets are looked up now and then"
	case len(good) > 0:
		f.Reason = "live: " + strings.Join(good, ", ")
	default:
		f.Reason = "no stream delivers"
	}
	if len(bad) > 0 {
		f.Reason += "; " + strings.Join(bad, "; ")
	}
	if failing := c.sources.ledger.failing(c.feeds); failing != "" {
		f.Reason += "; " + failing
	}
	return f
}

// describe says what the answers rest on.
func (c *current) describe() string {
	var list []string
	for _, f := range c.feeds {
		list = append(list, f.name)
	}
	if c.sources.history != nil {
		list = append(list, "lookups at RIPEstat")
	}
	for _, w := range c.sources.witnesses {
		list = append(list, w.service)
	}
	if c.probing.monitor != nil {
		list = append(list, "probes")
	}
	return fmt.Sprintf("live (%s); --offline uses no network", strings.Join(list, ", "))
}
