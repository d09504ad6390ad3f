//go:build unix

package archive

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipe: a pipe would hang the program, or lose what was read of it first.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "rrc00.mrt")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("set up a file system with named pipes to run this test")
	}
	for _, file := range []string{pipe, os.DevNull} {
		if _, err := Open([]string{file}); err == nil || !strings.Contains(err.Error(), "pipe or a device") {
			t.Errorf("opening %s: %v, want an error that says what it is", file, err)
		}
	}
}
