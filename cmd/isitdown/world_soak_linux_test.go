package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/worldtest"
)

// The minute of the soak: real collectors have peaks of up to 15 times their average, and a
// real peer has sent its table of 577,737 prefixes again in 37 s.
const (
	soakRounds  = 6
	soakRate    = 4000
	soakQuiet   = 9 // seconds of a round
	soakBurst   = 15 * soakRate
	soakTable   = 577_737
	soakTableIn = 37 * time.Second
	soakGroup   = 70 // messages of the table in a row
)

// BenchmarkWorldSoak is a minute of the public stream with bursts, and with a session that
// comes up again and sends its whole table meanwhile. Nothing may be left out, and in the end
// the table holds what one holds that was given the same updates without any stream. It
// reports the most that waited, how long, and how far what is in use of the heap grew, which
// is collected every two seconds.
//
//	go test ./cmd/isitdown -run '^$' -bench WorldSoak -benchtime 1x
func BenchmarkWorldSoak(b *testing.B) {
	w := newSyntheticWorld(b, 60, 60, 0)
	again := w.fullPeer()
	n := soakRounds * (soakQuiet*soakRate + soakBurst)
	ref := route.NewRIB(route.DefaultRules())
	w.load(ref.Apply)
	w.soakMessages(b, n, again, ref.Apply)
	w.tableAgain(again)
	for len(w.losses.ends)%soakGroup != 0 { // the last one again, which changes nothing
		last := len(w.losses.ends) - 1
		w.losses.data = append(w.losses.data, w.losses.part(last, last+1)...)
		w.losses.ends = append(w.losses.ends, len(w.losses.data))
	}
	groups := len(w.losses.ends) / soakGroup
	every := max(time.Millisecond, (soakTableIn / time.Duration(groups)).Truncate(time.Millisecond))

	r := newStreamRig(b, w.state, streamServerOf(b, &w.messages, &w.losses, soakGroup), putting)
	w.messages, w.losses = wire{}, wire{} // the server has them in files
	applied := w.state.Stats().Applied
	heap := watchHeap()
	told := 0
	count := func(int, time.Time) { told++ }
	from := 0
	for range soakRounds {
		r.play(b, from, soakQuiet*soakRate, soakRate, every, count)
		from += soakQuiet * soakRate
		r.play(b, from, soakBurst, soakBurst, every, count)
		from += soakBurst
	}
	r.idle(b, n+told*soakGroup)
	grown, garbage := heap()
	r.whole(b)
	if told != groups {
		b.Errorf("%d of %d parts of the table were sent", told, groups)
	}
	if got, want := w.state.Stats().Applied-applied, uint64(n+told*soakGroup); got < want {
		b.Errorf("%d of %d messages are applied", got, want)
	}
	w.sameAs(b, ref, again)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n+told*soakGroup), "messages")
	b.ReportMetric(float64(r.inbox.Stats().Deepest)/(1<<20), "MiB-inbox")
	b.ReportMetric(milliseconds(r.inbox.Stats().Slowest), "ms-slowest-inbox")
	b.ReportMetric(float64(grown)/(1<<20), "MiB-heap-grown")
	b.ReportMetric(float64(garbage)/(1<<20), "MiB-garbage")
}

// fullPeer gives a session with a full table.
func (w *syntheticWorld) fullPeer() int {
	for peer := range w.Peers {
		held := 0
		for i := range 1000 {
			if w.Holds(i, peer) {
				held++
			}
		}
		if held > 900 {
			return peer
		}
	}
	return 0
}

