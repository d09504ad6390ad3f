package section

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Section is a named piece of a file. Its bytes are written one part behind the other.
type Section struct {
	Name  string // at most 8 bytes
	Parts [][]byte
}

// Contents is what a file holds.
type Contents struct {
	// Magic says what kind of file it is, in 16 bytes, and Version what its sections look like.
	Magic   [16]byte
	Version uint32
	// AsOf is the moment that the contents are of.
	AsOf     time.Time
	Sections []Section
}

const (
	magicSize = 16
	nameSize  = 8
	headSize  = magicSize + 4 + 4 + 8
	entrySize = nameSize + 8 + 8 + 4
	crcSize   = 4
)

// maxSections bounds what is believed of a file.
const maxSections = 1 << 15

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, by crc32

// Write puts the contents into the file at path, in the place of what is there: that stays
// until the new file is whole and on the disk. It gives the size of the file.
func Write(ctx context.Context, path string, c *Contents) (size int64, err error) {
	head, err := c.head()
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, partOf(path)+"*")
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", path, err)
	}
	removeParts(path, time.Now().Add(-partFor))
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), ignoreGone(os.Remove(f.Name())))
		}
	}()
	size, err = c.writeTo(ctx, f, head)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	return size, syncFolder(dir)
}

// partFor is how long a file may take to be written. One that was begun before that was left
// behind by a program that was killed.
const partFor = time.Hour

func partOf(path string) string { return "." + filepath.Base(path) + ".part-" }

// removeParts removes what was begun for path and not touched since a moment, as far as that
// can be done: it takes room, and no more.
func removeParts(path string, since time.Time) {
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range list {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), partOf(path)) && info.Mode().IsRegular() && info.ModTime().Before(since) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// syncFolder makes the new name of a file last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// head gives all that stands in front of the sections.
func (c *Contents) head() ([]byte, error) {
	if len(c.Sections) > maxSections {
		return nil, fmt.Errorf("%d sections, and at most %d are read", len(c.Sections), maxSections)
	}
	b := append(make([]byte, 0, headSize+len(c.Sections)*entrySize+crcSize), c.Magic[:]...)
	b = binary.LittleEndian.AppendUint32(b, c.Version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Sections)))
	b = binary.LittleEndian.AppendUint64(b, uint64(c.AsOf.UnixNano()))
	offset := uint64(cap(b))
	for _, s := range c.Sections {
		if len(s.Name) > nameSize {
			return nil, fmt.Errorf("the name of section %q is longer than %d bytes", s.Name, nameSize)
		}
		var name [nameSize]byte
		copy(name[:], s.Name)
		length, sum := uint64(0), uint32(0)
		for _, p := range s.Parts {
			length += uint64(len(p))
			sum = crc32.Update(sum, castagnoli(), p)
		}
		b = append(b, name[:]...)
		b = binary.LittleEndian.AppendUint64(b, offset)
		b = binary.LittleEndian.AppendUint64(b, length)
		b = binary.LittleEndian.AppendUint32(b, sum)
		offset += length
	}
	return seal(b), nil
}

// seal appends the checksum of what stands in front of the sections.
func seal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// writeSlice is how much is written between two looks at the context.
const writeSlice = 4 << 20

func (c *Contents) writeTo(ctx context.Context, w io.Writer, head []byte) (size int64, err error) {
	parts := [][]byte{head}
	for _, s := range c.Sections {
		parts = append(parts, s.Parts...)
	}
	for _, p := range parts {
		for len(p) > 0 {
			if err := ctx.Err(); err != nil {
				return size, err
			}
			n, err := w.Write(p[:min(len(p), writeSlice)])
			size += int64(n)
			if err != nil {
				return size, err
			}
			p = p[n:]
		}
	}
	return size, nil
}
