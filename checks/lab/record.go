package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// Recorder records a scenario while it happens.
type Recorder struct {
	i     *Internet
	feeds []*Feed
	first map[*Feed]string // its table in the first moment
	rec   Recording

	hosts           []netip.Addr
	outside, inside *Vantage // nil where nothing is probed
}

// Record waits until every feed has all that Left and Right have, and makes what the feeds
// have said so far the first moment.
func (i *Internet) Record(feeds ...*Feed) *Recorder {
	i.t.Helper()
	r := &Recorder{i: i, feeds: feeds, first: map[*Feed]string{}}
	m := Moment{Name: "the beginning", Began: time.Now()}
	names := map[string]bool{}
	for _, f := range feeds {
		if names[f.Name] || names[f.Collector] {
			i.t.Fatalf("two feeds are called %s, or their collectors %s", f.Name, f.Collector)
		}
		names[f.Name], names[f.Collector] = true, true
		f.mu.Lock()
		if len(f.heard) > 0 && f.heard[0].Arrived.Before(m.Began) {
			m.Began = f.heard[0].Arrived
		}
		f.mu.Unlock()
	}
	r.await(m.Name, Sessions(len(vantages())))
	for _, f := range feeds {
		r.first[f] = f.Table()
	}
	r.keep(m)
	return r
}

// Probing has some hosts, and the controls, probed from both places: at the end of the
// latest moment and of those that follow.
func (r *Recorder) Probing(hosts ...netip.Addr) {
	r.i.t.Helper()
	if r.outside == nil {
		r.outside, r.inside = ProbeHere(Right), ProbeFrom(r.i.t, r.i.Inside, Carrier)
	}
	r.hosts = hosts
	r.probe(&r.rec.Moments[len(r.rec.Moments)-1])
}

// probe probes from both places at once.
func (r *Recorder) probe(m *Moment) {
	r.i.t.Helper()
	ctx, cancel := context.WithTimeout(r.i.t.Context(), sampleTime)
	defer cancel()
	var err error
	var inside sync.WaitGroup
	inside.Go(func() { m.Inside, err = r.inside.sample(ctx, r.hosts) })
	m.Outside = r.outside.Sample(r.i.t, r.hosts...)
	inside.Wait()
	if err != nil {
		r.i.t.Fatal(err)
	}
}

// Do makes a moment: it does something, waits until a condition holds for every feed, and
// keeps what they said. So it stays for pass, in the time of the scenario. It always waits
// until each session that a feed has up has told just what its vantage point has, and no
// feed has anything more to say; where until is nil, for nothing else. The fault must be
// there when it returns: a condition that holds before it holds too early.
func (r *Recorder) Do(name string, pass time.Duration, fault func(), until func(*Feed) bool) {
	r.i.t.Helper()
	latest := &r.rec.Moments[len(r.rec.Moments)-1]
	for _, f := range r.feeds { // what came late belongs there
		latest.Heard[f.Name] = append(latest.Heard[f.Name], f.take()...)
	}
	m := Moment{Name: name, Began: time.Now(), Pass: pass}
	fault()
	r.await(name, until)
	r.keep(m)
	if holding() {
		r.i.t.Log(r.said())
	}
	r.i.Hold(name)
}

// said tells what every feed delivered in the latest moment.
func (r *Recorder) said() string {
	var b strings.Builder
	for _, f := range r.feeds {
		fmt.Fprintf(&b, "what %s delivered:\n%s", f.Name, r.rec.Moments[len(r.rec.Moments)-1].Said(f.Name))
	}
	return b.String()
}

// Back is a condition: all is as it was in the first moment.
func (r *Recorder) Back(f *Feed) bool { return f.Table() == r.first[f] }

// Recording is what was recorded so far.
func (r *Recorder) Recording() *Recording { return &Recording{Moments: slices.Clone(r.rec.Moments)} }

// keep makes a moment of what was heard since the one before.
func (r *Recorder) keep(m Moment) {
	m.Heard, m.Tables = map[string][]Heard{}, map[string][]route.Update{}
	for _, f := range r.feeds {
		m.Heard[f.Name] = f.take()
		if f.recorded != nil {
			m.Tables[f.Name] = f.recorded.dump(time.Now())
		}
	}
	if r.outside != nil {
		r.probe(&m)
	}
	r.rec.Moments = append(r.rec.Moments, m)
}

// quietTime is how long nothing is told where all has been told: the routers of the lab
// pass everything on within a few milliseconds.
const quietTime = 100 * time.Millisecond

// await waits until a condition holds for every feed, and all are quiet and right.
func (r *Recorder) await(name string, until func(*Feed) bool) {
	r.i.t.Helper()
	since := time.Now()
	labtest.Await(r.i.t, name, func() bool {
		for _, f := range r.feeds {
			if until != nil && !until(f) || time.Since(f.changed(since)) < quietTime {
				return false
			}
		}
		truth := r.i.told()
		return !slices.ContainsFunc(r.feeds, func(f *Feed) bool {
			return f.differs(truth) != "" || f.recorded != nil && f.recorded.Table() != f.Table()
		})
	}, r.tell)
}

// tell is what there is where something was waited for in vain.
func (r *Recorder) tell() string {
	var b strings.Builder
	truth := r.i.told()
	for _, f := range r.feeds {
		fmt.Fprintf(&b, "%v%s\n", f, f.differs(truth))
	}
	return b.String() + r.i.String()
}
