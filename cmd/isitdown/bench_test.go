//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkCheckKP times whole processes: `isitdown check KP` on a table of
// 577,737 routes and the list of 2014, from the start of the program to its end.
func BenchmarkCheckKP(b *testing.B) {
	routes, list := data(b, fullTable2015), data(b, "registry/delegated-apnic-20141224.txt.gz")
	binary := filepath.Join(b.TempDir(), "isitdown")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	var most, cpu float64
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), binary, "check", "KP", "--routes", routes, "--registry", list)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			most = max(most, float64(usage.Maxrss)/1024) // KiB on Linux
		}
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	b.ReportMetric(most, "MiB-most")
	b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
}
