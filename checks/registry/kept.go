package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// kept is what is known of a list in the folder of [Refresh]. It stands beside
// the list in NAME.json and says which file it is: files are never written over,
// so whoever reads one reads it whole.
type kept struct {
	Version      int       `json:"version"`
	Name         string    `json:"name"`
	Names        bool      `json:"names,omitempty"`
	URL          string    `json:"url"`
	File         string    `json:"file"`
	Bytes        int64     `json:"bytes"`
	Date         time.Time `json:"date,omitzero"` // by the list itself
	Records      int       `json:"records"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Fetched      time.Time `json:"fetched"` // when it changed last
	Checked      time.Time `json:"checked"` // when the server was last asked
}

const keptVersion = 1

// sourceName are the names that a source may have.
var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// readKept gives what the folder has of a source; nil for nothing that can be used.
func readKept(dir, name string) *kept {
	data, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		return nil
	}
	var k kept
	if json.Unmarshal(data, &k) != nil || k.Version != keptVersion || k.Name != name || k.File != filepath.Base(k.File) {
		return nil
	}
	info, err := os.Stat(filepath.Join(dir, k.File))
	if err != nil || !info.Mode().IsRegular() || info.Size() != k.Bytes {
		return nil
	}
	return &k
}

// write takes the place of what was known, at once.
func (k *kept) write(dir string) error {
	data, err := json.MarshalIndent(k, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".writing-") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, k.Name+".json"))
}

// date is how old the list is: by itself, else by when it changed last.
func (k *kept) date() time.Time {
	if k.Date.IsZero() {
		return k.Fetched
	}
	return k.Date
}

// Kept gives the files of the lists in a folder of [Refresh], to be given to
// [Load]. A folder that is not there has none.
func Kept(dir string) ([]string, error) {
	states, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("looking for registry lists: %w", err)
	}
	if _, err := os.Stat(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for registry lists: %w", err)
	}
	var files []string
	for _, state := range states { // in the order of their names
		if k := readKept(dir, strings.TrimSuffix(filepath.Base(state), ".json")); k != nil {
			files = append(files, filepath.Join(dir, k.File))
		}
	}
	return files, nil
}

// leaveFor is how long a list that was replaced stays, for who is reading it.
const leaveFor = time.Hour

// sweep removes lists that were replaced.
func (k *kept) sweep(dir string, now time.Time) {
	files, err := filepath.Glob(filepath.Join(dir, k.Name+"-*.txt"))
	if err != nil {
		return
	}
	for _, file := range files {
		base := filepath.Base(file)
		// Another name may begin with this one.
		if rest := strings.TrimPrefix(base, k.Name+"-"); base == k.File || strings.Count(rest, "-") > 0 {
			continue
		}
		if info, err := os.Stat(file); err == nil && now.Sub(info.ModTime()) > leaveFor {
			os.Remove(file)
		}
	}
}
