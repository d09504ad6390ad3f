package archive

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"isitdown/checks/internal/mrt"
)

// unfit is a file that came and is not what its name says.
type unfit struct{ why string }

func (e *unfit) Error() string { return e.why }

// errQuiet is a file of updates without a record: nothing was recorded then.
var errQuiet = errors.New("nothing was recorded")

const (
	// quietSize is the most bytes that a compressed file of nothing has.
	quietSize = 128
	// offBy is how far from the time in its name a file may begin.
	offBy = time.Hour
)

// inspect looks whether a file that came is what its name says. Where the server
// said how long it is, it is whole, and its beginning has to do: damage that is
// the archive's own is a gap when the file is played. Else it is read to its end.
func (w wanted) inspect(file string, sized bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	stream, err := mrt.Decompress(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return &unfit{"what came is not a recording: it cannot be decompressed"}
	}
	defer stream.Close()
	r := mrt.NewReader(stream)
	rec, err := r.Next()
	switch {
	case errors.Is(err, mrt.ErrEmpty) && !w.dump:
		return nil
	case err != nil:
		return &unfit{"what came is not a recording, or damaged from its beginning"}
	}
	dump := rec.Kind == mrt.KindPeerIndexTable || rec.Kind == mrt.KindRIB || rec.Kind == mrt.KindMulticastRIB
	if dump != w.dump {
		return &unfit{fmt.Sprintf("what came is %s", map[bool]string{true: "a table, not updates", false: "updates, not a table"}[dump])}
	}
	if at := rec.Time; at.Before(w.start.Add(-offBy)) || at.After(w.end.Add(offBy)) {
		return &unfit{fmt.Sprintf("what came begins at %s", at.UTC().Format(gapClock))}
	}
	if sized {
		return nil
	}
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) {
		return &unfit{"what came breaks off"}
	}
	return nil
}

// quiet reports whether a small file of updates holds nothing at all.
func (w wanted) quiet(file string) bool {
	f, err := os.Open(file)
	if err != nil || w.dump {
		return false
	}
	defer f.Close()
	stream, err := mrt.Decompress(bufio.NewReader(f))
	if err != nil {
		return false
	}
	defer stream.Close()
	_, err = mrt.NewReader(stream).Next()
	return errors.Is(err, mrt.ErrEmpty)
}

// local is where a file is kept.
func (f *Fetcher) local(w wanted) string { return filepath.Join(f.o.Dir, filepath.FromSlash(w.path)) }

// partsFor is how long the part of a file stays to be gone on with.
const partsFor = 7 * 24 * time.Hour

// evict removes what was not used for longest until the folder is within its
// bound. What is in use stays, and counts as used now.
func (f *Fetcher) evict(used []string, now time.Time) error {
	type file struct {
		path string
		size int64
		at   time.Time
	}
	for _, path := range used {
		os.Chtimes(path, now, now) // its order of use, nothing more
	}
	var all []file
	total := int64(0)
	err := filepath.WalkDir(f.o.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !keepsName(d.Name()) {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		if part := strings.Contains(d.Name(), ".part"); part && now.Sub(info.ModTime()) > partsFor {
			return ignoreMissing(os.Remove(path))
		} else if !part && !slices.Contains(used, path) {
			all = append(all, file{path, info.Size(), info.ModTime()})
		}
		total += info.Size()
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.path, b.path)) })
	for _, old := range all {
		if total <= f.o.MaxCache {
			return nil
		}
		if err := ignoreMissing(os.Remove(old.path)); err != nil {
			return err
		}
		total -= old.size
	}
	return nil
}

// keepsName tells files of ours from what else a person may have put in the folder.
func keepsName(name string) bool {
	return strings.HasPrefix(name, "bview.") || strings.HasPrefix(name, "rib.") || strings.HasPrefix(name, "updates.")
}

// ignoreMissing is for what another process removed first.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
