package archive

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// progressEvery is how many records pass between two reports, askEvery between
// two looks at whether to go on: some records take long.
const (
	progressEvery = 1 << 13
	askEvery      = 1 << 6
)

// Play emits all updates up to and including the given time, all there are where
// it is zero, in the order of time. The update and what hangs on it are valid
// until emit returns. An error is emit's, the context's, or that of a file that
// can no longer be opened; damage in a file is a gap.
func (rec *Recording) Play(ctx context.Context, until time.Time, emit func(*route.Update) error) error {
	return rec.play(ctx, until, &teller{}, emit)
}

// play plays by a teller.
func (rec *Recording) play(ctx context.Context, until time.Time, t *teller, emit func(*route.Update) error) error {
	p := &player{rec: rec, emit: emit, until: until, feeds: map[string]*feed{}, edges: edges(rec.holes), teller: t}
	rec.gaps = slices.Clone(rec.known)
	defer p.close()
	return p.run(ctx)
}

// player merges the sources of a recording.
type player struct {
	rec     *Recording
	emit    func(*route.Update) error
	until   time.Time
	waiting []*source
	active  queue
	feeds   map[string]*feed // by collector
	edges   []edge           // of holes that are known, not yet passed
	clock   time.Time        // of the last record
	dumps   int
	done    int64 // bytes of finished sources
	records int64
	teller  *teller
}

func (p *player) close() {
	for _, s := range p.active {
		s.close()
	}
}

func (p *player) run(ctx context.Context) error {
	p.waiting = p.rec.sources
	for {
		if err := p.open(); err != nil {
			return err
		}
		if len(p.active) == 0 {
			return p.rest()
		}
		s := p.active[0]
		if !p.until.IsZero() && s.record.Time.After(p.until) {
			return p.rest()
		}
		if err := p.pass(s.record.Time); err != nil {
			return err
		}
		p.clock = s.record.Time
		if err := p.teller.tell(s.record, s.collector, s.dumpNo, p.emit); err != nil {
			return err
		}
		if p.records++; p.records%askEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if p.records%progressEvery == 0 {
			p.progress(s.last)
		}
		if err := p.next(s); err != nil {
			return err
		}
	}
}

func (p *player) progress(at time.Time) {
	if p.rec.OnProgress == nil {
		return
	}
	report := Progress{Records: p.records, Bytes: p.done, At: at}
	for _, s := range p.rec.sources {
		report.Size += s.size
	}
	for _, s := range p.active {
		report.Bytes += s.count.n.Load()
	}
	p.rec.OnProgress(report)
}

// open brings in the sources whose turn has come.
func (p *player) open() error {
	for len(p.waiting) > 0 && (len(p.active) == 0 || !p.waiting[0].start.After(p.active[0].record.Time)) {
		s, err := p.waiting[0].play()
		if err != nil {
			return err
		}
		p.waiting = p.waiting[1:]
		if s.dump {
			p.dumps++
			s.dumpNo = p.dumps
		}
		heap.Push(&p.active, s)
		if err := p.next(s); err != nil {
			return err
		}
		if err := p.resume(s); err != nil {
			return err
		}
	}
	return nil
}

// next reads the next record of a source, and ends the source where there is none.
func (p *player) next(s *playing) error {
	at := 0
	for at < len(p.active) && p.active[at] != s {
		at++
	}
	record, err := s.read()
	if err == nil {
		p.hear(s, record.Time)
		s.record, s.last = record, record.Time
		heap.Fix(&p.active, at)
		return nil
	}
	heap.Remove(&p.active, at)
	s.close()
	p.done += s.size
	p.problems(s)
	if errors.Is(err, io.EOF) {
		return p.silence(s)
	}
	return p.cutOff(s, err)
}

// cutOff notes that a source ended before its time. Where another source goes on
// with the same collector, what the collector's sessions hold is not known there.
func (p *player) cutOff(s *playing, err error) error {
	text := fmt.Sprintf("%s: %v; what is whole before it was used, up to %s", s.name, err, s.last.UTC().Format(gapClock))
	if s.dump {
		p.gap("%s; a table goes by prefix, so those after that point are not counted", text)
		return nil
	}
	p.gap("%s", text)
	for _, other := range p.waiting {
		if other.collector == s.collector {
			return p.lost(s)
		}
	}
	return nil
}

// problems notes the records of a source that could not be used.
func (p *player) problems(s *playing) {
	if n, first := s.reader.Problems(); n > 0 {
		p.gap("%s: %d %s left out because they make no sense, the first %v", s.name, n, plural(n, "record was", "records were"), first)
	}
	if s.strays > 0 {
		p.gap("%s: %d %s left out because of %s time, which is before %d or more than a year from the first record's", s.name, s.strays,
			plural(s.strays, "record was", "records were"), plural(s.strays, "its", "their"), earliest.Year())
	}
	for _, skipped := range s.reader.Skipped() {
		p.gap("%s: %d %s of MRT type %d, subtype %d, which is not read", s.name, skipped.Count, plural(skipped.Count, "record", "records"), skipped.Type, skipped.Subtype)
	}
}

func (p *player) gap(format string, args ...any) {
	p.rec.gaps = append(p.rec.gaps, routeGap(format, args...))
}

func routeGap(format string, args ...any) checks.Gap {
	return checks.Gap{Check: "route", Reason: fmt.Sprintf(format, args...)}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// queue is a heap of sources by the time of their next record.
type queue []*playing

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*playing)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}

func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if a.record == nil || b.record == nil {
		return a.record != nil
	}
	return cmp.Or(a.record.Time.Compare(b.record.Time), compareSources(a.source, b.source)) < 0
}

func compareSources(a, b *source) int {
	switch {
	case !a.start.Equal(b.start):
		return a.start.Compare(b.start)
	case a.dump != b.dump:
		if a.dump {
			return -1
		}
		return 1
	}
	return a.order - b.order
}
