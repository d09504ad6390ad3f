package rpki

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"isitdown/checks"
)

// many gives n VRPs as rpki-client writes them, a quarter of them IPv6.
func many(n int) string {
	var b strings.Builder
	b.WriteString(`{"metadata":{"buildtime":"2025-03-18T09:40:00Z"},"roas":[`)
	for i := range n {
		prefix, longest := fmt.Sprintf("%d.%d.%d.0/24", 1+i>>16, i>>8&255, i&255), 24
		if i%4 == 0 {
			prefix, longest = fmt.Sprintf("2a%02x:%x::/32", i>>16&255, i&0xffff), 48
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n\t\t{ \"asn\": %d, \"prefix\": %q, \"maxLength\": %d, \"ta\": \"apnic\", \"expires\": 1742378400 }", 1+i%60_000, prefix, longest)
	}
	b.WriteString("]}")
	return b.String()
}

// BenchmarkLoad reads half a million VRPs, and says what they take once they are read.
func BenchmarkLoad(b *testing.B) {
	text := many(500_000)
	b.SetBytes(int64(len(text)))
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := Load(strings.NewReader(text), "vrps.json")
		if err != nil || s.Len() != 500_000 {
			b.Fatal(s.Len(), err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB-kept")
		runtime.KeepAlive(s)
	}
}

func BenchmarkValidate(b *testing.B) {
	s, err := Load(strings.NewReader(many(500_000)), "vrps.json")
	if err != nil {
		b.Fatal(err)
	}
	r := route("3.7.9.0/24", 1)
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Validate(r); v.State != checks.Invalid {
			b.Fatal(v)
		}
	}
}
