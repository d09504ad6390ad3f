package section

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testMagic = [16]byte{'t', 'e', 's', 't'}

func sample() *Contents {
	return &Contents{
		Magic: testMagic, Version: 3, AsOf: time.Date(2026, 7, 29, 12, 0, 0, 5, time.UTC),
		Sections: []Section{
			{"one", [][]byte{[]byte("first part, "), []byte("second part")}},
			{"empty", nil},
			{"eight888", [][]byte{bytes.Repeat([]byte{7}, 5<<20)}},
		},
	}
}

func written(t testing.TB, c *Contents) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	size, err := Write(context.Background(), path, c)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Fatalf("got %d bytes, and said %d: %v", info.Size(), size, err)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	got, err := Read(written(t, want), testMagic, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !got.AsOf.Equal(want.AsOf) || len(got.Sections) != len(want.Sections) {
		t.Errorf("got %d sections as of %v, want %d as of %v", len(got.Sections), got.AsOf, len(want.Sections), want.AsOf)
	}
	for _, s := range want.Sections {
		b, ok := got.Bytes(s.Name)
		if !ok || !bytes.Equal(b, bytes.Join(s.Parts, nil)) {
			t.Errorf("section %s: got %d bytes, want %d", s.Name, len(b), len(bytes.Join(s.Parts, nil)))
		}
	}
	if _, ok := got.Bytes("none"); ok {
		t.Error("got a section that is not there")
	}
}

// Whatever is wrong with a file, it is refused.
func TestRefused(t *testing.T) {
	whole, err := os.ReadFile(written(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	bodies := headSize + 3*entrySize + crcSize
	tests := []struct {
		name   string
		change func(b []byte) []byte
		want   string
	}{
		{"nothing", func(b []byte) []byte { return nil }, "it is damaged: it breaks off in its first 32 bytes"},
		{"no head", func(b []byte) []byte { return b[:headSize] }, "it is damaged: it breaks off in the list of its sections"},
		{"something else", func(b []byte) []byte { b[0] = 'x'; return b }, `it is damaged: it does not begin with "test"`},
		{"another version", func(b []byte) []byte { b[magicSize] = 4; return b }, "it is of another version: 4, and this program reads 3"},
		{"many sections", func(b []byte) []byte { b[magicSize+6] = 1; return b }, "it is damaged: it claims 65539 sections"},
		{"another time", func(b []byte) []byte { b[magicSize+8]++; return b }, "it is damaged: the checksum of its first bytes is wrong"},
		{"a length", func(b []byte) []byte { b[headSize+nameSize+8]++; return b }, "it is damaged: the checksum of its first bytes is wrong"},
		{"a bit of a section", func(b []byte) []byte { b[bodies+3] ^= 4; return b }, `it is damaged: the checksum of section "one" is wrong`},
		{"cut off", func(b []byte) []byte { return b[:len(b)-1] }, `it is damaged: it breaks off in section "eight888"`},
		{"too long", func(b []byte) []byte { return append(b, 0) }, "it is damaged: there are 1 bytes behind its last section"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, tt.change(bytes.Clone(whole)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path, testMagic, 3)
			if err == nil || !strings.HasSuffix(err.Error(), path+": "+tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Errorf("%v is neither damage nor another version", err)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), testMagic, 3); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v for no file", err)
	}
}

// The file that was there stays until the new one is whole, and nothing is left behind.
func TestWriteKeepsOld(t *testing.T) {
	path := written(t, sample())
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, path, &Contents{Magic: testMagic, Sections: []Section{{"x", [][]byte{{1}}}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that of the context", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
		t.Errorf("the old file is not what it was: %v", err)
	}
	if _, err := Write(t.Context(), path, &Contents{Sections: []Section{{"a name too long", nil}}}); err == nil {
		t.Error("a name of 15 bytes was written")
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if diff := cmp.Diff([]string{path}, append(files, hidden...)); diff != "" || err != nil {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}

// What a program that was killed has left behind is removed; what another one writes is not.
func TestWriteRemovesWhatWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	old, fresh, other := filepath.Join(filepath.Dir(path), ".file.part-1"), filepath.Join(filepath.Dir(path), ".file.part-2"), filepath.Join(filepath.Dir(path), "file.part-3")
	for _, name := range []string{old, fresh, other} {
		if err := os.WriteFile(name, []byte("half a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().Add(-2 * partFor)
	for _, name := range []string{old, other} {
		if err := os.Chtimes(name, before, before); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Write(t.Context(), path, sample()); err != nil {
		t.Fatal(err)
	}
	for name, stays := range map[string]bool{old: false, fresh: true, other: true, path: true} {
		if _, err := os.Stat(name); (err == nil) != stays {
			t.Errorf("%s: %v, want it there: %v", filepath.Base(name), err, stays)
		}
	}
}

// No input makes it panic, nor allocate more than the input is long.
func FuzzDecode(f *testing.F) {
	small := sample()
	small.Sections = small.Sections[:2]
	b, err := os.ReadFile(written(f, small))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	long := bytes.Clone(b)
	binary.LittleEndian.PutUint64(long[headSize+nameSize+8:], 1<<60)
	f.Add(long)
	f.Fuzz(func(t *testing.T, b []byte) {
		// The checksum in front is made right, so that what is behind it is seen.
		if n := headSize; len(b) > n {
			if list := n + int(b[magicSize+4])*entrySize; list+crcSize <= len(b) {
				copy(b, seal(bytes.Clone(b[:list])))
			}
		}
		c, err := Decode(bytes.NewReader(b), int64(len(b)), testMagic, 3)
		if err != nil {
			return
		}
		total := 0
		for _, s := range c.Sections {
			total += len(s.Parts[0])
		}
		if total > len(b) {
			t.Errorf("got %d bytes out of %d", total, len(b))
		}
	})
}
