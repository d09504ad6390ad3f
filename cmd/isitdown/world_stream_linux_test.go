package main

import (
	"fmt"
	"net/netip"
	"runtime/debug"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/world"
	"isitdown/checks/route/worldtest"
)

// syntheticWorld is a synthetic world with a state that has its table, and
// messages that come after it.
type syntheticWorld struct {
	*worldtest.World
	state    *world.State
	messages wire
	losses   wire           // of each of lost the withdrawals by all sessions
	lost     []netip.Prefix // in their order
}

// newSyntheticWorld makes one of all real prefixes, of a twentieth of them with -short.
func newSyntheticWorld(b *testing.B, full, partial int, settle time.Duration) *syntheticWorld {
	b.Helper()
	c := worldtest.Config{Full: full, Partial: partial, Seed: 1}
	if testing.Short() {
		c.Prefixes = 50_000
	}
	made, err := worldtest.Make(c)
	if err != nil {
		b.Skip(err)
	}
	rules := route.DefaultRules()
	rules.Settle = settle
	w := &syntheticWorld{World: made, state: world.New(world.Options{
		Rules: rules, Assess: checks.DefaultRules(), Locate: made.Locate,
		Network: func(a checks.ASN) (string, string) { return "", worldtest.Country(a) },
	})}
	began := time.Now()
	routes := w.load(w.state.Apply)
	if err := w.state.Restore(nil); err != nil {
		b.Fatal(err)
	}
	for range 3000 { // until who carries what was counted once, which goes on for minutes beside a stream
		w.state.Tick(time.Now())
	}
	b.Logf("a synthetic world: %d real prefixes, %d full and %d partial feeds, %d routes, loaded in %v",
		w.Len(), full, partial, routes, time.Since(began).Round(time.Second))
	return w
}

// load gives the table, as of two hours ago: in its first hour a state takes what is new for
// usual, which is less work.
func (w *syntheticWorld) load(apply func(*route.Update)) int {
	at := time.Now().UTC().Add(-2 * time.Hour)
	return w.Load(func(u *route.Update) {
		u.At = at
		apply(u)
	})
}

