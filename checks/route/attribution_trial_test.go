package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/topology"
)

// trial is one world with all that happens in it, one event after the other, as a RIB
// hears of it. Every target is watched from the beginning.
type trial struct {
	t       testing.TB
	world   *topology.World
	stuck   float64
	rib     *RIB
	events  []*topology.Event
	watches []*Watch
	raws    map[*checks.ASN]bgp.RawPath // by where a path of the world begins
	rng     *rand.Rand
	held    map[place][]checks.ASN // what differs from the stable routes
}

type place struct {
	vantage int
	prefix  netip.Prefix
}

// The times of a trial: events are so far apart that the routes between them are the
// baseline; they are looked at ten minutes after they began and repaired some time later.
const (
	apart    = 150 * time.Minute
	lookedAt = 10 * time.Minute
	repaired = 40 * time.Minute
)

// drawEvents makes up a number of events of each kind in a world, in any order.
func drawEvents(w *topology.World, each int) (list []*topology.Event) {
	rng := rand.New(rand.NewPCG(w.Seed, 7))
	for k := topology.LastLink; k <= topology.Leak; k++ {
		for range each {
			if e, ok := w.Draw(k, rng); ok {
				list = append(list, e)
			}
		}
	}
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// newTrial has some events happen in a world with a share of stuck peers.
func newTrial(t testing.TB, w *topology.World, events []*topology.Event, stuck float64) *trial {
	x := &trial{
		t: t, world: w, stuck: stuck, events: events,
		raws: map[*checks.ASN]bgp.RawPath{}, rng: rand.New(rand.NewPCG(w.Seed, 99)),
	}
	rules := DefaultRules()
	rules.FullPaths = true
	x.rib = NewRIB(rules)
	for i, e := range x.events {
		x.watches = append(x.watches, x.rib.Watch(x.footprint(e, i)))
	}
	x.load()
	return x
}

// footprint is the target of an event: the network, or a country of several.
func (x *trial) footprint(e *topology.Event, number int) checks.Footprint {
	if len(e.Origins) == 1 {
		a := x.world.ASes[e.Origins[0]].ASN
		return checks.Footprint{Target: checks.Network(a), Origins: []checks.ASN{a}}
	}
	code := string([]byte{'A' + byte(number/26%26), 'A' + byte(number%26)})
	f := checks.Footprint{Target: checks.Country(code), Country: code, Name: code}
	for _, o := range e.Origins {
		f.Prefixes = append(f.Prefixes, x.world.Space(o)...)
		f.Origins = append(f.Origins, x.world.ASes[o].ASN)
	}
	slices.SortFunc(f.Prefixes, checks.ComparePrefixes)
	slices.Sort(f.Origins)
	f.Home = f.Origins
	return f
}

func (x *trial) peer(v int) Peer {
	at := x.world.Vantage[v]
	return Peer{
		Collector: fmt.Sprintf("c%d", at.Collector), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(v)}),
		AS: x.world.ASes[at.AS].ASN,
	}
}

// raw packs a path. Those of the world are packed once.
func (x *trial) raw(path []checks.ASN) bgp.RawPath {
	if r, ok := x.raws[&path[0]]; ok {
		return r
	}
	r, err := bgp.MakeRawPath(checks.MakePath(path...))
	if err != nil {
		x.t.Fatal(err)
	}
	x.raws[&path[0]] = r
	return r
}

// load gives the RIB the table of the stable routes.
func (x *trial) load() {
	for g := range x.world.Groups {
		u := Update{Kind: Table, At: began, Dump: 1}
		for v := range x.world.Vantage {
			if path := x.world.Path(g, v); path != nil {
				u.Entries = append(u.Entries, Entry{Peer: x.peer(v), Path: x.raw(path)})
			}
		}
		for _, p := range x.world.Groups[g].Prefixes {
			u.Prefix = p
			x.rib.Apply(&u)
		}
	}
}

// happened is one event and what was said of it ten minutes later.
type happened struct {
	event   *topology.Event
	stuck   []int // vantage points
	in      checks.Case
	verdict checks.Verdict
}

// run lets everything happen, and shows what is said of each event.
func (x *trial) run(judge func(*happened)) {
	now := began
	for i, e := range x.events {
		at := began.Add(time.Duration(i+1)*apart + time.Duration(x.rng.IntN(3600))*time.Second)
		for ; now.Before(at.Add(-20 * time.Minute)); now = now.Add(20 * time.Minute) {
			x.alive(now)
		}
		x.held = map[place][]checks.ASN{}
		play := x.world.Play(e, x.stuck, x.rng)
		rest := x.play(play.Break, at, lookedAt)
		x.alive(at.Add(lookedAt))
		h := happened{event: e, stuck: play.Stuck, in: x.look(x.watches[i], e, at.Add(lookedAt))}
		h.verdict = checks.Assess(h.in)
		judge(&h)
		x.play(rest, at, repaired)
		x.play(play.Mend, at.Add(repaired), apart)
	}
}

// alive says that the collectors have nothing to say.
func (x *trial) alive(at time.Time) {
	for v := range 4 {
		x.rib.Apply(&Update{Kind: Alive, At: at, Peer: Peer{Collector: fmt.Sprintf("c%d", v)}})
	}
}

// play applies the steps up to a time and gives those after it.
func (x *trial) play(steps []topology.Step, begin time.Time, until time.Duration) (rest []topology.Step) {
	for i := range steps {
		s := &steps[i]
		if s.At > until {
			return steps[i:]
		}
		u := Update{Kind: Routes, At: begin.Add(s.At), Peer: x.peer(s.Vantage)}
		routes := make([]NLRI, len(s.Prefixes))
		for j, p := range s.Prefixes {
			routes[j].Prefix = p
			x.held[place{s.Vantage, p}] = s.Path
		}
		switch s.Does {
		case topology.Announces:
			u.Announced, u.Path = routes, x.raw(s.Path)
		case topology.Withdraws:
			u.Withdrawn = routes
		case topology.Ends:
			u.Kind = PeerDown
		case topology.Begins:
			u.Kind = PeerUp
		}
		x.rib.Apply(&u)
	}
	return nil
}

// look is the case of a target at a time.
func (x *trial) look(w *Watch, e *topology.Event, now time.Time) checks.Case {
	base, vantage, list := w.Observe(now)
	c := checks.Case{
		Footprint: w.Target(), Baseline: base, Vantage: vantage, Observations: list,
		Elsewhere: w.Elsewhere(now), Now: now, Rules: checks.DefaultRules(),
	}
	if e.Kind == topology.Rejection {
		c.RPKI = invalid(&base)
	}
	return c
}

// invalid says that RPKI calls all routes of a baseline invalid.
func invalid(b *checks.Baseline) (list []checks.OriginValidity) {
	for _, p := range b.Prefixes {
		for _, o := range p.Origins {
			list = append(list, checks.OriginValidity{
				Route: checks.RouteOrigin{Prefix: p.Prefix, Origin: o}, State: checks.Invalid, Reason: "a test", Source: "a test",
			})
		}
	}
	return list
}
