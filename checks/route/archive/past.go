package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Heard is told how far fetching or playing is: the file, whether it is still being fetched,
// and how many of its bytes are done; size is -1 where it is not known. Of several files that
// are played together the name is that of their collectors.
type Heard = func(what string, fetching bool, done, size int64)

// Knows reports whether the archives can have recordings of a collector.
func (f *Fetcher) Knows(collector string) bool { return Known(collector) == nil }

// PlayTable fetches the last table of a collector that was begun up to a moment and emits it,
// as the dump of the given number, and gives when it was begun; the zero time, and a gap, where
// there is none. The update and what hangs on it are valid until emit returns.
func (f *Fetcher) PlayTable(ctx context.Context, collector string, at time.Time, dump int, emit func(*route.Update) error, heard Heard) (taken time.Time, gaps []checks.Gap, err error) {
	s, err := f.site(collector)
	if err != nil {
		return time.Time{}, nil, err
	}
	c := f.cover(s, collector, time.Now())
	c.told = fetching(heard)
	if err := c.folder(); err != nil {
		return time.Time{}, nil, err
	}
	table, err := c.table(ctx, at)
	if err != nil || table == nil {
		return time.Time{}, c.got.Gaps, err
	}
	c.got.Files = append(c.got.Files, c.file(*table))
	if err := f.evict(c.paths, c.now); err != nil {
		return time.Time{}, nil, fmt.Errorf("removing old recordings: %w", err)
	}
	gaps, err = c.got.play(ctx, table.name(), func(u *route.Update) error {
		if u.Kind == route.Table {
			u.Dump = dump
		}
		return emit(u)
	}, heard)
	return table.start, gaps, err
}

// PlayChanges fetches the updates of collectors, each since a moment of its own and all up to
// another, and emits them in the order of time over all of them, as far as they are published. It
// gives for each collector up to when that is, the moment it was asked from where nothing is.
// Files go by time: the first may begin before its moment. What the archive should have and
// does not give is a gap, and [route.Lost] where it begins and where it ends. The update and what hangs on it are
// valid until emit returns.
func (f *Fetcher) PlayChanges(ctx context.Context, since map[string]time.Time, until time.Time, emit func(*route.Update) error, heard Heard) (known map[string]time.Time, gaps []checks.Gap, err error) {
	now := time.Now()
	known, all := map[string]time.Time{}, Covered{}
	var used []string
	for _, name := range slices.Sorted(maps.Keys(since)) {
		s, err := f.site(name)
		if err != nil {
			return nil, nil, err
		}
		c := f.cover(s, name, now)
		c.told = fetching(heard)
		if err := c.folder(); err != nil {
			return nil, nil, err
		}
		known[name] = since[name]
		if err := c.changes(ctx, since[name], earlier(until, now)); err != nil {
			return nil, nil, fmt.Errorf("fetching updates of %s: %w", name, err)
		}
		if c.got.Until.After(known[name]) {
			known[name] = c.got.Until
		}
		all.collectors = append(all.collectors, name)
		all.Files = append(all.Files, c.got.Files...)
		all.Holes = append(all.Holes, c.got.Holes...)
		all.Gaps = append(all.Gaps, c.got.Gaps...)
		used = append(used, c.paths...)
	}
	if err := f.evict(used, now); err != nil {
		return nil, nil, fmt.Errorf("removing old recordings: %w", err)
	}
	gaps, err = all.play(ctx, "updates of "+naming(all.collectors), emit, heard)
	return known, gaps, err
}

// naming says which collectors, or how many.
func naming(collectors []string) string {
	if len(collectors) == 1 {
		return collectors[0]
	}
	return fmt.Sprintf("%d collectors", len(collectors))
}

// play emits what was fetched, and gives what is missing of it.
func (c Covered) play(ctx context.Context, what string, emit func(*route.Update) error, heard Heard) ([]checks.Gap, error) {
	rec, err := c.Open()
	if err != nil {
		return nil, fmt.Errorf("playing what was fetched: %w", err)
	}
	if heard != nil {
		rec.OnProgress = func(p Progress) { heard(what, false, p.Bytes, p.Size) }
	}
	if err := rec.playAhead(ctx, emit); err != nil {
		return nil, err
	}
	return rec.Gaps(), nil
}

// fetching passes on how far a file is.
func fetching(heard Heard) func(FetchProgress) {
	if heard == nil {
		return nil
	}
	return func(p FetchProgress) { heard(p.Collector+" "+p.File, true, p.Got, p.Size) }
}
