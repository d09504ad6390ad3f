package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"isitdown/checks/rpki"
)

// How the file of VRPs does: a line of the doctor's, and figures.

// diagnoseVRPs reads the file as serve would.
func (a *app) diagnoseVRPs() diagnosis {
	c := &a.config.RPKI
	if c.File == "" {
		return diagnosis{note, "rpki", "no file of VRPs in the settings, so whether a route is rejected as RPKI-invalid is not known from one (docs/rpki.md)"}
	}
	set, err := rpki.Open(c.File)
	if err != nil {
		return diagnosis{problem, "rpki", err.Error()}
	}
	age := time.Since(set.AsOf)
	text := fmt.Sprintf("%s: %d VRPs of %s, %s ago", c.File, set.Len(), clock(set.AsOf), minutes(age))
	if set.Undated {
		text += " (when the file was changed, for it gives no time)"
	}
	switch {
	case age > foreignMoment:
		return diagnosis{problem, "rpki", text + ": too old to be used, see whether the validator runs"}
	case age > c.MaxAge.Duration:
		return diagnosis{problem, "rpki", text + ": older than rpki.max_age, see whether the validator runs"}
	}
	return diagnosis{fine, "rpki", text}
}

// vrpsPulse gives the figures of the file of VRPs.
type vrpsPulse struct{ vrps *vrps }

// Describe says nothing in advance.
func (p *vrpsPulse) Describe(chan<- *prometheus.Desc) {}

// Collect gives the figures; none before the file was read.
func (p *vrpsPulse) Collect(out chan<- prometheus.Metric) {
	set, _ := p.vrps.state()
	if set == nil {
		return
	}
	out <- prometheus.MustNewConstMetric(desc("rpki_vrps", "Validated ROA payloads (VRPs) in use."),
		prometheus.GaugeValue, float64(set.Len()))
	out <- prometheus.MustNewConstMetric(desc("rpki_age_seconds", "How long ago the VRPs in use were made."),
		prometheus.GaugeValue, time.Since(set.AsOf).Seconds())
}
