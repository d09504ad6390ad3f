package world

import (
	"os"
	"runtime"
	"testing"
	"time"

	"isitdown/checks/route"
)

// What the stream brought is on the disk, and goes with the program even where that is killed.
func TestHeldStreamLeavesNoFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed")
	}
	w := newSmall(t, 3)
	dir := t.TempDir()
	h := newHold(dir, heldMost)
	defer h.close()
	n := int64(0)
	for h.file == nil {
		h.put(&route.Update{Kind: route.Routes, At: w.now.Add(time.Duration(n) * time.Second), Peer: w.peers[n%3], Path: path(w.peers[n%3], 900, 30)})
		n++
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("%v, %v: a file would stay behind", list, err)
	}
	got, done := int64(0), false
	for !done {
		var err error
		if done, err = h.take(func(list []route.Update) { got += int64(len(list)) }, func() {}); err != nil {
			t.Fatal(err)
		}
	}
	if got != n {
		t.Errorf("%d of %d updates came back", got, n)
	}
}
