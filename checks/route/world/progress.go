package world

import (
	"fmt"
	"time"

	"isitdown/checks"
)

// Phase is what a start is at. The zero value has not begun.
type Phase int

// The phases of a start, in their order; those that are not needed are left out.
const (
	Waiting  Phase = iota // nothing has begun
	Reading               // a snapshot is read
	Tables                // tables of collectors are fetched and read, one after the other
	Changing              // updates since the table or the snapshot are fetched and read
	Overlap               // what the archives have not published yet is waited for
	Joining               // what the stream brought meanwhile is worked off
	Live                  // updates are taken in as they come
)

// String gives a word or two, for logs and metrics.
func (p Phase) String() string {
	return [...]string{"waiting", "snapshot", "tables", "updates", "overlap", "joining", "live"}[p]
}

// Progress says how far a [Start] has come.
type Progress struct {
	Phase Phase
	// Snapshot is the time of the snapshot that the start began from; zero for a cold start.
	Snapshot time.Time
	// AsOf is up to when the routes are known that are answered from.
	AsOf time.Time
	// Collectors are those whose tables are read, Read how many are read.
	Collectors, Read int
	// Doing is the collector, or the file, that is being fetched or read, Share how much of it
	// is done, from 0 to 1.
	Doing    string
	Fetching bool
	Share    float64
	// Again is set where no table could be had, and they are asked for again; Gaps have why.
	Again bool
	// VantagePoints have a settled session.
	VantagePoints int
	// Held counts the updates of the stream that wait, HeldBytes what they take on the disk.
	Held, HeldBytes int64
	Gaps            []checks.Gap
}

// Sentence says it for a person, "" once the start is over: "1 of 3 collectors read; 34 vantage
// points; reading rrc12, 40 %".
func (p Progress) Sentence() string {
	doing := func(verb string) string {
		if p.Doing == "" {
			return verb
		}
		if p.Fetching {
			verb = "fetching"
		}
		return fmt.Sprintf("%s %s, %d %%", verb, p.Doing, int(p.Share*100))
	}
	known := fmt.Sprintf("%s; known as of %s", count(p.VantagePoints, "vantage point"), p.AsOf.UTC().Format(clockForm))
	switch p.Phase {
	case Reading:
		return "the snapshot is being read"
	case Tables:
		if p.Again && p.Doing == "" {
			return fmt.Sprintf("%d of %s read; no table could be had, and is asked for again", p.Read, count(p.Collectors, "collector"))
		}
		return fmt.Sprintf("%d of %s read; %s; %s", p.Read, count(p.Collectors, "collector"), count(p.VantagePoints, "vantage point"), doing("reading"))
	case Changing:
		return known + "; " + doing("reading updates")
	case Overlap:
		return known + "; the archives have not published yet what came before the stream"
	case Joining:
		return known + "; " + count(int(p.Held), "update") + " of the stream wait"
	case Live:
		return ""
	}
	return "nothing has been read yet"
}

const clockForm = "15:04:05 UTC on 2 January 2006"

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
