package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/checks/route/worldtest"
)

// startRuns is how often each way of starting is measured: the medians are reported.
const startRuns = 5

// BenchmarkWorldStart says how long it takes until the state of the whole world answers: from
// the table of one collector with eight full feeds in the cache, as .gz, and from a snapshot
// of 600 full feeds. Every start is a process of its own. GoBGP, where it is installed, has
// a smaller table of the same make injected, in turns with our reading it; it takes the routes of the
// IPv4 part, for an IPv6 table is nothing that it can read (RFC 6396 section 4.3.4, the abbreviated
// MP_REACH_NLRI). Smaller, because it takes a minute and three gigabytes for two million routes. The
// prefixes are real, all else is synthetic.
//
//	go test ./cmd/isitdown -run '^$' -bench WorldStart -benchtime 1x
//
// With -short all worlds are a tenth as large.
func BenchmarkWorldStart(b *testing.B) {
	n, some := 0, 200_000 // 0 is all prefixes
	if testing.Short() {
		n, some = 100_000, 20_000
	}
	b.Run("table", func(b *testing.B) { benchmarkTable(b, worldtest.Config{Prefixes: n, Full: 8, Seed: 1}) })
	b.Run("snapshot", func(b *testing.B) { benchmarkSnapshot(b, worldtest.Config{Prefixes: n, Full: 600, Seed: 1}) })
	b.Run("gobgpd", func(b *testing.B) { benchmarkGoBGP(b, worldtest.Config{Prefixes: some, Full: 8, Seed: 1}) })
}

// benchmarkTable measures starts from a table.
func benchmarkTable(b *testing.B, c worldtest.Config) (dir string) {
	dir = b.TempDir()
	writeTable(b, dir, c)
	for b.Loop() {
		reportStarts(b, "start-table", dir)
	}
	return dir
}

// writeTable puts a table where the cache has it.
func writeTable(b *testing.B, dir string, c worldtest.Config) (plain string) {
	b.Helper()
	w := synthetic(b, c)
	plain = filepath.Join(dir, "table.mrt")
	if err := os.MkdirAll(filepath.Join(dir, "rrc00"), 0o700); err != nil {
		b.Fatal(err)
	}
	zipped, err := os.Create(filepath.Join(dir, "rrc00", worldtest.Began.Format("bview.20060102.1504.gz")))
	if err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(plain)
	if err != nil {
		b.Fatal(err)
	}
	z := gzip.NewWriter(zipped)
	out := bufio.NewWriterSize(io.MultiWriter(z, file), 1<<20)
	if err := errors.Join(w.WriteTable(out, w.Peers[0].Collector), out.Flush(), z.Close(), zipped.Close(), file.Close()); err != nil {
		b.Fatal(err)
	}
	return plain
}

func synthetic(b *testing.B, c worldtest.Config) *worldtest.World {
	b.Helper()
	w, err := worldtest.Make(c)
	if errors.Is(err, worldtest.ErrNoList) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// benchmarkSnapshot measures a snapshot, and starts from it.
func benchmarkSnapshot(b *testing.B, c worldtest.Config) {
	path := filepath.Join(b.TempDir(), "world")
	for b.Loop() {
		saved := child(b, "start-save", path, strconv.Itoa(c.Prefixes), strconv.Itoa(c.Full))
		reportStarts(b, "start-load", path)
		b.ReportMetric(saved.Held.Seconds(), "s-held")
		b.ReportMetric(saved.Ready.Seconds(), "s-save")
		b.ReportMetric(float64(saved.File)/(1<<20), "file-MiB")
	}
}

// reportStarts runs a child several times, and reports the medians.
func reportStarts(b *testing.B, args ...string) (median startFigures) {
	b.Helper()
	var ready, cpu []time.Duration
	var rss, peak []int
	for range startRuns {
		f := child(b, args...)
		median.Routes = f.Routes
		ready, cpu, rss, peak = append(ready, f.Ready), append(cpu, f.CPU), append(rss, f.RSS), append(peak, f.Peak)
	}
	median.Ready, median.CPU, median.RSS, median.Peak = quantile(ready, 0.5), quantile(cpu, 0.5), quantile(rss, 0.5), quantile(peak, 0.5)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median.Routes)/1e6, "Mroutes")
	b.ReportMetric(median.Ready.Seconds(), "s-ready")
	b.ReportMetric(median.CPU.Seconds(), "s-cpu")
	b.ReportMetric(float64(median.RSS)/1024, "RSS-MiB")
	b.ReportMetric(float64(median.Peak)/1024, "peak-MiB")
	return median
}

// child runs this binary as one of the processes below.
func child(b *testing.B, args ...string) (f startFigures) {
	b.Helper()
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), binary)
	cmd.Args, cmd.Stderr = args, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", args[0], err)
	}
	if err := json.Unmarshal(out, &f); err != nil {
		b.Fatalf("%s said %q: %v", args[0], out, err)
	}
	f.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return f
}

