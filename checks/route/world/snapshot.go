package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"isitdown/checks/internal/section"
	"isitdown/checks/route"
)

// A snapshot is a file with all that a [State] knows (package section has the frame of it). Its
// sections are those of [route.RIB.Save], and "usual", which [State.AppendTo] writes. Names of
// networks and countries, and thresholds, are not in it: they are those of the Options that it
// is loaded with.
const (
	snapshotVersion = 1
	usualSection    = "usual"
)

// snapshotMagic is how a snapshot begins.
func snapshotMagic() (m [16]byte) {
	copy(m[:], "isitdown world\n")
	return m
}

// ErrSnapshot is wrapped by the error for a snapshot that cannot be used; whoever gets it
// starts cold.
var ErrSnapshot = errors.New("the snapshot cannot be used")

// Saved says how a snapshot was written.
type Saved struct {
	AsOf  time.Time     // of the newest update in it
	Bytes int64         // of the file
	Held  time.Duration // how long updates had to wait
	Took  time.Duration // all in all
}

// Save writes all that the state knows to the file at path. Updates wait while it is copied,
// not while it is written; the file that was there stays until the new one is on the disk. A
// file that was begun is removed when the context ends.
func (s *State) Save(ctx context.Context, path string) (Saved, error) {
	began := time.Now()
	c := &section.Contents{Magic: snapshotMagic(), Version: snapshotVersion}
	s.Do(func(r *route.RIB) {
		c.AsOf = r.Newest()
		r.Save(func(name string, parts ...[]byte) {
			c.Sections = append(c.Sections, section.Section{Name: name, Parts: parts})
		})
		c.Sections = append(c.Sections, section.Section{Name: usualSection, Parts: [][]byte{s.AppendTo(nil)}})
	})
	saved := Saved{AsOf: c.AsOf, Held: time.Since(began)}
	var err error
	if saved.Bytes, err = section.Write(ctx, path, c); err != nil {
		return Saved{}, fmt.Errorf("saving a snapshot of the world: %w", err)
	}
	saved.Took = time.Since(began)
	return saved, nil
}

// Load makes a state of what [State.Save] wrote, and gives the time of the newest update in
// it. The error is os.ErrNotExist where there is no file, and wraps [ErrSnapshot] where there
// is one that is damaged, of another version or written with another setting of FullPaths.
func Load(path string, o Options) (*State, time.Time, error) {
	c, err := section.Read(path, snapshotMagic(), snapshotVersion)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, time.Time{}, err
	case err != nil:
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	s := New(o)
	if err := s.load(c); err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: reading %s: %w", ErrSnapshot, path, err)
	}
	return s, c.AsOf, nil
}

// load fills an empty state.
func (s *State) load(c *section.Contents) (err error) {
	s.Do(func(r *route.RIB) { err = r.Load(c.Bytes) })
	if err != nil {
		return err
	}
	kept, ok := c.Bytes(usualSection)
	if !ok {
		return fmt.Errorf("section %q is not there", usualSection)
	}
	if err := s.Restore(kept); err != nil {
		return err
	}
	s.Do(func(r *route.RIB) { r.Table().Sweep() })
	return nil
}
