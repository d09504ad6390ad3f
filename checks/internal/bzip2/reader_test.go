package bzip2

import (
	"bytes"
	"compress/bzip2"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// small is the text "isitdown" as bzip2 writes it.
const small = "425a68393141592653594a48a98600000eef64f302404420000800040000010400004040000001200031434d30" +
	"0034d10d068c9165c9d3ac8dd3490385120d77d34c1fe2ee48a70a1209491530c0"

// compressed gives data as Debian's bzip2 writes it.
func compressed(tb testing.TB, data []byte, level string) []byte {
	tb.Helper()
	if _, err := exec.LookPath("bzip2"); err != nil {
		tb.Skip("install bzip2 (apt-get install bzip2) to run this test")
	}
	cmd := exec.CommandContext(tb.Context(), "bzip2", "-c", level)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("running bzip2: %v", err)
	}
	return out
}

// texts are data of every kind that makes a difference to bzip2.
func texts() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 450_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	var runs, words []byte
	for len(runs) < 600_000 {
		c := byte(rng.Uint32N(3))
		runs = append(runs, bytes.Repeat([]byte{c}, 1+rng.IntN(7)*rng.IntN(200))...)
	}
	for len(words) < 700_000 {
		words = append(words, strings.Repeat("AS", 1+rng.IntN(4))+string(rune('a'+rng.IntN(26)))...)
	}
	return map[string][]byte{
		"nothing": nil, "a byte": {7}, "noise": noise, "runs": runs, "words": words,
		"one byte": bytes.Repeat([]byte{'x'}, 3_000_000),
		"periodic": bytes.Repeat([]byte("abcdefgh"), 60_000),
		"runs of 255 and more": append(bytes.Repeat([]byte{1}, 255),
			bytes.Repeat(append(bytes.Repeat([]byte{2}, 259), bytes.Repeat([]byte{3}, 4)...), 3000)...),
		"all bytes": func() []byte {
			b := make([]byte, 256)
			for i := range b {
				b[i] = byte(i)
			}
			return bytes.Repeat(b, 1000)
		}(),
	}
}

// read reads data on so many goroutines.
func read(data io.Reader, workers int) ([]byte, error) {
	r := NewReader(data, workers)
	defer r.Close()
	return io.ReadAll(r)
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for name, want := range texts() {
		for _, level := range []string{"-1", "-9"} {
			data := compressed(t, want, level)
			for _, workers := range []int{0, 3} {
				if got, err := read(bytes.NewReader(data), workers); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s %s, %d workers: %d bytes and %v, want %d", name, level, workers, len(got), err, len(want))
				}
			}
		}
	}
}

// TestLikeStandard: cut off or damaged anywhere, or with something behind, what can be
// had and whether there is an error are as of compress/bzip2.
func TestLikeStandard(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("some hundred files")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	two := compressed(t, texts()["words"][:120_000], "-1")
	data := append(bytes.Clone(two), compressed(t, []byte("and more"), "-9")...)
	check := func(what string, data []byte) {
		t.Helper()
		want, wantErr := io.ReadAll(bzip2.NewReader(bytes.NewReader(data)))
		got, err := read(bytes.NewReader(data), 2)
		switch {
		case (err == nil) != (wantErr == nil) || (err == io.ErrUnexpectedEOF) != (wantErr == io.ErrUnexpectedEOF):
			t.Errorf("%s: %v, want %v", what, err, wantErr)
		case bytes.Equal(got, want):
		case wantErr == nil || wantErr == io.ErrUnexpectedEOF || !bytes.HasPrefix(want, got):
			t.Errorf("%s: %d bytes, want %d (%v)", what, len(got), len(want), wantErr)
		}
	}
	check("whole", data)
	check("rubbish behind", append(bytes.Clone(data), "rubbish"...))
	check("a byte behind", append(bytes.Clone(data), 0))
	check("a B behind", append(bytes.Clone(data), 'B'))
	check("zeros behind", append(bytes.Clone(data), make([]byte, 5000)...))
	check("no bzip2", []byte("<html>not found</html>"))
	for n := range len(data) {
		if n < 40 || n > len(two)-40 || n%997 == 0 {
			check("cut off", data[:n])
		}
	}
	for range 100 {
		bad := bytes.Clone(data)
		i := rng.IntN(len(bad))
		bad[i] ^= 1 << rng.IntN(8)
		check("damaged", bad)
	}
}

