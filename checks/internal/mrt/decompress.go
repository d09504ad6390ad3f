package mrt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"isitdown/checks/internal/bzip2"
)

// Format is how a file is compressed.
type Format string

// The formats that are told apart, by content.
const (
	Plain Format = "plain"
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	Zstd  Format = "zstd"
)

// maxBzip2 bounds the blocks of bzip2 that are decoded at once, and the memory for them.
const maxBzip2 = 8

// maxWindow bounds the memory that a zstd frame may ask for.
const maxWindow = 128 << 20

// Stream is input that goroutines decompress ahead of what is read of it. Close ends
// them, and has to be called; it does not close the reader underneath, and waits for its
// last read.
type Stream struct {
	io.Reader

	Format Format
	close  func()
}

// Close ends the decompressing and frees what it holds. Nothing can be read any more.
func (s *Stream) Close() {
	if s.close != nil {
		s.close()
	}
}

// Decompress looks at the first bytes of r and decompresses what follows. What
// comes before damage in a compressed stream is delivered before the error is.
func Decompress(r io.Reader) (*Stream, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(6)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br) // reads members one after the other
		if err != nil {
			return nil, fmt.Errorf("reading gzip header: %w", err)
		}
		a := readAhead(z)
		return &Stream{Reader: a, Format: Gzip, close: a.close}, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		b := bzip2.NewReader(br, min(runtime.GOMAXPROCS(0), maxBzip2))
		return &Stream{Reader: b, Format: Bzip2, close: b.Close}, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}), skippable(head):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("reading zstd header: %w", err)
		}
		a := readAhead(z)
		return &Stream{Reader: a, Format: Zstd, close: func() { a.close(); z.Close() }}, nil
	}
	return &Stream{Reader: br, Format: Plain}, nil
}

// skippable reports whether head starts a frame of zstd that holds no data.
func skippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

// ErrEmpty is the error for input without a single byte.
var ErrEmpty = errors.New("the file is empty; an MRT file holds at least one record")