// benchmarkGoBGP compares with GoBGP, at the same routes.
func benchmarkGoBGP(b *testing.B, c worldtest.Config) {
	for _, program := range []string{"gobgpd", "gobgp"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skip(err)
		}
	}
	dir := b.TempDir()
	plain := writeTable(b, dir, c)
	empty := b.TempDir()
	for b.Loop() {
		var ours, theirs perRoute
		for range startRuns {
			f, idle := child(b, "start-table", dir), child(b, "start-table", empty) // the latter without a table
			ours.add(f.Routes, f.Ready, f.CPU, f.RSS-idle.RSS)
			routes, wall, cpu, grown := inject(b, plain)
			theirs.add(routes, wall, cpu, grown)
		}
		b.ReportMetric(0, "ns/op")
		ours.report(b, "")
		theirs.report(b, "gobgpd-")
		b.ReportMetric(quantile(theirs.wall, 0.5)/quantile(ours.wall, 0.5), "x-wall")
		b.ReportMetric(quantile(theirs.cpu, 0.5)/quantile(ours.cpu, 0.5), "x-cpu")
		b.ReportMetric(quantile(theirs.memory, 0.5)/quantile(ours.memory, 0.5), "x-memory")
	}
}

// perRoute is what a route took in each of several runs: nanoseconds, and bytes.
type perRoute struct {
	routes            int
	wall, cpu, memory []float64
}

// add takes in a run, with its memory in KiB.
func (p *perRoute) add(routes int, wall, cpu time.Duration, memory int) {
	p.routes = routes
	n := float64(routes)
	p.wall, p.cpu, p.memory = append(p.wall, float64(wall)/n), append(p.cpu, float64(cpu)/n), append(p.memory, float64(memory)*1024/n)
}

// report gives the medians.
func (p *perRoute) report(b *testing.B, who string) {
	b.ReportMetric(float64(p.routes)/1e6, who+"Mroutes")
	b.ReportMetric(quantile(p.wall, 0.5), who+"wall-ns/route")
	b.ReportMetric(quantile(p.cpu, 0.5), who+"cpu-ns/route")
	b.ReportMetric(quantile(p.memory, 0.5), who+"B/route")
}

// inject has gobgp put a table into a gobgpd of ours, and gives how many routes that has then, how
// long it took, the CPU time of both programs, and by how many KiB gobgpd grew.
func inject(b *testing.B, table string) (routes int, wall, cpu time.Duration, grown int) {
	b.Helper()
	dir := b.TempDir()
	config := filepath.Join(dir, "gobgpd.toml")
	if err := os.WriteFile(config, []byte("[global.config]\nas = 65000\nrouter-id = \"10.9.9.9\"\nport = -1\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	host, port := freePort(b)
	daemon := exec.CommandContext(b.Context(), "gobgpd", "-f", config, "-l", "error", "--api-hosts", net.JoinHostPort(host, port))
	if err := daemon.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		daemon.Process.Kill()
		daemon.Wait()
	}()
	for try := 0; exec.Command("gobgp", "-u", host, "-p", port, "global").Run() != nil; try++ {
		if try == 100 {
			b.Fatal("gobgpd does not answer")
		}
		time.Sleep(50 * time.Millisecond)
	}
	before, ticks := memoryOf(b, daemon.Process.Pid), ticksOf(b, daemon.Process.Pid)
	began := time.Now()
	client := exec.CommandContext(b.Context(), "gobgp", "-u", host, "-p", port, "mrt", "inject", "global", table)
	if err := client.Run(); err != nil { // its complaints about IPv6 are many
		b.Fatalf("gobgp: %v", err)
	}
	wall = time.Since(began)
	cpu = client.ProcessState.UserTime() + client.ProcessState.SystemTime() + time.Duration(ticksOf(b, daemon.Process.Pid)-ticks)*10*time.Millisecond
	grown = memoryOf(b, daemon.Process.Pid) - before
	summary, err := exec.Command("gobgp", "-u", host, "-p", port, "global", "rib", "summary").Output()
	if err != nil {
		b.Fatal(err)
	}
	_, count, _ := strings.Cut(string(summary), "Path: ")
	if routes, err = strconv.Atoi(strings.TrimSpace(count)); err != nil || routes == 0 {
		b.Fatalf("gobgpd has no routes: %q", summary)
	}
	return routes, wall, cpu, grown
}

func freePort(b *testing.B) (host, port string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return host, port
}

// memoryOf gives what a process holds in memory, in KiB.
func memoryOf(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	return statusOf(status, "VmRSS:")
}

// ticksOf gives the CPU time of a process, in hundredths of a second.
func ticksOf(b *testing.B, pid int) int {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	fields := strings.Fields(string(rest))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}
