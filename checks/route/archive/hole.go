package archive

import (
	"slices"
	"time"

	"isitdown/checks/route"
)

// Hole is a time of which a collector's updates are known to be missing. From its
// beginning on it is not known what the sessions of the collector hold; after its
// end they can say it again.
type Hole struct {
	Collector string
	From, To  time.Time
}

// edge is one end of a hole.
type edge struct {
	at        time.Time
	collector string
}

// edges gives the ends of all holes in the order of time.
func edges(holes []Hole) []edge {
	var out []edge
	for _, h := range holes {
		out = append(out, edge{h.From, h.Collector}, edge{h.To, h.Collector})
	}
	slices.SortStableFunc(out, func(a, b edge) int { return a.at.Compare(b.at) })
	return out
}

// pass emits the ends of holes up to a moment. A hole right behind a table waits
// for the end of the table, and is then as late as that.
func (p *player) pass(at time.Time) error {
	for len(p.edges) > 0 && !p.edges[0].at.After(at) {
		e := p.edges[0]
		if slices.ContainsFunc(p.active, func(s *playing) bool { return s.dump && s.collector == e.collector }) {
			return nil
		}
		if e.at.Before(p.clock) {
			e.at = p.clock
		}
		p.edges = p.edges[1:]
		if err := p.emit(&route.Update{Kind: route.Lost, At: e.at, Peer: route.Peer{Collector: e.collector}}); err != nil {
			return err
		}
	}
	return nil
}

// rest emits what is left when there are no more records: a hole at the end.
func (p *player) rest() error {
	until := p.until
	if until.IsZero() && len(p.edges) > 0 {
		until = p.edges[len(p.edges)-1].at
	}
	return p.pass(until)
}

// declared reports whether a known hole is what the silence between two times is.
func (p *player) declared(collector string, from, to time.Time) bool {
	return slices.ContainsFunc(p.rec.holes, func(h Hole) bool {
		return h.Collector == collector && h.From.Before(to) && h.To.After(from)
	})
}

// feed is what one collector's files of updates have delivered so far.
type feed struct {
	longest time.Duration // the longest silence inside a file
	hole    bool          // something is missing before the next file
}

// A file that is missing between two others shows as a silence. It is taken for
// one from leastHole on, if it is holeFactor times as long as any silence inside
// the collector's files: a router with little to say is not full of holes.
const (
	leastHole  = time.Minute
	holeFactor = 4
)

func (p *player) feed(collector string) *feed {
	f := p.feeds[collector]
	if f == nil {
		f = &feed{}
		p.feeds[collector] = f
	}
	return f
}

// hear notes how long a source was silent before a record.
func (p *player) hear(s *playing, at time.Time) {
	if !s.dump && !s.last.IsZero() {
		f := p.feed(s.collector)
		f.longest = max(f.longest, at.Sub(s.last))
	}
}

// silence looks, at the end of a source, whether a file is missing behind it.
func (p *player) silence(s *playing) error {
	if s.dump || slices.Contains(p.rec.gapless, s.collector) {
		return nil
	}
	for _, other := range p.active {
		if other.collector == s.collector && !other.dump {
			return nil
		}
	}
	for _, next := range p.waiting { // by start
		if next.collector != s.collector || next.dump {
			continue
		}
		if gap := next.start.Sub(s.last); gap < leastHole || gap < holeFactor*p.feed(s.collector).longest {
			return nil
		}
		if p.declared(s.collector, s.last, next.start) {
			return nil
		}
		p.gap("between %s and %s there is no data from %s to %s: a file seems to be missing", s.name, next.name,
			s.last.UTC().Format(gapClock), next.start.UTC().Format(gapClock))
		return p.lost(s)
	}
	return nil
}

const gapClock = "15:04:05 UTC on 2 January 2006"

// lost says that from the end of a source on what its collector's sessions hold
// is not known.
func (p *player) lost(s *playing) error {
	p.feed(s.collector).hole = true
	return p.emit(&route.Update{Kind: route.Lost, At: s.last, Peer: route.Peer{Collector: s.collector}})
}

// resume says so once more where the data goes on: only then can the sessions
// begin to say again what they hold.
func (p *player) resume(s *playing) error {
	f := p.feed(s.collector)
	if s.dump || !f.hole || !p.until.IsZero() && s.start.After(p.until) {
		return nil
	}
	f.hole = false
	return p.emit(&route.Update{Kind: route.Lost, At: s.start, Peer: route.Peer{Collector: s.collector}})
}
