//go:build unix

package main

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// mrtRounds is how often each program runs on each file, in turns.
const mrtRounds = 5

// BenchmarkMRT times whole processes on real files: `isitdown mrt`, `bgpdump -m`, and what
// decompresses the file alone (gunzip, or lbzip2 with two threads), all to /dev/null, in
// turns; and the first two on the same bytes without compression. Medians of five, in
// milliseconds. x-wall and x-cpu are how many times as long bgpdump takes, plain-x-wall and
// plain-x-cpu the same where there is nothing to decompress; decode/alone-wall and
// decode/alone-cpu are what `isitdown mrt --count` takes as a multiple of the decompressor.
// Some inputs are made: what the .bz2 files hold as .gz, and updates in a row, the size of an
// hour of a busy collector; the recordings themselves are small, and the start of the
// program is much of what it takes there.
func BenchmarkMRT(b *testing.B) {
	dir := b.TempDir()
	binary := filepath.Join(dir, "isitdown")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	for _, name := range []string{
		"updates.et-header.2015.gz", "updates.20190101.0000.gz", "rrc23.updates.20220421.0200.gz", "updates.20160811.1600.gz",
		"rib.20140523.0600_firstMB.bz2", "rib6.20151101.0600_firstMB.bz2", "updates.20260222.1530.bz2",
	} {
		path := data(b, filepath.Join("mrt", name))
		b.Run(name, func(b *testing.B) { benchMRT(b, binary, path) })
		if filepath.Ext(name) == ".bz2" {
			b.Run(name+"-as-gz", func(b *testing.B) { benchMRT(b, binary, asGzip(b, dir, path)) })
		}
	}
	updates := []string{"updates.et-header.2015.gz", "updates.20190101.0000.gz", "rrc23.updates.20220421.0200.gz", "updates.20160811.1600.gz"}
	b.Run("in-a-row.gz", func(b *testing.B) { benchMRT(b, binary, inARow(b, "gzip", updates, 4)) })
	b.Run("in-a-row.bz2", func(b *testing.B) {
		benchMRT(b, binary, inARow(b, "lbzip2", []string{"updates.20260222.1530.bz2"}, 16))
	})
}

// inARow puts recordings one behind the other, several times, and compresses them as one:
// bgpdump reads the first stream of a .bz2 alone.
func inARow(b *testing.B, program string, names []string, times int) string {
	var row []byte
	for _, name := range names {
		row = append(row, readFile(b, decompressed(b, []string{program, "-dc", data(b, filepath.Join("mrt", name))}))...)
	}
	path := filepath.Join(b.TempDir(), "row"+filepath.Ext(names[0]))
	compress := exec.CommandContext(b.Context(), program, "-c")
	compress.Stdin = bytes.NewReader(bytes.Repeat(row, times))
	out, err := compress.Output()
	if err != nil {
		b.Fatalf("%s: %v", program, err)
	}
	if err := os.WriteFile(path, out, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func benchMRT(b *testing.B, binary, path string) {
	commands := map[string][]string{
		"isitdown": {binary, "mrt", path},
		"count":    {binary, "mrt", "--count", path},
		"alone":    {"gunzip", "-c", path},
	}
	if filepath.Ext(path) == ".bz2" {
		commands["alone"] = []string{"lbzip2", "-n2", "-dc", path}
	}
	plain := decompressed(b, commands["alone"])
	commands["bgpdump"] = []string{"bgpdump", "-m", path}
	commands["plain"] = []string{binary, "mrt", plain}
	commands["bgpdump-plain"] = []string{"bgpdump", "-m", plain}
	wall, cpu := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for range mrtRounds {
			for who, command := range commands {
				w, c := timed(b, command)
				wall[who], cpu[who] = append(wall[who], w), append(cpu[who], c)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(wall["isitdown"]), "wall-ms")
	b.ReportMetric(median(cpu["isitdown"]), "cpu-ms")
	b.ReportMetric(median(cpu["alone"]), "alone-cpu-ms")
	ratio := func(times map[string][]float64, slow, fast, unit string) {
		b.ReportMetric(median(times[slow])/median(times[fast]), unit)
	}
	ratio(wall, "count", "alone", "decode/alone-wall")
	ratio(cpu, "count", "alone", "decode/alone-cpu")
	ratio(wall, "bgpdump", "isitdown", "x-wall")
	ratio(cpu, "bgpdump", "isitdown", "x-cpu")
	ratio(wall, "bgpdump-plain", "plain", "plain-x-wall")
	ratio(cpu, "bgpdump-plain", "plain", "plain-x-cpu")
}

// decompressed writes what a command decompresses into a file. Of a file that is cut off
// it is what came.
func decompressed(b *testing.B, command []string) string {
	if _, err := exec.LookPath(command[0]); err != nil {
		b.Skipf("install %s to run this benchmark", command[0])
	}
	out, err := exec.CommandContext(b.Context(), command[0], command[1:]...).Output()
	if err != nil && len(out) == 0 {
		b.Fatalf("%v: %v", command, err)
	}
	file := filepath.Join(b.TempDir(), "plain")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// timed runs a command and gives its wall and CPU time in milliseconds. Some files are
// cut off: the programs say so with their exit codes.
func timed(b *testing.B, command []string) (wall, cpu float64) {
	if _, err := exec.LookPath(command[0]); err != nil {
		b.Skipf("install %s to run this benchmark", command[0])
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), command[0], command[1:]...)
	cmd.Stdout = null
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() < 0) {
		b.Fatalf("%v: %v", command, err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return took.Seconds() * 1e3, used.Seconds() * 1e3
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// asGzip gives a .bz2 file as .gz, up to where it is cut off.
func asGzip(b *testing.B, dir, path string) string {
	plain, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(readFile(b, path))))
	if err != nil && err != io.ErrUnexpectedEOF {
		b.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(plain); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	made := filepath.Join(dir, filepath.Base(path)+".gz")
	if err := os.WriteFile(made, z.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return made
}

func readFile(b *testing.B, path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return content
}
