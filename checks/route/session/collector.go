package session

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks/route"
)

// Collector holds the sessions with all neighbours.
type Collector struct {
	options Options
	log     *slog.Logger

	mu    sync.Mutex
	peers []*peer // in the order of the neighbours, those of a prefix behind each other

	// emitting lets one session at a time speak, in the order of time.
	emitting sync.Mutex
	emit     func(*route.Update)
}

// New makes a collector. The error names every setting that cannot be used.
func New(o Options) (*Collector, error) {
	o.Neighbors = slices.Clone(o.Neighbors)
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := supported(o.Neighbors); err != nil {
		return nil, err
	}
	c := &Collector{options: o, log: o.Log}
	for i := range o.Neighbors {
		n := &o.Neighbors[i]
		c.peers = append(c.peers, &peer{c: c, n: n, addr: n.Address.Addr(), first: true, status: firstStatus(n)})
	}
	return c, nil
}

func firstStatus(n *Neighbor) Status {
	sentence := "it has not been called yet"
	if n.Passive {
		sentence = "it is waited for at " + n.Listen
	}
	return Status{Name: n.Name, Addr: n.Address.Addr(), AS: n.AS, State: Connecting, Sentence: sentence}
}

// Run keeps the sessions up until the context ends, and then takes leave of every
// router. It calls emit for one update at a time; what the update holds is valid
// until emit returns. A router that cannot be reached is no error but a sentence in
// Status. Run is called once, and returns nil.
func (c *Collector) Run(ctx context.Context, emit func(*route.Update)) error {
	c.emit = emit
	var wg sync.WaitGroup
	for listen := range c.listens() {
		wg.Go(func() { c.listen(ctx, listen) })
	}
	for _, p := range c.all() {
		if !p.n.Passive {
			wg.Go(func() { p.call(ctx) })
		}
	}
	wg.Wait()
	return nil
}

// listens are the places where anybody is waited for.
func (c *Collector) listens() map[string][]*Neighbor {
	places := map[string][]*Neighbor{}
	for i := range c.options.Neighbors {
		if n := &c.options.Neighbors[i]; n.Listen != "" {
			places[n.Listen] = append(places[n.Listen], n)
		}
	}
	return places
}

func (c *Collector) all() []*peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.peers)
}

// Refresh asks every established session for its table once more (RFC 2918), and
// gives how many can send it. Asked again within a minute, a session waits for the
// minute to end.
func (c *Collector) Refresh(f Families) (asked int) {
	for _, p := range c.all() {
		c.mu.Lock()
		l := p.up
		c.mu.Unlock()
		if l != nil && l.theirs.RouteRefresh && l.askAgain(f&l.families) {
			asked++
		}
	}
	return asked
}

// Status tells how every neighbour stands, in the order of the options.
func (c *Collector) Status() []Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	came := map[*Neighbor]bool{} // somebody did, from the prefix
	for _, p := range c.peers {
		came[p.n] = came[p.n] || !p.first
	}
	list := make([]Status, 0, len(c.peers))
	for _, p := range c.peers {
		if !p.first || !came[p.n] {
			list = append(list, p.now())
		}
	}
	return list
}

// maxSessions bounds the sessions with neighbours behind one prefix.
const maxSessions = 256

// peer finds who is behind an address that has connected to one of the neighbours;
// nil where there is no room for one more.
func (c *Collector) peer(n *Neighbor, addr netip.Addr) *peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, count, gone := -1, 0, -1
	for i, p := range c.peers {
		if p.n != n {
			continue
		}
		if p.addr == addr && (!p.first || n.Address.IsSingleIP()) {
			return p
		}
		last, count = i, count+1
		if !p.first && len(p.links) == 0 {
			gone = i
		}
	}
	if count > maxSessions {
		if gone < 0 {
			return nil
		}
		c.peers = slices.Delete(c.peers, gone, gone+1)
		last--
	}
	p := &peer{c: c, n: n, addr: addr, status: firstStatus(n)}
	p.status.Addr = addr
	c.peers = slices.Insert(c.peers, last+1, p)
	return p
}

// jitter gives a time within a quarter of d, so that routers that were lost together
// are not called together.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}

// sleep waits, and reports whether the context let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
