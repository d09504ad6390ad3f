package bot

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// A large installation: 10,000 channels of 200 workspaces with ten subscriptions each.
const (
	benchChannels   = 10_000
	benchTenants    = 200
	benchPerChannel = 10
)

func benchChannel(n int) chat.Channel {
	return chat.Channel{Platform: "slack", Tenant: fmt.Sprintf("T%08d", n%benchTenants), ID: fmt.Sprintf("C%010d", n)}
}

// benchTargets gives what a channel subscribes to: everybody KP, the rest spread over
// countries, networks and prefixes.
func benchTargets(n int) []checks.Target {
	list := []checks.Target{checks.Country("KP")}
	for i := range benchPerChannel - 1 {
		x := n*7 + i*131
		switch i % 3 {
		case 0:
			list = append(list, checks.Country(string([]byte{'A' + byte(x%26), 'A' + byte(x/26%26)})))
		case 1:
			list = append(list, checks.Network(checks.ASN(x%5000+1)))
		default:
			t, err := checks.ParseTarget(fmt.Sprintf("10.%d.%d.0/24", x/256%256, x%256))
			if err != nil {
				panic(err)
			}
			list = append(list, t)
		}
	}
	return list
}

// benchStore makes that installation and gives its file, closed.
func benchStore(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "isitdown.db")
	s, err := OpenStore(path)
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for n := 0; n < benchChannels; n += 1000 {
		update(b, s, func(tx *Tx) error {
			for c := n; c < n+1000; c++ {
				for _, t := range benchTargets(c) {
					err := tx.PutSubscription(Subscription{
						Channel: benchChannel(c), Target: t, Quiet: chat.Hours{From: 22, To: 7}, Zone: "Asia/Seoul",
						By: chat.Person{ID: "U012AB3CD", Name: "Jo Doe"}, At: at,
					})
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func openBench(b *testing.B, path string) *Store {
	b.Helper()
	s, err := OpenStore(path)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// benchMessage is a notice of usual length, some 2 KB as JSON.
func benchMessage(n int) chat.Message {
	m := chat.Message{
		Tone:     chat.ToneDown,
		Headline: fmt.Sprint("DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC, ", n),
		Quote:    strings.Repeat("As of 17:00 UTC on 22 December 2014, all four networks were absent. ", 4),
		Footer:   "KP-20141222-1 · opened",
		Stamps:   []chat.Stamp{{Label: "since", At: time.Unix(1419264900, 0).UTC()}},
	}
	for i := range 10 {
		m.Parts = append(m.Parts, chat.Part{Label: "Seen" + strconv.Itoa(i), Text: strings.Repeat("withdrawn at 40 of 40 vantage points ", 3)})
	}
	return m
}

// Who subscribed to a target that all 10,000 channels follow, each looked at once.
func BenchmarkSubscribers(b *testing.B) {
	s := openBench(b, benchStore(b))
	defer s.Close()
	took := make([]time.Duration, 0, 1024)
	for b.Loop() {
		start := time.Now()
		n := 0
		for _, sub := range s.Subscribers(checks.Country("KP")) {
			if sub.Suspended == "" && sub.Level <= chat.LevelDown {
				n++
			}
		}
		if n != benchChannels {
			b.Fatalf("%d subscribers, want %d", n, benchChannels)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// Who is to be told of a target, among 100,000 subscriptions: the list is found and the first
// of it looked at, each time for another target, timed one by one.
//
//	go test ./bot -run '^$' -bench Audience -benchtime 1000000x -count 5
func BenchmarkAudience(b *testing.B) {
	s := openBench(b, benchStore(b))
	defer s.Close()
	targets := s.Targets()
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	took := make([]time.Duration, 0, b.N)
	i := 0
	for b.Loop() {
		target := targets[i%len(targets)]
		i++
		start := time.Now()
		list := s.Subscribers(target)
		if len(list) == 0 || list[0].Target != target {
			b.Fatalf("nobody subscribed to %v", target)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
	b.ReportMetric(float64(len(targets)), "targets")
}

// 1,000 notices to 1,000 channels, in one transaction that is on the disk at its end.
func BenchmarkEnqueue1000(b *testing.B) {
	s := openBench(b, benchStore(b))
	defer s.Close()
	round := 0
	for b.Loop() {
		round++
		update(b, s, func(tx *Tx) error {
			for n := range 1000 {
				c, incident := benchChannel(n), "KP-20141222-"+strconv.Itoa(round)
				if err := tx.PutThread(Thread{Channel: c, Incident: incident, Told: 1}); err != nil {
					return err
				}
				fresh, err := tx.Enqueue(Delivery{
					Channel: c, Incident: incident, Revision: 1, Op: Root, Message: benchMessage(n), Observed: time.Now(),
				})
				if err != nil || !fresh {
					return fmt.Errorf("queued: %v, %w", fresh, err)
				}
			}
			return nil
		})
	}
}

// From opening the file to an outbox that has read its queue of 1,000.
func BenchmarkRestart(b *testing.B) {
	path := benchStore(b)
	s := openBench(b, path)
	update(b, s, func(tx *Tx) error {
		for n := range 1000 {
			d := Delivery{Channel: benchChannel(n), Incident: "KP-20141222-1", Revision: 1, Op: Root, Message: benchMessage(n)}
			if _, err := tx.Enqueue(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	resident := residentMiB(b)
	first := true
	for b.Loop() {
		s := openBench(b, path)
		o := NewOutbox(s, map[string]chat.Send{"slack": nil}, OutboxSettings{}, slog.New(slog.DiscardHandler))
		if err := o.load(); err != nil {
			b.Fatal(err)
		}
		if first {
			first = false
			b.StopTimer()
			runtime.GC()
			var after runtime.MemStats
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "heap-MiB")
			b.ReportMetric(residentMiB(b), "resident-MiB")
			b.ReportMetric(resident, "resident-before-MiB")
			b.StartTimer()
		}
		runtime.KeepAlive(o)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// residentMiB is the memory that the process holds, pages of the file included; zero
// where the system does not say.
func residentMiB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}

// What the outbox itself can do: deliveries to 1,000 channels over platforms that
// answer at once, each step on the disk before the next.
func BenchmarkOutbox(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := openBench(b, filepath.Join(b.TempDir(), "isitdown.db"))
		var sent atomic.Int64
		ctx, cancel := context.WithCancel(b.Context())
		const all = 2000
		send := func(_ context.Context, o chat.Outgoing) (chat.Posted, error) {
			return chat.Posted{Channel: o.Channel, ID: strconv.FormatInt(sent.Add(1), 10)}, nil
		}
		o := NewOutbox(s, map[string]chat.Send{"slack": send}, OutboxSettings{
			Channel: SendRate{1e6, 1e6}, Tenant: SendRate{1e6, 1e6},
		}, slog.New(slog.DiscardHandler))
		b.StartTimer()
		update(b, s, func(tx *Tx) error {
			for n := range all {
				d := Delivery{Channel: benchChannel(n % 1000), Incident: "KP-" + strconv.Itoa(n), Revision: 1, Op: Root, Message: benchMessage(n)}
				if _, err := tx.Enqueue(d); err != nil {
					return err
				}
			}
			return nil
		})
		done := make(chan error)
		go func() { done <- o.Run(ctx) }()
		for {
			if stats, err := o.Stats(); err == nil && stats.Depth == 0 && sent.Load() == all {
				break
			}
			time.Sleep(time.Millisecond)
		}
		b.StopTimer()
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
