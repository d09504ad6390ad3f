package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"isitdown/checks/route/dump"
)

// mrtCommand writes what MRT files hold.
type mrtCommand struct {
	File   []string `arg:"" help:"MRT files, plain, gzip, bzip2 or zstd, one after the other; - is standard input."`
	Prefix []string `placeholder:"PREFIX" help:"Only routes to prefixes inside this one, the same, or over it. May be given again."`
	Peer   []string `placeholder:"PEER" help:"Only what this peer of the collector said: an AS number or an address. May be given again."`
	Origin []string `placeholder:"AS" help:"Only routes that this network originates; a withdrawal does not say. May be given again."`
	Kind   string   `placeholder:"KINDS" help:"Only these kinds: A announced, W withdrawn, B held in a table, S changes of a session's state; as in AW."`
	Count  bool     `help:"Print how many there are of each kind, and nothing else."`
	JSON   bool     `name:"json" help:"Print JSON, one object a line (docs/json.md)."`
}

// mrtCounts is what is printed of --count --json.
type mrtCounts struct {
	Announce int `json:"announce"`
	Withdraw int `json:"withdraw"`
	Route    int `json:"route"`
	State    int `json:"state"`
}

func (c *mrtCommand) run(ctx context.Context, a *app) (int, error) {
	filter, err := c.filter()
	if err != nil {
		return 0, err
	}
	o := dump.Options{Filter: filter, JSON: c.JSON, Silent: c.Count, Workers: runtime.GOMAXPROCS(0)}
	var total dump.Count
	code := exitUp
	for _, name := range c.File {
		sum, err := writeMRT(ctx, a, name, o)
		total.Add(sum.Elements)
		if errors.Is(err, syscall.EPIPE) {
			return exitUp, nil // who read has enough
		}
		if err == nil {
			continue
		}
		if f, ok := errors.AsType[*failure](err); !ok || ctx.Err() != nil {
			return 0, err
		} else if code == exitUp {
			code = f.code
		}
		fmt.Fprintln(a.err, "isitdown: "+printable(err.Error()))
	}
	if !c.Count {
		return code, nil
	}
	return code, c.printCounts(a.out, total)
}

func (c *mrtCommand) printCounts(w io.Writer, n dump.Count) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(mrtCounts{n.Announced, n.Withdrawn, n.Held, n.States})
	}
	_, err := fmt.Fprintf(w, "A %d\nW %d\nB %d\nS %d\n", n.Announced, n.Withdrawn, n.Held, n.States)
	return err
}

// writeMRT writes one file. A file of which not all could be read is a failure; what
// is whole was written.
func writeMRT(ctx context.Context, a *app, name string, o dump.Options) (dump.Summary, error) {
	in, size, shown := a.in, int64(0), "standard input"
	if name != "-" {
		f, err := openMRT(name)
		if err != nil {
			return dump.Summary{}, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		in, shown = f, name
	}
	// A line about progress between the lines of the file would be in their way.
	p := &mrtProgress{progress: newProgress(&a.console, shown), in: in, size: size, quiet: a.outColumns > 0}
	sum, err := dump.Write(ctx, a.out, p, o)
	p.clear()
	switch {
	case err != nil && (ctx.Err() != nil || dump.IsWriting(err)):
		return sum, err
	case err != nil:
		return sum, fail(exitData, "%s: %w", shown, err)
	case sum.LeftOut > 0:
		return sum, fail(exitData, "%s: %d left out that make no sense, the first: %w", shown, sum.LeftOut, sum.First)
	case sum.Skipped > 0:
		fmt.Fprintf(a.err, "isitdown: %s: %d of %d records are of types that are not read (docs/mrt.md)\n", printable(shown), sum.Skipped, sum.Records)
	}
	return sum, nil
}

func openMRT(name string) (*os.File, error) {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fail(exitNoInput, "there is no file %s: give the path of an MRT file", name)
	case err != nil:
		return nil, fail(exitNoInput, "opening an MRT file: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fail(exitData, "%s is a directory: give the MRT files in it one by one", name)
	}
	return f, nil
}

// mrtProgress counts the bytes of a file as they are read, and says so where somebody
// watches.
type mrtProgress struct {
	*progress
	in         io.Reader
	size, read int64 // size is zero where it is not known
	quiet      bool
}

func (p *mrtProgress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.read += int64(n)
	if now := time.Now(); p.w != nil && !p.quiet && now.Sub(p.began) >= progressAfter && now.Sub(p.shown) >= progressEvery {
		p.put(p.line())
	}
	return n, err
}

func (p *mrtProgress) line() string {
	if p.size == 0 {
		return fmt.Sprintf("%s: %d MB read", printable(p.what), p.read/1e6)
	}
	return printable(p.what) + ": " + strconv.Itoa(int(100*p.read/p.size)) + " %"
}
