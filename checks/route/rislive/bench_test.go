package rislive

import (
	"context"
	"testing"

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
// converted messages of a real file, one after the other.
func BenchmarkFrames(b *testing.B) {
	for _, f := range benchForms {
		list := converted(b, benchFile, f.form, -1)
		for _, apply := range []bool{false, true} {
			name := f.name + "/decode"
			if apply {
				name = f.name + "/apply"
			}
			b.Run(name, func(b *testing.B) {
				d := newDecoder()
				d.noScan = f.noScan
				rib := route.NewRIB(route.DefaultRules())
				var bytes int64
				b.ReportAllocs()
				for i := range b.N {
					m := &list[i%len(list)]
					bytes += int64(len(m.Frame))
					kind, err := d.decode(m.Frame)
					if err != nil {
						b.Fatal(err)
					}
					if apply && kind == frameUpdate {
						rib.Apply(&d.update)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
				b.ReportMetric(float64(bytes)/float64(b.N), "B/message")
			})
		}
	}
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
