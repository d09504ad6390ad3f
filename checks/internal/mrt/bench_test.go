//go:build unix

package mrt

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	gobgp "github.com/osrg/gobgp/v4/pkg/packet/bgp"
	gobgpmrt "github.com/osrg/gobgp/v4/pkg/packet/mrt"
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

// benchRounds is how often each decoder goes over a file, in turns.
const benchRounds = 5

// BenchmarkDecode goes over the real files, without their compression and with nothing
// written, on one core: our decoder and gobgp's packet library over the bytes in memory,
// `bgpdump -m` over the same bytes in a file, to /dev/null (it has no form that is
// quieter: -q keeps back warnings alone). Processor time in medians of five, each
// program's turn after the other's: x-bgpdump and x-gobgp are how many times as long
// they take. lines is what bgpdump writes, and what we decode is as many elements.
func BenchmarkDecode(b *testing.B) {
	dir := realFolder(b)
	for _, name := range benchFiles {
		b.Run(name, func(b *testing.B) {
			plain := plainBytes(b, filepath.Join(dir, name))
			plain = plain[:wholeLen(b, plain)]
			file := filepath.Join(b.TempDir(), "plain")
			if err := os.WriteFile(file, plain, 0o600); err != nil {
				b.Fatal(err)
			}
			elements := count(b, plain)
			var ours, theirs, dumps []time.Duration
			for b.Loop() {
				for range benchRounds {
					ours = append(ours, decodeFor(b, plain))
					theirs = append(theirs, gobgpOver(b, plain))
					if d, ok := bgpdumpOver(b, file); ok {
						dumps = append(dumps, d)
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(elements), "elements")
			each := func(d time.Duration) float64 { return float64(d) / float64(elements) }
			us := median(ours)
			b.ReportMetric(each(us), "cpu-ns/element")
			b.ReportMetric(each(median(theirs)), "gobgp-cpu-ns/element")
			b.ReportMetric(float64(median(theirs))/float64(us), "x-gobgp")
			if len(dumps) > 0 {
				b.ReportMetric(each(median(dumps)), "bgpdump-cpu-ns/element")
				b.ReportMetric(float64(median(dumps))/float64(us), "x-bgpdump")
			}
		})
	}
}

// BenchmarkElements is our decoder alone, and what it makes of the elements as one
// number, for BenchmarkChecks.
func BenchmarkElements(b *testing.B) {
	dir := realFolder(b)
	for _, name := range benchFiles {
		b.Run(name, func(b *testing.B) {
			plain := plainBytes(b, filepath.Join(dir, name))
			plain = plain[:wholeLen(b, plain)]
			elements, sum := count(b, plain), checksum(b, plain)
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			r := NewReader(nil)
			runtime.GC()
			start := cpuTime(b)
			for b.Loop() {
				goThrough(b, r, plain)
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N)/float64(elements), "cpu-ns/element")
			b.ReportMetric(float64(sum), "checksum")
		})
	}
}

// BenchmarkDump also writes the lines that bgpdump writes.
func BenchmarkDump(b *testing.B) {
	dir := realFolder(b)
	text := make([]byte, 0, 4096)
	for _, name := range benchFiles {
		b.Run(name, func(b *testing.B) {
			plain := plainBytes(b, filepath.Join(dir, name))
			elements := 0
			r := NewReader(nil)
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				r.reset(plain, 0)
				var d Dump
				for rec, err := r.Next(); err == nil; rec, err = r.Next() {
					text = d.Append(text[:0], rec, nil)
				}
				elements = d.Elements
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N)/float64(elements), "cpu-ns/element")
		})
	}
}

// goThrough decodes all of plain, whose records are whole. The reader is used again, as
// a service does that reads file after file.
func goThrough(tb testing.TB, r *Reader, plain []byte) (elements int) {
	r.reset(plain, 0)
	for _, err := range r.Elements() {
		if err != nil {
			tb.Fatal(err)
		}
		elements++
	}
	return elements
}

// wholeLen says how many bytes of plain are whole records: some files are cut off.
func wholeLen(tb testing.TB, plain []byte) int64 {
	r := NewReader(bytes.NewReader(plain))
	for range r.Elements() {
	}
	if n, first := r.Problems(); n > 0 {
		tb.Fatalf("%d problems, the first: %v", n, first)
	}
	return r.Offset()
}

func count(tb testing.TB, plain []byte) int { return goThrough(tb, NewReader(nil), plain) }

