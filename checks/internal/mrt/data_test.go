package mrt

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// realFolder gives the folder of real MRT files.
func realFolder(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		tb.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	return filepath.Join(dir, "mrt")
}

// realFiles gives the paths of all real MRT files in the folder and below, or
// in a folder in it.
func realFiles(tb testing.TB, sub string) []string {
	tb.Helper()
	dir := filepath.Join(realFolder(tb), sub)
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		tb.Fatalf("looking for real MRT files: %v", err)
	}
	if len(files) == 0 {
		tb.Fatalf("no MRT files below %s", dir)
	}
	return files
}

// plainBytes gives the decompressed bytes of a file, up to where it is cut off.
func plainBytes(tb testing.TB, path string) []byte {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	s, err := Decompress(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	b, err := io.ReadAll(s)
	if err != nil && err != io.ErrUnexpectedEOF {
		tb.Fatalf("decompressing %s: %v", path, err)
	}
	return b
}

// file is an MRT file that a test reads.
type file struct {
	*Reader
	*Stream
	f *os.File
}

// openFile opens an MRT file, compressed or not.
func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := Decompress(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{NewReader(s), s, f}, nil
}

func (f *file) Close() error {
	f.Stream.Close()
	return f.f.Close()
}
