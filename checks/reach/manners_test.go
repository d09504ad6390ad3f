package reach

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var mannersStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sent is a probe that was let through.
type sent struct {
	to   netip.Addr
	port uint16
	at   time.Time
}

// crowded gives the most that one key has within a window, both ends apart by less.
func crowded[K comparable](log []sent, window time.Duration, key func(sent) K) (most int) {
	for i, first := range log {
		n := 0
		for _, s := range log[i:] {
			if s.at.Sub(first.at) < window && key(s) == key(first) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// ports gives the most ports of one host within an hour.
func ports(log []sent) (most int) {
	for i, first := range log {
		seen := make(map[uint16]bool)
		for _, s := range log[i:] {
			if s.to == first.to && s.port != 0 && s.at.Sub(first.at) < time.Hour {
				seen[s.port] = true
			}
		}
		most = max(most, len(seen))
	}
	return most
}

// Under any sequence of questions, no limit is passed, and whoever waits as long as they
// are told gets through.
func TestMannersHold(t *testing.T) {
	addrs := []netip.Addr{}
	for _, a := range []string{
		"192.0.2.1", "192.0.2.2", "192.0.2.255", "::ffff:192.0.2.9", "198.51.100.1",
		"2001:db8:1::1", "2001:db8:1:ffff::2", "2001:db8:2::1",
	} {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	rapid.Check(t, func(t *rapid.T) {
		m := NewManners(MannersOptions{})
		now := mannersStart
		var high time.Time // the latest so far
		var log []sent
		steps := rapid.IntRange(20, 200).Draw(t, "steps")
		slow := rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, 5 * time.Minute}).Draw(t, "pace")
		take := func(to netip.Addr, port uint16) (time.Duration, bool) {
			wait, ok := m.Take(to, port, now)
			high = later(high, now)
			if ok {
				log = append(log, sent{to.Unmap(), port, high})
			}
			return wait, ok
		}
		for range steps {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(slow)/20, int64(slow)).Draw(t, "step")))
			to := rapid.SampledFrom(addrs).Draw(t, "to")
			port := rapid.SampledFrom([]uint16{0, 0, 53, 80, 443, 8080, 8443, 25}).Draw(t, "port")
			wait, ok := take(to, port)
			if ok != (wait == 0) {
				t.Fatalf("let through: %v, and wait %v", ok, wait)
			}
			if !ok && rapid.IntRange(0, 3).Draw(t, "waits") == 0 {
				now = high.Add(wait - 1)
				if _, ok := take(to, port); ok {
					t.Fatalf("let through before the %v were over", wait)
				}
				now = high.Add(1)
				if _, ok := take(to, port); !ok {
					t.Fatalf("not let through after the %v that it was told to wait", wait)
				}
			}
		}
		block := func(s sent) netip.Prefix { return blockOf(s.to) }
		if n := crowded(log, 10*time.Minute, block); n > 15 {
			t.Fatalf("%d probes to one block in 10 minutes", n)
		}
		if n := crowded(log, time.Second, func(s sent) netip.Addr { return s.to }); n > 1 {
			t.Fatalf("%d probes to one host in a second", n)
		}
		if n := crowded(log, time.Second, func(sent) bool { return true }); n > 200 {
			t.Fatalf("%d probes in a second", n)
		}
		if n := ports(log); n > 4 {
			t.Fatalf("%d ports of one host in an hour", n)
		}
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// The limits are reached, and no stricter than they are said to be.
func TestMannersLimits(t *testing.T) {
	m := NewManners(MannersOptions{})
	base := netip.MustParseAddr("192.0.2.0").As4()
	host := func(i int) netip.Addr { b := base; b[3] = byte(i); return netip.AddrFrom4(b) }
	now := mannersStart
	for i := range 15 {
		now = now.Add(5 * time.Millisecond)
		if wait, ok := m.Take(host(i), 0, now); !ok {
			t.Fatalf("probe %d of a /24 has to wait %v", i+1, wait)
		}
	}
	now = now.Add(5 * time.Millisecond)
	if wait, ok := m.Take(host(99), 0, now); ok || wait != 10*time.Minute-15*5*time.Millisecond {
		t.Errorf("probe 16 of a /24: got %v, %v", wait, ok)
	}
	other := netip.MustParseAddr("192.0.3.1")
	for i, port := range []uint16{1, 2, 3, 4, 4, 1} {
		if wait, ok := m.Take(other, port, now.Add(time.Duration(i)*time.Second)); !ok {
			t.Errorf("port %d: has to wait %v", port, wait)
		}
	}
	now = now.Add(6 * time.Second)
	if wait, ok := m.Take(other, 5, now); ok || wait < 59*time.Minute {
		t.Errorf("a fifth port: got %v, %v", wait, ok)
	}
	if wait, ok := m.Take(other, 0, now); !ok {
		t.Errorf("ICMP after four ports has to wait %v", wait)
	}
	var none *Manners
	for name, m := range map[string]*Manners{"nil": none, "zero": {}} {
		if _, ok := m.Take(other, 0, now); ok {
			t.Errorf("%s Manners let a probe through", name)
		}
	}
	if _, ok := m.Take(netip.Addr{}, 0, now.Add(time.Hour)); ok {
		t.Error("no address is let through")
	}
}

// Memory has a bound, at which what is new has to wait, and what is over makes room.
func TestMannersMemory(t *testing.T) {
	const most = 20_000
	m := NewManners(MannersOptions{Rate: 1e9, Remembered: most})
	host := func(i uint32) netip.Addr {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i<<8|1)
		return netip.AddrFrom4(b)
	}
	now := mannersStart
	let := 0
	for i := range uint32(2 * most) {
		now = now.Add(time.Microsecond)
		if _, ok := m.Take(host(i), 443, now); ok {
			let++
		}
	}
	if let != most || len(m.blocks) > most || len(m.hosts) > most {
		t.Errorf("let %d through, remembers %d blocks and %d hosts, want %d", let, len(m.blocks), len(m.hosts), most)
	}
	if wait, ok := m.Take(host(most+1), 443, now.Add(time.Minute)); ok || wait != time.Second {
		t.Errorf("at the bound: got %v, %v", wait, ok)
	}
	if _, ok := m.Take(host(1), 443, now.Add(time.Minute)); !ok {
		t.Error("what is remembered has to wait for room")
	}
	if _, ok := m.Take(host(most+1), 443, now.Add(2*time.Hour)); !ok || len(m.hosts) != 1 || len(m.blocks) != 1 {
		t.Errorf("two hours later: got %v, remembers %d hosts and %d blocks, want 1", ok, len(m.hosts), len(m.blocks))
	}
}

// Whoever asks at the same time, the limits are of all together.
func TestMannersTogether(t *testing.T) {
	m := NewManners(MannersOptions{Rate: 1e9})
	var mu sync.Mutex
	var log []sent
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range 2000 {
				to := netip.AddrFrom4([4]byte{192, 0, 2, byte(rnd.IntN(256))})
				if _, ok := m.Take(to, 443, mannersStart.Add(time.Duration(i)*time.Millisecond)); ok {
					mu.Lock()
					log = append(log, sent{to, 443, mannersStart})
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(log) != 15 {
		t.Errorf("%d probes to one /24, want 15", len(log))
	}
}

// How long a question takes, and what 100,000 blocks and hosts with 15 probes each weigh.
func BenchmarkManners(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := NewManners(MannersOptions{Rate: 1e9})
	now := mannersStart
	for round := range 15 {
		for i := range uint32(100_000) {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], i<<8|1)
			if _, ok := m.Take(netip.AddrFrom4(a), uint16(1+round%4), now); !ok {
				b.Fatal("held back")
			}
			now = now.Add(20 * time.Microsecond)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	to := netip.AddrFrom4([4]byte{0, 0, 1, 1}) // it is remembered: for others there is no room
	for b.Loop() {
		now = now.Add(time.Millisecond)
		m.Take(to, 443, now)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(m)
}
