package dump

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkWrite writes the text of a real file from memory, as it is compressed.
func BenchmarkWrite(b *testing.B) {
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		b.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this benchmark")
	}
	for _, name := range []string{"updates.et-header.2015.gz", "updates.20190101.0000.gz", "rib.20140523.0600_firstMB.bz2"} {
		data, err := os.ReadFile(filepath.Join(dir, "mrt", name))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sum, _ := Write(b.Context(), io.Discard, bytes.NewReader(data), Options{Workers: 2}) // one is cut off
				b.ReportMetric(float64(sum.Elements.Announced+sum.Elements.Withdrawn+sum.Elements.Held), "elements")
			}
		})
	}
}
