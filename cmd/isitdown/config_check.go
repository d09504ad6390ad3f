package main

import (
	"errors"
	"fmt"
	"math"
)

// colours are the values of output.colour.
var colours = [...]string{"auto", "always", "never"}

// validate says what is wrong with settings that were read; all of it at once.
// Zero is never taken: to the packages it would mean their default.
func (c *config) validate() error {
	return errors.Join(
		c.Assess.validate(),
		c.Route.validate(),
		c.RPKI.validate(),
		c.Incident.validate(),
		c.Output.validate(),
		c.Sources.validate(),
		c.World.validate(&c.Sources),
		c.URLs.validate(),
		validateRouters(c.Routers),
		c.Probe.validate(),
		validateHosts(c.Hosts, c.Probe.Ports),
		c.Serve.validate(),
		c.Slack.validate(&c.Serve),
		c.Discord.validate(&c.Serve),
		c.Outbox.validate(),
		c.Retention.validate(),
		c.Limits.validate(),
	)
}

func (c *assessConfig) validate() error {
	return errors.Join(
		atLeastOne("assess.min_full_feed_peers", c.MinFullFeedPeers),
		positive("assess.max_feed_age", c.MaxFeedAge),
	)
}

func (c *routeConfig) validate() error {
	return errors.Join(
		positive("route.settle", c.Settle),
		positive("route.baseline_window", c.BaselineWindow),
		positive("route.baseline_stable", c.BaselineStable),
		notAbove("route.baseline_stable", c.BaselineStable, "route.baseline_window", c.BaselineWindow),
		share("route.full_feed_share", c.FullFeedShare),
		positive("route.stale_after", c.StaleAfter),
		positive("route.sync_after", c.SyncAfter),
		share("route.sync_share", c.SyncShare),
		oneOf("route.full_paths", c.FullPaths, []string{pathsRouters, pathsAll, pathsOff}),
	)
}

func (c *incidentConfig) validate() error {
	return errors.Join(
		positive("incident.suspect", c.Suspect),
		notAbove("incident.suspect", c.Suspect, "incident.open", c.Open),
		positive("incident.recover", c.Recover),
		positive("incident.resolve", c.Resolve),
		positive("incident.reopen", c.Reopen),
		atLeastOne("incident.min_collectors", c.MinCollectors),
		positive("incident.unstable_penalty", c.UnstablePenalty),
		positive("incident.unstable_half_life", c.UnstableHalfLife),
		positive("incident.unstable_leave", c.UnstableLeave),
		positive("incident.unstable_cap", c.UnstableCap),
		notAbove("incident.unstable_leave", c.UnstableLeave, "incident.unstable_enter", c.UnstableEnter),
		notAbove("incident.unstable_enter", c.UnstableEnter, "incident.unstable_cap", c.UnstableCap),
		atLeastOne("incident.update_burst", c.UpdateBurst),
		positive("incident.update_settle", c.UpdateSettle),
		positive("incident.edit_every", c.EditEvery),
		share("incident.upstream_enter", c.UpstreamEnter),
		share("incident.upstream_leave", c.UpstreamLeave),
		notAbove("incident.upstream_leave", c.UpstreamLeave, "incident.upstream_enter", c.UpstreamEnter),
	)
}

func (c *outputConfig) validate() error {
	var width error
	if c.Width < 40 || c.Width > 400 {
		width = fmt.Errorf("output.width is %d: write a number of columns from 40 to 400", c.Width)
	}
	return errors.Join(oneOf("output.colour", c.Colour, colours[:]), width)
}

func atLeastOne(name string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s is %d: write 1 or more", name, n)
	}
	return nil
}

// amount is a setting that can be compared and written as it stands in the file.
type amount interface{ duration | float64 }

// positive refuses what is not above zero, and what is no finite number.
func positive[T amount](name string, v T) error {
	if f := number(v); !(f > 0) || math.IsInf(f, 0) {
		return fmt.Errorf("%s is %v: write more than 0", name, v)
	}
	return nil
}

func share(name string, v float64) error {
	if !(v > 0 && v <= 1) {
		return fmt.Errorf("%s is %v: write a part from 0 to 1, more than 0", name, v)
	}
	return nil
}

func notAbove[T amount](lowName string, low T, highName string, high T) error {
	if !(number(low) <= number(high)) {
		return fmt.Errorf("%s is %v and %s is %v: the first must not be above the second", lowName, low, highName, high)
	}
	return nil
}

// number gives a length of time in nanoseconds.
func number[T amount](v T) float64 {
	if d, ok := any(v).(duration); ok {
		return float64(d.Duration)
	}
	return any(v).(float64)
}
