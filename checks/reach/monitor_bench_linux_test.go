package reach

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"isitdown/checks"
)

// BenchmarkThousandTargets asks a thousand targets on loopback, each by ICMP and TCP in
// turn, with real sockets and staggered over the time between two rounds:
// ISITDOWN_BENCH_EVERY, by default 20 s, where the program has 2 min. It tells what one
// round of all of them takes, and fails where a host is said not to answer.
func BenchmarkThousandTargets(b *testing.B) {
	every := 20 * time.Second
	if text := os.Getenv("ISITDOWN_BENCH_EVERY"); text != "" {
		var err error
		if every, err = time.ParseDuration(text); err != nil {
			b.Fatal(err)
		}
	}
	shield := NewShield(ShieldOptions{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	dialers := NewDialers(DialerOptions{Shield: shield})
	icmp := NewICMP(ICMPOptions{Shield: shield})
	asker := NewAsker(AskerOptions{
		Methods: map[checks.Method]Ask{checks.MethodICMP: icmp.Ask, checks.MethodTCP: dialers.TCP},
		Shield:  shield,
		// As many to a block in a round as at 2 minutes.
		Manners: NewManners(MannersOptions{Block: 15 * int(2*time.Minute/every+1)}),
	})
	o := Options{Ask: asker.Ask, Shield: shield, Every: every}
	for i := range 8 {
		o.Controls = append(o.Controls, Control{netip.AddrFrom4([4]byte{127, 200, byte(i), 1}), checks.ASN(i + 1)})
	}
	m := New(o)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx)
	}()
	var all []*Followed
	for i := range 1000 {
		all = append(all, m.Follow(footprint(b, netip.AddrFrom4([4]byte{127, 1 + byte(i>>8), byte(i), 1}).String())))
	}
	for _, f := range all {
		<-f.Ready()
	}
	time.Sleep(every) // into the rounds
	before, cpu := sentBy(asker), cpuTime(b)
	wrong, revisions := 0, make([]int, len(all))
	for b.Loop() {
		for end := time.Now().Add(every); time.Now().Before(end); time.Sleep(time.Second) {
			for i, f := range all {
				if r := f.Revision(); r != revisions[i] {
					revisions[i] = r
					if notAnswering(f.Reach(time.Now())) {
						wrong++
					}
				}
			}
		}
	}
	rounds := float64(b.N)
	b.ReportMetric((cpuTime(b)-cpu).Seconds()/rounds, "cpu-s/round")
	b.ReportMetric(float64(sentBy(asker)-before)/rounds, "probes/round")
	b.ReportMetric(resident(b), "MiB-RSS")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
	s, c := m.State(), asker.Counts()
	b.ReportMetric(float64(s.Unsure), "unsure")
	b.ReportMetric(float64(wrong+s.Silent), "false")
	b.Logf("%+v, %+v", s, c)
	if wrong > 0 || s.Silent > 0 || s.Void > 0 || s.IPv4.Controls != 8 || c.HeldBack > 0 {
		b.Errorf("%d false, %d silent, %d looks void, held back %d", wrong, s.Silent, s.Void, c.HeldBack)
	}
	cancel()
	<-done
}

func sentBy(a *Asker) (n uint64) {
	for _, by := range a.Counts().Probes {
		for _, c := range by {
			n += c
		}
	}
	return n
}

// cpuTime is what this process used, in itself and in the kernel.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory that the process has at its most, in MiB.
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			n, _ := strconv.Atoi(f[1])
			return float64(n) / 1024
		}
	}
	b.Fatal("no VmHWM in /proc/self/status")
	return 0
}
