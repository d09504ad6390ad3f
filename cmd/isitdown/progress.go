package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"isitdown/checks/route/archive"
)

// progress writes one line that says how far a long load has come, and writes it
// anew in place. It writes nothing where nobody watches.
type progress struct {
	w       io.Writer // nil: nobody watches
	columns int
	what    string
	began   time.Time
	shown   time.Time
	dirty   bool // the line is there
}

const (
	progressAfter = 500 * time.Millisecond // a load shorter than this shows nothing
	progressEvery = 200 * time.Millisecond
)

func newProgress(c *console, what string) *progress {
	p := &progress{what: what, began: time.Now()}
	if c.errColumns > 0 {
		p.w, p.columns = c.err, c.errColumns
	}
	return p
}

func (p *progress) show(s archive.Progress) {
	now := time.Now()
	if p.w == nil || now.Sub(p.began) < progressAfter || now.Sub(p.shown) < progressEvery {
		return
	}
	p.put(progressLine(p.what, s, now.Sub(p.began)))
}

// put writes the line, where somebody watches.
func (p *progress) put(line string) {
	p.shown, p.dirty = time.Now(), true
	fmt.Fprintf(p.w, "\r%-*.*s", p.columns-1, p.columns-1, line)
}

// progressLine words the progress after it took the given time.
func progressLine(what string, s archive.Progress, took time.Duration) string {
	seconds := took.Seconds()
	if seconds <= 0 || s.Size <= 0 {
		return what
	}
	part := min(1, float64(s.Bytes)/float64(s.Size))
	line := fmt.Sprintf("%s: %3.0f %%, %.0f records/s, at %s UTC", what, 100*part, float64(s.Records)/seconds, s.At.UTC().Format("2006-01-02 15:04:05"))
	if part > 0.01 {
		left := time.Duration((1/part - 1) * float64(took)).Round(time.Second)
		line += ", about " + left.String() + " left"
	}
	return line
}

// clear takes the line away, so that something else can be written in its place.
// A nil progress has none.
func (p *progress) clear() {
	if p != nil && p.w != nil && p.dirty {
		fmt.Fprint(p.w, "\r"+strings.Repeat(" ", p.columns-1)+"\r")
		p.dirty = false
	}
}

// asking is the line that says who is being asked, and for how long already. It writes
// nothing where nobody watches.
type asking struct {
	stop chan struct{}
	done sync.WaitGroup
}

func newAsking(c *console, whom string) *asking {
	a := &asking{stop: make(chan struct{})}
	if c.errColumns == 0 {
		return a
	}
	a.done.Go(func() {
		began := time.Now()
		every := time.NewTicker(progressEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				if took := time.Since(began); took >= progressAfter {
					line := fmt.Sprintf("asking %s: %.0f s", whom, took.Seconds())
					fmt.Fprintf(c.err, "\r%-*.*s", c.errColumns-1, c.errColumns-1, line)
				}
			case <-a.stop:
				fmt.Fprint(c.err, "\r"+strings.Repeat(" ", c.errColumns-1)+"\r")
				return
			}
		}
	})
	return a
}

// end takes the line away.
func (a *asking) end() {
	close(a.stop)
	a.done.Wait()
}
