//go:build unix

package web

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the file for this process alone, as long as it is open; false
// where another has it. On file systems without locks everyone gets it.
func tryLock(f *os.File) bool {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}
