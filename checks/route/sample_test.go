package route

import (
	"slices"
	"testing"

	"isitdown/checks"
)

// Whoever knows how a sample is drawn, but not when the loss will begin, gets no more of
// his made-up networks into it than by chance.
func TestSampleIsNotKnownBeforehand(t *testing.T) {
	const most, made, real = 200, 400, 2000
	first := stampOf(began)
	var chosen []checks.ASN // the best numbers for another second
	for a := range checks.ASN(1 << 18) {
		chosen = append(chosen, 1<<20+a)
	}
	guessed := sampleKey(first - 1)
	slices.SortFunc(chosen, func(a, b checks.ASN) int { return int(int64(mix(a, guessed)) - int64(mix(b, guessed))) })
	s := sample{most: most, key: sampleKey(first)}
	for a := range checks.ASN(real) {
		s.offer(1000 + a)
	}
	for _, a := range chosen[:made] {
		s.offer(a)
	}
	got := 0
	for _, a := range chosen[:made] {
		if s.kept(a) {
			got++
		}
	}
	// By chance 200 * 400 / 2400 = 33.
	if len(s.hashes) != most || got > 2*most*made/(made+real) {
		t.Errorf("%d of %d in the sample are made up, of %d among %d", got, len(s.hashes), made, made+real)
	}
	if again := sampleKey(first); again != s.key {
		t.Error("another run draws another sample")
	}
}