// TestChanceMark: a mark inside a block, which chance may put there, does not end it.
func TestChanceMark(t *testing.T) {
	want := texts()["words"]
	data := compressed(t, want, "-9")
	s := &scanner{in: bytes.NewReader(data)}
	if err := s.header(true); err != nil {
		t.Fatal(err)
	}
	seg, err := s.segment()
	if err != nil || seg.cut != nil {
		t.Fatalf("%+v %v", seg, err)
	}
	for _, at := range []int{seg.bit + 50, seg.bit + 5003, seg.stop - 1} {
		front, behind := *seg, *seg
		front.stop, front.data = at, seg.data[:(at+7)/8]
		behind.data, behind.bit, behind.stop = seg.data[at/8:], at%8, seg.stop-at/8*8
		r := &Reader{order: make(chan *job, 2), free: make(chan *block, 2)}
		for _, g := range []*segment{&front, &behind} {
			j := &job{segment: g, block: new(block), done: make(chan struct{})}
			new(decoder).decode(j.block, g)
			close(j.done)
			r.order <- j
		}
		if err := r.advance(); err != nil || !bytes.Equal(r.rest, want) {
			t.Errorf("split at bit %d: %d bytes and %v, want %d", at, len(r.rest), err, len(want))
		}
	}
}

func TestReaderErrors(t *testing.T) {
	data := compressed(t, texts()["words"], "-1")
	if got, err := read(iotest.OneByteReader(bytes.NewReader(data)), 2); err != nil || !bytes.Equal(got, texts()["words"]) {
		t.Errorf("byte by byte: %d bytes and %v", len(got), err)
	}
	broken := io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(io.ErrClosedPipe))
	if got, err := read(broken, 2); !errors.Is(err, io.ErrClosedPipe) || len(got) == 0 {
		t.Errorf("a reader that breaks: %d bytes and %v", len(got), err)
	}
	r := NewReader(bytes.NewReader(data), 2)
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	r.Close() // in the middle
	r.Close()
}

func TestRealFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("some megabytes, twice")
	}
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	files, err := filepath.Glob(filepath.Join(dir, "mrt", "*.bz2"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no bzip2 files in %s: %v", dir, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := io.ReadAll(bzip2.NewReader(bytes.NewReader(data)))
		if got, err := read(bytes.NewReader(data), 2); !bytes.Equal(got, want) || err != wantErr {
			t.Errorf("%s: %d bytes and %v, want %d and %v", filepath.Base(f), len(got), err, len(want), wantErr)
		}
	}
}

// FuzzReader: whatever comes is read as compress/bzip2 reads it, or not at all.
func FuzzReader(f *testing.F) {
	data, err := hex.DecodeString(small)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(append(bytes.Clone(data), data...))
	f.Add(data[:len(data)-5])
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(data)), 1<<26))
		got, err := read(io.LimitReader(bytes.NewReader(data), 1<<20), 1)
		if wantErr == nil && len(want) < 1<<26 && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes and %v, want %d", len(got), err, len(want))
		}
		if !bytes.HasPrefix(want, got) && len(want) < 1<<26 {
			t.Fatalf("%d bytes that compress/bzip2 does not give", len(got))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		b.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this benchmark")
	}
	for _, name := range []string{"rib.20140523.0600_firstMB.bz2", "updates.20260222.1530.bz2"} {
		data, err := os.ReadFile(filepath.Join(dir, "mrt", name))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := NewReader(bytes.NewReader(data), 2)
				n, _ := io.Copy(io.Discard, struct{ io.Reader }{r})
				b.SetBytes(n)
				r.Close()
			}
		})
	}
}
