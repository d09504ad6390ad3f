package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// probesPulse reads the figures of the probes.
type probesPulse struct {
	state  func() reach.State
	counts func() reach.Counts
}

// Describe says nothing in advance: which methods were used is not known.
func (p *probesPulse) Describe(chan<- *prometheus.Desc) {}

// Collect gives the figures.
func (p *probesPulse) Collect(out chan<- prometheus.Metric) {
	put := func(kind prometheus.ValueType, value float64, d *prometheus.Desc, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	c, s := p.counts(), p.state()
	sent := desc("probes_total", "Probes that were sent, by method and outcome.", "method", "outcome")
	for method, by := range c.Probes {
		for outcome, n := range by {
			put(prometheus.CounterValue, float64(n), sent, method.String(), outcome.String())
		}
	}
	held := desc("probes_unsent_total", "Probes that were not sent: refused, because the address or the port may not be probed; held back, because its network was asked often enough.", "why")
	put(prometheus.CounterValue, float64(c.Refused), held, "refused")
	put(prometheus.CounterValue, float64(c.HeldBack), held, "held back")
	put(prometheus.GaugeValue, float64(c.InFlight), desc("probes_in_flight", "Probes that wait for their answer."))

	rounds := desc("probe_rounds_total", "Looks of the own-network guard; of those that are void nothing is believed.", "result")
	put(prometheus.CounterValue, float64(s.Rounds-s.Void), rounds, "holds")
	put(prometheus.CounterValue, float64(s.Void), rounds, "void")
	controls := desc("probe_controls", "Hosts that the own-network guard asked last, and those of them that answered.", "family", "state")
	holds := desc("probe_guard_holds", "Whether the last look of the own-network guard vouches for our own network.", "family")
	for family, g := range map[string]checks.Guard{"ipv4": s.IPv4, "ipv6": s.IPv6} {
		if g.At.IsZero() {
			continue
		}
		put(prometheus.GaugeValue, float64(g.Controls), controls, family, "asked")
		put(prometheus.GaugeValue, float64(g.Answered), controls, family, "answered")
		value := 0.0
		if g.Holds() {
			value = 1
		}
		put(prometheus.GaugeValue, value, holds, family)
	}
	put(prometheus.GaugeValue, float64(s.Targets), desc("probe_targets", "Targets whose hosts are probed in rounds."))
	hosts := desc("probe_hosts", "Hosts that are probed in rounds: all of them, those that are silent, and those that missed probes and are not called silent yet.", "state")
	put(prometheus.GaugeValue, float64(s.Hosts), hosts, "all")
	put(prometheus.GaugeValue, float64(s.Silent), hosts, "silent")
	put(prometheus.GaugeValue, float64(s.Unsure), hosts, "unsure")
	put(prometheus.GaugeValue, float64(s.Unsaved), desc("probe_unsaved", "Days of hosts whose answers wait to be written to the database."))
}

// probesFinding says how the probes do. That our own network fails, or that nothing may be
// sent, is no reason to take the bot out of service: it answers from routes.
func probesFinding(s *reach.State) finding {
	f := finding{Name: "probes", OK: true}
	f.Reason = fmt.Sprintf("probed are %s of %s, %d silent; IPv4: %s; IPv6: %s",
		counted(s.Hosts, "host"), counted(s.Targets, "target"), s.Silent, guarded(&s.IPv4), guarded(&s.IPv6))
	return f
}

// guarded words what the own-network guard found.
func guarded(g *checks.Guard) string {
	switch {
	case g.At.IsZero():
		return "no look at the controls yet"
	case g.Void != "":
		return "nothing is believed of silence (" + g.Void + ")"
	}
	return fmt.Sprintf("%d of %d controls answer", g.Answered, g.Controls)
}
