package reach

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"isitdown/checks"
	"isitdown/checks/netlab"
)

// askAll asks so many addresses of loopback at once, as far as the bounds allow, and
// gives the answers that were none.
func askAll(t testing.TB, icmp *ICMP, n int) (missed []checks.Answer) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			a := icmp.Ask(t.Context(), probeTo(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)})))
			if a.Outcome != checks.Answered {
				mu.Lock()
				missed = append(missed, a)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return missed
}

// A thousand hosts that answer all answer, started five times as fast as by default.
func TestThousandEchoes(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand echoes take a second or two")
	}
	nothingLeft(t)
	netlab.New(t)
	for _, a := range askAll(t, icmpFor(ICMPOptions{PerSecond: 1000}), 1000) {
		t.Errorf("%s: got %v, %q", a.Host, a.Outcome, a.Detail)
	}
}

// What a thousand hosts cost that are asked as by default: 100 in flight, 200 a second.
func BenchmarkThousandEchoes(b *testing.B) {
	netlab.New(b)
	icmp := icmpFor(ICMPOptions{})
	before, missed := cpu(b), 0
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	for b.Loop() {
		missed += len(askAll(b, icmp, 1000))
	}
	runtime.ReadMemStats(&end)
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(missed), "missed")
	b.ReportMetric(float64(end.Sys)/(1<<20), "MiB-of-system")
	if missed > 0 {
		b.Errorf("%d of %d hosts that answer did not", missed, 1000*b.N)
	}
}
