package mrt

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// stateBzip2 is one BGP4MP_STATE_CHANGE_AS4 record, compressed by bzip2, which
// the standard library can only read.
const stateBzip2 = "425a68393141592653594a48a98600000eef64f302404420000800040000010400004040000001200031434d30" +
	"0034d10d068c9165c9d3ac8dd3490385120d77d34c1fe2ee48a70a1209491530c0"

func gzipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func zstdCompressed(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestFormats opens every format under a name that says something else.
func TestFormats(t *testing.T) {
	data := sample(t)
	half := starts(t, data)[4]
	bz, err := hex.DecodeString(stateBzip2)
	if err != nil {
		t.Fatal(err)
	}
	skippable := append([]byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0}, "abc"...)
	for _, tt := range []struct {
		name   string
		bytes  []byte
		format Format
		want   string
	}{
		{"plain.gz", data, Plain, sampleDump},
		{"gzip.bz2", gzipped(t, data), Gzip, sampleDump},
		{"two-members.mrt", append(gzipped(t, data[:half]), gzipped(t, data[half:])...), Gzip, sampleDump},
		{"bzip2.zst", bz, Bzip2, "BGP4MP|1419264900|STATE|192.0.2.1|3356|6|1\n"},
		{"two-streams", append(bz, bz...), Bzip2, strings.Repeat("BGP4MP|1419264900|STATE|192.0.2.1|3356|6|1\n", 2)},
		{"zstd", zstdCompressed(t, data), Zstd, sampleDump},
		{"two-frames", append(zstdCompressed(t, data[:half]), zstdCompressed(t, data[half:])...), Zstd, sampleDump},
		{"zstd-with-a-note", append(skippable, zstdCompressed(t, data)...), Zstd, sampleDump},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(path, tt.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := openFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dump(f.Reader)
			if got != tt.want || err != nil || f.Format != tt.format {
				t.Errorf("format %s, error %v, got\n%s", f.Format, err, got)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDamagedCompression cuts and breaks compressed files: what could be
// decompressed comes first, then the error with the byte.
func TestDamagedCompression(t *testing.T) {
	data := bytes.Repeat(sample(t), 2000) // several blocks of every format
	gz, zs := gzipped(t, data), zstdCompressed(t, data)
	bad := bytes.Clone(gz)
	bad[len(bad)-6] ^= 1 // the checksum
	trailing := append(bytes.Clone(gz), "trailing rubbish"...)
	for _, tt := range []struct {
		name     string
		bytes    []byte
		whole    bool // all data must come
		wantSome bool
		reason   string
	}{
		{"gzip cut off", gz[:len(gz)-200], false, true, "the compressed file is cut off"},
		{"gzip cut off in its checksum", gz[:len(gz)-2], true, true, "the compressed file is cut off"},
		{"gzip with a wrong checksum", bad, true, true, "gzip: invalid checksum"},
		{"gzip with rubbish behind", trailing, true, true, "gzip: invalid header"},
		{"gzip cut off in its header", gz[:7], false, false, ""},
		{"zstd cut off", zs[:len(zs)-200], false, true, "the compressed file is cut off"},
		// The decoder keeps a frame's last block back until it saw the checksum.
		{"zstd cut off in its checksum", zs[:len(zs)-2], false, true, "the compressed file is cut off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Decompress(bytes.NewReader(tt.bytes))
			if tt.reason == "" {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := NewReader(s)
			records, err := 0, error(nil)
			for err == nil {
				if _, err = r.Next(); err == nil {
					records++
				}
			}
			d, ok := errors.AsType[*DamageError](err)
			if !ok || !strings.Contains(d.Reason, tt.reason) || d.Offset != r.Offset() {
				t.Errorf("error %v, want %q", err, tt.reason)
			}
			if whole := r.Offset() == int64(len(data)); whole != tt.whole || (records > 1000) != tt.wantSome {
				t.Errorf("%d records up to byte %d of %d", records, r.Offset(), len(data))
			}
		})
	}
}

func TestRefusesWhatIsNoMRT(t *testing.T) {
	dir := t.TempDir()
	empty, text := filepath.Join(dir, "empty"), filepath.Join(dir, "text")
	for name, content := range map[string]string{empty: "", text: "<html>not found</html>"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]error{empty: ErrEmpty, text: ErrNotMRT} {
		f, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Next(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", filepath.Base(path), err, want)
		}
		f.Close()
	}
	if _, err := Decompress(io.MultiReader(bytes.NewReader([]byte("BZ")), errReader{})); err == nil {
		t.Error("a reader that fails at once: no error")
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
