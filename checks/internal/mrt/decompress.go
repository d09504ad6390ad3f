package mrt

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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

// maxWindow bounds the memory that a zstd frame may ask for.
const maxWindow = 128 << 20

// Stream is decompressed input. Close frees what the decompressor holds; it
// does not close the reader underneath.
type Stream struct {
	io.Reader

	Format Format
	close  func()
}

// Close frees what the decompressor holds.
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
		return &Stream{Reader: z, Format: Gzip}, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return &Stream{Reader: bzip2.NewReader(br), Format: Bzip2}, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}), skippable(head):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("reading zstd header: %w", err)
		}
		return &Stream{Reader: z, Format: Zstd, close: z.Close}, nil
	}
	return &Stream{Reader: br, Format: Plain}, nil
}

// skippable reports whether head starts a frame of zstd that holds no data.
func skippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

// ErrEmpty is the error for input without a single byte.
var ErrEmpty = errors.New("the file is empty; an MRT file holds at least one record")
