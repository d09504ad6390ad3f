package webtest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lingering is how long goroutines may take to end after a test.
const lingering = 5 * time.Second

// NoLeaks fails the test if goroutines that began during it are still there some
// seconds after it: call it first, so that it looks after everything else was
// cleaned up. Of the tests that run in parallel with it all but one that is in a bubble
// of testing/synctest, which sees to its own goroutines, would be taken for leaks.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		deadline := time.Now().Add(lingering)
		for {
			left := began(before)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("%d goroutines were left behind:\n%s", len(left), strings.Join(left, "\n\n"))
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// began gives the stacks of goroutines that were not there before.
func began(before map[string]string) []string {
	var left []string
	for id, stack := range goroutines() {
		if _, old := before[id]; !old && !ours(stack) {
			left = append(left, stack)
		}
	}
	return left
}

// ours tells goroutines that belong to the testing and the runtime packages, or to a
// bubble, which does not end before them.
func ours(stack string) bool {
	if head, _, _ := strings.Cut(stack, "\n"); strings.Contains(head, "synctest bubble") {
		return true
	}
	for _, name := range []string{"testing.(*T).Run(", "testing.tRunner.func", "testing.(*M).", "testing.runFuzzing", "os/signal.", "runtime.ReadTrace"} {
		if strings.Contains(stack, name) {
			return !strings.Contains(stack, "created by isitdown/")
		}
	}
	return false
}

// goroutines gives the stacks of all goroutines but this one, by number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for i, stack := range bytes.Split(buf, []byte("\n\n")) {
		if i == 0 {
			continue
		}
		head, _, _ := strings.Cut(string(stack), " [")
		all[head] = string(stack)
	}
	return all
}
