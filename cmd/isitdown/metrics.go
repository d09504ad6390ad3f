package main

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"isitdown/bot"
)

// metrics are what the operator's monitoring reads; docs/operating.md has the table.
type metrics struct {
	registry *prometheus.Registry
	assess   prometheus.Histogram
	requests *prometheus.CounterVec
	parked   prometheus.Counter
}

// figures are what a metrics page asks for when it is read.
type figures struct {
	feedAge    func() (age time.Duration, known bool)
	outbox     func() (bot.OutboxStats, error)
	bot        func() bot.Stats
	storeBytes func() (int64, error)
	connected  func() map[string]bool // by platform
	log        *slog.Logger
}

// newMetrics makes a registry of its own: nothing else gets in.
func newMetrics(f figures) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		assess: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "isitdown_assess_seconds", Help: "How long it took to make a verdict about a target.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9), // 0.1 ms to 6.5 s
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "isitdown_requests_total", Help: "Commands and buttons, by platform and result (answered, failed).",
		}, []string{"platform", "result"}),
		parked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "isitdown_parked_total", Help: "Messages put aside for a person to look at, since the start.",
		}),
	}
	m.registry.MustRegister(
		m.assess, m.requests, m.parked, &pulse{f},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// pulse reads the figures of the moment.
type pulse struct{ figures }

// The metrics of a pulse. They have no state, and are made anew for each reading.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("isitdown_"+name, help, labels, nil)
}

// Describe says nothing in advance: which platforms there are is not known.
func (p *pulse) Describe(chan<- *prometheus.Desc) {}

// Collect gives the figures.
func (p *pulse) Collect(out chan<- prometheus.Metric) {
	gauge := func(value float64, name, help string) {
		out <- prometheus.MustNewConstMetric(desc(name, help), prometheus.GaugeValue, value)
	}
	if age, known := p.feedAge(); known {
		gauge(age.Seconds(), "feed_age_seconds", "Age of the newest routing data, by the clock of the data.")
	}
	s := p.bot()
	gauge(float64(s.Open), "open_incidents", "Incidents that are open.")
	gauge(float64(s.Subscriptions), "subscriptions", "Subscriptions of all channels.")
	gauge(float64(s.Channels), "channels", "Channels that have a subscription.")
	gauge(float64(s.Targets), "targets", "Targets that are followed.")
	if n, err := p.storeBytes(); err == nil {
		gauge(float64(n), "store_bytes", "Size of the database.")
	}
	for platform, up := range p.connected() {
		value := 0.0
		if up {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(desc("platform_connected", "Whether a platform is connected.", "platform"),
			prometheus.GaugeValue, value, platform)
	}
	p.queue(out, gauge)
}

// queue gives the figures of the outbox.
func (p *pulse) queue(out chan<- prometheus.Metric, gauge func(float64, string, string)) {
	o, err := p.outbox()
	if err != nil {
		p.log.Error("counting the outbox for the metrics", "err", err)
		return
	}
	gauge(float64(o.Depth), "outbox_depth", "Messages that are not sent yet.")
	oldest := 0.0
	if !o.Oldest.IsZero() {
		oldest = time.Since(o.Oldest).Seconds()
	}
	gauge(oldest, "outbox_oldest_seconds", "How long the oldest message has been waiting.")
	gauge(float64(o.Parked), "outbox_parked", "Messages that are put aside for a person to look at.")
	for post, n := range o.Posts {
		out <- prometheus.MustNewConstMetric(desc("posts_total", "Attempts to send, by platform and result.", "platform", "result"),
			prometheus.CounterValue, float64(n), post.Platform, post.Result)
	}
}