// checksum is a number of what the elements say, the same in every process. It has few
// enough digits for a float64.
func checksum(tb testing.TB, plain []byte) (sum uint64) {
	r := NewReader(nil)
	r.reset(plain, 0)
	add := func(v uint64) { sum = (sum ^ v) * 0x100000001b3 }
	addAddr := func(a netip.Addr) {
		b := a.As16()
		add(binary.BigEndian.Uint64(b[:]))
		add(binary.BigEndian.Uint64(b[8:]))
	}
	for e, err := range r.Elements() {
		if err != nil {
			tb.Fatal(err)
		}
		add(uint64(e.Kind)<<32 | uint64(e.PeerAS))
		add(uint64(e.Time.UnixNano()))
		add(uint64(e.PathID)<<32 | uint64(e.OldState)<<16 | uint64(e.NewState))
		for _, a := range [...]netip.Addr{e.PeerAddr, e.Prefix.Addr(), e.NextHop} {
			if addAddr(a); !a.IsValid() {
				add(1)
			}
		}
		add(uint64(e.Prefix.Bits()))
		a := e.Attributes
		if a == nil {
			continue
		}
		add(uint64(a.Present))
		add(uint64(a.MED)<<32 | uint64(a.LocalPref))
		add(uint64(a.Origin)<<32 | uint64(a.OTC))
		for _, part := range [...][]byte{a.Path, a.Communities, a.LargeCommunities, a.ExtendedCommunities} {
			add(uint64(len(part)))
			for _, c := range part {
				add(uint64(c))
			}
		}
	}
	return sum & (1<<48 - 1)
}

// decodeFor is what our decoder takes for plain, measured over as many passes as are
// needed for the clock.
func decodeFor(tb testing.TB, plain []byte) time.Duration {
	const least = 100 * time.Millisecond
	r := NewReader(nil)
	runtime.GC()
	start := cpuTime(tb)
	for n := time.Duration(1); ; n++ {
		goThrough(tb, r, plain)
		if took := cpuTime(tb) - start; took >= least {
			return took / n
		}
	}
}

// gobgpOver is what gobgp's packet library takes.
func gobgpOver(tb testing.TB, plain []byte) time.Duration {
	runtime.GC()
	start := cpuTime(tb)
	routes := 0
	for rest := plain; len(rest) > 0; {
		h, err := gobgpmrt.ParseHeader(rest)
		if err != nil {
			tb.Fatalf("gobgp: %v", err)
		}
		body := rest[gobgpmrt.MRT_COMMON_HEADER_LEN:][:h.Len]
		rest = rest[gobgpmrt.MRT_COMMON_HEADER_LEN+len(body):]
		if h.Type == gobgpmrt.BGP4MP_ET { // which it does not know: RFC 6396 section 3
			h.Type, h.Len, body = gobgpmrt.BGP4MP, h.Len-4, body[4:]
		}
		// What it does not like is not counted: it has stopped reading there.
		if m, err := gobgpmrt.ParseBody(body, h); err == nil {
			routes += gobgpRoutes(m)
		}
	}
	took := cpuTime(tb) - start
	if routes == 0 {
		tb.Fatal("gobgp reads no route")
	}
	return took
}

// gobgpRoutes counts the routes of a record.
func gobgpRoutes(m *gobgpmrt.MRTMessage) (n int) {
	switch body := m.Body.(type) {
	case *gobgpmrt.Rib:
		return len(body.Entries)
	case *gobgpmrt.BGP4MPMessage:
		u, ok := body.BGPMessage.Body.(*gobgp.BGPUpdate)
		if !ok {
			return 0
		}
		n = len(u.WithdrawnRoutes) + len(u.NLRI)
		for _, a := range u.PathAttributes {
			switch a := a.(type) {
			case *gobgp.PathAttributeMpReachNLRI:
				n += len(a.Value)
			case *gobgp.PathAttributeMpUnreachNLRI:
				n += len(a.Value)
			}
		}
	}
	return n
}

// bgpdumpOver is what bgpdump takes for a file without compression; ok is false where
// it is not installed.
func bgpdumpOver(tb testing.TB, file string) (took time.Duration, ok bool) {
	tool, err := exec.LookPath("bgpdump")
	if err != nil {
		return 0, false
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer null.Close()
	cmd := exec.CommandContext(tb.Context(), tool, "-m", file)
	cmd.Stdout = null
	if err := cmd.Run(); err != nil {
		tb.Fatalf("running bgpdump: %v", err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), true
}

// cpuTime is what this process has used of all processors.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(values []time.Duration) time.Duration {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
