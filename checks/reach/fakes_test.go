package reach

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
)

// world is a network of hosts that answer after 10 ms, or do not, as told.
type world struct {
	mu   sync.Mutex
	dead map[netip.Addr]bool
	down bool    // our own network fails
	loss float64 // of all probes
	dice *rand.Rand
	sent map[netip.Addr][]time.Time
	only map[netip.Addr]checks.Method // the one method that a host answers
	some map[netip.Addr]float64       // the share of probes that a host loses
}

func newWorld(loss float64) *world {
	return &world{
		dead: map[netip.Addr]bool{}, loss: loss, dice: rand.New(rand.NewPCG(1, 2)),
		sent: map[netip.Addr][]time.Time{}, only: map[netip.Addr]checks.Method{},
		some: map[netip.Addr]float64{},
	}
}

func (w *world) ask(ctx context.Context, p Probe) checks.Answer {
	a := checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: p.Method, At: time.Now()}
	w.mu.Lock()
	w.sent[p.Addr] = append(w.sent[p.Addr], a.At)
	only, has := w.only[p.Addr]
	silent := w.down || w.dead[p.Addr] || w.dice.Float64() < max(w.loss, w.some[p.Addr]) || has && only != p.Method
	w.mu.Unlock()
	switch {
	case !silent && pause(ctx, 10*time.Millisecond):
		a.Outcome = checks.Answered
	case silent && (pause(ctx, 3*time.Second) || ctx.Err() == context.DeadlineExceeded):
		a.Outcome = checks.Silent
	}
	a.Took = time.Since(a.At)
	return a
}

func (w *world) kill(dead bool, addrs ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range addrs {
		w.dead[netip.MustParseAddr(a)] = dead
	}
}

func (w *world) lose(share float64, addr string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some[netip.MustParseAddr(addr)] = share
}

func (w *world) cut(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *world) probes(a string) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[netip.MustParseAddr(a)]
}

// log gives all that was sent, and when.
func (w *world) log() map[netip.Addr][]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.sent)
}

// everything lets everything be probed: nothing is sent by a fake.
func everything() *Shield {
	return NewShield(ShieldOptions{Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}})
}

func (w *world) options() Options {
	return Options{Ask: w.ask, Shield: everything(), Controls: Controls()}
}

func footprint(t testing.TB, text string) checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return checks.Footprint{Target: target}
}

// running runs a monitor until stop, which waits for its end.
func running(m *Monitor) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// silents counts the hosts that are proven silent while the guard holds.
func silents(r checks.Reach) int {
	n := 0
	for _, h := range r.Hosts {
		if r.Guard.Holds() && h.Silence.Proven() {
			n++
		}
	}
	return n
}
