package main

import (
	"time"

	"isitdown/checks"
)

// Why nothing was probed for an answer, as a clause that follows "not run: ".
const (
	probesOfRecording = "this is recorded data, and probes are of the present"
	probesOfThePast   = "they are of the present alone"
	probesOff         = "probes are switched off in the settings (probe.enabled)"
	probesOffline     = "nobody is asked over the network (sources.offline)"
	probesUnwanted    = "they were not wanted (--no-probe)"
	probesUntimely    = "the time for an answer was used up before they could be sent (sources.wait)"
)

// unprobed is the gap of an answer without probes.
func unprobed(why string) []checks.Gap {
	return []checks.Gap{{Check: "reach", Reason: why}}
}

// withoutProbes says why an answer about a moment, the present where that is zero, can
// have no probes; "" where it can.
func (c *config) withoutProbes(at time.Time) string {
	switch {
	case c.Sources.Offline:
		return probesOffline
	case !c.Probe.Enabled:
		return probesOff
	case !at.IsZero():
		return probesOfThePast
	}
	return ""
}

// withoutProbes says why no answer of a watchroom has probes; "" where they may have.
func (w *watchroom) withoutProbes() string {
	if w.rec != nil {
		return probesOfRecording
	}
	return w.app.config.withoutProbes(time.Time{})
}
