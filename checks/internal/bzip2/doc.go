// Package bzip2 decompresses bzip2, several blocks at once.
//
// A bzip2 file is a row of blocks, of at most 900,000 bytes each, that know nothing of
// each other and are told apart by a mark of 48 bits at any bit of a byte. The marks
// are looked for while goroutines decode what is between them; a mark that the data
// holds by chance is noticed, for the block before it has no end, and passed over.
//
// It promises what compress/bzip2 does: everything up to where a file is damaged or
// cut off, then the error, [io.ErrUnexpectedEOF] where it is cut off; streams one behind
// the other are read as one. A block whose checksum is wrong is not delivered.
//
// It leaves out the randomised blocks that bzip2 gave up in 1999 (compress/bzip2 does
// too), and compressing. Memory is some 7 MB a goroutine that decodes, and two blocks
// for each that wait to be read: 0.9 MB mostly, 46 MB at the very most.
package bzip2

import "errors"

// formatError is what is wrong with a stream.
type formatError string

func (e formatError) Error() string { return "bzip2: " + string(e) }

// errShort says that a block goes on behind what there is of it.
var errShort = errors.New("bzip2: a block ends early")
