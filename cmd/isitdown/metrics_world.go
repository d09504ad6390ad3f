package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"isitdown/checks"
	"isitdown/checks/route/world"
)

// globePulse reads the figures of the whole world.
type globePulse struct{ globe *globe }

// watchGlobe has the metrics count the world, and how long its answers take.
func (m *metrics) watchGlobe(g *globe) {
	answers := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "isitdown_world_answer_seconds", Help: "How long it took to say how the world, or one country or network of it, stands.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8), // 0.1 ms to 1.6 s
	})
	m.registry.MustRegister(answers, &globePulse{g})
	g.answered = func(d time.Duration) { answers.Observe(d.Seconds()) }
}

// Describe says nothing in advance, as others do.
func (p *globePulse) Describe(chan<- *prometheus.Desc) {}

// Collect gives the figures.
func (p *globePulse) Collect(out chan<- prometheus.Metric) {
	gauge := func(value float64, name, help string, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		out <- prometheus.MustNewConstMetric(desc(name, help, names...), prometheus.GaugeValue, value, values...)
	}
	total := func(value float64, name, help string) {
		out <- prometheus.MustNewConstMetric(desc(name, help), prometheus.CounterValue, value)
	}
	p.table(gauge, total)
	p.census(gauge)
	if p.globe.start != nil {
		p.inbox(gauge, total)
		p.start(gauge, total)
	}
}

// gauges and totals write one figure.
type (
	gauges func(value float64, name, help string, labels ...string)
	totals func(value float64, name, help string)
)

// table gives the figures of what is held.
func (p *globePulse) table(gauge gauges, total totals) {
	s := p.globe.state.Stats()
	const prefixes = "Prefixes of the world that have a route at any session."
	gauge(float64(s.Prefixes-s.Prefixes6), "world_prefixes", prefixes, "family", "ipv4")
	gauge(float64(s.Prefixes6), "world_prefixes", prefixes, "family", "ipv6")
	gauge(float64(s.Routes), "world_routes", "Routes of the world, one a session and prefix.")
	gauge(float64(s.Sessions), "world_sessions", "Sessions whose routes are kept.")
	gauge(float64(s.Live), "world_sessions_live", "Those of them that are up.")
	gauge(float64(s.Vectors), "world_vectors", "Distinct vectors of routes that prefixes share.")
	gauge(float64(s.Bytes), "world_bytes", "Memory of the world, as far as it is counted.")
	gauge(float64(s.LostPrefixes), "world_lost_prefixes", "Prefixes that are usual, and without a route at half of the vantage points.")
	gauge(float64(s.Recounting), "world_recounting_prefixes", "Prefixes to be counted anew since sessions came or went.")
	gauge(s.Tick.Seconds(), "world_tick_seconds", "How long the latest tick took.")
	if !s.Newest.IsZero() && p.globe.start != nil {
		gauge(time.Since(s.Newest).Seconds(), "world_age_seconds", "Age of the newest update that was taken in.")
	}
	total(float64(s.Applied), "world_updates_total", "Updates that were taken in.")
	total(float64(s.Refused), "world_refused_total", "Updates of sessions beyond the most that are kept.")
	total(float64(s.LeftOut), "world_left_out_routes_total", "Routes to prefixes beyond the most that are kept.")
}

// census gives how many targets are in which state.
func (p *globePulse) census(gauge gauges) {
	now := p.globe.at(time.Now())
	if p.globe.start == nil {
		now = p.globe.state.Stats().Newest
	}
	w := p.globe.state.World(now)
	for kind, c := range map[string]checks.Census{"country": w.Countries, "network": w.Networks} {
		for state, n := range map[checks.State]int{checks.Up: c.Up, checks.Degraded: c.Degraded, checks.Down: c.Down, checks.Unknown: c.Unknown} {
			gauge(float64(n), "world_targets", "Countries and networks that are watched, by state.", "kind", kind, "state", state.String())
		}
	}
}

// inbox gives how the stream is worked off.
func (p *globePulse) inbox(gauge gauges, total totals) {
	s := p.globe.inbox.Stats()
	gauge(float64(s.Waiting), "world_inbox_bytes", "What waits to be taken in.")
	gauge(float64(s.Deepest), "world_inbox_highest_bytes", "The most that has waited.")
	gauge(s.Lag.Seconds(), "world_inbox_lag_seconds", "How long the first of what waits has waited.")
	gauge(float64(s.Full), "world_inbox_full_collectors", "Collectors of which updates are being left out.")
	total(float64(s.Applied), "world_inbox_applied_total", "Updates that went through the inbox.")
	total(float64(s.LeftOut), "world_inbox_left_out_total", "Updates that found no room, which the answers say.")
	total(float64(s.Spells), "world_inbox_spells_total", "Times that there was no room.")
}

// start gives how far the start is, and how the world is kept between two runs.
func (p *globePulse) start(gauge gauges, total totals) {
	at := p.globe.progress()
	for phase := world.Waiting; phase <= world.Live; phase++ {
		value := 0.0
		if phase == at.Phase {
			value = 1
		}
		gauge(value, "world_phase", "What the start of the world is at.", "phase", phase.String())
	}
	gauge(float64(at.HeldBytes), "world_held_bytes", "What the stream brought that waits for the start on the disk.")
	s := p.globe.snapshots()
	total(float64(s.times), "world_snapshots_total", "Snapshots of the world that were written.")
	failing := 0.0
	if s.failing != "" {
		failing = 1
	}
	gauge(failing, "world_snapshot_failing", "Whether the latest snapshot could not be written.")
	if !s.at.IsZero() {
		gauge(time.Since(s.at).Seconds(), "world_snapshot_age_seconds", "How long ago the latest snapshot was written.")
		gauge(float64(s.last.Bytes), "world_snapshot_bytes", "Size of the latest snapshot.")
		gauge(s.last.Took.Seconds(), "world_snapshot_seconds", "How long the latest snapshot took to write.")
		gauge(s.last.Held.Seconds(), "world_snapshot_held_seconds", "How long updates waited for the latest snapshot.")
	}
}
