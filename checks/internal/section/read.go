package section

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// ErrVersion is wrapped by the error for a file that another version wrote.
var ErrVersion = errors.New("it is of another version")

// ErrDamaged is wrapped by the error for a file that is not what was written.
var ErrDamaged = errors.New("it is damaged")

// Read reads the file at path, whose contents are of the given magic and version. Each section
// has bytes of its own, in one part. The error says in one sentence why a file was refused.
func Read(path string, magic [16]byte, version uint32) (*Contents, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	c, err := Decode(f, info.Size(), magic, version)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return c, nil
}

// Decode does what [Read] does, for data of the given size.
func Decode(r io.ReaderAt, size int64, magic [16]byte, version uint32) (*Contents, error) {
	head := make([]byte, headSize)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("%w: it breaks off in its first %d bytes", ErrDamaged, headSize)
	}
	if [16]byte(head) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrDamaged, strings.TrimRight(string(magic[:]), "\x00"))
	}
	if v := binary.LittleEndian.Uint32(head[magicSize:]); v != version {
		return nil, fmt.Errorf("%w: %d, and this program reads %d", ErrVersion, v, version)
	}
	n := binary.LittleEndian.Uint32(head[magicSize+4:])
	if n > maxSections {
		return nil, fmt.Errorf("%w: it claims %d sections", ErrDamaged, n)
	}
	rest := make([]byte, int(n)*entrySize+crcSize)
	if _, err := r.ReadAt(rest, headSize); err != nil {
		return nil, fmt.Errorf("%w: it breaks off in the list of its sections", ErrDamaged)
	}
	list := rest[:len(rest)-crcSize]
	sum := crc32.Update(crc32.Checksum(head, castagnoli()), castagnoli(), list)
	if sum != binary.LittleEndian.Uint32(rest[len(list):]) {
		return nil, fmt.Errorf("%w: the checksum of its first bytes is wrong", ErrDamaged)
	}
	c := &Contents{
		Magic: magic, Version: version,
		AsOf: time.Unix(0, int64(binary.LittleEndian.Uint64(head[magicSize+8:]))).UTC(),
	}
	return c, c.sections(r, size, list)
}

// sections reads the sections of a list, several at a time: checksums take the time of one core.
func (c *Contents) sections(r io.ReaderAt, size int64, list []byte) error {
	count := len(list) / entrySize
	c.Sections = make([]Section, count)
	errs := make([]error, count)
	at := int64(headSize + len(list) + crcSize)
	if at > size {
		return fmt.Errorf("%w: it is longer than it says", ErrDamaged)
	}
	var group sync.WaitGroup
	room := make(chan struct{}, abreast)
	for k := range c.Sections {
		e := list[k*entrySize:][:entrySize]
		name := strings.TrimRight(string(e[:nameSize]), "\x00")
		offset, length := binary.LittleEndian.Uint64(e[nameSize:]), binary.LittleEndian.Uint64(e[nameSize+8:])
		// One behind the other: a file cannot have the same bytes twice, nor be asked for more than it has.
		if offset != uint64(at) || length > uint64(size-at) {
			group.Wait()
			return fmt.Errorf("%w: it breaks off in section %q", ErrDamaged, name)
		}
		at += int64(length)
		c.Sections[k].Name = name
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			c.Sections[k].Parts = [][]byte{nil}
			c.Sections[k].Parts[0], errs[k] = readSection(r, name, int64(offset), int64(length), binary.LittleEndian.Uint32(e[nameSize+16:]))
		})
	}
	group.Wait()
	if at != size {
		return fmt.Errorf("%w: there are %d bytes behind its last section", ErrDamaged, size-at)
	}
	return errors.Join(errs...)
}

// abreast is how many sections are read at a time.
const abreast = 4

func readSection(r io.ReaderAt, name string, offset, length int64, want uint32) ([]byte, error) {
	b := make([]byte, length)
	if _, err := r.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("section %q: %w", name, err)
	}
	if crc32.Checksum(b, castagnoli()) != want {
		return nil, fmt.Errorf("%w: the checksum of section %q is wrong", ErrDamaged, name)
	}
	return b, nil
}

// Bytes gives a section by its name; ok is false where there is none.
func (c *Contents) Bytes(name string) (b []byte, ok bool) {
	for _, s := range c.Sections {
		if s.Name == name && len(s.Parts) == 1 {
			return s.Parts[0], true
		}
	}
	return nil, false
}
