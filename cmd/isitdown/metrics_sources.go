package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sourcesPulse reads the figures of live sources.
type sourcesPulse struct{ live *current }

// Describe says nothing in advance: which sources there are is not known.
func (p *sourcesPulse) Describe(chan<- *prometheus.Desc) {}

// Collect gives the figures.
func (p *sourcesPulse) Collect(out chan<- prometheus.Metric) {
	for _, s := range p.live.sources.ledger.all() {
		if !s.Since.IsZero() { // else it was counted, and how it does is not known
			up := 1.0
			if s.Failing != "" {
				up = 0
			}
			out <- prometheus.MustNewConstMetric(desc("source_up", "Whether a source of the network does its work.", "source"),
				prometheus.GaugeValue, up, s.Name)
		}
		if !s.Good.IsZero() {
			out <- prometheus.MustNewConstMetric(desc("source_age_seconds", "How long ago a source last answered or was known to be alive.", "source"),
				prometheus.GaugeValue, time.Since(s.Good).Seconds(), s.Name)
		}
		for result, n := range s.Requests {
			out <- prometheus.MustNewConstMetric(desc("source_requests_total", "Questions to a source, by result.", "source", "result"),
				prometheus.CounterValue, float64(n), s.Name, result)
		}
	}
	hub := p.live.hub.Status()
	for stage, n := range map[string]int{"current": hub.Current, "waiting": hub.Waiting, "failing": hub.Failing} {
		out <- prometheus.MustNewConstMetric(desc("live_targets", "Targets that live sources follow: carried on by a stream, not looked up yet, last lookup failed.", "stage"),
			prometheus.GaugeValue, float64(n), stage)
	}
	out <- prometheus.MustNewConstMetric(desc("live_refused_total", "Announcements of own routers that were left out because there were too many prefixes or sessions."),
		prometheus.CounterValue, float64(hub.Refused))
	for _, f := range p.live.feeds {
		for _, c := range f.state().counts {
			kind := prometheus.GaugeValue
			if c.total {
				kind = prometheus.CounterValue
			}
			out <- prometheus.MustNewConstMetric(desc(c.name, c.help, "source"), kind, c.value, f.name)
		}
	}
}
