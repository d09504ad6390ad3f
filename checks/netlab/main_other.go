//go:build !linux

package netlab

import (
	"os"
	"testing"

	"isitdown/checks/labtest"
)

// Main runs the tests as they are: only Linux has network namespaces.
func Main(m *testing.M) { os.Exit(m.Run()) }

// Inside reports that there is no sandbox.
func Inside() bool { return false }

// Alone skips the test.
func Alone(t *testing.T) bool {
	t.Helper()
	why, _ := inside()
	labtest.Missing(t, why)
	return false
}

func inside() (why string, ok bool) {
	return "this test needs Linux, which has network namespaces", false
}

type space struct{}

func newSpace() (*space, error) { panic("there are no namespaces here") }
func (*space) path() string     { return "" }
func (*space) do(f func())      { f() }
func (*space) close()           {}
