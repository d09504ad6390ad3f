package archive

import (
	"time"

	"isitdown/checks/route"
)

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
	if s.dump {
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
