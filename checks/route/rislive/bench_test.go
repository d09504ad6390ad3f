//go:build unix

package rislive

import (
	"context"
	"syscall"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

// benchFile is five minutes of a busy collector.
const benchFile = "mrt/updates.20190101.0000.gz"

// benchForms are how the same messages may come.
var benchForms = []struct {
	name   string
	form   rislivetest.Form
	noScan bool
}{
	{"raw", rislivetest.Form{Collector: "rrc00"}, false},
	{"raw/encoding-json", rislivetest.Form{Collector: "rrc00"}, true},
	{"fields", rislivetest.Form{Collector: "rrc00", NoRaw: true}, false},
	{"fields/encoding-json", rislivetest.Form{Collector: "rrc00", NoRaw: true}, true},
}

// BenchmarkFrames is what a message costs from the frame to the routing table:
// converted messages of a real file, one after the other. What it gives of time is
// processor time. Every message is applied, refused or changes nothing.
func BenchmarkFrames(b *testing.B) {
	for _, f := range benchForms {
		list := converted(b, benchFile, f.form, -1)
		for _, apply := range []bool{false, true} {
			name := f.name + "/decode"
			if apply {
				name = f.name + "/apply"
			}
			b.Run(name, func(b *testing.B) { benchFrames(b, list, f.noScan, apply) })
		}
	}
}

func benchFrames(b *testing.B, list []rislivetest.Message, noScan, apply bool) {
	d := newDecoder()
	d.noScan = noScan
	rib := route.NewRIB(route.DefaultRules())
	var applied, nothing, refused int
	var bytes int64
	b.ReportAllocs()
	start := cpuTime(b)
	for i := range b.N {
		m := &list[i%len(list)]
		bytes += int64(len(m.Frame))
		kind, err := d.decode(m.Frame)
		switch {
		case err != nil:
			refused++
		case kind != frameUpdate:
			nothing++
		default:
			if applied++; apply {
				rib.Apply(&d.update)
			}
		}
	}
	took := cpuTime(b) - start
	if applied+nothing+refused != b.N || refused > 0 {
		b.Errorf("%d applied, %d without change, %d refused, of %d", applied, nothing, refused, b.N)
	}
	b.ReportMetric(float64(b.N)/took.Seconds(), "messages/cpu-s")
	b.ReportMetric(float64(took)/float64(b.N), "cpu-ns/message")
	b.ReportMetric(float64(bytes)/float64(b.N), "B/message")
}

// cpuTime is what this process has used of all processors.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClient is the same through the whole client: a socket on loopback, the
// WebSocket, the queue, the decoder, the table. The server's part, a write of frames
// that are ready, is in it.
func BenchmarkClient(b *testing.B) {
	list := converted(b, benchFile, benchForms[0].form, -1)
	var stream []byte
	for _, m := range list {
		stream = append(rislivetest.AppendHeader(stream, rislivetest.Text, true, uint64(len(m.Frame))), m.Frame...)
	}
	begin := make(chan struct{})
	server := &rislivetest.Server{Session: func(s *rislivetest.Session) {
		go func() {
			<-begin
			for s.Raw(stream) == nil {
			}
		}()
		s.Serve()
	}}
	rib := route.NewRIB(route.DefaultRules())
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	n := 0
	c := New(Options{URL: server.Start(b)})
	go func() {
		if c.Cover(ctx, []Filter{{}}) == nil {
			b.ResetTimer()
			close(begin)
		}
	}()
	b.ReportAllocs()
	err := c.Run(ctx, func(u *route.Update) {
		rib.Apply(u)
		if n++; n == b.N {
			cancel()
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
