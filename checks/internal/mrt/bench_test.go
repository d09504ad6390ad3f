package mrt

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// benchFiles are real files of every kind: updates of RIS and RouteViews, a
// table that one peer sent again, RIBs of IPv4 and IPv6.
var benchFiles = []string{
	"updates.20190101.0000.gz",
	"updates.20260222.1530.bz2",
	"rrc23.updates.20220421.0200.gz",
	"updates.et-header.2015.gz",
	"rib.20140523.0600_firstMB.bz2",
	"rib6.20151101.0600_firstMB.bz2",
}

// BenchmarkDecode decodes the real files from memory, on one core; an op is a
// whole file. x-bgpdump is how many times the elements per second of
// `bgpdump -m FILE >/dev/null` it makes, on the same bytes without compression,
// timed in the same run; cpu-x-bgpdump is the same by bgpdump's processor time.
func BenchmarkDecode(b *testing.B) {
	benchFilesWith(b, func(r *Reader) (n int, err error) {
		for _, err := range r.Elements() {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	})
}

// BenchmarkDump also writes the lines that bgpdump writes.
func BenchmarkDump(b *testing.B) {
	line := make([]byte, 0, 4096)
	benchFilesWith(b, func(r *Reader) (int, error) {
		var d Dump
		for {
			rec, err := r.Next()
			if err == io.EOF {
				return d.Elements, nil
			}
			if err != nil {
				return d.Elements, err
			}
			line = d.Append(line[:0], rec, nil)
		}
	})
}

func benchFilesWith(b *testing.B, read func(*Reader) (int, error)) {
	dir := realFolder(b)
	for _, name := range benchFiles {
		b.Run(name, func(b *testing.B) {
			data := plainBytes(b, filepath.Join(dir, name))
			r := NewReader(bytes.NewReader(nil))
			var elements int
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				// The reader is used again, as a service does that reads file
				// after file: what is counted is what an element costs.
				*r = Reader{r: bytes.NewReader(data), buf: r.buf, rec: r.rec}
				r.rec.reader = r
				n, err := read(r)
				if _, cut := err.(*DamageError); err != nil && !cut {
					b.Fatal(err)
				}
				elements = n
			}
			perSecond := float64(elements) * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "elements/s")
			if wall, cpu, ok := timeBgpdump(b, data); ok {
				b.ReportMetric(float64(elements)/wall.Seconds(), "bgpdump-elements/s")
				b.ReportMetric(perSecond*wall.Seconds()/float64(elements), "x-bgpdump")
				b.ReportMetric(perSecond*cpu.Seconds()/float64(elements), "cpu-x-bgpdump")
			}
		})
	}
}

// timeBgpdump gives the best of three runs of bgpdump over data.
func timeBgpdump(b *testing.B, data []byte) (wall, cpu time.Duration, ok bool) {
	tool, err := exec.LookPath("bgpdump")
	if err != nil {
		return 0, 0, false
	}
	file := filepath.Join(b.TempDir(), "plain")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.Fatal(err)
	}
	for i := range 3 {
		cmd := exec.CommandContext(b.Context(), tool, "-m", file)
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		cmd.Stdout = null
		start := time.Now()
		err = cmd.Run()
		took := time.Since(start)
		null.Close()
		if err != nil {
			b.Fatalf("running bgpdump: %v", err)
		}
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if i == 0 || took < wall {
			wall = took
		}
		if i == 0 || used < cpu {
			cpu = used
		}
	}
	return wall, cpu, true
}
