package archive

import "testing"

// BenchmarkScenario reads the scenario of three days and 40 vantage points and
// makes its data.
func BenchmarkScenario(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s, err := EmbeddedScenario("kp-2014")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Streams(); err != nil {
			b.Fatal(err)
		}
	}
}
