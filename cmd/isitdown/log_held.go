package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// heldLog keeps what is logged while the live table has the terminal, which a line in between
// would disfigure. It is safe for concurrent use.
type heldLog struct {
	mu   sync.Mutex
	kept [][]byte // a line each
	left int      // earlier lines that had no room
}

// mostHeld bounds how many lines are kept: the latest.
const mostHeld = 200

// Write takes a line of the log.
func (h *heldLog) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.kept) == mostHeld {
		h.kept = append(h.kept[:0], h.kept[1:]...)
		h.left++
	}
	h.kept = append(h.kept, bytes.Clone(line))
	return len(line), nil
}

// release writes what was kept, and says how much was not.
func (h *heldLog) release(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left > 0 {
		fmt.Fprintf(w, "isitdown: %s of the log, from before the following, left out\n", counted(h.left, "line"))
	}
	for _, line := range h.kept {
		_, _ = w.Write(line)
	}
	h.kept, h.left = nil, 0
}

// holdLog has what is logged wait until the function that it gives is called.
func (a *app) holdLog() (release func()) {
	var h heldLog
	a.log = newLog(&h, &a.config.Serve, false)
	return func() { h.release(a.err) }
}
