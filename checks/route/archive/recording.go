package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/mrt"
)

// ErrNoFile is wrapped by the error for a file that does not exist.
var ErrNoFile = errors.New("there is no file")

// Recording is routing data of one or several files, to be played in the order
// of its time, once or more often.
type Recording struct {
	// OnProgress, when set, is called now and then while playing.
	OnProgress func(Progress)

	sources []*source    // by start
	holes   []Hole       // known before it is played
	gapless []string     // collectors of which nothing else is missing
	known   []checks.Gap // before it was played
	gaps    []checks.Gap
}

// Progress says how far playing has come.
type Progress struct {
	Records     int64
	Bytes, Size int64 // of the files as they are stored
	At          time.Time
}

// source is one file, or one stream of a scenario.
type source struct {
	name      string
	collector string
	open      func() (io.ReadCloser, error)
	info      os.FileInfo // nil for a stream of a scenario
	size      int64
	dump      bool // a table dump
	start     time.Time
	order     int // as given, for equal times
}

// Open looks at MRT files: each must exist and hold at least one whole record. A
// file may be given as COLLECTOR=FILE; otherwise the name of its collector
// (rrc23, route-views2) is looked for in its path.
func Open(files []string) (*Recording, error) {
	rec := &Recording{}
	for i, arg := range files {
		s, err := openFile(arg)
		if err != nil {
			return nil, err
		}
		if twice := slices.ContainsFunc(rec.sources, func(o *source) bool { return os.SameFile(o.info, s.info) }); twice {
			rec.known = append(rec.known, routeGap("%s was given twice and is read once", s.name))
			continue
		}
		s.order = i
		rec.sources = append(rec.sources, s)
	}
	rec.sort()
	return rec, nil
}

// FromScenario makes the recording that a scenario describes.
func FromScenario(s *Scenario) (*Recording, error) {
	streams, err := s.Streams()
	if err != nil {
		return nil, err
	}
	rec := &Recording{}
	for i, stream := range streams {
		src := &source{
			name: s.Name + " (" + stream.Collector + ")", collector: stream.Collector, order: i, size: int64(len(stream.Data)),
			open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(stream.Data)), nil },
		}
		if err := src.sniff(); err != nil {
			return nil, err
		}
		rec.sources = append(rec.sources, src)
	}
	rec.sort()
	return rec, nil
}

// sort orders the sources by their first record, a table dump before updates of
// the same second.
func (rec *Recording) sort() {
	slices.SortFunc(rec.sources, compareSources)
}

// Start is the time of the first record.
func (rec *Recording) Start() time.Time {
	if len(rec.sources) == 0 {
		return time.Time{}
	}
	return rec.sources[0].start
}

// HasTable reports whether a table dump is among the files.
func (rec *Recording) HasTable() bool {
	return slices.ContainsFunc(rec.sources, func(s *source) bool { return s.dump })
}

// Names gives what the recording is made of, in the order given.
func (rec *Recording) Names() []string {
	list := slices.Clone(rec.sources)
	slices.SortFunc(list, func(a, b *source) int { return a.order - b.order })
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.name
	}
	return names
}

// Gaps gives what could not be used, after the recording was played.
func (rec *Recording) Gaps() []checks.Gap { return slices.Clone(rec.gaps) }

// collectorName finds the collectors of RIPE RIS and RouteViews in a path.
var collectorName = regexp.MustCompile(`\b(rrc\d\d|route-views\d+|route-views(?:\.[a-z]+\d*)?)\b`)

func openFile(arg string) (*source, error) {
	name, file := "", arg
	if before, after, ok := strings.Cut(arg, "="); ok && !exists(arg) {
		name, file = before, after
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%w %s: give the path of an MRT file (a table dump or updates)", ErrNoFile, file)
	case err != nil:
		return nil, fmt.Errorf("looking at %s: %w", file, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory: give the MRT files in it one by one, for example %s", file, filepath.Join(file, "updates.*.gz"))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is a pipe or a device: write the data to a file first, for it is read more than once", file)
	}
	if name == "" {
		if m := collectorName.FindStringSubmatch(filepath.ToSlash(file)); m != nil {
			name = strings.TrimSuffix(strings.TrimSuffix(m[1], ".updates"), ".rib")
		}
	}
	s := &source{
		name: filepath.Base(file), collector: name, info: info, size: info.Size(),
		open: func() (io.ReadCloser, error) { return os.Open(file) },
	}
	return s, s.sniff()
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// sniff reads the first record of a source.
func (s *source) sniff() error {
	p, err := s.play()
	if err != nil {
		return err
	}
	defer p.close()
	rec, err := p.read()
	switch {
	case errors.Is(err, io.EOF) && p.strays > 0:
		return fmt.Errorf("%s holds no record with a time from %d on: the clock of whoever wrote it was not set", s.name, earliest.Year())
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s holds no record that could be used: its records are all damaged", s.name)
	case errors.Is(err, mrt.ErrEmpty):
		return fmt.Errorf("%s is empty: an MRT file holds at least one record; was the download cut off?", s.name)
	case errors.Is(err, mrt.ErrNotMRT):
		return fmt.Errorf("%s is not MRT data (RFC 6396), compressed or not: give a table dump (rib, bview) or updates of a route collector", s.name)
	case err != nil:
		return fmt.Errorf("%s holds no whole record: %w", s.name, err)
	}
	s.start = rec.Time
	switch rec.Kind {
	case mrt.KindPeerIndexTable, mrt.KindRIB, mrt.KindMulticastRIB:
		s.dump = true
	}
	return nil
}

// playing is a source that is being read.
type playing struct {
	*source
	file   io.ReadCloser
	count  *counter
	stream *mrt.Stream
	reader *mrt.Reader
	record *mrt.Record // the next one
	last   time.Time
	dumpNo int
	strays int // records left out for their time
}

// earliest is the time of the earliest record that is believed: MRT is younger,
// and a router whose clock was never set begins in 1970. farthest is how far from
// a file's first record another may be: one damaged time would make all sessions
// of all collectors look silent for decades.
var earliest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

const farthest = 366 * 24 * time.Hour

// read gives the next record whose time can be believed.
func (p *playing) read() (*mrt.Record, error) {
	for {
		rec, err := p.reader.Next()
		if err != nil || !p.stray(rec.Time) {
			return rec, err
		}
		p.strays++
	}
}

func (p *playing) stray(t time.Time) bool {
	return t.Before(earliest) || !p.start.IsZero() && t.Sub(p.start).Abs() > farthest
}

// play opens a source at its beginning.
func (s *source) play() (*playing, error) {
	file, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", s.name, err)
	}
	p := &playing{source: s, file: file, count: &counter{r: file}}
	p.stream, err = mrt.Decompress(bufio.NewReaderSize(p.count, 1<<16))
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("decompressing %s: %w", s.name, err)
	}
	p.reader = mrt.NewReader(p.stream)
	return p, nil
}

func (p *playing) close() {
	p.stream.Close()
	p.file.Close()
}

// counter counts the bytes that pass; a decompressor may read on a goroutine of its own.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}