// soakMessages makes n messages of the stream, none of them of one session, and gives what
// they say.
func (w *syntheticWorld) soakMessages(b *testing.B, n, but int, apply func(*route.Update)) {
	b.Helper()
	of := fmt.Appendf(nil, `"peer":"%s"`, w.Peers[but].Addr)
	most := n + n/20
	frames, err := w.Frames(most, 1)
	if err != nil {
		b.Fatal(err)
	}
	next := 0
	for u := range w.Stream(1) {
		if len(w.messages.ends) == n || next == most {
			break
		}
		if frame := frames[next]; !bytes.Contains(frame, of) {
			w.messages.add(frame)
			u.At = time.Now().UTC()
			apply(u)
		}
		next++
	}
	if len(w.messages.ends) < n {
		b.Fatalf("there are %d of %d messages", len(w.messages.ends), n)
	}
}

// tableAgain has a session end, come up, and send its table, as far as that has so many prefixes
// as a real one.
func (w *syntheticWorld) tableAgain(peer int) {
	p := &w.Peers[peer]
	head := fmt.Sprintf(`{"type":"ris_message","data":{"timestamp":`+stampForm+`,"peer":"%s","peer_asn":"%d","host":"%s.ripe.net",`,
		worldtest.Began.Unix(), 0, p.Addr, p.AS, p.Collector)
	for _, state := range []string{"down", "connected"} {
		w.losses.add([]byte(head + `"type":"STATE","state":"` + state + `"}}`))
	}
	path, before := route.Update{}.Path, route.Update{}.Path
	var list []byte
	flush := func() {
		if len(list) > 0 {
			hops := bytes.ReplaceAll(before.AppendText(nil), []byte(" "), []byte(","))
			w.losses.add(fmt.Appendf(nil, `%s"type":"UPDATE","path":[%s],"announcements":[{"next_hop":"%s","prefixes":[%s]}]}}`, head, hops, p.Addr, list))
		}
		list = list[:0]
	}
	for i := range min(w.Len(), soakTable) {
		if !w.Holds(i, peer) {
			continue
		}
		path = w.AppendPath(path[:0], i, peer, 0)
		if !bytes.Equal(path, before) || len(list) > 400 {
			flush()
			before = append(before[:0], path...)
		}
		if len(list) > 0 {
			list = append(list, ',')
		}
		list = fmt.Appendf(list, "%q", w.Prefix(i))
	}
	flush()
}

// sameAs sees that the state's table is another one's, but for the session that sent its
// table again, of which it has what that said.
func (w *syntheticWorld) sameAs(b *testing.B, want *route.RIB, again int) {
	b.Helper()
	differ, compared := 0, 0
	w.state.Do(func(got *route.RIB) {
		for i := 0; i < w.Len(); i += 10 {
			p := w.Prefix(i)
			has, should := got.Table(), want.Table()
			ref, refWant := has.Ref(has.Row(p)), should.Ref(should.Row(p))
			for s := range want.Sessions() {
				if got.Session(s).Peer != want.Session(s).Peer {
					b.Fatalf("session %d is %v, want %v", s, got.Session(s).Peer, want.Session(s).Peer)
				}
				origin, upstream := got.End(has.At(ref, s))
				wantOrigin, wantUpstream := want.End(should.At(refWant, s))
				if i >= soakTable && got.Session(s).Peer == w.Peers[again] {
					wantOrigin, wantUpstream = 0, 0
				}
				if origin != wantOrigin || upstream != wantUpstream {
					differ++
				}
				compared++
			}
		}
	})
	if differ > 0 || compared == 0 {
		b.Errorf("%d of %d routes are not what they would be without a stream", differ, compared)
	}
}

// watchHeap looks at the heap until the function it gives is called, which says how far what
// is in use has grown, in bytes, and how much besides lay about at most that nobody used any
// more: with GOGC=100 as much as is in use may.
func watchHeap() (stop func() (grown, garbage uint64)) {
	look := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	first := look()
	most, garbage := first, uint64(0)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		every := time.NewTicker(2 * time.Second)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				before := look()
				runtime.GC()
				after := look()
				most, garbage = max(most, after), max(garbage, before-min(before, after))
			case <-ctx.Done():
				return
			}
		}
	})
	return func() (uint64, uint64) {
		cancel()
		done.Wait()
		return most - first, garbage
	}
}
