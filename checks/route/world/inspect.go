package world

import (
	"errors"
	"fmt"
	"os"
	"time"

	"isitdown/checks/internal/section"
)

// Inspect looks at the snapshot at path without making a state of it: it is there, whole and
// of this version. It gives the time of the newest update in it, and its size in bytes. The error is os.ErrNotExist
// where there is no file, and else wraps [ErrSnapshot].
func Inspect(path string) (asOf time.Time, size int64, err error) {
	c, err := section.Read(path, snapshotMagic(), snapshotVersion)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return time.Time{}, 0, err
	case err != nil:
		return time.Time{}, 0, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return c.AsOf, info.Size(), nil
}