// make makes so many messages of the stream, and so many losses.
func (w *syntheticWorld) make(b *testing.B, messages, losses int) {
	b.Helper()
	frames, err := w.Frames(messages, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range frames {
		w.messages.add(f)
	}
	w.lost = w.alone(losses, w.touched(messages))
	for _, p := range w.lost {
		for _, peer := range w.Peers {
			w.losses.add(fmt.Appendf(nil, `{"type":"ris_message","data":{"timestamp":`+stampForm+`,"peer":"%s","peer_asn":"%d","id":"%s-%016x","host":"%s.ripe.net","type":"UPDATE","withdrawals":["%s"]}}`,
				worldtest.Began.Unix(), 0, peer.Addr, peer.AS, peer.Addr, 0, peer.Collector, p))
		}
	}
}

// touched gives the prefixes that so many messages of the stream are about.
func (w *syntheticWorld) touched(messages int) map[netip.Prefix]bool {
	of := map[netip.Prefix]bool{}
	for u := range w.Stream(1) {
		if messages--; messages < 0 {
			break
		}
		for _, list := range [...][]route.NLRI{u.Announced, u.Withdrawn} {
			for i := range list {
				of[list[i].Prefix] = true
			}
		}
	}
	return of
}

// alone gives so many prefixes, spread over all, that no other covers or makes up, so that
// nothing stands in when they are lost, and that are none of some: who announces one again that
// is lost makes it less than gone.
func (w *syntheticWorld) alone(n int, but map[netip.Prefix]bool) []netip.Prefix {
	all := map[netip.Prefix]bool{}
	for i := range w.Len() {
		all[w.Prefix(i)] = true
	}
	covered := func(p netip.Prefix) bool {
		for bits := p.Bits() - 1; bits >= 0; bits-- {
			if all[netip.PrefixFrom(p.Addr(), bits).Masked()] {
				return true
			}
		}
		return false
	}
	var list []netip.Prefix
	for i := range w.Len() - 1 {
		if p := w.Prefix(i); !but[p] && !p.Overlaps(w.Prefix(i+1)) && !covered(p) {
			list = append(list, p)
		}
	}
	if len(list) <= n {
		return list
	}
	for i := range n {
		list[i] = list[i*len(list)/n]
	}
	return list[:n]
}

const (
	streamRounds = 5
	floodRound   = 250_000
	lossEvery    = 50 * time.Millisecond
)

// BenchmarkWorldStream is what it costs to keep the whole world by the public stream, frames
// of a loopback WebSocket to the state with the table of 600 full feeds: messages a second
// of one core's time, as fast as they can be had; the time from a loss to its verdict; and the
// share of a core at the usual rate. Medians of five rounds; the server has a process of
// its own, and what it costs is not in it. With -short the world is a twentieth of the size.
//
//	go test ./cmd/isitdown -run '^$' -bench WorldStream -benchtime 1x
func BenchmarkWorldStream(b *testing.B) {
	w := newSyntheticWorld(b, 600, 0, 0)
	w.make(b, streamRounds*floodRound, 500)
	for _, part := range []struct {
		name string
		run  func(*testing.B)
	}{{"flood", w.flood}, {"50000-a-second", w.lossesToVerdicts}, {"4000-a-second", w.usualRate}} {
		b.Run(part.name, func(b *testing.B) {
			debug.FreeOSMemory() // what was made before is not to be swept in the measurement
			part.run(b)
			b.ReportMetric(0, "ns/op")
		})
	}
}

func (w *syntheticWorld) server(b *testing.B, take takeUpdate) *streamRig {
	return newStreamRig(b, w.state, streamServerOf(b, &w.messages, &w.losses, len(w.Peers)), take)
}

// flood sends messages in rounds, each as fast as it is taken in.
func (w *syntheticWorld) flood(b *testing.B) {
	r := w.server(b, waiting)
	var wall, core []float64
	applied := w.state.Stats().Applied
	for k := range streamRounds {
		began, cpu := time.Now(), cpuTime(b)
		r.play(b, k*floodRound, floodRound, 0, 0, nil)
		r.idle(b, (k+1)*floodRound)
		wall = append(wall, floodRound/time.Since(began).Seconds())
		core = append(core, floodRound/(cpuTime(b)-cpu).Seconds())
	}
	r.whole(b)
	if got := w.state.Stats().Applied - applied; got < streamRounds*floodRound {
		b.Errorf("%d of %d messages are applied", got, streamRounds*floodRound)
	}
	b.ReportMetric(quantile(core, .5), "messages/core-s")
	b.ReportMetric(quantile(wall, .5), "messages/s")
}

// usualRate sends messages at a rate, a millisecond's worth at a time.
func (w *syntheticWorld) usualRate(b *testing.B) {
	const rate, each = 4000, 4
	r := w.server(b, putting)
	var cores []float64
	for k := range streamRounds {
		cpu, began := cpuTime(b), time.Now()
		r.play(b, k*rate*each, rate*each, rate, 0, nil)
		cores = append(cores, 100*(cpuTime(b)-cpu).Seconds()/time.Since(began).Seconds())
	}
	r.idle(b, streamRounds*rate*each)
	r.whole(b)
	b.ReportMetric(quantile(cores, .5), "%core")
	b.ReportMetric(milliseconds(r.inbox.Stats().Slowest), "ms-slowest-inbox")
}

// lossesToVerdicts has prefixes lost at all sessions while messages come at a rate, and
// takes the time from the last withdrawal to the verdict that says so.
func (w *syntheticWorld) lossesToVerdicts(b *testing.B) {
	const rate, each = 50_000, 4
	r := w.server(b, putting)
	j := newJudge(w.state)
	lost := 0
	var medians, worst []time.Duration
	for k := range streamRounds {
		r.play(b, k*rate*each, rate*each, rate, lossEvery, func(number int, at time.Time) {
			j.lost(w.lost[number], at)
			lost++
		})
		took := j.took(30 * time.Second)
		if len(took) == 0 {
			continue // a small world has few prefixes that the stream is not about
		}
		medians, worst = append(medians, quantile(took, .5)), append(worst, quantile(took, .99))
	}
	missed := j.stop()
	r.whole(b)
	if missed > 0 {
		b.Errorf("%d of %d losses had no verdict", missed, lost)
	}
	b.ReportMetric(milliseconds(quantile(medians, .5)), "ms-p50")
	b.ReportMetric(milliseconds(quantile(worst, .5)), "ms-p99")
	b.ReportMetric(milliseconds(r.inbox.Stats().Slowest), "ms-slowest-inbox")
	b.ReportMetric(float64(lost), "losses")
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
